//! Reads that do not end by themselves: a table is locked, so that a list waits for it.

use crate::center::TestCenter;
use docket_testkit::{Database, MariadbAddress, TestDatabase, eventually, mariadb};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

/// Somebody who has the orders of a database locked.
struct Holder {
    server: &'static MariadbAddress,
    name: String,
    thread: Option<JoinHandle<Result<(), String>>>,
}

impl Holder {
    fn of(database: &TestDatabase) -> Self {
        let server = mariadb();
        let name = database.url().rsplit_once('/').expect("a URL with a name").1.to_owned();
        let sql = format!(
            "USE {name}; CREATE TABLE holder AS select CONNECTION_ID() AS id; \
             LOCK TABLES payment_order WRITE; DO SLEEP(3600)"
        );
        let thread = std::thread::spawn(move || server.run(&sql));
        let this = Self { server, name, thread: Some(thread) };
        eventually("the orders are locked", || this.is("INFO LIKE 'DO SLEEP%'", ">= 1"));
        this
    }

    /// Whether so many connections of the database are as `condition` says.
    fn is(&self, condition: &str, count: &str) -> bool {
        let of = format!(
            "select COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = '{}' AND {condition}",
            self.name
        );
        // Two rows where one may be are an error.
        let sql = format!("select IF(({of}) {count}, 1, (select 1 UNION select 2))");
        self.server.run(&sql).is_ok()
    }

    /// Whether somebody waits for the orders.
    fn is_waited_for(&self) -> bool {
        self.is("STATE LIKE 'Waiting for table metadata lock%'", ">= 1")
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let sql = format!(
            "SET @kill = CONCAT('KILL ', (select id FROM {}.holder)); EXECUTE IMMEDIATE @kill",
            self.name
        );
        let killed = self.server.run(&sql);
        assert!(killed.is_ok() || std::thread::panicking(), "{killed:?}");
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn center(database: &TestDatabase, read_deadline: Duration) -> TestCenter {
    let url = database.url();
    TestCenter::start_with(|settings| {
        settings.database_url = url;
        settings.read_deadline = read_deadline;
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_broken_off_and_says_what_to_do() {
    let database = Database::Mariadb.fresh();
    let center = center(&database, Duration::from_millis(100)).await;
    let holder = Holder::of(&database);
    let problem = center.get("/api/orders").await;
    assert_eq!(problem.headers["retry-after"], "1");
    let problem = problem.problem(503, "too_slow");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("read_deadline")));
    eventually("the server has given up too", || !holder.is_waited_for());
    drop(holder);
    center.get("/api/orders").await.ok(200);
    center.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_ends_when_its_client_leaves() {
    let database = Database::Mariadb.fresh();
    let center = center(&database, Duration::from_hours(1)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = docket_http::serve(
        listener,
        center.router.clone(),
        docket_http::Limits::default(),
        async {
            let _ = stopped.await;
        },
    );
    let mut servers = tokio::task::JoinSet::new();
    servers.spawn(serving);
    let holder = Holder::of(&database);
    let mut client = TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "GET /api/orders HTTP/1.1\r\nHost: docket\r\nAuthorization: Bearer {}\r\n\r\n",
        center.key
    );
    client.write_all(request.as_bytes()).await.expect("a request");
    eventually("the list waits for its table", || holder.is_waited_for());
    assert_eq!(center.store.reads_under_way().0, 1);
    drop(client);
    eventually("nobody waits for it any more", || {
        !holder.is_waited_for() && center.store.reads_under_way().0 == 0
    });
    drop(holder);
    let _ = stop.send(());
    servers.join_all().await.into_iter().for_each(|ended| ended.expect("it ends well"));
    center.app.stop().await;
}
