//! What a database is, without changing it: for `docket check`.

use crate::{StoreError, migrate, sqlite_path};
use sqlx::ConnectOptions;
use sqlx::mysql::MySqlConnectOptions;
use std::path::Path;
use std::str::FromStr;

/// What was found at a database URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// No database, or an empty one.
    Nothing,
    /// One with this version of the schema.
    Schema(i64),
}

/// The version of the schema that this program writes.
pub const SCHEMA: i64 = migrate::VERSION;

/// Looks at the database of `url`; makes nothing and takes no lock.
pub async fn peek(url: &str) -> Result<Found, StoreError> {
    match sqlite_path(url) {
        Some(path) => peek_sqlite(&path),
        None => peek_mysql(url).await,
    }
}

fn peek_sqlite(path: &Path) -> Result<Found, StoreError> {
    if !path.exists() {
        return Ok(Found::Nothing);
    }
    let flags =
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(path, flags)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(if version == 0 { Found::Nothing } else { Found::Schema(version) })
}

async fn peek_mysql(url: &str) -> Result<Found, StoreError> {
    let options =
        MySqlConnectOptions::from_str(url).map_err(|error| StoreError::Url(error.to_string()))?;
    let mut connection = options.connect().await?;
    let tables = "SELECT COUNT(*) FROM information_schema.tables \
                  WHERE table_schema = DATABASE() AND table_name = 'schema_version'";
    let tables: i64 = sqlx::query_scalar(tables).fetch_one(&mut connection).await?;
    if tables == 0 {
        return Ok(Found::Nothing);
    }
    let newest = "SELECT CAST(COALESCE(MAX(version), 0) AS SIGNED) FROM schema_version";
    let version: i64 = sqlx::query_scalar(newest).fetch_one(&mut connection).await?;
    Ok(if version == 0 { Found::Nothing } else { Found::Schema(version) })
}
