//! One owner for a SQLite file: a lock file beside it, held for as long as the store is open.

use crate::StoreError;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

/// The lock, released when dropped or when the process ends in any way.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock of the database file at `database`, or says who has it.
    pub fn take(database: &Path) -> Result<Self, StoreError> {
        let away = |error: &dyn std::fmt::Display| {
            StoreError::Unavailable(format!("{}: {error}", database.display()))
        };
        if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| away(&error))?;
        }
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let open = File::options().create(true).truncate(false).read(true).write(true).open(name);
        let mut file = open.map_err(|error| away(&error))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            let path = database.display().to_string();
            return Err(StoreError::Locked { path, pid: pid.trim().parse().ok() });
        }
        let written = file.set_len(0).and_then(|()| file.rewind());
        let written = written.and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(|error| away(&error))?;
        Ok(Self { _file: file })
    }
}
