//! One database, opened: its reads, and the way to its writer.

use crate::StoreError;
use crate::batch::{Bell, Engine, Piece, Priority, Queue, QueueFull};
use crate::database::figures::Figures;
use crate::database::sqlite::{self, sqlite_path};
use crate::database::turns::Pool;
use crate::database::{Connection, lock, mysql, server};
use crate::installation::{self, Birth, Installation};
use crate::node::Node;
use crate::schema::migrate::{self, Upgrade};
use crate::sql::ask::{Ask, Query};
use crate::sql::dialect::Dialect;
use crate::sql::statement::Statement;
use crate::sql::value::{Kind, Row, Value};
use crate::tables::nodes;
use crate::tables::orders::ITEM_ORDER;
use crate::tables::tasks::{Announced, TaskRow};
use crate::tables::workers::WorkerRow;
use docket_domain::{IdSource, Seat, Time};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a read may take where nothing is said.
pub const READ_DEADLINE: Duration = Duration::from_secs(10);

/// How to open a store.
#[derive(Clone)]
pub struct Options {
    /// `sqlite:PATH` or `mysql://…`.
    pub url: String,
    /// Where time comes from.
    pub clock: Arc<dyn Fn() -> Time + Send + Sync>,
    /// Pieces each queue takes.
    pub queue: usize,
    /// Whether an older schema is brought up.
    pub upgrade: bool,
    /// What the database is taken for.
    pub birth: Birth,
    /// How long a read may take before it is broken off.
    pub read_deadline: Duration,
}

/// How long a look at all there is of something may take.
const AT_LENGTH: Duration = Duration::from_hours(1);

enum Database {
    Sqlite { file: Arc<sqlite::Sqlite>, _lock: lock::FileLock },
    MySql(Arc<mysql::Readers>),
}

/// One database.
pub struct Store {
    database: Database,
    queue: Arc<Queue>,
    figures: Arc<Figures>,
    writer: Mutex<Option<JoinHandle<()>>>,
    node: Node,
    installation: Installation,
    bell: Arc<Bell>,
    read_deadline: Duration,
}

impl Store {
    /// Opens the database of `options`, makes or checks its schema, takes a node number and starts the
    /// writer.
    pub async fn open(options: Options) -> Result<Self, StoreError> {
        let upgrade = if options.upgrade { Upgrade::Yes } else { Upgrade::NewOnly };
        let now = (options.clock)();
        let holder = format!("{}:{}", std::process::id(), now.0);
        let queue = Arc::new(Queue::new(options.queue));
        let figures = Arc::new(Figures {
            writable: AtomicBool::new(true),
            batches: AtomicU64::new(0),
            pieces: AtomicU64::new(0),
            conflicts: AtomicU64::new(0),
            wal_frames: AtomicU64::new(0),
            wal_frames_written: AtomicU64::new(0),
            damage: OnceLock::new(),
            nanos: [const { AtomicU64::new(0) }; 5],
        });
        let (database, mut connection) = match sqlite_path(&options.url) {
            Some(path) => open_sqlite(&path, upgrade)?,
            None if options.url.starts_with("mysql:") || options.url.starts_with("mariadb:") => {
                Box::pin(open_mysql(options.url.clone(), upgrade, options.read_deadline)).await?
            }
            None => {
                let message = "a database URL reads sqlite:PATH or mysql://user@host/database";
                return Err(StoreError::Url(message.to_owned()));
            }
        };
        let (birth, url) = (options.birth.clone(), options.url.clone());
        let settled = on_thread(move || {
            let installation = installation::settle(&mut *connection, &birth, &url, now)?;
            Ok((installation, connection))
        });
        let (installation, connection) = settled.await?;
        let mut store = Self {
            installation,
            database,
            queue,
            figures,
            writer: Mutex::new(None),
            node: Node { number: 0, holder, mark: 0 },
            bell: Arc::default(),
            read_deadline: options.read_deadline,
        };
        let clock = Arc::clone(&options.clock);
        store.start(connection, clock, now).await?;
        Ok(store)
    }

    /// What the database records of its installation.
    pub const fn installation(&self) -> &Installation {
        &self.installation
    }

    /// Who is here.
    pub const fn seat(&self) -> &Seat {
        &self.installation.seat
    }

    /// Takes a node number and lets the writer's thread begin.
    async fn start(
        &mut self,
        mut connection: Box<dyn Connection>,
        clock: Arc<dyn Fn() -> Time + Send + Sync>,
        now: Time,
    ) -> Result<(), StoreError> {
        let exclusive = matches!(self.database, Database::Sqlite { .. });
        let (range, own) = (self.installation.nodes, self.installation.node);
        let rows = self.rows("node", "SELECT node, held_until FROM node", &[Kind::Int; 2], vec![]);
        let mut taken = Vec::new();
        for mut row in rows.await? {
            taken.push((row.int()? as u16, row.time()?));
        }
        let holder = self.node.holder.clone();
        let node = on_thread(move || {
            let node =
                nodes::take_free(&mut *connection, range, own, &taken, &holder, now, exclusive)?;
            Ok((node, connection))
        });
        let (node, connection) = node.await?;
        self.node = node;
        let engine = Engine {
            connection,
            queue: Arc::clone(&self.queue),
            figures: Arc::clone(&self.figures),
            clock,
            ids: IdSource::new(self.node.number, self.node.mark),
            node: self.node.clone(),
            bell: Arc::clone(&self.bell),
            seat: self.installation.seat.clone(),
            committing: false,
        };
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || engine.run())
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        *self.writer.lock().expect("only open and close hold the writer's handle") = Some(thread);
        Ok(())
    }

    /// Hands work to the writer.
    pub fn submit(&self, priority: Priority, piece: Box<dyn Piece>) -> Result<(), QueueFull> {
        self.queue.put(priority, piece)
    }

    /// Has `ring` told of every task that is committed here, from the writer's thread: it must not wait. The
    /// runner that came last listens; one before it finds its tasks by looking.
    pub fn on_tasks(&self, ring: impl Fn(&[Announced]) + Send + Sync + 'static) {
        *self.bell.write().expect("nobody panics while the bell is hung") = Some(Box::new(ring));
    }

    /// The work that waits for the writer.
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// What the writer counts.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Pieces that wait: interactive ones, bulk.
    pub fn waiting(&self) -> (usize, usize) {
        self.queue.lengths()
    }

    /// `sqlite` or `mysql`.
    pub const fn kind(&self) -> &'static str {
        match self.database {
            Database::Sqlite { .. } => "sqlite",
            Database::MySql(_) => "mysql",
        }
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        match self.database {
            Database::Sqlite { .. } => Dialect::Sqlite,
            Database::MySql(_) => Dialect::MySql,
        }
    }

    /// Names this process: no other has the same, now or later.
    pub fn process(&self) -> &str {
        &self.node.holder
    }

    /// The statement that keeps this process's node number; due well within a minute.
    pub fn renew_node(&self, now: Time) -> Statement {
        nodes::renew(self.node.number, &self.node.holder, now.plus(nodes::LEASE_MS))
    }

    /// The statement that ends the leases of tasks which other processes had, where those have surely ended: a
    /// SQLite file has one process at a time. Elsewhere a lease is all that tells.
    pub fn take_over_tasks(&self, now: Time) -> Option<Statement> {
        let alone = matches!(self.database, Database::Sqlite { .. });
        alone.then(|| TaskRow::take_over(&self.node.holder, now))
    }

    /// The same of the rows of processes that run tasks.
    pub fn take_over_workers(&self) -> Option<Statement> {
        let alone = matches!(self.database, Database::Sqlite { .. });
        alone.then(|| WorkerRow::leave_others(&self.node.holder))
    }

    /// Lets nothing more in, finishes what waits, and stops the writer.
    pub async fn close(&self) {
        self.queue.close();
        let thread =
            self.writer.lock().expect("only open and close hold the writer's handle").take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    /// Whether the database is where it was opened, and a read answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        if let Database::Sqlite { file, .. } = &self.database {
            file.is_in_place()?;
        }
        self.rows("setting", "SELECT 1", &[Kind::Int], vec![]).await.map(drop)
    }

    /// The rows of any query of this crate.
    pub(crate) async fn rows(
        &self,
        table: &'static str,
        sql: impl Into<String>,
        kinds: &[Kind],
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let query = Query { table, sql: sql.into(), kinds: kinds.to_vec(), values };
        self.rows_together([query]).await.map(|[rows]| rows)
    }

    /// The rows of a query that looks at all there is of something, for the center's own work: it may take long.
    pub(crate) async fn rows_at_length(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        self.heeded(self.together([query], AT_LENGTH).await.map(|[rows]| rows))
    }

    /// Takes note of damage: it is told by who is asked whether the center is well.
    pub(crate) fn heeded<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        answer.inspect_err(|error| self.figures.heed(error))
    }

    /// What `work` makes of answers that are all of one moment, on a thread that may block. The moment must be
    /// short: while it lasts SQLite's log cannot begin anew.
    pub(crate) async fn at_one_moment<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Ask) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.heeded(self.moment_of(work).await)
    }

    async fn moment_of<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Ask) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let limit = self.read_deadline;
        match &self.database {
            Database::Sqlite { file, .. } => {
                let read = move |db: &rusqlite::Connection| {
                    let mut moment = db.unchecked_transaction()?;
                    // Rolled back by its end: what met damage could not be committed, though it only read.
                    work(&mut moment)
                };
                Arc::clone(file).read(limit, read).await
            }
            Database::MySql(readers) => readers.at_one_moment(limit, work).await,
        }
    }

    /// The rows of several queries, all of one moment.
    pub(crate) async fn rows_together<const N: usize>(
        &self,
        queries: [Query; N],
    ) -> Result<[Vec<Row>; N], StoreError> {
        self.heeded(self.together(queries, self.read_deadline).await)
    }

    async fn together<const N: usize>(
        &self,
        queries: [Query; N],
        limit: Duration,
    ) -> Result<[Vec<Row>; N], StoreError> {
        match &self.database {
            Database::Sqlite { file, .. } => {
                let read = move |db: &rusqlite::Connection| {
                    let moment = (N > 1).then(|| db.unchecked_transaction()).transpose()?;
                    let mut found = [const { Vec::new() }; N];
                    for (found, query) in found.iter_mut().zip(queries) {
                        let Query { table, sql, kinds, values } = query;
                        *found = sqlite::query(db, table, &sql, &kinds, &values)?;
                    }
                    moment.map_or(Ok(()), rusqlite::Transaction::commit)?;
                    Ok(found)
                };
                Arc::clone(file).read(limit, read).await
            }
            Database::MySql(readers) => readers.rows(limit, queries).await,
        }
    }

    /// The folder of the database, where it is a file of this machine.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match &self.database {
            Database::Sqlite { file, .. } => file.path().parent(),
            Database::MySql(_) => None,
        }
    }

    /// How the reading connections are used; the writer has one of its own.
    pub fn pool(&self) -> Pool {
        match &self.database {
            Database::Sqlite { file, .. } => file.pool(),
            Database::MySql(readers) => readers.pool(),
        }
    }

    /// How many reads are under way, and how many there may be at once.
    pub fn reads_under_way(&self) -> (usize, usize) {
        match &self.database {
            Database::Sqlite { file, .. } => file.under_way(),
            Database::MySql(readers) => readers.lent(),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.queue.close();
        let thread = self.writer.lock().ok().and_then(|mut writer| writer.take());
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;

type Opened = (Database, Box<dyn Connection>);

fn open_sqlite(path: &Path, upgrade: Upgrade) -> Result<Opened, StoreError> {
    let lock = lock::FileLock::take(path)?;
    let connection = sqlite::open(path)?;
    migrate::sqlite(&connection, upgrade)?;
    let place = sqlite::Place::of(path)?;
    drop(connection);
    let writer = sqlite::Writer::open(place.clone(), &ITEM_ORDER)?;
    let file = Arc::new(sqlite::Sqlite::new(place));
    Ok((Database::Sqlite { file, _lock: lock }, Box::new(writer)))
}

async fn open_mysql(
    url: String,
    upgrade: Upgrade,
    read_deadline: Duration,
) -> Result<Opened, StoreError> {
    let pool = server::pool(&url).await?;
    migrate::mysql(&pool, upgrade).await?;
    pool.close().await;
    let readers = mysql::Readers::of(&url, read_deadline)?;
    let writer = on_thread(move || mysql::Writer::open(&url)).await?;
    Ok((Database::MySql(readers), Box::new(writer)))
}

/// Runs what blocks on a thread of its own: the writer's connection brings its own small runtime.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || drop(answer.send(work())));
    answered.await.map_err(|_| StoreError::Unavailable("a thread ended early".into()))?
}
