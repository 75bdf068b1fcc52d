//! The table of tasks behind the back of a center: tasks of kinds that nobody runs, and leases that run out.

use docket_domain::{Gene, Id, Time};
use docket_store::{Failed, NewTask, Options, Priority, Stamp, Statement, Store, Writes};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// A database, open beside those who work on it.
pub struct Table(Store);

fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    Time(since.as_millis() as i64)
}

impl Table {
    /// Opens the database at `url`.
    pub async fn open(url: String) -> Self {
        let options = Options {
            url,
            clock: Arc::new(now),
            queue: 64,
            upgrade: true,
            birth: docket_store::Birth::default(),
            read_deadline: docket_store::READ_DEADLINE,
        };
        Self(Store::open(options).await.expect("a database"))
    }

    /// Opens the file of a data folder that nobody uses now.
    pub async fn of_folder(data: &Path) -> Self {
        Self::open(format!("sqlite:{}", data.join("docket.db").display())).await
    }

    pub async fn close(self) {
        self.0.close().await;
    }

    async fn write(&self, statements: impl Fn(Time) -> Vec<Statement> + Send + 'static) {
        let write = self.0.run(Priority::Interactive, Vec::new(), move |_, cx| {
            Ok((Some(Writes { statements: statements(cx.now), ..Writes::default() }), ()))
        });
        write.await.expect("written");
    }

    /// Puts a task in that waits in the chain `order:7`.
    pub async fn waiting(&self, kind: &'static str) -> Id {
        let put = self.0.run(Priority::Interactive, Vec::new(), move |_, cx| {
            let task = NewTask {
                id: cx.ids.next(cx.now, Gene(0)),
                kind,
                unique_key: None,
                chain_key: Some("order:7".to_owned()),
                priority: 0,
                payload: r#"{"to":"a"}"#.to_owned(),
                max_attempts: 5,
                due_at: cx.now,
                created_at: cx.now,
                subject: None,
            };
            let id = task.id;
            Ok((Some(Writes { tasks: vec![task], ..Writes::default() }), id))
        });
        put.await.expect("a task")
    }

    /// Gives a task up for `why`.
    pub async fn kill(&self, id: Id, why: &'static str) {
        let stamp = Stamp(format!("worker:{id}"));
        let by = stamp.clone();
        self.write(move |now| by.claim(&[id], now, now.plus(60_000))).await;
        let task = self.0.task(id).await.expect("the table").expect("the task");
        let failed = Failed::Dead { why: why.to_owned(), attempts: 5, skipped: false };
        self.write(move |now| stamp.fail(&task, &failed, now)).await;
    }

    /// Lets the lease of a task run out that `claimed_by` has.
    pub async fn run_out(&self, id: Id, claimed_by: &str) {
        let stamp = Stamp(claimed_by.to_owned());
        self.write(move |now| vec![stamp.renew(id, now.plus(-1))]).await;
    }
}
