//! SQLite: one writing connection that stays with the writer's thread, a few reading ones, and a thread
//! that checkpoints.
//!
//! The log (WAL) is never truncated in service: growing a file costs several times what overwriting it
//! does. A checkpoint from another connection cannot reset a busy log, because new frames arrive while it
//! works. So the thread checkpoints in rounds, each shorter than the one before, until little is left, and
//! the writer finishes that little between two batches: nobody waits for more than a few milliseconds.

mod checkpoint;
mod filing;
mod place;
mod rewrite;

pub use place::{Place, is_there, sqlite_path};

use super::reading::{Reading, within};
use super::turns::{Pool, Turns};
use super::{Connection, GuardedRow};
use crate::database::figures::Figures;
use crate::database::files::{Files, Overwrite};
use crate::sql::ask::{Ask, Query};
use crate::sql::dialect::{self, Dialect, Lookup};
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::{Kind, Row, Value};
use crate::{StoreError, error, private};
use checkpoint::{checkpoint, checkpoint_when_woken};
use filing::Filing;
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// New frames after which the checkpoint thread is woken.
const CHECKPOINT_FRAMES: u32 = 8_000;
/// Frames from which the thread works without a pause and the writer finishes what it leaves: 256 MiB of
/// 4 KiB pages.
const WAL_FRAMES_SOFT: u32 = 64_000;
/// Frames that the writer may finish by itself; more would be felt.
const LEFT_MAX: u32 = 1_500;
/// Frames from which the writer finishes whatever is left: a disk this slow must hold it back. 1 GiB.
const WAL_FRAMES_HARD: u32 = 256_000;
/// Reading connections kept open at most.
const READERS: usize = 4;
/// Steps of a statement after which it is looked whether it may go on: some microseconds.
const STEPS: std::ffi::c_int = 2_000;
/// What is waited for a statement to notice that it may not.
const GRACE: Duration = Duration::from_secs(1);
/// How long a connection waits for another one that has the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// One SQLite file, its readers and its checkpoint thread.
#[derive(Debug)]
pub struct Sqlite {
    place: Place,
    readers: Mutex<Vec<rusqlite::Connection>>,
    turns: Turns,
}

impl Sqlite {
    /// The file of `place`.
    pub fn new(place: Place) -> Self {
        Self { place, readers: Mutex::default(), turns: Turns::of(READERS) }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// Whether the file is still where it was opened.
    pub fn is_in_place(&self) -> Result<(), StoreError> {
        self.place.check()
    }

    /// How many reads are under way, and how many there may be.
    pub fn under_way(&self) -> (usize, usize) {
        self.turns.taken()
    }

    /// How the reading connections are used.
    pub fn pool(&self) -> Pool {
        self.turns.pool(self.readers.lock().expect("no reader panics with the pool").len())
    }

    /// Runs `read` on a reading connection, on a thread that may block, for `limit` at most and no longer than
    /// somebody waits for it.
    pub async fn read<T: Send + 'static>(
        self: Arc<Self>,
        limit: Duration,
        read: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reading, _caller) = Reading::within(limit);
        let this = Arc::clone(&self);
        // A little longer than the read itself, which ends by what its statement meets.
        within(limit + GRACE, async {
            let permit = self.turns.take().await;
            let job = tokio::task::spawn_blocking(move || {
                // It is free again when the thread is, whoever has left meanwhile.
                let _permit = permit;
                this.read_until(&reading, read)
            });
            job.await?
        })
        .await
    }

    fn read_until<T>(
        &self,
        reading: &Reading,
        read: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if reading.is_over() {
            return Err(StoreError::TooSlow);
        }
        let pooled = self.readers.lock().expect("no reader panics with the pool").pop();
        let mut connection = match pooled {
            Some(connection) => connection,
            None => reader(&self.place)?,
        };
        let watched = reading.clone();
        connection.progress_handler(STEPS, Some(move || watched.is_over()))?;
        let answer = read(&connection);
        connection.progress_handler(STEPS, None::<fn() -> bool>)?;
        if connection.is_autocommit() {
            self.readers.lock().expect("no reader panics with the pool").push(connection);
        }
        answer
    }
}

fn reader(place: &Place) -> Result<rusqlite::Connection, StoreError> {
    use rusqlite::OpenFlags as Flags;
    place.check()?;
    let flags = Flags::SQLITE_OPEN_READ_ONLY | Flags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(place.path(), flags)?;
    connection.execute_batch("PRAGMA busy_timeout = 5000; PRAGMA cache_size = -4096;")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Opens the file for writing, with everything committed on disk before a commit returns, and what is removed
/// overwritten in pages that are written anyway. Where there is none it is made, with its log, for its owner
/// alone.
pub fn open(path: &Path) -> Result<rusqlite::Connection, StoreError> {
    private::file_to_be(path).map_err(|error| error::at(path, error))?;
    let connection = rusqlite::Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY; \
         PRAGMA secure_delete = FAST;",
    )?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

/// The rows of a query, read with the kinds it names.
pub fn query(
    connection: &rusqlite::Connection,
    table: &'static str,
    sql: &str,
    kinds: &[Kind],
    values: &[Value],
) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = Vec::new();
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        let read = (0..kinds.len()).map(|column| {
            Ok(match row.get_ref(column)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Int(number),
                ValueRef::Real(number) => Value::Int(number as i64),
                ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
            })
        });
        found.push(Row::new(table, read.collect::<Result<_, StoreError>>()?));
    }
    Ok(found)
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The writing connection.
pub struct Writer {
    place: Place,
    connection: rusqlite::Connection,
    /// Frames in the log, as the last commit reported them.
    frames: Arc<AtomicU32>,
    /// Frames of it that the thread's last round moved into the database.
    moved: Arc<AtomicU32>,
    /// Frames at which the checkpoint thread was last woken.
    woken_at: u32,
    wake: mpsc::SyncSender<()>,
    filing: Filing,
}

impl Writer {
    /// Opens the writer of `place` and starts its checkpoint thread, which ends with the writer. New rows of `lines` are
    /// filed by and by.
    pub fn open(place: Place, lines: &'static Table) -> Result<Self, StoreError> {
        let (wake, woken) = mpsc::sync_channel::<()>(1);
        let (file, moved) = (place.clone(), Arc::<AtomicU32>::default());
        let told = Arc::clone(&moved);
        std::thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || checkpoint_when_woken(&file, &woken, &told))
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        let frames = Arc::<AtomicU32>::default();
        let connection = Self::connect(&place, &frames)?;
        let filing = Filing::of(&connection, lines)?;
        Ok(Self { place, connection, frames, moved, woken_at: 0, wake, filing })
    }

    fn connect(place: &Place, frames: &Arc<AtomicU32>) -> Result<rusqlite::Connection, StoreError> {
        place.check()?;
        let mut connection = open(place.path())?;
        let frames = Arc::clone(frames);
        connection.wal_hook(Some(move |_: &mut _, pages: std::ffi::c_int| {
            frames.store(pages.unsigned_abs(), Relaxed);
            Ok(())
        }))?;
        Ok(connection)
    }

    fn run(&self, sql: &str, values: &[Value]) -> Result<usize, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.execute(rusqlite::params_from_iter(values))?)
    }
}

impl Ask for Writer {
    fn ask(&mut self, asked: Query) -> Result<Vec<Row>, StoreError> {
        let Query { table, sql, kinds, values } = asked;
        query(&self.connection, table, &sql, &kinds, &values)
    }
}

impl Ask for rusqlite::Transaction<'_> {
    fn ask(&mut self, asked: Query) -> Result<Vec<Row>, StoreError> {
        let Query { table, sql, kinds, values } = asked;
        query(self, table, &sql, &kinds, &values)
    }
}

impl Connection for Writer {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.place.check()?;
        // IMMEDIATE takes the write lock now, while the busy timeout still applies.
        self.run("BEGIN IMMEDIATE", &[]).map(drop)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.filing.share(&self.connection)?;
        self.run("COMMIT", &[])?;
        self.filing.committed();
        Ok(())
    }

    fn rollback(&mut self) {
        self.filing.rolled_back();
        if !self.connection.is_autocommit()
            && let Err(error) = self.run("ROLLBACK", &[])
        {
            tracing::warn!(%error, "could not roll back; the connection is made anew");
            let _ = self.reconnect();
        }
    }

    fn fetch(
        &mut self,
        lookup: &'static Lookup,
        fixed: Option<&Value>,
        keys: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let sql = dialect::select(lookup, 1);
        let kinds = lookup.table.kinds();
        let mut rows = Vec::with_capacity(keys.len());
        let mut values = Vec::with_capacity(2);
        for key in keys {
            values.clear();
            values.extend(fixed.cloned());
            values.push(key.clone());
            rows.append(&mut query(&self.connection, lookup.table.name, sql, &kinds, &values)?);
        }
        Ok(rows)
    }

    fn insert(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(dialect::insert(table, 1))?;
        self.filing.heed(table, rows.len());
        for row in rows {
            statement.execute(rusqlite::params_from_iter(row))?;
        }
        Ok(())
    }

    fn insert_missing(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Value>],
    ) -> Result<(), StoreError> {
        rows.iter().try_for_each(|row| self.run(dialect::insert_or_ignore(table), row).map(drop))
    }

    fn upsert(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(dialect::upsert_one(table))?;
        for row in rows {
            statement.execute(rusqlite::params_from_iter(row))?;
        }
        Ok(())
    }

    fn replace_versions(
        &mut self,
        table: &'static Table,
        rows: &[GuardedRow],
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(dialect::update_version(table))?;
        for GuardedRow { over, row } in rows {
            let over = Value::Int(*over);
            let values = row[table.key..].iter().chain(&row[..table.key]).chain([&over]);
            if statement.execute(rusqlite::params_from_iter(values))? != 1 {
                return Err(StoreError::Conflict);
            }
        }
        Ok(())
    }

    fn delete(&mut self, table: &'static Table, keys: &[Vec<Value>]) -> Result<(), StoreError> {
        keys.iter().try_for_each(|key| self.run(dialect::delete(table), key).map(drop))
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, StoreError> {
        self.run(statement.sql, &statement.values).map(|matched| matched as u64)
    }

    fn rest(&mut self, figures: &Figures) {
        let frames = self.frames.load(Relaxed);
        let before = figures.wal_frames.swap(frames.into(), Relaxed);
        // Fewer than before means that the log began anew.
        let written = u64::from(frames).checked_sub(before).unwrap_or(frames.into());
        figures.wal_frames_written.fetch_add(written, Relaxed);
        if frames < self.woken_at {
            // The log began anew.
            self.woken_at = 0;
            self.moved.store(0, Relaxed);
        }
        let left = frames.saturating_sub(self.moved.load(Relaxed));
        if frames - self.woken_at >= CHECKPOINT_FRAMES || frames >= WAL_FRAMES_SOFT {
            self.woken_at = frames;
            // Full means the thread is at it already and goes on at once.
            let _ = self.wake.try_send(());
        }
        let little_is_left = frames >= WAL_FRAMES_SOFT && left <= LEFT_MAX;
        if little_is_left || frames >= WAL_FRAMES_HARD {
            let _ = checkpoint(&self.connection);
        }
    }

    fn overwrite(&mut self, what: Overwrite) -> Result<(), StoreError> {
        Ok(rewrite::overwrite(&self.connection, what)?)
    }

    fn rewrite(&mut self, most: u64) -> Result<Files, StoreError> {
        self.place.check()?;
        if rewrite::bytes(&self.connection)? > most {
            return Ok(Files::Large);
        }
        rewrite::rewrite(&self.connection)?;
        Ok(Files::Clean)
    }

    fn empty_log(&mut self) -> Result<bool, StoreError> {
        let empty = rewrite::empty_log(&self.connection, PATIENCE)?;
        if empty {
            self.frames.store(0, Relaxed);
        }
        Ok(empty)
    }

    fn finish(&mut self) {
        // A center that has stopped is one file, whole.
        let emptied = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);");
        if let Err(error) = emptied {
            tracing::warn!(%error, "the log stays beside the database; keep both");
        }
    }

    fn is_lost(&self) -> bool {
        false
    }

    fn reconnect(&mut self) -> Result<(), StoreError> {
        self.connection = Self::connect(&self.place, &self.frames)?;
        Ok(())
    }
}
