//! Cancels and refunds.

use super::said::{parse, success};
use super::{NOW, body_of};
use docket_connectors::channel::{
    AftersaleKind, AftersalePage, AftersaleState, AftersalesCall, Answer, Call, Page, TimeField,
    Window,
};
use docket_domain::Time;
use serde_json::{Value, json};

pub fn refunds() -> Call {
    let window = Window { by: TimeField::Updated, from: Time(NOW.0 - 5000), to: NOW };
    Call::Aftersales(AftersalesCall { window, page: Page::First, size: 100 })
}

pub fn goods_call() -> Call {
    Call::AftersaleGoods { numbers: vec!["A-1".into()], page: Page::First }
}

pub fn cancels() -> Call {
    Call::Cancels { orders: vec![], page: Page::First, size: 100 }
}

pub fn refund(number: u32) -> Value {
    json!({
        "parentAfterSalesSn": format!("A-{number}"), "parentOrderSn": "PO-211-1",
        "afterSalesStatusGroup": 5, "parentAfterSalesStatus": 5, "afterSalesType": 1,
        "operateExpireTimeMs": 1_700_000_000_000_i64, "availableOperateList": [],
        "createAt": 1_699_000_000, "updateAt": 1_699_999_999,
    })
}

pub fn refund_goods(number: u32) -> Value {
    json!({
        "parentAfterSalesSn": format!("A-{number}"), "afterSalesSn": format!("A-{number}-1"),
        "applyAfterSalesGoodsNumber": 2, "skuId": 11, "productSkuId": 12, "goodsId": 13,
        "productList": [{"productSkuId": 12, "extCode": "MUG-R"}], "afterSalesStatus": 1,
    })
}

pub fn cancel(number: u32) -> Value {
    json!({
        "parentAfterSalesSn": format!("C-{number}"), "parentAfterSalesStatus": 1,
        "afterSalesInfoList": [{
            "afterSalesSn": "x", "parentOrderSn": "PO-211-1", "orderSn": "211-1-2",
            "productSkuId": 12, "applyGoodsNumber": 1, "goodsId": 13,
            "createAtMillis": 1_699_999_000_500_i64,
        }],
    })
}

fn read(call: &Call, rows: &[Value]) -> AftersalePage {
    let result = json!({"total": rows.len(), "pageNumber": 1, "data": rows});
    match parse(call, &success(&result)) {
        Ok(Answer::Aftersales(page)) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn refunds_are_asked_by_time_and_cancels_without() {
    let asked = body_of(&refunds());
    assert_eq!(asked["type"], "bg.aftersales.parentaftersales.list.get");
    assert_eq!((&asked["pageNo"], &asked["updateAtStart"]), (&json!(1), &json!(1_699_999_995)));
    assert_eq!(asked["updateAtEnd"], 1_700_000_000);
    let asked = body_of(&cancels());
    assert_eq!(asked["type"], "bg.aftersales.cancel.list.get");
    assert_eq!((asked.get("parentOrderSnList"), asked.get("updateAtStart")), (None, None));
    let asked = body_of(&goods_call());
    assert_eq!(asked["parentAfterSalesSnList"], json!(["A-1"]));
}

#[test]
fn a_refund_says_its_order_and_how_far_it_is() {
    let page = read(&refunds(), &[refund(1)]);
    let refund = &page.aftersales[0];
    assert_eq!((refund.number.as_str(), refund.order.as_str()), ("A-1", "PO-211-1"));
    assert_eq!((refund.kind, refund.state), (AftersaleKind::Refund, Some(AftersaleState::Granted)));
    assert_eq!(refund.updated_at, Some(Time(1_699_999_999_000)));
    assert_eq!(refund.goods, None, "they are asked for apart");
}

#[test]
fn a_cancel_says_its_lines_and_units() {
    let page = read(&cancels(), &[cancel(1)]);
    let cancel = &page.aftersales[0];
    assert_eq!((cancel.kind, cancel.state), (AftersaleKind::Cancel, Some(AftersaleState::Open)));
    assert_eq!(cancel.created_at, Some(Time(1_699_999_000_500)));
    let goods = &cancel.goods.as_ref().unwrap()[0];
    assert_eq!((goods.line.as_deref(), goods.units), (Some("211-1-2"), Some(1)));
}

#[test]
fn goods_of_a_refund_name_what_was_sold() {
    let result = json!({"total": 2, "data": [refund_goods(1), {"skuId": 3}]});
    let Ok(Answer::AftersaleGoods(page)) = parse(&goods_call(), &success(&result)) else {
        panic!()
    };
    let (number, goods) = &page.goods[0];
    assert_eq!(
        (number.as_str(), goods.sku_id.as_deref(), goods.units),
        ("A-1", Some("11"), Some(2))
    );
    assert_eq!(page.refused.len(), 1);
}

#[test]
fn states_are_kept_whatever_they_are() {
    for (code, state) in [
        (json!(1), Some(AftersaleState::Open)),
        (json!(6), Some(AftersaleState::Withdrawn)),
        (json!("7"), Some(AftersaleState::Refused)),
        (json!(99), None),
        (Value::Null, None),
    ] {
        let mut row = refund(1);
        row["parentAfterSalesStatus"] = code.clone();
        let page = read(&refunds(), &[row]);
        assert_eq!(page.aftersales[0].state, state, "{code}");
        assert_eq!(page.aftersales[0].status.is_some(), !code.is_null());
    }
}
