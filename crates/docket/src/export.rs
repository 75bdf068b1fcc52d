//! `docket export`: orders out of a center, page by page to the standard output. As JSON lines, one tree each
//! as the API shows it with `expand=tree`, or as CSV, one row a line of an order.
//!
//! People's data comes masked, as in every list. What an export says can be imported again.

mod codes;

use crate::center::Method;
use crate::center::{self, Center};
use crate::cli::Options;
use crate::commands::path_part;
use crate::failure::Failure;
use crate::log;
use bytes::Bytes;
use docket_app::{App, Orders, Principal};
use docket_domain::words::{AnomalyKind, Status, StoreStatus};
use docket_domain::{Id, Json, Time, status};
use docket_store::Cursor;
use docket_wire::{Codes, Look, moment, view};
use serde_json::value::{RawValue, to_raw_value};
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Orders of a page: as many as the API gives.
const PAGE: usize = 200;

/// Arguments of `docket export`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// One tree a line, or one row a line of an order.
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    pub format: Format,
    /// Stored numbers instead of words.
    #[arg(long)]
    pub codes: bool,
    /// Placed from then on: a time of RFC 3339, or a day (UTC).
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<Time>,
    /// Placed before then.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Time>,
    /// Only orders of this buyer.
    #[arg(long)]
    pub buyer: Option<String>,
    /// Only orders with a shop order of this shop.
    #[arg(long)]
    pub shop: Option<String>,
    /// Only orders of this channel.
    #[arg(long)]
    pub channel: Option<String>,
    /// Only orders of this status.
    #[arg(long, value_parser = status)]
    pub status: Option<Status>,
    /// Only orders of this store status.
    #[arg(long, value_parser = store_status)]
    pub store_status: Option<StoreStatus>,
    /// Only orders with an anomaly of this kind.
    #[arg(long, value_parser = anomaly)]
    pub anomaly: Option<String>,
}

/// How orders are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One row a line of an order.
    Csv,
    /// One tree a line.
    Jsonl,
}

fn time(text: &str) -> Result<Time, String> {
    let day = || {
        let day: jiff::civil::Date = text.parse().ok()?;
        let start = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Time(start.timestamp().as_millisecond()))
    };
    moment::parse(text)
        .or_else(day)
        .ok_or_else(|| "such as 2026-11-20T10:00:00Z or 2026-11-20".into())
}

fn status(text: &str) -> Result<Status, String> {
    let words = || Status::ALL.iter().map(|status| status.word()).collect::<Vec<_>>().join(", ");
    Status::from_word(text).ok_or_else(|| format!("one of {}", words()))
}

fn store_status(text: &str) -> Result<StoreStatus, String> {
    let words = || StoreStatus::ALL.iter().map(|status| status.word()).collect::<Vec<_>>();
    StoreStatus::from_word(text).ok_or_else(|| format!("one of {}", words().join(", ")))
}

fn anomaly(text: &str) -> Result<String, String> {
    let words = || AnomalyKind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ");
    let known = AnomalyKind::from_word(text).map(|kind| kind.word().to_owned());
    known.ok_or_else(|| format!("one of {}", words()))
}

impl Args {
    /// The filters as a list of the API takes them.
    pub fn query(&self) -> Vec<(&'static str, String)> {
        let time = |time: Time| moment::format(time, &mut [0; 24]).to_owned();
        let mut query = vec![("expand", "tree".to_owned()), ("limit", PAGE.to_string())];
        let mut add = |name, value: Option<String>| {
            query.extend(value.map(|value| (name, value)));
        };
        add("created_from", self.from.map(time));
        add("created_to", self.to.map(time));
        add("buyer", self.buyer.clone());
        add("shop", self.shop.clone());
        add("channel", self.channel.clone());
        add("status", self.status.map(|status| status.word().to_owned()));
        add("store_status", self.store_status.map(|status| status.word().to_owned()));
        add("anomaly", self.anomaly.clone());
        query
    }

    fn orders(&self, cursor: Option<Cursor>) -> Orders {
        Orders {
            buyer: self.buyer.clone(),
            shop: self.shop.clone(),
            channel: self.channel.clone(),
            status: self.status,
            store_status: self.store_status,
            anomaly: self.anomaly.clone(),
            created: (self.from, self.to),
            limit: PAGE,
            cursor,
            ..Orders::default()
        }
    }
}

/// A page of orders, each as the API shows it with `expand=tree`.
#[derive(Debug, serde::Deserialize)]
pub struct Page {
    /// The orders.
    pub orders: Vec<Box<RawValue>>,
    /// Where the next page goes on.
    pub next: Option<String>,
}

/// Where orders are read: the program itself, or a running server.
pub trait Shelf {
    /// The page that `cursor` begins; the first without one.
    fn page(
        &self,
        args: &Args,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<Page, Failure>>;
}

impl Shelf for App {
    async fn page(&self, args: &Args, cursor: Option<&str>) -> Result<Page, Failure> {
        let cursor = cursor.and_then(|cursor| {
            let (at, id) = cursor.split_once('_')?;
            Some(Cursor { at: Time(at.parse().ok()?), id: id.parse::<Id>().ok()? })
        });
        let listed = self.orders(&Principal::local(), &args.orders(cursor)).await?;
        let codes = if args.codes { Codes::Numbers } else { Codes::Words };
        let settings = self.settings();
        let look = Look { codes, ..Look::whole(&settings.markets, self.now()) };
        let mut orders = Vec::with_capacity(listed.orders.len());
        for (tree, person) in &listed.orders {
            let standing = status::of(tree);
            let face = person.masked();
            let look = Look { rate_again: settings.deadlines.of(tree).rate_again, ..look };
            orders.push(to_raw_value(&view::view(tree, &standing, face, &look))?);
        }
        let next = listed.next.map(|Cursor { at, id }| format!("{}_{id}", at.0));
        Ok(Page { orders, next })
    }
}

impl Shelf for Center {
    async fn page(&self, args: &Args, cursor: Option<&str>) -> Result<Page, Failure> {
        if let Some(app) = self.app() {
            return app.page(args, cursor).await;
        }
        let mut path = "/api/orders?".to_owned();
        for (name, value) in
            args.query().into_iter().chain(cursor.map(|c| ("cursor", c.to_owned())))
        {
            path.extend([name, "=", &path_part(&value)?, "&"]);
        }
        let answer = self.client().send(Method::GET, path.trim_end_matches('&'), &[], Bytes::new());
        let answer = answer.await?;
        if !answer.status.is_success() {
            answer.success()?;
        }
        let mut page: Page = serde_json::from_slice(&answer.body)?;
        if args.codes {
            for order in &mut page.orders {
                let mut tree: Json = serde_json::from_str(order.get())?;
                codes::of_words(&mut tree);
                *order = to_raw_value(&tree)?;
            }
        }
        Ok(page)
    }
}

/// Writes the orders that `args` asks for to the standard output.
pub async fn run(args: Args, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    center::with_one_that_is_there(options, async |center| print(&args, center).await).await
}

async fn print(args: &Args, shelf: &impl Shelf) -> Result<(), Failure> {
    let out = std::io::BufWriter::new(std::io::stdout());
    match write(args, shelf, out).await {
        // Who reads has seen enough: `docket export | head`.
        Err(Stopped::Writing(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(Stopped::Writing(error)) => Err(Failure::new(format!("cannot write: {error}"))),
        Err(Stopped::Reading(failure)) => Err(failure),
        Ok(()) => Ok(()),
    }
}

/// What ends an export early.
#[derive(Debug)]
pub enum Stopped {
    /// Orders could not be read.
    Reading(Failure),
    /// The output takes no more.
    Writing(std::io::Error),
}

impl From<std::io::Error> for Stopped {
    fn from(error: std::io::Error) -> Self {
        Self::Writing(error)
    }
}

impl From<csv::Error> for Stopped {
    fn from(error: csv::Error) -> Self {
        Self::Writing(error.into())
    }
}

/// Writes the orders that `args` asks for to `out`.
pub async fn write(args: &Args, shelf: &impl Shelf, out: impl Write) -> Result<(), Stopped> {
    let mut writer = match args.format {
        Format::Jsonl => Writer::Lines(out),
        Format::Csv => {
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record(COLUMNS.iter().map(|(name, _)| name))?;
            Writer::Rows(Box::new(csv))
        }
    };
    let bar = progress();
    let mut cursor: Option<String> = None;
    loop {
        let page = shelf.page(args, cursor.as_deref()).await.map_err(Stopped::Reading)?;
        for order in &page.orders {
            writer.write(order)?;
        }
        bar.inc(page.orders.len() as u64);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    bar.finish_and_clear();
    writer.finish()
}

fn progress() -> indicatif::ProgressBar {
    if !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(100));
    match indicatif::ProgressStyle::with_template("{spinner} {human_pos} orders, {per_sec}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

enum Writer<W: Write> {
    Lines(W),
    Rows(Box<csv::Writer<W>>),
}

/// Which node a column is of.
#[derive(Debug, Clone, Copy)]
enum Of {
    Order,
    Shop,
    Item,
}

/// The columns of the CSV: a name, the node and its field.
const COLUMNS: &[(&str, (Of, &str))] = &[
    ("order_id", (Of::Order, "order_id")),
    ("external_id", (Of::Order, "external_id")),
    ("channel", (Of::Order, "channel")),
    ("type", (Of::Order, "type")),
    ("market", (Of::Order, "market")),
    ("platform", (Of::Order, "platform")),
    ("home", (Of::Order, "home")),
    ("buyer_id", (Of::Order, "buyer_id")),
    ("status", (Of::Order, "status")),
    ("store_status", (Of::Order, "store_status")),
    ("payment_status", (Of::Order, "payment_status")),
    ("created_at", (Of::Order, "created_at")),
    ("paid_at", (Of::Order, "paid_at")),
    ("updated_at", (Of::Order, "updated_at")),
    ("currency", (Of::Order, "currency")),
    ("order_price", (Of::Order, "price")),
    ("order_freight", (Of::Order, "freight")),
    ("platform_discount", (Of::Order, "platform_discount")),
    ("coins", (Of::Order, "coins")),
    ("third_party_discount", (Of::Order, "third_party_discount")),
    ("payable", (Of::Order, "payable")),
    ("paid", (Of::Order, "paid")),
    ("refunded", (Of::Order, "refunded")),
    ("shop_order_id", (Of::Shop, "order_id")),
    ("shop_id", (Of::Shop, "shop_id")),
    ("place", (Of::Shop, "place")),
    ("fulfilment", (Of::Shop, "fulfilment")),
    ("shop_status", (Of::Shop, "status")),
    ("refund_status", (Of::Shop, "refund_status")),
    ("shop_discount", (Of::Shop, "shop_discount")),
    ("freight", (Of::Shop, "freight")),
    ("shipped_at", (Of::Shop, "shipped_at")),
    ("received_at", (Of::Shop, "received_at")),
    ("item_order_id", (Of::Item, "order_id")),
    ("sku_id", (Of::Item, "sku_id")),
    ("item_id", (Of::Item, "item_id")),
    ("title", (Of::Item, "title")),
    ("quantity", (Of::Item, "quantity")),
    ("list_price", (Of::Item, "list_price")),
    ("item_discount", (Of::Item, "item_discount")),
    ("price", (Of::Item, "price")),
    ("to_pay", (Of::Item, "to_pay")),
    ("item_status", (Of::Item, "status")),
    ("item_refunded", (Of::Item, "refunded")),
    ("refunded_quantity", (Of::Item, "refunded_quantity")),
];

impl<W: Write> Writer<W> {
    fn write(&mut self, order: &RawValue) -> Result<(), Stopped> {
        let csv = match self {
            Self::Rows(csv) => csv,
            Self::Lines(out) => {
                out.write_all(order.get().as_bytes())?;
                return Ok(out.write_all(b"\n")?);
            }
        };
        let read = serde_json::from_str(order.get());
        let order: Json = read.map_err(|error| Stopped::Reading(error.into()))?;
        let below = |node: &Json, name: &str| -> Vec<Json> {
            node[name].as_array().cloned().unwrap_or_default()
        };
        for shop in below(&order, "shops") {
            for item in below(&shop, "items") {
                let cell = |of: Of, field: &str| match of {
                    Of::Order => cell(&order[field]),
                    Of::Shop => cell(&shop[field]),
                    Of::Item => cell(&item[field]),
                };
                csv.write_record(COLUMNS.iter().map(|(_, (of, field))| cell(*of, field)))?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Stopped> {
        match self {
            Self::Lines(mut out) => Ok(out.flush()?),
            Self::Rows(mut csv) => Ok(csv.flush()?),
        }
    }
}

/// A value as a cell: empty where it is unknown.
fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
