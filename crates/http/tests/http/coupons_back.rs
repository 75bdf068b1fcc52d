//! Coupons that come back over HTTP: by themselves when an order ends with nothing shipped, and one use by hand.

use crate::center::{TestCenter, text};
use serde_json::{Value, json};

fn meal(code: &str) -> Value {
    json!({
        "buyer_id": "b1", "currency": "CNY", "type": "takeaway", "actor": {"kind": "buyer", "id": "b1"},
        "coupons": [{"code": code}],
        "shops": [{"shop_id": "11", "items": [{"sku_id": "a", "quantity": "1", "list_price": 1000}]}]
    })
}

async fn paid(center: &TestCenter, code: &str, reference: &str) -> Value {
    let order = center.placed(&meal(code)).await;
    let pay = json!({
        "type": "payment_succeeded", "actor": {"kind": "till"}, "tender": "card", "reference": reference,
        "amount": order["payable"]
    });
    center.operate(&order["order_id"], &pay).await.ok(200)
}

async fn once(center: &TestCenter, code: &str) {
    let once = json!({"kind": "amount", "face": 300, "currency": "CNY", "buyer_limit": 1});
    center.put(&format!("/api/coupons/{code}"), &once).await.ok(200);
}

#[tokio::test]
async fn a_buyer_whose_order_the_store_rejects_may_use_his_coupon_again() {
    let center = TestCenter::start().await;
    once(&center, "NEW1").await;
    let order = paid(&center, "NEW1", "r1").await;
    center.post("/api/orders", &meal("NEW1")).await.problem(409, "coupon_limit_reached");
    let reject = json!({"type": "reject", "actor": {"kind": "store"}, "reason": "sold out"});
    center.operate(&order["order_id"], &reject).await.ok(200);
    center.placed(&meal("NEW1")).await;
    let effects =
        center.get(&format!("/api/orders/{}/effects", text(&order["order_id"]))).await.ok(200);
    let kinds: Vec<_> =
        effects["effects"].as_array().expect("effects").iter().map(|e| &e["kind"]).collect();
    assert!(kinds.contains(&&json!("redeem")) && kinds.contains(&&json!("return")), "{effects}");
}

#[tokio::test]
async fn a_person_gives_one_use_back_once_with_a_reason_in_the_book() {
    let center = TestCenter::start().await;
    once(&center, "VIP").await;
    let order = paid(&center, "VIP", "r1").await;
    let asked = json!({"order_id": order["shops"][0]["order_id"], "reason": "the meal was cold"});
    let returns = "/api/coupons/VIP/returns";
    let key = [("idempotency-key", "k1")];
    let done = center.post_with(&center.key, returns, &asked, &key).await.ok(200);
    assert_eq!((&done["held"], &done["redeemed"]), (&json!(0), &json!(0)));
    let again = center.post_with(&center.key, returns, &asked, &key).await.ok(200);
    assert_eq!(again["redeemed"], 0);
    center.post(returns, &asked).await.problem(409, "coupon_came_back");
    let book = center.get("/api/coupons/VIP/adjustments").await.ok(200);
    let lines = book["adjustments"].as_array().expect("lines");
    assert_eq!(lines.len(), 1, "{book}");
    assert_eq!(lines[0]["order_id"], order["order_id"]);
    assert_eq!(lines[0]["reason"], "the meal was cold");
    let log =
        center.get(&format!("/api/orders/{}/operations", text(&order["order_id"]))).await.ok(200);
    assert!(log.to_string().contains("the meal was cold"), "{log}");

    // Its buyer may use it again; an order that is not paid yet holds it and has nothing to give back.
    let held = center.placed(&meal("VIP")).await;
    let of_held = json!({"order_id": held["order_id"], "reason": "x"});
    center.post(returns, &of_held).await.problem(409, "coupon_held");
    center.post("/api/coupons/NONE/returns", &asked).await.problem(404, "not_found");
    once(&center, "OTHER").await;
    center.post("/api/coupons/OTHER/returns", &asked).await.problem(409, "coupon_not_used");
    center.post(returns, &json!({"order_id": "1"})).await.problem(422, "invalid");
    let nobody = json!({"order_id": "1", "reason": "x"});
    center.post(returns, &nobody).await.problem(404, "not_found");
}
