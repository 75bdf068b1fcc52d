//! Where the file of a URL stands, and whether it is still the one that was opened.

use crate::{StoreError, error};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file that is open, by its path and by what it was under it then. SQLite writes on into a file that was renamed
/// or removed, and opens whatever stands at the path: what was answered would be gone, or in two files.
#[derive(Debug, Clone)]
pub struct Place {
    path: PathBuf,
    /// Device and number of the file.
    file: (u64, u64),
}

impl Place {
    /// The file at `path`, which exists and is ours from now on. The file is not opened for that: closing it would
    /// take SQLite's locks on it away.
    pub fn of(path: &Path) -> Result<Self, StoreError> {
        let found = std::fs::metadata(path).map_err(|error| error::at(path, error))?;
        Ok(Self { path: path.to_owned(), file: (found.dev(), found.ino()) })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses where another file, or none, stands at the path now.
    pub fn check(&self) -> Result<(), StoreError> {
        match std::fs::metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == self.file => Ok(()),
            Ok(_) => Err(StoreError::Moved(self.path.display().to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(StoreError::Moved(self.path.display().to_string()))
            }
            Err(error) => Err(error::at(&self.path, error)),
        }
    }
}

/// The file behind a `sqlite:` URL, or `None` for another kind of URL.
pub fn sqlite_path(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
}

/// Whether there is a file at `path`. One that may not be looked at is not taken for none.
pub fn is_there(path: &Path) -> Result<bool, StoreError> {
    match path.try_exists() {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(error::at(path, error))
        }
        there => Ok(there.unwrap_or(false)),
    }
}
