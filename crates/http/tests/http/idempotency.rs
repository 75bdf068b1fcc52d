//! What is sent twice is done once.

use crate::center::{TestCenter, every_actor, example, text};
use docket_app::Scope;
use docket_domain::ActorKind;
use serde_json::json;

const KEY: &[(&str, &str)] = &[("idempotency-key", "k-1")];

#[tokio::test]
async fn the_same_placement_under_the_same_key_is_placed_once() {
    let center = TestCenter::start().await;
    let first = center.post_with(&center.key, "/api/orders", &example(), KEY).await;
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let tree = first.ok(201);
    let again = center.post_with(&center.key, "/api/orders", &example(), KEY).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["location"], format!("/api/orders/{}", text(&tree["order_id"])));
    assert_eq!(again.ok(201), tree);
    let mut other = example();
    other["buyer_id"] = json!("1002");
    let reused = center.post_with(&center.key, "/api/orders", &other, KEY).await;
    reused.problem(422, "idempotency_key_reused");
    assert_eq!(center.orders().await, 1);

    let found = center.get("/api/placements/k-1").await.ok(200);
    assert_eq!(found, json!({"status": "placed", "order_id": tree["order_id"]}));
    center.get("/api/placements/k-2").await.problem(404, "not_found");
    // A key belongs to its credential.
    let stranger = center.key(Scope::ALL, &every_actor(), &[]).await;
    center.get_as(&stranger, "/api/placements/k-1").await.problem(404, "not_found");
    center.post_with(&stranger, "/api/orders", &example(), KEY).await.ok(201);
    assert_eq!(center.orders().await, 2);
}

#[tokio::test]
async fn concurrent_calls_under_one_key_make_one_order() {
    let center = TestCenter::start().await;
    let order = example();
    let call = || center.post_with(&center.key, "/api/orders", &order, KEY);
    let (a, b, c, d) = tokio::join!(call(), call(), call(), call());
    let ids = [a, b, c, d].map(|got| got.ok(201)["order_id"].clone());
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    assert_eq!(center.orders().await, 1);
}

#[tokio::test]
async fn an_operation_under_a_key_is_done_once() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    let path = format!("/api/orders/{}/operations", text(&tree["order_id"]));
    let note = json!({"type": "note", "text": "once", "actor": {"kind": "buyer"}});
    let tree = center.post_with(&center.key, &path, &note, KEY).await.ok(200);
    assert_eq!(tree["version"], 2);
    let again = center.post_with(&center.key, &path, &note, KEY).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.ok(200)["version"], 2);
    // The same key for something else.
    let pay = format!("/api/orders/{}/payments", text(&tree["order_id"]));
    let body = json!({"tender": "cash", "actor": {"kind": "buyer"}});
    center.post_with(&center.key, &pay, &body, KEY).await.problem(422, "idempotency_key_reused");
    let fresh = &[("idempotency-key", "k-2")];
    let started = center.post_with(&center.key, &pay, &body, fresh).await.ok(200);
    assert_eq!(started["attempts"].as_array().map(Vec::len), Some(1));
    let again = center.post_with(&center.key, &pay, &body, fresh).await.ok(200);
    assert_eq!(again["attempts"], started["attempts"]);
    // An operation is no placement.
    center.get("/api/placements/k-1").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let center = TestCenter::start().await;
    let mut order = example();
    order["expected_total"] = json!(1);
    center.post_with(&center.key, "/api/orders", &order, KEY).await.problem(409, "total_mismatch");
    center.post_with(&center.key, "/api/orders", &example(), KEY).await.ok(201);
}

#[tokio::test]
async fn a_client_token_is_unique_for_ever() {
    let center = TestCenter::start().await;
    let mut order = example();
    order["client_token"] = json!("till-3-000017");
    order["external_id"] = json!("e-1");
    let tree = center.placed(&order).await;
    let again = center.post("/api/orders", &order).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.ok(200), tree);
    let mut other = order.clone();
    other["coins"] = json!(0);
    other["expected_total"] = json!(11600);
    center.post("/api/orders", &other).await.problem(409, "client_token_reused");
    other["client_token"] = json!("till-3-000018");
    center.post("/api/orders", &other).await.problem(409, "external_id_taken");
    assert_eq!(center.orders().await, 1);
}

#[tokio::test]
async fn keys_are_visible_ascii_of_at_most_64_bytes() {
    let center = TestCenter::start().await;
    let long = "k".repeat(65);
    for key in ["", " ", "a b", &long] {
        let headers = [("idempotency-key", key)];
        let got = center.post_with(&center.key, "/api/orders", &example(), &headers).await;
        got.wrong_fields(&[("Idempotency-Key", "not_a_key")]);
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let got = center.post_with(&center.key, "/api/orders", &example(), &twice).await;
    got.wrong_fields(&[("Idempotency-Key", "duplicate")]);
    assert_eq!(center.orders().await, 0);
}

#[tokio::test]
async fn adjustments_users_and_keys_are_made_once_too() {
    let center = TestCenter::start().await;
    let count = json!({"on_hand": "10", "reason": "count"});
    center.put("/api/stock/7", &count).await.ok(200);
    let body = json!({"delta": "-2", "reason": "broken"});
    for replayed in [false, true] {
        let got = center.post_with(&center.key, "/api/stock/7/adjustments", &body, KEY).await;
        assert_eq!(got.headers.contains_key("idempotent-replayed"), replayed);
        assert_eq!(got.ok(200)["places"][0]["on_hand"], "8");
    }
    let user = json!({"name": "mei", "role": "operator", "password": "correct horse"});
    let headers = &[("idempotency-key", "k-2")];
    let first = center.post_with(&center.key, "/api/users", &user, headers).await.ok(201);
    let again = center.post_with(&center.key, "/api/users", &user, headers).await.ok(201);
    assert_eq!(first["user_id"], again["user_id"]);
    center.post("/api/users", &user).await.problem(409, "name_taken");
    let key = json!({"name": "till", "scopes": ["orders.read"]});
    let headers = &[("idempotency-key", "k-3")];
    let first = center.post_with(&center.key, "/api/keys", &key, headers).await.ok(201);
    let again = center.post_with(&center.key, "/api/keys", &key, headers).await.ok(201);
    assert_eq!(first["key_id"], again["key_id"]);
    assert!(first.get("key").is_some() && again.get("key").is_none());
}

#[tokio::test]
async fn a_started_payment_is_answered_again_whatever_became_of_its_terms() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    // Whoever starts payments need not read orders.
    let gateway =
        center.key(&[Scope::Payments], &[ActorKind::Buyer, ActorKind::Gateway], &[]).await;
    let path = format!("/api/orders/{}/payments", text(&tree["order_id"]));
    let asked = json!({"tender": "card", "terms_version": 1, "actor": {"kind": "buyer"}});
    let started = center.post_with(&gateway, &path, &asked, KEY).await.ok(200);
    let closed = json!({"type": "attempt_closed", "actor": {"kind": "gateway"}});
    center.operate(&tree["order_id"], &closed).await.ok(200);
    let cheaper =
        json!({"type": "adjust_price", "shop_discount": 400, "actor": {"kind": "seller"}});
    assert_eq!(center.operate(&tree["order_id"], &cheaper).await.ok(200)["terms_version"], 2);

    let again = center.post_with(&gateway, &path, &asked, KEY).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.ok(200)["attempts"][0]["attempt_id"], started["attempts"][0]["attempt_id"]);
    let anew = center.post_as(&gateway, &path, &asked).await.problem(409, "terms_conflict");
    assert_eq!(anew["current"], 2);
}
