//! Durable tasks of the center: its kinds and schedules, and what people do with tasks.

pub(crate) mod housekeeping;
mod task;
mod workers;

pub(crate) use task::{Policy, Task, failed, kind};
pub(crate) use workers::Workers;

use crate::access::{Principal, Scope};
use crate::{App, Error, Idempotency, Once};
use docket_domain::time::Millis;
use docket_domain::words::TaskState;
use docket_domain::{Id, Time};
use docket_store::{Statement, TaskFilter, TaskPage, TaskRow};
use docket_tasks::{Every, Kind, Redis, RedisAt, Runner, Schedule, Tries};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// A task that is due within so long is not hurried.
const SOON: Millis = 1_000;

/// How tasks are run in this process.
#[derive(Debug, Clone)]
pub struct TaskSettings {
    /// Where Redis is, if there is one.
    pub redis: Option<RedisAt>,
    /// How long a stop waits for handlers.
    pub grace: Duration,
    /// Schedules that run at other times than by default, by name.
    pub schedules: Vec<(String, Every)>,
}

impl Default for TaskSettings {
    fn default() -> Self {
        Self { redis: None, grace: Duration::from_secs(20), schedules: Vec::new() }
    }
}

/// A schedule with its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// What people call it.
    pub name: String,
    /// The kind of its tasks.
    pub kind: &'static str,
    /// When, as people read it.
    pub every: String,
    /// The slot it last ran for.
    pub last: Option<Time>,
    /// The slot it runs for next.
    pub next: Option<Time>,
}

/// What the workers of one process have done since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskFigures {
    /// Tasks that were done.
    pub done: u64,
    /// Tries that failed and are made again.
    pub retried: u64,
    /// Tries that were put off.
    pub later: u64,
    /// Tasks that were given up.
    pub dead: u64,
    /// Tasks that run now.
    pub running: u64,
}

impl TaskFigures {
    fn of(runner: &Runner) -> Self {
        let counted = runner.counted();
        Self {
            done: counted.done.load(Relaxed),
            retried: counted.retried.load(Relaxed),
            later: counted.later.load(Relaxed),
            dead: counted.dead.load(Relaxed),
            running: runner.running() as u64,
        }
    }
}

/// What was asked of a task does not fit its state.
fn not_in(task: &TaskRow, message: &'static str) -> Error {
    Error::WrongState { what: "task", id: task.id.to_string(), state: task.state.word(), message }
}

/// Which kinds and schedules there are: made by the list of them ([`crate::wiring`]), which knows every room.
pub(crate) struct Wired {
    /// The kinds, each with its handler.
    pub kinds: fn(&App) -> Vec<Kind>,
    /// What runs at times of its own.
    pub schedules: Vec<Schedule>,
}

impl App {
    /// What the workers of this process have done and do now; nothing where none was started.
    pub fn task_figures(&self) -> TaskFigures {
        self.inner.workers.figures()
    }

    /// Tries of tasks in this process, by their kind.
    pub(crate) fn tries_of_tasks(&self) -> BTreeMap<String, Tries> {
        self.inner.workers.tries()
    }

    /// Takes up what a process that has ended had claimed, where it is known to have ended; elsewhere its leases
    /// run out by themselves.
    pub(crate) async fn take_over_tasks(self) {
        let Some(take_over) = self.store().take_over_tasks(self.now()) else { return };
        match self.write_numbered(move |_, _| vec![take_over.clone()]).await {
            Ok(_) => self.inner.workers.ring_for_all(&self),
            Err(error) => {
                tracing::debug!(%error, "tasks of an earlier process wait for their leases");
            }
        }
    }

    /// Whether tasks are run in this process: a command that opens a center for itself runs none.
    pub(crate) fn has_workers(&self) -> bool {
        self.inner.workers.are_started()
    }

    /// The Redis that rings for tasks, if there is one.
    pub fn redis(&self) -> Option<&Redis> {
        self.inner.workers.redis()
    }

    /// One page of tasks, newest first.
    pub async fn tasks(&self, who: &Principal, filter: &TaskFilter) -> Result<TaskPage, Error> {
        who.needs_whole(Scope::Tasks)?;
        Ok(self.store().tasks(filter).await?)
    }

    /// One task.
    pub async fn task(&self, who: &Principal, id: Id) -> Result<TaskRow, Error> {
        who.needs_whole(Scope::Tasks)?;
        let found = self.store().task(id).await?;
        found.ok_or_else(|| Error::NotFound { what: "task", id: id.to_string() })
    }

    /// Runs a task again that is dead, or that was tried and waits, with another payload if one is given; those parked
    /// behind it follow.
    pub async fn retry_task(
        &self,
        who: &Principal,
        id: Id,
        payload: Option<String>,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<TaskRow>, Error> {
        let retry = move |task: &TaskRow, now| task.retry(payload.as_deref(), now);
        let wrong = "only a task that was tried before can be retried";
        let able = |task: &TaskRow| match task.state {
            TaskState::Dead => true,
            TaskState::Pending => task.claims > 0,
            _ => false,
        };
        self.on_task(who, id, idempotency, (able, wrong), retry).await
    }

    /// Drops a task that does not run: it counts as done, and what was parked behind it goes on.
    pub async fn drop_task(
        &self,
        who: &Principal,
        id: Id,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<TaskRow>, Error> {
        let why = format!("dropped by {}", who.name);
        let drop = move |task: &TaskRow, now| task.drop(&why, now);
        let able = |task: &TaskRow| {
            matches!(task.state, TaskState::Pending | TaskState::Dead | TaskState::Parked)
        };
        let wrong = "only a task that waits or is halted can be dropped";
        self.on_task(who, id, idempotency, (able, wrong), drop).await
    }

    /// What a person does with one task, if it is in one of the states that allow it; once under a key.
    async fn on_task(
        &self,
        who: &Principal,
        id: Id,
        idempotency: Option<Idempotency>,
        (able, wrong): (fn(&TaskRow) -> bool, &'static str),
        act: impl Fn(&TaskRow, Time) -> Vec<Statement> + Send + 'static,
    ) -> Result<Once<TaskRow>, Error> {
        // First the task, then the key: a task that was changed under this key meanwhile has the key too.
        let task = self.task(who, id).await?;
        if self.done_before(idempotency).await?.is_some() {
            return self.task(who, id).await.map(Once::Before);
        }
        if !able(&task) {
            return Err(not_in(&task, wrong));
        }
        let (kind, was) = (task.kind.clone(), task.state);
        let wrote = self.write_once(idempotency, Some(id), move |_, now| act(&task, now)).await?;
        let task = self.task(who, id).await?;
        if matches!(wrote, Once::Before(_)) {
            return Ok(Once::Before(task));
        }
        if task.state == TaskState::Running && was == TaskState::Pending {
            // A worker was faster.
            return Err(not_in(&task, wrong));
        }
        self.ring(&kind);
        Ok(Once::Now(task))
    }

    /// Runs every task of `kind` again that is dead, or that was tried and waits; answers how many there were. Sent
    /// again under its idempotency key it answers the same, and leaves alone what died since.
    pub async fn retry_tasks(
        &self,
        who: &Principal,
        kind: &str,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<usize>, Error> {
        who.needs_whole(Scope::Tasks)?;
        if let Some(before) = self.done_before(idempotency).await? {
            return Ok(Once::Before(before.0 as usize));
        }
        let mut filter = TaskFilter {
            kind: Some(kind.to_owned()),
            state: Some(TaskState::Dead),
            limit: 200,
            ..TaskFilter::default()
        };
        let mut retried = 0;
        loop {
            let TaskPage { tasks: dead, next } = self.store().tasks(&filter).await?;
            retried += dead.len();
            let retry = move |_, now| {
                dead.iter().flat_map(|task| task.retry(None, now)).collect::<Vec<_>>()
            };
            self.write_once(None, Some(Id(0)), retry).await?;
            self.ring(kind);
            if next.is_none() {
                break;
            }
            filter.before = next;
        }
        retried += self.hurry_tasks(kind).await?;
        // What is kept under the key is the count: it is all there is to answer.
        let kept =
            self.write_once(idempotency, Some(Id(retried as i64)), |_, _| Vec::new()).await?;
        Ok(match kept {
            Once::Now(_) => Once::Now(retried),
            Once::Before(before) => Once::Before(before.0 as usize),
        })
    }

    /// Ends the wait of every task of `kind` that was tried before; answers how many there were.
    async fn hurry_tasks(&self, kind: &str) -> Result<usize, Error> {
        // What is due within a second needs no hurry, and what was hurried is behind this page for good.
        let mut page = Some((self.now().plus(SOON), Id(0)));
        let mut hurried = 0;
        while let Some(from) = page {
            let (waiting, next) = self.store().tasks_backing_off(kind, from, 200).await?;
            page = next;
            if waiting.is_empty() {
                continue;
            }
            hurried += waiting.len();
            let hurry = move |_, now| {
                waiting.iter().flat_map(|task| task.retry(None, now)).collect::<Vec<_>>()
            };
            self.write_once(None, Some(Id(0)), hurry).await?;
            self.ring(kind);
        }
        Ok(hurried)
    }

    /// Every schedule with its last and next run.
    pub async fn schedules(&self, who: &Principal) -> Result<Vec<Scheduled>, Error> {
        who.needs_whole(Scope::Tasks)?;
        let slots = self.store().slots().await?;
        let now = self.now();
        let shown = self.inner.workers.schedules().iter().cloned().map(|schedule| {
            let last = slots.iter().find(|slot| slot.name == schedule.name).map(|slot| slot.at);
            Scheduled {
                every: schedule.every.to_string(),
                last,
                next: schedule.every.after(now),
                kind: schedule.kind,
                name: schedule.name,
            }
        });
        Ok(shown.collect())
    }

    pub(crate) fn ring(&self, kind: &str) {
        self.inner.workers.ring(kind);
    }
}
