//! Placements that are answered before they are decided: accepted once, decided once, told when asked.

use crate::center::{Got, TestCenter, example, text};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use std::time::Duration;

async fn placed_later(center: &TestCenter, key: &str, order: &Value) -> Got {
    let request = Request::post("/api/orders")
        .header("authorization", format!("Bearer {}", center.key))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .header("prefer", "wait=0, respond-async");
    center.send(request.body(Body::from(order.to_string())).expect("a request")).await
}

/// Asks until it is decided.
async fn decided(center: &TestCenter, key: &str) -> Value {
    for _ in 0..6_000 {
        let state = center.get(&format!("/api/placements/{key}")).await.ok(200);
        if state["status"] != "creating" {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{key} is never decided");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_placement_becomes_one_order() {
    let center = TestCenter::start().await;
    let accepted = placed_later(&center, "later-1", &example()).await;
    assert_eq!(accepted.headers["location"], "/api/placements/later-1");
    let creating = json!({"status": "creating"});
    assert_eq!(accepted.ok(202), creating);
    assert_eq!(placed_later(&center, "later-1", &example()).await.ok(202), creating, "it waits");
    let tasks = center.get("/api/tasks?kind=placement").await.ok(200);
    assert_eq!(tasks["tasks"].as_array().map(Vec::len), Some(1));
    assert!(!tasks.to_string().contains("Ada"), "people do not stand in tasks: {tasks}");
    // What was accepted is decided by whoever runs tasks next.
    center.app.start();
    let state = decided(&center, "later-1").await;
    assert_eq!((&state["status"], &state["reason"]), (&json!("placed"), &Value::Null));
    let tree = center.get(&format!("/api/orders/{}", text(&state["order_id"]))).await.ok(200);
    assert_eq!(tree["payable"], 11500);
    assert_eq!(placed_later(&center, "later-1", &example()).await.ok(202), state);
    let mut other = example();
    other["coins"] = json!(0);
    let refused = placed_later(&center, "later-1", &other).await;
    refused.problem(422, "idempotency_key_reused");
    assert_eq!(center.orders().await, 1);
    center.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_placement_twice_at_one_moment_is_accepted_once() {
    let center = TestCenter::start().await;
    let order = example();
    let ask = || placed_later(&center, "later-0", &order);
    let (first, second, third) = tokio::join!(ask(), ask(), ask());
    for accepted in [first, second, third] {
        assert_eq!(accepted.ok(202)["status"], "creating");
    }
    let tasks = center.get("/api/tasks?kind=placement").await.ok(200);
    assert_eq!(tasks["tasks"].as_array().map(Vec::len), Some(1));
    center.app.start();
    assert_eq!(decided(&center, "later-0").await["status"], "placed");
    assert_eq!(center.orders().await, 1);
    center.app.stop().await;
}

#[tokio::test]
async fn a_key_of_any_signs_is_escaped_where_it_stands_in_an_address() {
    let center = TestCenter::start().await;
    let signs: String = ('!'..='~').collect();
    for key in
        [&signs[..47], &signs[47..], "a/../b", "?x=1#y", "%2e%2e", "a%0d%0aset-cookie:b", "\\\"<>"]
    {
        let accepted = placed_later(&center, key, &example()).await;
        let place = accepted.headers["location"].to_str().expect("text").to_owned();
        accepted.ok(202);
        let name = place.strip_prefix("/api/placements/").expect("a placement");
        let plain = |c: char| c.is_ascii_alphanumeric() || "%-._~".contains(c);
        assert!(name.chars().all(plain), "{place}");
        assert_eq!(center.get(&place).await.ok(200)["status"], "creating", "{place}");
    }
    for step in [".", ".."] {
        let refused = placed_later(&center, step, &example()).await;
        refused.wrong_fields(&[("Idempotency-Key", "not_a_key")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_placement_says_why_and_keeps_its_key() {
    let center = TestCenter::start().await;
    center.app.start();
    let count = json!({"place": "main", "on_hand": "1", "reason": "count"});
    center.put("/api/stock/1", &count).await.ok(200);
    placed_later(&center, "later-2", &example()).await.ok(202);
    let state = decided(&center, "later-2").await;
    assert_eq!((&state["status"], &state["order_id"]), (&json!("rejected"), &Value::Null));
    assert_eq!(state["reason"]["code"], "out_of_stock");
    assert_eq!(state["reason"]["skus"], json!(["1"]));
    let count = json!({"place": "main", "on_hand": "9", "reason": "count"});
    center.put("/api/stock/1", &count).await.ok(200);
    assert_eq!(
        placed_later(&center, "later-2", &example()).await.ok(202),
        state,
        "decided is decided"
    );
    // The key stands for that also where nobody asks to be answered later.
    let request = Request::post("/api/orders")
        .header("authorization", format!("Bearer {}", center.key))
        .header("content-type", "application/json")
        .header("idempotency-key", "later-2");
    let again = center.send(request.body(Body::from(example().to_string())).expect("a request"));
    assert_eq!(again.await.ok(202), state);
    assert_eq!(center.orders().await, 0);
    // What is wrong in itself is refused at once, and keeps nothing.
    let wrong = placed_later(&center, "later-3", &json!({"currency": "CNY"})).await;
    wrong.problem(422, "invalid");
    center.get("/api/placements/later-3").await.problem(404, "not_found");
    center.app.stop().await;
}

#[tokio::test]
async fn who_gives_no_key_to_ask_by_is_answered_when_it_is_decided() {
    let center = TestCenter::start().await;
    let request = Request::post("/api/orders")
        .header("authorization", format!("Bearer {}", center.key))
        .header("content-type", "application/json")
        .header("prefer", "respond-async");
    let got =
        center.send(request.body(Body::from(example().to_string())).expect("a request")).await;
    assert_eq!(got.ok(201)["status"], "created");
}
