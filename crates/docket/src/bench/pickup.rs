//! `docket bench pickup`: how soon an idle worker of another process begins with a task, woken through Redis.
//!
//! This process inserts tasks and runs none; the other one, the same program, runs them and says so over a pipe. One
//! task at a time, and the time from the call that inserts it until the word of the other one has come back.

use super::bare::{Database, Emptying, prepare};
use super::machine;
use super::stage::play;
use super::tally::Latencies;
use crate::failure::Failure;
use crate::output::Output;
use crate::said::said;
use docket_app::Clock;
use docket_domain::Gene;
use docket_store::{NewTask, Options, Priority, Store, Writes};
use docket_tasks::{Job, Kind, Outcome, RedisAt, Runner, Settings, Unstarted};
use serde::Serialize;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const KIND: &str = "pickup";
/// What the other process says when it runs tasks.
const READY: &str = "ready";
/// How long nothing happens between two tasks, so that the worker waits for the bell again.
const REST: Duration = Duration::from_millis(5);

/// Let an idle worker of another process pick tasks up
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one line of JSON a run
    #[arg(long)]
    json: bool,
    /// URL of an empty MySQL or MariaDB database
    #[arg(long, value_name = "URL")]
    database: String,
    /// The Redis that rings
    #[arg(long, value_name = "URL")]
    redis: String,
    /// Drop everything the database holds before beginning
    #[arg(long)]
    force: bool,
    /// Tasks of a run, one after the other
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    tasks: u32,
    /// Runs
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    runs: u8,
    /// Be the other process
    #[arg(long, hide = true)]
    worker: bool,
}

/// One run, measured.
#[derive(Debug, Serialize)]
struct Line {
    bench: &'static str,
    database: &'static str,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    /// Whether every task was run, once and in turn.
    checked: bool,
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> Result<(), Failure> {
    play(|| async {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let out = out.clone();
        let work = if args.worker {
            runtime.spawn(be_the_worker(args))
        } else {
            runtime.spawn(async move { bench(args, &out).await })
        };
        let done = work
            .await
            .unwrap_or_else(|_| Err(Failure::new(said!("the bench broke off", "测试中断"))));
        runtime.shutdown_background();
        done
    })
}

fn unusable(error: impl std::fmt::Display) -> Failure {
    Failure::new(crate::said::Said::as_told(error))
}

async fn open(database: &str) -> Result<Arc<Store>, Failure> {
    let options = Options {
        url: database.to_owned(),
        clock: Arc::new(|| Clock::System.now()),
        queue: 1024,
        upgrade: true,
        birth: docket_store::Birth::default(),
        read_deadline: docket_store::READ_DEADLINE,
    };
    Ok(Arc::new(Store::open(options).await.map_err(unusable)?))
}

fn start(store: &Arc<Store>, redis: &str, kinds: Vec<Kind>) -> Result<Runner, Failure> {
    let redis = Unstarted::new(&RedisAt::parse(redis, "docket-bench").map_err(unusable)?);
    let settings = Settings::new(store.process().to_owned(), Arc::new(|| Clock::System.now()));
    Ok(Runner::start(Arc::clone(store), kinds, vec![], Some(redis), settings))
}

/// Runs tasks and says so, until nobody listens any more.
async fn be_the_worker(args: Args) -> Result<(), Failure> {
    let store = open(&args.database).await?;
    let tell = |job: Job| {
        println!("{}", job.payload);
        std::future::ready(Outcome::Done)
    };
    let runner = start(&store, &args.redis, vec![Kind::new(KIND, tell)])?;
    println!("{READY}");
    let end = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    end.await.map_err(unusable)??;
    runner.stop().await;
    store.close().await;
    Ok(())
}

/// The other process; ended when dropped.
struct Worker {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Worker {
    fn start(args: &Args) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "pickup", "--worker", "--database", &args.database]);
        command.args(["--redis", &args.redis]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().expect("stdout was asked for as a pipe");
        let mut worker = Self { child, lines: BufReader::new(stdout) };
        if worker.says()? == READY {
            return Ok(worker);
        }
        Err(Failure::new(said!("the other process does not start", "另一个进程未能启动")))
    }

    fn says(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It ends when it hears nothing more.
        let _ = self.child.wait();
    }
}

async fn bench(args: Args, out: &Output) -> Result<(), Failure> {
    out.note(out.tell(&machine::describe(&std::env::temp_dir())));
    let database = Database::parse(&args.database)?;
    let name = database.name();
    if database.file().is_some() {
        return Err(Failure::new(said!(
            "a SQLite file has one process; name a MySQL or MariaDB database",
            "SQLite 文件只属于一个进程，请指定 MySQL 或 MariaDB 数据库"
        )));
    }
    let emptying = if args.force { Emptying::Forced } else { Emptying::Never };
    prepare(&database, emptying).await?;
    let store = open(&args.database).await?;
    let rings = start(&store, &args.redis, vec![])?;
    let mut worker = Worker::start(&args)?;
    let mut lines = Vec::new();
    for _ in 0..args.runs {
        lines.push(one_run(&args, &store, &mut worker, name).await?);
    }
    drop(worker);
    rings.stop().await;
    store.close().await;
    for line in &lines {
        let Line { p50_ms, p99_ms, max_ms, .. } = line;
        if args.json {
            out.json(line);
        } else {
            out.line(out.tell(&said!(
                "picked up by another process: p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms, longest {max_ms:.2} ms",
                "由另一进程取走：p50 {p50_ms:.2} ms，p99 {p99_ms:.2} ms，最长 {max_ms:.2} ms"
            )));
        }
    }
    if lines.iter().all(|line| line.checked) {
        return Ok(());
    }
    Err(Failure::new(said!("a task was lost or ran twice", "有任务丢失或重复执行")))
}

async fn one_run(
    args: &Args,
    store: &Arc<Store>,
    worker: &mut Worker,
    database: &'static str,
) -> Result<Line, Failure> {
    let mut took = Latencies::default();
    let mut checked = true;
    for number in 0..args.tasks {
        let began = Instant::now();
        insert(store, number).await?;
        // The other process answers within moments; nothing else runs on this thread meanwhile.
        let said = tokio::task::block_in_place(|| worker.says())?;
        took.add(began.elapsed());
        checked &= said == number.to_string();
        tokio::time::sleep(REST).await;
    }
    Ok(Line {
        bench: "pickup",
        database,
        p50_ms: took.ms(0.5),
        p99_ms: took.ms(0.99),
        max_ms: took.max_ms(),
        checked,
    })
}

async fn insert(store: &Store, number: u32) -> Result<(), Failure> {
    let decide = move |_: &docket_store::View, cx: &mut docket_store::Context<'_>| {
        let task = NewTask {
            id: cx.ids.next(cx.now, Gene(0)),
            kind: KIND,
            unique_key: None,
            chain_key: None,
            priority: 0,
            payload: number.to_string(),
            max_attempts: 1,
            due_at: cx.now,
            created_at: cx.now,
            subject: None,
        };
        Ok((Some(Writes { tasks: vec![task], ..Writes::default() }), ()))
    };
    store.run(Priority::Interactive, Vec::new(), decide).await.map_err(unusable)
}
