//! What the writer counts of its work.

use crate::StoreError;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// What the writer counts, for metrics and health.
#[derive(Debug)]
pub struct Figures {
    /// Whether the database took the last write.
    pub writable: AtomicBool,
    /// Transactions committed.
    pub batches: AtomicU64,
    /// Pieces in them.
    pub pieces: AtomicU64,
    /// Batches that were decided again.
    pub conflicts: AtomicU64,
    /// Frames in SQLite's log now.
    pub wal_frames: AtomicU64,
    /// Frames ever written to it by this process.
    pub wal_frames_written: AtomicU64,
    /// What was found damaged first, if anything was.
    pub damage: OnceLock<String>,
    /// Nanoseconds the writer waited for work, loaded, decided, wrote and committed.
    pub nanos: [AtomicU64; 5],
}

impl Figures {
    /// Takes note of the first damage that is met, and says it once.
    pub(crate) fn heed(&self, error: &StoreError) {
        if error.is_damage() && self.damage.set(error.to_string()).is_ok() {
            tracing::error!(%error, "the database is damaged; `docket check --deep` finds out how far");
        }
    }
}

/// What the writer spends its time on, in the order of [`Figures::nanos`].
pub const PHASES: [&str; 5] = ["idle", "load", "decide", "write", "commit"];
