//! `docket bench tasks`: how fast tasks are inserted, run and finished, how soon an idle worker picks one up,
//! and what many that wait change.
//!
//! The worker is the one `docket serve` has, in this process: tasks have no transport but the database, and
//! Redis where one is named. The handler does nothing but note that it ran, so what is measured is the rest.

use super::bare::{Database, Emptying, prepare};
use super::machine::{self, Process};
use super::report;
use super::stage::{StageArgs, play};
use super::tally::Latencies;
use crate::failure::Failure;
use crate::output::Output;
use crate::said::said;
use docket_app::Clock;
use docket_domain::words::TaskState;
use docket_domain::{Gene, Id};
use docket_store::{NewTask, Options, Priority, Store, TaskFilter, Writes};
use docket_tasks::{Job, Kind, Outcome, RedisAt, Runner, Settings, Unstarted};
use serde::Serialize;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinSet;

const KIND: &str = "bench";
/// Tasks that wait for a time that does not come.
const WAITING: &str = "{\"waits\":true}";
/// Handlers at a time.
const CONCURRENCY: usize = 512;
/// Tasks of one piece of work while the stage is filled.
const TOGETHER: u64 = 1000;

/// Run tasks as fast as they are inserted
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one line of JSON a run
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stage: StageArgs,
    /// A Redis that rings between processes
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    /// Tasks of a run
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    tasks: u64,
    /// Tasks that wait for their time all along
    #[arg(long, default_value_t = 0, value_name = "N")]
    pending: u64,
    /// Who inserts tasks, each one after the other
    #[arg(long, default_value_t = 256, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    producers: u32,
    /// Runs, one after the other in one database
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Tasks put to an idle worker, one by one
    #[arg(long, default_value_t = 500, value_name = "N")]
    idle: u32,
}

/// One run, measured.
#[derive(Debug, Clone, Serialize)]
struct Line {
    bench: &'static str,
    database: &'static str,
    redis: bool,
    pending: u64,
    /// Whole: inserted, run, done.
    ops_per_s: f64,
    /// From the call that inserts a task until its handler begins, under load.
    p50_ms: f64,
    p99_ms: f64,
    /// The same where the worker has nothing else to do.
    idle_p50_ms: f64,
    idle_p99_ms: f64,
    rss_mib: Option<f64>,
    /// Whether every task ran once and is done.
    checked: bool,
}

/// What handlers note: how often each task of a run ran, and how soon.
struct Seen {
    times: Vec<AtomicU8>,
    began: Vec<AtomicU64>,
    picked_up: Mutex<Latencies>,
    ran: AtomicU64,
    all: Notify,
    start: Instant,
}

impl Seen {
    fn of(tasks: u64, start: Instant) -> Self {
        Self {
            times: (0..tasks).map(|_| AtomicU8::new(0)).collect(),
            began: (0..tasks).map(|_| AtomicU64::new(0)).collect(),
            picked_up: Mutex::default(),
            ran: AtomicU64::new(0),
            all: Notify::new(),
            start,
        }
    }

    fn note(&self, number: usize) {
        let waited = self.start.elapsed().as_micros() as u64 - self.began[number].load(Relaxed);
        self.picked_up.lock().expect("nobody panics here").add(Duration::from_micros(waited));
        self.times[number].fetch_add(1, Relaxed);
        if self.ran.fetch_add(1, Relaxed) + 1 == self.times.len() as u64 {
            self.all.notify_one();
        }
    }
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> Result<(), Failure> {
    play(|| bench(args, out))
}

async fn bench(args: Args, out: &Output) -> Result<(), Failure> {
    let folder = tempfile::Builder::new().prefix("docket-bench-").tempdir()?;
    out.note(out.tell(&machine::describe(folder.path())));
    let database = match &args.stage.database {
        Some(url) => Database::parse(url)?,
        None => Database::Sqlite(folder.path().join("bench.sqlite")),
    };
    let emptying = if args.stage.force { Emptying::Forced } else { Emptying::Never };
    prepare(&database, emptying).await?;
    // A runtime of its own with threads, as `serve` has it.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let worker = runtime.spawn(measure(args, database, out.clone()));
    let lines = worker
        .await
        .unwrap_or_else(|_| Err(Failure::new(said!("the bench broke off", "测试中断"))));
    runtime.shutdown_background();
    lines
}

async fn measure(args: Args, database: Database, out: Output) -> Result<(), Failure> {
    let clock = Clock::System;
    let now = clock.clone();
    let options = Options {
        url: database.url(),
        clock: Arc::new(move || now.now()),
        queue: 8192,
        upgrade: true,
        birth: docket_store::Birth::default(),
        read_deadline: docket_store::READ_DEADLINE,
    };
    let store = Arc::new(Store::open(options).await.map_err(unusable)?);
    fill(&store, args.pending, &out).await?;
    let mut lines = Vec::new();
    for _ in 0..args.runs {
        lines.push(one_run(&args, &database, &store, &clock).await?);
        let line = &lines[lines.len() - 1];
        out.note(&format!("{:.0} tasks/s", line.ops_per_s));
    }
    store.close().await;
    tell(&args, &lines, &out);
    if lines.iter().all(|line| line.checked) {
        return Ok(());
    }
    Err(Failure::new(said!("a task was lost or ran twice", "有任务丢失或重复执行")))
}

fn unusable(error: impl std::fmt::Display) -> Failure {
    Failure::new(crate::said::Said::as_told(error))
}

/// Puts tasks in that wait for a time far away.
async fn fill(store: &Store, pending: u64, out: &Output) -> Result<(), Failure> {
    let progress = report::bar(out.say("tasks that wait", "等待中的任务"), pending);
    let mut left = pending;
    while left > 0 {
        let some = left.min(TOGETHER);
        insert(store, some, |_| WAITING.to_owned(), docket_domain::time::DAY).await?;
        left -= some;
        progress.inc(some);
    }
    progress.finish_and_clear();
    Ok(())
}

/// Inserts `tasks` tasks in one piece of work.
async fn insert(
    store: &Store,
    tasks: u64,
    payload: impl Fn(u64) -> String + Send + 'static,
    later: docket_domain::time::Millis,
) -> Result<Vec<Id>, Failure> {
    let decide = move |_: &docket_store::View, cx: &mut docket_store::Context<'_>| {
        let task = |number| NewTask {
            id: cx.ids.next(cx.now, Gene(0)),
            kind: KIND,
            unique_key: None,
            chain_key: None,
            priority: 0,
            payload: payload(number),
            max_attempts: 5,
            due_at: cx.now.plus(later),
            created_at: cx.now,
            subject: None,
        };
        let tasks: Vec<_> = (0..tasks).map(task).collect();
        let ids = tasks.iter().map(|task| task.id).collect();
        Ok((Some(Writes { tasks, ..Writes::default() }), ids))
    };
    store.run(Priority::Interactive, Vec::new(), decide).await.map_err(unusable)
}

async fn one_run(
    args: &Args,
    database: &Database,
    store: &Arc<Store>,
    clock: &Clock,
) -> Result<Line, Failure> {
    let seen = Arc::new(Seen::of(args.tasks, Instant::now()));
    let runner = start(args, store, clock, &seen)?;
    let began = Instant::now();
    let mut producers = JoinSet::new();
    let producers_in_all = u64::from(args.producers).min(args.tasks);
    for producer in 0..producers_in_all {
        let (store, seen, tasks) = (Arc::clone(store), Arc::clone(&seen), args.tasks);
        producers.spawn(async move {
            for number in (producer..tasks).step_by(producers_in_all as usize) {
                seen.began[number as usize].store(seen.start.elapsed().as_micros() as u64, Relaxed);
                insert(&store, 1, move |_| number.to_string(), 0).await?;
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(produced) = producers.join_next().await {
        produced.map_err(unusable)??;
    }
    seen.all.notified().await;
    let left = unfinished(store).await?;
    let took = began.elapsed();
    let once = seen.times.iter().all(|times| times.load(Relaxed) == 1);
    runner.stop().await;
    let idle = idle(args, store, clock).await?;
    let picked_up = seen.picked_up.lock().expect("nobody panics here").clone();
    Ok(Line {
        bench: "tasks",
        database: database.name(),
        redis: args.redis.is_some(),
        pending: args.pending,
        ops_per_s: report::rounded(args.tasks as f64 / took.as_secs_f64(), 1),
        p50_ms: picked_up.ms(0.5),
        p99_ms: picked_up.ms(0.99),
        idle_p50_ms: idle.ms(0.5),
        idle_p99_ms: idle.ms(0.99),
        rss_mib: Process::own().rss_mib().map(|mib| report::rounded(mib, 1)),
        checked: once && left == 0,
    })
}

/// Waits until nothing runs any more; answers how many of a run are unfinished all the same.
async fn unfinished(store: &Store) -> Result<usize, Failure> {
    loop {
        let filter = |state| TaskFilter {
            state: Some(state),
            kind: Some(KIND.to_owned()),
            limit: 1,
            ..TaskFilter::default()
        };
        // Those of a run are newer than all that wait for another day.
        let running = store.tasks(&filter(TaskState::Running)).await.map_err(unusable)?.tasks;
        if running.is_empty() {
            let waiting = store.tasks(&filter(TaskState::Pending)).await.map_err(unusable)?.tasks;
            let halted = store.tasks(&filter(TaskState::Dead)).await.map_err(unusable)?.tasks;
            let due = waiting.iter().filter(|task| task.payload != WAITING).count();
            return Ok(due + halted.len());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn start(
    args: &Args,
    store: &Arc<Store>,
    clock: &Clock,
    seen: &Arc<Seen>,
) -> Result<Runner, Failure> {
    let seen = Arc::clone(seen);
    let handler = move |job: Job| {
        if let Ok(number) = job.payload.parse() {
            seen.note(number);
        }
        std::future::ready(Outcome::Done)
    };
    let kind = Kind::new(KIND, handler).concurrency(CONCURRENCY);
    let redis = match &args.redis {
        Some(url) => Some(Unstarted::new(&RedisAt::parse(url, "docket-bench").map_err(unusable)?)),
        None => None,
    };
    let clock = clock.clone();
    let settings = Settings::new(store.process().to_owned(), Arc::new(move || clock.now()));
    Ok(Runner::start(Arc::clone(store), vec![kind], vec![], redis, settings))
}

/// How soon an idle worker begins with a task.
async fn idle(args: &Args, store: &Arc<Store>, clock: &Clock) -> Result<Latencies, Failure> {
    let seen = Arc::new(Seen::of(u64::from(args.idle), Instant::now()));
    let runner = start(args, store, clock, &seen)?;
    for number in 0..u64::from(args.idle) {
        seen.began[number as usize].store(seen.start.elapsed().as_micros() as u64, Relaxed);
        insert(store, 1, move |_| number.to_string(), 0).await?;
        while seen.ran.load(Relaxed) <= number {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    runner.stop().await;
    let picked_up = seen.picked_up.lock().expect("nobody panics here").clone();
    Ok(picked_up)
}

fn tell(args: &Args, lines: &[Line], out: &Output) {
    if args.json {
        for line in lines {
            out.json(line);
        }
        return;
    }
    let mut table = report::table(&[
        out.say("run", "轮次"),
        out.say("tasks/s", "任务/秒"),
        out.say("p50 ms", "p50 ms"),
        out.say("p99 ms", "p99 ms"),
        out.say("idle p50", "空闲 p50"),
        out.say("idle p99", "空闲 p99"),
        "RSS MiB",
    ]);
    for (n, line) in lines.iter().enumerate() {
        table.add_row(vec![
            (n + 1).to_string(),
            format!("{:.0}", line.ops_per_s),
            format!("{:.2}", line.p50_ms),
            format!("{:.2}", line.p99_ms),
            format!("{:.2}", line.idle_p50_ms),
            format!("{:.2}", line.idle_p99_ms),
            line.rss_mib.map_or_else(|| "-".to_owned(), |mib| format!("{mib:.0}")),
        ]);
    }
    let (tasks, pending) = (args.tasks, args.pending);
    out.raw(out.tell(&said!(
        "{tasks} tasks a run beside {pending} that wait\n{table}",
        "每轮 {tasks} 个任务，另有 {pending} 个在等待\n{table}"
    )));
}
