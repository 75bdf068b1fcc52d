//! Files and folders that only their owner may read: whatever holds orders, keys or passwords. What is there
//! already keeps the permissions somebody gave it.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Makes the folder `path` and those above it that are missing, each for its owner alone.
pub fn folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes the file `path`, which must not be there, for its owner alone.
pub fn new_file(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// Makes an empty file at `path` where there is none. Programs that make their files for everybody (SQLite)
/// find it there and keep its mode, also for the files they put beside it.
pub fn file_to_be(path: &Path) -> io::Result<()> {
    match new_file(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Takes from everybody but its owner what may be done with the file `path`.
pub fn make_private(path: &Path) -> io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

/// Whether others than its owner can read or write `path`.
pub fn is_open_to_others(path: &Path) -> io::Result<bool> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}
