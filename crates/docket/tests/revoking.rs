//! Ending orders that have an attempt open at a gateway: by pay-by, buyer and store, with money that comes before,
//! during and after; and every store status there is, reached through the API.

#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared with the tests of payments, which need more of it
mod pay;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::eventually;
use pay::{Center, attempt_in};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const PAY_BY: (&str, &str) = ("DOCKET_DEADLINES__TAKEAWAY__PAY_BY", "5s");
const RETRY: (&str, &str) = ("DOCKET_DEADLINES__RETRY_REVOKE", "2s");

fn revoke(center: &Center, order: &str, actor: &str) -> Value {
    center.operate(order, actor, &json!({"type": "revoke", "reason": "no more"}))
}

#[test]
fn an_order_that_nobody_pays_is_closed_at_the_gateway_and_revoked() {
    let center = Center::with(&[PAY_BY]);
    let order = center.place();
    let attempt = center.start(&order);
    let tree = center.until_status(&order, "revoked");
    assert_eq!(tree["shops"][0]["cancel_kind"], "system_revoke");
    assert_eq!(center.sandbox.payment(&attempt)["status"], "closed");
    let late = center.sandbox.pay(&attempt, &json!({}));
    assert!(late >= 400, "nobody pays what is closed: {late}");
}

#[test]
fn buyer_and_store_revoke_what_is_being_paid() {
    let center = Center::open();
    for (actor, kind) in [("buyer", "customer_revoke"), ("store", "store_revoke")] {
        let order = center.place();
        let attempt = center.start(&order);
        assert_eq!(revoke(&center, &order, actor)["store_status"], "revoking");
        let tree = center.until_status(&order, "revoked");
        assert_eq!(tree["shops"][0]["cancel_kind"], kind);
        assert_eq!(center.sandbox.payment(&attempt)["status"], "closed");
    }
}

#[test]
fn a_payment_that_failed_can_be_tried_again_or_revoked() {
    let center = Center::open();
    let order = center.place();
    let attempt = center.start(&order);
    center.sandbox.pay(&attempt, &json!({"outcome": "fail"}));
    center.until_status(&order, "pay_failed");
    let again = center.start(&order);
    assert_eq!(center.tree(&order)["store_status"], "paying");
    center.sandbox.pay(&again, &json!({"outcome": "fail"}));
    center.until_status(&order, "pay_failed");
    assert_eq!(revoke(&center, &order, "buyer")["store_status"], "revoked");
}

#[test]
fn money_that_is_faster_than_the_close_ends_the_revoke() {
    let center = Center::open();
    center.sandbox.behave("paid_while_closing");
    let order = center.place();
    center.start(&order);
    revoke(&center, &order, "buyer");
    let tree = center.until_status(&order, "paid");
    assert_eq!((&tree["paid"], &tree["revoke_status"]), (&json!(1_000), &json!("none")));
}

#[test]
fn money_that_comes_after_the_close_goes_back() {
    let center = Center::open();
    for words in ["paid_after_close", "paid_after_close silent"] {
        center.sandbox.behave(words);
        let order = center.place();
        let attempt = center.start(&order);
        revoke(&center, &order, "buyer");
        let state = center.until(&order, "the late money has gone back", |state| {
            state["refunds_due"][0]["status"] == "refunded"
        });
        assert_eq!(state["refunds_due"][0]["cause"], "late", "{state:#}");
        assert_eq!(center.sandbox.given_back(&attempt), 1_000);
        assert_eq!(center.tree(&order)["store_status"], "revoked");
    }
}

#[test]
fn a_payer_who_is_paying_at_this_moment_is_waited_for() {
    let center = Center::open();
    center.sandbox.behave("try_later=2");
    let order = center.place();
    center.start(&order);
    assert_eq!(revoke(&center, &order, "buyer")["store_status"], "revoking");
    center.until_status(&order, "revoked");
}

#[test]
fn what_cannot_be_closed_fails_the_revoke_and_is_tried_again() {
    let center = Center::with(&[RETRY]);
    center.sandbox.behave("try_later=1000");
    let order = center.place();
    let attempt = center.start(&order);
    revoke(&center, &order, "buyer");
    let tree = center.until_status(&order, "revoke_failed");
    assert_eq!(tree["deadline"]["kind"], "retry_revoke", "{tree:#}");
    center.until_status(&order, "revoking");
    center.sandbox.behave_for(&attempt, "");
    let tree = center.until_status(&order, "revoked");
    assert_eq!(tree["shops"][0]["cancel_kind"], "customer_revoke");
}

#[test]
fn money_during_a_failed_revoke_pays_the_order() {
    let center = Center::open();
    center.sandbox.behave("try_later=1000");
    let order = center.place();
    let attempt = center.start(&order);
    revoke(&center, &order, "buyer");
    center.until_status(&order, "revoke_failed");
    center.sandbox.pay(&attempt, &json!({}));
    center.until_status(&order, "paid");
}

#[test]
fn money_that_moved_before_pay_by_revives_what_only_a_timer_revoked() {
    let center = Center::with(&[PAY_BY]);
    let stock = json!({"place": "main", "on_hand": "2", "reason": "count"});
    let (status, _) = center.put("/api/stock/tea", &stock);
    assert_eq!(status, 200);
    let order = center.place();
    let attempt = center.start(&order);
    // The gateway is away while the payer pays, and somebody says that the attempt is closed.
    center.sandbox.behave_for(&attempt, "silent error=1000000");
    assert_eq!(center.sandbox.pay(&attempt, &json!({})), 200);
    center.operate(&order, "gateway", &json!({"type": "attempt_closed", "attempt_id": attempt}));
    center.until_status(&order, "revoked");
    center.sandbox.behave_for(&attempt, "");
    let tree = center.until_status(&order, "paid");
    assert_eq!(tree["refunds_due"], json!([]), "{tree:#}");
    let stock = center.get("/api/stock/tea");
    assert_eq!(stock["places"][0]["on_hand"], "0", "{stock:#}");
}

/// Store status, refund, delivery and cancel kind that may stand beside each other: the diary's table, with
/// `awaiting_acceptance` beside what was paid.
fn may_stand([store, refund, delivery, cancel]: &[String; 4]) -> bool {
    let unpaid = ["unpaid", "paying", "pay_failed", "revoking", "revoke_failed"];
    let waits = delivery == "awaiting_acceptance";
    let refunds: &[&str] = match store.as_str() {
        "paid" => &["none", "rejected", "failed"],
        "refunding" => &["applied", "refunding"],
        "refunded" => &["refunded"],
        "refund_failed" => &["rejected", "failed"],
        _ => &["none"],
    };
    let cancels: &[&str] = match store.as_str() {
        "revoked" => &["system_revoke", "customer_revoke", "store_revoke"],
        "refunded" => &["system_refund", "customer_refund", "store_refund"],
        _ => &["none"],
    };
    let delivers = waits || !(unpaid.contains(&store.as_str()) || store == "revoked");
    refunds.contains(&refund.as_str()) && cancels.contains(&cancel.as_str()) && delivers
}

/// Every store status there is.
const STATUSES: [&str; 10] = [
    "unpaid",
    "paying",
    "paid",
    "pay_failed",
    "revoking",
    "revoked",
    "revoke_failed",
    "refunding",
    "refunded",
    "refund_failed",
];

/// A takeaway order that was paid through the gateway.
fn paid(center: &Center) -> (String, String) {
    let order = center.place();
    let attempt = center.start(&order);
    center.sandbox.pay(&attempt, &json!({}));
    center.until_status(&order, "paid");
    (order, attempt)
}

/// Brings a paid order to each step of delivery in turn, and does `act` on a fresh one at each.
fn at_each_step(center: &Center, act: impl Fn(&str, &str)) {
    let steps = ["accept", "start_preparing", "prepare", "call_courier", "pick_up", "deliver"];
    for done in 0..=steps.len() {
        let (order, attempt) = paid(center);
        for step in &steps[..done] {
            center.operate(&order, "store", &json!({ "type": step }));
        }
        act(&order, &attempt);
    }
}

fn revoked_in_every_way(center: &Center) {
    for actor in ["buyer", "store"] {
        center.sandbox.behave("");
        let order = center.place();
        center.start(&order);
        revoke(center, &order, actor);
        center.until_status(&order, "revoked");
    }
    center.sandbox.behave("try_later=1000");
    let order = center.place();
    let attempt = center.start(&order);
    revoke(center, &order, "buyer");
    center.until_status(&order, "revoke_failed");
    center.sandbox.behave_for(&attempt, "");
    revoke(center, &order, "buyer");
    center.until_status(&order, "revoked");
    center.sandbox.behave("");
}

#[test]
fn every_store_status_is_reached_and_no_combination_outside_the_table() {
    let center = Center::open();
    let order = center.place();
    let attempt = center.start(&order);
    center.sandbox.pay(&attempt, &json!({"outcome": "fail"}));
    center.until_status(&order, "pay_failed");
    revoked_in_every_way(&center);
    at_each_step(&center, |order, _| {
        center.operate(order, "buyer", &json!({"type": "request_refund", "reason": "cold"}));
        center.operate(order, "store", &json!({"type": "reject_refund", "reason": "no"}));
        center.operate(order, "buyer", &json!({"type": "request_refund", "reason": "cold"}));
        center.operate(order, "store", &json!({"type": "agree_refund"}));
        center.until_status(order, "refunded");
    });
    let (order, attempt) = paid(&center);
    center.operate(&order, "store", &json!({"type": "accept"}));
    center.sandbox.behave_for(&attempt, "refund_fails");
    center.operate(&order, "store", &json!({"type": "refund_by_store", "reason": "sold out"}));
    center.until_status(&order, "refund_failed");
    center.operate(&order, "store", &json!({"type": "prepare"}));
    let (order, _) = paid(&center);
    center.operate(&order, "store", &json!({"type": "reject", "reason": "closed"}));
    center.until_status(&order, "refunded");
    print_and_check(&center.seen.borrow());
}

/// Prints what was seen of each store status, and checks it against the table.
fn print_and_check(seen: &BTreeSet<[String; 4]>) {
    let mut table: BTreeMap<&str, [BTreeSet<&str>; 3]> = BTreeMap::new();
    for [store, refund, delivery, cancel] in seen {
        let row = table.entry(store).or_default();
        row[0].insert(refund);
        row[1].insert(delivery);
        row[2].insert(cancel);
    }
    println!("| store status | refund | delivery | cancel kind |\n|---|---|---|---|");
    for status in STATUSES {
        let row = table.get(status).unwrap_or_else(|| panic!("{status} was never seen: {table:?}"));
        let words = |at: usize| row[at].iter().copied().collect::<Vec<_>>().join(" ");
        println!("| {status} | {} | {} | {} |", words(0), words(1), words(2));
    }
    println!("{} combinations seen, all in the table", seen.len());
    let outside: Vec<_> = seen.iter().filter(|one| !may_stand(one)).collect();
    assert!(outside.is_empty(), "{outside:?}");
    assert_eq!(table.len(), STATUSES.len());
}

#[test]
fn what_was_paid_by_hand_closes_what_is_open_at_the_gateway() {
    let center = Center::open();
    let order = center.place();
    let attempt = center.start(&order);
    let cash =
        json!({"type": "payment_succeeded", "tender": "cash", "reference": "r1", "amount": 1_000});
    center.operate(&order, "till", &cash);
    center.until(&order, "it is closed", |state| attempt_in(state, &attempt)["status"] == "closed");
    eventually("the gateway knows", || center.sandbox.payment(&attempt)["status"] == "closed");
}
