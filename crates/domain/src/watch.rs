//! Watching a center: what is measured of it (`measured`), what is wrong with that (`rules`), how an alert goes on from
//! one look to the next (`alert`), how well the center is (`health`) and what people read of it all (`sentences`).
//!
//! Nothing here measures or tells: the same measurements and the same open alerts make the same turns.

mod alert;
mod health;
mod measured;
mod rules;
mod sentences;

pub use alert::{Acknowledged, Alert, Pace, Silence, Telling, Turn, turn};
pub use health::{Deduction, Health, health};
pub use measured::{
    CallsMeasured, ClockMeasured, DiskMeasured, Measured, OverdueMeasured, RefusedMeasured,
    ShopMeasured, ShortMeasured, StreamMeasured, TasksMeasured, WaitMeasured, WorkerMeasured,
};
pub use rules::{Thresholds, findings};
pub use sentences::{AlertText, alert_text};

use crate::time::Millis;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// What may be wrong.
    pub enum AlertKind {
        /// Many tasks of a kind wait.
        Backlog = 1 "backlog",
        /// Many tries of tasks of a kind fail.
        TasksFailing = 2 "tasks_failing",
        /// Tasks of a kind were given up.
        TasksDead = 3 "tasks_dead",
        /// A process that runs tasks gives no sign of life.
        WorkerSilent = 4 "worker_silent",
        /// A shop was not read whole for long.
        SyncOld = 5 "sync_old",
        /// A run of a shop takes long.
        SyncLong = 6 "sync_long",
        /// A part of a shop's orders could not be read.
        SyncGap = 7 "sync_gap",
        /// A marketplace lists changes later than windows reach back.
        SyncLate = 8 "sync_late",
        /// Many calls to a marketplace fail.
        CallsFailing = 9 "calls_failing",
        /// A marketplace turns many calls away because there are too many.
        CallsThrottled = 10 "calls_throttled",
        /// Nothing is asked of a shop, because its marketplace does not let us in.
        ShopPaused = 11 "shop_paused",
        /// What a shop lets us in with ends soon.
        TokenEnds = 12 "token_ends",
        /// Money that is due to buyers did not go back.
        RefundOverdue = 13 "refund_overdue",
        /// Our clock and that of a marketplace differ.
        ClockOff = 14 "clock_off",
        /// There is little room left for the database.
        DiskFull = 15 "disk_full",
        /// Calls to a marketplace wait long for their turns.
        LimiterSaturated = 16 "limiter_saturated",
        /// A shop's marketplace pushes nothing any more, though orders change.
        PushesStopped = 17 "pushes_stopped",
        /// Pushes come that are not believed, or of a shop that is not connected.
        PushesRefused = 18 "pushes_refused",
        /// Sales of a shop wait for a code to be mapped to a SKU.
        SkusUnmapped = 19 "skus_unmapped",
        /// More is sold or promised than there is.
        Oversold = 20 "oversold",
    }
}

words! {
    /// How bad it is.
    pub enum Severity {
        /// Good to know; told once.
        Notice = 1 "notice",
        /// Somebody should look.
        Warning = 2 "warning",
        /// Somebody must look now.
        Critical = 3 "critical",
    }
}

/// The figures of something that is wrong, for the sentence that tells it. What a kind has no use for is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// What people call the subject.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// How many.
    #[serde(skip_serializing_if = "is_nothing")]
    pub count: u64,
    /// Of how many, or how many there may be.
    #[serde(skip_serializing_if = "is_nothing")]
    pub of: u64,
    /// How long, in milliseconds.
    #[serde(skip_serializing_if = "is_no_time")]
    pub millis: Millis,
    /// Why, in the words of whoever told us.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape that serde asks for
const fn is_nothing(count: &u64) -> bool {
    *count == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape that serde asks for
const fn is_no_time(millis: &Millis) -> bool {
    *millis == 0
}

/// Something that is wrong now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: AlertKind,
    /// Of what: a shop with its stream, a kind of task, a process, a marketplace. Of one kind it is found once.
    pub subject: String,
    /// How bad.
    pub severity: Severity,
    /// Its figures.
    pub facts: Facts,
}
