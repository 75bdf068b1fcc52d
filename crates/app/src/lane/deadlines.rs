//! How long deadlines are, for which orders.

use docket_domain::Tree;
use docket_domain::deadline::Policy;
use docket_domain::time::Millis;
use docket_domain::words::OrderType;
use std::collections::BTreeMap;

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
