//! Facts whose source gave no time. Each takes the latest time known before it; which ones were guessed stands
//! in the anomalies of the tree, so that a later report can tell better.

use crate::tree::{PaymentOrder, Refund, Reported};
use crate::words::{AnomalyKind, RefundStatus, Status};
use crate::{Id, Json, ShopOrder, Time, Tree};
use serde_json::json;
use std::collections::BTreeSet;

/// The facts of a tree whose time is a guess.
#[derive(Debug, Default)]
pub(super) struct Untimed(BTreeSet<Fact>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    Created,
    Payment(Id),
    Shipment(Id),
    /// That a refund of this number was asked for, or a payment became due back.
    Refund(Id),
    /// That a refund of this number ended.
    RefundEnd(Id),
    /// What is reported of this shop order.
    Reported(Id),
}

impl Untimed {
    /// Those that the anomalies of a tree name.
    pub(super) fn of(tree: &Tree) -> Self {
        let unknown = tree.payment.anomalies.iter().filter(|a| a.kind == AnomalyKind::TimeUnknown);
        Self(unknown.filter_map(|anomaly| fact_of(&anomaly.detail)).collect())
    }

    /// The moment of placement was not told.
    pub(super) fn created(&mut self) {
        self.0.insert(Fact::Created);
    }

    /// The moment of placement is told; it counts where it was a guess.
    pub(super) fn created_at(&mut self, tree: &mut Tree, at: Time) {
        if self.0.remove(&Fact::Created) {
            set_created(tree, at);
        }
    }

    /// The moment of placement is guessed; of two guesses the earlier one holds.
    pub(super) fn guess_created(&self, tree: &mut Tree, guess: Time) {
        if self.0.contains(&Fact::Created) && guess < tree.payment.created_at {
            set_created(tree, guess);
        }
    }

    /// A payment without its time.
    pub(super) fn payment(&mut self, id: Id) {
        self.0.insert(Fact::Payment(id));
    }

    /// Whether the time of this payment was a guess; from now on it is not.
    pub(super) fn learn_payment(&mut self, id: Id) -> bool {
        self.0.remove(&Fact::Payment(id))
    }

    /// A parcel without its time.
    pub(super) fn shipment(&mut self, id: Id) {
        self.0.insert(Fact::Shipment(id));
    }

    /// Whether the time of this parcel was a guess; from now on it is not.
    pub(super) fn learn_shipment(&mut self, id: Id) -> bool {
        self.0.remove(&Fact::Shipment(id))
    }

    /// A refund without the time it was asked for.
    pub(super) fn refund(&mut self, id: Id) {
        self.0.insert(Fact::Refund(id));
    }

    /// Whether the time a refund was asked for is a guess.
    pub(super) fn is_refund(&self, id: Id) -> bool {
        self.0.contains(&Fact::Refund(id))
    }

    /// Whether the time a refund was asked for was a guess; from now on it is not.
    pub(super) fn learn_refund(&mut self, id: Id) -> bool {
        self.0.remove(&Fact::Refund(id))
    }

    /// A refund that ended, without the time it did.
    pub(super) fn refund_end(&mut self, id: Id) {
        self.0.insert(Fact::RefundEnd(id));
    }

    /// Whether the time a refund ended was a guess; from now on it is not.
    pub(super) fn learn_refund_end(&mut self, id: Id) -> bool {
        self.0.remove(&Fact::RefundEnd(id))
    }

    /// Whether the time of what is reported of this shop order is a guess.
    pub(super) fn is_reported(&self, shop: Id) -> bool {
        self.0.contains(&Fact::Reported(shop))
    }

    /// What is reported of a shop order came without its time.
    pub(super) fn reported(&mut self, shop: Id) {
        self.0.insert(Fact::Reported(shop));
    }

    /// What is reported of a shop order has a time, or nothing is reported of it.
    pub(super) fn learn_reported(&mut self, shop: Id) {
        self.0.remove(&Fact::Reported(shop));
    }

    /// Gives every fact without a time the latest time known before it. Depends on the facts alone, not on the
    /// order in which they were learnt.
    pub(super) fn settle(&self, tree: &mut Tree) {
        if self.0.contains(&Fact::Created)
            && let Some(first) = self.known_times(tree).into_iter().min()
        {
            let created = tree.payment.created_at.min(first);
            set_created(tree, created);
        }
        let created = tree.payment.created_at;
        for payment in &mut tree.payment.payments {
            if self.0.contains(&Fact::Payment(payment.payment_id)) {
                payment.paid_at = created;
            }
        }
        let paid =
            tree.payment.payments.iter().map(|payment| payment.paid_at).fold(created, Time::max);
        let PaymentOrder { payments, refunds_due, .. } = &mut tree.payment;
        for due in refunds_due.iter_mut().filter(|due| self.is_refund(due.refund_id)) {
            let payment = payments.iter().find(|payment| payment.payment_id == due.payment_id);
            due.created_at = payment.map_or(paid, |payment| payment.paid_at);
        }
        for shop in &mut tree.shops {
            self.settle_shop(shop, paid);
            shop.refunds.iter_mut().for_each(|refund| self.settle_refund(refund, paid));
        }
    }

    fn settle_refund(&self, refund: &mut Refund, paid: Time) {
        if self.is_refund(refund.refund_id) {
            refund.created_at = paid;
        }
        if self.0.contains(&Fact::RefundEnd(refund.refund_id)) {
            let created = refund.created_at;
            match refund.status {
                RefundStatus::Rejected | RefundStatus::Withdrawn => {
                    refund.answered_at = Some(created);
                }
                _ => {
                    let answered = refund.answered_at.unwrap_or(created);
                    refund.ended_at = Some(answered.max(created));
                }
            }
        }
    }

    fn settle_shop(&self, shop: &mut ShopOrder, paid: Time) {
        for shipment in &mut shop.shipments {
            if self.0.contains(&Fact::Shipment(shipment.shipment_id)) {
                shipment.at = paid;
            }
        }
        let left = shop.shipments.iter().filter(|shipment| shipment.has_left());
        let shipped = left.map(|shipment| shipment.at).fold(paid, Time::max);
        let handed_over = shop.delivery.iter().map(|step| step.at).fold(shipped, Time::max);
        let received = shop.received.map_or(handed_over, |received| received.at.max(handed_over));
        let settled = shop.settled_at.map_or(received, |at| at.max(received));
        if self.0.contains(&Fact::Reported(shop.id))
            && let Some(reported) = &mut shop.reported
        {
            reported.at = match reported.status {
                Status::Paid | Status::Shipped => paid,
                Status::Received => handed_over,
                Status::Completed => received,
                _ => settled,
            };
        }
    }

    fn known_times(&self, tree: &Tree) -> Vec<Time> {
        let knows = |fact: Fact| !self.0.contains(&fact);
        let payments = tree.payment.payments.iter();
        let payments = payments.filter(|payment| knows(Fact::Payment(payment.payment_id)));
        let mut times: Vec<Time> = payments.map(|payment| payment.paid_at).collect();
        times.extend(tree.payment.attempts.iter().map(|attempt| attempt.created_at));
        let dues = tree.payment.refunds_due.iter();
        let dues = dues.filter(|due| knows(Fact::Refund(due.refund_id)));
        times.extend(dues.map(|due| due.created_at));
        for refund in tree.shops.iter().flat_map(|shop| &shop.refunds) {
            let (asked, ended) =
                (Fact::Refund(refund.refund_id), Fact::RefundEnd(refund.refund_id));
            times.extend(knows(asked).then_some(refund.created_at));
            let ends = [refund.answered_at, refund.ended_at].into_iter().flatten();
            times.extend(ends.filter(|_| knows(ended)));
        }
        for shop in &tree.shops {
            let parcels = shop.shipments.iter().filter(|parcel| parcel.has_left());
            let parcels = parcels.filter(|parcel| knows(Fact::Shipment(parcel.shipment_id)));
            times.extend(parcels.map(|parcel| parcel.at));
            times.extend(shop.delivery.iter().map(|step| step.at));
            times.extend(shop.received.map(|received| received.at));
            times.extend(shop.settled_at);
            let reported = shop.reported.filter(|_| knows(Fact::Reported(shop.id)));
            times.extend(reported.map(|reported| reported.at));
        }
        times
    }

    /// The facts as details of their anomalies.
    pub(super) fn details(&self, tree: &Tree) -> Vec<Json> {
        let reported = |id: Id| tree.shop(id).and_then(|shop| shop.reported);
        let detail = |fact: &Fact| match *fact {
            Fact::Created => Some(json!({"fact": "created"})),
            Fact::Payment(id) => Some(json!({"fact": "paid", "payment_id": id})),
            Fact::Shipment(id) => Some(json!({"fact": "shipped", "shipment_id": id})),
            Fact::Refund(id) => Some(json!({"fact": "refunding", "refund_id": id})),
            Fact::RefundEnd(id) => Some(json!({"fact": "refunded", "refund_id": id})),
            Fact::Reported(id) => {
                reported(id).map(|Reported { status, .. }| json!({"fact": status, "order_id": id}))
            }
        };
        self.0.iter().filter_map(detail).collect()
    }
}

fn fact_of(detail: &Json) -> Option<Fact> {
    let id = |name: &str| detail[name].as_str().and_then(|id| id.parse().ok());
    None.or_else(|| id("payment_id").map(Fact::Payment))
        .or_else(|| id("shipment_id").map(Fact::Shipment))
        .or_else(|| id("refund_id").filter(|_| detail["fact"] == "refunding").map(Fact::Refund))
        .or_else(|| id("refund_id").map(Fact::RefundEnd))
        .or_else(|| id("order_id").map(Fact::Reported))
        .or_else(|| (detail["fact"] == "created").then_some(Fact::Created))
}

fn set_created(tree: &mut Tree, at: Time) {
    tree.payment.created_at = at;
    for shop in &mut tree.shops {
        shop.created_at = at;
    }
}

/// The latest moment any fact of the tree tells.
pub(super) fn latest(tree: &Tree) -> Time {
    let all = Untimed::default().known_times(tree);
    all.into_iter().fold(tree.payment.created_at, Time::max)
}
