//! Payments through a gateway: a center and a sandbox gateway as two processes, and what happens when the gateway
//! or the payer misbehaves. How orders are ended stands in `revoking`, callbacks in `callbacks`.

#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared with the tests of revoking, which need more of it
mod pay;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::eventually;
use pay::{Center, attempt_in};
use serde_json::{Value, json};

fn payments(tree: &Value) -> usize {
    tree["payments"].as_array().map_or(0, Vec::len)
}

/// Places, starts and pays at a gateway that behaves so; the order and its tree once it is paid.
fn paid_at(center: &Center, words: &str) -> (String, String, Value) {
    center.sandbox.behave(words);
    let order = center.place();
    let attempt = center.start(&order);
    assert_eq!(center.sandbox.pay(&attempt, &json!({})), 200);
    let tree = center.until_status(&order, "paid");
    assert_eq!((payments(&tree), &tree["paid"]), (1, &json!(1_000)), "{tree:#}");
    (order, attempt, tree)
}

#[test]
fn an_order_is_paid_through_the_gateway_and_its_money_goes_back_there() {
    let center = Center::open();
    let (order, attempt, tree) = paid_at(&center, "");
    let truth = center.sandbox.payment(&attempt);
    assert_eq!(tree["payments"][0]["reference"], truth["reference"]);
    let state = center.payments(&order);
    assert_eq!(attempt_in(&state, &attempt)["gateway_state"], "paid", "{state:#}");
    center.operate(&order, "store", &json!({"type": "refund_by_store", "reason": "sold out"}));
    let tree = center.until_status(&order, "refunded");
    assert_eq!(center.sandbox.given_back(&attempt), 1_000);
    let reference = &tree["shops"][0]["refunds"][0]["parts"][0]["reference"];
    assert!(reference.is_string(), "{tree:#}");
}

#[test]
fn a_gateway_that_nobody_knows_is_refused_with_those_that_are_known() {
    let center = Center::open();
    let order = center.place();
    let asked = json!({"tender": "wallet", "gateway": "sandbax", "actor": {"kind": "buyer"}});
    let (status, problem) = center.post(&format!("/api/orders/{order}/payments"), &asked);
    assert_eq!((status, &problem["errors"][0]["code"]), (422, &json!("unknown_gateway")));
    let message = problem["errors"][0]["message"].as_str().expect("a text");
    assert!(message.contains("known: sandbox"), "{message}");
}

#[test]
fn a_gateway_that_is_slow_silent_late_or_calls_twice_is_paid_once() {
    let center = Center::open();
    for words in ["slow=700", "silent", "late=600000", "duplicate=3", "forged"] {
        paid_at(&center, words);
    }
    // What was late comes now, and changes nothing.
    center.sandbox.control(&json!({"skip_ms": 600_000}));
    eventually("the late callback has come", || {
        center.verdicts().iter().any(|verdict| verdict == "known")
    });
}

#[test]
fn connections_that_drop_errors_and_throttling_are_waited_out() {
    let center = Center::open();
    for words in ["drop=1", "drop_after=1", "error=1", "throttle=1", "drop=1 error=1 throttle=1"] {
        paid_at(&center, words);
    }
    assert!(center.tasks("gateway_payment", "dead").is_empty());
}

#[test]
fn another_amount_is_never_a_payment() {
    let center = Center::open();
    center.sandbox.behave("wrong_amount=1");
    let order = center.place();
    let attempt = center.start(&order);
    assert_eq!(center.sandbox.pay(&attempt, &json!({})), 200);
    eventually("its task is given up", || {
        let dead = center.tasks("gateway_payment", "dead");
        dead.iter()
            .any(|task| task["last_error"].as_str().is_some_and(|why| why.contains("amount")))
    });
    let tree = center.tree(&order);
    assert_eq!((payments(&tree), &tree["store_status"]), (0, &json!("paying")));
    let state = center.payments(&order);
    let trouble = attempt_in(&state, &attempt)["trouble"].as_str().expect("trouble").to_owned();
    assert!(trouble.contains("asked 1000, told 999"), "{trouble}");
    assert!(center.verdicts().contains(&"other_amount".to_owned()));
}

#[test]
fn a_callback_that_lies_changes_nothing() {
    let center = Center::open();
    center.sandbox.behave("lying");
    let order = center.place();
    let attempt = center.start(&order);
    eventually("the lie has come", || {
        center.callbacks().iter().any(|row| row["told"] == "paid" && row["verdict"] == "asked")
    });
    center.until(&order, "it was asked after", |state| {
        attempt_in(state, &attempt)["gateway_state"] == "waiting"
    });
    let tree = center.tree(&order);
    assert_eq!((payments(&tree), &tree["store_status"]), (0, &json!("paying")));
    center.sandbox.pay(&attempt, &json!({}));
    assert_eq!(payments(&center.until_status(&order, "paid")), 1);
}

#[test]
fn of_two_attempts_the_one_that_is_not_needed_is_closed() {
    let center = Center::open();
    let order = center.place();
    let (first, second) = (center.start(&order), center.start(&order));
    center.sandbox.pay(&second, &json!({}));
    center.until_status(&order, "paid");
    let state = center.until(&order, "the other one is closed", |state| {
        attempt_in(state, &first)["status"] == "closed"
    });
    assert_eq!(attempt_in(&state, &second)["status"], "succeeded");
    assert_eq!(center.sandbox.payment(&first)["status"], "closed");
}

#[test]
fn money_that_comes_twice_goes_back_to_where_the_second_came_from() {
    let center = Center::open();
    center.sandbox.behave("silent");
    let order = center.place();
    let (first, second) = (center.start(&order), center.start(&order));
    center.sandbox.pay(&first, &json!({}));
    center.sandbox.pay(&second, &json!({}));
    let state = center.until(&order, "the second has gone back", |state| {
        state["refunds_due"][0]["status"] == "refunded"
    });
    let back = center.sandbox.given_back(&first) + center.sandbox.given_back(&second);
    assert_eq!((back, &state["paid"]), (1_000, &json!(1_000)), "{state:#}");
    assert_eq!(state["refunds_due"][0]["cause"], "overpaid");
    assert_eq!(center.tree(&order)["store_status"], "paid");
}

#[test]
fn a_voucher_and_a_gateway_pay_together_and_each_gives_its_own_back() {
    let center = Center::open();
    let order = center.place();
    let voucher =
        json!({"type": "payment_succeeded", "tender": "voucher", "reference": "v1", "amount": 300});
    center.operate(&order, "till", &voucher);
    let attempt = center.start(&order);
    assert_eq!(center.sandbox.payment(&attempt)["amount"], 700);
    center.sandbox.pay(&attempt, &json!({}));
    center.until_status(&order, "paid");
    let tree = center.operate(&order, "store", &json!({"type": "refund_by_store"}));
    let refund = tree["shops"][0]["refunds"][0]["refund_id"].clone();
    eventually("the gateway's part is back", || center.sandbox.given_back(&attempt) == 700);
    eventually("the order knows", || {
        let tree = center.tree(&order);
        let parts = tree["shops"][0]["refunds"][0]["parts"].as_array().expect("parts").clone();
        parts.iter().filter(|part| part["status"] == "refunded").count() == 1
    });
    assert_eq!(center.tree(&order)["store_status"], "refunding");
    let mut by_hand = json!({"type": "refund_succeeded", "reference": "v1-back"});
    by_hand["refund_id"] = refund;
    center.operate(&order, "till", &by_hand);
    assert_eq!(center.tree(&order)["store_status"], "refunded");
    assert_eq!(center.sandbox.given_back(&attempt), 700);
}

#[test]
fn a_refund_that_fails_is_tried_under_new_keys_and_then_has_failed() {
    let center = Center::open();
    let (order, attempt, _) = paid_at(&center, "refund_fails");
    center.operate(&order, "store", &json!({"type": "refund_by_store"}));
    let tree = center.until_status(&order, "refund_failed");
    assert_eq!(tree["shops"][0]["refunds"][0]["status"], "failed");
    let keys = |center: &Center| {
        let truth = center.sandbox.truth();
        let refunds = truth["refunds"].as_array().expect("refunds").clone();
        refunds.iter().map(|refund| refund["refund_id"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(keys(&center).len(), 3, "each try has a key of its own");
    assert_eq!(center.sandbox.given_back(&attempt), 0);
    // The store tries again, and the gateway has come to its senses.
    center.sandbox.behave_for(&attempt, "");
    let refund = &tree["shops"][0]["refunds"][0]["refund_id"];
    center.operate(&order, "store", &json!({"type": "agree_refund", "refund_id": refund}));
    center.until_status(&order, "refunded");
    assert_eq!((keys(&center).len(), center.sandbox.given_back(&attempt)), (4, 1_000));
}

#[test]
fn a_slow_refund_survives_a_kill_and_goes_back_once() {
    let mut center = Center::open();
    let (order, attempt, _) = paid_at(&center, "refund_slow=600000");
    center.operate(&order, "store", &json!({"type": "refund_by_store"}));
    eventually("the gateway has it", || {
        center.sandbox.truth()["refunds"].as_array().is_some_and(|refunds| !refunds.is_empty())
    });
    assert_eq!(center.tree(&order)["store_status"], "refunding");
    center.killed_and_started(&[]);
    center.sandbox.control(&json!({"skip_ms": 600_000}));
    center.until_status(&order, "refunded");
    let truth = center.sandbox.truth();
    assert_eq!(truth["refunds"].as_array().map(Vec::len), Some(1), "{truth:#}");
    assert_eq!(center.sandbox.given_back(&attempt), 1_000);
}

#[test]
fn a_center_killed_while_money_goes_back_gives_it_back_once() {
    let mut center = Center::open();
    let (order, attempt, _) = paid_at(&center, "");
    // Done at once, and answered when the center is long dead.
    center.sandbox.behave_for(&attempt, "slow=10000 silent");
    center.operate(&order, "store", &json!({"type": "refund_by_store"}));
    eventually("the gateway has done it", || center.sandbox.given_back(&attempt) == 1_000);
    assert_eq!(center.tree(&order)["store_status"], "refunding");
    center.killed_and_started(&[]);
    center.sandbox.behave_for(&attempt, "");
    center.until_status(&order, "refunded");
    let truth = center.sandbox.truth();
    assert_eq!(truth["refunds"].as_array().map(Vec::len), Some(1), "{truth:#}");
}

#[test]
fn a_gateway_that_was_away_and_has_forgotten_is_told_again() {
    let mut center = Center::open();
    let order = center.place();
    let attempt = center.start(&order);
    center.sandbox.kill();
    center.until(&order, "it is seen to be away", |state| {
        attempt_in(state, &attempt)["gateway_state"] == "no_reply"
    });
    center.sandbox.replace();
    eventually("it can be paid there", || center.sandbox.pay(&attempt, &json!({})) == 200);
    assert_eq!(payments(&center.until_status(&order, "paid")), 1);
}

#[test]
fn an_attempt_that_was_imported_is_not_begun_at_the_gateway_again() {
    let center = Center::open();
    let told = json!({
        "external_id": "theirs", "currency": "CNY", "created_at": "2026-01-01T10:00:00Z",
        "shops": [{"shop_id": "s", "items": [{"sku_id": "p", "quantity": "1", "list_price": 1_000}]}],
        "attempts": [{
            "tender": "wallet", "gateway": "sandbox", "amount": 1_000, "status": "open",
            "created_at": "2026-01-01T10:01:00Z"
        }]
    });
    let (status, report) = center.post("/api/imports", &told);
    assert_eq!((status, &report["taken"]), (200, &json!(1)), "{report:#}");
    let listed = center.get("/api/orders?external_id=theirs");
    let order = listed["orders"][0]["order_id"].as_str().expect("a number").to_owned();
    assert_eq!(center.payments(&order)["attempts"][0]["status"], "open");
    center.operate(&order, "seller", &json!({"type": "note", "text": "ask the old system"}));
    eventually("its task has looked", || !center.tasks("gateway_payment", "done").is_empty());
    assert_eq!(center.sandbox.truth()["payments"], json!([]));
    assert_eq!(center.payments(&order)["attempts"][0]["status"], "open");
}
