//! `docket bench place`: how fast orders are placed (and paid), starting from a database that is not empty,
//! beside what the database could do at best.

use super::bare::{Bare, Reader, WalCounter};
use super::connection::{Connection, Request, Target};
use super::load::{Paying, Until};
use super::machine::{CpuWatch, Process};
use super::report::{Report, Run};
use super::stage::{Stage, StageArgs, play};
use super::tally::Placed;
use super::{answer, verify};
use crate::failure::Failure;
use crate::output::Output;
use crate::said::said;
use indicatif::ProgressBar;
use std::time::Duration;

/// Place orders as fast as the server takes them
///
/// Each order is one payment order with two shop orders and four lines; its prices are held against the
/// product table, its stock is held, its log, agreed tree and sealed person are written. The server runs in a
/// process of its own, as `docket serve` does.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one line of JSON a run
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stage: StageArgs,
    /// Orders in the database before the first run
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    orders: u64,
    /// Connections, each with one request in flight
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    clients: u16,
    /// Seconds of a run
    #[arg(long, default_value_t = 10, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Runs, one after the other in one database
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    runs: u8,
    /// Servers on the one database, each with its share of the connections; a SQLite file has one
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    serves: u8,
    /// Pay each order once it is placed
    #[arg(long)]
    pay: bool,
    /// Whether to measure the bare transaction just before each run
    #[arg(long, value_enum, default_value_t = WithBare::Yes)]
    bare: WithBare,
}

/// Whether the bare transaction is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum WithBare {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> Result<(), Failure> {
    play(|| bench(args, out))
}

async fn bench(args: Args, out: &Output) -> Result<(), Failure> {
    if args.serves > 1 && args.stage.database.as_ref().is_none_or(|url| url.starts_with("sqlite:"))
    {
        return Err(Failure::new(said!(
            "a SQLite file is served by one process",
            "一个 SQLite 文件只能由一个进程提供服务"
        ))
        .next(said!(
            "Name a database of MySQL or MariaDB with --database, or leave --serves out.",
            "请用 --database 指定 MySQL 或 MariaDB 数据库，或去掉 --serves。"
        )));
    }
    let mut stage = Stage::set(&args.stage, out).await?;
    for _ in 1..args.serves {
        stage.add_server().await?;
    }
    let paying = if args.pay { Paying::All } else { Paying::None };
    let filled = stage.fill(args.orders, paying).await?;
    let mut placed = filled.placed;
    let runs = measure(&args, &stage, paying, &mut placed, out).await?;

    let mut faults = verify::through_api(&stage.target, args.stage.seed, &placed).await?;
    let empty = stage.empty;
    let database_name = stage.database.name();
    let (_folder, database) = stage.stop().await?;
    faults.extend(verify::in_database(&database, args.stage.seed, &placed).await?);
    let full = Reader::open(&database).await?.size().await?;
    let per_order = |grown: i64| grown as f64 / placed.len() as f64;
    let report = Report {
        bench: if args.pay { "place+pay" } else { "place" },
        database: database_name,
        clients: args.clients.into(),
        runs,
        rows_per_op: per_order(full.rows - empty.rows),
        bytes_per_op: per_order(full.bytes - empty.bytes),
        faults,
    };
    if args.json {
        report.lines().iter().for_each(|line| out.raw(line));
        out.note(report.text(out).trim_end());
    } else {
        out.raw(report.text(out).trim_end());
    }
    if report.faults.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(said!("what is stored does not agree", "存储内容不一致")).next(said!(
            "Please report it with the lines above and `docket --version`.",
            "请连同上面的输出和 docket --version 的输出一并反馈。"
        )))
    }
}

async fn measure(
    args: &Args,
    stage: &Stage,
    paying: Paying,
    placed: &mut Vec<Placed>,
    out: &Output,
) -> Result<Vec<Run>, Failure> {
    let time = Duration::from_secs(args.seconds);
    let mut bare = match args.bare {
        WithBare::Yes => Some(Bare::set_up(&stage.database).await?),
        WithBare::No => None,
    };
    let database = stage.database.address().await.and_then(Process::listening_on);
    let watched = [Some(stage.server.process), Some(Process::own()), database];
    let wal = WalCounter::new(stage.database.file());
    // A bar that moves would be measured as well.
    let unseen = ProgressBar::hidden();
    let mut runs = Vec::new();
    for number in 1..=args.runs {
        let bare_ops_per_s = match &mut bare {
            Some(bare) => Some(bare.run(time).await?),
            None => None,
        };
        let first = placed.len() as u64;
        let load = stage.load(args.clients.into(), paying, first, Until::After(time), &unseen);
        let batches_before = Batches::read(&stage.target).await?;
        let cpu = CpuWatch::start(watched);
        let (tally, frames) = wal.during(load).await;
        let (tally, cpu) = (tally?, cpu.stop());
        let batch = Batches::read(&stage.target).await?.since(batches_before);
        let orders = tally.placed.len() as f64;
        let run = Run {
            rss_mib: stage.server.process.rss_mib(),
            cpu: Some(cpu),
            batch,
            wal_pages_per_op: frames.map(|frames| frames as f64 / orders),
            bare_ops_per_s,
            ..Run::of(&tally, first, args.pay)
        };
        let (runs_asked, speed) = (args.runs, run.ops_per_s);
        out.note(out.tell(&said!(
            "run {number} of {runs_asked}: {speed:.0} ops/s",
            "第 {number}/{runs_asked} 轮：{speed:.0} 次/秒"
        )));
        placed.extend(tally.placed);
        runs.push(run);
    }
    if let Some(bare) = bare {
        bare.clear().await?;
    }
    Ok(runs)
}

/// How much the lane has done so far, as the server counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Batches {
    batches: u64,
    pieces: u64,
}

impl Batches {
    async fn read(target: &Target) -> Result<Self, Failure> {
        let mut connection = Connection::open(target).await?;
        let answer = connection.ask(Request::get("/metrics")).await?;
        let text = String::from_utf8_lossy(answer.expect(200, "/metrics")?);
        let counter = |name| {
            let missing =
                || Failure::new(said!("/metrics does not tell {name}", "/metrics 没有 {name}"));
            answer::counter(&text, name).ok_or_else(missing)
        };
        let batches = counter("docket_lane_batches_total")?;
        Ok(Self { batches, pieces: counter("docket_lane_pieces_total")? })
    }

    /// Pieces a batch since `before`.
    fn since(self, before: Self) -> Option<f64> {
        let batches = self.batches.checked_sub(before.batches).filter(|batches| *batches > 0)?;
        Some((self.pieces - before.pieces) as f64 / batches as f64)
    }
}
