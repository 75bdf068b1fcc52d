//! The one writer of a process: it takes the work that waits, loads what it needs, lets it decide in the
//! order it came, writes everything in one transaction, commits once and answers all.
//!
//! No timer fills a batch: what is there is a batch. A batch that the database refuses is decided again
//! from fresh rows and, if that does not help, in halves until the culprit is alone.

mod engine;
mod queue;
mod work;

pub use engine::{Bell, Engine};
pub use queue::{Priority, Queue, QueueFull};
pub use work::{NotDone, Verdict};

use crate::tables::lane::view::Need;
use crate::tables::lane::{Key, View, Writes};
use docket_domain::{IdSource, Seat, Time};

/// What a piece may use besides the view.
pub struct Context<'a> {
    /// Now; the same for the whole batch.
    pub now: Time,
    /// Ids of this process.
    pub ids: &'a mut IdSource,
    /// Who is here.
    pub seat: &'a Seat,
}

/// One piece of work. It may be asked to decide several times, each time on other rows, and must not
/// remember: only the last decision counts.
pub trait Piece: Send {
    /// What it needs to see, as far as it knows beforehand.
    fn keys(&self) -> Vec<Key>;
    /// Decides. `Ok(None)` writes nothing.
    fn decide(&mut self, view: &View, cx: &mut Context<'_>) -> Result<Option<Writes>, Need>;
    /// Hears, once, that its decision stands committed, or why it does not.
    fn settle(self: Box<Self>, outcome: Result<(), Refused>);
}

/// Why a piece was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// What to make of it.
    pub cause: Cause,
    /// For the log.
    pub message: String,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The database is away, full or read-only; nothing of the piece is written, or it is unknown.
    Unavailable,
    /// The database file was moved, removed or replaced while it is open.
    Moved,
    /// What the piece needs to see, or where it would be written, is damaged.
    Damaged,
    /// The piece panicked, asked for ever more, or wants what the database can never hold.
    Broken,
    /// Others kept changing what it read.
    Contended,
}

#[cfg(test)]
mod tests;
