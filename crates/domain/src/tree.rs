//! The order as a tree of facts: payment order (L1) → shop orders (L2) → item orders (L3).
//!
//! Facts only accumulate. No status stands here: [`crate::status`] derives them. Each node serialises
//! without its children; that JSON is what the store keeps, what the log compares, and what is undone to
//! show the tree as it was. Here is the whole and what every node has; each level has a file of its own.

mod heard;
mod home;
mod item;
mod ledgers;
mod payment;
mod refund;
mod shop;
mod tax;

pub use heard::{ChannelStatus, Heard, HeardLine, Stamp, When};
pub use home::Home;
pub use item::{Allocation, ItemOrder, Rate, Shares};
pub use ledgers::{GiftRule, Ledgers, PointsRule};
pub use payment::{Attempt, Payment, PaymentOrder, Revoke};
pub use refund::{FreightAsked, Refund, RefundDue, RefundLine, RefundPart, Turn};
pub use shop::{
    AnswerBy, DeliveryStep, FreightShares, Line, Received, Reported, Shipment, ShopOrder,
};
pub use tax::Tax;

use crate::words::{AnomalyKind, DeadlineKind, RefundStatus};
use crate::{Id, Json, Time};
use serde::{Deserialize, Serialize};

/// One order, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// L1.
    pub payment: PaymentOrder,
    /// L2, in request order; never empty.
    pub shops: Vec<ShopOrder>,
}

impl Tree {
    /// The number of the tree.
    pub const fn id(&self) -> Id {
        self.payment.id
    }

    /// Every line with its shop order, in order.
    pub fn lines(&self) -> impl Iterator<Item = (&ShopOrder, &ItemOrder)> {
        self.shops.iter().flat_map(|shop| shop.items.iter().map(move |item| (shop, item)))
    }

    /// Whether one of its nodes has this number.
    pub fn has_node(&self, id: Id) -> bool {
        self.payment.id == id
            || self.shops.iter().any(|s| s.id == id || s.items.iter().any(|i| i.id == id))
    }

    /// The shop order of this number.
    pub fn shop(&self, id: Id) -> Option<&ShopOrder> {
        self.shops.iter().find(|shop| shop.id == id)
    }

    /// Puts facts that two copies may both have into the one order that they stand in on each: that of their numbers.
    pub(crate) fn put_in_order(&mut self) {
        fn by<T>(facts: &mut [T], id: impl Fn(&T) -> Id) {
            if !facts.is_sorted_by_key(&id) {
                facts.sort_by_key(id);
            }
        }
        by(&mut self.payment.payments, |payment| payment.payment_id);
        by(&mut self.payment.attempts, |attempt| attempt.attempt_id);
        by(&mut self.payment.refunds_due, |due| due.refund_id);
        for shop in &mut self.shops {
            by(&mut shop.shipments, |shipment| shipment.shipment_id);
            by(&mut shop.refunds, |refund| refund.refund_id);
        }
    }

    /// The earliest moment at which a timer has something to do, stopped deadlines aside.
    pub fn due_at(&self) -> Option<Time> {
        let running = |deadline: Option<Deadline>| {
            deadline.filter(|d| d.stopped_with.is_none()).map(|deadline| deadline.at)
        };
        let shops = self.shops.iter().flat_map(|shop| {
            let answers = shop.refunds.iter().filter(|r| r.status == RefundStatus::Applied);
            answers
                .filter_map(|refund| shop.answer_by(refund.refund_id))
                .chain(running(shop.deadline))
        });
        shops.chain(running(self.payment.deadline)).min()
    }
}

/// The one deadline of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// What happens then.
    pub kind: DeadlineKind,
    /// When; for a stopped deadline when it would have been.
    pub at: Time,
    /// Set while an open refund stops it: what was left then, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_with: Option<i64>,
}

/// One contradiction, kept for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Which.
    pub kind: AnomalyKind,
    /// When it was noticed.
    pub at: Time,
    /// What was seen, as parameters of its sentence.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub detail: Json,
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
