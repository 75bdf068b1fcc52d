//! Every state that an order can be in, as far as it can be reached, to be found among the orders of a release.

use serde_json::Value;
use std::collections::BTreeSet;

/// Steps of a delivery.
const DELIVERY: [&str; 7] = [
    "awaiting_acceptance",
    "accepted",
    "unprepared",
    "prepared",
    "awaiting_courier",
    "picked_up",
    "delivered",
];

/// Status, store status, refund, delivery and cancel kind of a shop order.
type State = [&'static str; 5];

/// Every state of a shop order by parcel.
const BY_PARCEL: &[State] = &[
    ["created", "unpaid", "none", "none", "none"],
    ["created", "paying", "none", "none", "none"],
    ["created", "pay_failed", "none", "none", "none"],
    ["created", "revoking", "none", "none", "none"],
    ["created", "revoke_failed", "none", "none", "none"],
    ["cancelled", "revoked", "none", "none", "system_revoke"],
    ["cancelled", "revoked", "none", "none", "customer_revoke"],
    ["cancelled", "revoked", "none", "none", "store_revoke"],
    ["paid", "paid", "none", "none", "none"],
    ["paid", "refunding", "applied", "none", "none"],
    ["paid", "refunding", "refunding", "none", "none"],
    ["paid", "refund_failed", "rejected", "none", "none"],
    ["paid", "refund_failed", "failed", "none", "none"],
    ["shipped", "paid", "none", "none", "none"],
    ["shipped", "refunding", "applied", "none", "none"],
    ["shipped", "refunding", "refunding", "none", "none"],
    ["shipped", "refund_failed", "rejected", "none", "none"],
    ["shipped", "refund_failed", "failed", "none", "none"],
    ["received", "paid", "none", "none", "none"],
    ["received", "refunding", "applied", "none", "none"],
    ["received", "refunding", "refunding", "none", "none"],
    ["received", "refund_failed", "rejected", "none", "none"],
    ["received", "refund_failed", "failed", "none", "none"],
    ["closed", "refunded", "refunded", "none", "customer_refund"],
    ["closed", "refunded", "refunded", "none", "store_refund"],
    ["completed", "paid", "none", "none", "none"],
];

/// Every state of a shop order of takeaway: the diary's table, as far as it can be reached.
fn by_courier() -> Vec<State> {
    let first = DELIVERY[0];
    let mut states: Vec<State> = BY_PARCEL[..8].to_vec();
    for state in &mut states {
        state[3] = first;
    }
    states.push(["closed", "refunded", "refunded", first, "system_refund"]);
    for step in DELIVERY {
        let status = match step {
            "picked_up" => "shipped",
            "delivered" => "received",
            _ => "paid",
        };
        states.push([status, "paid", "none", step, "none"]);
        states.push([status, "refunding", "applied", step, "none"]);
        states.push([status, "refunding", "refunding", step, "none"]);
        states.push([status, "refund_failed", "rejected", step, "none"]);
        states.push([status, "refund_failed", "failed", step, "none"]);
        states.push(["closed", "refunded", "refunded", step, "customer_refund"]);
        states.push(["closed", "refunded", "refunded", step, "store_refund"]);
        // A step after the refund has ended.
        if step != first {
            states.push([status, "paid", "rejected", step, "none"]);
            states.push([status, "paid", "failed", step, "none"]);
        }
    }
    states
}

/// The words of a field of many objects.
fn words<'a>(objects: impl Iterator<Item = &'a Value>, field: &str) -> BTreeSet<&'a str> {
    objects.map(|object| object[field].as_str().unwrap_or("none")).collect()
}

fn list(value: &Value, name: &str) -> Vec<Value> {
    value[name].as_array().cloned().unwrap_or_default()
}

/// The lists of this name, one behind the other.
fn lists(from: &[Value], name: &str) -> Vec<Value> {
    from.iter().flat_map(|one| list(one, name)).collect()
}

/// Panics where a state is missing.
pub fn are_all_in(orders: &[Value]) {
    let shops = lists(orders, "shops");
    combinations_are_in(&shops);
    words_are_in(orders, &shops);
    let (refunds, items) = (lists(&shops, "refunds"), lists(&shops, "items"));
    assert!(refunds.iter().any(|refund| refund["answer_by"].is_string()), "an open request");
    let dropped = |node: &Value| node["dropped_at"].is_string();
    assert!(items.iter().any(dropped) && shops.iter().any(dropped), "dropped nodes");
    assert!(orders.iter().any(|order| order["terms_version"].as_i64() > Some(3)), "new terms");
    let rates: BTreeSet<_> = items.iter().map(|item| item["rate_status"].as_i64()).collect();
    assert!(rates.len() >= 4, "{rates:?}");
}

/// Statuses of shop orders that stand beside each other.
fn combinations_are_in(shops: &[Value]) {
    let word = |shop: &Value, field: &str| shop[field].as_str().unwrap_or("none").to_owned();
    for (fulfilment, states) in [("parcel", BY_PARCEL.to_vec()), ("takeaway", by_courier())] {
        let states: BTreeSet<_> =
            states.into_iter().map(|state| state.map(str::to_owned)).collect();
        let those = shops.iter().filter(|shop| shop["fulfilment"] == fulfilment);
        let fields = ["status", "store_status", "refund_status", "delivery_status", "cancel_kind"];
        let seen: BTreeSet<_> = those.map(|shop| fields.map(|field| word(shop, field))).collect();
        let missing: Vec<_> = states.difference(&seen).collect();
        assert!(missing.is_empty(), "{missing:?}");
        println!("{fulfilment}: {} states, all there", states.len());
    }
}

/// Words that stand by themselves.
fn words_are_in(orders: &[Value], shops: &[Value]) {
    let refunds = lists(shops, "refunds");
    let (attempts, dues) = (lists(orders, "attempts"), lists(orders, "refunds_due"));
    let anomalies = lists(orders, "anomalies");
    let deadlines: Vec<Value> =
        orders.iter().chain(shops).map(|node| node["deadline"].clone()).collect();
    for (objects, field, wanted) in [
        (orders, "home", &["center", "branch:east", "channel:900", "sites"][..]),
        (orders, "visible", &["yes", "deleted", "purged"]),
        (orders, "payment_status", &["unpaid", "paying", "paid", "failed"]),
        (shops, "fulfilment", &["parcel", "takeaway", "counter", "code"]),
        (shops, "receive_type", &["buyer", "timer", "store", "courier", "code"]),
        (shops, "settlement", &["open", "settled"]),
        (&refunds, "kind", &["cancel", "refund", "weigh", "reject"]),
        (&refunds, "by", &["buyer", "seller", "store", "timer"]),
        (
            &refunds,
            "status",
            &["applied", "rejected", "refunding", "refunded", "failed", "withdrawn"],
        ),
        (&attempts, "status", &["open", "closed", "succeeded", "failed"]),
        (&dues, "cause", &["overpaid", "late", "revoked"]),
        (&dues, "status", &["refunding", "refunded", "failed"]),
        (&deadlines, "kind", &["pay_by", "accept_by", "receive_by", "settle_at", "retry_revoke"]),
        (
            &anomalies,
            "kind",
            &[
                "underpaid",
                "overpaid",
                "shipped_after_cancel",
                "times_out_of_order",
                "time_unknown",
                "refund_unknown",
                "terms_changed",
                "payment_reference_taken",
                "sum_mismatch",
                "currency_mismatch",
                "refund_bounced",
                "refunded_twice",
            ],
        ),
    ] {
        let seen = words(objects.iter(), field);
        let missing: Vec<_> =
            wanted.iter().copied().collect::<BTreeSet<_>>().difference(&seen).copied().collect();
        assert!(missing.is_empty(), "{field}: {missing:?}");
    }
}
