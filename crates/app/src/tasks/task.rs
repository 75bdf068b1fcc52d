//! A kind of task as a type: what its tasks are told is the type, and the type says how they are run. A new kind is a
//! file of its own and one line in the list of `tasks`.

use crate::{App, Error};
use docket_domain::time::Millis;
use docket_domain::{Gene, Id, Time};
use docket_store::{Context, NewTask};
use docket_tasks::{Handled, Job, Kind, Outcome};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How tasks of a kind are run, and how often they may fail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Charged failures, after which a person is needed.
    pub attempts: u32,
    /// How many run at a time in one process.
    pub concurrency: usize,
    /// For how long one is claimed; a task that runs longer is held by renewing. Whoever dies with a task holds it up
    /// for so long.
    pub lease: Duration,
    /// How long one may run.
    pub limit: Duration,
    /// Whether those behind a dead one in its chain go on without it.
    pub skips_dead: bool,
}

impl Policy {
    /// Of what nothing more is known.
    pub const USUAL: Self = Self {
        attempts: 5,
        concurrency: 16,
        lease: Duration::from_mins(5),
        limit: Duration::from_mins(5),
        skips_dead: false,
    };

    /// One at a time, for as long as it takes: half a day.
    pub const LONG: Self = Self { concurrency: 1, limit: Duration::from_hours(12), ..Self::USUAL };

    /// Many at a time, each a short exchange with somebody else.
    pub const EXCHANGE: Self =
        Self { concurrency: 64, lease: Duration::from_mins(1), ..Self::USUAL };
}

/// What a task is told. It is stored as JSON: tasks that an earlier release wrote are read by this one.
pub(crate) trait Task: Serialize + DeserializeOwned + Send + 'static {
    /// The name of the kind, as tasks carry it.
    const KIND: &'static str;
    /// How its tasks are run.
    const POLICY: Policy = Policy::USUAL;

    /// Runs one try.
    fn run(self, app: App, job: Job) -> impl Future<Output = Handled> + Send;

    /// As it is stored.
    fn payload(&self) -> String {
        serde_json::to_string(self).expect("what a task is told is plain JSON")
    }

    /// A new task that is due now, in no chain, and there as often as it is made.
    fn new_task(&self, cx: &mut Context<'_>) -> NewTask {
        self.task_of(cx.ids.next(cx.now, Gene(0)), cx.now)
    }

    /// The same under a number that was given already.
    fn task_of(&self, id: Id, now: Time) -> NewTask {
        NewTask {
            id,
            kind: Self::KIND,
            unique_key: None,
            chain_key: None,
            priority: 0,
            payload: self.payload(),
            max_attempts: Self::POLICY.attempts,
            due_at: now,
            created_at: now,
            subject: None,
        }
    }
}

/// What becomes of a task whose use case failed: an outage or too much work is no fault of its own and costs no attempt;
/// it is tried again after `pause` milliseconds.
pub(crate) fn failed(app: &App, error: &Error, pause: Millis) -> Outcome {
    if error.is_passing() {
        Outcome::Later(app.now().plus(pause))
    } else {
        Outcome::Retry(error.to_string())
    }
}

/// The kind of `T`, for whoever runs tasks. A payload that cannot be read needs a person.
pub(crate) fn kind<T: Task>(app: &App) -> Kind {
    let app = app.clone();
    let Policy { concurrency, lease, limit, skips_dead, .. } = T::POLICY;
    let kind = Kind::noting(T::KIND, move |job: Job| {
        let app = app.clone();
        async move {
            match serde_json::from_str::<T>(&job.payload) {
                Ok(task) => task.run(app, job).await,
                Err(_) => {
                    Outcome::Dead(format!("it says nothing that {} understands", T::KIND)).into()
                }
            }
        }
    });
    let kind = kind.concurrency(concurrency).lease(lease).limit(limit);
    if skips_dead { kind.skips_dead() } else { kind }
}
