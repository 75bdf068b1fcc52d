//! The config in force, made of what its sections say.

use super::Set;
use super::alerts::Alerts;
use super::channels;
use super::coupons;
use super::deadlines;
use super::keys::KeyText;
use super::layers::{self, Layers};
use super::ledger;
use super::mirror;
use super::payments;
use super::section::Listed;
use super::sections::{
    Archive, Database, Log, Orders, Privacy, Redis, Schedules, Server, Tasks, Telemetry, Webhooks,
};
use super::shapes::{DatabaseUrl, Places, Switch};
use super::strange::unknown;
use crate::failure::Failure;
use crate::said::{Said, said};
use docket_app::vault::KeySource;
use docket_app::{RedisAt, Settings, TaskSettings, WebhookSettings};
use docket_domain::Limits;
use docket_wire::Markets;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

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
    pub alerts: Alerts,
    pub archive: Archive,
    pub orders: Orders,
    pub markets: Markets,
    pub deadlines: Arc<docket_app::Deadlines>,
    pub coupons: docket_app::CouponSettings,
    pub channels: docket_app::ChannelSettings,
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
            alerts: Alerts::take(&mut layers, &data)?,
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
            channels: channels::take(&mut layers, &mut also)?,
            also,
            data,
            file,
        };
        match layers.left().next() {
            Some((path, origin)) => Err(unknown(path, origin)),
            None => config.alerts.judge().map(|()| config),
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
            self.alerts.list(),
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
            seat: None,
            nodes: None,
            upgrade: *self.database.upgrade == Switch::On,
            read_deadline: self.database.read_deadline.duration(),
            queue: self.orders.queue.0,
            markets: self.markets.clone(),
            deadlines: Arc::clone(&self.deadlines),
            limits: Arc::new(self.orders.limits()),
            coupons: self.coupons.clone(),
            channels: self.channels.clone(),
            alerts: self.alerts.settings(self.channels.overlap),
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
            rewritten_at_once: Settings::REWRITTEN_AT_ONCE,
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
        KeySource::Text(given.value.0.clone(), format!("privacy.keys ({})", given.origin.place()))
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
