//! `docket bench effects`: what it costs to pay an order whose payment uses up a coupon and coins and brings points, a
//! gift pack and a weigh slip, beside paying the same order without any of it.
//!
//! Orders of both kinds are placed first; only their payments are measured, one kind after the other, the first of them
//! in turn. Goods and stock are the same in both.

use super::bare::Reader;
use super::connection::{Connection, Request, Target};
use super::load::{connect, on_each};
use super::orders::Order;
use super::report;
use super::stage::{Stage, StageArgs, play};
use super::tally::Latencies;
use crate::failure::Failure;
use crate::output::Output;
use crate::said::said;
use serde::Serialize;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Instant;

/// Buyers that have coins.
const BUYERS: u64 = 200;
/// Rows that a payment makes where everything comes about by it, and where only stock is taken.
const ROWS: [i64; 2] = [6, 1];

/// Pay orders with and without effects
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one line of JSON a run
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stage: StageArgs,
    /// Orders of each kind in a run
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    orders: u64,
    /// Connections, each with one request in flight
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    clients: u16,
    /// Runs, one after the other in one database
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    runs: u8,
}

/// Whether a payment brings anything about but that the goods are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Effects,
    Plain,
}

/// One run, measured.
#[derive(Debug, Clone, Serialize)]
struct Line {
    bench: &'static str,
    database: &'static str,
    /// Payments with effects.
    ops_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Payments without.
    plain_ops_per_s: f64,
    plain_p50_ms: f64,
    plain_p99_ms: f64,
    /// How many times as long as a plain one a payment with effects takes.
    times_plain: f64,
    rss_mib: Option<f64>,
    /// Whether every payment brought about what it should, once.
    checked: bool,
}

/// An order that waits to be paid.
struct Waiting {
    id: i64,
    payable: i64,
}

/// Payments of one kind, measured.
struct Paid {
    per_s: f64,
    took: Latencies,
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> Result<(), Failure> {
    play(|| bench(args, out))
}

async fn bench(args: Args, out: &Output) -> Result<(), Failure> {
    let points = ("DOCKET_LEDGER__POINTS__PER".to_owned(), "100".to_owned());
    let stage = Stage::set_with(&args.stage, vec![points], out).await?;
    promise(&stage.target).await?;
    let mut lines = Vec::new();
    for run in 0..args.runs {
        let line = one_run(&args, &stage, u64::from(run)).await;
        lines.push(line.map_err(|error| stage.server.explain(&error))?);
    }
    let (_folder, database) = stage.stop().await?;
    let rows = Reader::open(&database).await?.effects().await?;
    let wanted = ROWS.iter().sum::<i64>() * args.orders as i64 * i64::from(args.runs);
    for line in &mut lines {
        line.checked = rows == wanted;
    }
    tell(&args, &lines, out);
    if rows == wanted {
        return Ok(());
    }
    Err(Failure::new(said!(
        "{rows} effects are stored, not {wanted}",
        "存有 {rows} 项账本变动，应为 {wanted} 项"
    )))
}

/// Gives buyers coins, and sets the coupon and the gift pack.
async fn promise(target: &Target) -> Result<(), Failure> {
    let mut line = Connection::open(target).await?;
    let coupon = json!({"kind": "amount", "face": 100, "currency": "CNY", "title": "1 off"});
    let pack = json!({"title": "Pack", "currency": "CNY", "min_price": 1});
    let coins = json!({"balance": 100_000_000_000_i64, "currency": "CNY", "reason": "bench"});
    let accounts = (0..BUYERS).map(|buyer| format!("/api/accounts/coins/buyer-{buyer}"));
    let accounts = accounts.map(|path| (path, &coins));
    let masters = [("/api/coupons/BENCH", &coupon), ("/api/gift-packs/bench", &pack)];
    let masters = masters.map(|(path, body)| (path.to_owned(), body));
    for (path, body) in masters.into_iter().chain(accounts) {
        let body = body.to_string().into_bytes();
        let request = Request { method: "PUT", path: &path, idempotency_key: None, body: &body };
        line.ask(request).await?.expect(200, &path)?;
    }
    Ok(())
}

async fn one_run(args: &Args, stage: &Stage, run: u64) -> io::Result<Line> {
    let kinds = [Kind::Effects, Kind::Plain];
    let mut waiting = Vec::new();
    for kind in kinds {
        let first = run * args.orders;
        waiting.push(place(stage, args, kind, first).await?);
    }
    let [plain, effects] = [waiting.pop(), waiting.pop()].map(Option::unwrap_or_default);
    let (with, without) = if run.is_multiple_of(2) {
        let with = pay(stage, args, effects).await?;
        (with, pay(stage, args, plain).await?)
    } else {
        let without = pay(stage, args, plain).await?;
        (pay(stage, args, effects).await?, without)
    };
    Ok(Line {
        bench: "effects",
        database: stage.database.name(),
        ops_per_s: report::rounded(with.per_s, 1),
        p50_ms: with.took.ms(0.5),
        p99_ms: with.took.ms(0.99),
        plain_ops_per_s: report::rounded(without.per_s, 1),
        plain_p50_ms: without.took.ms(0.5),
        plain_p99_ms: without.took.ms(0.99),
        times_plain: report::rounded(without.per_s / with.per_s, 3),
        rss_mib: stage.server.process.rss_mib().map(|mib| report::rounded(mib, 1)),
        checked: false,
    })
}

/// The body of a placement: the same goods, with everything that a payment can bring about, or without a buyer whom it
/// could be brought to.
fn placement(seed: u64, number: u64, kind: Kind) -> io::Result<Value> {
    let order = Order::new(seed, number);
    let mut body = Vec::new();
    order.write_placement(&mut body);
    let mut body: Value = serde_json::from_slice(&body)?;
    let fields = body.as_object_mut().ok_or_else(|| io::Error::other("an order is an object"))?;
    fields.remove("expected_total");
    match kind {
        Kind::Plain => drop(fields.remove("buyer_id")),
        Kind::Effects => {
            body["buyer_id"] = json!(format!("buyer-{}", order.buyer % BUYERS));
            body["coins"] = json!(10);
            body["coupons"] = json!([{"code": "BENCH"}]);
            body["shops"][0]["items"][0]["weighed"] = json!(true);
        }
    }
    Ok(body)
}

async fn place(stage: &Stage, args: &Args, kind: Kind, first: u64) -> io::Result<Vec<Waiting>> {
    let next = Rc::new(Cell::new(first));
    let placed = Rc::new(RefCell::new(Vec::new()));
    let (end, seed) = (first + args.orders, args.stage.seed);
    let connections = connect(std::slice::from_ref(&stage.target), args.clients.into()).await?;
    on_each(connections, |mut line| {
        let (next, placed) = (Rc::clone(&next), Rc::clone(&placed));
        async move {
            while next.get() < end {
                let body = placement(seed, next.replace(next.get() + 1), kind)?.to_string();
                let request = Request {
                    method: "POST",
                    path: "/api/orders",
                    idempotency_key: None,
                    body: body.as_bytes(),
                };
                let answer = line.ask(request).await?;
                let tree: Value = serde_json::from_slice(answer.expect(201, "placing an order")?)?;
                let id = tree["order_id"].as_str().and_then(|id| id.parse().ok());
                let found = id.zip(tree["payable"].as_i64());
                let (id, payable) = found.ok_or_else(|| io::Error::other("no order answered"))?;
                placed.borrow_mut().push(Waiting { id, payable });
            }
            Ok(())
        }
    })
    .await?;
    Ok(placed.take())
}

async fn pay(stage: &Stage, args: &Args, waiting: Vec<Waiting>) -> io::Result<Paid> {
    let count = waiting.len() as f64;
    let waiting = Rc::new(RefCell::new(waiting));
    let took = Rc::new(RefCell::new(Latencies::default()));
    let connections = connect(std::slice::from_ref(&stage.target), args.clients.into()).await?;
    let began = Instant::now();
    on_each(connections, |mut line| {
        let (waiting, took) = (Rc::clone(&waiting), Rc::clone(&took));
        async move {
            loop {
                let Some(Waiting { id, payable }) = waiting.borrow_mut().pop() else {
                    return Ok(());
                };
                let body = format!(
                    "{{\"type\":\"payment_succeeded\",\"tender\":\"card\",\"reference\":\"{id}\",\
                     \"amount\":{payable},\"actor\":{{\"kind\":\"gateway\"}}}}"
                );
                let path = format!("/api/orders/{id}/operations");
                let body = body.as_bytes();
                let request = Request { method: "POST", path: &path, idempotency_key: None, body };
                let asked = Instant::now();
                line.ask(request).await?.expect(200, "paying an order")?;
                took.borrow_mut().add(asked.elapsed());
            }
        }
    })
    .await?;
    Ok(Paid { per_s: count / began.elapsed().as_secs_f64(), took: took.take() })
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
        out.say("with effects/s", "含效果/秒"),
        "p99 ms",
        out.say("plain/s", "普通/秒"),
        "p99 ms",
        out.say("times plain", "倍数"),
    ]);
    for (n, line) in lines.iter().enumerate() {
        table.add_row(vec![
            (n + 1).to_string(),
            format!("{:.0}", line.ops_per_s),
            format!("{:.2}", line.p99_ms),
            format!("{:.0}", line.plain_ops_per_s),
            format!("{:.2}", line.plain_p99_ms),
            format!("{:.2}", line.times_plain),
        ]);
    }
    let orders = args.orders;
    out.raw(out.tell(&said!(
        "{orders} payments of each kind a run\n{table}",
        "每轮每类 {orders} 笔支付\n{table}"
    )));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_sell_the_same_goods() {
        let [with, plain] =
            [Kind::Effects, Kind::Plain].map(|kind| placement(1, 7, kind).expect("an order"));
        let skus = |body: &Value| {
            let shops = body["shops"].as_array().expect("shops").clone();
            let items =
                shops.iter().flat_map(|shop| shop["items"].as_array().expect("items").clone());
            items.map(|item| (item["sku_id"].clone(), item["quantity"].clone())).collect::<Vec<_>>()
        };
        assert_eq!(skus(&with), skus(&plain));
        assert_eq!((with["coins"].as_i64(), &plain["buyer_id"]), (Some(10), &Value::Null));
    }
}
