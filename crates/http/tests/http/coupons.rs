//! Coupons over HTTP: priced at placement, held, given back by a revoke, used up by payment, and their limits.

use crate::center::{TestCenter, example, text};
use axum::body::Body;
use axum::http::Method;
use docket_app::Scope;
use docket_domain::ActorKind;
use serde_json::{Value, json};

fn ten_off() -> Value {
    json!({"title": "10 off", "kind": "amount", "face": 1000, "currency": "CNY"})
}

/// The example for `buyer`, without discounts of its own, with these coupons: 120.00 and freight 6.00.
fn order(buyer: &str, coupons: &Value) -> Value {
    let mut order = example();
    for name in ["expected_total", "platform_discount", "coins", "third_party_discount"] {
        order.as_object_mut().expect("an object").remove(name);
    }
    order["shops"][0]["shop_discount"] = json!(0);
    order["shops"][0]["items"][0]["item_discount"] = json!(0);
    order["buyer_id"] = json!(buyer);
    order["coupons"] = coupons.clone();
    order
}

async fn uses(center: &TestCenter, code: &str) -> (i64, i64) {
    let coupon = center.get(&format!("/api/coupons/{code}")).await.ok(200);
    let number = |name: &str| coupon[name].as_i64().expect("a number");
    (number("held"), number("redeemed"))
}

async fn pay(center: &TestCenter, order: &Value, reference: &str) -> Value {
    let paid = json!({
        "type": "payment_succeeded", "tender": "wechat", "reference": reference,
        "amount": order["payable"], "actor": {"kind": "gateway"}
    });
    center.operate(&order["order_id"], &paid).await.ok(200)
}

async fn revoke(center: &TestCenter, order: &Value) -> Value {
    let revoke = json!({"type": "revoke", "actor": {"kind": "buyer"}});
    center.operate(&order["order_id"], &revoke).await.ok(200)
}

#[tokio::test]
async fn coupons_are_priced_held_given_back_and_used_up() {
    let center = TestCenter::start().await;
    center.put("/api/coupons/TEN", &ten_off()).await.ok(200);
    let percent = json!({
        "kind": "percent", "basis_points": 1050, "cap": 2000, "currency": "CNY", "shop_id": "11",
        "class": "full_reduction", "min_spend": 12000, "total_limit": 5
    });
    let set = center.put("/api/coupons/SHOP", &percent).await.ok(200);
    assert_eq!((&set["version"], &set["held"], &set["cap"]), (&json!(1), &json!(0), &json!(2000)));

    let both = json!([{"code": "TEN"}, {"code": "SHOP"}]);
    let quoted = center.post("/api/quotes", &order("1", &both)).await.ok(200);
    let placed = center.placed(&order("1", &both)).await;
    // 10.5 % of 120.00, then 10.00 of what is left.
    for tree in [&quoted, &placed] {
        assert_eq!(
            tree["coupons"],
            json!([
                {"code": "SHOP", "shop_id": "11", "amount": 1260},
                {"code": "TEN", "shop_id": null, "amount": 1000}
            ])
        );
        assert_eq!(tree["shops"][0]["shop_discount"], 1260);
        assert_eq!(tree["platform_discount"], 1000);
        assert_eq!(tree["payable"], 12000 - 1260 - 1000 + 600);
    }
    assert_eq!((uses(&center, "TEN").await, uses(&center, "SHOP").await), ((1, 0), (1, 0)));
    assert_eq!(
        center.get(&format!("/api/orders/{}", text(&placed["order_id"]))).await.ok(200),
        placed
    );

    revoke(&center, &placed).await;
    assert_eq!((uses(&center, "TEN").await, uses(&center, "SHOP").await), ((0, 0), (0, 0)));

    let placed = center.placed(&order("1", &both)).await;
    pay(&center, &placed, "w1").await;
    assert_eq!((uses(&center, "TEN").await, uses(&center, "SHOP").await), ((0, 1), (0, 1)));
}

#[tokio::test]
async fn a_coupon_that_is_used_up_is_an_effect_of_the_payment() {
    let center = TestCenter::start().await;
    center.put("/api/coupons/TEN", &ten_off()).await.ok(200);
    let placed = center.placed(&order("1", &json!([{"code": "TEN"}]))).await;
    let path = format!("/api/orders/{}/effects", text(&placed["order_id"]));
    assert_eq!(center.get(&path).await.ok(200)["effects"], json!([]));
    pay(&center, &placed, "w1").await;
    let effects = center.get(&path).await.ok(200);
    let of_coupons: Vec<_> = effects["effects"]
        .as_array()
        .expect("effects")
        .iter()
        .filter(|effect| effect["ledger"] == "coupons")
        .collect();
    assert_eq!(of_coupons.len(), 1, "{effects}");
    assert_eq!(of_coupons[0]["effect"], "coupon.redeem:TEN");
    assert_eq!(
        (&of_coupons[0]["kind"], &of_coupons[0]["amount"]),
        (&json!("redeem"), &json!(1000))
    );
}

#[tokio::test]
async fn each_limit_is_refused_by_its_name_and_leaves_nothing_behind() {
    let center = TestCenter::start().await;
    let limited = |limit: &str| {
        let mut coupon = ten_off();
        coupon["class"] = json!("gift");
        coupon[limit] = json!(1);
        coupon
    };
    for (code, field, limit) in [
        ("ALL", "total_limit", "total"),
        ("BUYER", "buyer_limit", "per_buyer"),
        ("DAY", "buyer_day_limit", "per_buyer_day"),
    ] {
        center.put(&format!("/api/coupons/{code}"), &limited(field)).await.ok(200);
        let one = order("1", &json!([{"code": code}]));
        center.placed(&one).await;
        let refused = center.post("/api/orders", &one).await.problem(409, "coupon_limit_reached");
        assert_eq!(
            (&refused["limit"], &refused["errors"][0]["field"]),
            (&json!(limit), &json!("coupons[0]"))
        );
        assert_eq!(uses(&center, code).await, (1, 0));
        let other = center.post("/api/orders", &order("2", &json!([{"code": code}]))).await;
        assert_eq!(other.status, if limit == "total" { 409 } else { 201 }, "{:#}", other.body);
    }
    // The next day is another day.
    center.clock.advance(86_400_000);
    center.placed(&order("1", &json!([{"code": "DAY"}]))).await;
    // Both at once are told, and nothing of such a placement is counted.
    let both = order("1", &json!([{"code": "ALL"}, {"code": "BUYER"}]));
    let refused = center.post("/api/orders", &both).await.problem(409, "coupon_limit_reached");
    assert_eq!(refused["errors"].as_array().map(Vec::len), Some(2));
    assert_eq!((uses(&center, "ALL").await, uses(&center, "BUYER").await), ((1, 0), (2, 0)));
}

#[tokio::test]
async fn everything_that_speaks_against_coupons_is_told_with_its_field() {
    let center = TestCenter::start().await;
    let mut of_shop = ten_off();
    of_shop["shop_id"] = json!("11");
    center.put("/api/coupons/SHOP", &of_shop).await.ok(200);
    let mut dear = ten_off();
    dear["min_spend"] = json!(12_001);
    center.put("/api/coupons/DEAR", &dear).await.ok(200);
    let mut over = ten_off();
    over["until"] = json!("2026-11-20T10:00:00Z");
    center.put("/api/coupons/OVER", &over).await.ok(200);
    let named = json!([
        {"code": "SHOP", "shop_id": "12"}, {"code": "DEAR"}, {"code": "OVER"}, {"code": "NONE"}
    ]);
    let refused = center.post("/api/orders", &order("1", &named)).await;
    let refused = refused.problem(409, "coupon_not_applicable");
    let codes: Vec<_> =
        refused["errors"].as_array().expect("errors").iter().map(|e| text(&e["code"])).collect();
    let expected =
        ["coupon_not_applicable", "coupon_not_applicable", "coupon_expired", "coupon_unknown"];
    assert_eq!(codes, expected);
    center.post("/api/quotes", &order("1", &named)).await.problem(409, "coupon_not_applicable");
    assert_eq!(center.orders().await, 0);
}

#[tokio::test]
async fn what_was_placed_is_answered_again_whatever_became_of_its_coupon() {
    let center = TestCenter::start().await;
    center.put("/api/coupons/TEN", &ten_off()).await.ok(200);
    let mut asked = order("1", &json!([{"code": "TEN"}]));
    asked["client_token"] = json!("t1");
    asked["expected_total"] = json!(11_600);
    let key = [("idempotency-key", "k1")];
    let placed = center.post_with(&center.key, "/api/orders", &asked, &key).await.ok(201);
    let gone = json!({"active": false, "reason": "over"});
    let set = center.post("/api/coupons/TEN/adjustments", &gone).await.ok(200);
    assert_eq!(
        (&set["active"], &set["version"], &set["held"]),
        (&json!(false), &json!(2), &json!(1))
    );
    let again = center.post_with(&center.key, "/api/orders", &asked, &key).await.ok(201);
    assert_eq!(again, placed);
    let again = center.post("/api/orders", &asked).await.ok(200);
    assert_eq!(again["order_id"], placed["order_id"]);
    // Another code is another request.
    asked["coupons"] = json!([]);
    asked.as_object_mut().expect("an object").remove("expected_total");
    center.post("/api/orders", &asked).await.problem(409, "client_token_reused");
    center
        .post("/api/orders", &order("2", &json!([{"code": "TEN"}])))
        .await
        .problem(409, "coupon_not_active");
    assert_eq!(uses(&center, "TEN").await, (1, 0));
}

#[tokio::test]
async fn coupons_need_no_scope_prices_and_amounts_do() {
    let center = TestCenter::start().await;
    center.put("/api/coupons/TEN", &ten_off()).await.ok(200);
    let buyer = center.key(&[Scope::OrdersWrite], &[ActorKind::Buyer], &[]).await;
    let mut asked = order("1", &json!([{"code": "TEN"}]));
    center.post_as(&buyer, "/api/orders", &asked).await.ok(201);
    asked["platform_discount"] = json!(1);
    center.post_as(&buyer, "/api/orders", &asked).await.problem(403, "scope_missing");
    center
        .post_as(&buyer, "/api/coupons/TEN/adjustments", &json!({"limit": 1, "reason": "x"}))
        .await
        .problem(403, "scope_missing");
}

#[tokio::test]
async fn the_timer_gives_back_and_late_money_takes_again_only_what_is_left() {
    let center = TestCenter::start().await;
    let mut one = ten_off();
    one["total_limit"] = json!(1);
    center.put("/api/coupons/ONE", &one).await.ok(200);
    let late = |order: Value, reference: &'static str| {
        let center = &center;
        async move {
            let paid = json!({
                "type": "payment_succeeded", "tender": "wechat", "reference": reference,
                "amount": order["payable"], "paid_at": order["created_at"], "actor": {"kind": "gateway"}
            });
            center.operate(&order["order_id"], &paid).await.ok(200)
        }
    };
    let asked = order("1", &json!([{"code": "ONE"}]));
    let first = center.placed(&asked).await;
    center.clock.advance(31 * 60_000);
    center.app.run_due().await.expect("timers");
    assert_eq!(uses(&center, "ONE").await, (0, 0));
    // Somebody else has it now: the money goes back.
    let second = center.placed(&asked).await;
    let told = late(first, "w1").await;
    assert_eq!(
        (&told["payment_status"], &told["revoke_status"]),
        (&json!("unpaid"), &json!("revoked"))
    );
    assert_eq!(uses(&center, "ONE").await, (1, 0));
    // Nobody else has: the order lives again, and has used it up.
    center.clock.advance(31 * 60_000);
    center.app.run_due().await.expect("timers");
    assert_eq!(uses(&center, "ONE").await, (0, 0));
    let told = late(second, "w2").await;
    assert_eq!((&told["payment_status"], &told["revoke_status"]), (&json!("paid"), &json!("none")));
    assert_eq!(uses(&center, "ONE").await, (0, 1));
}

#[tokio::test]
async fn a_dropped_shop_gives_its_coupon_back_and_keeps_its_discount_from_the_rest() {
    let center = TestCenter::start().await;
    let mut of_shop = ten_off();
    of_shop["shop_id"] = json!("12");
    center.put("/api/coupons/SHOP", &of_shop).await.ok(200);
    let mut asked = order("1", &json!([{"code": "SHOP", "shop_id": "12"}]));
    let mut second = asked["shops"][0].clone();
    second["shop_id"] = json!("12");
    asked["shops"].as_array_mut().expect("shops").push(second);
    let placed = center.placed(&asked).await;
    assert_eq!(placed["shops"][1]["shop_discount"], 1000);
    let drop = json!({"type": "drop", "actor": {"kind": "store"}});
    let left = center.operate(&placed["shops"][1]["order_id"], &drop).await.ok(200);
    assert_eq!((&left["payable"], left.get("coupons")), (&json!(12_600), None));
    assert_eq!(uses(&center, "SHOP").await, (0, 0));
    revoke(&center, &left).await;
    assert_eq!(uses(&center, "SHOP").await, (0, 0));
}

#[tokio::test]
async fn coupons_are_listed_set_and_adjusted_and_wrong_ones_named() {
    let center = TestCenter::start().await;
    let mut limited = ten_off();
    limited["total_limit"] = json!(5);
    for code in ["A", "B", "C"] {
        center.put(&format!("/api/coupons/{code}"), &limited).await.ok(200);
    }
    let page = center.get("/api/coupons?limit=2").await.ok(200);
    assert_eq!([&page["coupons"][0]["code"], &page["coupons"][1]["code"]], ["A", "B"]);
    let next =
        center.get(&format!("/api/coupons?limit=2&cursor={}", text(&page["next"]))).await.ok(200);
    assert_eq!((&next["coupons"][0]["code"], &next["next"]), (&json!("C"), &Value::Null));

    let more = json!({"limit": 3, "reason": "more of them"});
    let key = [("idempotency-key", "a1")];
    for _ in 0..2 {
        let path = "/api/coupons/A/adjustments";
        let set = center.post_with(&center.key, path, &more, &key).await.ok(200);
        assert_eq!((&set["total_limit"], &set["version"]), (&json!(8), &json!(2)));
    }
    let book = center.get("/api/coupons/A/adjustments").await.ok(200);
    assert_eq!(book["adjustments"].as_array().map(Vec::len), Some(1));
    assert_eq!(book["adjustments"][0]["reason"], "more of them");
    let too_much = json!({"limit": -9, "reason": "x"});
    center
        .post("/api/coupons/A/adjustments", &too_much)
        .await
        .wrong_fields(&[("limit", "too_small")]);
    let limit = 999_999_999_999_i64;
    let too_many = json!({"limit": limit, "reason": "x"});
    center
        .post("/api/coupons/A/adjustments", &too_many)
        .await
        .wrong_fields(&[("limit", "too_large")]);
    center
        .post("/api/coupons/A/adjustments", &json!({}))
        .await
        .wrong_fields(&[("", "required"), ("reason", "required")]);
    center.post("/api/coupons/Z/adjustments", &more).await.problem(404, "not_found");
    center.get("/api/coupons/Z").await.problem(404, "not_found");

    let wrong = json!({
        "kind": "percent", "basis_points": 10_001, "cap": 0, "currency": "RMB", "min_spend": -1,
        "class": "free", "total_limit": -1, "from": "tomorrow", "active": 1, "face": 5
    });
    center.put("/api/coupons/W", &wrong).await.wrong_fields(&[
        ("basis_points", "too_large"),
        ("cap", "too_small"),
        ("currency", "not_a_currency"),
        ("min_spend", "too_small"),
        ("class", "not_a_word"),
        ("total_limit", "too_small"),
        ("from", "not_a_time"),
        ("active", "wrong_type"),
        ("face", "unknown_field"),
    ]);
    let nothing = json!({"kind": "amount", "face": 0, "currency": "CNY", "buyer_day_limit": 1});
    center
        .put("/api/coupons/W", &nothing)
        .await
        .wrong_fields(&[("face", "too_small"), ("buyer_day_limit", "not_together")]);
}

#[tokio::test]
async fn a_key_of_one_shop_keeps_its_own_coupons_alone() {
    let center = TestCenter::start().await;
    center.put("/api/coupons/ALL", &ten_off()).await.ok(200);
    let key = center.key(&[Scope::Coupons, Scope::OrdersRead], &[ActorKind::Store], &["11"]).await;
    let put = |code: &str, shop: &str| {
        let mut coupon = ten_off();
        coupon["shop_id"] = json!(shop);
        let path = format!("/api/coupons/{code}");
        let (center, key) = (&center, &key);
        async move { center.put_as(key, &path, &coupon).await }
    };
    put("MINE", "11").await.ok(200);
    put("THEIRS", "12").await.wrong_fields(&[("shop_id", "not_allowed")]);
    put("ALL", "11").await.wrong_fields(&[("code", "not_allowed")]);
    let gone = json!({"active": false, "reason": "x"});
    center
        .post_as(&key, "/api/coupons/ALL/adjustments", &gone)
        .await
        .wrong_fields(&[("code", "not_allowed")]);
    let listed = center.get_as(&key, "/api/coupons").await.ok(200);
    assert_eq!(listed["coupons"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn an_order_from_elsewhere_keeps_its_coupons_and_counts_nothing() {
    let center = TestCenter::start().await;
    center.put("/api/coupons/TEN", &ten_off()).await.ok(200);
    let line = json!({
        "external_id": "1", "currency": "CNY", "platform_discount": 1000,
        "coupons": [{"code": "TEN", "shop_id": null, "amount": 1000}],
        "shops": [{"shop_id": "s", "items": [{"sku_id": "p", "quantity": "2", "list_price": 5000}]}]
    });
    let request = center.request(Method::POST, "/api/imports");
    let request = request.header("content-type", "application/x-ndjson");
    let body = Body::from(format!("{line}\n"));
    let report = center.send(request.body(body).expect("a request")).await.ok(200);
    assert_eq!(report["taken"], 1, "{report:#}");
    let listed = center.get("/api/orders?expand=tree").await.ok(200);
    assert_eq!(listed["orders"][0]["coupons"], line["coupons"]);
    revoke(&center, &listed["orders"][0]).await;
    assert_eq!(uses(&center, "TEN").await, (0, 0));
}
