//! The database of a center behind its back: what no change of ours would ever write, for tests of those who find
//! it. Statements stand in small letters, as in no code of the center.

use docket_testkit::{Database, TestDatabase};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Row};

/// A connection of its own to a database.
pub struct Behind {
    url: String,
    kind: Database,
}

impl Behind {
    pub fn of(database: &TestDatabase) -> Self {
        Self { url: database.url(), kind: database.kind() }
    }

    /// That of a data folder.
    pub fn of_folder(data: &std::path::Path) -> Self {
        let url = format!("sqlite:{}", data.join("docket.db").display());
        Self { url, kind: Database::Sqlite }
    }

    fn file(&self) -> rusqlite::Connection {
        let path = self.url.strip_prefix("sqlite:").expect("a file");
        let file = rusqlite::Connection::open(path).expect("the file of the database");
        file.busy_timeout(std::time::Duration::from_secs(10)).expect("a timeout");
        file
    }

    async fn server(&self) -> sqlx::MySqlConnection {
        sqlx::MySqlConnection::connect(&self.url).await.expect("the server of the database")
    }

    /// The first column of the rows of `sql`, as text; nothing where it is null.
    pub fn ask(&self, sql: &str) -> Vec<Option<String>> {
        if self.kind == Database::Sqlite {
            let file = self.file();
            let mut statement = file.prepare(sql).expect("a query");
            let read = |row: &rusqlite::Row<'_>| {
                Ok(match row.get::<_, rusqlite::types::Value>(0)? {
                    rusqlite::types::Value::Integer(number) => Some(number.to_string()),
                    rusqlite::types::Value::Text(text) => Some(text),
                    _ => None,
                })
            };
            let rows = statement.query_map([], read).expect("rows");
            return rows.map(|row| row.expect("a row")).collect();
        }
        block_on(async {
            let mut server = self.server().await;
            let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut server).await.expect("rows");
            let text = |row: &sqlx::mysql::MySqlRow| {
                let number = row.try_get::<Option<i64>, _>(0).map(|n| n.map(|n| n.to_string()));
                number.or_else(|_| row.try_get_unchecked::<Option<String>, _>(0)).expect("a value")
            };
            rows.iter().map(text).collect()
        })
    }

    /// The one value that `sql` asks for.
    pub fn one(&self, sql: &str) -> String {
        self.ask(sql).into_iter().next().flatten().unwrap_or_else(|| panic!("nothing: {sql}"))
    }

    /// Runs a statement that must match a row.
    pub fn write(&self, sql: &str, texts: &[&str]) {
        let matched = if self.kind == Database::Sqlite {
            let values = rusqlite::params_from_iter(texts);
            self.file().execute(sql, values).unwrap_or_else(|error| panic!("{error}: {sql}")) as u64
        } else {
            block_on(async {
                let mut server = self.server().await;
                let query = texts.iter().fold(sqlx::query(AssertSqlSafe(sql)), |q, t| q.bind(*t));
                let done = query.execute(&mut server).await;
                done.unwrap_or_else(|error| panic!("{error}: {sql}")).rows_affected()
            })
        };
        assert!(matched > 0, "nothing matched: {sql}");
    }

    /// Makes a table.
    pub fn make(&self, sql: &str) {
        if self.kind == Database::Sqlite {
            self.file().execute_batch(sql).expect("a table");
        } else {
            block_on(async {
                let mut server = self.server().await;
                sqlx::query(AssertSqlSafe(sql)).execute(&mut server).await.expect("a table");
            });
        }
    }

    /// Changes the facts of the first row of `table` that belongs to the tree, past the center.
    pub fn edit(&self, table: &str, tree: &str, edit: impl FnOnce(&mut Value)) {
        let column = if table == "payment_order" { "id" } else { "tree" };
        let body = self
            .one(&format!("select body from {table} where {column} = {tree} order by id limit 1"));
        let id = self
            .one(&format!("select id from {table} where {column} = {tree} order by id limit 1"));
        let mut facts = serde_json::from_str(&body).expect("facts are JSON");
        edit(&mut facts);
        self.write(&format!("update {table} set body = ? where id = {id}"), &[&facts.to_string()]);
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}
