//! The schema by steps. A step that was released never changes; a later one alters what it made.

use crate::StoreError;
use sqlx::mysql::MySqlPool;

/// The steps, in order: SQLite's text, the MySQL family's text.
const STEPS: &[(&str, &str)] = &[
    (
        include_str!("../migrations/sqlite/0001_orders.sql"),
        include_str!("../migrations/mysql/0001_orders.sql"),
    ),
    (
        include_str!("../migrations/sqlite/0002_bounds.sql"),
        include_str!("../migrations/mysql/0002_bounds.sql"),
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

/// Brings a SQLite file to [`VERSION`]; each step in its own transaction. Answers the version found.
pub fn sqlite(connection: &rusqlite::Connection, upgrade: Upgrade) -> Result<i64, StoreError> {
    let found = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    judge(found, upgrade)?;
    for (step, (sql, _)) in STEPS.iter().enumerate().skip(found as usize) {
        let script = format!("BEGIN; {sql} PRAGMA user_version = {}; COMMIT;", step + 1);
        connection.execute_batch(&script).map_err(|error| StoreError::Schema(error.to_string()))?;
    }
    Ok(found)
}

/// Brings a database of the MySQL family to [`VERSION`]. DDL commits by itself there, so the version is
/// written after each step, and a step that died half way says which statement it stopped at.
pub async fn mysql(pool: &MySqlPool, upgrade: Upgrade) -> Result<i64, StoreError> {
    let made = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY)";
    sqlx::raw_sql(made).execute(pool).await?;
    let newest = "SELECT CAST(COALESCE(MAX(version), 0) AS SIGNED) FROM schema_version";
    let found: i64 = sqlx::query_scalar(newest).fetch_one(pool).await?;
    judge(found, upgrade)?;
    for (step, (_, sql)) in STEPS.iter().enumerate().skip(found as usize) {
        for statement in statements(sql) {
            sqlx::raw_sql(statement).execute(pool).await.map_err(|error| {
                let first = statement.lines().next().unwrap_or_default();
                StoreError::Schema(format!("step {} stopped at `{first}`: {error}", step + 1))
            })?;
        }
        let done = "INSERT INTO schema_version (version) VALUES (?)";
        sqlx::query(done).bind(step as i64 + 1).execute(pool).await?;
    }
    Ok(found)
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
