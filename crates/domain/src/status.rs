//! Every status, derived from facts: nothing here is stored as truth, all of it is stored to be searched.
//!
//! Here are the answers ([`Standing`] and its parts) and the whole ([`of`]); `payment` derives the axes of L1,
//! `shop` those of a shop order, `goods` counts the units of a line and `back` the money that went back. What may change facts is in [`crate::decide`].

mod back;
mod goods;
mod payment;
mod shop;

pub(crate) use back::{excess, excess_of_dues, given, moved};
pub(crate) use goods::{Goods, counts, ended_unshipped, goods, is_agreed, is_open};
pub(crate) use payment::{left_of, net_of, net_paid};
pub(crate) use shop::all_given_back;

use crate::price::sums;
use crate::time::Millis;
use crate::words::{
    CancelKind, DeliveryStatus, PaymentStatus, RefundAxis, RevokeStatus, Settlement, Status,
    StoreStatus, TillStatus,
};
use crate::{Amount, Quantity, Time, Tree};

/// What a payment order (L1) amounts to and where it stands.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // the names are those of the contract
pub struct Standing {
    pub status: Status,
    pub store_status: StoreStatus,
    pub payment_status: PaymentStatus,
    pub revoke_status: RevokeStatus,
    /// Sum of the shop orders' prices less the platform discount.
    pub price: Amount,
    /// Sum of the freights.
    pub freight: Amount,
    /// Sum of the taxes, on top or not.
    pub tax: Amount,
    pub payable: Amount,
    /// Money received that is not a refund due.
    pub paid: i64,
    /// What the shop orders gave back.
    pub refunded: i64,
    pub times: Times,
    pub shops: Vec<ShopStanding>,
}

/// What a shop order (L2) amounts to and where it stands; in the order of `Tree::shops`.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct ShopStanding {
    pub status: Status,
    pub store_status: StoreStatus,
    pub refund_status: RefundAxis,
    /// Takeaway only.
    pub delivery_status: Option<DeliveryStatus>,
    pub settlement: Settlement,
    pub cancel_kind: Option<CancelKind>,
    pub till_status: Option<TillStatus>,
    /// 0 none, 1 open, 2 last one done and more possible, 3 closed for good without a successful one, 4 with one.
    pub reverse_status: u8,
    pub price: Amount,
    /// The tax of its lines and of its freight.
    pub tax: Amount,
    /// Lines and freight in money after every share.
    pub to_pay: Amount,
    pub refunded: i64,
    pub times: Times,
    pub items: Vec<ItemStanding>,
}

/// What an item order (L3) amounts to and where it stands; in the order of `ShopOrder::items`.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct ItemStanding {
    pub status: Status,
    pub price: Amount,
    pub to_pay: Amount,
    /// Money of refunds that are done.
    pub refunded: i64,
    pub refunded_quantity: Quantity,
    pub shipped: Quantity,
    /// What `ship` may still take.
    pub left_to_ship: Quantity,
    /// What a refund may still ask for.
    pub left_to_refund: Quantity,
    pub times: Times,
}

/// When a node reached what; null until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Times {
    pub paid_at: Option<Time>,
    pub shipped_at: Option<Time>,
    pub received_at: Option<Time>,
    pub cancelled_at: Option<Time>,
    pub refunded_at: Option<Time>,
    pub settled_at: Option<Time>,
}

/// Derives everything about `tree`.
pub fn of(tree: &Tree) -> Standing {
    let axes = payment::Axes::of(tree);
    let shops: Vec<ShopStanding> =
        tree.shops.iter().map(|shop| shop::standing(tree, &axes, shop)).collect();
    let open = tree.shops.iter().zip(&shops).filter(|(shop, _)| shop.dropped_at.is_none());
    let counted: Vec<&ShopStanding> = open.map(|(_, standing)| standing).collect();
    let status = least_advanced(counted.iter().map(|shop| shop.status));
    let store_status = common(counted.iter().map(|shop| shop.store_status));
    let times = whole_times(&axes, &counted);
    Standing {
        status,
        store_status,
        payment_status: axes.payment,
        revoke_status: axes.revoke,
        price: sums::tree_price(tree),
        freight: sums::tree_freight(tree),
        tax: sums::tree_tax(tree),
        payable: axes.payable,
        paid: axes.paid,
        refunded: shops.iter().map(|shop| shop.refunded).sum(),
        times,
        shops,
    }
}

/// The payment axis alone, for whoever needs nothing else.
pub(crate) fn payment_of(tree: &Tree) -> PaymentStatus {
    payment::Axes::of(tree).payment
}

/// When the order was paid, if it is.
pub(crate) fn paid_at(tree: &Tree) -> Option<Time> {
    payment::Axes::of(tree).paid_at
}

/// The rating stage of a line at `now`: 0 until received, 1 may be rated, 2 may be rated again, 3 closed
/// (after the second rating, or `rate_again` after receipt).
pub fn rate_status(standing: &ItemStanding, rates: usize, rate_again: Millis, now: Time) -> u8 {
    let Some(received_at) = standing.times.received_at else { return 0 };
    match rates {
        _ if now.since(received_at) > rate_again => 3,
        0 => 1,
        1 => 2,
        _ => 3,
    }
}

/// The least advanced open child; without one closed if any is closed, else cancelled.
fn least_advanced(children: impl Iterator<Item = Status>) -> Status {
    let (mut open, mut closed) = (None, false);
    for status in children {
        match status {
            Status::Cancelled => {}
            Status::Closed => closed = true,
            status => open = Some(open.map_or(status, |least: Status| least.min(status))),
        }
    }
    open.unwrap_or(if closed { Status::Closed } else { Status::Cancelled })
}

/// The value all shop orders have; else the first present of those that a store must act on.
fn common(shops: impl Iterator<Item = StoreStatus>) -> StoreStatus {
    use StoreStatus::{Paid, RefundFailed, Refunded, Refunding};
    let all: Vec<StoreStatus> = shops.collect();
    let first = all.first().copied().unwrap_or(StoreStatus::Revoked);
    if all.iter().all(|status| *status == first) {
        return first;
    }
    let telling = [Refunding, RefundFailed, Paid, Refunded];
    telling.into_iter().find(|status| all.contains(status)).unwrap_or(first)
}

/// L1 reached what all of its open shop orders reached, when the last of them did.
fn whole_times(axes: &payment::Axes, shops: &[&ShopStanding]) -> Times {
    let reached = |time: fn(&Times) -> Option<Time>| {
        let ended = |shop: &ShopStanding| matches!(shop.status, Status::Cancelled | Status::Closed);
        let all = shops.iter().all(|shop| ended(shop) || time(&shop.times).is_some());
        all.then(|| shops.iter().filter_map(|shop| time(&shop.times)).max()).flatten()
    };
    Times {
        paid_at: axes.paid_at,
        shipped_at: reached(|times| times.shipped_at),
        received_at: reached(|times| times.received_at),
        cancelled_at: reached(|times| times.cancelled_at),
        refunded_at: reached(|times| times.refunded_at),
        settled_at: reached(|times| times.settled_at),
    }
}
