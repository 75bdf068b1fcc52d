//! Every status, derived from facts: nothing here is stored as truth, all of it is stored to be searched.

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
    let _ = tree;
    todo!()
}

/// The rating stage of a line at `now`: 0 until received, 1 may be rated, 2 may be rated again, 3 closed
/// (after the second rating, or 30 days after receipt).
pub fn rate_status(standing: &ItemStanding, rates: usize, now: Time) -> u8 {
    let _ = (standing, rates, now);
    todo!()
}
