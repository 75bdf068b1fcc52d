//! For tests: databases that count what they do for a question, so that a bound is a number and no time.

use crate::StoreError;
use crate::ask::Ask;
use crate::database::{mysql, server, sqlite};
use crate::migrate::{self, Upgrade};
use crate::store::{Query, sqlite_path};
use crate::table::Table;
use crate::value::{Kind, Row, Value};
use docket_testkit::{Database, TestDatabase};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A fresh database that counts.
pub enum Counted {
    /// Steps of SQLite's machine.
    Sqlite { connection: rusqlite::Connection, steps: Arc<AtomicU64>, _database: TestDatabase },
    /// Rows that storage engines handed out.
    MySql {
        runtime: tokio::runtime::Runtime,
        connection: Box<sqlx::mysql::MySqlConnection>,
        of_counting: u64,
        _database: TestDatabase,
    },
}

impl Counted {
    /// A fresh one of this kind, with the schema of a new center.
    pub fn fresh(kind: Database) -> Self {
        let database = kind.fresh();
        let url = database.url();
        if let Some(path) = sqlite_path(&url) {
            let connection = sqlite::open(&path).unwrap();
            migrate::sqlite(&connection, Upgrade::Yes).unwrap();
            let steps = Arc::new(AtomicU64::new(0));
            return Self::Sqlite { connection, steps, _database: database };
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(async {
            let pool = server::pool(&url).await.unwrap();
            migrate::mysql(&pool, Upgrade::Yes).await.unwrap();
            pool.acquire().await.unwrap().detach()
        });
        let connection = Box::new(connection);
        let mut this = Self::MySql { runtime, connection, of_counting: 0, _database: database };
        let (first, second) = (this.count(), this.count());
        if let Self::MySql { of_counting, .. } = &mut this {
            *of_counting = second - first;
        }
        this
    }

    /// What `work` costs, with what it answers.
    pub fn cost<T>(&mut self, work: impl FnOnce(&mut dyn Ask) -> T) -> (T, u64) {
        let before = self.count();
        let answer = work(self);
        let own = if let Self::MySql { of_counting, .. } = self { *of_counting } else { 0 };
        (answer, self.count() - before - own)
    }

    fn count(&mut self) -> u64 {
        if let Self::Sqlite { steps, .. } = self {
            return steps.load(Relaxed);
        }
        let sql = "SELECT CAST(SUM(VARIABLE_VALUE) AS SIGNED) FROM information_schema.SESSION_STATUS \
                   WHERE VARIABLE_NAME LIKE 'Handler_read%' AND VARIABLE_NAME NOT LIKE '%retry'";
        let kinds = vec![Kind::Int];
        let asked = Query { table: "status", sql: sql.to_owned(), kinds, values: Vec::new() };
        self.ask(asked).unwrap().remove(0).int().unwrap().cast_unsigned()
    }

    /// Writes rows of `table`, some hundred at a time.
    pub fn insert(&mut self, table: &'static Table, rows: &[Vec<Value>]) {
        for rows in rows.chunks(100) {
            let tuple = format!("({})", vec!["?"; table.columns.len()].join(", "));
            let tuples = vec![tuple; rows.len()].join(", ");
            let sql =
                format!("INSERT INTO {} ({}) VALUES {tuples}", table.name, table.column_list());
            let values = rows.iter().flatten().cloned().collect();
            self.ask(Query { table: table.name, sql, kinds: Vec::new(), values }).unwrap();
        }
    }
}

impl Ask for Counted {
    fn ask(&mut self, asked: Query) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite { connection, steps, .. } => {
                let steps = Arc::clone(steps);
                let counting = move || steps.fetch_add(1, Relaxed) == u64::MAX;
                connection.progress_handler(1, Some(counting)).unwrap();
                let Query { table, sql, kinds, values } = asked;
                let answer = sqlite::query(connection, table, &sql, &kinds, &values);
                connection.progress_handler(0, None::<fn() -> bool>).unwrap();
                answer
            }
            Self::MySql { runtime, connection, .. } => {
                let handle = runtime.handle().clone();
                mysql::Moment { runtime: &handle, connection }.ask(asked)
            }
        }
    }
}
