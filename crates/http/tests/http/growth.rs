//! What an order may become when somebody asks for the same again and again.

use crate::center::{TestCenter, example, text};
use docket_domain::Limits;
use serde_json::{Value, json};
use std::sync::Arc;

/// An order that is paid, in a center whose orders take little of each.
async fn paid_order() -> (TestCenter, Value) {
    let limits = Limits { refunds: 30, shipments: 2, notes: 3, tags: 4, ..Limits::default() };
    let center = TestCenter::start_with(|settings| settings.limits = Arc::new(limits)).await;
    let tree = center.placed(&example()).await;
    let paid = json!({
        "type": "payment_succeeded", "tender": "cash", "reference": "r", "amount": tree["payable"],
        "actor": {"kind": "till"}
    });
    center.operate(&tree["order_id"], &paid).await.ok(200);
    (center, tree)
}

#[tokio::test]
async fn a_buyer_who_asks_and_withdraws_comes_to_an_end_and_costs_little_until_then() {
    let (center, tree) = paid_order().await;
    let node = &tree["shops"][0]["order_id"];
    let ask = json!({"type": "request_refund", "actor": {"kind": "buyer"}});
    let withdraw = json!({"type": "withdraw_refund", "actor": {"kind": "buyer"}});
    let log = format!("/api/orders/{}/operations", text(&tree["order_id"]));
    let mut bytes = vec![center.get(&log).await.ok(200).to_string().len()];
    for _ in 0..30 {
        center.operate(node, &ask).await.ok(200);
        center.operate(node, &withdraw).await.ok(200);
        bytes.push(center.get(&log).await.ok(200).to_string().len());
    }
    let problem = center.operate(node, &ask).await.problem(409, "too_many_refunds");
    assert!(text(&problem["detail"]).contains("30 times"), "{problem:#}");
    // Each pair of rows costs the same.
    let costs: Vec<usize> = bytes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(costs[29] <= costs[0] + 40, "{costs:?}");
    // The store gives money back as before.
    let given = json!({"type": "refund_by_store", "actor": {"kind": "store"}});
    center.operate(node, &given).await.ok(200);
}

#[tokio::test]
async fn beyond_what_an_order_takes_the_answer_says_of_what_and_how_much() {
    let (center, tree) = paid_order().await;
    let node = &tree["shops"][0]["order_id"];
    let as_store = |mut operation: Value| {
        operation["actor"] = json!({"kind": "store"});
        operation
    };
    let note = as_store(json!({"type": "note", "text": "so it is"}));
    for _ in 0..3 {
        center.operate(node, &note).await.ok(200);
    }
    center.operate(node, &note).await.problem(409, "too_many_notes");
    let tag = |tag: usize| as_store(json!({"type": "tag", "add": [format!("t-{tag}")]}));
    for number in 0..4 {
        center.operate(node, &tag(number)).await.ok(200);
    }
    center.operate(node, &tag(5)).await.problem(409, "too_many_tags");
}
