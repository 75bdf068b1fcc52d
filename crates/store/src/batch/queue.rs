//! Two bounded queues: what somebody waits for before bulk.

use super::Piece;
use crate::database::Connection;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Pieces in one batch at most.
const BATCH_MAX: usize = 256;

/// Pieces of bulk in one batch while there are people about: whoever comes next waits for no more than these.
const BULK_BESIDE_PEOPLE: usize = 16;
/// How long after somebody came others are to be expected.
const ABOUT: Duration = Duration::from_secs(1);

/// Who waits for a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Somebody waits for the answer.
    Interactive,
    /// Imports, channels, branches, timers: at most half of a batch while somebody waits.
    Bulk,
}

/// No room; come back later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much work is waiting")]
pub struct QueueFull;

type Boxed = Box<dyn Piece>;

/// What the writer does between two batches; it answers for itself.
pub type Chore = Box<dyn FnOnce(&mut dyn Connection) + Send>;

#[derive(Default)]
struct Waiting {
    interactive: VecDeque<Boxed>,
    bulk: VecDeque<Boxed>,
    chores: VecDeque<Chore>,
    /// When somebody last came who waits for the answer.
    came: Option<Instant>,
    closed: bool,
}

/// The work that waits for the writer.
pub struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    capacity: usize,
}

/// What the writer found when it asked for work.
pub enum Taken {
    /// A batch, never empty.
    Batch(Vec<Boxed>),
    /// Something to do before the next one.
    Chore(Chore),
    /// Nothing came within the time given.
    Nothing,
    /// The queue is closed and empty.
    Closed,
}

impl Queue {
    /// Queues that take `capacity` pieces each.
    pub fn new(capacity: usize) -> Self {
        Self { waiting: Mutex::default(), arrived: Condvar::new(), capacity }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("no code panics while it holds the queue")
    }

    /// Puts a piece in, or gives it back where there is no room or the writer has stopped.
    pub fn put(&self, priority: Priority, piece: Boxed) -> Result<(), QueueFull> {
        let mut waiting = self.lock();
        let closed = waiting.closed;
        let queue = match priority {
            Priority::Interactive => &mut waiting.interactive,
            Priority::Bulk => &mut waiting.bulk,
        };
        if closed || queue.len() >= self.capacity {
            return Err(QueueFull);
        }
        queue.push_back(piece);
        if priority == Priority::Interactive {
            waiting.came = Some(Instant::now());
        }
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Puts a chore in; where the writer has stopped it is dropped.
    pub fn put_chore(&self, chore: Chore) {
        let mut waiting = self.lock();
        if !waiting.closed {
            waiting.chores.push_back(chore);
            drop(waiting);
            self.arrived.notify_one();
        }
    }

    /// How many pieces wait: interactive ones, bulk.
    pub fn lengths(&self) -> (usize, usize) {
        let waiting = self.lock();
        (waiting.interactive.len(), waiting.bulk.len())
    }

    /// Lets nothing more in; what waits is still done.
    pub fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }

    /// The next batch; waits for one, for at most `patience` if that is given.
    pub fn take(&self, patience: Option<Duration>) -> Taken {
        let mut waiting = self.lock();
        loop {
            if let Some(chore) = waiting.chores.pop_front() {
                return Taken::Chore(chore);
            }
            if !(waiting.interactive.is_empty() && waiting.bulk.is_empty()) {
                break;
            }
            if waiting.closed {
                return Taken::Closed;
            }
            let poisoned = "no code panics while it holds the queue";
            waiting = match patience {
                None => self.arrived.wait(waiting).expect(poisoned),
                Some(patience) => {
                    let (waiting, slept) =
                        self.arrived.wait_timeout(waiting, patience).expect(poisoned);
                    if slept.timed_out() {
                        return Taken::Nothing;
                    }
                    waiting
                }
            };
        }
        let are_about = waiting.came.is_some_and(|at| at.elapsed() < ABOUT);
        let Waiting { interactive, bulk, .. } = &mut *waiting;
        let from_interactive = interactive.len().min(BATCH_MAX);
        let room = BATCH_MAX - from_interactive;
        let half = if are_about { from_interactive } else { BATCH_MAX };
        // Bulk is never starved, however many wait.
        let from_bulk = bulk.len().min(room.min(half).max(BULK_BESIDE_PEOPLE));
        Taken::Batch(interactive.drain(..from_interactive).chain(bulk.drain(..from_bulk)).collect())
    }
}
