//! `docket bench due`: many orders whose deadline to pay has passed, all at once, and how fast the timer revokes
//! them.
//!
//! They are placed with a deadline that is over once the server has been stopped for a while; the clock runs from
//! the moment in which it is ready again.

use super::bare::Reader;
use super::connection::{Connection, Request};
use super::load::Paying;
use super::orders::ON_HAND;
use super::report;
use super::stage::{Stage, StageArgs, play};
use crate::failure::Failure;
use crate::output::Output;
use crate::said::said;
use serde::Serialize;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Orders a second that any machine places while the stage is filled: the deadline must outlast the filling.
const PLACED_PER_S: u64 = 500;
/// Orders on a page while they are counted.
const PAGE: usize = 200;

/// Revoke orders that were not paid in time
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one line of JSON a run
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stage: StageArgs,
    /// Orders that are due at once
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    orders: u64,
    /// How long they may be paid, in seconds; it should outlast the time in which they are placed
    #[arg(long, value_name = "S")]
    pay_by: Option<u64>,
}

/// One run, measured.
#[derive(Debug, Serialize)]
struct Line {
    bench: &'static str,
    database: &'static str,
    orders: u64,
    /// Orders revoked.
    ops_per_s: f64,
    /// From ready until the last one was revoked.
    seconds: f64,
    rss_mib: Option<f64>,
    /// Whether every order is revoked and holds nothing any more.
    checked: bool,
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> Result<(), Failure> {
    play(|| bench(args, out))
}

async fn bench(args: Args, out: &Output) -> Result<(), Failure> {
    let pay_by = args.pay_by.unwrap_or(30 + args.orders / PLACED_PER_S);
    let deadline = ("DOCKET_DEADLINES__PAY_BY".to_owned(), format!("{pay_by}s"));
    let stage = Stage::set_with(&args.stage, vec![deadline], out).await?;
    stage.fill(args.orders, Paying::None).await?;
    let placed = Instant::now();
    let stopped = stage.halt().await?;
    let wait = Duration::from_secs(pay_by + 1).saturating_sub(placed.elapsed());
    let seconds = wait.as_secs();
    out.note(out.tell(&said!(
        "placed; waiting {seconds} s until all of them are due",
        "已下单；等待 {seconds} 秒至全部到期"
    )));
    tokio::time::sleep(wait).await;
    let stage = stopped.start().await?;
    let began = Instant::now();
    let mut connection = Connection::open(&stage.target).await?;
    while page(&mut connection, "status=created&limit=1").await?.0 > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = began.elapsed();
    let revoked = count(&mut connection).await?;
    let rss_mib = stage.server.process.rss_mib().map(|mib| report::rounded(mib, 1));
    let database_name = stage.database.name();
    let (_folder, database) = stage.stop().await?;
    let stock = Reader::open(&database).await?.stock().await?;
    let all = ON_HAND as i64 * 1_000;
    let free = stock.iter().all(|[_, on_hand, held]| (*on_hand, *held) == (all, 0));
    let line = Line {
        bench: "due",
        database: database_name,
        orders: args.orders,
        ops_per_s: report::rounded(args.orders as f64 / took.as_secs_f64(), 1),
        seconds: report::rounded(took.as_secs_f64(), 2),
        rss_mib,
        checked: revoked == args.orders && free,
    };
    tell(&args, &line, out);
    if line.checked {
        return Ok(());
    }
    let orders = args.orders;
    Err(Failure::new(said!(
        "{revoked} of {orders} orders were revoked, or stock is still held",
        "{orders} 个订单中撤销了 {revoked} 个，或仍有库存被占用"
    )))
}

/// How many orders a page has, and where the next one begins.
async fn page(
    connection: &mut Connection,
    query: &str,
) -> Result<(usize, Option<String>), Failure> {
    let path = format!("/api/orders?{query}");
    let answer = connection.ask(Request::get(&path)).await?;
    let page: Value = serde_json::from_slice(answer.expect(200, &path)?)?;
    let orders = page["orders"].as_array().map_or(0, Vec::len);
    Ok((orders, page["next"].as_str().map(ToOwned::to_owned)))
}

/// How many orders are cancelled.
async fn count(connection: &mut Connection) -> Result<u64, Failure> {
    let (mut counted, mut cursor) = (0, String::new());
    loop {
        let query = format!("status=cancelled&store_status=revoked&limit={PAGE}{cursor}");
        let (orders, next) = page(connection, &query).await?;
        counted += orders as u64;
        let Some(next) = next else { return Ok(counted) };
        cursor = format!("&cursor={next}");
    }
}

fn tell(args: &Args, line: &Line, out: &Output) {
    if args.json {
        out.json(line);
        return;
    }
    let Line { orders, ops_per_s, seconds, .. } = line;
    out.line(out.tell(&said!(
        "{orders} orders due at once were revoked in {seconds:.1} s: {ops_per_s:.0} orders/s",
        "{orders} 个同时到期的订单在 {seconds:.1} 秒内撤销完毕：每秒 {ops_per_s:.0} 个"
    )));
}
