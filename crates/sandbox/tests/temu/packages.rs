//! Where package numbers are told: in details, among labels that wait, among what was sent of a line.

use crate::stage::{DETAIL, LIST, Stage, both, numbers, page};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const UNSHIPPED: &str = "bg.order.unshipped.package.get";
const SHIPMENTS: &str = "bg.logistics.shipment.v2.get";

/// An order of the first shop with more than one line, and the numbers of its lines.
async fn several_lines(stage: &Stage) -> (String, Vec<String>) {
    let listed = stage.call(LIST, 0, page(1)).await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let items = listed["pageItems"].as_array().expect("a page");
    let lines = |item: &Value| item["orderList"].as_array().map_or(0, Vec::len);
    let item = items.iter().find(|item| lines(item) > 1).expect("the seed has one");
    let children = item["orderList"].as_array().expect("lines");
    let children = children.iter().map(|child| text(&child["orderSn"])).collect();
    (text(&item["parentOrderMap"]["parentOrderSn"]), children)
}

/// The packages of each line, as a detail tells them.
async fn detailed(stage: &Stage, order: &str) -> Vec<Value> {
    let ask = json!({"parentOrderSn": order, "fulfillmentTypeList": both()});
    let detail = stage.call(DETAIL, 0, ask).await;
    let lines = detail["orderList"].as_array().expect("lines");
    lines.iter().map(|line| line["packageSnInfo"].clone()).collect()
}

#[tokio::test]
async fn packages_of_an_order_come_in_stages_and_are_a_set_for_each_line() {
    let stage = Stage::set().await;
    let (order, lines) = several_lines(&stage).await;
    let shop = &stage.shops[0].mall_id;
    let pack = |more: Value| {
        let mut change = json!({"does": "pack", "shop": shop, "order": order});
        change.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"orders": [change]})
    };
    stage.control(pack(json!({}))).await;
    let none = vec![json!([]); lines.len()];
    assert_eq!(detailed(&stage, &order).await, none);
    // Some lines, then several packages, then one replaced, then a purchase that failed.
    stage.control(pack(json!({"child": lines[0], "package": "PK-1"}))).await;
    let one = json!({"packageSn": "PK-1", "packageDeliveryType": 2, "callSuccess": true});
    assert_eq!(detailed(&stage, &order).await[..2], [json!([one]), json!([])]);
    stage.control(pack(json!({"child": lines[0], "package": "PK-2"}))).await;
    stage.control(pack(json!({"child": lines[0], "package": "PK-3", "replaces": "PK-1"}))).await;
    let told = detailed(&stage, &order).await[0].clone();
    let names = |told: &Value| -> Vec<String> {
        let packages = told.as_array().unwrap();
        packages.iter().map(|package| package["packageSn"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&told), ["PK-2", "PK-3"]);
    stage.control(pack(json!({"child": lines[1], "package": "PK-4", "failed": true}))).await;
    let failed = &detailed(&stage, &order).await[1][0];
    assert_eq!((&failed["packageSn"], &failed["callSuccess"]), (&json!("PK-4"), &json!(false)));
    let ask = json!({"parentOrderSn": order, "orderSn": lines[1]});
    assert_eq!(stage.call(SHIPMENTS, 0, ask).await["shipmentInfoDTO"], json!([]));
}

#[tokio::test]
async fn a_label_waits_in_its_own_list_until_it_is_handed_over() {
    let stage = Stage::set().await;
    let (order, lines) = several_lines(&stage).await;
    let shop = &stage.shops[0].mall_id;
    let pack = |unshipped: bool| {
        json!({"orders": [
            {"does": "pack", "shop": shop, "order": order},
            {"does": "pack", "shop": shop, "order": order, "package": "PK-1",
             "unshipped": unshipped, "parts": ["PK-1-A", "PK-1-B"], "silent": true},
        ]})
    };
    stage.control(pack(true)).await;
    let ask = json!({"pageNumber": 1, "pageSize": 100, "parentOrderSnList": [order]});
    let waiting = stage.call(UNSHIPPED, 0, ask.clone()).await;
    assert_eq!(waiting["totalItemNum"], json!(1));
    let package = &waiting["unshippedPackage"][0];
    assert_eq!(package["subPackageSnList"], json!(["PK-1-A", "PK-1-B"]));
    let inside = package["packageDetail"]["shippableOrders"].as_array().unwrap();
    assert_eq!(inside.len(), lines.len());
    assert!(inside.iter().all(|entry| entry["parentOrderSn"] == json!(order)));
    stage.control(pack(false)).await;
    assert_eq!(stage.call(UNSHIPPED, 0, ask).await["totalItemNum"], json!(0));
    let sent = json!({"parentOrderSn": order, "orderSn": lines[0]});
    let sent = stage.call(SHIPMENTS, 0, sent).await;
    let shipment = &sent["shipmentInfoDTO"][0];
    assert_eq!(shipment["packageSn"], json!("PK-1"));
    assert_eq!(shipment["subPackageShipmentInfoList"][1]["packageSn"], json!("PK-1-B"));
}

#[tokio::test]
async fn what_these_calls_cannot_be_asked_is_refused_by_its_code() {
    let stage = Stage::set().await;
    let (order, _) = several_lines(&stage).await;
    let paged = json!({"pageNumber": 1, "pageSize": 10, "parentOrderSnList": ["PO-211-1"]});
    assert_eq!(stage.refused(UNSHIPPED, 0, paged).await, 120_012_016);
    assert_eq!(stage.refused(UNSHIPPED, 0, json!({"pageSize": 10})).await, 3_000_000);
    assert_eq!(stage.refused(SHIPMENTS, 0, json!({"parentOrderSn": order})).await, 3_000_000);
    let other = json!({"parentOrderSn": order, "orderSn": "211-1"});
    assert_eq!(stage.refused(SHIPMENTS, 0, other).await, 120_012_016);
}

#[tokio::test]
async fn labels_of_a_whole_shop_are_paged() {
    let stage = Stage::of(|settings| (settings.limit, settings.orders) = (0, 3_000)).await;
    let mut seen = BTreeSet::new();
    let mut total = 0;
    for number in 1.. {
        let ask = json!({"pageNumber": number, "pageSize": 2});
        let waiting = stage.call(UNSHIPPED, 0, ask).await;
        let rows = waiting["unshippedPackage"].as_array().unwrap();
        if rows.is_empty() {
            break;
        }
        total = waiting["totalItemNum"].as_u64().unwrap();
        seen.extend(rows.iter().map(|row| row["packageSn"].to_string()));
    }
    assert!(total > 2);
    assert_eq!(seen.len() as u64, total);
}

#[tokio::test]
async fn orders_that_may_go_together_are_told_in_groups_and_an_address_is_nobodys() {
    let stage = Stage::of(|settings| (settings.limit, settings.orders) = (0, 2_000)).await;
    let combined = stage.call("bg.order.combinedshipment.list.get", 0, json!({})).await;
    let groups = combined["combinedShippingGroups"].as_array().unwrap();
    assert!(!groups.is_empty());
    for group in groups {
        let orders = group["combinedShippingGroup"].as_array().unwrap();
        assert_eq!(orders.len(), 2);
        assert!(orders.iter().all(|order| order["parentOrderStatus"] == json!(2)));
    }
    let order = numbers(&stage.call(LIST, 0, page(1)).await).remove(0);
    let ask = json!({"parentOrderSn": order});
    let address = stage.call("bg.order.shippinginfo.v2.get", 0, ask).await;
    assert_eq!(address["receiptName"], json!("Jane Sandbox"));
}
