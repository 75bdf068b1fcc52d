//! What can be set about an order center, as data: the edges read it from config.

use crate::Networks;
use crate::archive::ArchiveSettings;
use crate::gateways::GatewayAt;
use crate::ledgers::LedgerSettings;
use crate::mirror::MirrorSettings;
use crate::tasks::TaskSettings;
use docket_domain::coupon::ComesBack;
use docket_domain::deadline::Policy;
use docket_domain::limits::Limits;
use docket_domain::time::Millis;
use docket_domain::words::OrderType;
use docket_domain::{Seat, Time, Tree};
use docket_store::Nodes;
use docket_wire::Markets;
use std::collections::BTreeMap;
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
    /// Bytes of a SQLite file that is written anew at once after somebody was forgotten; a larger one is where nobody
    /// waits for the center.
    pub rewritten_at_once: u64,
}

/// What holds for all webhooks.
#[derive(Debug, Clone, Default)]
pub struct WebhookSettings {
    /// Networks that are not for everyone, and may be told of events all the same.
    pub allow: Networks,
}

/// What holds for all coupons.
#[derive(Debug, Clone)]
pub struct CouponSettings {
    /// Orders with coupons of one telephone on one day at most; without limit where none is set.
    pub per_phone_day: Option<i64>,
    /// The time zone of a day.
    pub zone: jiff::tz::TimeZone,
    /// When a use comes back by itself, of orders that are placed from now on.
    pub comes_back: ComesBack,
}

impl Default for CouponSettings {
    fn default() -> Self {
        let comes_back = ComesBack::NothingShipped;
        Self { per_phone_day: None, zone: jiff::tz::TimeZone::UTC, comes_back }
    }
}

impl CouponSettings {
    /// The day of a moment, as `2026-11-20`.
    pub fn day(&self, at: Time) -> String {
        // Times of ours lie between 1970 and 2100.
        let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        at.to_zoned(self.zone.clone()).date().to_string()
    }
}

/// Deadlines: by type, over that by channel, over that by shop; each names only what it changes.
#[derive(Debug, Clone, Default)]
pub struct Deadlines {
    /// For everything but takeaway, where nothing else is set.
    pub default: Policy,
    /// By order type, where set.
    pub by_type: BTreeMap<OrderType, Overlay>,
    /// By channel, where set.
    pub by_channel: BTreeMap<String, Overlay>,
    /// By shop, where set. A tree of several shops takes the first shop's.
    pub by_shop: BTreeMap<String, Overlay>,
}

/// One length of a [`Policy`], such as `|policy| &mut policy.pay_by`.
pub type LengthOf = fn(&mut Policy) -> &mut Millis;

/// The lengths that differ from what would apply otherwise.
#[derive(Debug, Clone, Default)]
pub struct Overlay(pub Vec<(LengthOf, Millis)>);

impl Overlay {
    /// Sets its lengths in `policy`.
    pub fn lay_over(&self, policy: &mut Policy) {
        for (length, millis) in &self.0 {
            *length(policy) = *millis;
        }
    }
}

impl Deadlines {
    /// What applies to `tree`.
    pub fn of(&self, tree: &Tree) -> Policy {
        let order = &tree.payment;
        let mut policy = self.default;
        if order.order_type == OrderType::Takeaway {
            policy.pay_by = Policy::takeaway().pay_by;
        }
        let by_channel = order.channel.as_ref().and_then(|channel| self.by_channel.get(channel));
        let by_shop = tree.shops.first().and_then(|shop| self.by_shop.get(&shop.shop_id));
        let overlays = [self.by_type.get(&order.order_type), by_channel, by_shop];
        overlays.into_iter().flatten().for_each(|overlay| overlay.lay_over(&mut policy));
        policy
    }
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
            rewritten_at_once: Self::REWRITTEN_AT_ONCE,
        }
    }
}
