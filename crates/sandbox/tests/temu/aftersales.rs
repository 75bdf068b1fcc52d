//! What buyers want back.

use crate::stage::{LIST, SECONDS, Stage, numbers, page};
use serde_json::json;

const CANCELS: &str = "bg.aftersales.cancel.list.get";
const GOODS: &str = "bg.aftersales.aftersales.list.get";
const REFUNDS: &str = "bg.aftersales.parentaftersales.list.get";

#[tokio::test]
async fn cancels_have_no_range_of_time_and_are_paged_by_up_to_two_hundred() {
    let stage = Stage::of(|settings| (settings.limit, settings.orders) = (0, 2_000)).await;
    let all = stage.call(CANCELS, 0, json!({"pageSize": 200})).await;
    let total = all["total"].as_u64().unwrap();
    assert!(total > 20);
    // A range is a parameter that this list does not know.
    let ask = json!({"pageSize": 200, "updateAtStart": SECONDS, "updateAtEnd": SECONDS});
    assert_eq!(stage.call(CANCELS, 0, ask).await, all);
    assert_eq!(stage.refused(CANCELS, 0, json!({"pageSize": 201})).await, 130_010_001);
    let approved = stage.call(CANCELS, 0, json!({"afterSalesStatusGroup": 8})).await;
    assert_eq!(approved["total"], json!(0));
    let entry = &all["data"][0]["afterSalesInfoList"][0];
    let named =
        stage.call(CANCELS, 0, json!({"parentOrderSnList": [entry["parentOrderSn"]]})).await;
    assert_eq!(named["total"], json!(1));
}

#[tokio::test]
async fn refunds_need_a_range_and_leave_the_status_of_the_order() {
    let stage = Stage::set().await;
    assert_eq!(stage.refused(REFUNDS, 0, json!({})).await, 130_010_001);
    let mut delivered = page(1);
    delivered["parentOrderStatus"] = json!(5);
    let order = numbers(&stage.call(LIST, 0, delivered.clone()).await).remove(0);
    let shop = &stage.shops[0].mall_id;
    let wish =
        json!({"does": "want_back", "shop": shop, "order": order, "kind": "refund", "group": 5});
    stage.control(json!({"orders": [wish]})).await;
    let ask = json!({"updateAtStart": SECONDS, "updateAtEnd": SECONDS});
    let found = stage.call(REFUNDS, 0, ask).await;
    assert_eq!(found["total"], json!(1));
    assert_eq!(found["data"][0]["parentOrderSn"], json!(order));
    let named = json!({"parentAfterSalesSnList": [found["data"][0]["parentAfterSalesSn"]]});
    let goods = stage.call(GOODS, 0, named).await;
    assert_eq!(goods["total"], json!(1));
    assert_eq!(goods["data"][0]["applyAfterSalesGoodsNumber"], json!(1));
    assert_eq!(stage.refused(GOODS, 0, json!({})).await, 130_010_001);
    assert_eq!(numbers(&stage.call(LIST, 0, delivered).await)[0], order);
}

#[tokio::test]
async fn events_are_chosen_once_a_second_and_the_token_tells_them() {
    let stage = Stage::set().await;
    let update = "bg.tmc.message.update";
    let ask = json!({"permitEventCodeList": ["bg_order_status_change_event"]});
    stage.call(update, 0, ask.clone()).await;
    assert_eq!(stage.refused(update, 0, ask.clone()).await, 110_020_007);
    stage.call(update, 1, ask.clone()).await;
    stage.pass(1).await;
    stage.call(update, 0, ask.clone()).await;
    let token = stage.call("bg.open.accesstoken.info.get", 0, json!({})).await;
    assert_eq!(token["authEventCodeList"], ask["permitEventCodeList"]);
    stage.pass(1).await;
    let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
    let many = json!({"permitEventCodeList": many});
    assert_eq!(stage.refused(update, 0, many).await, 3_000_000);
}

#[tokio::test]
async fn amounts_are_whole_minor_units_and_every_second_shop_lacks_their_scope() {
    let stage = Stage::set().await;
    let amounts = "bg.order.amount.query";
    let order = numbers(&stage.call(LIST, 0, page(1)).await).remove(0);
    let told = stage.call(amounts, 0, json!({"parentOrderSn": order})).await;
    let lines = told["orderList"].as_array().unwrap();
    let sum: i64 = lines.iter().map(|line| line["basePrice"]["amount"].as_i64().unwrap()).sum();
    assert_eq!(told["parentOrderMap"]["basePriceTotal"], json!({"currency": "USD", "amount": sum}));
    let order = numbers(&stage.call(LIST, 1, page(1)).await).remove(0);
    assert_eq!(stage.refused(amounts, 1, json!({"parentOrderSn": order})).await, 3_000_032);
}
