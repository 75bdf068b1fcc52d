//! What is measured of a center in one look. All of it stands in the database, so that every process sees the same.

use crate::channel::Stream;
use crate::time::Millis;
use crate::{Id, Time};

/// One look at a center.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measured {
    /// When.
    pub at: Time,
    /// Tasks, by their kind.
    pub tasks: Vec<TasksMeasured>,
    /// Processes that run tasks.
    pub workers: Vec<WorkerMeasured>,
    /// Shops of marketplaces.
    pub shops: Vec<ShopMeasured>,
    /// What marketplaces were asked.
    pub calls: Vec<CallsMeasured>,
    /// Money that was to go back long ago.
    pub refunds: OverdueMeasured,
    /// Stock of which more is sold or promised than there is.
    pub short: ShortMeasured,
}

/// Stock of which there is too little.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShortMeasured {
    /// SKUs at places, as far as they were counted.
    pub count: u64,
    /// The first of them, with its place.
    pub first: Option<(String, String)>,
}

/// The tasks of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TasksMeasured {
    /// The kind.
    pub kind: String,
    /// Those that wait and are due.
    pub waiting: u64,
    /// Those that were given up.
    pub dead: u64,
    /// Tries that were done within the last hour.
    pub done: u64,
    /// Tries that failed within the last hour and were charged.
    pub failed: u64,
}

/// A process that runs tasks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkerMeasured {
    /// The process.
    pub process: String,
    /// The machine it runs on, where that is known.
    pub host: String,
    /// Its last sign of life.
    pub seen_at: Time,
    /// What it knows of clocks of others.
    pub clocks: Vec<ClockMeasured>,
    /// The room where it keeps the database, where it keeps it itself.
    pub disk: Option<DiskMeasured>,
    /// How long its calls to marketplaces wait for their turns.
    pub waits: Vec<WaitMeasured>,
    /// Pushes of marketplaces that it refused within the present hour.
    pub refused: Vec<RefusedMeasured>,
}

/// Pushes that were refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct RefusedMeasured {
    /// The marketplace at whose address they came.
    pub channel: String,
    /// How many.
    pub count: u64,
}

/// How long calls wait for their turns, of those that went through since the sign before.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct WaitMeasured {
    /// At whose limit: the address, and the app that asks.
    pub whose: String,
    /// On average, in milliseconds.
    pub millis: Millis,
}

/// The clock of somebody else beside ours.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct ClockMeasured {
    /// Whose, by the base of their address.
    pub whose: String,
    /// By how much it is ahead of ours, in milliseconds.
    pub ahead: Millis,
}

/// Room on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct DiskMeasured {
    /// Bytes that we may still write.
    pub free: u64,
    /// Bytes there are.
    pub size: u64,
}

/// A shop of a marketplace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopMeasured {
    /// Its number.
    pub id: Id,
    /// What people call it.
    pub name: String,
    /// When what it lets us in with ends, where that is known.
    pub token_until: Option<Time>,
    /// Why nothing is asked of it, where its marketplace is the reason.
    pub paused: Option<String>,
    /// When its marketplace last pushed, where it ever did.
    pub pushed_at: Option<Time>,
    /// When a run last found orders that are new or changed.
    pub found_at: Option<Time>,
    /// Sales that wait for a code to be mapped.
    pub unmapped: u64,
    /// Streams that are read by themselves.
    pub streams: Vec<StreamMeasured>,
}

/// How far a stream of a shop is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamMeasured {
    /// Which.
    pub stream: Stream,
    /// When it was last read to its end; where it never was, since when it should have been.
    pub read_at: Time,
    /// Since when a run is at work, if one is.
    pub running_since: Option<Time>,
    /// Windows of which a part could not be read.
    pub gaps: u64,
    /// Since when the oldest of them is known.
    pub oldest_gap: Option<Time>,
    /// The longest time between a change there and its first sight here, of the last runs, in milliseconds.
    pub lateness: Millis,
}

/// What a marketplace was asked within the last hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallsMeasured {
    /// The marketplace.
    pub channel: String,
    /// Requests.
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that were turned away because there were too many.
    pub throttled: u64,
}

/// What should have been done long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OverdueMeasured {
    /// How many.
    pub count: u64,
    /// Since when the oldest waits.
    pub oldest: Option<Time>,
}
