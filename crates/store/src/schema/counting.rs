//! Databases that count what they do for what they are asked: SQLite its steps, a server the rows it reads.

use crate::StoreError;
use crate::database::sqlite::{self, sqlite_path};
use crate::database::{mysql, server};
use crate::schema::migrate::{self, Upgrade};
use crate::sql::ask::{Ask, Query};
use crate::sql::dialect::Dialect;
use crate::sql::value::{Kind, Row, Value};
use docket_testkit::Database;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Asks a database and counts what it does for that.
pub trait Counting: Ask {
    fn dialect(&self) -> Dialect;
    /// Rows, or steps, that were needed until now.
    fn count(&mut self) -> u64;
    /// What a page may need of them at most.
    fn most(&self) -> u64;
    /// Plans of statements that no keyset and no limit bounds.
    fn wide(&self) -> &[String];
}

struct OnSqlite {
    connection: rusqlite::Connection,
    steps: Arc<AtomicU64>,
    planned: BTreeSet<String>,
    /// Plans that go further than their keyset or limit.
    wide: Vec<String>,
}

impl OnSqlite {
    fn open(url: &str) -> Self {
        let connection = sqlite::open(&sqlite_path(url).unwrap()).unwrap();
        migrate::sqlite(&connection, Upgrade::Yes).unwrap();
        let steps = Arc::new(AtomicU64::new(0));
        Self { connection, steps, planned: BTreeSet::new(), wide: Vec::new() }
    }

    /// No statement sorts, and none goes along a table or an index that a keyset or a limit does not bound; but for the
    /// lines that wait to be filed, of which there are only so many.
    fn plan(&mut self, sql: &str, values: &[Value]) {
        if !sql.starts_with("SELECT") || !self.planned.insert(sql.to_owned()) {
            return;
        }
        let mut statement = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let lines = statement
            .query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3))
            .unwrap();
        for line in lines.map(Result::unwrap) {
            let along = ["payment_order_created", "payment_order_updated", "order_operation_at"]
                .iter()
                .any(|index| line.ends_with(&format!("INDEX {index}")));
            let of_values = line.ends_with("VALUES CLAUSE")
                || line.contains("CONSTANT ROW")
                || ["SCAN v", "SCAN piece"].contains(&line.as_str())
                || line.starts_with("SCAN b");
            let waits = line == "SCAN item_sku_new";
            let scans = line.starts_with("SCAN") && !along && !of_values && !waits;
            let sorts = line.contains("TEMP B-TREE") && !sql.contains("FROM item_sku_new");
            if scans || sorts || line.contains("AUTOMATIC") {
                self.wide.push(format!("{line}: {sql}"));
            }
        }
    }
}

impl Ask for OnSqlite {
    fn ask(&mut self, asked: Query) -> Result<Vec<Row>, StoreError> {
        self.plan(&asked.sql, &asked.values);
        let steps = Arc::clone(&self.steps);
        self.connection
            .progress_handler(1, Some(move || steps.fetch_add(1, Relaxed) == u64::MAX))
            .unwrap();
        let Query { table, sql, kinds, values } = asked;
        let answer = sqlite::query(&self.connection, table, &sql, &kinds, &values);
        self.connection.progress_handler(0, None::<fn() -> bool>).unwrap();
        answer
    }
}

impl Counting for OnSqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn count(&mut self) -> u64 {
        self.steps.load(Relaxed)
    }

    fn most(&self) -> u64 {
        12_000
    }

    fn wide(&self) -> &[String] {
        &self.wide
    }
}

struct OnServer {
    runtime: tokio::runtime::Runtime,
    connection: sqlx::mysql::MySqlConnection,
    of_counting: u64,
}

impl OnServer {
    fn open(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(async {
            let pool = server::pool(url).await.unwrap();
            migrate::mysql(&pool, Upgrade::Yes).await.unwrap();
            pool.acquire().await.unwrap().detach()
        });
        let mut this = Self { runtime, connection, of_counting: 0 };
        let (first, second) = (this.count(), this.count());
        this.of_counting = second - first;
        this
    }
}

impl Ask for OnServer {
    fn ask(&mut self, asked: Query) -> Result<Vec<Row>, StoreError> {
        let handle = self.runtime.handle().clone();
        mysql::Moment { runtime: &handle, connection: &mut self.connection }.ask(asked)
    }
}

impl Counting for OnServer {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn count(&mut self) -> u64 {
        let sql = "SELECT CAST(SUM(VARIABLE_VALUE) AS SIGNED) FROM information_schema.SESSION_STATUS \
                   WHERE VARIABLE_NAME LIKE 'Handler_read%' AND VARIABLE_NAME NOT LIKE '%retry'";
        let kinds = vec![Kind::Int];
        let asked = Query { table: "status", sql: sql.to_owned(), kinds, values: Vec::new() };
        self.ask(asked).unwrap().remove(0).int().unwrap().cast_unsigned()
    }

    fn most(&self) -> u64 {
        2_500 + self.of_counting
    }

    // The server's plans change with its version; what they read is counted.
    fn wide(&self) -> &[String] {
        &[]
    }
}

pub struct AsAsk<'a>(&'a mut dyn Counting);

pub const fn as_ask(database: &mut dyn Counting) -> AsAsk<'_> {
    AsAsk(database)
}

impl Ask for AsAsk<'_> {
    fn ask(&mut self, asked: Query) -> Result<Vec<Row>, StoreError> {
        self.0.ask(asked)
    }
}

pub fn open(kind: Database, url: &str) -> Box<dyn Counting> {
    match kind {
        Database::Sqlite => Box::new(OnSqlite::open(url)),
        Database::Mariadb => Box::new(OnServer::open(url)),
    }
}

/// Writes `rows`, some hundred at a time.
#[expect(clippy::needless_pass_by_value, reason = "whoever calls has just collected them")]
pub fn insert(
    database: &mut dyn Counting,
    table: &'static str,
    columns: &str,
    rows: Vec<Vec<Value>>,
) {
    for rows in rows.chunks(200) {
        let width = rows[0].len();
        let tuple = format!("({})", vec!["?"; width].join(", "));
        let tuples = vec![tuple; rows.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({columns}) VALUES {tuples}");
        let values = rows.iter().flatten().cloned().collect();
        database.ask(Query { table, sql, kinds: Vec::new(), values }).unwrap();
    }
}
