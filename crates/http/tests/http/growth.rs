//! What an order may become when somebody asks for the same again and again, and how it is read then.

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

/// Every page at `path`, whose rows stand under `name`.
async fn pages(center: &TestCenter, key: &str, path: &str, name: &str) -> Vec<Vec<Value>> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = center.get_as(key, &format!("{path}{cursor}")).await.ok(200);
        found.push(page[name].as_array().expect("a list").clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[tokio::test]
async fn log_story_and_agreed_versions_have_pages() {
    let center = TestCenter::start().await;
    let mut order = example();
    let second = json!({"shop_id": "12", "items": [
        {"sku_id": "2", "title": "Cup", "quantity": "1", "list_price": 100}]});
    order["shops"].as_array_mut().expect("shops").push(second);
    order.as_object_mut().expect("an order").remove("expected_total");
    let tree = center.placed(&order).await;
    for (number, shop) in [0, 1, 0, 0, 1, 0].into_iter().enumerate() {
        let node = &tree["shops"][shop]["order_id"];
        let price = json!({"type": "adjust_price", "freight": 100 + number,
                           "actor": {"kind": "seller"}});
        center.operate(node, &price).await.ok(200);
    }
    let path = format!("/api/orders/{}", text(&tree["order_id"]));
    for (part, name, number) in [
        ("operations", "operations", "seq"),
        ("activities", "activities", "seq"),
        ("snapshots", "snapshots", "terms_version"),
    ] {
        let whole = center.get(&format!("{path}/{part}")).await.ok(200);
        assert_eq!(whole["next"], Value::Null, "{part}");
        assert_eq!(whole[name].as_array().map(Vec::len), Some(7), "{part}");
        for limit in [1, 3, 7, 200] {
            let found =
                pages(&center, &center.key, &format!("{path}/{part}?limit={limit}"), name).await;
            assert_eq!(found.len(), 7_usize.div_ceil(limit), "{part} by {limit}");
            let rows: Vec<Value> = found.into_iter().flatten().collect();
            assert_eq!(Value::from(rows.clone()), whole[name], "{part} by {limit}");
            assert!(rows.iter().map(|row| &row[number]).eq(&[1, 2, 3, 4, 5, 6, 7]), "{rows:#?}");
        }
        for (query, field, code) in [
            ("limit=201", "limit", "too_large"),
            ("limit=0", "limit", "too_small"),
            ("cursor=zz", "cursor", "not_a_cursor"),
            ("page=2", "page", "unknown_field"),
        ] {
            center.get(&format!("{path}/{part}?{query}")).await.wrong_fields(&[(field, code)]);
        }
    }
    // A key that sees one shop order sees its rows, on whichever page they are.
    let own = center.key(&[docket_app::Scope::OrdersRead], &[], &["12"]).await;
    let found = pages(&center, &own, &format!("{path}/operations?limit=2"), "operations").await;
    let seqs: Vec<_> = found.iter().flatten().map(|row| row["seq"].clone()).collect();
    assert_eq!(seqs, [3, 6]);
}

#[tokio::test]
async fn the_clock_may_be_set_back_and_the_log_of_an_order_stays_in_order() {
    let (center, tree) = paid_order().await;
    center.clock.advance(-86_400_000);
    let node = &tree["shops"][0]["order_id"];
    let ask = json!({"type": "request_refund", "actor": {"kind": "buyer"}});
    let asked = center.operate(node, &ask).await.ok(200);
    let log = format!("/api/orders/{}/operations", text(&tree["order_id"]));
    let log = center.get(&log).await.ok(200);
    let times: Vec<&str> =
        log["operations"].as_array().expect("a log").iter().map(|row| text(&row["at"])).collect();
    assert!(times.is_sorted() && times.len() == 3, "{times:?}");
    assert_eq!(asked["updated_at"], times[2]);
}
