//! What can be set about an order center, as data: the edges read it from config.

use docket_domain::Tree;
use docket_domain::deadline::Policy;
use docket_domain::words::OrderType;
use docket_wire::Markets;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Settings of the order center.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite:PATH` or `mysql://…`.
    pub database_url: String,
    /// Whether an older schema is brought up at start.
    pub upgrade: bool,
    /// Pieces each of the lane's two queues takes.
    pub queue: usize,
    /// Names of markets.
    pub markets: Markets,
    /// Deadlines.
    pub deadlines: Arc<Deadlines>,
}

/// Deadlines: by type, and over that by channel, and over that by shop.
#[derive(Debug, Clone)]
pub struct Deadlines {
    /// For goods and everything else.
    pub default: Policy,
    /// For takeaway.
    pub takeaway: Policy,
    /// By order type, where set.
    pub by_type: BTreeMap<OrderType, Policy>,
    /// By channel, where set.
    pub by_channel: BTreeMap<String, Policy>,
    /// By shop, where set. A tree of several shops takes the first shop's.
    pub by_shop: BTreeMap<String, Policy>,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            default: Policy::default(),
            takeaway: Policy::takeaway(),
            by_type: BTreeMap::new(),
            by_channel: BTreeMap::new(),
            by_shop: BTreeMap::new(),
        }
    }
}

impl Deadlines {
    /// What applies to `tree`.
    pub fn of(&self, tree: &Tree) -> &Policy {
        let order = &tree.payment;
        let shop = tree.shops.first().and_then(|shop| self.by_shop.get(&shop.shop_id));
        let channel = || order.channel.as_ref().and_then(|channel| self.by_channel.get(channel));
        let by_type = || self.by_type.get(&order.order_type);
        let fallback = match order.order_type {
            OrderType::Takeaway => &self.takeaway,
            _ => &self.default,
        };
        shop.or_else(channel).or_else(by_type).unwrap_or(fallback)
    }
}

impl Settings {
    /// The defaults over a database.
    pub fn new(database_url: impl Into<String>) -> Self {
        Self {
            database_url: database_url.into(),
            upgrade: true,
            queue: 4096,
            markets: Markets::default(),
            deadlines: Arc::default(),
        }
    }
}
