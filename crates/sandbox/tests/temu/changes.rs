//! What a tester has happen to orders, and what lists say of it.

use crate::stage::{DETAIL, LIST, SECONDS, Stage, both, numbers, page};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A list call for the orders updated in these seconds.
fn updated(from: i64, to: i64, number: usize) -> Value {
    let mut ask = page(number);
    (ask["updateAtStart"], ask["updateAtEnd"]) = (json!(from), json!(to));
    ask
}

fn changed(truth: &Value) -> Vec<String> {
    serde_json::from_value(truth["changed"].clone()).expect("numbers")
}

#[tokio::test]
async fn three_hundred_orders_come_in_within_one_second() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    let truth =
        stage.control(json!({"orders": [{"does": "insert", "shop": shop, "count": 300}]})).await;
    let mut found = vec![];
    for number in 1..=4 {
        found.extend(numbers(&stage.call(LIST, 0, updated(SECONDS, SECONDS, number)).await));
    }
    assert_eq!(found.len(), 300);
    let found: BTreeSet<String> = found.into_iter().collect();
    assert_eq!(found, changed(&truth).into_iter().collect());
}

#[tokio::test]
async fn a_row_that_is_late_comes_into_its_list_behind_its_time() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    let insert = json!({"does": "insert", "shop": shop, "late": 120});
    let inserted = changed(&stage.control(json!({"orders": [insert]})).await);
    let ask = json!({"parentOrderSn": inserted[0], "fulfillmentTypeList": both()});
    stage.call(DETAIL, 0, ask).await;
    let window = updated(SECONDS, SECONDS + 60, 1);
    stage.pass(119).await;
    assert_eq!(numbers(&stage.call(LIST, 0, window.clone()).await), Vec::<String>::new());
    stage.pass(1).await;
    assert_eq!(numbers(&stage.call(LIST, 0, window).await), inserted);
    // A known order that moved is late as well.
    let moved =
        json!({"does": "move", "shop": shop, "order": inserted[0], "to": 4, "late": 43_200});
    stage.control(json!({"orders": [moved]})).await;
    let window = updated(SECONDS, SECONDS + 120, 1);
    stage.pass(43_199).await;
    assert_eq!(stage.call(LIST, 0, window.clone()).await["totalItemNum"], json!(0));
    stage.pass(1).await;
    assert_eq!(numbers(&stage.call(LIST, 0, window).await), inserted);
}

#[tokio::test]
async fn a_hidden_order_is_read_by_number_and_never_listed() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    let insert = json!({"does": "insert", "shop": shop, "hidden": true});
    let hidden = changed(&stage.control(json!({"orders": [insert]})).await).remove(0);
    stage.pass(86_400 * 30).await;
    for mut ask in [page(1), updated(SECONDS, SECONDS, 1)] {
        assert!(!numbers(&stage.call(LIST, 0, ask.clone()).await).contains(&hidden));
        ask["parentOrderSnList"] = json!([hidden]);
        assert_eq!(stage.call(LIST, 0, ask).await["totalItemNum"], json!(0));
    }
    let detail = json!({"parentOrderSn": hidden});
    assert_eq!(
        stage.call(DETAIL, 0, detail).await["parentOrderMap"]["parentOrderSn"],
        json!(hidden)
    );
}

#[tokio::test]
async fn a_silent_change_moves_no_time_of_update() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    let before = stage.call(LIST, 0, page(1)).await["pageItems"][5]["parentOrderMap"].clone();
    let order = &before["parentOrderSn"];
    let moved = json!({"does": "move", "shop": shop, "order": order, "to": 3, "silent": true});
    stage.control(json!({"orders": [moved]})).await;
    let after = stage.call(LIST, 0, page(1)).await["pageItems"][5]["parentOrderMap"].clone();
    assert_eq!(after["parentOrderSn"], *order);
    assert_eq!(after["updateTime"], before["updateTime"]);
    assert_eq!(after["parentOrderStatus"], json!(3));
}

#[tokio::test]
async fn a_line_may_have_another_status_than_its_order_and_lose_all_its_units() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    let insert = json!({"does": "insert", "shop": shop, "status": 2});
    let order = changed(&stage.control(json!({"orders": [insert]})).await).remove(0);
    let ask = json!({"parentOrderSn": order, "fulfillmentTypeList": both()});
    let line = stage.call(DETAIL, 0, ask.clone()).await["orderList"][0].clone();
    let child = &line["orderSn"];
    stage
        .control(json!({"orders": [
            {"does": "move", "shop": shop, "order": order, "child": child, "to": 99},
            {"does": "cancel_units", "shop": shop, "order": order, "child": child, "units": 99},
        ]}))
        .await;
    let detail = stage.call(DETAIL, 0, ask).await;
    assert_eq!(detail["parentOrderMap"]["parentOrderStatus"], json!(2));
    let line = &detail["orderList"][0];
    assert_eq!((&line["orderStatus"], &line["quantity"]), (&json!(99), &json!(0)));
    assert_eq!(line["canceledQuantityBeforeShipment"], line["originalOrderQuantity"]);
}

#[tokio::test]
async fn an_odd_order_has_nulls_no_labels_and_values_that_no_document_has() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    let insert = json!({
        "does": "insert", "shop": shop, "status": 99, "odd": "nulls unlabelled novel",
    });
    let order = changed(&stage.control(json!({"orders": [insert]})).await).remove(0);
    let ask = json!({"parentOrderSn": order, "fulfillmentTypeList": both()});
    let detail = stage.call(DETAIL, 0, ask).await;
    let head = &detail["parentOrderMap"];
    assert_eq!(head["parentOrderStatus"], json!(99));
    assert!(head.as_object().unwrap().contains_key("parentShippingTime"));
    assert_eq!(head["parentShippingTime"], Value::Null);
    assert_eq!(
        (&head["parentOrderLabel"], &head["orderPaymentType"]),
        (&json!([]), &json!("BARTER"))
    );
    assert_eq!(head["carbonOffset"], json!([1, 2]));
}

#[tokio::test]
async fn a_bare_order_lacks_fields_and_a_broken_one_spoils_no_other_row() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    let insert = |odd: &str| json!({"does": "insert", "shop": shop, "odd": odd, "status": 2});
    let wish = json!({"orders": [insert("bare"), insert("broken")]});
    let odd = changed(&stage.control(wish).await);
    let listed = stage.call(LIST, 0, page(1)).await;
    assert_eq!(numbers(&listed)[..2], [odd[1].clone(), odd[0].clone()]);
    let items = listed["pageItems"].as_array().unwrap();
    assert_eq!(items[0]["orderList"], json!([{}]));
    let bare = items[1]["orderList"][0].as_object().unwrap();
    let whole = items[2]["orderList"][0].as_object().unwrap();
    for missing in ["skuId", "productList", "originalOrderQuantity", "orderCreateTime"] {
        assert!(whole.contains_key(missing) && !bare.contains_key(missing), "{missing}");
    }
    assert!(bare.contains_key("quantity"));
    assert!(!items[1]["parentOrderMap"].as_object().unwrap().contains_key("siteId"));
}

#[tokio::test]
async fn many_orders_move_in_one_second_by_chance_that_the_seed_gives() {
    let mut told = vec![];
    for _ in 0..2 {
        let stage = Stage::set().await;
        let shop = &stage.shops[0].mall_id;
        let wish = json!({"does": "move", "shop": shop, "count": 150, "to": 4});
        let moved = changed(&stage.control(json!({"orders": [wish]})).await);
        let found = stage.call(LIST, 0, updated(SECONDS, SECONDS, 1)).await;
        assert_eq!(found["totalItemNum"], json!(150));
        told.push(moved);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].iter().collect::<BTreeSet<_>>().len(), 150);
}

/// Walks the pages of one window while orders change; gives the numbers that were in it at the start and were
/// neither seen nor changed since.
async fn lost(seed: u64, is_forward: bool) -> usize {
    let stage = Stage::of(|settings| {
        (settings.seed, settings.limit, settings.orders, settings.shops) = (seed, 0, 500, 1);
    })
    .await;
    let window = |number| {
        let mut ask = updated(SECONDS - 400 * 86_400, SECONDS, number);
        ask["pageSize"] = json!(50);
        ask
    };
    let mut there = BTreeSet::new();
    for number in 1..=10 {
        there.extend(numbers(&stage.call(LIST, 0, window(number)).await));
    }
    stage.pass(60).await;
    stage.control(json!({"behave": "churn=8"})).await;
    let mut seen = BTreeSet::new();
    let pages: Vec<usize> = if is_forward { (1..=10).collect() } else { (1..=10).rev().collect() };
    for number in pages {
        seen.extend(numbers(&stage.call(LIST, 0, window(number)).await));
    }
    stage.control(json!({"fine": true})).await;
    for number in 1..=3 {
        let later = updated(SECONDS + 1, SECONDS + 60, number);
        seen.extend(numbers(&stage.call(LIST, 0, later).await));
    }
    there.difference(&seen).count()
}

#[tokio::test]
async fn a_walk_forward_loses_orders_that_change_meanwhile_and_one_in_reverse_loses_none() {
    let (mut forward, mut reverse) = (0, 0);
    for seed in 0..10 {
        forward += usize::from(lost(seed, true).await > 0);
        reverse += lost(seed, false).await;
    }
    assert_eq!((forward, reverse), (10, 0));
}

#[tokio::test]
async fn what_changes_while_somebody_pages_may_be_late_as_well() {
    let stage = Stage::set().await;
    stage.control(json!({"behave": "churn=8 late=120", "for": {"calls": 1}})).await;
    // Eight of those that were there are away for a while, and four more are not there yet.
    let mut counts = vec![stage.call(LIST, 0, page(1)).await["totalItemNum"].clone()];
    for seconds in [60, 60] {
        stage.pass(seconds).await;
        counts.push(stage.call(LIST, 0, page(1)).await["totalItemNum"].clone());
    }
    assert_eq!((&counts[0], &counts[2]), (&json!(192), &json!(204)));
    let between = counts[1].as_u64().expect("a number");
    assert!((193..204).contains(&between), "{between}");
    let changed = stage.call(LIST, 0, updated(SECONDS, SECONDS, 1)).await;
    assert_eq!(changed["totalItemNum"], json!(12));
}
