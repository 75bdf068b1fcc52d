//! What can go wrong between us and a database, sorted by what one does about it.

use crate::NotThis;
use crate::database::UNREACHED;
use rustls::CertificateError;

/// Why the store did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed what we had read, or a unique key exists already: read again and decide again.
    #[error("the rows changed meanwhile")]
    Conflict,
    /// The database cannot be used now: away, full, read-only. Try later.
    #[error("the database cannot be used now: {0}")]
    Unavailable(String),
    /// A read took longer than it may, and was broken off.
    #[error("a read took longer than it may")]
    TooSlow,
    /// The database refuses this write for good: a value it cannot hold.
    #[error("the database refuses the write: {0}")]
    Refused(String),
    /// What is stored cannot be read any more: a page of the file, an index of the server. Trying again is of no
    /// use.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// The file was renamed, removed or exchanged while it is open here.
    #[error("the database file {0} was moved, removed or replaced while this process has it open")]
    Moved(String),
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
    /// A file beside the database, such as a backup, cannot be read or written.
    #[error("the file {path} cannot be used: {error}")]
    File {
        /// Which.
        path: String,
        /// What happened.
        error: std::io::Error,
    },
    /// The database URL is of a kind we do not know, or malformed.
    #[error("{0}")]
    Url(String),
    /// The database is not what it was taken for.
    #[error(transparent)]
    NotThis(#[from] NotThis),
    /// The schema is of another version than this program.
    #[error("{0}")]
    Schema(String),
}

impl StoreError {
    /// Whether the same work may succeed when it is decided again.
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }

    /// Whether what is stored is damaged: no waiting heals that.
    pub const fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::Corrupt { .. })
    }

    /// Whether a read was broken off.
    pub const fn is_too_slow(&self) -> bool {
        matches!(self, Self::TooSlow)
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
            // By whoever watches over reads.
            Some(Code::OperationInterrupted) => Self::TooSlow,
            Some(Code::TooBig | Code::TypeMismatch) => Self::Refused(error.to_string()),
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(reply) = &error else {
            return Self::Unavailable(of_tls(&error).unwrap_or_else(|| error.to_string()));
        };
        let number = reply
            .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
            .map_or(0, sqlx::mysql::MySqlDatabaseError::number);
        match number {
            // duplicate key; deadlock; lock wait timeout; TiDB's write conflicts
            1062 | 1213 | 1205 | 8002 | 8022 | 9007 => Self::Conflict,
            // query interrupted; MySQL's and MariaDB's limit of time
            1317 | 3024 | 1969 => Self::TooSlow,
            // data too long, out of range, incorrect value, NULL where none may be, row too large
            1406 | 1264 | 1366 | 1292 | 1048 | 1118 | 3140 => Self::Refused(error.to_string()),
            UNREACHED => Self::Unavailable(reply.message().to_owned()),
            number if is_damage(number, reply.message()) => Self::Damaged(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// Why no TLS was agreed on, in one sentence; nothing for another cause.
fn of_tls(error: &sqlx::Error) -> Option<String> {
    let refused = match error {
        // What the driver says of a server without TLS is a sentence already.
        sqlx::Error::Tls(why) => {
            return Some(format!("TLS is not possible as the URL asks: {why}"));
        }
        sqlx::Error::Io(error) => error.get_ref()?.downcast_ref::<rustls::Error>()?,
        _ => return None,
    };
    Some(match refused {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "the certificate of the server is signed by nobody who is trusted here; `ssl-ca` in the URL names \
             the file of who signed it"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(
            why @ (CertificateError::NotValidForName
            | CertificateError::NotValidForNameContext { .. }),
        ) => format!("the certificate of the server is for another name: {why}"),
        rustls::Error::InvalidCertificate(why) => {
            format!("the certificate of the server is not accepted: {why}")
        }
        other => format!("TLS with the server fails: {other}"),
    })
}

/// Whether a server of the MySQL family says that what it stores is damaged.
fn is_damage(number: u16, message: &str) -> bool {
    match number {
        // incorrect key file, old key file, crashed table, crashed and not repaired, index corrupt, table corrupt
        1034 | 1035 | 1194 | 1195 | 1712 | 1877 => true,
        // "Got error 126 …": the storage engine's own number for a crashed or corrupt table or index
        1030 => {
            let numbers = message.split(|c: char| !c.is_ascii_digit());
            numbers
                .filter_map(|digits| digits.parse().ok())
                .any(|number: u32| matches!(number, 126 | 127 | 134 | 144 | 145 | 180 | 181))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_told_from_what_passes() {
        let code = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        for damaged in [rusqlite::ffi::SQLITE_CORRUPT, rusqlite::ffi::SQLITE_NOTADB] {
            assert!(StoreError::from(code(damaged)).is_damage());
        }
        for passing in [rusqlite::ffi::SQLITE_BUSY, rusqlite::ffi::SQLITE_FULL] {
            assert!(StoreError::from(code(passing)).is_unavailable());
        }
        assert!(is_damage(1712, "Index shop_order_id is corrupted"));
        assert!(is_damage(
            1030,
            "Got error 126 \"Index file is crashed\" from storage engine InnoDB"
        ));
        assert!(!is_damage(1030, "Got error 28 \"No space left on device\" from storage engine"));
        assert!(!is_damage(1205, "Lock wait timeout exceeded"));
    }
}
