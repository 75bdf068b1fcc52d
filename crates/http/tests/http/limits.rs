//! Keys limited to shops or places: they learn nothing of the others, and give nothing they do not have.

use crate::center::{TestCenter, every_actor, example, text};
use docket_app::{NewKey, Principal, Scope};
use serde_json::{Value, json};

/// An order of the shops 11 and 12, which differ in everything a list can be asked for.
fn of_two_shops() -> Value {
    let mut order = example();
    let mut second = order["shops"][0].clone();
    second["shop_id"] = json!("12");
    second["place"] = json!("annex");
    second["tags"] = json!(["fragile"]);
    second["ship_to"]["phone"] = json!("13900002222");
    second["items"][0]["sku_id"] = json!("rare");
    order["shops"].as_array_mut().expect("a list").push(second);
    order.as_object_mut().expect("an object").remove("expected_total");
    order
}

async fn key_of_place(center: &TestCenter, place: &str) -> String {
    let key = NewKey {
        name: place.to_owned(),
        scopes: Scope::ALL.to_vec(),
        actors: every_actor(),
        shops: Vec::new(),
        places: vec![place.to_owned()],
        issuer: None,
        expires_at: None,
    };
    center.app.add_key(&Principal::local(), key).await.expect("a key").1
}

#[tokio::test]
async fn a_list_does_not_tell_what_stands_in_the_parts_of_others() {
    let center = TestCenter::start().await;
    let tree = center.placed(&of_two_shops()).await;
    let paid = json!({
        "type": "payment_succeeded", "tender": "cash", "reference": "r", "amount": tree["payable"],
        "actor": {"kind": "till"}
    });
    center.operate(&tree["order_id"], &paid).await.ok(200);
    let ship = json!({"type": "ship", "tracking": "T-2", "actor": {"kind": "seller"}});
    center.operate(&tree["shops"][1]["order_id"], &ship).await.ok(200);
    let refund = json!({"type": "request_refund", "actor": {"kind": "buyer"}});
    center.operate(&tree["shops"][1]["order_id"], &refund).await.ok(200);

    let first = center.key(&[Scope::OrdersRead], &[], &["11"]).await;
    let second = center.key(&[Scope::OrdersRead], &[], &["12"]).await;
    for filter in [
        "shop=12",
        "place=annex",
        "sku=rare",
        "tag=fragile",
        "tracking=T-2",
        "refund=applied",
        "phone=13900002222",
        "phone_last4=2222",
    ] {
        for (key, found) in [(&first, 0), (&second, 1)] {
            let path = format!("/api/orders?{filter}");
            let listed = center.get_as(key, &path).await.ok(200);
            assert_eq!(listed["orders"].as_array().map(Vec::len), Some(found), "{filter}");
        }
    }
    for filter in ["", "sku=1", "shop=11", "place=main", "refund=none", "phone=13800000001"] {
        let listed = center.get_as(&first, &format!("/api/orders?{filter}")).await.ok(200);
        assert_eq!(listed["orders"].as_array().map(Vec::len), Some(1), "{filter}");
    }
}

#[tokio::test]
async fn an_order_without_a_part_for_a_key_is_none_for_it() {
    let center = TestCenter::start().await;
    let tree = center.placed(&of_two_shops()).await;
    // Of shop 11, but not at the annex; at the annex, but not of shop 11.
    let key = json!({"name": "k", "scopes": ["orders.read"], "shops": ["11"], "places": ["annex"]});
    let key = center.post("/api/keys", &key).await.ok(201);
    let path = format!("/api/orders/{}", text(&tree["order_id"]));
    center.get_as(text(&key["key"]), &path).await.problem(404, "not_found");
    let listed = center.get_as(text(&key["key"]), "/api/orders").await.ok(200);
    assert_eq!(listed["orders"], json!([]));
}

#[tokio::test]
async fn the_log_of_a_shop_order_does_not_tell_of_the_others() {
    let center = TestCenter::start().await;
    let tree = center.placed(&of_two_shops()).await;
    let first = &tree["shops"][0]["order_id"];
    let cheaper =
        json!({"type": "adjust_price", "shop_discount": 400, "actor": {"kind": "seller"}});
    center.operate(first, &cheaper).await.ok(200);
    let path = format!("/api/orders/{}/operations", text(&tree["order_id"]));
    let whole = center.get(&path).await.ok(200)["operations"][1].clone();
    let other = text(&tree["shops"][1]["items"][0]["order_id"]);
    assert!(whole["after"].get(other).is_some(), "its shares moved: {whole:#}");
    assert_eq!(whole["parameters"]["coins"], 100);

    let own = center.key(&[Scope::OrdersRead], &[], &["11"]).await;
    let seen = center.get_as(&own, &path).await.ok(200);
    let seen = &seen["operations"].as_array().expect("rows")[..];
    assert_eq!(seen.len(), 1, "{seen:#?}");
    let line = text(&tree["shops"][0]["items"][0]["order_id"]);
    for image in ["before", "after"] {
        let nodes: Vec<_> = seen[0][image].as_object().expect("nodes").keys().collect();
        assert!(nodes.iter().all(|id| *id == text(first) || *id == line), "{nodes:?}");
    }
    assert!(seen[0]["parameters"].get("coins").is_none());
}

#[tokio::test]
async fn stock_and_prices_of_other_places_are_passed_over() {
    let center = TestCenter::start().await;
    for (sku, place) in
        [("a", "main"), ("b", "annex"), ("c", "main"), ("d", "annex"), ("e", "main")]
    {
        let count = json!({"place": place, "on_hand": "5", "reason": "count"});
        center.put(&format!("/api/stock/{sku}"), &count).await.ok(200);
        let price = json!({"place": place, "currency": "CNY", "price": 100});
        center.put(&format!("/api/products/{sku}"), &price).await.ok(200);
    }
    center.put("/api/products/f", &json!({"currency": "CNY", "price": 100})).await.ok(200);
    let annex = key_of_place(&center, "annex").await;
    let first = center.get_as(&annex, "/api/stock?limit=1").await.ok(200);
    assert_eq!(first["stock"][0]["sku_id"], "b");
    let next = format!("/api/stock?limit=1&cursor={}", text(&first["next"]));
    let second = center.get_as(&annex, &next).await.ok(200);
    assert_eq!(second["stock"][0]["sku_id"], "d");
    let all = center.get_as(&annex, "/api/products").await.ok(200);
    let all = all["prices"].as_array().expect("prices");
    let skus: Vec<_> = all.iter().map(|price| text(&price["sku_id"])).collect();
    assert_eq!(skus, ["b", "d", "f"]);
    let hidden = center.get_as(&annex, "/api/products/a").await.ok(200);
    assert_eq!(hidden["prices"], json!([]));
}

#[tokio::test]
async fn a_limited_admin_gives_no_more_than_it_has() {
    let center = TestCenter::start().await;
    let scopes = [Scope::Admin, Scope::OrdersRead];
    let limited = center.key(&scopes, &[docket_domain::ActorKind::Store], &["11"]).await;
    let new = |fields: Value| {
        let mut key = json!({"name": "k", "scopes": ["orders.read"], "shops": ["11"]});
        let fields = fields.as_object().expect("an object").clone();
        key.as_object_mut().expect("an object").extend(fields);
        key
    };
    for wider in [
        json!({"shops": []}),
        json!({"shops": ["11", "12"]}),
        json!({"scopes": ["orders.read", "stock"]}),
        json!({"actors": ["store", "till"]}),
        json!({"issuer": "key:1"}),
    ] {
        center.post_as(&limited, "/api/keys", &new(wider)).await.problem(403, "not_allowed");
    }
    let narrower = new(json!({"actors": ["store"], "places": ["main"]}));
    let narrower = center.post_as(&limited, "/api/keys", &narrower).await.ok(201);
    let listed = center.get_as(&limited, "/api/keys").await.ok(200);
    let listed = listed["keys"].as_array().expect("keys");
    assert_eq!(listed.len(), 2, "itself and the one it made: {listed:?}");
    let all = center.get("/api/keys").await.ok(200);
    let other = format!("/api/keys/{}", text(&all["keys"][0]["key_id"]));
    let ended = |path: String| {
        let request = axum::http::Request::delete(path);
        let request = request.header("authorization", format!("Bearer {limited}"));
        center.send(request.body(axum::body::Body::empty()).expect("a request"))
    };
    ended(other).await.problem(404, "not_found");
    ended(format!("/api/keys/{}", text(&narrower["key_id"]))).await.ok(204);

    center.get_as(&limited, "/api/users").await.problem(403, "not_allowed");
    let user = json!({"name": "eve", "role": "admin", "password": "correct horse"});
    center.post_as(&limited, "/api/users", &user).await.problem(403, "not_allowed");
    center.post_as(&limited, "/api/imports", &json!({})).await.problem(403, "not_allowed");
}

#[tokio::test]
async fn a_key_of_one_place_keeps_no_coupons() {
    let center = TestCenter::start().await;
    let coupon = json!({"kind": "amount", "face": 5, "currency": "CNY", "shop_id": "11"});
    center.put("/api/coupons/SHOP", &coupon).await.ok(200);
    let key = key_of_place(&center, "annex").await;
    for code in ["SHOP", "NEW"] {
        let put = center.put_as(&key, &format!("/api/coupons/{code}"), &coupon).await;
        put.wrong_fields(&[("shop_id", "not_allowed")]);
    }
    let gone = json!({"active": false, "reason": "x"});
    let adjusted = center.post_as(&key, "/api/coupons/SHOP/adjustments", &gone).await;
    adjusted.wrong_fields(&[("code", "not_allowed")]);
    assert_eq!(center.get("/api/coupons/SHOP").await.ok(200)["active"], true);
}
