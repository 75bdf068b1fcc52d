//! What can go wrong between us and a database, sorted by what one does about it.

/// Why the store did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed what we had read, or a unique key exists already: read again and decide again.
    #[error("the rows changed meanwhile")]
    Conflict,
    /// The database cannot be used now: away, full, read-only. Try later.
    #[error("the database cannot be used now: {0}")]
    Unavailable(String),
    /// The database refuses this write for good: a value it cannot hold.
    #[error("the database refuses the write: {0}")]
    Refused(String),
    /// A stored row is not what we would have written.
    #[error("a row of {table} is damaged: {what}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// Another process owns this SQLite file.
    #[error("{path} is in use by another docket process{}", .pid.map_or(String::new(), |pid| format!(" (pid {pid})")))]
    Locked {
        /// The database file.
        path: String,
        /// The process that holds it, if it said so.
        pid: Option<u32>,
    },
    /// The database URL is of a kind we do not know, or malformed.
    #[error("{0}")]
    Url(String),
    /// The schema is of another version than this program.
    #[error("{0}")]
    Schema(String),
}

impl StoreError {
    /// Whether the same work may succeed when it is decided again.
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }

    /// Whether the database as a whole is out of use.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(Code::ConstraintViolation) => Self::Conflict,
            Some(Code::TooBig | Code::TypeMismatch) => Self::Refused(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(reply) = &error else {
            return Self::Unavailable(error.to_string());
        };
        let number = reply
            .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
            .map_or(0, sqlx::mysql::MySqlDatabaseError::number);
        match number {
            // duplicate key; deadlock; lock wait timeout; TiDB's write conflicts
            1062 | 1213 | 1205 | 8002 | 8022 | 9007 => Self::Conflict,
            // data too long, out of range, incorrect value, NULL where none may be, row too large
            1406 | 1264 | 1366 | 1292 | 1048 | 1118 | 3140 => Self::Refused(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
