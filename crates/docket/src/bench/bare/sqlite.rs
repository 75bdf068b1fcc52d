//! The bare transaction on SQLite: one connection, cached statements, WAL with `synchronous = FULL`, and the
//! checkpoints SQLite makes by itself.

use super::super::orders::{SKUS, price_of};
use super::{BODY, BareOrder, ON_HAND, TABLES};
use rusqlite::{Connection, params};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The file of the bare transaction.
pub struct Orders {
    path: PathBuf,
    connection: Connection,
    next: u64,
}

impl Orders {
    /// Makes the file at `path`, with prices and stock.
    pub fn create(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.execute_batch("BEGIN")?;
        for table in TABLES {
            connection.execute(table, [])?;
        }
        for sku in 0..SKUS {
            let price = price_of(sku) as i64;
            connection
                .prepare_cached("INSERT INTO bare_price VALUES (?, ?)")?
                .execute([sku as i64, price])?;
            connection
                .prepare_cached("INSERT INTO bare_stock VALUES (?, ?, 0)")?
                .execute([sku as i64, ON_HAND])?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(Self { path: path.to_owned(), connection, next: 0 })
    }

    /// Transactions a second over `time`. Blocks its thread: nothing else is to run beside it.
    pub fn run(&mut self, time: Duration) -> rusqlite::Result<f64> {
        let (start, first) = (Instant::now(), self.next);
        while start.elapsed() < time {
            self.transact(&BareOrder::new(self.next))?;
            self.next += 1;
        }
        Ok((self.next - first) as f64 / start.elapsed().as_secs_f64())
    }

    fn transact(&self, order: &BareOrder) -> rusqlite::Result<()> {
        let run = |sql: &str, values: &[i64]| {
            self.connection.prepare_cached(sql)?.execute(rusqlite::params_from_iter(values))
        };
        run("BEGIN IMMEDIATE", &[])?;
        let mut prices = [0; 4];
        for (price, (sku, _)) in prices.iter_mut().zip(&order.lines) {
            let mut read =
                self.connection.prepare_cached("SELECT price FROM bare_price WHERE sku = ?")?;
            *price = read.query_row([sku], |row| row.get::<_, i64>(0))?;
        }
        for (sku, quantity) in &order.lines {
            let moved = run(
                "UPDATE bare_stock SET held = held + ? WHERE sku = ? AND on_hand - held >= ?",
                &[*quantity, *sku, *quantity],
            )?;
            assert_eq!(moved, 1, "there is more stock than a bench takes");
        }
        self.insert(order, &prices)?;
        run("COMMIT", &[])?;
        Ok(())
    }

    fn insert(&self, order: &BareOrder, prices: &[i64; 4]) -> rusqlite::Result<()> {
        let BareOrder { number, buyer, .. } = *order;
        self.connection
            .prepare_cached("INSERT INTO bare_payment VALUES (?, ?, 0, ?, ?)")?
            .execute(params![number, buyer, number, BODY])?;
        for (position, shop) in (0..).zip(order.shops) {
            self.connection
                .prepare_cached("INSERT INTO bare_shop VALUES (?, ?, ?, 0, ?)")?
                .execute(params![number * 2 + position, number, shop, BODY])?;
        }
        for (position, ((sku, quantity), price)) in (0..).zip(order.lines.iter().zip(prices)) {
            self.connection
                .prepare_cached("INSERT INTO bare_item VALUES (?, ?, ?, ?, ?, ?)")?
                .execute(params![
                    number * 4 + position,
                    number * 2 + position / 2,
                    sku,
                    quantity,
                    price,
                    BODY
                ])?;
        }
        self.connection
            .prepare_cached("INSERT INTO bare_log VALUES (?, ?, 1, ?)")?
            .execute(params![number, number, BODY])?;
        Ok(())
    }

    /// Removes the file.
    pub fn clear(self) -> rusqlite::Result<()> {
        self.connection.close().map_err(|(_, error)| error)?;
        // A file that is left over goes with its folder.
        let _ = fs::remove_file(&self.path);
        Ok(())
    }

    /// Rows of the 4 tables, units held, units ordered.
    #[cfg(test)]
    pub fn written(&self) -> rusqlite::Result<(i64, i64, i64)> {
        let rows = "SELECT (SELECT COUNT(*) FROM bare_payment) + (SELECT COUNT(*) FROM bare_shop) \
             + (SELECT COUNT(*) FROM bare_item) + (SELECT COUNT(*) FROM bare_log), \
             (SELECT SUM(held) FROM bare_stock), (SELECT SUM(quantity) FROM bare_item)";
        self.connection.query_row(rows, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    }
}
