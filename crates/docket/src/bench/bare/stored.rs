//! What the database holds, read past the server: sizes, counts, and what the verification compares. Both
//! databases read the same text.

use super::{Database, mysql};
use crate::failure::Failure;
use crate::said::said;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Executor as _, Row as _, SqlSafeStr};

/// How much a database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Rows of all tables.
    pub rows: i64,
    /// Bytes of tables and indexes; on the MySQL family as the server estimates them.
    pub bytes: i64,
}

/// A connection that only looks.
pub enum Reader {
    /// A file.
    Sqlite(rusqlite::Connection),
    /// A server.
    MySql(MySqlConnection),
}

impl Reader {
    /// Opens `database`, which a server may be using.
    pub async fn open(database: &Database) -> Result<Self, Failure> {
        Ok(match database {
            Database::Sqlite(path) => {
                let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
                Self::Sqlite(rusqlite::Connection::open_with_flags(path, flags)?)
            }
            Database::MySql(url) => Self::MySql(mysql::connect(url).await?),
        })
    }

    /// The rows of a query, all columns numbers.
    async fn numbers<const N: usize>(
        &mut self,
        sql: impl SqlSafeStr,
    ) -> Result<Vec<[i64; N]>, Failure> {
        match self {
            Self::Sqlite(connection) => {
                let sql = sql.into_sql_str();
                let mut statement = connection.prepare(sql.as_str())?;
                let rows = statement.query_map([], |row| {
                    let mut numbers = [0; N];
                    for (column, number) in numbers.iter_mut().enumerate() {
                        *number = row.get(column)?;
                    }
                    Ok(numbers)
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            }
            Self::MySql(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await?;
                let read = rows.iter().map(|row| {
                    let mut numbers = [0; N];
                    for (column, number) in numbers.iter_mut().enumerate() {
                        *number = row.try_get(column)?;
                    }
                    Ok::<_, sqlx::Error>(numbers)
                });
                Ok(read.collect::<Result<_, _>>()?)
            }
        }
    }

    async fn number(&mut self, sql: impl SqlSafeStr) -> Result<i64, Failure> {
        let rows = self.numbers::<1>(sql).await?;
        rows.first()
            .map(|[number]| *number)
            .ok_or_else(|| Failure::new(said!("a count has no row", "计数没有结果")))
    }

    /// Rows of effects.
    pub async fn effects(&mut self) -> Result<i64, Failure> {
        self.number("SELECT COUNT(*) FROM effect").await
    }

    /// How much there is.
    pub async fn size(&mut self) -> Result<Size, Failure> {
        let mut rows = 0;
        for table in self.tables().await? {
            // The names are the server's own.
            rows += self.number(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"))).await?;
        }
        Ok(Size { rows, bytes: self.bytes().await? })
    }

    /// The tables the server made.
    async fn tables(&mut self) -> Result<Vec<String>, Failure> {
        match self {
            Self::Sqlite(connection) => {
                let named = "SELECT name FROM sqlite_master WHERE type = 'table' \
                     AND name NOT LIKE 'sqlite_%'";
                let mut statement = connection.prepare(named)?;
                let names = statement.query_map([], |row| row.get(0))?;
                Ok(names.collect::<Result<_, _>>()?)
            }
            Self::MySql(connection) => {
                let named = "SELECT CAST(table_name AS CHAR) FROM information_schema.tables \
                     WHERE table_schema = DATABASE() AND table_name NOT LIKE 'bare_%'";
                Ok(sqlx::query_scalar(named).fetch_all(connection).await?)
            }
        }
    }

    async fn bytes(&mut self) -> Result<i64, Failure> {
        if let Self::Sqlite(_) = self {
            let pages = self.number("PRAGMA page_count").await?;
            return Ok(pages * self.number("PRAGMA page_size").await?);
        }
        let tables = self.tables().await?;
        if let Self::MySql(connection) = self {
            // The estimate is only as fresh as the last look of the server.
            for table in tables {
                connection.execute(AssertSqlSafe(format!("ANALYZE TABLE {table}"))).await?;
            }
        }
        self.number(
            "SELECT CAST(SUM(data_length + index_length) AS SIGNED) FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_name NOT LIKE 'bare_%'",
        )
        .await
    }

    /// The ids of all payment orders, in their order.
    pub async fn orders(&mut self) -> Result<Vec<i64>, Failure> {
        let ids = self.numbers::<1>("SELECT id FROM payment_order ORDER BY id").await?;
        Ok(ids.into_iter().map(|[id]| id).collect())
    }

    /// How many payment orders lack one of their rows: 2 shop orders, 4 items, the first log row, the agreed
    /// tree, the sealed person.
    pub async fn torn_orders(&mut self) -> Result<i64, Failure> {
        self.number(
            "SELECT COUNT(*) FROM payment_order p \
             WHERE (SELECT COUNT(*) FROM shop_order s WHERE s.tree = p.id) <> 2 \
             OR (SELECT COUNT(*) FROM item_order i WHERE i.tree = p.id) <> 4 \
             OR (SELECT COUNT(*) FROM order_operation o WHERE o.tree = p.id AND o.seq = 1) <> 1 \
             OR (SELECT COUNT(*) FROM order_snapshot a WHERE a.tree = p.id) <> 1 \
             OR (SELECT COUNT(*) FROM order_person h WHERE h.tree = p.id) <> 1",
        )
        .await
    }

    /// Shop orders, items, log rows, agreed trees and people without their payment order.
    pub async fn orphans(&mut self) -> Result<i64, Failure> {
        let mut orphans = 0;
        for table in
            ["shop_order", "item_order", "order_operation", "order_snapshot", "order_person"]
        {
            let sql = format!(
                "SELECT COUNT(*) FROM {table} t \
                 WHERE NOT EXISTS (SELECT 1 FROM payment_order p WHERE p.id = t.tree)"
            );
            orphans += self.number(AssertSqlSafe(sql)).await?;
        }
        Ok(orphans)
    }

    /// Idempotency keys, and the different orders they stand for.
    pub async fn idempotency_keys(&mut self) -> Result<(i64, i64), Failure> {
        let sql = "SELECT COUNT(*), COUNT(DISTINCT tree) FROM idempotency";
        let counts = self.numbers::<2>(sql).await?;
        counts
            .first()
            .map(|[keys, orders]| (*keys, *orders))
            .ok_or_else(|| Failure::new(said!("no count", "没有计数")))
    }

    /// By SKU: thousandths ordered, over all lines of all orders.
    pub async fn ordered(&mut self) -> Result<Vec<[i64; 2]>, Failure> {
        self.numbers(
            "SELECT CAST(SUBSTR(sku_id, 5) AS SIGNED), \
             CAST(SUM(CAST(JSON_EXTRACT(body, '$.quantity') AS SIGNED)) AS SIGNED) \
             FROM item_order GROUP BY sku_id ORDER BY sku_id",
        )
        .await
    }

    /// By SKU: thousandths on hand and held.
    pub async fn stock(&mut self) -> Result<Vec<[i64; 3]>, Failure> {
        self.numbers(
            "SELECT CAST(SUBSTR(sku_id, 5) AS SIGNED), on_hand, held FROM stock ORDER BY sku_id",
        )
        .await
    }
}
