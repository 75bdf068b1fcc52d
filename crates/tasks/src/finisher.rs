//! Writes what became of tasks: what finished while the last transaction was written goes into the next one.

use crate::backoff;
use crate::kind::Outcome;
use docket_domain::Time;
use docket_domain::words::TaskState;
use docket_store::failpoint;
use docket_store::{Cause, Failed, NotDone, Priority, Stamp, Statement, Store, TaskRow, Writes};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Tasks in one transaction at most.
const TOGETHER_MAX: usize = 256;
/// How long it waits before it tries a database again that was away.
const PATIENCE: Duration = Duration::from_millis(500);

/// What became of the tasks of this process, for metrics.
#[derive(Debug, Default)]
pub struct Counted {
    /// Done.
    pub done: AtomicU64,
    /// Put off, not charged.
    pub later: AtomicU64,
    /// Failed and tried again.
    pub retried: AtomicU64,
    /// Given up.
    pub dead: AtomicU64,
    kinds: Mutex<BTreeMap<String, Tries>>,
}

/// Tries of tasks of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    /// Those that were done.
    pub done: u64,
    /// Those that failed and were charged.
    pub failed: u64,
}

impl Counted {
    /// Tries by the kind of their tasks; what was put off is none.
    pub fn kinds(&self) -> BTreeMap<String, Tries> {
        self.kinds.lock().expect("nothing panics while it counts").clone()
    }

    fn count_of(&self, kind: &str, state: TaskState) {
        let mut kinds = self.kinds.lock().expect("nothing panics while it counts");
        if !kinds.contains_key(kind) {
            kinds.insert(kind.to_owned(), Tries::default());
        }
        let Some(tries) = kinds.get_mut(kind) else { return };
        match state {
            TaskState::Done => tries.done += 1,
            _ => tries.failed += 1,
        }
    }
}

/// A task that a handler has answered.
#[derive(Debug)]
pub struct Finished {
    pub task: TaskRow,
    pub stamp: Stamp,
    pub outcome: Outcome,
    /// What else is written with it.
    pub also: Vec<Statement>,
    /// Whether those behind it go on if it is dead.
    pub skips_dead: bool,
}

impl Finished {
    /// What is written where it is not done.
    fn failed(&self, now: Time) -> Option<Failed> {
        let (why, attempts) = match &self.outcome {
            Outcome::Done => return None,
            Outcome::Later(until) => return Some(self.put_off(*until, None)),
            Outcome::PutOff(until, why) => return Some(self.put_off(*until, Some(why.clone()))),
            Outcome::Dead(why) => (why.clone(), self.task.attempts + 1),
            Outcome::Retry(why) => {
                let attempts = self.task.attempts + 1;
                if attempts < self.task.max_attempts {
                    let due_at = backoff::again(self.task.id, attempts, now);
                    return Some(Failed::Again { due_at, attempts, why: Some(why.clone()) });
                }
                (why.clone(), attempts)
            }
        };
        Some(Failed::Dead { why, attempts, skipped: self.skips_dead })
    }

    /// Tried again at `due_at`, at no charge.
    const fn put_off(&self, due_at: Time, why: Option<String>) -> Failed {
        Failed::Again { due_at, attempts: self.task.attempts, why }
    }

    /// Counts it, and answers what it is now.
    fn count(&self, counted: &Counted, now: Time) -> TaskState {
        let mut charged = true;
        let (counter, state) = match self.failed(now) {
            None => (&counted.done, TaskState::Done),
            Some(Failed::Again { attempts, .. }) if attempts == self.task.attempts => {
                charged = false;
                (&counted.later, TaskState::Pending)
            }
            Some(Failed::Again { .. }) => (&counted.retried, TaskState::Pending),
            Some(Failed::Dead { why, .. }) => {
                tracing::error!(task = %self.task.id, kind = self.task.kind, why, "a task is dead");
                (&counted.dead, TaskState::Dead)
            }
        };
        counter.fetch_add(1, Relaxed);
        if charged {
            counted.count_of(&self.task.kind, state);
        }
        state
    }
}

/// All that is written of `finished`: done tasks by claim, each other one by itself, what else there is to write,
/// and the wake-up of those behind them.
fn statements(finished: &[Finished], now: Time) -> Vec<Statement> {
    let mut done: BTreeMap<&Stamp, Vec<_>> = BTreeMap::new();
    let mut chains = BTreeSet::new();
    let mut statements = Vec::new();
    for one in finished {
        statements.extend(one.also.iter().cloned());
        if let Some(failed) = one.failed(now) {
            statements.extend(one.stamp.fail(&one.task, &failed, now));
        } else {
            done.entry(&one.stamp).or_default().push(one.task.id);
            chains.extend(one.task.chain_key.as_deref());
        }
    }
    for (stamp, ids) in done {
        statements.extend(stamp.finish(&ids, now));
    }
    statements.extend(chains.into_iter().map(TaskRow::wake_next));
    statements
}

/// Runs until nobody can send any more, or until `abort`: what is not written then is left to the leases.
/// `written` hears of each task that is.
pub async fn run(
    store: Arc<Store>,
    mut finished: mpsc::Receiver<Finished>,
    counted: Arc<Counted>,
    written: impl Fn(&Finished, TaskState),
    abort: CancellationToken,
) {
    let mut batch = Vec::new();
    while finished.recv_many(&mut batch, TOGETHER_MAX).await > 0 {
        let together = Arc::new(std::mem::take(&mut batch));
        let wrote = tokio::select! {
            wrote = write(&store, &together) => wrote,
            () = abort.cancelled() => return,
        };
        let Some(now) = wrote else { continue };
        for one in together.iter() {
            written(one, one.count(&counted, now));
        }
    }
}

/// Writes until it is written; nothing where it can never be.
async fn write(store: &Store, together: &Arc<Vec<Finished>>) -> Option<Time> {
    loop {
        let these = Arc::clone(together);
        let wrote = store.run(Priority::Bulk, Vec::new(), move |_, cx| {
            these.iter().for_each(|one| failpoint::note(&one.task.kind, "finish"));
            let statements = statements(&these, cx.now);
            Ok((Some(Writes { statements, ..Writes::default() }), cx.now))
        });
        match wrote.await {
            Ok(now) => return Some(now),
            Err(NotDone::Refused(refused)) if refused.cause == Cause::Broken => {
                tracing::error!(%refused, "what became of tasks could not be written");
                return None;
            }
            Err(not_done) => {
                tracing::debug!(%not_done, "what became of tasks waits");
                tokio::time::sleep(PATIENCE).await;
            }
        }
    }
}
