//! Restore: a backup becomes the database of a center that has none yet, and gets a new epoch, so that whoever
//! keeps copies of it knows to compare.

use super::{PART, Shape, shapes, with_ending};
use crate::database::lock::FileLock;
use crate::database::sqlite::{is_there, sqlite_path};
use crate::database::{mysql, server};
use crate::schema::migrate::{self, Upgrade};
use crate::sql::value::{Kind, Value};
use crate::{StoreError, error, installation, private};
use docket_domain::Time;
use rusqlite::{OpenFlags, OptionalExtension as _};
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Executor};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Rows in one statement of the MySQL family.
const TOGETHER: usize = 200;

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Rows in all tables.
    pub rows: u64,
    /// Orders among them.
    pub orders: u64,
    /// The number of the installation that was here before, where it was another one.
    pub replaced: Option<String>,
}

/// What is changed in what was restored: its epoch, and that nobody holds a node number of it any more. Marks
/// stay, so that no number is given twice.
const AFTERWARDS: [&str; 3] = [
    "DELETE FROM setting WHERE name IN ('epoch', 'installation.file')",
    "INSERT INTO setting (name, value) VALUES ('epoch', ?)",
    "UPDATE node SET held_until = 0",
];

/// The epoch of what is restored now: above every one that was.
fn raised(epoch: Option<&str>, now: Time) -> String {
    let before = epoch.and_then(|epoch| epoch.parse().ok()).unwrap_or(0_i64);
    now.0.max(before.saturating_add(1)).to_string()
}

/// A setting of a file, if it has it.
fn setting(file: &rusqlite::Connection, name: &str) -> Result<Option<String>, StoreError> {
    let value = "SELECT value FROM setting WHERE name = ?";
    Ok(file.query_row(value, [name], |row| row.get(0)).optional()?)
}

/// The installation that was here, if it is not the one that is restored.
fn another(before: Option<String>, restored: Option<&str>) -> Option<String> {
    before.filter(|before| restored.is_none_or(|restored| restored != before))
}

/// Makes the backup `from` the database of `url`, which must hold no orders. `told` hears of each table with its
/// rows.
pub async fn restore(
    url: &str,
    from: &Path,
    now: Time,
    told: impl Fn(&str, u64) + Send + 'static,
) -> Result<Restored, StoreError> {
    let source = open(from)?;
    match sqlite_path(url) {
        Some(path) => {
            let from = from.to_owned();
            let work = move || to_sqlite(&source, &from, &path, now, told);
            tokio::task::spawn_blocking(work).await?
        }
        None => to_mysql(source, from, url, now, told).await,
    }
}

/// A backup, looked at; nothing is written to it.
fn open(from: &Path) -> Result<rusqlite::Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let no_backup = |why: &str| StoreError::Refused(format!("{}: {why}", from.display()).into());
    if !from.is_file() {
        return Err(no_backup("there is no such file"));
    }
    if from.as_os_str().as_encoded_bytes().ends_with(PART.as_bytes()) {
        return Err(no_backup("it is what a backup that was broken off left; it is not whole"));
    }
    let file = rusqlite::Connection::open_with_flags(from, flags)
        .map_err(|error| error::at(from, error))?;
    let version: i64 = file
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(|_| no_backup("it is no backup of docket"))?;
    if version == 0 {
        return Err(no_backup("it is no backup of docket"));
    }
    if version > migrate::VERSION {
        return Err(no_backup("it is of a newer docket; restore it with that one"));
    }
    let whole: String = file.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if whole != "ok" {
        return Err(no_backup(&format!("it is damaged: {whole}")));
    }
    Ok(file)
}

fn count(file: &rusqlite::Connection, table: &str) -> Result<u64, StoreError> {
    let count = format!("SELECT COUNT(*) FROM {table}");
    Ok(file.query_row(&count, [], |row| row.get::<_, i64>(0))? as u64)
}

fn holds_orders(orders: u64) -> StoreError {
    let message = format!(
        "the database holds {orders} orders; a backup is restored into one that holds none"
    );
    StoreError::Refused(message.into())
}

/// The file is copied, and takes the place of an empty database in one step.
fn to_sqlite(
    source: &rusqlite::Connection,
    from: &Path,
    path: &Path,
    now: Time,
    told: impl Fn(&str, u64),
) -> Result<Restored, StoreError> {
    let _lock = FileLock::take(path)?;
    let mut before = None;
    if is_there(path)? {
        // What cannot be read is not taken for empty.
        let there = rusqlite::Connection::open(path)?;
        let version: i64 = there
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(|error| error::at(path, error))?;
        let orders = if version == 0 { 0 } else { count(&there, "payment_order")? };
        if orders > 0 {
            return Err(holds_orders(orders));
        }
        if version > 0 {
            before = setting(&there, installation::ID)?;
        }
    }
    let part = with_ending(path, PART);
    let _ = std::fs::remove_file(&part);
    let made = copy(source, from, &part, now, told);
    let mut made = made.inspect_err(|_| drop(std::fs::remove_file(&part)))?;
    made.replaced = another(before, setting(source, installation::ID)?.as_deref());
    for log in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(with_ending(path, log));
    }
    std::fs::rename(&part, path).map_err(|error| error::at(path, error))?;
    Ok(made)
}

/// Copies a file into a new one that only its owner may read, whoever may read the first.
fn copy_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    let copied = File::open(from).and_then(|mut source| {
        let mut target = private::new_file(to)?;
        std::io::copy(&mut source, &mut target)
    });
    copied.map(drop).map_err(|error| error::at(to, error))
}

fn copy(
    source: &rusqlite::Connection,
    from: &Path,
    part: &PathBuf,
    now: Time,
    told: impl Fn(&str, u64),
) -> Result<Restored, StoreError> {
    copy_file(from, part)?;
    let target = rusqlite::Connection::open(part)?;
    migrate::sqlite(&target, Upgrade::Yes)?;
    let mut rows = 0;
    for shape in shapes(source)? {
        let count = count(&target, &shape.name)?;
        told(&shape.name, count);
        rows += count;
    }
    let epoch = raised(setting(source, installation::EPOCH)?.as_deref(), now);
    for statement in AFTERWARDS {
        let epoch = statement.contains('?').then_some(&epoch);
        target.execute(statement, rusqlite::params_from_iter(epoch))?;
    }
    let orders = count(&target, "payment_order")?;
    drop(target);
    let synced = File::open(part).and_then(|file| file.sync_all());
    synced.map_err(|error| error::at(part, error))?;
    Ok(Restored { rows, orders, replaced: None })
}

/// All rows in one transaction: whole, or nothing.
async fn to_mysql(
    mut source: rusqlite::Connection,
    from: &Path,
    url: &str,
    now: Time,
    told: impl Fn(&str, u64) + Send,
) -> Result<Restored, StoreError> {
    let older = source.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
    let upgraded;
    if older < migrate::VERSION {
        // An older backup is brought up beside itself first.
        let beside = with_ending(from, ".upgraded");
        let _ = std::fs::remove_file(&beside);
        copy_file(from, &beside)?;
        upgraded = Removed(beside);
        source = rusqlite::Connection::open(&upgraded.0)?;
        migrate::sqlite(&source, Upgrade::Yes)?;
    }
    let pool = server::pool(url).await?;
    migrate::mysql(&pool, Upgrade::NewOnly).await?;
    pool.close().await;
    let mut target = server::connect(url).await?;
    target.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'").await?;
    let orders: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM payment_order").fetch_one(&mut target).await?;
    if orders > 0 {
        return Err(holds_orders(orders as u64));
    }
    let before = "SELECT value FROM setting WHERE name = ?";
    let before =
        sqlx::query_scalar(before).bind(installation::ID).fetch_optional(&mut target).await?;
    let epoch = raised(setting(&source, installation::EPOCH)?.as_deref(), now);
    target.execute("BEGIN").await?;
    let mut rows = 0;
    for shape in shapes(&source)? {
        let clear = format!("DELETE FROM {}", shape.name);
        sqlx::query(AssertSqlSafe(clear)).execute(&mut target).await?;
        let count = fill(&source, &shape, &mut target).await?;
        told(&shape.name, count);
        rows += count;
    }
    for statement in AFTERWARDS {
        let query = sqlx::query(statement);
        let query = if statement.contains('?') { query.bind(&epoch) } else { query };
        query.execute(&mut target).await?;
    }
    target.execute("COMMIT").await?;
    let replaced = another(before, setting(&source, installation::ID)?.as_deref());
    Ok(Restored { rows, orders: count(&source, "payment_order")?, replaced })
}

/// A file that goes when nobody needs it any more.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Copies one table.
async fn fill(
    source: &rusqlite::Connection,
    shape: &Shape,
    target: &mut MySqlConnection,
) -> Result<u64, StoreError> {
    let mut count = 0;
    let mut select = source.prepare(&shape.select())?;
    let mut rows = select.query([])?;
    let (width, kinds) = (shape.columns.len(), shape.kinds());
    let mut waiting: Vec<Value> = Vec::with_capacity(width * TOGETHER);
    while let Some(row) = rows.next()? {
        for (column, kind) in kinds.iter().enumerate() {
            waiting.push(match kind {
                Kind::Int => row.get::<_, Option<i64>>(column)?.into(),
                Kind::Text => row.get::<_, Option<String>>(column)?.into(),
                Kind::Blob => row.get::<_, Option<Vec<u8>>>(column)?.into(),
            });
        }
        count += 1;
        if waiting.len() == width * TOGETHER {
            insert(shape, &waiting, target).await?;
            waiting.clear();
        }
    }
    if !waiting.is_empty() {
        insert(shape, &waiting, target).await?;
    }
    Ok(count)
}

async fn insert(
    shape: &Shape,
    values: &[Value],
    target: &mut MySqlConnection,
) -> Result<(), StoreError> {
    let sql = shape.insert(values.len() / shape.columns.len());
    let query = values.iter().fold(sqlx::query(AssertSqlSafe(sql)), mysql::bind);
    query.persistent(false).execute(target).await.map(drop)?;
    Ok(())
}
