//! What can be set about an order center, as data: the edges read it from config. What is set about one room is declared
//! there.

use crate::alerts::AlertSettings;
use crate::archive::ArchiveSettings;
use crate::channels::ChannelSettings;
use crate::gateways::GatewayAt;
use crate::lane::deadlines::Deadlines;
use crate::lane::redeem::CouponSettings;
use crate::ledgers::LedgerSettings;
use crate::mirror::MirrorSettings;
use crate::tasks::TaskSettings;
use crate::webhooks::WebhookSettings;
use docket_domain::Seat;
use docket_domain::limits::Limits;
use docket_store::Nodes;
use docket_wire::Markets;
use std::sync::Arc;
use std::time::Duration;

/// Settings of the order center.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite:PATH` or `mysql://…`.
    pub database_url: String,
    /// Who this is among those that hold the same orders; whatever the database says, where nothing is set.
    pub seat: Option<Seat>,
    /// The node numbers it may give ids with; those of its seat, where nothing is set.
    pub nodes: Option<Nodes>,
    /// Whether an older schema is brought up at start.
    pub upgrade: bool,
    /// How long a read may take before it is broken off.
    pub read_deadline: Duration,
    /// Pieces each of the lane's two queues takes.
    pub queue: usize,
    /// Names of markets.
    pub markets: Markets,
    /// Deadlines.
    pub deadlines: Arc<Deadlines>,
    /// How much of one kind an order takes.
    pub limits: Arc<Limits>,
    /// How tasks are run.
    pub tasks: TaskSettings,
    /// Classes of differences that the nightly run of reconcile repairs.
    pub nightly_repairs: Vec<String>,
    /// The old table that is kept alive, if there is one.
    pub mirror: Option<MirrorSettings>,
    /// The ledgers beside orders.
    pub ledgers: Arc<LedgerSettings>,
    /// Payment gateways.
    pub gateways: Vec<GatewayAt>,
    /// Where old rows go; nowhere where nothing is set.
    pub archive: Option<ArchiveSettings>,
    /// What is limited about all coupons together.
    pub coupons: CouponSettings,
    /// Where events may be sent.
    pub webhooks: WebhookSettings,
    /// How shops of marketplaces are pulled.
    pub channels: ChannelSettings,
    /// How the center is watched.
    pub alerts: AlertSettings,
    /// Bytes of a SQLite file that is written anew at once after somebody was forgotten; a larger one is where nobody
    /// waits for the center.
    pub rewritten_at_once: u64,
}

impl Settings {
    /// A second's work, about.
    pub const REWRITTEN_AT_ONCE: u64 = 128 << 20;

    /// The defaults over a database.
    pub fn new(database_url: impl Into<String>) -> Self {
        Self {
            database_url: database_url.into(),
            seat: None,
            nodes: None,
            upgrade: true,
            read_deadline: docket_store::READ_DEADLINE,
            queue: 4096,
            markets: Markets::default(),
            deadlines: Arc::default(),
            limits: Arc::default(),
            tasks: TaskSettings::default(),
            nightly_repairs: vec!["status_stale".to_owned()],
            mirror: None,
            coupons: CouponSettings::default(),
            ledgers: Arc::default(),
            gateways: Vec::new(),
            archive: None,
            webhooks: WebhookSettings::default(),
            channels: ChannelSettings::default(),
            alerts: AlertSettings::default(),
            rewritten_at_once: Self::REWRITTEN_AT_ONCE,
        }
    }
}
