//! What a kind of task is: its handler, and how it may be run.

use docket_domain::{Id, Time};
use docket_store::Statement;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// What a handler is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The task's number: a key that the receiver of an effect may know it by.
    pub id: Id,
    /// What to do, JSON.
    pub payload: String,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// When it was caused.
    pub created_at: Time,
}

/// What a handler says of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// Not now, through no fault of its own: throttled, a token dead, a peer down. Costs no attempt.
    Later(Time),
    /// The same, with why: people who look at what waits are told.
    PutOff(Time, String),
    /// It failed, and may succeed another time. Costs an attempt.
    Retry(String),
    /// It will never succeed: it needs a person.
    Dead(String),
}

/// What a handler leaves behind: what it says of its task, and what is written together with that. Unlike the task,
/// it is written also where the lease was lost meanwhile: it tells what was done, not whose it was.
#[derive(Debug, Clone)]
pub struct Handled {
    /// What becomes of the task.
    pub outcome: Outcome,
    /// What else is written, in the same transaction.
    pub also: Vec<Statement>,
}

impl From<Outcome> for Handled {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, also: Vec::new() }
    }
}

type Running = Pin<Box<dyn Future<Output = Handled> + Send>>;

/// One kind of task.
#[derive(Clone)]
pub struct Kind {
    pub(crate) name: &'static str,
    pub(crate) concurrency: usize,
    pub(crate) lease: Duration,
    pub(crate) limit: Duration,
    pub(crate) skips_dead: bool,
    pub(crate) handler: Arc<dyn Fn(Job) -> Running + Send + Sync>,
}

impl Kind {
    /// Tasks run by `handler`: sixteen at a time in this process, each with five minutes.
    pub fn new<F>(name: &'static str, handler: impl Fn(Job) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        Self::noting(name, move |job| {
            let handling = handler(job);
            async { Handled::from(handling.await) }
        })
    }

    /// The same, by a handler that has more to write than what became of the task.
    pub fn noting<F>(name: &'static str, handler: impl Fn(Job) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Handled> + Send + 'static,
    {
        let lease = Duration::from_mins(5);
        let handler = Arc::new(move |job| Box::pin(handler(job)) as Running);
        Self { name, concurrency: 16, lease, limit: lease, skips_dead: false, handler }
    }

    /// So many at a time in one process.
    #[must_use]
    pub fn concurrency(self, concurrency: usize) -> Self {
        Self { concurrency: concurrency.max(1), ..self }
    }

    /// Claimed for so long at a time; a task that runs longer is held by renewing. Whoever dies with a task
    /// holds it up for this long.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// A handler that has not answered after so long has failed.
    #[must_use]
    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Those behind a dead task in its chain go on without it.
    #[must_use]
    pub fn skips_dead(self) -> Self {
        Self { skips_dead: true, ..self }
    }

    /// Its name, as tasks carry it.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).finish_non_exhaustive()
    }
}
