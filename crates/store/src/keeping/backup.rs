//! Backup and restore: a backup is a SQLite file of our own schema, whatever database it was made of, so one
//! restores into any other.
//!
//! A backup is of one moment and is made beside a running center, for its owner alone. It is written under another
//! name and gets its own when it is whole and on disk; until then it says that it is of no schema, so that what a
//! power cut leaves is no backup whatever it is called.

mod restore;

pub use restore::{Restored, restore};

use crate::database::sqlite::sqlite_path;
use crate::database::{mysql, server};
use crate::schema::migrate::{self, Upgrade};
use crate::sql::value::{Kind, Value};
use crate::{StoreError, error, private};
use futures_util::StreamExt;
use rusqlite::OpenFlags;
use rustix::fs::{FlockOperation, flock};
use sqlx::{AssertSqlSafe, Executor};
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A backup that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backed {
    /// Rows in all tables.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// One table as the schema has it.
#[derive(Debug)]
struct Shape {
    name: String,
    columns: Vec<(String, Kind)>,
}

impl Shape {
    fn column_list(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }

    fn select(&self) -> String {
        format!("SELECT {} FROM {}", self.column_list(), self.name)
    }

    /// New rows, `n` of them.
    fn insert(&self, n: usize) -> String {
        let holes = format!("({})", vec!["?"; self.columns.len()].join(", "));
        let rows = vec![holes; n].join(", ");
        format!("INSERT INTO {} ({}) VALUES {rows}", self.name, self.column_list())
    }

    fn kinds(&self) -> Vec<Kind> {
        self.columns.iter().map(|(_, kind)| *kind).collect()
    }
}

/// Tables that only a SQLite file has; what stands in them follows from the others.
const OF_FILES: [&str; 2] = ["item_sku", "item_sku_new"];

/// Every table of a SQLite file that a server has too.
fn shapes(file: &rusqlite::Connection) -> Result<Vec<Shape>, StoreError> {
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut tables = file.prepare(tables)?;
    let names = tables.query_map([], |row| row.get::<_, String>(0))?;
    let mut found = Vec::new();
    for name in names {
        let name = name?;
        if OF_FILES.contains(&name.as_str()) {
            continue;
        }
        let mut columns =
            file.prepare("SELECT name, type FROM pragma_table_info(?) ORDER BY cid")?;
        let columns = columns.query_map([&name], |row| {
            let kind = match row.get::<_, String>(1)?.as_str() {
                "INTEGER" => Kind::Int,
                "BLOB" => Kind::Blob,
                _ => Kind::Text,
            };
            Ok((row.get::<_, String>(0)?, kind))
        })?;
        let columns = columns.collect::<Result<_, _>>()?;
        found.push(Shape { name, columns });
    }
    Ok(found)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(ending);
    name.into()
}

/// What happened to the file of a backup.
fn of_backup(path: &Path, error: std::io::Error) -> StoreError {
    StoreError::File { path: path.display().to_string(), error }
}

/// What SQLite says where it writes a backup: that its disk is full, or that it cannot be written to, is not of the
/// database.
fn of_copying(part: &Path, error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode as Code;
    let kind = match error.sqlite_error_code() {
        Some(Code::DiskFull) => std::io::ErrorKind::StorageFull,
        Some(Code::CannotOpen) => std::io::ErrorKind::NotFound,
        Some(Code::ReadOnly | Code::PermissionDenied) => std::io::ErrorKind::PermissionDenied,
        _ => return error.into(),
    };
    of_backup(part, kind.into())
}

/// The ending of a backup that is not whole yet.
const PART: &str = ".part";

/// A backup while it is made; what is there of it goes when it is given up, or with its process on Ctrl-C.
struct Part {
    path: PathBuf,
    /// Held as long as it is made: another backup to the same file must not take it for a leftover.
    _held: File,
}

impl Part {
    /// Begins one for `to`, in the place of what a process that died may have left.
    fn begin(to: &Path) -> Result<Self, StoreError> {
        let path = with_ending(to, PART);
        private::file_to_be(&path).map_err(|error| of_backup(to, error))?;
        let held = File::options().write(true).open(&path);
        let held = held.map_err(|error| of_backup(to, error))?;
        if flock(&held, FlockOperation::NonBlockingLockExclusive).is_err() {
            let message = format!("another backup to {} is being made", to.display());
            return Err(StoreError::Refused(message.into()));
        }
        let emptied = held.set_len(0).and_then(|()| private::make_private(&path));
        emptied.map_err(|error| of_backup(to, error))?;
        Ok(Self { path, _held: held })
    }

    /// It is whole: waits until it is on disk and gives it its name. Answers its bytes.
    fn finish(self, to: &Path) -> std::io::Result<u64> {
        let file = File::open(&self.path)?;
        file.sync_all()?;
        std::fs::rename(&self.path, to)?;
        if let Some(folder) = to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // The name is on disk too, where folders can be waited for.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(file.metadata()?.len())
    }

    fn remove(&self) {
        for ending in ["-journal", ""] {
            let _ = std::fs::remove_file(with_ending(&self.path, ending));
        }
    }
}

/// Makes a backup of the database of `url` in the file `to`, which must not be there. `told` hears of each table
/// with its rows. Nothing is left of it where `stopped` is done first.
pub async fn backup(
    url: &str,
    to: &Path,
    told: impl Fn(&str, u64) + Send + 'static,
    stopped: impl Future<Output = ()>,
) -> Result<Backed, StoreError> {
    if to.exists() {
        return Err(of_backup(to, std::io::ErrorKind::AlreadyExists.into()));
    }
    let part = Part::begin(to)?;
    let copying = async {
        match sqlite_path(url) {
            Some(path) => of_sqlite(path, part.path.clone(), told).await,
            None => of_mysql(url, &part.path, told).await,
        }
    };
    let made = tokio::select! {
        made = copying => made,
        () = stopped => Err(StoreError::Refused("it was broken off".into())),
    };
    let rows = made.inspect_err(|_| part.remove())?;
    Ok(Backed { rows, bytes: part.finish(to).map_err(|error| of_backup(to, error))? })
}

/// Refuses a database of another schema than this program writes.
fn ours(version: i64) -> Result<(), StoreError> {
    if version == migrate::VERSION {
        return Ok(());
    }
    Err(StoreError::Schema(format!(
        "the database has schema {version}, this program backs up {}; run `docket migrate`",
        migrate::VERSION
    )))
}

/// SQLite copies itself, compact and of one moment, while others write.
async fn of_sqlite(
    path: PathBuf,
    part: PathBuf,
    told: impl Fn(&str, u64) + Send + 'static,
) -> Result<u64, StoreError> {
    let copy = move || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let source = rusqlite::Connection::open_with_flags(&path, flags)
            .map_err(|error| error::at(&path, error))?;
        let version: i64 = source.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        ours(version)?;
        let copied = source.execute("VACUUM INTO ?", [part.to_string_lossy()]);
        copied.map_err(|error| of_copying(&part, error))?;
        let made = rusqlite::Connection::open_with_flags(&part, flags)?;
        let mut rows = 0;
        for shape in shapes(&made)? {
            let count = format!("SELECT COUNT(*) FROM {}", shape.name);
            let count: i64 = made.query_row(&count, [], |row| row.get(0))?;
            told(&shape.name, count as u64);
            rows += count as u64;
        }
        Ok(rows)
    };
    tokio::task::spawn_blocking(copy).await?
}

/// The MySQL family is read in one transaction that sees one moment, row by row.
async fn of_mysql(
    url: &str,
    part: &Path,
    told: impl Fn(&str, u64) + Send,
) -> Result<u64, StoreError> {
    let mut source = server::connect(url).await?;
    source.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
    source.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await?;
    let version = "SELECT CAST(COALESCE(MAX(version), 0) AS SIGNED) FROM schema_version";
    let version: i64 = sqlx::query_scalar(version).fetch_one(&mut source).await?;
    ours(version)?;
    // Of no schema until all is there, from its first byte on.
    let empty = rusqlite::Connection::open_in_memory()?;
    migrate::sqlite(&empty, Upgrade::Yes)?;
    empty.execute_batch("PRAGMA user_version = 0")?;
    empty
        .execute("VACUUM INTO ?", [part.to_string_lossy()])
        .map_err(|error| of_copying(part, error))?;
    let file = rusqlite::Connection::open(part).map_err(|error| error::at(part, error))?;
    // Nobody reads it before it is whole: what a power cut leaves has another name.
    file.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    let mut rows = 0;
    for shape in shapes(&file)? {
        let (select, kinds, insert) = (shape.select(), shape.kinds(), shape.insert(1));
        file.execute_batch("BEGIN")?;
        let mut count = 0;
        {
            let mut insert = file.prepare(&insert)?;
            let mut stream = sqlx::query(AssertSqlSafe(select)).fetch(&mut source);
            while let Some(row) = stream.next().await {
                let values: Vec<Value> = mysql::values(&row?, &kinds)?;
                insert.execute(rusqlite::params_from_iter(&values))?;
                count += 1;
            }
        }
        file.execute_batch("COMMIT")?;
        told(&shape.name, count);
        rows += count;
    }
    file.execute_batch(&format!("PRAGMA user_version = {}", migrate::VERSION))?;
    Ok(rows)
}
