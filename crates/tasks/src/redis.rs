//! The doorbell between processes: lists in Redis that idle workers wait on, and what operators may look at.
//!
//! Redis is told, never asked what is true. Notes go out through a bounded queue; what finds no room or no
//! Redis is dropped, because every process also looks by itself. Every key has an expiry.

use crate::wakeup::Wakeup;
use docket_domain::Id;
use docket_store::Announced;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Pipeline, RedisResult};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Priorities that have a list of their own; all beyond share the last.
const LISTS: u8 = 10;
/// How long an announcement is of use: by then everybody has looked by itself.
const LIST_SECONDS: i64 = 60;
/// Announcements a list keeps; more means that nobody is idle, and then nobody needs them.
const LIST_MAX: isize = 10_000;
/// How long a lock is shown: as long as a lease.
const LOCK_SECONDS: u64 = 5 * 60;
/// How long a status is shown.
const STATUS_SECONDS: u64 = 24 * 60 * 60;
/// Seconds that an idle worker waits on the lists at a time.
const POP_SECONDS: u64 = 5;
/// How long Redis may take to answer; longer is away.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it waits before it tries a Redis again that was away.
const PAUSE: Duration = Duration::from_secs(1);
/// Notes that wait to be sent.
const NOTES_MAX: usize = 4096;
/// Gives the next moment of a row of evenly spaced ones that all processes take from: KEYS[1] is when it is, in
/// milliseconds by Redis's own clock; answers how long to wait for it. ARGV[1] is the pause between two.
const RESERVE: &str = "local t = redis.call('TIME') \
    local now = t[1] * 1000 + math.floor(t[2] / 1000) \
    local at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0')) \
    redis.call('SET', KEYS[1], string.format('%d', at + ARGV[1]), 'PX', 60000) \
    return at - now";
/// How long Redis may take to give a moment; longer is away.
const SOON: Duration = Duration::from_millis(500);
/// Notes in one round trip.
const TOGETHER_MAX: usize = 256;

/// What Redis is told of a task.
#[derive(Debug, Clone)]
pub(crate) enum Note {
    /// It was committed.
    Announced(Announced),
    /// A worker of `owner` has it.
    Claimed {
        /// Which.
        id: Id,
        /// The process.
        owner: Arc<str>,
    },
    /// Nobody has it any more; it is `status` now.
    Released {
        /// Which.
        id: Id,
        /// A word of its state.
        status: &'static str,
    },
}

/// The way to Redis.
#[derive(Clone)]
pub struct Redis {
    client: redis::Client,
    prefix: Arc<str>,
    notes: mpsc::Sender<Note>,
    well: Arc<AtomicBool>,
    /// The connection that moments are asked for on.
    moments: Arc<tokio::sync::Mutex<Option<MultiplexedConnection>>>,
}

/// Why a URL is none of Redis.
#[derive(Debug, thiserror::Error)]
#[error("`{url}` is no address of a Redis server: {why}")]
pub struct BadUrl {
    url: String,
    why: String,
}

/// Where a Redis is, and what our keys in it begin with.
#[derive(Debug, Clone)]
pub struct RedisAt {
    client: redis::Client,
    prefix: Arc<str>,
}

impl RedisAt {
    /// A Redis at `url` (`redis://…`), whose keys of ours begin with `prefix`.
    pub fn parse(url: &str, prefix: &str) -> Result<Self, BadUrl> {
        let wrong =
            |error: redis::RedisError| BadUrl { url: url.to_owned(), why: error.to_string() };
        Ok(Self { client: redis::Client::open(url).map_err(wrong)?, prefix: prefix.into() })
    }

    /// Whether it answers now; the error says why not.
    pub async fn answers(&self) -> io::Result<()> {
        let asked = async {
            let mut connection = connect(&self.client, PATIENCE).await?;
            redis::cmd("PING").query_async::<()>(&mut connection).await
        };
        asked.await.map_err(|error: redis::RedisError| match error {
            error if error.is_connection_refusal() => io::ErrorKind::ConnectionRefused.into(),
            error if error.is_timeout() => io::ErrorKind::TimedOut.into(),
            error => io::Error::other(error.to_string()),
        })
    }
}

/// A connection whose answers may take as long as `patience`.
async fn connect(client: &redis::Client, patience: Duration) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(patience));
    client.get_multiplexed_async_connection_with_config(&config).await
}

/// A Redis that is not at work yet.
pub struct Unstarted {
    redis: Redis,
    waiting: mpsc::Receiver<Note>,
}

impl Redis {
    /// Whether it answered when it was last spoken to. Away, all works on, and is picked up some seconds
    /// later.
    pub fn is_well(&self) -> bool {
        self.well.load(Relaxed)
    }

    /// Announcements that nobody has taken, all lists together.
    pub async fn backlog(&self) -> RedisResult<u64> {
        let mut connection = self.connect(PATIENCE).await?;
        let mut lengths = redis::pipe();
        for list in 0..LISTS {
            lengths.cmd("LLEN").arg(self.list(list));
        }
        let lengths: Vec<u64> = lengths.query_async(&mut connection).await?;
        Ok(lengths.into_iter().sum())
    }

    /// Reserves the next moment of `name`, of a row with pauses of `pause` milliseconds that all processes share; answers
    /// how long to wait for it.
    pub async fn reserve(&self, name: &str, pause: i64) -> RedisResult<Duration> {
        let mut moments = self.moments.lock().await;
        if moments.is_none() {
            *moments = Some(self.connect(SOON).await?);
        }
        let Some(connection) = &mut *moments else { return Ok(Duration::ZERO) };
        let key = format!("{}:moment:{name}", self.prefix);
        let mut eval = redis::cmd("EVAL");
        eval.arg(RESERVE).arg(1).arg(key).arg(pause);
        let wait = eval.query_async::<u64>(connection).await;
        if wait.is_err() {
            *moments = None;
        }
        wait.map(Duration::from_millis)
    }

    /// Passes on a note, or drops it where there is no room: it only makes things sooner.
    pub(crate) fn tell(&self, note: Note) {
        let _ = self.notes.try_send(note);
    }

    fn list(&self, priority: u8) -> String {
        format!("{}:tasks:{}", self.prefix, priority.min(LISTS - 1))
    }

    async fn connect(&self, patience: Duration) -> RedisResult<MultiplexedConnection> {
        connect(&self.client, patience).await
    }

    fn note(&self, note: Note, to: &mut Pipeline) {
        let lock = |id: Id| format!("{}:task:{id}:lock", self.prefix);
        let status = |id: Id, word: &str, to: &mut Pipeline| {
            let key = format!("{}:task:{id}:status", self.prefix);
            to.cmd("SETEX").arg(key).arg(STATUS_SECONDS).arg(word).ignore();
        };
        match note {
            Note::Announced(task) => {
                let list = self.list(task.priority);
                to.cmd("LPUSH").arg(&list).arg(format!("{} {}", task.kind, task.id)).ignore();
                to.cmd("LTRIM").arg(&list).arg(0).arg(LIST_MAX - 1).ignore();
                to.cmd("EXPIRE").arg(&list).arg(LIST_SECONDS).ignore();
                status(task.id, "pending", to);
            }
            Note::Claimed { id, owner } => {
                let seconds = LOCK_SECONDS * 1000;
                let set = to.cmd("SET").arg(lock(id)).arg(&*owner);
                set.arg("NX").arg("PX").arg(seconds).ignore();
                status(id, "running", to);
            }
            Note::Released { id, status: word } => {
                to.cmd("DEL").arg(lock(id)).ignore();
                status(id, word, to);
            }
        }
    }
}

impl Unstarted {
    /// The way to the Redis `at`. Nothing is sent before a runner starts it.
    pub fn new(at: &RedisAt) -> Self {
        let RedisAt { client, prefix } = at.clone();
        let (notes, waiting) = mpsc::channel(NOTES_MAX);
        let well = Arc::new(AtomicBool::new(false));
        let moments = Arc::default();
        Self { redis: Redis { client, prefix, notes, well, moments }, waiting }
    }

    /// Begins to tell Redis of tasks, and to wake workers here when it tells of some.
    pub(crate) fn start(
        self,
        wakeup: Arc<Wakeup>,
        has_room: impl Fn() -> bool + Send + Sync + 'static,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Redis {
        let Self { redis, waiting } = self;
        tasks.spawn(stop.clone().run_until_cancelled_owned(redis.clone().send(waiting)));
        let listening = redis.clone().listen(wakeup, has_room);
        tasks.spawn(stop.clone().run_until_cancelled_owned(listening));
        redis
    }

    /// The way to it, for whoever asks how it is.
    pub fn handle(&self) -> Redis {
        self.redis.clone()
    }
}

impl Redis {
    /// Sends notes, as many together as there are.
    async fn send(self, mut waiting: mpsc::Receiver<Note>) {
        let mut connection = None;
        let mut notes = Vec::new();
        loop {
            if connection.is_none() {
                connection = self.connect(PATIENCE).await.ok();
            }
            let Some(open) = &mut connection else {
                self.is(false);
                // What waits is stale by the time Redis is back.
                while waiting.try_recv().is_ok() {}
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let mut pipeline = redis::pipe();
            match tokio::time::timeout(PAUSE, waiting.recv_many(&mut notes, TOGETHER_MAX)).await {
                Ok(_) => notes.drain(..).for_each(|note| self.note(note, &mut pipeline)),
                // Nothing to say: asks whether it is there.
                Err(_) => drop(pipeline.cmd("PING").ignore()),
            }
            match pipeline.query_async::<()>(open).await {
                Ok(()) => self.is(true),
                Err(error) => {
                    tracing::debug!(%error, "Redis was not told of tasks");
                    connection = None;
                }
            }
        }
    }

    fn is(&self, well: bool) {
        if self.well.swap(well, Relaxed) != well {
            if well {
                tracing::info!("Redis rings for tasks");
            } else {
                tracing::warn!(
                    "Redis is away; tasks are picked up some seconds later until it is back"
                );
            }
        }
    }

    /// Waits on the lists while there is room here, and wakes the workers of what it gets.
    async fn listen(self, wakeup: Arc<Wakeup>, has_room: impl Fn() -> bool) {
        let patience = Duration::from_secs(POP_SECONDS) + PATIENCE;
        let lists: Vec<_> = (0..LISTS).map(|priority| self.list(priority)).collect();
        let mut connection = None;
        loop {
            if !has_room() {
                // Somebody else may be idle.
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            }
            if connection.is_none() {
                connection = self.connect(patience).await.ok();
            }
            let Some(open) = &mut connection else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let mut pop = redis::cmd("BRPOP");
            pop.arg(&lists).arg(POP_SECONDS);
            match pop.query_async::<Option<(String, String)>>(open).await {
                Ok(None) => {}
                Ok(Some((_, announced))) => {
                    if let Some((kind, _)) = announced.split_once(' ') {
                        wakeup.ring(kind);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "Redis was not heard of tasks");
                    connection = None;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}
