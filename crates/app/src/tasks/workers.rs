//! What runs tasks in this process: its kinds and schedules, the Redis that rings for them, and the runner once it is
//! started. A command that opens a center for itself starts none.

use super::{TaskFigures, Wired};
use crate::App;
use docket_tasks::{Kind, Redis, RedisAt, Runner, Schedule, Settings, Tries, Unstarted};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// The workers of one process.
pub(crate) struct Workers {
    kinds: fn(&App) -> Vec<Kind>,
    schedules: Vec<Schedule>,
    redis: Option<Redis>,
    /// What was made ready of Redis, until the runner takes it.
    unstarted: Mutex<Option<Unstarted>>,
    runner: Mutex<Option<Runner>>,
}

impl Workers {
    /// Workers for what `wired` lists, not started yet; `redis` is where it is, if there is one.
    pub fn new(wired: Wired, redis: Option<&RedisAt>) -> Self {
        let unstarted = redis.map(Unstarted::new);
        Self {
            kinds: wired.kinds,
            schedules: wired.schedules,
            redis: unstarted.as_ref().map(Unstarted::handle),
            unstarted: Mutex::new(unstarted),
            runner: Mutex::default(),
        }
    }

    /// Starts to run the tasks and schedules of `app`; a stop will wait for handlers as long as `grace`.
    pub fn start(&self, app: &App, grace: Duration) {
        let redis = self.unstarted.lock().expect("only start holds it").take();
        let (store, clock) = (Arc::clone(&app.inner.store), app.inner.clock.clone());
        let process = store.process().to_owned();
        let settings = Settings { grace, ..Settings::new(process, Arc::new(move || clock.now())) };
        let (kinds, schedules) = ((self.kinds)(app), self.schedules.clone());
        *self.runner() = Some(Runner::start(store, kinds, schedules, redis, settings));
    }

    /// Lets tasks that run finish, and claims no more.
    pub async fn stop(&self) {
        let runner = self.runner().take();
        if let Some(runner) = runner {
            runner.stop().await;
        }
    }

    /// Whether they were started, and not stopped yet.
    pub fn are_started(&self) -> bool {
        self.runner().is_some()
    }

    /// Has whoever may run a task of `kind` look for it at once.
    pub fn ring(&self, kind: &str) {
        if let Some(runner) = &*self.runner() {
            runner.ring(kind);
        }
    }

    /// The same for every kind of `app`.
    pub fn ring_for_all(&self, app: &App) {
        for kind in (self.kinds)(app) {
            self.ring(kind.name());
        }
    }

    /// What they have done and do now; nothing where none was started.
    pub fn figures(&self) -> TaskFigures {
        self.runner().as_ref().map(TaskFigures::of).unwrap_or_default()
    }

    /// Tries by the kind of their tasks; none where no worker was started.
    pub fn tries(&self) -> BTreeMap<String, Tries> {
        let runner = self.runner();
        runner.as_ref().map(|runner| runner.counted().kinds()).unwrap_or_default()
    }

    /// The Redis that rings for tasks, if there is one.
    pub const fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }

    /// What runs at times of its own.
    pub fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    fn runner(&self) -> MutexGuard<'_, Option<Runner>> {
        self.runner.lock().expect("only start and stop hold the runner")
    }
}
