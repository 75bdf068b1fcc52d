//! The worker of a process: one loop a kind claims what is due, runs it, and lets the finisher write what
//! became of it.

use crate::finisher::{self, Counted, Finished};
use crate::kind::{Handled, Job, Kind, Outcome};
use crate::redis::{Note, Redis, Unstarted};
use crate::schedule::{self, Schedule};
use crate::wakeup::Wakeup;
use docket_domain::Time;
use docket_domain::words::TaskState;
use docket_store::failpoint;
use docket_store::{Behind, NotDone, Priority, Stamp, Store, StoreError, TaskRow, Writes};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Tasks in one claim at most.
const CLAIM_MAX: usize = 256;
/// Finished tasks that wait to be written at most; handlers wait beyond that.
const FINISHED_MAX: usize = 1024;
/// How long a loop waits before it tries a database again that was away.
const PATIENCE: Duration = Duration::from_secs(1);

/// How a process works.
#[derive(Clone)]
pub struct Settings {
    /// Names the process in claims; no two processes may share it.
    pub process: String,
    /// How often it looks for due tasks that nobody announced.
    pub look: Duration,
    /// How long a stop waits for handlers before it leaves them to their leases.
    pub grace: Duration,
    /// Where time comes from.
    pub clock: Arc<dyn Fn() -> Time + Send + Sync>,
}

impl Settings {
    /// Looks every 5 s, and waits 20 s for handlers.
    pub fn new(process: String, clock: Arc<dyn Fn() -> Time + Send + Sync>) -> Self {
        Self { process, look: Duration::from_secs(5), grace: Duration::from_secs(20), clock }
    }
}

/// A worker at work. Dropping it stops nothing: call [`Runner::stop`].
pub struct Runner {
    worker: Arc<Worker>,
    stop: CancellationToken,
    loops: TaskTracker,
    grace: Duration,
}

struct Worker {
    store: Arc<Store>,
    settings: Settings,
    wakeup: Arc<Wakeup>,
    counted: Arc<Counted>,
    redis: Option<Redis>,
    owner: Arc<str>,
    claims: AtomicU64,
    running: TaskTracker,
    abort: CancellationToken,
}

impl Runner {
    /// Starts to run `kinds` and `schedules` on `store`.
    pub fn start(
        store: Arc<Store>,
        kinds: Vec<Kind>,
        schedules: Vec<Schedule>,
        redis: Option<Unstarted>,
        settings: Settings,
    ) -> Self {
        let wakeup = Arc::new(Wakeup::new(kinds.iter().map(Kind::name)));
        let (stop, loops, running) =
            (CancellationToken::new(), TaskTracker::new(), TaskTracker::new());
        let slots: usize = kinds.iter().map(|kind| kind.concurrency).sum();
        let busy = running.clone();
        let has_room = move || busy.len() < slots;
        let redis = redis.map(|redis| redis.start(Arc::clone(&wakeup), has_room, &loops, &stop));
        let (bell, far) = (Arc::clone(&wakeup), redis.clone());
        store.on_tasks(move |announced| {
            for task in announced {
                bell.ring(task.kind);
                if let Some(redis) = &far {
                    redis.tell(Note::Announced(*task));
                }
            }
        });
        let (grace, owner) = (settings.grace, settings.process.as_str().into());
        let worker = Arc::new(Worker {
            store: Arc::clone(&store),
            settings,
            wakeup,
            counted: Arc::default(),
            redis,
            owner,
            claims: AtomicU64::new(0),
            running,
            abort: CancellationToken::new(),
        });
        let (finished, answered) = mpsc::channel(FINISHED_MAX);
        for kind in kinds {
            loops.spawn(Arc::clone(&worker).work(kind, finished.clone(), stop.clone()));
        }
        drop(finished);
        let bell = Arc::clone(&worker.wakeup);
        let (counted, abort) = (Arc::clone(&worker.counted), worker.abort.clone());
        let far = worker.redis.clone();
        let written = move |one: &Finished, state: TaskState| {
            // What is put off may be due before the worker would look: it learns when that is.
            if one.task.chain_key.is_some() || state == TaskState::Pending {
                bell.ring(&one.task.kind);
            }
            if let Some(redis) = &far {
                redis.tell(Note::Released { id: one.task.id, status: state.word() });
            }
        };
        loops.spawn(finisher::run(Arc::clone(&store), answered, counted, written, abort));
        if !schedules.is_empty() {
            let clock = Arc::clone(&worker.settings.clock);
            let began = clock();
            loops.spawn(schedule::run(store, schedules, clock, began, stop.clone()));
        }
        loops.close();
        Self { worker, stop, loops, grace }
    }

    /// What became of its tasks.
    pub fn counted(&self) -> &Counted {
        &self.worker.counted
    }

    /// Wakes the workers of `kind` here.
    pub fn ring(&self, kind: &str) {
        self.worker.wakeup.ring(kind);
    }

    /// Tasks that run now.
    pub fn running(&self) -> usize {
        self.worker.running.len()
    }

    /// Claims nothing more, waits for what runs, writes what became of it; what runs longer than the grace is
    /// left to its lease.
    pub async fn stop(self) {
        self.stop.cancel();
        self.worker.running.close();
        if tokio::time::timeout(self.grace, self.loops.wait()).await.is_err() {
            let left = self.worker.running.len();
            tracing::warn!(left, "tasks are left to their leases");
            self.worker.abort.cancel();
            self.loops.wait().await;
        }
    }
}

/// What one look for tasks came to.
struct Claimed {
    tasks: Vec<TaskRow>,
    stamp: Stamp,
    /// Whether there may be more that are due.
    more: bool,
}

/// Why a claim was not made.
#[derive(Debug, thiserror::Error)]
enum NotClaimed {
    #[error(transparent)]
    NotDone(#[from] NotDone),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Worker {
    /// Runs tasks of `kind` until `stop`.
    async fn work(
        self: Arc<Self>,
        kind: Kind,
        finished: mpsc::Sender<Finished>,
        stop: CancellationToken,
    ) {
        let slots = Arc::new(Semaphore::new(kind.concurrency));
        loop {
            // Waits for one slot, then takes as many as there are.
            let slot = tokio::select! {
                slot = Arc::clone(&slots).acquire_owned() => slot.expect("nobody closes the slots"),
                () = stop.cancelled() => return,
            };
            let room = (slots.available_permits() + 1).min(CLAIM_MAX);
            let claimed = match self.claim(&kind, room).await {
                Ok(claimed) => claimed,
                Err(not_claimed) => {
                    tracing::debug!(kind = kind.name, %not_claimed, "tasks wait");
                    drop(slot);
                    tokio::select! {
                        () = tokio::time::sleep(PATIENCE) => continue,
                        () = stop.cancelled() => return,
                    }
                }
            };
            let mut slot = Some(slot);
            for task in claimed.tasks {
                let slot = match slot.take() {
                    Some(slot) => slot,
                    None => Arc::clone(&slots).acquire_owned().await.expect("nobody closes them"),
                };
                let run = Arc::clone(&self).run(kind.clone(), task, claimed.stamp.clone());
                self.running.spawn(answer(run, slot, finished.clone(), kind.skips_dead));
            }
            drop(slot);
            if claimed.more {
                continue;
            }
            tokio::select! {
                () = self.wakeup.rung(kind.name) => {}
                () = self.look_again(&kind) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Waits until the next task is due, as far as is known, or until it is time to look anyway.
    async fn look_again(&self, kind: &Kind) {
        let next = self.store.next_task(kind.name).await.ok().flatten();
        let until = next.map(|next| next.0.saturating_sub((self.settings.clock)().0).max(1));
        let until = until.map_or(self.settings.look, |ms| Duration::from_millis(ms as u64));
        tokio::time::sleep(until.min(self.settings.look)).await;
    }

    /// Claims at most `room` tasks of `kind`; puts aside those that wait for others of their chain.
    async fn claim(&self, kind: &Kind, room: usize) -> Result<Claimed, NotClaimed> {
        let now = (self.settings.clock)();
        let due = self.store.due_tasks(kind.name, now, room).await?;
        let more = due.len() == room;
        let count = self.claims.fetch_add(1, Relaxed);
        let stamp = Stamp(format!("{}:{count}", self.settings.process));
        let free: Vec<_> =
            due.iter().filter(|due| due.behind.is_none()).map(|due| due.id).collect();
        if due.is_empty() {
            return Ok(Claimed { tasks: Vec::new(), stamp, more: false });
        }
        let (ids, by, lease) = (free.clone(), stamp.clone(), kind.lease.as_millis() as i64);
        let name = kind.name;
        let write = move |_: &docket_store::View, cx: &mut docket_store::Context<'_>| {
            failpoint::note(name, "claim");
            let mut statements = by.claim(&ids, cx.now, cx.now.plus(lease));
            for task in &due {
                match task.behind {
                    None => {}
                    Some(Behind::Head(head)) => {
                        statements.extend(TaskRow::put_aside(task.id, head));
                    }
                    Some(Behind::Halted(dead)) => {
                        statements.push(TaskRow::park(task.id, dead, cx.now));
                    }
                }
            }
            Ok((Some(Writes { statements, ..Writes::default() }), ()))
        };
        self.store.run(Priority::Bulk, Vec::new(), write).await?;
        let tasks = self.store.claimed_tasks(&stamp, &free).await?;
        if let Some(redis) = &self.redis {
            let owner = &self.owner;
            let note = |task: &TaskRow| Note::Claimed { id: task.id, owner: Arc::clone(owner) };
            tasks.iter().map(note).for_each(|note| redis.tell(note));
        }
        Ok(Claimed { tasks, stamp, more })
    }

    /// Lets the handler work on one task, renewing its lease; nothing where it was aborted.
    async fn run(self: Arc<Self>, kind: Kind, task: TaskRow, stamp: Stamp) -> Option<Answered> {
        let job = Job {
            id: task.id,
            payload: task.payload.clone(),
            attempt: task.attempts + 1,
            created_at: task.created_at,
        };
        // A set of one: whatever way this ends, dropping it ends the handler.
        let mut handler = JoinSet::new();
        failpoint::reach(kind.name, "start");
        let handle = Arc::clone(&kind.handler);
        handler.spawn(async move { handle(job).await });
        let mut renewal = tokio::time::interval(kind.lease / 3);
        renewal.reset();
        let limit = tokio::time::sleep(kind.limit);
        tokio::pin!(limit);
        let handled = loop {
            tokio::select! {
                answer = handler.join_next() => break match answer {
                    Some(Ok(handled)) => handled,
                    Some(Err(ended)) => Outcome::Retry(panicked(ended)).into(),
                    None => return None,
                },
                () = &mut limit => {
                    break Outcome::Retry(format!("no answer within {:?}", kind.limit)).into();
                }
                _ = renewal.tick() => self.renew(&stamp, &task, kind.lease).await,
                () = self.abort.cancelled() => return None,
            }
        };
        failpoint::reach(kind.name, "end");
        Some(Answered { task, stamp, handled })
    }

    /// Holds a task for longer. Where that fails the lease may run out, and then nothing is written.
    async fn renew(&self, stamp: &Stamp, task: &TaskRow, lease: Duration) {
        let (by, task) = (stamp.clone(), task.id);
        let renewed = self.store.run(Priority::Bulk, Vec::new(), move |_, cx| {
            let statements = vec![by.renew(task, cx.now.plus(lease.as_millis() as i64))];
            Ok((Some(Writes { statements, ..Writes::default() }), ()))
        });
        if let Err(error) = renewed.await {
            tracing::warn!(%task, %error, "the lease of a task could not be renewed");
        }
    }
}

/// A task that its handler has answered.
struct Answered {
    task: TaskRow,
    stamp: Stamp,
    handled: Handled,
}

/// Passes on what `run` answers, and keeps the slot until it has.
async fn answer(
    run: impl Future<Output = Option<Answered>>,
    slot: OwnedSemaphorePermit,
    finished: mpsc::Sender<Finished>,
    skips_dead: bool,
) {
    if let Some(Answered { task, stamp, handled: Handled { outcome, also } }) = run.await {
        // The finisher has gone only where everything was aborted: then the lease is what is left.
        let _ = finished.send(Finished { task, stamp, outcome, also, skips_dead }).await;
    }
    drop(slot);
}

/// What a handler said when it panicked.
fn panicked(ended: tokio::task::JoinError) -> String {
    let Ok(panic) = ended.try_into_panic() else { return "the handler was aborted".to_owned() };
    let said = panic
        .downcast_ref::<&str>()
        .map(|said| (*said).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!("the handler panicked: {}", said.unwrap_or_default())
}
