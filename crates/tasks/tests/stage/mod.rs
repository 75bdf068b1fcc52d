//! What the tests of tasks share: stores on every database under one movable clock, and tasks put in.

#![allow(clippy::unwrap_used, dead_code)] // in a test a failed step is a failed test; each file needs a part

use docket_domain::{Gene, Id, Time};
use docket_store::{NewTask, Options, Priority, Statement, Store, TaskRow, Writes};
use docket_tasks::{Kind, Runner, Settings};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;

/// A clock that goes on when told to.
#[derive(Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_800_000_000_000)))
    }

    pub fn now(&self) -> Time {
        Time(self.0.load(SeqCst))
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_millis() as i64, SeqCst);
    }

    fn read(&self) -> Arc<dyn Fn() -> Time + Send + Sync> {
        let this = self.clone();
        Arc::new(move || this.now())
    }
}

/// One database with what works on it.
pub struct Stage {
    pub clock: Clock,
    pub store: Arc<Store>,
    url: String,
}

impl Stage {
    /// Another process on the same database, where the database has room for two.
    pub async fn another_store(&self) -> Arc<Store> {
        if self.store.kind() == "sqlite" {
            Arc::clone(&self.store)
        } else {
            open(&self.url, &self.clock).await
        }
    }

    /// A worker that looks often, and hears the bell only where its store rings first for it.
    pub fn runner(&self, store: &Arc<Store>, name: &str, kinds: Vec<Kind>) -> Runner {
        self.runner_that_looks(Duration::from_millis(20), store, name, kinds)
    }

    /// A worker that looks this often.
    pub fn runner_that_looks(
        &self,
        look: Duration,
        store: &Arc<Store>,
        name: &str,
        kinds: Vec<Kind>,
    ) -> Runner {
        let settings = Settings {
            look,
            grace: Duration::from_secs(10),
            ..Settings::new(name.to_owned(), self.clock.read())
        };
        Runner::start(Arc::clone(store), kinds, vec![], None, settings)
    }

    /// Puts tasks in, in one transaction; answers their numbers in the same order.
    pub async fn add(&self, tasks: Vec<New>) -> Vec<Id> {
        let decide = move |_: &docket_store::View, cx: &mut docket_store::Context<'_>| {
            let rows: Vec<_> = tasks.iter().map(|new| new.at(cx)).collect();
            let ids = rows.iter().map(|row| row.id).collect();
            Ok((Some(Writes { tasks: rows, ..Writes::default() }), ids))
        };
        self.store.run(Priority::Interactive, vec![], decide).await.unwrap()
    }

    /// Writes what a person asks for.
    pub async fn write(&self, statements: impl Fn(Time) -> Vec<Statement> + Send + 'static) {
        let decide = move |_: &docket_store::View, cx: &mut docket_store::Context<'_>| {
            Ok((Some(Writes { statements: statements(cx.now), ..Writes::default() }), ()))
        };
        self.store.run(Priority::Interactive, vec![], decide).await.unwrap();
    }

    pub async fn task(&self, id: Id) -> TaskRow {
        self.store.task(id).await.unwrap().expect("the task is there")
    }

    /// Waits until `holds` of the task.
    pub async fn until(&self, id: Id, what: &str, holds: impl Fn(&TaskRow) -> bool) -> TaskRow {
        let began = tokio::time::Instant::now();
        loop {
            let task = self.task(id).await;
            if holds(&task) {
                return task;
            }
            assert!(began.elapsed() < Duration::from_mins(1), "never {what}: {task:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A task to put in.
#[derive(Clone)]
pub struct New {
    pub kind: &'static str,
    pub payload: String,
    pub unique: Option<String>,
    pub chain: Option<String>,
    pub priority: u8,
    pub attempts: u32,
    pub later_ms: i64,
}

impl New {
    pub fn of(kind: &'static str) -> Self {
        Self {
            kind,
            payload: "{}".to_owned(),
            unique: None,
            chain: None,
            priority: 0,
            attempts: 5,
            later_ms: 0,
        }
    }

    pub fn chained(kind: &'static str, chain: &str) -> Self {
        Self { chain: Some(chain.to_owned()), ..Self::of(kind) }
    }

    fn at(&self, cx: &mut docket_store::Context<'_>) -> NewTask {
        NewTask {
            id: cx.ids.next(cx.now, Gene(0)),
            kind: self.kind,
            unique_key: self.unique.clone(),
            chain_key: self.chain.clone(),
            priority: self.priority,
            payload: self.payload.clone(),
            max_attempts: self.attempts,
            due_at: cx.now.plus(self.later_ms),
            created_at: cx.now,
            subject: None,
        }
    }
}

async fn open(url: &str, clock: &Clock) -> Arc<Store> {
    let options = Options {
        url: url.to_owned(),
        clock: clock.read(),
        queue: 4096,
        upgrade: true,
        birth: docket_store::Birth::default(),
        read_deadline: docket_store::READ_DEADLINE,
    };
    Arc::new(Store::open(options).await.unwrap_or_else(|error| panic!("{url}: {error}")))
}

/// Runs `test` on every database.
pub async fn on_every_stage(test: impl AsyncFn(&Stage)) {
    for database in docket_testkit::databases() {
        let (clock, url) = (Clock::new(), database.url());
        let store = open(&url, &clock).await;
        let stage = Stage { clock, store, url };
        test(&stage).await;
        stage.store.close().await;
    }
}
