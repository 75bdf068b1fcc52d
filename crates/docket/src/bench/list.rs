//! `docket bench list`: how long a filtered page takes when many orders are stored, and how much memory the
//! server needs for them.
//!
//! Each filter is asked twice for the same pages, of orders by chance: once after a start with nothing of the
//! database in memory, when nearly every row comes from the disk, and once after the file was read through,
//! as on a machine whose memory holds it.

use super::bare::Database;
use super::connection::{Connection, Request, Target};
use super::load::Paying;
use super::orders::{self, Chance};
use super::stage::{Stage, StageArgs, play};
use super::tally::Latencies;
use super::{orders::Order, report};
use crate::failure::Failure;
use crate::output::Output;
use crate::said::said;
use rustix::fs::{Advice, fadvise};
use serde::Serialize;
use std::fs::File;
use std::time::{Duration, Instant};

/// Every so many-th order is paid, so that statuses differ.
const PAID_ONE_IN: u64 = 4;
/// Orders a page.
const PAGE: usize = 50;
/// The shop that a key is limited to.
const OWN_SHOP: &str = "3";
/// What sorts a page by when orders changed.
const BY_UPDATE: &str = "&sort=updated";

/// Read filtered pages of 50 out of many orders
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one line of JSON a filter
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stage: StageArgs,
    /// Orders in the database
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    orders: u64,
    /// Pages read of each filter when warm
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pages: u32,
}

/// What pages are filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Default,
    Status,
    StoreStatus,
    Shop,
    ShopAndStatus,
    Buyer,
    PhoneLast4,
    Sku,
    NoTag,
    Created,
    ByUpdate,
    StatusByUpdate,
    ShopAndStatusByUpdate,
    BuyerByUpdate,
    NoTagByUpdate,
    Nothing,
    NothingByUpdate,
    OwnShop,
    OwnShopByUpdate,
    Duplicate,
    NextPage,
}

impl Filter {
    const ALL: [Self; 21] = [
        Self::Default,
        Self::Status,
        Self::StoreStatus,
        Self::Shop,
        Self::ShopAndStatus,
        Self::Buyer,
        Self::PhoneLast4,
        Self::Sku,
        Self::NoTag,
        Self::Created,
        Self::ByUpdate,
        Self::StatusByUpdate,
        Self::ShopAndStatusByUpdate,
        Self::BuyerByUpdate,
        Self::NoTagByUpdate,
        Self::Nothing,
        Self::NothingByUpdate,
        Self::OwnShop,
        Self::OwnShopByUpdate,
        Self::Duplicate,
        Self::NextPage,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Default => "none",
            Self::Status => "status",
            Self::StoreStatus => "store_status",
            Self::Shop => "shop",
            Self::ShopAndStatus => "shop+status",
            Self::Buyer => "buyer",
            Self::PhoneLast4 => "phone_last4",
            Self::Sku => "sku",
            Self::NoTag => "tag (none has it)",
            Self::Created => "created_from/to",
            Self::ByUpdate => "none, by update",
            Self::StatusByUpdate => "status, by update",
            Self::ShopAndStatusByUpdate => "shop+status, by update",
            Self::BuyerByUpdate => "buyer, by update",
            Self::NoTagByUpdate => "tag (none has it), by update",
            Self::Nothing => "status+store_status (none has both)",
            Self::NothingByUpdate => "status+store_status (none has both), by update",
            Self::OwnShop => "a key of one shop",
            Self::OwnShopByUpdate => "a key of one shop, by update",
            Self::Duplicate => "duplicate",
            Self::NextPage => "none, page after page",
        }
    }

    /// Whose question it is.
    const fn target<'s>(self, stage: &'s Stage, own: &'s Target) -> &'s Target {
        match self {
            Self::OwnShop | Self::OwnShopByUpdate => own,
            _ => &stage.target,
        }
    }

    /// The question of one page; `order` is one of those stored.
    fn query(self, order: &Order, span: &Span) -> String {
        let word = |words: [&'static str; 2]| words[order.number as usize % 2];
        let [shop, _] = &order.shops;
        match self {
            Self::Default | Self::NextPage | Self::OwnShop => String::new(),
            Self::ByUpdate | Self::OwnShopByUpdate => BY_UPDATE.to_owned(),
            Self::StatusByUpdate => Self::Status.query(order, span) + BY_UPDATE,
            Self::ShopAndStatusByUpdate => Self::ShopAndStatus.query(order, span) + BY_UPDATE,
            Self::BuyerByUpdate => Self::Buyer.query(order, span) + BY_UPDATE,
            Self::NoTagByUpdate => Self::NoTag.query(order, span) + BY_UPDATE,
            // Many have either and none has both: a page ends when enough was looked at.
            Self::Nothing => "&status=created&store_status=paid".to_owned(),
            Self::NothingByUpdate => Self::Nothing.query(order, span) + BY_UPDATE,
            Self::Duplicate => "&duplicate=true".to_owned(),
            Self::Status => format!("&status={}", word(["created", "paid"])),
            Self::StoreStatus => format!("&store_status={}", word(["unpaid", "paid"])),
            Self::Shop => format!("&shop={}", shop.id),
            Self::ShopAndStatus => {
                format!("&shop={}&status={}", shop.id, word(["created", "paid"]))
            }
            Self::Buyer => format!("&buyer={}", order.buyer),
            Self::PhoneLast4 => {
                let phone = orders::phone_of(order.buyer);
                format!("&phone_last4={}", &phone[phone.len() - 4..])
            }
            Self::Sku => format!("&sku={}", orders::sku_id(shop.lines[0].sku)),
            Self::NoTag => format!("&tag=no-such-{}", order.number),
            Self::Created => span.query(order.number),
        }
    }
}

/// When the orders were placed, so that a range of times can be asked for.
#[derive(Debug, Clone, Copy)]
struct Span {
    begin: jiff::Timestamp,
    took: Duration,
    orders: u64,
}

impl Span {
    /// A second around when the order with `number` was placed, if all went at one speed.
    fn query(&self, number: u64) -> String {
        let at = self.took.mul_f64(number as f64 / self.orders as f64);
        let from = self.begin + at;
        format!("&created_from={from:.3}&created_to={:.3}", from + Duration::from_secs(1))
    }
}

/// What is measured of one filter.
#[derive(Debug, Serialize)]
struct Line {
    bench: &'static str,
    database: &'static str,
    orders: u64,
    filter: &'static str,
    /// The first page after a start with nothing cached.
    first_ms: f64,
    /// Pages from the disk: those after it.
    disk_p50_ms: f64,
    /// Pages of a database that is in memory.
    p50_ms: f64,
    p99_ms: f64,
    /// Orders on a page, on average.
    page: f64,
    /// Memory of the server afterwards.
    rss_mib: Option<f64>,
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> Result<(), Failure> {
    play(|| bench(args, out))
}

async fn bench(args: Args, out: &Output) -> Result<(), Failure> {
    let mut stage = Stage::set(&args.stage, out).await?;
    let begin = jiff::Timestamp::now();
    let filled = stage.fill(args.orders, Paying::OneIn(PAID_ONE_IN)).await?;
    let span = Span { begin, took: filled.took, orders: args.orders };
    let filled_mib = stage.server.process.rss_mib();
    let (orders, seconds) = (args.orders, filled.took.as_secs_f64());
    out.note(out.tell(&said!(
        "{orders} orders in {seconds:.0} s",
        "{orders} 个订单，用时 {seconds:.0} 秒"
    )));
    let own_key = stage.key_of_shop(OWN_SHOP)?;
    let mut lines = Vec::new();
    for filter in Filter::ALL {
        stage = stage.restart(forget).await?;
        let own = Target { key: own_key.clone(), ..stage.target.clone() };
        let target = filter.target(&stage, &own);
        let line = pages(&args, &stage, target, filter, &span).await;
        lines.push(line.map_err(|failure| stage.server.explain(failure.message))?);
    }
    let started_mib = stage.restart(forget).await?.server.process.rss_mib();
    tell(&args, &lines, [filled_mib, started_mib], out);
    Ok(())
}

/// Lets the system forget what it has cached of a database file; a server's cache is its own matter.
fn forget(database: &Database) {
    if let Some(file) = database.file().and_then(|path| File::open(path).ok()) {
        // A hint: where it is not taken, "cold" is only the server's own cache.
        let _ = file.sync_all();
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
    }
}

/// Lets the system read a database file into its cache.
fn remember(database: &Database) -> Result<(), Failure> {
    if let Some(path) = database.file() {
        std::io::copy(&mut File::open(path)?, &mut std::io::sink())?;
    }
    Ok(())
}

async fn pages(
    args: &Args,
    stage: &Stage,
    target: &Target,
    filter: Filter,
    span: &Span,
) -> Result<Line, Failure> {
    let disk = Series::read(args, target, filter, span).await?;
    remember(&stage.database)?;
    let warm = Series::read(args, target, filter, span).await?;
    Ok(Line {
        bench: "list",
        database: stage.database.name(),
        orders: args.orders,
        filter: filter.name(),
        first_ms: report::rounded(disk.first.as_secs_f64() * 1e3, 3),
        disk_p50_ms: disk.rest.ms(0.5),
        p50_ms: warm.rest.ms(0.5),
        p99_ms: warm.rest.ms(0.99),
        page: report::rounded(warm.orders as f64 / f64::from(args.pages), 1),
        rss_mib: stage.server.process.rss_mib().map(|mib| report::rounded(mib, 1)),
    })
}

/// Pages of one filter, one after the other.
struct Series {
    first: Duration,
    rest: Latencies,
    /// Orders on all but the first.
    orders: usize,
}

impl Series {
    async fn read(
        args: &Args,
        target: &Target,
        filter: Filter,
        span: &Span,
    ) -> Result<Self, Failure> {
        let seed = args.stage.seed;
        let mut connection = Connection::open(target).await?;
        let mut chance = Chance::of(seed, u64::MAX - 1);
        let mut next = Order::new(seed, chance.below(args.orders));
        let (first, answer) = page(&mut connection, &filter.query(&next, span)).await?;
        let mut cursor = answer.next;
        let mut series = Self { first, rest: Latencies::default(), orders: 0 };
        for _ in 0..args.pages {
            next = Order::new(seed, chance.below(args.orders));
            let mut query = filter.query(&next, span);
            if filter == Filter::NextPage
                && let Some(cursor) = &cursor
            {
                query = format!("&cursor={cursor}");
            }
            let (took, answer) = page(&mut connection, &query).await?;
            series.rest.add(took);
            series.orders += answer.orders.len();
            cursor = answer.next;
        }
        Ok(series)
    }
}

/// As much of a page as is counted.
#[derive(Debug, serde::Deserialize)]
struct Page {
    orders: Vec<serde::de::IgnoredAny>,
    next: Option<String>,
}

async fn page(connection: &mut Connection, query: &str) -> Result<(Duration, Page), Failure> {
    let path = format!("/api/orders?limit={PAGE}{query}");
    let asked = Instant::now();
    let answer = connection.ask(Request::get(&path)).await?;
    let took = asked.elapsed();
    let page: Page = serde_json::from_slice(answer.expect(200, &path)?)?;
    if page.orders.len() > PAGE {
        let given = page.orders.len();
        return Err(Failure::new(said!(
            "{path} gave {given} orders",
            "{path} 返回了 {given} 个订单"
        )));
    }
    Ok((took, page))
}

fn tell(args: &Args, lines: &[Line], server_mib: [Option<f64>; 2], out: &Output) {
    if args.json {
        for line in lines {
            out.json(line);
        }
        return;
    }
    let mib = |mib: Option<f64>| mib.map_or_else(|| "-".to_owned(), |mib| format!("{mib:.0}"));
    let mut table = report::table(&[
        out.say("filter", "筛选"),
        out.say("orders a page", "每页订单"),
        out.say("first ms", "首页 ms"),
        out.say("disk p50", "磁盘 p50"),
        "p50 ms",
        "p99 ms",
        "RSS MiB",
    ]);
    for line in lines {
        table.add_row(vec![
            line.filter.to_owned(),
            format!("{:.1}", line.page),
            format!("{:.1}", line.first_ms),
            format!("{:.2}", line.disk_p50_ms),
            format!("{:.2}", line.p50_ms),
            format!("{:.2}", line.p99_ms),
            mib(line.rss_mib),
        ]);
    }
    let (orders, [filled, started]) = (args.orders, server_mib.map(mib));
    out.raw(out.tell(&said!(
        "pages of {PAGE} out of {orders} orders\n{table}",
        "{orders} 个订单，每页 {PAGE} 个\n{table}"
    )));
    out.line(out.tell(&said!(
        "server memory: {filled} MiB after placing them all, {started} MiB after a start",
        "服务内存：下单完成后 {filled} MiB，重启后 {started} MiB"
    )));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_filter_asks_for_something_that_is_stored() {
        let order = Order::new(1, 7);
        let begin = jiff::Timestamp::UNIX_EPOCH;
        let span = Span { begin, took: Duration::from_secs(100), orders: 100 };
        let query = |filter: Filter| filter.query(&order, &span);
        assert_eq!(query(Filter::Status), "&status=paid");
        assert_eq!(query(Filter::Shop), format!("&shop={}", order.shops[0].id));
        assert_eq!(query(Filter::PhoneLast4), format!("&phone_last4={:04}", order.buyer % 10_000));
        let range = "&created_from=1970-01-01T00:00:07.000Z&created_to=1970-01-01T00:00:08.000Z";
        assert_eq!(query(Filter::Created), range);
    }
}
