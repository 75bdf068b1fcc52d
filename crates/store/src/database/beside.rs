//! A connection of its own beside the writer's: for what is asked of a database without opening a center on it, or
//! written to it once. It works next to a running center.

use crate::database::sqlite::{self, is_there, sqlite_path};
use crate::database::{lock, mysql, server};
use crate::sql::ask::{Ask, Query};
use crate::sql::value::{Kind, Row, Value};
use crate::{StoreError, error};
use rusqlite::OpenFlags as Flags;
use sqlx::Executor;
use sqlx::mysql::MySqlConnection;
use std::path::Path;
use tokio::runtime::Handle;

/// What is done with the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only reads.
    Read,
    /// It writes; one process at a time.
    Write,
}

/// The connection.
pub enum Beside {
    Sqlite(rusqlite::Connection),
    MySql { runtime: Handle, connection: MySqlConnection },
}

/// Has `work` work on the database of `url`, on a thread that may block; `None` where there is no database, or one
/// without tables.
pub async fn beside<T: Send + 'static>(
    url: &str,
    access: Access,
    work: impl FnOnce(&mut Beside) -> Result<T, StoreError> + Send + 'static,
) -> Result<Option<T>, StoreError> {
    let mut opened = match sqlite_path(url) {
        Some(path) => match open_sqlite(&path, access)? {
            Some(connection) => Beside::Sqlite(connection),
            None => return Ok(None),
        },
        None => {
            Beside::MySql { runtime: Handle::current(), connection: open_mysql(url, access).await? }
        }
    };
    let job = tokio::task::spawn_blocking(move || {
        if opened.schema()? == 0 { Ok(None) } else { work(&mut opened).map(Some) }
    });
    job.await?
}

fn open_sqlite(path: &Path, access: Access) -> Result<Option<rusqlite::Connection>, StoreError> {
    if !is_there(path)? {
        return Ok(None);
    }
    let flags = match access {
        Access::Read => Flags::SQLITE_OPEN_READ_ONLY,
        Access::Write => Flags::SQLITE_OPEN_READ_WRITE,
    };
    let open = rusqlite::Connection::open_with_flags(path, flags | Flags::SQLITE_OPEN_NO_MUTEX);
    let connection = open.map_err(|error| error::at(path, error))?;
    connection.execute_batch("PRAGMA busy_timeout = 5000")?;
    if access == Access::Read {
        pass_damaged_schema(&connection)?;
    }
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")?;
    Ok(Some(connection))
}

/// Where a page that says what tables there are cannot be read, a connection that only reads knows those that stand
/// before it, instead of none. The name of the pragma says what else it would allow, were this one that writes.
fn pass_damaged_schema(connection: &rusqlite::Connection) -> Result<(), StoreError> {
    let look = || connection.query_row("SELECT COUNT(name) FROM sqlite_master", [], |_| Ok(()));
    match look().map_err(StoreError::from) {
        Err(error) if error.is_damage() => {
            connection.execute_batch("PRAGMA writable_schema = ON")?;
            // This one still fails; those after it find what was read until then.
            let _ = look();
            Ok(())
        }
        looked => looked,
    }
}

/// A table that is not there is damage where not all could be read of what tables there are.
fn is_lost(connection: &rusqlite::Connection, error: StoreError) -> StoreError {
    match error {
        StoreError::Refused(why) if why.to_string().contains("no such table") => {
            let part = connection
                .query_row("PRAGMA writable_schema", [], |row| row.get::<_, bool>(0))
                .unwrap_or(false);
            if part { StoreError::Damaged(why) } else { StoreError::Refused(why) }
        }
        error => error,
    }
}

async fn open_mysql(url: &str, access: Access) -> Result<MySqlConnection, StoreError> {
    let mut connection = server::connect(url).await?;
    connection.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'").await?;
    if access == Access::Write {
        lock::hold(&mut connection).await?;
    }
    Ok(connection)
}

impl Ask for Beside {
    fn ask(&mut self, asked: Query) -> Result<Vec<Row>, StoreError> {
        let Query { table, sql, kinds, values } = asked;
        match self {
            Self::Sqlite(connection) => sqlite::query(connection, table, &sql, &kinds, &values)
                .map_err(|error| is_lost(connection, error)),
            Self::MySql { runtime, connection } => {
                runtime.block_on(mysql::query(connection, table, &sql, &kinds, &values))
            }
        }
    }
}

impl Beside {
    /// The version of the schema; 0 where there is none.
    fn schema(&mut self) -> Result<i64, StoreError> {
        let one = |sql: &str| Query {
            table: "schema_version",
            sql: sql.to_owned(),
            kinds: vec![Kind::Int],
            values: Vec::new(),
        };
        let number = |rows: Vec<Row>| rows.into_iter().next().map_or(Ok(0), |mut row| row.int());
        if let Self::Sqlite(_) = self {
            return number(self.ask(one("PRAGMA user_version"))?);
        }
        let tables = "SELECT COUNT(*) FROM information_schema.tables \
                      WHERE table_schema = DATABASE() AND table_name = 'schema_version'";
        if number(self.ask(one(tables))?)? == 0 {
            return Ok(0);
        }
        number(
            self.ask(one("SELECT CAST(COALESCE(MAX(version), 0) AS SIGNED) FROM schema_version"))?,
        )
    }

    /// Has `work` see or write everything of one moment, all or nothing.
    pub fn at_one_moment<T>(
        &mut self,
        access: Access,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let writes = access == Access::Write && matches!(self, Self::Sqlite(_));
        self.say(if writes { "BEGIN IMMEDIATE" } else { "BEGIN" })?;
        let done = work(self);
        if access == Access::Write && done.is_ok() {
            let committed = self.say("COMMIT");
            if committed.is_ok() {
                return done;
            }
            self.roll_back();
            return committed.and(done);
        }
        // Of what was only read nothing is lost: SQLite would not even commit that over a damaged page.
        self.roll_back();
        done
    }

    /// One that cannot be rolled back ends with its connection.
    fn roll_back(&mut self) {
        let _ = self.say("ROLLBACK");
    }

    fn say(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Self::MySql { runtime, connection } => {
                Ok(runtime.block_on(connection.execute(sql)).map(drop)?)
            }
        }
    }

    /// Writes.
    pub fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(connection) => {
                Ok(connection.execute(sql, rusqlite::params_from_iter(values))? as u64)
            }
            Self::MySql { runtime, connection } => {
                let query = values.iter().fold(sqlx::query(sql), mysql::bind);
                Ok(runtime.block_on(query.execute(connection))?.rows_affected())
            }
        }
    }
}
