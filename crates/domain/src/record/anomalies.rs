//! What contradicts in a recorded tree. Contradictions between facts are looked for anew with each report: one
//! that later facts resolve leaves the tree (its log rows keep it); what a report itself got wrong stays.

use super::{Copy, facts, goods, refunds};
use crate::tree::{Anomaly, PaymentOrder};
use crate::words::{AnomalyKind, PaymentStatus, RefundStatus, Status};
use crate::{Amount, Id, Json, ShopOrder, Time, Tree, status};
use serde_json::json;

/// Keeps a contradiction, once.
pub(super) fn note(tree: &mut Tree, kind: AnomalyKind, detail: Json, at: Time) {
    let known = tree.payment.anomalies.iter().any(|a| a.kind == kind && a.detail == detail);
    if !known {
        tree.payment.anomalies.push(Anomaly { kind, at, detail });
    }
}

/// Keeps what the source found to contradict and facts alone do not tell.
pub(super) fn told(tree: &mut Tree, told: &[Anomaly]) {
    for anomaly in told.iter().filter(|anomaly| !is_between_facts(anomaly)) {
        note(tree, anomaly.kind, anomaly.detail.clone(), anomaly.at);
    }
}

/// Looks for contradictions between the facts of the tree, and with the total the report names.
pub(super) fn contradictions(copy: &mut Copy, total: Amount, at: Time) {
    let payable = status::of(&copy.tree).payable;
    let found = {
        let tree = &copy.tree;
        let mut found = Found(Vec::new());
        found.total(tree, total, payable);
        found.sums(tree, payable);
        for shop in tree.shops.iter().filter(|shop| shop.dropped_at.is_none()) {
            found.cancel(tree, shop);
            found.times(&tree.payment, shop);
            found.status_went_back(shop);
            found.0.extend(refunds::contradictions(tree, shop));
            found.excess(tree, shop.id, status::excess(shop, tree.payment.tax));
        }
        found.excess(tree, tree.id(), status::excess_of_dues(tree));
        found.unpaid_refunds(tree);
        let unknown = copy.untimed.details(tree);
        found.0.extend(unknown.into_iter().map(|detail| (AnomalyKind::TimeUnknown, detail)));
        found.0
    };
    let held =
        |a: &Anomaly| found.iter().any(|(kind, detail)| *kind == a.kind && *detail == a.detail);
    copy.tree.payment.anomalies.retain(|anomaly| !is_between_facts(anomaly) || held(anomaly));
    for (kind, detail) in found {
        note(&mut copy.tree, kind, detail, at);
    }
}

fn is_between_facts(anomaly: &Anomaly) -> bool {
    use AnomalyKind as K;
    match anomaly.kind {
        K::Underpaid
        | K::Overpaid
        | K::ShippedAfterCancel
        | K::TimesOutOfOrder
        | K::TimeUnknown
        | K::RefundUnknown
        | K::RefundedTwice
        | K::StatusWentBack => true,
        K::SumMismatch => {
            anomaly.detail.get("total").is_some() || anomaly.detail["field"] == refunds::FIELD
        }
        K::TermsChanged
        | K::PaymentReferenceTaken
        | K::Oversold
        | K::CurrencyMismatch
        | K::RefundBounced
        | K::TextCut => false,
    }
}

struct Found(Vec<(AnomalyKind, Json)>);

impl Found {
    fn add(&mut self, kind: AnomalyKind, detail: Json) {
        self.0.push((kind, detail));
    }

    /// The total that was told, now or before, beside ours.
    fn total(&mut self, tree: &Tree, told: Amount, payable: Amount) {
        let before = tree.payment.anomalies.iter().filter(|a| a.kind == AnomalyKind::SumMismatch);
        let before = || before.filter_map(|a| a.detail["total"].as_i64()).next_back();
        let total = told.known().or_else(before);
        if let (Some(total), Some(payable)) = (total, payable.known())
            && total != payable
        {
            self.add(AnomalyKind::SumMismatch, sums(tree, "total", total, payable));
        }
    }

    fn sums(&mut self, tree: &Tree, payable: Amount) {
        let Some(payable) = payable.known() else { return };
        let payment = &tree.payment;
        let paid = status::net_paid(tree);
        let said_paid = payment.reported_payment == Some(PaymentStatus::Paid);
        // A source that says `paid` and lists no payments does not contradict itself: it just does not list them.
        let unlisted = said_paid && payment.payments.is_empty();
        let went_on = said_paid || tree.shops.iter().any(went_on);
        let detail = sums(tree, "paid", paid, payable);
        if paid > payable {
            self.add(AnomalyKind::Overpaid, detail);
        } else if paid < payable && went_on && !unlisted {
            self.add(AnomalyKind::Underpaid, detail);
        }
    }

    /// What went back above what was owed.
    fn excess(&mut self, tree: &Tree, id: Id, amount: i64) {
        if amount > 0 {
            let currency = tree.payment.currency;
            let detail = json!({"order_id": id, "amount": amount, "currency": currency});
            self.add(AnomalyKind::RefundedTwice, detail);
        }
    }

    /// Money that went back although it had not come, as far as the payments say. What went above what was owed is
    /// told by itself.
    fn unpaid_refunds(&mut self, tree: &Tree) {
        let (standing, payments) = (status::of(tree), &tree.payment.payments);
        let currency = tree.payment.currency;
        // Without payments it may be known all the same that the order was paid; another currency is not compared.
        let unknown = payments.is_empty() && standing.payment_status == PaymentStatus::Paid;
        if unknown || payments.iter().any(|payment| payment.currency != currency) {
            return;
        }
        let paid = payments.iter().map(|payment| payment.amount).sum::<i64>();
        let excess = tree.shops.iter().map(|shop| status::excess(shop, tree.payment.tax));
        let refunded = standing.refunded;
        if refunded - excess.sum::<i64>() > paid {
            let detail = json!({"field": refunds::FIELD, "refunded": refunded, "paid": paid, "currency": currency});
            self.add(AnomalyKind::SumMismatch, detail);
        }
    }

    fn cancel(&mut self, tree: &Tree, shop: &ShopOrder) {
        let Some(cancel) = shop.reported.filter(|reported| goods::is_cancel(reported.status))
        else {
            return;
        };
        if let Some(at) = first_shipped(shop).filter(|at| *at > cancel.at) {
            let detail = json!({"order_id": shop.id, "shipped_at": at, "cancelled_at": cancel.at});
            self.add(AnomalyKind::ShippedAfterCancel, detail);
        }
        if cancel.status == Status::Closed && facts::has_money(tree) && !all_given_back(tree) {
            self.add(AnomalyKind::RefundUnknown, json!({"order_id": shop.id}));
        }
    }

    /// The newest report of a channel is less far than an older one was.
    fn status_went_back(&mut self, shop: &ShopOrder) {
        let Some(heard) = shop.heard else { return };
        // Of a word that nobody knows, nobody knows how far it is.
        if heard.order.is_some_and(|newest| newest.rank > 0 && newest.rank < heard.furthest) {
            let status = shop.channel_status.as_ref().map(|status| status.word.as_str());
            let detail = json!({"order_id": shop.id, "status": status});
            self.add(AnomalyKind::StatusWentBack, detail);
        }
    }

    /// Created, paid, shipped, received, settled: none before the one in front of it. What had happened by some moment
    /// contradicts nothing.
    fn times(&mut self, payment: &PaymentOrder, shop: &ShopOrder) {
        let first_paid = payment.payments.iter().map(|payment| payment.paid_at).min();
        let is_guess = shop.heard.is_some_and(|heard| heard.created_by_then);
        let created = Some(payment.created_at).filter(|_| !is_guess);
        let shipped = left(shop).filter(|(_, by_then)| !by_then).map(|(at, _)| at);
        let received = shop.received.filter(|received| !received.by_then).map(|r| r.at);
        let steps = [
            ("created", created, created),
            ("paid", first_paid, first_paid),
            ("shipped", shipped.clone().min(), shipped.max()),
            ("received", received, received),
            ("completed", shop.settled_at, shop.settled_at),
        ];
        let known = |(word, first, last): &(&'static str, Option<Time>, Option<Time>)| {
            Some((*word, (*first)?, (*last)?))
        };
        let steps: Vec<_> = steps.iter().filter_map(known).collect();
        for pair in steps.windows(2) {
            let ((before, _, at), (after, earlier, _)) = (pair[0], pair[1]);
            if earlier < at {
                let order_id = if after == "paid" { payment.id } else { shop.id };
                let detail = json!({"order_id": order_id, "first": after, "then": before});
                if !self.0.contains(&(AnomalyKind::TimesOutOfOrder, detail.clone())) {
                    self.add(AnomalyKind::TimesOutOfOrder, detail);
                }
            }
        }
    }
}

fn sums(tree: &Tree, name: &str, sum: i64, payable: i64) -> Json {
    json!({name: sum, "payable": payable, "currency": tree.payment.currency})
}

fn all_given_back(tree: &Tree) -> bool {
    let done = |status: RefundStatus| status == RefundStatus::Refunded;
    let due = tree.payment.refunds_due.iter().filter(|due| done(due.status)).map(|due| due.amount);
    let refunds = tree.shops.iter().flat_map(|shop| &shop.refunds);
    let refunds = refunds.filter(|refund| done(refund.status)).map(|refund| refund.amount);
    let paid = tree.payment.payments.iter().map(|payment| payment.amount).sum::<i64>();
    paid > 0 && due.chain(refunds).sum::<i64>() >= paid
}

/// Whether goods moved as if all were paid. A cancel stops that.
fn went_on(shop: &ShopOrder) -> bool {
    match shop.reported.map(|reported| reported.status) {
        Some(Status::Cancelled | Status::Closed) => false,
        Some(Status::Shipped | Status::Received | Status::Completed) => true,
        _ => first_shipped(shop).is_some() || shop.received.is_some() || shop.settled_at.is_some(),
    }
}

fn first_shipped(shop: &ShopOrder) -> Option<Time> {
    left(shop).map(|(at, _)| at).min()
}

/// When its goods left, and whether they had left by then.
fn left(shop: &ShopOrder) -> impl Iterator<Item = (Time, bool)> + Clone {
    use crate::words::DeliveryStatus::PickedUp;
    let picked_up =
        shop.delivery.iter().filter(|step| step.status == PickedUp).map(|step| (step.at, false));
    let parcels = shop.shipments.iter().filter(|parcel| parcel.has_left());
    parcels.map(|parcel| (parcel.at, parcel.by_then)).chain(picked_up)
}
