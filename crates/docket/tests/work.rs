//! Tasks and schedules in real processes: each slot runs once, what a killed process had is taken up by
//! another, a stop loses nothing, and Redis may go away.

#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;
#[allow(dead_code)] // shared with the tests of commands, which give tasks up
mod table;

use client::Client;
use docket_domain::Id;
use docket_testkit::{
    Database, RedisServer, Serve, ServeCommand, TestDatabase, eventually, mariadb,
};
use run::{DOCKET, docket};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use table::Table;
use tempfile::TempDir;

/// The keys of all processes on a database.
const KEYS: &str = r#"{"seal":[{"id":1,"key":"5f0d6c3bb1a94e278f60d3a1c2e4b59788776655443322110f1e2d3c4b5a6978"}],
    "search":"00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef"}"#;

/// A process of a center, with a way to it.
struct Worker {
    serve: Serve,
    key: String,
    _data: TempDir,
}

impl Worker {
    /// One on `database` whose housekeeping runs `every` so often.
    fn start(database: &TestDatabase, every: &str) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let serve = ServeCommand::new(DOCKET, data.path())
            .database(database)
            .env("DOCKET_SCHEDULES__HOUSEKEEPING", every)
            .env("DOCKET_PRIVACY__KEYS", KEYS)
            .start();
        let key = key(data.path());
        Self { serve, key, _data: data }
    }

    /// Every task, newest first.
    fn tasks(&self) -> Vec<Value> {
        let mut client = Client::new(self.serve.base_url(), &self.key).expect("a connection");
        let (mut tasks, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/tasks?kind=housekeeping&limit=200{cursor}");
            let page = client.get(&path).expect("a page");
            assert_eq!(page.status, 200, "{page:?}");
            tasks.extend(page.body["tasks"].as_array().expect("tasks").iter().cloned());
            match page.body["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return tasks,
            }
        }
    }

    fn running(&self) -> Vec<Value> {
        let mut tasks = self.tasks();
        tasks.retain(|task| task["state"] == "running");
        tasks
    }

    fn done(&self) -> usize {
        self.tasks().iter().filter(|task| task["state"] == "done").count()
    }
}

fn key(data: &Path) -> String {
    let key = docket(data, &["key", "add", "test", "--scopes", "tasks"]).fine();
    key.trim().to_owned()
}

fn text<'a>(task: &'a Value, field: &str) -> &'a str {
    task[field].as_str().unwrap_or_else(|| panic!("a text in {field}: {task}"))
}

/// Whether every task is done, each of a slot of its own that it was claimed for once.
fn each_slot_ran_once(tasks: &[Value]) {
    let slots: BTreeSet<_> = tasks.iter().map(|task| text(task, "due_at")).collect();
    assert_eq!(slots.len(), tasks.len(), "a slot ran twice: {slots:?}");
    let whole = |slot: &str| slot.split_once('.').is_some_and(|(_, part)| part == "000Z");
    assert!(slots.iter().all(|slot| whole(slot)), "{slots:?}");
    for task in tasks {
        assert_eq!((&task["state"], &task["claims"]), (&json!("done"), &json!(1)), "{task}");
    }
}

/// Lets housekeeping on `database` hang for so many seconds, from now on.
fn hang(database: &TestDatabase, seconds: u32) -> JoinHandle<()> {
    let url = database.url();
    let name = url.rsplit('/').next().expect("a name").to_owned();
    thread::spawn(move || {
        let sql = format!("LOCK TABLES {name}.idempotency WRITE; DO SLEEP({seconds});");
        mariadb().run(&sql).expect("a lock");
    })
}

#[test]
fn each_slot_runs_once_over_two_processes_and_ctrl_c_stops_in_time() {
    let database = Database::Mariadb.fresh();
    let (mut first, mut second) = (Worker::start(&database, "1s"), Worker::start(&database, "1s"));
    eventually("five slots were run", || first.done() >= 5);
    let began = Instant::now();
    assert!(second.serve.interrupt().success(), "{}", second.serve.stderr());
    assert!(began.elapsed() < Duration::from_secs(20), "within the grace");
    let before = first.done();
    eventually("the other one goes on", || first.done() >= before + 2);
    let began = Instant::now();
    assert!(first.serve.interrupt().success(), "{}", first.serve.stderr());
    assert!(began.elapsed() < Duration::from_secs(20), "within the grace");
    let third = Worker::start(&database, "1h");
    eventually("what was made is done", || third.done() == third.tasks().len());
    each_slot_ran_once(&third.tasks());
}

#[test]
fn what_a_killed_process_ran_is_run_by_another_once_its_lease_is_over() {
    let database = Database::Mariadb.fresh();
    let mut killed = Worker::start(&database, "1s");
    eventually("it works", || killed.done() >= 1);
    let hanging = hang(&database, 8);
    eventually("a task runs", || !killed.running().is_empty());
    let left = killed.running();
    assert!(!hanging.is_finished(), "it was killed in the middle of its work");
    killed.serve.kill();
    hanging.join().expect("the lock was held");

    let rescuer = Worker::start(&database, "1s");
    let by = |tasks: &[Value], id: &str| {
        tasks.iter().find(|task| text(task, "task_id") == id).expect("it is there").clone()
    };
    let known = rescuer.done();
    eventually("others are done", || rescuer.done() >= known + 2);
    let table = tokio::runtime::Runtime::new().expect("a runtime");
    for task in &left {
        let still = by(&rescuer.tasks(), text(task, "task_id"));
        assert_eq!(&still, task, "its lease holds");
        let id = Id(text(task, "task_id").parse().expect("a number"));
        table.block_on(async {
            let table = Table::open(database.url()).await;
            table.run_out(id, text(task, "claimed_by")).await;
            table.close().await;
        });
        eventually("it is rescued", || {
            by(&rescuer.tasks(), text(task, "task_id"))["state"] == "done"
        });
        let rescued = by(&rescuer.tasks(), text(task, "task_id"));
        assert_eq!(rescued["claims"], 2);
        assert_ne!(rescued["claimed_by"], task["claimed_by"]);
    }
}

#[test]
fn a_stop_waits_for_the_task_that_runs_and_loses_nothing() {
    let database = Database::Mariadb.fresh();
    let mut stopped = Worker::start(&database, "1s");
    let hanging = hang(&database, 4);
    eventually("a task runs", || !stopped.running().is_empty());
    assert!(!hanging.is_finished(), "it is stopped in the middle of its work");
    assert!(stopped.serve.terminate().success(), "{}", stopped.serve.stderr());
    hanging.join().expect("the lock was held");
    let after = Worker::start(&database, "1h");
    eventually("what was made is done", || after.done() == after.tasks().len());
    each_slot_ran_once(&after.tasks());
}

/// What `/readyz` answers to anyone.
fn ready(serve: &Serve) -> (u16, Value) {
    let mut client = Client::new(serve.base_url(), "").expect("a connection");
    let got = client.get("/readyz").expect("an answer");
    (got.status, got.body)
}

fn figure(serve: &Serve, name: &str) -> Option<u64> {
    let mut client = Client::new(serve.base_url(), "").expect("a connection");
    let got = client.get("/metrics").expect("figures");
    let text = got.body.as_str().expect("text");
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn redis_away_is_told_as_degraded_while_work_goes_on_and_comes_back_by_itself() {
    let server = RedisServer::start().expect("Redis");
    let data = tempfile::tempdir().expect("a folder");
    let url = server.url();
    let config = format!("[redis]\nurl = \"{url}\"\n[schedules]\nhousekeeping = \"1s\"\n");
    std::fs::write(data.path().join("docket.toml"), config).expect("a config file");
    let serve = ServeCommand::new(DOCKET, data.path()).start();
    let whole = json!({"ready": true, "reasons": [], "degraded": []});
    eventually("all is there", || ready(&serve) == (200, whole.clone()));
    assert_eq!(figure(&serve, "docket_redis_up"), Some(1));
    assert!(figure(&serve, "docket_redis_backlog").is_some());
    let done = r#"docket_worker_tasks_total{outcome="done"}"#;
    eventually("a task was done", || figure(&serve, done) > Some(0));
    let checked = docket(data.path(), &["check"]).fine();
    let line = |checked: &str| {
        checked.lines().find(|line| line.contains("Redis: ")).expect("a line").to_owned()
    };
    assert!(line(&checked).starts_with('✓') && line(&checked).ends_with(" answers"), "{checked}");
    for setting in ["redis.url", "redis.prefix", "tasks.grace", "schedules.housekeeping"] {
        assert!(checked.contains(setting), "{setting}: {checked}");
    }

    let port = server.end();
    eventually("its absence is told", || ready(&serve).1["degraded"][0]["part"] == "redis");
    let (status, told) = ready(&serve);
    assert_eq!((status, &told["ready"]), (200, &json!(true)), "{told}");
    assert_eq!(figure(&serve, "docket_redis_up"), Some(0));
    assert_eq!(figure(&serve, "docket_redis_backlog"), None);
    let before = figure(&serve, done);
    eventually("work goes on", || figure(&serve, done) > before.map(|before| before + 1));
    let checked = docket(data.path(), &["check"]).fine();
    assert!(
        line(&checked).starts_with("! Redis") && line(&checked).contains("refused"),
        "{checked}"
    );
    let checked = docket(data.path(), &["check", "--lang", "zh"]).fine();
    assert!(line(&checked).contains("连接被拒绝；恢复之前，任务会晚几秒开始"), "{checked}");
    let checked = docket(data.path(), &["check", "--json"]).json();
    let mut checks = checked["checks"].as_array().expect("checks").iter();
    let of_redis = checks.find(|check| check["mark"] == "warning").expect("one that warns");
    assert!(of_redis["ok"] == true && of_redis.to_string().contains("Redis"), "{of_redis}");
    assert_eq!(checked["ok"], true);

    let _server = RedisServer::start_again(port).expect("Redis");
    eventually("it is back", || ready(&serve) == (200, whole.clone()));
    assert_eq!(figure(&serve, "docket_redis_up"), Some(1));
}

#[test]
fn what_a_killed_process_had_of_a_file_is_taken_up_at_the_next_start() {
    let data = tempfile::tempdir().expect("a folder");
    let serve = |every: &str| {
        ServeCommand::new(DOCKET, data.path()).env("DOCKET_SCHEDULES__HOUSEKEEPING", every)
    };
    let mut killed = serve("1s").env("DOCKET_FAILPOINT", "housekeeping.start").start();
    assert!(!killed.wait().success(), "it is killed when it begins with a task");
    let serve = serve("1h").start();
    let mut client = Client::new(serve.base_url(), &key(data.path())).expect("a connection");
    let mut tasks = || {
        let page = client.get("/api/tasks?kind=housekeeping").expect("a page");
        page.body["tasks"].as_array().expect("tasks").clone()
    };
    // Its lease would hold for minutes.
    eventually("it is done", || tasks().iter().all(|task| task["state"] == "done"));
    assert!(tasks().iter().any(|task| task["claims"] == 2), "{:?}", tasks());
}
