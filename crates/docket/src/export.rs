//! `docket export`: orders out of a center, page by page to the standard output. As JSON lines, one tree each
//! as the API shows it with `expand=tree`, or as CSV, one row a line of an order. `rows` is the CSV, `sheet` what of it
//! is for people's spreadsheets, `given` how they are written, `rescue` what is done
//! where the database is damaged.
//!
//! People's data comes masked, as in every list. What an export says can be imported again.

mod codes;
mod given;
mod rescue;
mod rows;
mod sheet;

pub use sheet::{decimal, safe};

use crate::center::Method;
use crate::center::own::OpenError;
use crate::center::{self, Center};
use crate::cli::Options;
use crate::commands::path_part;
use crate::failure::Failure;
use crate::log;
use crate::said::said;
use crate::usage::WrongValue;
use docket_app::vault::CustomerData;
use docket_app::{App, Cursor, Listed, Orders, Principal, Settings, StoreError};
use docket_domain::words::{AnomalyKind, Status, StoreStatus};
use docket_domain::{Id, Json, Time, Tree, status};
use docket_wire::{Codes, Look, moment, view};
use given::Given;
use serde_json::value::{RawValue, to_raw_value};
#[cfg(test)]
use std::io::Write;

/// Orders of a page: as many as the API gives.
const PAGE: usize = 200;

/// Arguments of `docket export`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    /// One tree a line (the default), or one row a line of an order.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Stored numbers instead of words.
    #[arg(long)]
    pub codes: bool,
    /// CSV for people's spreadsheets: decimals, ids as texts, no cell that is run.
    #[arg(long)]
    pub spreadsheet: bool,
    /// Also orders that left for the archive.
    #[arg(long)]
    pub archived: bool,
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

fn time(text: &str) -> Result<Time, WrongValue> {
    let day = || {
        let day: jiff::civil::Date = text.parse().ok()?;
        let start = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Time(start.timestamp().as_millisecond()))
    };
    moment::parse(text).or_else(day).ok_or_else(|| {
        WrongValue(said!(
            "such as 2026-11-20T10:00:00Z or 2026-11-20",
            "例如 2026-11-20T10:00:00Z 或 2026-11-20"
        ))
    })
}

fn status(text: &str) -> Result<Status, WrongValue> {
    Status::from_word(text).ok_or_else(|| one_of(Status::ALL.iter().map(|known| known.word())))
}

fn store_status(text: &str) -> Result<StoreStatus, WrongValue> {
    let known = StoreStatus::ALL.iter().map(|known| known.word());
    StoreStatus::from_word(text).ok_or_else(|| one_of(known))
}

fn anomaly(text: &str) -> Result<String, WrongValue> {
    let known = AnomalyKind::from_word(text).map(|kind| kind.word().to_owned());
    known.ok_or_else(|| one_of(AnomalyKind::ALL.iter().map(|kind| kind.word())))
}

fn one_of(words: impl Iterator<Item = &'static str>) -> WrongValue {
    let words = words.collect::<Vec<_>>().join(", ");
    WrongValue(said!("one of {words}", "应为以下之一：{words}"))
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

    /// How orders are written; a spreadsheet reads CSV.
    fn format(&self) -> Result<Format, Failure> {
        match (self.format, self.spreadsheet) {
            (Some(Format::Jsonl), true) => Err(Failure::usage(said!(
                "--spreadsheet writes CSV, and --format asks for JSON lines",
                "--spreadsheet 输出 CSV，而 --format 要求 JSON 行"
            ))
            .next(said!("Leave one of them out.", "请去掉其中一个。"))),
            (Some(format), _) => Ok(format),
            (None, true) => Ok(Format::Csv),
            (None, false) => Ok(Format::Jsonl),
        }
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

    /// The same of orders that left for the archive.
    fn archived_page(
        &self,
        args: &Args,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<Page, Failure>>;

    /// How many orders left for the archive.
    fn archived(&self) -> impl Future<Output = Result<u64, Failure>>;
}

impl Shelf for App {
    async fn page(&self, args: &Args, cursor: Option<&str>) -> Result<Page, Failure> {
        let asked = args.orders(cursor.and_then(read_cursor));
        listed(self, args, self.orders(&Principal::local(), &asked).await)
    }

    async fn archived_page(&self, args: &Args, cursor: Option<&str>) -> Result<Page, Failure> {
        let asked = args.orders(cursor.and_then(read_cursor));
        listed(self, args, self.archived_page(&Principal::local(), &asked).await)
    }

    async fn archived(&self) -> Result<u64, Failure> {
        Ok(self.archived_orders(&Principal::local()).await?)
    }
}

fn read_cursor(cursor: &str) -> Option<Cursor> {
    let (at, id) = cursor.split_once('_')?;
    Some(Cursor { at: Time(at.parse().ok()?), id: id.parse::<Id>().ok()? })
}

/// A page of the center of this process.
fn listed(
    app: &App,
    args: &Args,
    listed: Result<Listed, docket_app::Error>,
) -> Result<Page, Failure> {
    let Listed { orders, next } = listed.map_err(|error| match error {
        docket_app::Error::Damaged(why) => OpenError::Store(StoreError::Damaged(why.into())).into(),
        error => Failure::from(error),
    })?;
    let next = next.map(|Cursor { at, id }| format!("{}_{id}", at.0));
    Ok(Page { orders: shown(app.settings(), app.now(), args, &orders)?, next })
}

/// Orders as the API shows them.
fn shown(
    settings: &Settings,
    now: Time,
    args: &Args,
    orders: &[(Tree, CustomerData)],
) -> Result<Vec<Box<RawValue>>, Failure> {
    let codes = if args.codes { Codes::Numbers } else { Codes::Words };
    let look = Look { codes, ..Look::whole(&settings.markets, now) };
    let show = |(tree, person): &(Tree, CustomerData)| {
        let standing = status::of(tree);
        let look = Look { rate_again: settings.deadlines.of(tree).rate_again, ..look };
        Ok(to_raw_value(&view::view(tree, &standing, person.masked(), &look))?)
    };
    orders.iter().map(show).collect()
}

impl Shelf for Center {
    async fn page(&self, args: &Args, cursor: Option<&str>) -> Result<Page, Failure> {
        match self.app() {
            Some(app) => app.page(args, cursor).await,
            None => asked(self, "/api/orders", args, cursor).await,
        }
    }

    async fn archived_page(&self, args: &Args, cursor: Option<&str>) -> Result<Page, Failure> {
        match self.app() {
            Some(app) => Shelf::archived_page(app, args, cursor).await,
            None => asked(self, "/api/archive/orders", args, cursor).await,
        }
    }

    async fn archived(&self) -> Result<u64, Failure> {
        if let Some(app) = self.app() {
            return app.archived().await;
        }
        let count = self.get("/api/archive/count").await?;
        Ok(count["orders"].as_u64().unwrap_or_default())
    }
}

/// A page of a running server.
async fn asked(
    center: &Center,
    path: &str,
    args: &Args,
    cursor: Option<&str>,
) -> Result<Page, Failure> {
    let mut path = format!("{path}?");
    for (name, value) in args.query().into_iter().chain(cursor.map(|c| ("cursor", c.to_owned()))) {
        path.extend([name, "=", &path_part(&value)?, "&"]);
    }
    let answer =
        center.client().send(Method::GET, path.trim_end_matches('&'), Vec::new(), Vec::new());
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

/// Writes the orders that `args` asks for to the standard output. Of a damaged database it gives what can be read.
pub async fn run(args: Args, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    args.format()?;
    let out = options.output();
    let mut given = Given::to(&args, std::io::BufWriter::new(std::io::stdout()));
    let listed = center::with_one_that_is_there(options, async |center| {
        told(given.pages(center).await)?;
        // A key that is limited to shops is not told of others.
        match center.archived().await {
            Ok(left) if left > 0 && !args.archived => out.note(out.tell(&said!(
                "{left} orders are in the archive and were left out; --archived exports them too",
                "归档中另有 {left} 个订单未导出；用 --archived 可一并导出"
            ))),
            _ => {}
        }
        Ok(())
    })
    .await;
    match listed {
        Err(failure) if failure.word == "damaged" && options.server.is_none() => {
            told(rescue::rescue(&mut given, options).await)
        }
        listed => listed,
    }
}

fn told(written: Result<(), Stopped>) -> Result<(), Failure> {
    match written {
        // Who reads has seen enough: `docket export | head`.
        Err(Stopped::Writing(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(Stopped::Writing(error)) => {
            Err(Failure::new(said!("cannot write", "无法写入").because(&error)))
        }
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
#[cfg(test)]
pub async fn write(args: &Args, shelf: &impl Shelf, out: impl Write) -> Result<(), Stopped> {
    Given::to(args, out).pages(shelf).await
}
