//! What the bench asks of a database itself, past the server; all its SQL stands in this folder.
//!
//! The bare transaction is what the database could do at best for an order: 8 rows in 4 tables with 6
//! secondary indexes, 4 price reads, 4 conditional stock updates, one transaction each, as durable as the
//! server's. One connection on SQLite, 32 on the MySQL family. Beside it: making a database ready for a
//! bench (`prepare`), looking at what was stored (`stored`), counting pages of SQLite's log (`wal`).

mod mysql;
mod prepare;
mod sqlite;
mod stored;
mod wal;

pub use prepare::{Emptying, prepare};
pub use stored::{Reader, Size};
pub use wal::WalCounter;

use crate::failure::Failure;
use crate::said::said;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The database under a bench.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    MySql(String),
}

impl Database {
    /// Reads a URL as `docket.toml` has it.
    pub fn parse(url: &str) -> Result<Self, Failure> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into()));
        }
        if url.starts_with("mysql://") {
            return Ok(Self::MySql(url.to_owned()));
        }
        Err(Failure::usage(said!("\"{url}\" is no database URL", "“{url}”不是数据库地址")).next(
            said!(
                "It reads sqlite:PATH or mysql://user@host/database.",
                "应为 sqlite:PATH 或 mysql://user@host/database。"
            ),
        ))
    }

    /// What the server is told.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::MySql(url) => url.clone(),
        }
    }

    /// What people and programs read in the report.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::MySql(_) => "mysql",
        }
    }

    /// Its file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::MySql(_) => None,
        }
    }

    /// Where its server listens, if it has one.
    pub async fn address(&self) -> Option<SocketAddr> {
        let Self::MySql(url) = self else { return None };
        let rest = url.strip_prefix("mysql://")?;
        let place = rest.split('/').next()?.rsplit('@').next()?;
        let place = if place.contains(':') { place.to_owned() } else { format!("{place}:3306") };
        tokio::net::lookup_host(place).await.ok()?.next()
    }
}

/// The bare transaction on a database of its own (SQLite: a file beside the server's) or in tables of its own.
pub enum Bare {
    /// One connection.
    Sqlite(sqlite::Orders),
    /// 32 connections.
    MySql(mysql::Orders),
}

impl Bare {
    /// Makes its tables.
    pub async fn set_up(database: &Database) -> Result<Self, Failure> {
        Ok(match database {
            Database::Sqlite(path) => {
                Self::Sqlite(sqlite::Orders::create(&path.with_extension("bare"))?)
            }
            Database::MySql(url) => Self::MySql(mysql::Orders::create(url).await?),
        })
    }

    /// Transactions a second over `time`.
    pub async fn run(&mut self, time: Duration) -> Result<f64, Failure> {
        match self {
            Self::Sqlite(orders) => orders.run(time).map_err(Failure::from),
            Self::MySql(orders) => orders.run(time).await,
        }
    }

    /// Drops its tables again.
    pub async fn clear(self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(orders) => orders.clear().map_err(Failure::from),
            Self::MySql(orders) => orders.clear().await,
        }
    }
}

/// What one bare transaction writes, made before it begins.
struct BareOrder {
    number: i64,
    buyer: i64,
    shops: [i64; 2],
    /// SKU and quantity, in the order of SKUs, so that no two transactions wait for each other in a ring.
    lines: [(i64, i64); 4],
}

/// As many units of a SKU as an order center would have, and more than a bench takes.
const ON_HAND: i64 = 1_000_000_000;
/// As much text as a row of an order has beside its columns: title, image, attributes, address.
const BODY: &str = "Article no. 1234, with a title of the usual length; graphite, size 42; \
    https://img.example/1234.jpg; and whatever else the caller told about this line";

impl BareOrder {
    fn new(number: u64) -> Self {
        use super::orders::Order;
        let order = Order::new(3, number);
        let mut lines = [(0, 0); 4];
        for (own, line) in lines.iter_mut().zip(order.lines()) {
            *own = (line.sku as i64, line.quantity as i64);
        }
        lines.sort_unstable();
        let shops = [order.shops[0].id as i64, order.shops[1].id as i64];
        Self { number: number as i64 + 1, buyer: order.buyer as i64, shops, lines }
    }
}

/// The tables: 4 for 8 rows, with 6 secondary indexes, and those of prices and stock. Both databases read it.
const TABLES: [&str; 12] = [
    "CREATE TABLE bare_payment (id BIGINT NOT NULL PRIMARY KEY, buyer BIGINT NOT NULL, \
     status BIGINT NOT NULL, created_at BIGINT NOT NULL, body VARCHAR(512) NOT NULL)",
    "CREATE INDEX bare_payment_buyer ON bare_payment (buyer, created_at)",
    "CREATE INDEX bare_payment_status ON bare_payment (status, created_at)",
    "CREATE TABLE bare_shop (id BIGINT NOT NULL PRIMARY KEY, payment BIGINT NOT NULL, \
     shop BIGINT NOT NULL, status BIGINT NOT NULL, body VARCHAR(512) NOT NULL)",
    "CREATE INDEX bare_shop_payment ON bare_shop (payment)",
    "CREATE INDEX bare_shop_shop ON bare_shop (shop, status)",
    "CREATE TABLE bare_item (id BIGINT NOT NULL PRIMARY KEY, shop_order BIGINT NOT NULL, \
     sku BIGINT NOT NULL, quantity BIGINT NOT NULL, price BIGINT NOT NULL, body VARCHAR(512) NOT NULL)",
    "CREATE INDEX bare_item_shop ON bare_item (shop_order)",
    "CREATE TABLE bare_log (id BIGINT NOT NULL PRIMARY KEY, payment BIGINT NOT NULL, \
     kind BIGINT NOT NULL, body VARCHAR(512) NOT NULL)",
    "CREATE INDEX bare_log_payment ON bare_log (payment)",
    "CREATE TABLE bare_price (sku BIGINT NOT NULL PRIMARY KEY, price BIGINT NOT NULL)",
    "CREATE TABLE bare_stock (sku BIGINT NOT NULL PRIMARY KEY, on_hand BIGINT NOT NULL, \
     held BIGINT NOT NULL)",
];

/// The names of those tables.
const NAMES: [&str; 6] =
    ["bare_payment", "bare_shop", "bare_item", "bare_log", "bare_price", "bare_stock"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_database() {
        assert_eq!(Database::parse("sqlite:/a/b").unwrap().url(), "sqlite:/a/b");
        assert_eq!(Database::parse("mysql://u@h/d").unwrap().name(), "mysql");
        assert_eq!(Database::parse("postgres://h/d").unwrap_err().code, 2);
    }

    #[test]
    fn the_bare_limit_has_six_secondary_indexes_on_four_tables() {
        let of_rows = |text: &&&str| text.contains("INDEX");
        assert_eq!(TABLES.iter().filter(of_rows).count(), 6);
        assert_eq!(TABLES.len() - 6, NAMES.len());
    }

    #[tokio::test]
    async fn the_bare_transaction_writes_eight_rows_and_moves_the_stock() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("bench.sqlite"));
        let Ok(Bare::Sqlite(mut orders)) = Bare::set_up(&database).await else { panic!("no file") };
        assert!(orders.run(Duration::from_millis(50)).unwrap() > 0.0);
        let (rows, held, quantities) = orders.written().unwrap();
        assert!(rows > 0 && rows % 8 == 0, "{rows}");
        assert_eq!(held, quantities);
    }
}
