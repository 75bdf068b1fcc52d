//! Places where a test can have the process end as by `kill -9`: nothing is flushed, nobody is told.
//!
//! `DOCKET_FAILPOINT=ledger.finish.commit` kills the process when it gets there, `ledger.finish.commit:3` when it
//! gets there for the third time. Only builds for development look at it; a release has no such place.

#[cfg(debug_assertions)]
mod armed {
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    /// Which place, and how often it is passed before it kills.
    struct Fatal {
        place: String,
        left: AtomicU32,
    }

    #[expect(clippy::disallowed_methods, reason = "a test speaks to it; it is no configuration")]
    fn fatal() -> Option<&'static Fatal> {
        static FATAL: OnceLock<Option<Fatal>> = OnceLock::new();
        let read = || {
            let told = std::env::var("DOCKET_FAILPOINT").ok()?;
            let (place, times) = told.split_once(':').unwrap_or((&told, "1"));
            let left = AtomicU32::new(times.parse().unwrap_or(1));
            Some(Fatal { place: place.to_owned(), left })
        };
        FATAL.get_or_init(read).as_ref()
    }

    thread_local! {
        /// What the batch under way is about.
        static NOTED: RefCell<BTreeSet<String>> = RefCell::default();
    }

    pub fn note(of: &str, what: &str) {
        if fatal().is_some() {
            NOTED.with_borrow_mut(|noted| noted.insert(join(of, what)));
        }
    }

    pub fn forget_notes() {
        if fatal().is_some() {
            NOTED.take();
        }
    }

    pub fn reach(of: &str, place: &str) {
        let Some(fatal) = fatal() else { return };
        if fatal.place == join(of, place) && fatal.left.fetch_sub(1, Relaxed) == 1 {
            let _ = rustix::process::kill_process(
                rustix::process::getpid(),
                rustix::process::Signal::KILL,
            );
            // The signal may need a moment; nothing happens here meanwhile.
            loop {
                std::thread::park();
            }
        }
    }

    pub fn reach_noted(place: &str) {
        if fatal().is_some() {
            let noted = NOTED.with_borrow(Clone::clone);
            for of in &noted {
                reach(of, place);
            }
        }
    }

    fn join(of: &str, what: &str) -> String {
        if of.is_empty() { what.to_owned() } else { format!("{of}.{what}") }
    }
}

#[cfg(not(debug_assertions))]
mod armed {
    pub const fn note(_: &str, _: &str) {}
    pub const fn forget_notes() {}
    pub const fn reach(_: &str, _: &str) {}
    pub const fn reach_noted(_: &str) {}
}

/// Says what the batch that is being decided is about, so that a test can kill the process while it is written:
/// `OF.WHAT.write` before anything is, `OF.WHAT.commit` before the commit, `OF.WHAT.committed` before anyone hears.
pub fn note(of: &str, what: &str) {
    armed::note(of, what);
}

/// The place `OF.PLACE`.
pub fn reach(of: &str, place: &str) {
    armed::reach(of, place);
}

pub(crate) fn forget_notes() {
    armed::forget_notes();
}

pub(crate) fn reach_noted(place: &str) {
    armed::reach_noted(place);
}
