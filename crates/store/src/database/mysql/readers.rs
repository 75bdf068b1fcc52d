//! Reading connections of a server of the MySQL family, lent to one read each.
//!
//! A read that is broken off, by its deadline or because nobody waits for it any more, leaves a server at work that
//! does not notice: the connection is killed from another one, and is not lent again. The server's own limit of
//! time is the last resort, for a process that hangs.

use super::{Moment, query};
use crate::StoreError;
use crate::database::reading::within;
use crate::database::server::{READS, REFUSED, Server, settle};
use crate::database::turns::{Pool, Turns};
use crate::sql::ask::{Ask, Query};
use crate::sql::value::Row;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor, Row as _};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;

/// Connections at most.
const READERS: usize = 8;
/// How long a server may take to take a connection, or to kill one.
const CONNECT: Duration = Duration::from_secs(5);
/// Idle for longer, a connection is tried before it is lent: the server may have been away.
const TRIED_AFTER: Duration = Duration::from_secs(1);
/// What the server waits longer than we do.
const LAST_RESORT: Duration = Duration::from_secs(1);

/// The reading connections of a process.
pub struct Readers {
    server: Arc<Server>,
    /// How long a read may take; one that may take longer has a connection of its own.
    deadline: Duration,
    idle: Mutex<Vec<Reader>>,
    turns: Turns,
}

/// One of them.
struct Reader {
    connection: MySqlConnection,
    /// What the server calls it.
    id: u64,
    /// How long the server lets a read on it take, but for [`LAST_RESORT`].
    limit: Duration,
    used: Instant,
}

/// A connection that is lent. Dropped before it was given back, it is killed.
struct Lent {
    reader: Option<Reader>,
    home: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

/// Whoever waits for a read on another thread. Dropped before the read is done, its connection is killed.
struct Waiting {
    home: Arc<Readers>,
    id: u64,
    /// Set by whoever is first: the read that is done, or the caller that leaves.
    over: Arc<AtomicBool>,
}

impl Readers {
    /// Of the server and database of `url`; a read takes `deadline` at most.
    pub fn of(url: &str, deadline: Duration) -> Result<Arc<Self>, StoreError> {
        Ok(Arc::new(Self {
            server: Arc::new(Server::of(url, REFUSED)?),
            deadline,
            idle: Mutex::default(),
            turns: Turns::of(READERS),
        }))
    }

    /// How many are lent, and how many there may be.
    pub fn lent(&self) -> (usize, usize) {
        self.turns.taken()
    }

    /// How they are used.
    pub fn pool(&self) -> Pool {
        self.turns.pool(self.idle.lock().expect("nobody panics with the idle connections").len())
    }

    /// The rows of several queries, all of one moment; one alone is of one moment anyway.
    pub async fn rows<const N: usize>(
        self: &Arc<Self>,
        limit: Duration,
        queries: [Query; N],
    ) -> Result<[Vec<Row>; N], StoreError> {
        within(limit, async {
            let mut lent = self.lend(limit).await?;
            let found = together(lent.connection(), queries).await;
            lent.end(&found);
            found
        })
        .await
    }

    /// What `work` makes of answers that are all of one moment, on a thread that may block.
    pub async fn at_one_moment<T: Send + 'static>(
        self: &Arc<Self>,
        limit: Duration,
        work: impl FnOnce(&mut dyn Ask) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        within(limit, async {
            let mut lent = self.lend(limit).await?;
            let over = Arc::<AtomicBool>::default();
            let _waiting =
                Waiting { home: Arc::clone(self), id: lent.id(), over: Arc::clone(&over) };
            let runtime = Handle::current();
            let job = tokio::task::spawn_blocking(move || {
                let connection = lent.connection();
                runtime.block_on(connection.execute("BEGIN"))?;
                let answer = work(&mut Moment { runtime: &runtime, connection });
                let end = if answer.is_ok() { "COMMIT" } else { "ROLLBACK" };
                let ended = runtime.block_on(connection.execute(end));
                let ended = ended.map(drop).map_err(StoreError::from);
                if !over.swap(true, Relaxed) {
                    lent.end(&ended);
                }
                answer
            });
            job.await?
        })
        .await
    }

    async fn lend(self: &Arc<Self>, limit: Duration) -> Result<Lent, StoreError> {
        let permit = self.turns.take().await;
        let lent = |reader| Lent { reader: Some(reader), home: Arc::clone(self), _permit: permit };
        let idle = self.idle.lock().expect("nobody panics with the idle connections").pop();
        let idle = idle.filter(|reader| reader.limit >= limit);
        if let Some(mut reader) = idle
            && (reader.used.elapsed() < TRIED_AFTER || reader.connection.ping().await.is_ok())
        {
            return Ok(lent(reader));
        }
        let connected = tokio::time::timeout(CONNECT, self.connect(limit.max(self.deadline))).await;
        let too_long = |_| StoreError::Unavailable("the server takes no connection".into());
        Ok(lent(connected.map_err(too_long)??))
    }

    async fn connect(&self, limit: Duration) -> Result<Reader, StoreError> {
        let mut connection = self.server.connect().await?;
        settle(&mut connection, READS).await?;
        let asked = "SELECT CAST(CONNECTION_ID() AS UNSIGNED), VERSION()";
        let row = connection.fetch_one(asked).await?;
        let (id, version): (u64, String) = (row.try_get_unchecked(0)?, row.try_get_unchecked(1)?);
        let most = (limit + LAST_RESORT).as_millis();
        let most = if version.contains("MariaDB") {
            format!("SET SESSION max_statement_time = {}", most.div_ceil(1_000))
        } else {
            format!("SET SESSION max_execution_time = {most}")
        };
        connection.execute(AssertSqlSafe(most)).await?;
        Ok(Reader { connection, id, limit, used: Instant::now() })
    }

    /// Ends the connection `id` at the server, on a connection of its own.
    fn kill(&self, id: u64) {
        let Ok(runtime) = Handle::try_current() else { return };
        let server = Arc::clone(&self.server);
        runtime.spawn(async move {
            let kill = async {
                let mut connection = server.connect().await?;
                connection.execute(AssertSqlSafe(format!("KILL {id}"))).await?;
                connection.close().await
            };
            match tokio::time::timeout(CONNECT, kill).await {
                Ok(Ok(())) => {}
                // Most likely it is gone already.
                Ok(Err(error)) => {
                    tracing::debug!(%error, "a read that was broken off was not killed");
                }
                Err(_) => tracing::debug!("the server does not answer who kills a read"),
            }
        });
    }
}

impl Lent {
    fn connection(&mut self) -> &mut MySqlConnection {
        &mut self.reader.as_mut().expect("it was not given back yet").connection
    }

    fn id(&self) -> u64 {
        self.reader.as_ref().expect("it was not given back yet").id
    }

    /// Gives it back, unless the read found it broken; of what nobody knows it may be broken too.
    fn end<T>(&mut self, outcome: &Result<T, StoreError>) {
        let Some(mut reader) = self.reader.take() else { return };
        if outcome.as_ref().is_err_and(|error| !error.is_damage()) {
            return;
        }
        if reader.limit > self.home.deadline {
            return;
        }
        reader.used = Instant::now();
        self.home.idle.lock().expect("nobody panics with the idle connections").push(reader);
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.home.kill(reader.id);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.over.swap(true, Relaxed) {
            self.home.kill(self.id);
        }
    }
}

async fn together<const N: usize>(
    connection: &mut MySqlConnection,
    queries: [Query; N],
) -> Result<[Vec<Row>; N], StoreError> {
    let mut found = [const { Vec::new() }; N];
    if N > 1 {
        connection.execute("BEGIN").await?;
    }
    for (found, asked) in found.iter_mut().zip(queries) {
        let Query { table, sql, kinds, values } = asked;
        match query(&mut *connection, table, &sql, &kinds, &values).await {
            Ok(rows) => *found = rows,
            Err(error) => {
                if N > 1 {
                    connection.execute("ROLLBACK").await?;
                }
                return Err(error);
            }
        }
    }
    if N > 1 {
        connection.execute("COMMIT").await?;
    }
    Ok(found)
}
