//! What a database is, without changing it: for `docket check`.

use crate::StoreError;
use crate::database::server;
use crate::database::sqlite::{is_there, sqlite_path};
use crate::schema::migrate;
use std::path::Path;

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

/// How a file is opened that is only looked at.
const READ_ONLY: rusqlite::OpenFlags =
    rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY.union(rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX);

fn peek_sqlite(path: &Path) -> Result<Found, StoreError> {
    if !is_there(path)? {
        return Ok(Found::Nothing);
    }
    let connection = rusqlite::Connection::open_with_flags(path, READ_ONLY)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(if version == 0 { Found::Nothing } else { Found::Schema(version) })
}

async fn peek_mysql(url: &str) -> Result<Found, StoreError> {
    let mut connection = server::connect(url).await?;
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

/// What protects the connection to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// Nothing does.
    None,
    /// TLS of this version, with whoever holds the other end.
    Unchecked(String),
    /// TLS of this version, with a server whose certificate somebody trusted has signed.
    Checked(String),
}

/// What protects connections to the server of `url`; nothing of a file, which has none.
pub async fn encryption(url: &str) -> Result<Option<Encryption>, StoreError> {
    if sqlite_path(url).is_some() {
        return Ok(None);
    }
    let mut connection = server::connect(url).await?;
    let version = "SHOW SESSION STATUS LIKE 'Ssl_version'";
    let version: Option<(String, String)> =
        sqlx::query_as(version).fetch_optional(&mut connection).await?;
    Ok(Some(match version {
        Some((_, version)) if !version.is_empty() && server::checks_certificates(url)? => {
            Encryption::Checked(version)
        }
        Some((_, version)) if !version.is_empty() => Encryption::Unchecked(version),
        _ => Encryption::None,
    }))
}
