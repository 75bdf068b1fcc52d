//! What can go wrong between us and a database, sorted by what one does about it.

mod not_this;

pub use not_this::NotThis;

use rustls::CertificateError;
use sqlx::mysql::MySqlDatabaseError;
use std::error::Error;
use std::path::Path;
use tokio::task::JoinError;

/// The number of an error that says that a server was not reached, as clients of the MySQL family have it.
pub(crate) const UNREACHED: u16 = 2003;

/// What a driver or the system said, or a sentence of ours.
pub type Source = Box<dyn Error + Send + Sync>;

/// Why the store did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed what we had read, or a unique key exists already: read again and decide again.
    #[error("the rows changed meanwhile")]
    Conflict,
    /// The database cannot be used now: away, full, read-only. Try later. Only what is known to be so is this.
    #[error("the database cannot be used now: {0}")]
    Unavailable(#[source] Source),
    /// A read took longer than it may, and was broken off.
    #[error("a read took longer than it may")]
    TooSlow,
    /// The database refuses this statement for good: a value it cannot hold, a table it does not have, anything that
    /// nobody knows. Of a batch it hurts the piece that brought it, and no other.
    #[error("the database refuses this: {0}")]
    Refused(#[source] Source),
    /// What is stored cannot be read any more: a page of the file, an index of the server. Trying again is of no
    /// use.
    #[error("the database is damaged: {0}")]
    Damaged(#[source] Source),
    /// The file was renamed, removed or exchanged while it is open here.
    #[error("the database file {0} was moved, removed or replaced while this process has it open")]
    Moved(String),
    /// A stored row is not what we would have written.
    #[error("a row of {table} is damaged: {what}")]
    Corrupt {
        /// The table whose row it is.
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

/// What was said of a file, with its path before it.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
struct AtPath {
    path: String,
    source: Source,
}

/// The file of a database, or its folder, cannot be used now.
pub(crate) fn at(path: &Path, error: impl Into<Source>) -> StoreError {
    let path = path.display().to_string();
    StoreError::Unavailable(AtPath { path, source: error.into() }.into())
}

/// A thread of ours ended early: where the process stops nothing more is done, and a panic is a mistake of ours.
impl From<JoinError> for StoreError {
    fn from(error: JoinError) -> Self {
        if error.is_panic() { Self::Refused(error.into()) } else { Self::Unavailable(error.into()) }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        use rusqlite::ffi::{
            SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE,
        };
        let Some(reply) = error.sqlite_error() else { return Self::Refused(error.into()) };
        match (reply.code, reply.extended_code) {
            (
                Code::ConstraintViolation,
                SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_ROWID | SQLITE_CONSTRAINT_UNIQUE,
            ) => Self::Conflict,
            // By whoever watches over reads.
            (Code::OperationInterrupted, _) => Self::TooSlow,
            (Code::DatabaseCorrupt | Code::NotADatabase, _) => Self::Damaged(error.into()),
            (
                Code::DatabaseBusy
                | Code::DatabaseLocked
                | Code::OutOfMemory
                | Code::ReadOnly
                | Code::SystemIoFailure
                | Code::DiskFull
                | Code::CannotOpen
                | Code::FileLockingProtocolFailed
                | Code::PermissionDenied,
                _,
            ) => Self::Unavailable(error.into()),
            _ => Self::Refused(error.into()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as Of;
        match &error {
            Of::Database(reply) => {
                let reply = reply.try_downcast_ref::<MySqlDatabaseError>();
                let (number, message) =
                    reply.map_or((0, ""), |reply| (reply.number(), reply.message()));
                match Meaning::of(number, message) {
                    Meaning::Conflict => Self::Conflict,
                    Meaning::TooSlow => Self::TooSlow,
                    Meaning::Outage if number == UNREACHED => {
                        Self::Unavailable(message.to_owned().into())
                    }
                    Meaning::Outage => Self::Unavailable(error.into()),
                    Meaning::Damage => Self::Damaged(error.into()),
                    Meaning::Refusal => Self::Refused(error.into()),
                }
            }
            Of::Io(_) | Of::Tls(_) => Self::Unavailable(match of_tls(&error) {
                Some(sentence) => Explained { sentence, source: error }.into(),
                None => error.into(),
            }),
            Of::PoolTimedOut | Of::PoolClosed | Of::WorkerCrashed => {
                Self::Unavailable(error.into())
            }
            _ => Self::Refused(error.into()),
        }
    }
}

/// A sentence of ours over what a driver said.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
struct Explained {
    sentence: String,
    source: sqlx::Error,
}

/// What a server of the MySQL family means by the number of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Conflict,
    TooSlow,
    Outage,
    Damage,
    Refusal,
}

impl Meaning {
    fn of(number: u16, message: &str) -> Self {
        match number {
            // Duplicate keys; deadlock; lock wait timeout; a row or a table changed since it was read (MariaDB's
            // snapshots, a schema that moved on); a group of servers that agreed on somebody else's write; TiDB's
            // write conflicts and its schema that moved on.
            1022 | 1062 | 1169 | 1586 | 1213 | 1205 | 1020 | 1412 | 3101 | 8002 | 8022 | 8028
            | 9007 => Self::Conflict,
            // Query interrupted; MySQL's and MariaDB's limit of time.
            1317 | 3024 | 1969 => Self::TooSlow,
            number if is_damage(number, message) => Self::Damage,
            number if is_outage(number) => Self::Outage,
            _ => Self::Refusal,
        }
    }
}

/// Whether a server of the MySQL family, or a proxy before it, says that it can do nothing for anybody now.
fn is_outage(number: u16) -> bool {
    matches!(
        number,
        // Files: one cannot be made, opened, read, written or closed; disk full; table full; the storage engine fails
        // (damage has been told apart).
        1004 | 1016 | 1021 | 1023 | 1024 | 1026 | 1030 | 1114
        // Memory, threads, locks and transactions run out.
        | 1037 | 1038 | 1041 | 1135 | 1206 | 1637
        // It takes no connection: too many, of this user, from this host, none of this name or password, no such
        // database, a password or an account that is no longer good.
        | 1040 | 1044 | 1045 | 1049 | 1129 | 1130 | 1203 | 1226 | 1698 | 1820 | 1862 | 3118
        // It stops, is not ready yet, or has killed the connection; a member of a cluster that is not one now.
        | 1047 | 1053 | 1077 | 1079 | 1152 | 1180 | 1181 | 1927 | 3100 | 3168 | 3169 | 4031
        // The road to it: packets out of order, reads and writes that fail or take too long.
        | 1156..=1161
        // It takes no writes: read-only as a whole, or for this transaction.
        | 1223 | 1290 | 1792 | 1836
        // As clients and proxies have it: no server, gone, lost.
        | UNREACHED | 2002 | 2006 | 2013
        // TiDB: its parts do not answer, or are busy. ProxySQL has the first one too.
        | 9001..=9005
    )
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
    fn damage_and_outages_are_told_from_what_is_refused() {
        use rusqlite::ffi as code;
        let of = |number| {
            let error = rusqlite::Error::SqliteFailure(code::Error::new(number), None);
            StoreError::from(error)
        };
        for damaged in [code::SQLITE_CORRUPT, code::SQLITE_NOTADB, code::SQLITE_CORRUPT_INDEX] {
            assert!(of(damaged).is_damage(), "{damaged}");
        }
        for passing in [
            code::SQLITE_BUSY,
            code::SQLITE_FULL,
            code::SQLITE_IOERR_WRITE,
            code::SQLITE_CANTOPEN,
            code::SQLITE_READONLY_DBMOVED,
            code::SQLITE_NOMEM,
        ] {
            assert!(of(passing).is_unavailable(), "{passing}");
        }
        for conflict in [code::SQLITE_CONSTRAINT_UNIQUE, code::SQLITE_CONSTRAINT_PRIMARYKEY] {
            assert!(of(conflict).is_conflict(), "{conflict}");
        }
        for refused in [
            code::SQLITE_ERROR,
            code::SQLITE_TOOBIG,
            code::SQLITE_MISMATCH,
            code::SQLITE_RANGE,
            code::SQLITE_CONSTRAINT_NOTNULL,
            code::SQLITE_CONSTRAINT_DATATYPE,
            // No release has it yet.
            97,
        ] {
            assert!(matches!(of(refused), StoreError::Refused(_)), "{refused}");
        }
        let error = StoreError::from(rusqlite::Error::InvalidQuery);
        assert!(matches!(error, StoreError::Refused(_)), "a driver's own error: {error}");
    }

    #[test]
    fn a_server_says_what_it_means_by_a_number() {
        let of = Meaning::of;
        assert_eq!(of(1712, "Index shop_order_id is corrupted"), Meaning::Damage);
        let crashed = "Got error 126 \"Index file is crashed\" from storage engine InnoDB";
        assert_eq!(of(1030, crashed), Meaning::Damage);
        let full = "Got error 28 \"No space left on device\" from storage engine";
        assert_eq!(of(1030, full), Meaning::Outage);
        for (meaning, numbers) in [
            (Meaning::Conflict, &[1205, 1213, 1062, 1020, 9007][..]),
            (Meaning::TooSlow, &[1317, 1969]),
            (Meaning::Outage, &[1040, 1045, 1047, 1053, 1114, 1158, 1290, 1927, 2003, 9003]),
            // No such column, bad SQL, no such table, too long, a packet that is too large, a constraint, and what no
            // release has yet.
            (Meaning::Refusal, &[1054, 1064, 1146, 1406, 1153, 4025, 1105, 65_000]),
        ] {
            for number in numbers {
                assert_eq!(of(*number, ""), meaning, "{number}");
            }
        }
    }

    #[test]
    fn what_a_driver_said_is_kept_and_an_unknown_error_of_it_is_no_outage() {
        for unknown in [
            sqlx::Error::Protocol("what is this".to_owned()),
            sqlx::Error::ColumnNotFound("x".to_owned()),
            sqlx::Error::Decode("no number".into()),
        ] {
            let error = StoreError::from(unknown);
            assert!(matches!(error, StoreError::Refused(_)), "{error}");
            let source = error.source().and_then(|source| source.downcast_ref::<sqlx::Error>());
            assert!(source.is_some(), "{error:?}");
        }
        let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(StoreError::from(sqlx::Error::Io(broken)).is_unavailable());
        assert!(StoreError::from(sqlx::Error::PoolTimedOut).is_unavailable());
        let tls = StoreError::from(sqlx::Error::Tls("no certificate".into()));
        assert_eq!(
            tls.to_string(),
            "the database cannot be used now: TLS is not possible as the URL asks: no certificate"
        );
        let explained = tls.source().and_then(Error::source);
        assert!(explained.is_some_and(<dyn Error>::is::<sqlx::Error>), "{tls:?}");
    }
}
