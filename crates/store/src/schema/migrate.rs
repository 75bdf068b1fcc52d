//! The schema by steps. A step that was released never changes; a later one alters what it made.

use crate::database::lock;
use crate::{StoreError, failpoint};
use sqlx::Connection as _;
use sqlx::mysql::{MySqlConnection, MySqlPool};

mod server;

/// The steps, in order: SQLite's text, the MySQL family's text.
const STEPS: &[(&str, &str)] = &[
    (
        include_str!("../../migrations/sqlite/0001_orders.sql"),
        include_str!("../../migrations/mysql/0001_orders.sql"),
    ),
    (
        include_str!("../../migrations/sqlite/0002_bounds.sql"),
        include_str!("../../migrations/mysql/0002_bounds.sql"),
    ),
    (
        include_str!("../../migrations/sqlite/0003_spine.sql"),
        include_str!("../../migrations/mysql/0003_spine.sql"),
    ),
    (
        include_str!("../../migrations/sqlite/0004_channels.sql"),
        include_str!("../../migrations/mysql/0004_channels.sql"),
    ),
];

/// The version this program writes and reads.
pub const VERSION: i64 = STEPS.len() as i64;

/// How many tables the steps make.
pub fn tables() -> u64 {
    STEPS.iter().map(|(sqlite, _)| sqlite.matches("CREATE TABLE ").count() as u64).sum()
}

/// Whether steps may be taken on a database that has some already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// An empty database is filled; an old one is refused.
    NewOnly,
    /// Every step that is missing is taken.
    Yes,
}

fn judge(found: i64, upgrade: Upgrade) -> Result<(), StoreError> {
    if found > VERSION {
        return Err(StoreError::Schema(format!(
            "the database has schema {found}, this program knows up to {VERSION}; use a newer docket"
        )));
    }
    if found < VERSION && found > 0 && upgrade == Upgrade::NewOnly {
        return Err(StoreError::Schema(format!(
            "the database has schema {found}, this program needs {VERSION}; run `docket migrate`"
        )));
    }
    Ok(())
}

/// How long one of two that bring up the same file waits for the other, in milliseconds.
const PATIENCE: &str = "PRAGMA busy_timeout = 60000";

/// What a step stopped at: the statement that failed, by its first line.
fn stopped(step: usize, statement: &str, error: &dyn std::fmt::Display) -> StoreError {
    let first = statement.lines().next().unwrap_or_default();
    StoreError::Schema(format!("step {} of the schema stopped at `{first}`: {error}", step + 1))
}

/// Brings a SQLite file to [`VERSION`]; each step in its own transaction, which begins by looking whether another
/// process was sooner. Answers the version found.
pub fn sqlite(connection: &rusqlite::Connection, upgrade: Upgrade) -> Result<i64, StoreError> {
    let version = || connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    let found = version()?;
    judge(found, upgrade)?;
    if found == VERSION {
        return Ok(found);
    }
    let patience: i64 = connection.query_row("PRAGMA busy_timeout", [], |row| row.get(0))?;
    connection.query_row(PATIENCE, [], |_| Ok(()))?;
    for (step, (sql, _)) in STEPS.iter().enumerate().skip(found as usize) {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let taken = if version()? > step as i64 { Ok(()) } else { take(connection, step, sql) };
        let ended = taken.and_then(|()| Ok(connection.execute_batch("COMMIT")?));
        if let Err(error) = ended {
            // What made it fail is told; that nothing stays of it too is the file's own promise.
            let _ = connection.execute_batch("ROLLBACK");
            return Err(error);
        }
    }
    connection.query_row(&format!("PRAGMA busy_timeout = {patience}"), [], |_| Ok(()))?;
    Ok(found)
}

fn take(
    connection: &rusqlite::Connection,
    step: usize,
    sql: &'static str,
) -> Result<(), StoreError> {
    for statement in statements(sql) {
        connection.execute_batch(statement).map_err(|error| match error {
            // The driver's own words would repeat the statement, whole.
            rusqlite::Error::SqlInputError { msg, .. } => stopped(step, statement, &msg),
            error => stopped(step, statement, &error),
        })?;
        failpoint::reach("migrate", "taken");
    }
    Ok(connection.execute_batch(&format!("PRAGMA user_version = {}", step + 1))?)
}

/// Brings a database of the MySQL family to [`VERSION`], one process at a time: who comes second waits and finds
/// it done. Who dies half way leaves a step that the next one goes on with.
pub async fn mysql(pool: &MySqlPool, upgrade: Upgrade) -> Result<i64, StoreError> {
    let mut connection = pool.acquire().await?;
    let made = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY)";
    sqlx::raw_sql(made).execute(&mut *connection).await?;
    let found = version_of(&mut connection).await?;
    if found == VERSION {
        return Ok(found);
    }
    // The lock goes with its connection, whatever becomes of this process.
    let mut connection = connection.detach();
    lock::hold(&mut connection).await?;
    let found = version_of(&mut connection).await?;
    judge(found, upgrade)?;
    for (step, (_, sql)) in STEPS.iter().enumerate().skip(found as usize) {
        server::take(&mut connection, step, sql).await?;
    }
    connection.close().await?;
    Ok(found)
}

async fn version_of(connection: &mut MySqlConnection) -> Result<i64, StoreError> {
    let newest = "SELECT CAST(COALESCE(MAX(version), 0) AS SIGNED) FROM schema_version";
    Ok(sqlx::query_scalar(newest).fetch_one(connection).await?)
}

/// The statements of a script: each ends with a semicolon at the end of a line; comments go.
fn statements(script: &'static str) -> impl Iterator<Item = &'static str> {
    script
        .split(";\n")
        .map(|part| {
            let comment = |line: &&str| line.trim().is_empty() || line.starts_with("--");
            let skipped: usize = part.split_inclusive('\n').take_while(comment).map(str::len).sum();
            part[skipped..].trim()
        })
        .filter(|statement| !statement.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_fails_names_its_statement_and_leaves_nothing() {
        let file = rusqlite::Connection::open_in_memory().unwrap();
        file.execute_batch("CREATE TABLE item_order (id INTEGER)").unwrap();
        let Err(StoreError::Schema(said)) = sqlite(&file, Upgrade::Yes) else { panic!("it fails") };
        assert!(
            said.contains("step 1 of the schema stopped at `CREATE TABLE item_order (`"),
            "{said}"
        );
        assert!(said.contains("already exists") && said.lines().count() == 1, "{said}");
        let tables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'";
        assert_eq!(file.query_row(tables, [], |row| row.get::<_, i64>(0)), Ok(1));
        assert!(file.is_autocommit());
    }

    #[test]
    fn a_script_is_taken_apart_at_the_ends_of_its_statements() {
        let script =
            "-- What for.\n\nCREATE TABLE a (\n  b INTEGER -- c;d\n);\nDROP TABLE a;\n-- End.\n";
        let parts: Vec<_> = statements(script).collect();
        assert_eq!(parts, ["CREATE TABLE a (\n  b INTEGER -- c;d\n)", "DROP TABLE a"]);
    }
}
