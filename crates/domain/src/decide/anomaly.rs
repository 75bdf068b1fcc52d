//! What is heard of refunds and contradicts: money that came back, and money that went back above what was owed. It
//! stays on the order until facts resolve it.

use super::work::Work;
use crate::Id;
use crate::status::{excess, excess_of_dues};
use crate::tree::{Anomaly, RefundPart};
use crate::words::AnomalyKind;
use serde_json::json;

/// Notes that these parts of a refund came back; one that is worth nothing has none.
pub(super) fn bounced(work: &mut Work<'_, '_>, refund: Id, parts: &[RefundPart]) {
    let (kind, at) = (AnomalyKind::RefundBounced, work.at());
    let (order, currency) = (work.node.id(&work.tree), work.tree.payment.currency);
    let nothing = parts.is_empty().then_some((None, 0, None));
    let parts =
        parts.iter().map(|part| (Some(part.payment_id), part.amount, part.reference.as_deref()));
    for (payment, amount, reference) in parts.chain(nothing) {
        let detail = json!({
            "order_id": order, "refund_id": refund, "payment_id": payment, "amount": amount,
            "currency": currency, "reference": reference,
        });
        work.tree.payment.anomalies.push(Anomaly { kind, at, detail });
    }
    work.say("anomaly", kind.word());
}

/// Keeps what went back above what was owed, for each shop order and for the refunds due: a sum that changes with
/// what is heard, and is gone when nothing is too much any more.
pub(super) fn look_for_excess(work: &mut Work<'_, '_>) {
    let tax = work.tree.payment.tax;
    let shops = work.tree.shops.iter().map(|shop| (shop.id, excess(shop, tax)));
    let all: Vec<(Id, i64)> = shops.chain([(work.tree.id(), excess_of_dues(&work.tree))]).collect();
    let kind = AnomalyKind::RefundedTwice;
    for (id, amount) in all {
        let of =
            |anomaly: &Anomaly| anomaly.kind == kind && anomaly.detail["order_id"] == json!(id);
        let known = work.tree.payment.anomalies.iter().position(of);
        let before = known.and_then(|at| work.tree.payment.anomalies[at].detail["amount"].as_i64());
        if before.unwrap_or(0) == amount {
            continue;
        }
        if amount > before.unwrap_or(0) {
            work.say("anomaly", kind.word());
            work.say("excess", amount);
        }
        let (at, currency) = (work.at(), work.tree.payment.currency);
        let detail = json!({ "order_id": id, "amount": amount, "currency": currency });
        let anomaly = Some(Anomaly { kind, at, detail }).filter(|_| amount > 0);
        let anomalies = &mut work.tree.payment.anomalies;
        match (known, anomaly) {
            (Some(at), Some(anomaly)) => anomalies[at] = anomaly,
            (Some(at), None) => drop(anomalies.remove(at)),
            (None, anomaly) => anomalies.extend(anomaly),
        }
    }
}
