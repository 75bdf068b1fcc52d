//! One owner for a SQLite file: a lock file beside it, held for as long as the store is open. And one process at a
//! time where a database of the MySQL family is made, or is told its keys: a lock of the server.

use crate::{StoreError, error, private};
use rustix::fs::{FlockOperation, flock};
use sqlx::mysql::MySqlConnection;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The lock, released when dropped or when the process ends in any way.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock of the database file at `database`, or says who has it.
    pub fn take(database: &Path) -> Result<Self, StoreError> {
        let away = |error: std::io::Error| error::at(database, error);
        if let Some(folder) = database.parent() {
            private::folder(folder).map_err(away)?;
        }
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let mut open = File::options();
        open.create(true).truncate(false).read(true).write(true).mode(0o600);
        let open = open.open(name);
        let mut file = open.map_err(away)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            let path = database.display().to_string();
            return Err(StoreError::Locked { path, pid: pid.trim().parse().ok() });
        }
        let written = file.set_len(0).and_then(|()| file.rewind());
        let written = written.and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(away)?;
        Ok(Self { _file: file })
    }
}

/// Seconds for which one waits for another that makes the database.
const PATIENCE: u32 = 600;

/// Takes the lock of this database on its server, or waits for it; it is held until `connection` is closed.
pub async fn hold(connection: &mut MySqlConnection) -> Result<(), StoreError> {
    // A name of a lock is short on MySQL, a name of a database need not be; MD5 is gone from newer servers.
    let lock =
        "SELECT CAST(GET_LOCK(CONCAT('docket.', LEFT(SHA2(DATABASE(), 256), 32)), ?) AS SIGNED)";
    let held: Option<i64> = sqlx::query_scalar(lock).bind(PATIENCE).fetch_one(connection).await?;
    if held == Some(1) {
        return Ok(());
    }
    let message = "another process has been making this database for ten minutes";
    Err(StoreError::Unavailable(message.into()))
}
