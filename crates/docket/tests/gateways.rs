//! Payments through a gateway: a center and a sandbox gateway as two processes, and what happens when the gateway
//! or the payer misbehaves.

#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
mod pay;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use pay::{Center, attempt_in};
use serde_json::json;

#[test]
fn an_order_is_paid_through_the_gateway_and_its_money_goes_back_there() {
    let center = Center::open();
    let order = center.place();
    let attempt = center.start(&order);
    assert_eq!(center.tree(&order)["store_status"], "paying");
    assert_eq!(center.sandbox.pay(&attempt, &json!({})), 200);
    let tree = center.until_status(&order, "paid");
    let truth = center.sandbox.payment(&attempt);
    assert_eq!(tree["payments"][0]["reference"], truth["reference"]);
    assert_eq!(tree["payments"][0]["amount"], 1_000);
    assert_eq!(tree["payments"].as_array().map(Vec::len), Some(1));
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
