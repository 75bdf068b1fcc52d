//! What can be set, section by section, and the config that is made of it.

use super::Set;
use super::archive::{ArchiveUrl, Days, Name, Secret};
use super::coupons;
use super::deadlines;
use super::keys::KeyText;
use super::layers::{self, Layers};
use super::ledger;
use super::mirror;
use super::nightly::Repairs;
use super::payments;
use super::section::{Field, Listed, Secrecy, Section, listed, section};
use super::server::{Connections, Drain, Size};
use super::shapes::{
    DatabaseUrl, Length, LogFormat, LogLevel, Places, Prefix, RedisUrl, Switch, When,
};
use super::strange::unknown;
use crate::failure::Failure;
use crate::said::{Said, said};
use docket_app::vault::KeySource;
use docket_app::{Networks, RedisAt, Settings, TaskSettings, WebhookSettings};
use docket_domain::Limits;
use docket_wire::Markets;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

section! {
    /// Where the center listens.
    server Server {
        /// Address and port of the HTTP interface. Port 0 takes a free one. Listen on every address
        /// (0.0.0.0:7300) only behind something that speaks TLS.
        listen: SocketAddr = "127.0.0.1:7300";
        /// How many connections may be open. auto: as many as the files this process may open (`ulimit -n`)
        /// leave, at most 4096. Where that many are open, the one that has waited longest for its client gives
        /// way to whoever comes; where all are at work, others are answered 503, and `/livez` still answers.
        max_connections: Connections = "auto";
        /// How long a caller may take to send the head of a request.
        head_time: Length = "10s";
        /// How long a caller may take to send the body of a request.
        body_time: Length = "30s";
        /// Proxies of yours, as a list of networks and addresses. A request that comes from one of them is its
        /// client's: of the last address in `X-Forwarded-For` or `Forwarded` that is none of them. Limits and the
        /// log see that address. Name none that passes on what its clients say of themselves.
        trusted_proxies: Networks = "[]";
        /// How long a caller may take nothing of its answer.
        answer_time: Length = "30s";
        /// How long a connection may be idle between requests.
        idle_time: Length = "1m";
        /// How many bytes of bodies are held at one moment, over all requests; more are answered 503. Those who
        /// send no credentials share a sixteenth of it.
        body_room: Size = "256MiB";
        /// How long the listener stays open after the signal to stop, while `/readyz` says 503 already, so that
        /// whoever shares out requests hears of it. auto: 0s on the loopback, 5s elsewhere.
        drain: Drain = "auto";
    }
}

section! {
    /// Where orders are kept.
    database Database {
        /// `sqlite:PATH` (a path that is not absolute lies in the data folder) or
        /// `mysql://user:password@host:port/database` for MySQL 8, MariaDB 10.11 and later, or TiDB. Over a
        /// network add `?ssl-mode=VERIFY_IDENTITY&ssl-ca=/path/of/ca.pem`: TLS, and the certificate must be signed
        /// by that authority, or by one the system trusts, for this host. `VERIFY_CA` takes any host, `REQUIRED`
        /// any certificate, `PREFERRED` (where nothing is said) even no TLS; `DISABLED` uses none. A client
        /// certificate: `ssl-cert`, `ssl-key`. A socket: `socket=/run/mysqld/mysqld.sock`.
        url: DatabaseUrl = "sqlite:docket.db" secret;
        /// Whether `docket serve` brings the schema of an older release up by itself. Where several
        /// processes share a database, say false and run `docket migrate` before them.
        upgrade: Switch = "true";
        /// How long one read may take. What takes longer is broken off and answered with 503 `too_slow`; so is
        /// what nobody waits for any more.
        read_deadline: Length = "10s";
    }
}

section! {
    /// How orders are taken. Markets of your own stand in [orders.markets] as name = number, from 100.
    orders Orders {
        /// How many requests may wait for the writer, of people and of bulk work each; more are answered 503.
        queue: Places = "4096";
        /// How often one side (the buyer, or seller and store) may ask for money back of one shop order; requests
        /// that were withdrawn or rejected count. More is answered 409, as with each of the following. What has
        /// happened (news of gateways, channels, imports) is always taken.
        max_refunds: Places = "200";
        /// Shipments of one shop order.
        max_shipments: Places = "200";
        /// Payments of an order that tills report, and payments of nothing.
        max_payments: Places = "200";
        /// Attempts to pay of an order.
        max_attempts: Places = "20";
        /// Notes on an order.
        max_notes: Places = "200";
        /// Labels on an order, and on each of its shop orders.
        max_tags: Places = "50";
        /// Days by which receipt of a shop order may be put off in all.
        max_extended_days: Places = "180";
        /// Changes of an order after which no words, labels or new terms are taken any more; what moves goods or
        /// money always goes on.
        max_changes: Places = "2000";
    }
}

section! {
    /// Redis rings for tasks between processes, so that idle ones need not look. Nothing is kept in it: away,
    /// slow or emptied it changes how soon something happens, never whether.
    redis Redis {
        /// `redis://user:password@host:port`; none where empty.
        url: RedisUrl = "" secret;
        /// What the names of our keys begin with.
        prefix: Prefix = "docket";
    }
}

section! {
    /// Durable tasks: what happens outside, later.
    tasks Tasks {
        /// How long a stopping process waits for tasks that run; what is left is taken up by others.
        grace: Length = "20s";
        /// Classes of differences that the nightly run of reconcile repairs, separated by commas; none where
        /// empty. The others it only tells.
        nightly_repairs: Repairs = "status_stale";
    }
}

section! {
    /// Webhooks: who is told of every change of an order. `docket webhook add` adds one.
    webhooks Webhooks {
        /// Networks that events may be sent to though they are not for everyone, as a list of networks and addresses:
        /// loopback, private, link-local and others like them are refused elsewhere. Events go through no proxy.
        /// Payment gateways, ledgers and the archive are yours to name: where they are is not limited.
        allow: Networks = "[]";
    }
}

section! {
    /// What runs by itself: an interval such as 10m, or a cron expression with its time zone, such as
    /// 0 2 * * * Asia/Shanghai. One process of all runs each.
    schedules Schedules {
        /// Forgets old idempotency keys, logins that ran out, and tasks that were finished a week ago.
        housekeeping: When = "1h";
        /// Moves what is old to the archive, where there is one.
        archive: When = "0 3 * * * UTC";
        /// Finds out whether the books agree: `docket reconcile`, at night.
        reconcile: When = "0 3 * * * UTC";
    }
}

section! {
    /// The archive: what is old leaves the database, stays readable, and comes back by `docket archive restore`.
    archive Archive {
        /// `off`; `file:PATH` for a folder (one that is not absolute lies in the data folder); or
        /// `s3:https://HOST:PORT/BUCKET/PREFIX` for a store that speaks S3. It is no backup: keep one of it too.
        url: ArchiveUrl = "off";
        /// The region of the bucket.
        region: Name = "us-east-1";
        /// The access key of the bucket.
        access_key: Name = "";
        /// Its secret.
        secret: Secret = "" secret;
        /// Days after which the log of an order that did not change leaves; 0 for at once.
        log_after_days: Days = "90";
        /// The same of what was agreed.
        snapshots_after_days: Days = "90";
        /// Days after which a finished order that did not change leaves whole; it is then found by its numbers
        /// alone.
        orders_after_days: Days = "730";
    }
}

section! {
    /// People's data.
    privacy Privacy {
        /// The file of the keys that seal people's data; in the data folder where it is not absolute.
        /// It is made, readable by its owner alone, where the database records no keys yet. Without it people's
        /// data cannot be read: keep a copy, apart from the database. Processes that share a database share the
        /// keys: give each of them a copy of this file; one with other keys does not start.
        key_file: PathBuf = "docket.keys";
        /// The keys themselves, as `docket privacy new` prints them, instead of a file: for containers. Where they
        /// are given, `key_file` is not looked at.
        keys: KeyText = "" secret;
    }
}

section! {
    /// What the center says of itself, on stderr.
    log Log {
        /// `text` for people or `json` for programs.
        format: LogFormat = "text";
        /// error, warn, info, debug or trace; by module as well: `info,docket_app=debug`.
        level: LogLevel = "info";
    }
}

section! {
    /// Figures for monitoring.
    telemetry Telemetry {
        /// Whether `/metrics` is served, in the format of Prometheus.
        metrics: Switch = "true";
    }
}

/// Every section that is a plain table of keys, in the order of the file.
pub const SECTIONS: [&Section; 11] = [
    &Server::SECTION,
    &Database::SECTION,
    &Redis::SECTION,
    &Orders::SECTION,
    &Tasks::SECTION,
    &Webhooks::SECTION,
    &Schedules::SECTION,
    &Archive::SECTION,
    &Privacy::SECTION,
    &Log::SECTION,
    &Telemetry::SECTION,
];

/// The config in force.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // the sections are documented where they are declared
pub struct Config {
    pub data: PathBuf,
    pub file: Option<PathBuf>,
    pub server: Server,
    pub database: Database,
    pub redis: Redis,
    pub tasks: Tasks,
    pub webhooks: Webhooks,
    pub schedules: Schedules,
    pub archive: Archive,
    pub orders: Orders,
    pub markets: Markets,
    pub deadlines: Arc<docket_app::Deadlines>,
    pub coupons: docket_app::CouponSettings,
    pub ledgers: Arc<docket_app::LedgerSettings>,
    pub privacy: Privacy,
    pub log: Log,
    pub telemetry: Telemetry,
    pub gateways: Vec<docket_app::GatewayAt>,
    pub mirror: Option<docket_app::mirror::MirrorSettings>,
    /// Deadlines and markets that were set, for `docket check`.
    also: Vec<Listed>,
}

impl Config {
    /// Reads what was given; nothing that is not known passes.
    pub fn read(mut layers: Layers, data: PathBuf, file: Option<PathBuf>) -> Result<Self, Failure> {
        let mut also = Vec::new();
        let config = Self {
            server: Server::take(&mut layers, &data)?,
            database: Database::take(&mut layers, &data)?,
            redis: Redis::take(&mut layers, &data)?,
            tasks: Tasks::take(&mut layers, &data)?,
            webhooks: Webhooks::take(&mut layers, &data)?,
            schedules: Schedules::take(&mut layers, &data)?,
            archive: Archive::take(&mut layers, &data)?,
            privacy: Privacy::take(&mut layers, &data)?,
            log: Log::take(&mut layers, &data)?,
            telemetry: Telemetry::take(&mut layers, &data)?,
            orders: Orders::take(&mut layers, &data)?,
            deadlines: Arc::new(deadlines::take(&mut layers, &mut also)?),
            ledgers: Arc::new(ledger::take(&mut layers, &mut also, &data)?),
            markets: take_markets(&mut layers, &mut also)?,
            gateways: payments::take(&mut layers, &mut also, &data)?,
            mirror: mirror::take(&mut layers, &data, &mut also)?,
            coupons: coupons::take(&mut layers, &mut also)?,
            also,
            data,
            file,
        };
        match layers.left().next() {
            Some((path, origin)) => Err(unknown(path, origin)),
            None => Ok(config),
        }
    }

    /// The defaults over a data folder, whatever the environment says.
    pub fn defaults(data: PathBuf) -> Result<Self, Failure> {
        Self::read(Layers::default(), data, None)
    }

    /// The same config with all that is stored in `folder`.
    pub fn laid_in(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.data);
        self.privacy.key_file.value = PathBuf::from("docket.keys");
        self.privacy.keys.value = KeyText(String::new());
        self.database.url.value = DatabaseUrl("sqlite:docket.db".to_owned());
        self
    }

    /// Every value in force and where it came from.
    pub fn list(&self) -> Vec<Listed> {
        let sections = [
            self.server.list(),
            self.database.list(),
            self.redis.list(),
            self.orders.list(),
            self.also.clone(),
            self.tasks.list(),
            self.webhooks.list(),
            self.schedules.list(),
            self.archive.list(),
            self.privacy.list(),
            self.log.list(),
            self.telemetry.list(),
        ];
        sections.concat()
    }

    /// The settings of the order center.
    pub fn settings(&self) -> Settings {
        Settings {
            database_url: self.database_url(),
            upgrade: *self.database.upgrade == Switch::On,
            read_deadline: self.database.read_deadline.duration(),
            queue: self.orders.queue.0,
            markets: self.markets.clone(),
            deadlines: Arc::clone(&self.deadlines),
            limits: Arc::new(self.orders.limits()),
            coupons: self.coupons.clone(),
            ledgers: Arc::clone(&self.ledgers),
            tasks: TaskSettings {
                redis: self.redis_at(),
                grace: self.tasks.grace.duration(),
                schedules: self.schedules.times(),
            },
            nightly_repairs: self.tasks.nightly_repairs.0.clone(),
            mirror: self.mirror.clone(),
            gateways: self.gateways.clone(),
            archive: self.archive_at(),
            webhooks: WebhookSettings { allow: self.webhooks.allow.value.clone() },
        }
    }

    /// The Redis, if one is named.
    pub fn redis_at(&self) -> Option<RedisAt> {
        let url = self.redis.url.value.0.as_deref()?;
        RedisAt::parse(url, &self.redis.prefix.value.0).ok()
    }

    /// The settings of the HTTP interface.
    pub fn http(&self) -> docket_http::Options {
        let metrics = match *self.telemetry.metrics {
            Switch::On => docket_http::Metrics::Served,
            Switch::Off => docket_http::Metrics::Hidden,
        };
        docket_http::Options {
            body_time: self.server.body_time.duration(),
            trusted_proxies: self.server.trusted_proxies.value.clone(),
            body_room: self.server.body_room.0,
            metrics,
            leaving: CancellationToken::new(),
        }
    }

    /// The database, with a path that is not absolute laid in the data folder.
    pub fn database_url(&self) -> String {
        match docket_store::sqlite_path(&self.database.url.0) {
            Some(path) => format!("sqlite:{}", self.data.join(path).display()),
            None => self.database.url.0.clone(),
        }
    }

    /// Where the keys are kept.
    pub fn keys(&self) -> KeySource {
        let given = &self.privacy.keys;
        if given.value.0.is_empty() {
            return KeySource::File(self.data.join(&self.privacy.key_file.value));
        }
        KeySource::Text(given.value.0.clone(), format!("privacy.keys ({})", given.origin))
    }
}

impl Orders {
    /// How much of one kind an order takes.
    fn limits(&self) -> Limits {
        let most = |places: &Set<Places>| u32::try_from(places.0).unwrap_or(u32::MAX);
        Limits {
            refunds: most(&self.max_refunds),
            shipments: most(&self.max_shipments),
            payments: most(&self.max_payments),
            attempts: most(&self.max_attempts),
            notes: most(&self.max_notes),
            tags: most(&self.max_tags),
            extended_days: most(&self.max_extended_days),
            changes: most(&self.max_changes),
        }
    }
}

fn take_markets(layers: &mut Layers, also: &mut Vec<Listed>) -> Result<Markets, Failure> {
    let mut configured = Vec::new();
    for given in layers.take_under("orders")? {
        match &given.path[..] {
            [_, markets, name] if markets == "markets" => {
                let number = given.text.parse::<u16>().map_err(|_| {
                    layers::cannot_be_used(&layers::dotted(&given.path), &given.text, &given.origin)
                        .next(said!(
                            "A market has a number from 100 to 65535.",
                            "市场编号为 100 到 65535。"
                        ))
                })?;
                configured.push((name.clone(), number));
                let (key, value, origin) = (layers::dotted(&given.path), given.text, given.origin);
                let from = origin.said();
                also.push(Listed { key, value, origin: origin.to_string(), from });
            }
            path => return Err(unknown(path, &given.origin)),
        }
    }
    Markets::with(configured).map_err(|wrong| {
        let refused = said!("[orders.markets] cannot be used", "[orders.markets] 不可用");
        Failure::new(refused.because(Said::as_told(wrong))).next(said!(
            "Give each market a name and a number of its own, from 100.",
            "请给每个市场各自的名称和编号，编号从 100 起。"
        ))
    })
}
