//! What contradicts in the refunds of a shop order: more units than there were, money that is not the sum of its parts.

use super::super::{Place, ReportedRefund};
use crate::status::{counts, goods};
use crate::words::{AnomalyKind, RefundStatus};
use crate::{Json, Quantity, ShopOrder, Tree};
use serde_json::json;

/// The field of anomalies between the refunds of a tree.
pub(in super::super) const FIELD: &str = "refunds";
/// The field of the anomaly of more units that came back than were bought.
const UNITS: &str = "refunds.quantity";

/// What came back of a refund beyond what was bought, as details of its anomaly: it is no unit of any line.
pub(super) fn beyond(shop: &ShopOrder, place: &Place, told: &ReportedRefund) -> Vec<Json> {
    let detail = |sku: &str, returned: Quantity, bought: Quantity| {
        let (returned, bought) = (returned.to_string(), bought.to_string());
        json!({"field": UNITS, "sku": sku, "returned": returned, "bought": bought})
    };
    let of_lines = told.lines.iter().filter_map(|line| {
        let item = place.items.get(line.line).and_then(|at| shop.items.get(*at))?;
        (line.quantity > item.quantity).then(|| detail(&item.sku_id, line.quantity, item.quantity))
    });
    let told = told.beyond.iter().map(|told| detail(&told.sku_id, told.returned, told.bought));
    of_lines.chain(told).collect()
}

/// What contradicts between the refunds of a shop order: more units than there were, money that is not the sum
/// of its parts.
pub(in super::super) fn contradictions(tree: &Tree, shop: &ShopOrder) -> Vec<(AnomalyKind, Json)> {
    let mut found = Vec::new();
    let mut add = |detail: Json| found.push((AnomalyKind::SumMismatch, detail));
    for item in shop.items.iter().filter(|item| item.dropped_at.is_none()) {
        let taken = goods(shop, item, None).taken;
        if taken > item.quantity {
            let (taken, ordered) = (taken.to_string(), item.quantity.to_string());
            let id = item.id;
            add(json!({"field": FIELD, "order_id": id, "reported": taken, "ordered": ordered}));
        }
    }
    for refund in shop.refunds.iter().filter(|refund| counts(refund)) {
        let lines = refund.lines.iter().map(|line| line.amount).sum::<i64>() + refund.freight;
        let lines = lines + refund.goodwill - refund.cut;
        let parts = refund.parts.iter().map(|part| part.amount).sum::<i64>();
        // What came back stands in parts beside those that are all of it; what went twice is told by itself.
        let beside = !refund.former.is_empty() || refund.status == RefundStatus::Refunded;
        let parts = if beside { parts.min(refund.amount) } else { parts };
        // A channel tells what a refund comes to, not what each of its lines does.
        let is_whole = refund.external_id.is_some() || refund.money_by_total;
        let priced = if is_whole { 0 } else { refund.lines.len() };
        let sums = [("lines", lines, priced), ("parts", parts, refund.parts.len())];
        for (name, sum, _) in
            sums.into_iter().filter(|(_, sum, of)| *of > 0 && *sum != refund.amount)
        {
            let (id, currency) = (refund.refund_id, tree.payment.currency);
            add(json!({
                "field": FIELD, "refund_id": id, "reported": refund.amount, name: sum, "currency": currency,
            }));
        }
    }
    found
}
