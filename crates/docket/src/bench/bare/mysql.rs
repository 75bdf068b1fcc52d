//! The bare transaction on the MySQL family: 32 connections on threads of their own, one statement of many
//! rows for each table, prices in one read, READ COMMITTED.

use super::super::orders::{SKUS, price_of};
use super::{BODY, BareOrder, NAMES, ON_HAND, TABLES};
use crate::failure::Failure;
use crate::said::said;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row as _};
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Connections, as many as the contract names.
const CONNECTIONS: usize = 32;
/// Rows a statement while prices and stock are filled.
const CHUNK: u64 = 500;

/// The tables of the bare transaction.
pub struct Orders {
    url: String,
    next: Arc<AtomicU64>,
}

/// A connection that says only what it is asked.
pub async fn connect(url: &str) -> sqlx::Result<MySqlConnection> {
    MySqlConnectOptions::from_str(url)?.disable_statement_logging().connect().await
}

impl Orders {
    /// Makes the tables, over those of a bench that was interrupted, with prices and stock.
    pub async fn create(url: &str) -> Result<Self, Failure> {
        let mut connection = connect(url).await?;
        drop_tables(&mut connection).await?;
        for table in TABLES {
            connection.execute(table).await?;
        }
        for first in (0..SKUS).step_by(CHUNK as usize) {
            let skus = first..(first + CHUNK).min(SKUS);
            let rows =
                |row: &dyn Fn(u64) -> String| skus.clone().map(row).collect::<Vec<_>>().join(",");
            let prices = rows(&|sku| format!("({sku},{})", price_of(sku)));
            let stock = rows(&|sku| format!("({sku},{ON_HAND},0)"));
            for (table, rows) in [("bare_price", prices), ("bare_stock", stock)] {
                let sql = format!("INSERT INTO {table} VALUES {rows}");
                connection.execute(AssertSqlSafe(sql)).await?;
            }
        }
        connection.close().await?;
        Ok(Self { url: url.to_owned(), next: Arc::default() })
    }

    /// Transactions a second over `time`.
    pub async fn run(&mut self, time: Duration) -> Result<f64, Failure> {
        let (url, next) = (self.url.clone(), Arc::clone(&self.next));
        let (answer, answered) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || drop(answer.send(load(&url, &next, time))));
        answered
            .await
            .map_err(|_| Failure::new(said!("the bare load ended early", "裸事务负载提前结束")))?
    }

    /// Drops the tables.
    pub async fn clear(self) -> Result<(), Failure> {
        let mut connection = connect(&self.url).await?;
        drop_tables(&mut connection).await?;
        Ok(connection.close().await?)
    }
}

async fn drop_tables(connection: &mut MySqlConnection) -> sqlx::Result<()> {
    for table in NAMES {
        connection.execute(AssertSqlSafe(format!("DROP TABLE IF EXISTS {table}"))).await?;
    }
    Ok(())
}

/// The whole load, on a runtime with as many threads as there are cores.
fn load(url: &str, next: &Arc<AtomicU64>, time: Duration) -> Result<f64, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            let mut connection = connect(url).await?;
            connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
            connections.push(connection);
        }
        let (start, first) = (Instant::now(), next.load(Relaxed));
        let mut clients = JoinSet::new();
        for mut connection in connections {
            let next = Arc::clone(next);
            clients.spawn(async move {
                while start.elapsed() < time {
                    transact(&mut connection, &BareOrder::new(next.fetch_add(1, Relaxed))).await?;
                }
                connection.close().await
            });
        }
        while let Some(client) = clients.join_next().await {
            client??;
        }
        Ok((next.load(Relaxed) - first) as f64 / start.elapsed().as_secs_f64())
    })
}

async fn transact(connection: &mut MySqlConnection, order: &BareOrder) -> sqlx::Result<()> {
    connection.execute("BEGIN").await?;
    let read = "SELECT price FROM bare_price WHERE sku IN (?, ?, ?, ?) ORDER BY sku";
    let read = order.lines.iter().fold(sqlx::query(read), |query, (sku, _)| query.bind(sku));
    let prices = read.fetch_all(&mut *connection).await?;
    let held = "UPDATE bare_stock SET held = held + ? WHERE sku = ? AND on_hand - held >= ?";
    for (sku, quantity) in &order.lines {
        let moved = sqlx::query(held).bind(quantity).bind(sku).bind(quantity);
        let moved = moved.execute(&mut *connection).await?.rows_affected();
        assert_eq!(moved, 1, "there is more stock than a bench takes");
    }
    let BareOrder { number, buyer, .. } = *order;
    sqlx::query("INSERT INTO bare_payment VALUES (?, ?, 0, ?, ?)")
        .bind(number)
        .bind(buyer)
        .bind(number)
        .bind(BODY)
        .execute(&mut *connection)
        .await?;
    let mut shops = sqlx::query("INSERT INTO bare_shop VALUES (?, ?, ?, 0, ?), (?, ?, ?, 0, ?)");
    for (position, shop) in (0..).zip(order.shops) {
        shops = shops.bind(number * 2 + position).bind(number).bind(shop).bind(BODY);
    }
    shops.execute(&mut *connection).await?;
    let mut items = sqlx::query(
        "INSERT INTO bare_item VALUES (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?), \
         (?, ?, ?, ?, ?, ?)",
    );
    for (position, ((sku, quantity), price)) in (0..).zip(order.lines.iter().zip(&prices)) {
        items = items.bind(number * 4 + position).bind(number * 2 + position / 2);
        items = items.bind(sku).bind(quantity).bind(price.try_get::<i64, _>(0)?).bind(BODY);
    }
    items.execute(&mut *connection).await?;
    sqlx::query("INSERT INTO bare_log VALUES (?, ?, 1, ?)")
        .bind(number)
        .bind(number)
        .bind(BODY)
        .execute(&mut *connection)
        .await?;
    connection.execute("COMMIT").await.map(drop)
}
