//! The words of marketplace shops: what is pulled, how, how far a pull is, and how a window of time stands.

use crate::words::words;

words! {
    /// What is pulled of a shop.
    pub enum Stream {
        /// Its orders.
        Orders = 1 "orders",
        /// Its products.
        Products = 2 "products",
    }
}

words! {
    /// How much of a stream one run reads.
    pub enum RunMode {
        /// What has changed since the last run.
        Incremental = 1 "incremental",
        /// All there is of so many days.
        Full = 2 "full",
    }
}

words! {
    /// How far a run is.
    pub enum RunState {
        /// It waits for a worker.
        Queued = 0 "queued",
        /// A worker has it.
        Running = 1 "running",
        /// Everything it was to read is here, but for gaps that are shown.
        Done = 2 "done",
        /// It ended early.
        Failed = 3 "failed",
        /// A person ended it.
        Stopped = 4 "stopped",
    }
}

words! {
    /// By which time of orders windows are cut: each is a set of windows of its own.
    pub enum Series {
        /// By the time of the last change.
        Updated = 1 "updated",
        /// By the time of creation, which never changes.
        Created = 2 "created",
    }
}

words! {
    /// Whether everything of a window is here.
    pub enum WindowState {
        /// All its rows are committed.
        Finished = 1 "finished",
        /// A part of it could not be read; it is tried again.
        Gap = 2 "gap",
    }
}

words! {
    /// How the parcels of an order stand.
    pub enum PackageState {
        /// Nothing is shipped: there are none to know.
        NotYet = 0 "not_yet",
        /// They are looked for at the next time.
        Waiting = 1 "waiting",
        /// Every line that was shipped has one.
        Known = 2 "known",
        /// They were looked for long enough.
        Never = 3 "never",
    }
}

impl RunState {
    /// Whether a run in this state has ended.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Stopped)
    }
}
