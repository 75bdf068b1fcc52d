//! Stock, prices, users and keys.

use crate::center::{TestCenter, every_actor, example, text};
use axum::body::Body;
use axum::http::Method;
use docket_app::Scope;
use serde_json::json;

#[tokio::test]
async fn stock_is_counted_adjusted_held_and_booked() {
    let center = TestCenter::start().await;
    let count = json!({"place": "main", "on_hand": "3", "reason": "count"});
    let stands = center.put("/api/stock/1", &count).await.ok(200);
    assert_eq!(
        stands,
        json!({
            "sku_id": "1", "places": [{"place": "main", "on_hand": "3", "held": "0", "available": "3"}]
        })
    );
    center.placed(&example()).await;
    let short = center.post("/api/orders", &example()).await.problem(409, "out_of_stock");
    assert_eq!(short["skus"], json!(["1"]));
    let adjust = json!({"delta": "-2.5", "reason": "broken"});
    let stands = center.post("/api/stock/1/adjustments", &adjust).await.ok(200);
    assert_eq!(
        stands["places"][0],
        json!({"place": "main", "on_hand": "0.5", "held": "2", "available": "-1.5"})
    );
    let book = center.get("/api/stock/1/adjustments").await.ok(200);
    assert_eq!(book["adjustments"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&book["adjustments"][0]["kind"], &book["adjustments"][0]["quantity"]),
        (&json!("adjustment"), &json!("-2.5"))
    );
    assert_eq!(center.get("/api/stock/none").await.ok(200)["places"], json!([]));
}

#[tokio::test]
async fn wrong_stock_is_named_and_changes_nothing() {
    let center = TestCenter::start().await;
    center
        .put("/api/stock/1", &json!({"on_hand": "-1"}))
        .await
        .wrong_fields(&[("on_hand", "too_small"), ("reason", "required")]);
    center
        .put("/api/stock/1", &json!({"on_hand": 5, "reason": "x"}))
        .await
        .wrong_fields(&[("on_hand", "wrong_type")]);
    center
        .put("/api/stock/1", &json!({"on_hand": "1000000000", "reason": "x"}))
        .await
        .wrong_fields(&[("on_hand", "too_large")]);
    let long = format!("/api/stock/{}", "k".repeat(65));
    center
        .put(&long, &json!({"on_hand": "1", "reason": "x"}))
        .await
        .wrong_fields(&[("sku_id", "too_long")]);
    let adjust = |delta: &str| json!({"delta": delta, "reason": "x"});
    center
        .post("/api/stock/1/adjustments", &adjust("1"))
        .await
        .wrong_fields(&[("place", "not_tracked")]);
    center.put("/api/stock/1", &json!({"on_hand": "1", "reason": "x"})).await.ok(200);
    center
        .post("/api/stock/1/adjustments", &adjust("-2"))
        .await
        .wrong_fields(&[("delta", "too_small")]);
    center
        .post("/api/stock/1/adjustments", &adjust("0"))
        .await
        .wrong_fields(&[("delta", "too_small")]);
    assert_eq!(center.get("/api/stock/1").await.ok(200)["places"][0]["on_hand"], "1");
}

#[tokio::test]
async fn lists_of_stock_and_prices_are_paged() {
    let center = TestCenter::start().await;
    for (sku, path) in [("a", "a"), ("b/c", "b%2Fc"), ("茶", "%E8%8C%B6")] {
        center
            .put(&format!("/api/stock/{path}"), &json!({"on_hand": "1", "reason": "x"}))
            .await
            .ok(200);
        let price = json!({"currency": "CNY", "price": 5, "title": "T"});
        assert_eq!(
            center.put(&format!("/api/products/{path}"), &price).await.ok(200)["sku_id"],
            sku
        );
    }
    for (list, field) in [("/api/stock", "stock"), ("/api/products", "prices")] {
        let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
        loop {
            let page = center.get(&format!("{list}?{query}")).await.ok(200);
            let rows = page[field].as_array().expect("rows").clone();
            seen.extend(rows.iter().map(|row| text(&row["sku_id"]).to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            query = format!("limit=2&cursor={next}");
        }
        assert_eq!(seen, ["a", "b/c", "茶"]);
    }
}

#[tokio::test]
async fn an_order_carries_the_price_we_know_unless_its_key_sets_prices() {
    let center = TestCenter::start().await;
    let price = json!({"currency": "CNY", "price": 7000, "title": "Tea"});
    let product = center.put("/api/products/1", &price).await.ok(200);
    assert_eq!(
        (&product["prices"][0]["price"], &product["prices"][0]["place"]),
        (&json!(7000), &json!(null))
    );
    let key = center.key(&[Scope::OrdersWrite, Scope::OrdersRead], &every_actor(), &[]).await;
    let mut order = json!({
        "currency": "CNY", "actor": {"kind": "buyer"},
        "shops": [{"shop_id": "1", "items": [{"sku_id": "1", "quantity": "1", "list_price": 6000}]}]
    });
    let refused = center.post_as(&key, "/api/orders", &order).await.problem(409, "price_mismatch");
    assert_eq!(refused["current"], 7000);
    order["shops"][0]["items"][0]["list_price"] = json!(7000);
    center.post_as(&key, "/api/orders", &order).await.ok(201);
    center.placed(&example()).await;
    center
        .put("/api/products/1", &json!({"currency": "XXX", "price": -1}))
        .await
        .wrong_fields(&[("currency", "not_a_currency"), ("price", "too_small")]);
}

#[tokio::test]
async fn keys_are_added_listed_and_ended() {
    let center = TestCenter::start().await;
    let new = json!({"name": "till 3", "scopes": ["orders.read"], "actors": ["till"], "places": ["main"]});
    let made = center.post("/api/keys", &new).await;
    assert_eq!(made.headers["location"], format!("/api/keys/{}", text(&made.body["key_id"])));
    let made = made.ok(201);
    let secret = text(&made["key"]);
    let me = center.get_as(secret, "/api/me").await.ok(200);
    assert_eq!((&me["places"], &me["actors"]), (&json!(["main"]), &json!(["till"])));
    let keys = center.get("/api/keys").await.ok(200);
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(2));
    assert!(!keys.to_string().contains(secret));
    let path = format!("/api/keys/{}", text(&made["key_id"]));
    let end = || center.request(Method::DELETE, &path).body(Body::empty()).expect("a request");
    assert_eq!(center.send(end()).await.status, 204);
    center.get_as(secret, "/api/me").await.problem(401, "unauthenticated");
    let gone =
        center.request(Method::DELETE, "/api/keys/1").body(Body::empty()).expect("a request");
    center.send(gone).await.problem(404, "not_found");
    let wrong = json!({"name": "", "scopes": ["all"], "actors": ["timer"], "shop": "1"});
    center.post("/api/keys", &wrong).await.wrong_fields(&[
        ("name", "empty"),
        ("scopes[0]", "not_a_word"),
        ("actors[0]", "not_a_word"),
        ("shop", "unknown_field"),
    ]);
}

#[tokio::test]
async fn users_are_added_listed_and_disabled() {
    let center = TestCenter::start().await;
    let new = json!({"name": "mei", "role": "operator", "password": "correct horse"});
    let user = center.post("/api/users", &new).await.ok(201);
    let listed = center.get("/api/users").await.ok(200);
    assert_eq!(listed["users"][0]["name"], "mei");
    assert!(!listed.to_string().contains("argon2"));
    center
        .post("/api/users", &json!({"name": "bo", "role": "king", "password": "12345678"}))
        .await
        .wrong_fields(&[("role", "not_a_word")]);
    center
        .post("/api/users", &json!({"name": "bo", "role": "viewer", "password": "short"}))
        .await
        .wrong_fields(&[("password", "bad_password")]);
    let path = format!("/api/users/{}", text(&user["user_id"]));
    let disable = center.request(Method::DELETE, &path).body(Body::empty()).expect("a request");
    assert_eq!(center.send(disable).await.status, 204);
    let login = json!({"name": "mei", "password": "correct horse"});
    center.post("/api/login", &login).await.problem(401, "unauthenticated");
}
