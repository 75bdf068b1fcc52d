//! What a center says of itself: whether it takes orders, what its lane has counted and what waits.

use crate::{App, Error};
use docket_store::{Backlog, Pool};
use std::sync::atomic::Ordering::Relaxed;

/// What the lane of this process has done since it began, and what waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneFigures {
    /// Transactions committed.
    pub batches: u64,
    /// Pieces of work in them.
    pub pieces: u64,
    /// Batches that were decided again, because another process had changed what they had read.
    pub conflicts: u64,
    /// Pieces that wait and that somebody waits for.
    pub waiting_interactive: usize,
    /// Pieces of bulk work that wait.
    pub waiting_bulk: usize,
    /// Frames in SQLite's write-ahead log now; 0 on other databases.
    pub wal_frames: u64,
    /// Whether the database took the last write.
    pub writable: bool,
}

impl App {
    /// Whether orders can be taken: the writer's last word and a read that answers.
    pub async fn ready(&self) -> Result<(), Error> {
        if !self.takes_writes() {
            return Err(Error::Unavailable("the database takes no writes".to_owned()));
        }
        Ok(self.store().ping().await?)
    }

    /// Whether the database took the last write.
    pub fn takes_writes(&self) -> bool {
        self.store().figures().writable.load(Relaxed)
    }

    /// What was found damaged in the database first, if anything was.
    pub fn damage(&self) -> Option<&str> {
        self.store().figures().damage.get().map(String::as_str)
    }

    /// What the lane has counted.
    pub fn lane_figures(&self) -> LaneFigures {
        let (figures, (interactive, bulk)) = (self.store().figures(), self.store().waiting());
        LaneFigures {
            batches: figures.batches.load(Relaxed),
            pieces: figures.pieces.load(Relaxed),
            conflicts: figures.conflicts.load(Relaxed),
            waiting_interactive: interactive,
            waiting_bulk: bulk,
            wal_frames: figures.wal_frames.load(Relaxed),
            writable: figures.writable.load(Relaxed),
        }
    }

    /// How the reading connections are used.
    pub fn read_pool(&self) -> Pool {
        self.store().pool()
    }

    /// Which kind of database it is: `sqlite` or `mysql`.
    pub fn database_kind(&self) -> &'static str {
        self.store().kind()
    }

    /// What stands in the table of tasks, by kind and state, whichever process runs it. Reads all of it.
    pub async fn task_backlog(&self) -> Result<Vec<Backlog>, Error> {
        Ok(self.store().task_backlog().await?)
    }
}
