//! Orders in lists and in detail.

use crate::stage::{DETAIL, LIST, SECONDS, Stage, both, numbers, page};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const DAY: i64 = 86_400;

fn times(page: &Value, name: &str) -> Vec<i64> {
    let items = page["pageItems"].as_array().expect("a page");
    let time = |item: &Value| item["parentOrderMap"][name].as_i64().expect("a time");
    items.iter().map(time).collect()
}

/// Every number that a walk over all pages gives.
async fn walked(stage: &Stage, shop: usize, mut ask: Value) -> Vec<String> {
    let mut all = vec![];
    for number in 1.. {
        ask["pageNumber"] = json!(number);
        let page = stage.call(LIST, shop, ask.clone()).await;
        let found = numbers(&page);
        if found.is_empty() {
            assert_eq!(page["totalItemNum"], json!(all.len()));
            break;
        }
        all.extend(found);
    }
    all
}

#[tokio::test]
async fn all_pages_together_give_every_order_once_the_newest_first() {
    let stage = Stage::set().await;
    for (sort, time) in [("updateTime", "updateTime"), ("createTime", "parentOrderTime")] {
        let mut ask = page(1);
        (ask["sortby"], ask["pageSize"]) = (json!(sort), json!(70));
        let all = walked(&stage, 0, ask.clone()).await;
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 200);
        let first = stage.call(LIST, 0, ask).await;
        assert!(times(&first, time).is_sorted_by(|a, b| a >= b), "{sort}");
    }
}

#[tokio::test]
async fn a_range_is_closed_at_both_ends() {
    let stage = Stage::set().await;
    let first = stage.call(LIST, 0, page(1)).await;
    let (from, to) = (times(&first, "updateTime")[99], times(&first, "updateTime")[0]);
    let mut ask = page(1);
    (ask["updateAtStart"], ask["updateAtEnd"]) = (json!(from), json!(to));
    assert_eq!(numbers(&stage.call(LIST, 0, ask.clone()).await), numbers(&first));
    // Sorted by the other time, a range holds as well.
    ask["sortby"] = json!("createTime");
    let other: BTreeSet<_> = numbers(&stage.call(LIST, 0, ask.clone()).await).into_iter().collect();
    assert_eq!(other, numbers(&first).into_iter().collect());
    let mut day = page(1);
    day["sortby"] = json!("createTime");
    (day["createAfter"], day["createBefore"]) = (json!(SECONDS - DAY), json!(SECONDS));
    let found = stage.call(LIST, 0, day).await;
    assert!(times(&found, "parentOrderTime").iter().all(|time| *time >= SECONDS - DAY));
    assert!(found["totalItemNum"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn what_a_list_cannot_be_asked_is_refused_by_its_code() {
    let stage = Stage::set().await;
    let many: Vec<String> = (0..21).map(|n| format!("PO-211-{n}")).collect();
    for (ask, code) in [
        (json!({"pageSize": 101}), 3_000_000),
        (json!({"pageSize": 0}), 3_000_000),
        (json!({"pageNumber": 0}), 3_000_000),
        (json!({"sortby": "price"}), 3_000_000),
        (json!({"parentOrderSnList": many}), 3_000_000),
        (json!({"updateAtStart": SECONDS}), 140_020_013),
        (json!({"createBefore": SECONDS}), 140_020_013),
        (json!({"updateAtStart": SECONDS, "updateAtEnd": SECONDS - 1}), 140_020_012),
        (json!({"updateAtStart": "2027-01-15", "updateAtEnd": SECONDS}), 140_020_014),
    ] {
        assert_eq!(stage.refused(LIST, 0, ask.clone()).await, code, "{ask}");
    }
}

#[tokio::test]
async fn a_parameter_that_orders_do_not_know_is_ignored() {
    let stage = Stage::set().await;
    let first = stage.call(LIST, 0, page(1)).await;
    let mut ask = page(1);
    ask["pageNumber"].take();
    ask["pageNo"] = json!(2);
    ask["beginTime"] = json!(SECONDS);
    assert_eq!(stage.call(LIST, 0, ask).await, first);
}

#[tokio::test]
async fn lines_of_warehouses_are_told_only_to_who_asks_for_both_kinds() {
    let stage = Stage::set().await;
    let ask = |kinds: Value| json!({"pageSize": 100, "fulfillmentTypeList": kinds});
    let all = walked(&stage, 0, ask(both())).await;
    let own = walked(&stage, 0, ask(json!([]))).await;
    let theirs = walked(&stage, 0, ask(json!(["fulfillByCooperativeWarehouse"]))).await;
    assert!(own.len() < all.len() && theirs.len() < all.len(), "{} {}", own.len(), theirs.len());
    let union: BTreeSet<_> = own.iter().chain(&theirs).collect();
    assert_eq!(union, all.iter().collect());
    let listed = stage.call(LIST, 0, json!({"pageSize": 100})).await;
    assert!(!listed.to_string().contains("fulfillByCooperativeWarehouse"));
}

#[tokio::test]
async fn a_list_by_status_or_by_number_gives_those_alone() {
    let stage = Stage::set().await;
    let mut ask = page(1);
    let mut counted = 0;
    for status in [1, 2, 3, 4, 5, 41, 51] {
        ask["parentOrderStatus"] = json!(status);
        let found = stage.call(LIST, 0, ask.clone()).await;
        let items = found["pageItems"].as_array().unwrap();
        let status = json!(status);
        assert!(items.iter().all(|item| item["parentOrderMap"]["parentOrderStatus"] == status));
        counted += found["totalItemNum"].as_u64().unwrap();
    }
    assert_eq!(counted, 200);
    ask["parentOrderStatus"] = json!(0);
    let twenty: Vec<String> =
        numbers(&stage.call(LIST, 0, ask.clone()).await).into_iter().step_by(5).collect();
    ask["parentOrderSnList"] = json!(twenty);
    assert_eq!(numbers(&stage.call(LIST, 0, ask).await), twenty);
}

#[tokio::test]
async fn a_detail_has_packages_and_no_time_of_update_and_a_list_the_reverse() {
    let stage = Stage::set().await;
    let mut ask = page(1);
    ask["parentOrderStatus"] = json!(5);
    let listed = stage.call(LIST, 0, ask).await;
    assert!(!listed.to_string().contains("packageSnInfo"));
    let mut packages = 0;
    for number in numbers(&listed) {
        let ask = json!({"parentOrderSn": number, "fulfillmentTypeList": both()});
        let order = stage.call(DETAIL, 0, ask).await;
        assert_eq!(order["parentOrderMap"]["parentOrderSn"], json!(number));
        assert_eq!(order["parentOrderMap"]["updateTime"], Value::Null);
        for line in order["orderList"].as_array().unwrap() {
            packages += line["packageSnInfo"].as_array().unwrap().len();
        }
    }
    assert!(packages > 100, "{packages}");
    let unknown = json!({"parentOrderSn": "PO-211-1"});
    assert_eq!(stage.refused(DETAIL, 0, unknown).await, 140_020_002);
    assert_eq!(stage.refused(DETAIL, 0, json!({})).await, 3_000_000);
}

#[tokio::test]
async fn an_order_belongs_to_one_shop() {
    let stage = Stage::set().await;
    let first = numbers(&stage.call(LIST, 0, page(1)).await);
    let ask = json!({"parentOrderSn": first[0]});
    assert_eq!(stage.refused(DETAIL, 1, ask).await, 140_020_002);
}
