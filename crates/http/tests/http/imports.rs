//! `POST /api/imports`: the road of `docket import` through a running server.

use crate::center::{Got, TestCenter, every_actor};
use axum::body::Body;
use axum::http::Method;
use docket_app::Scope;
use serde_json::json;

fn lines() -> String {
    let order = |id: u8| {
        let items = json!([{"sku_id": "p", "quantity": "2", "list_price": 100}]);
        let payments = json!([{"tender": "card", "reference": format!("r{id}"), "amount": 210}]);
        let shops = json!([{"shop_id": "s", "freight": null, "items": items}]);
        json!({"external_id": id.to_string(), "currency": "EUR", "shops": shops, "payments": payments})
    };
    format!("{}\n{{\n\n{}\n{}\n", order(1), order(2), order(1))
}

async fn import(center: &TestCenter, query: &str) -> Got {
    let request = center.request(Method::POST, &format!("/api/imports{query}"));
    let request = request.header("content-type", "application/x-ndjson");
    center.send(request.body(Body::from(lines())).expect("a request")).await
}

#[tokio::test]
async fn lines_are_taken_once_and_bad_ones_told() {
    let center = TestCenter::start().await;
    let dry = import(&center, "?dry_run=true").await.ok(200);
    assert_eq!(center.orders().await, 0);
    let report = import(&center, "").await.ok(200);
    assert_eq!(center.orders().await, 2);
    assert_eq!([&report["read"], &report["taken"], &report["known"]], [4, 2, 1]);
    assert_eq!(report["refused"][0]["line"], 2);
    assert_eq!(report["refused"][0]["code"], "malformed_json");
    assert_eq!(report["sums"]["EUR"]["payments"], 420);
    assert_eq!(report["sums"]["EUR"]["unknown"], 2);
    assert_eq!(dry, report);
    let again = import(&center, "?live=false").await.ok(200);
    assert_eq!([&again["taken"], &again["known"]], [0, 3]);
}

#[tokio::test]
async fn the_issuer_may_be_another_than_the_keys() {
    let center = TestCenter::start().await;
    import(&center, "").await.ok(200);
    // Without a channel, numbers are compared over the whole center, unless duplicates are wanted.
    let other = import(&center, "?issuer=old%20shop").await.ok(200);
    assert_eq!([&other["taken"], &other["known"], &other["known_elsewhere"]], [0, 3, 3]);
    assert_eq!(other["elsewhere_lines"], json!([1, 4, 5]));
    let again = import(&center, "?issuer=old%20shop&again=true").await.ok(200);
    assert_eq!([&again["taken"], &again["known"], &again["known_elsewhere"]], [2, 1, 0]);
}

#[tokio::test]
async fn an_update_is_asked_for() {
    let center = TestCenter::start().await;
    import(&center, "").await.ok(200);
    let order = center.get("/api/orders?external_id=2").await.ok(200)["orders"][0].take();
    let more = json!({"tender": "card", "reference": "r9", "amount": 90});
    let shops = json!([{"shop_id": "s", "freight": null, "items": [{"sku_id": "p", "quantity": "2", "list_price": 100}]}]);
    let line = json!({"external_id": "2", "currency": "EUR", "shops": shops, "payments": [more]});
    let sent = |query: &str| {
        let request = center.request(Method::POST, &format!("/api/imports{query}"));
        center.send(request.body(Body::from(line.to_string())).expect("a request"))
    };
    assert_eq!(sent("").await.ok(200)["known"], 1);
    for (updated, known) in [(1, 0), (0, 1)] {
        let report = sent("?update=true").await.ok(200);
        assert_eq!([&report["updated"], &report["known"]], [updated, known]);
    }
    let id = order["order_id"].as_str().expect("a number").to_owned();
    let now = center.get(&format!("/api/orders/{id}")).await.ok(200);
    assert_eq!((&now["paid"], &now["version"]), (&json!(300), &json!(2)));
}

#[tokio::test]
async fn an_import_needs_the_scope_admin_and_known_parameters() {
    let center = TestCenter::start().await;
    import(&center, "?dryrun=true").await.wrong_fields(&[("dryrun", "unknown_field")]);
    import(&center, "?live=yes").await.wrong_fields(&[("live", "not_a_word")]);
    let key = center.key(&[Scope::OrdersWrite], &every_actor(), &[]).await;
    center.post_as(&key, "/api/imports", &json!({})).await.problem(403, "scope_missing");
    center.post_as("nobody", "/api/imports", &json!({})).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn imports_may_have_sixteen_mebibytes_and_no_more() {
    let center = TestCenter::start().await;
    let sent = |bytes: usize| {
        let mut body = lines().into_bytes();
        body.resize(bytes, b' ');
        body.iter_mut().rev().step_by(100_000).for_each(|byte| *byte = b'\n');
        let request = center.request(Method::POST, "/api/imports");
        center.send(request.body(Body::from(body)).expect("a request"))
    };
    sent((16 << 20) + 1).await.problem(413, "body_too_large");
    assert_eq!(center.orders().await, 0);
    assert_eq!(sent(16 << 20).await.ok(200)["taken"], 2);
}

#[tokio::test]
async fn lines_sent_again_under_a_key_are_answered_again() {
    let center = TestCenter::start().await;
    let sent = |query: &str, body: String| {
        let request = center.request(Method::POST, &format!("/api/imports{query}"));
        let request = request.header("idempotency-key", "k-1");
        center.send(request.body(Body::from(body)).expect("a request"))
    };
    assert_eq!(sent("", lines()).await.ok(200)["taken"], 2);
    let again = sent("", lines()).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.ok(200)["known"], 3);
    for (query, body) in [("?live=true", lines()), ("", "{}".to_owned())] {
        sent(query, body).await.problem(422, "idempotency_key_reused");
    }
}

#[tokio::test]
async fn each_wrong_field_of_a_line_is_told_by_itself() {
    let center = TestCenter::start().await;
    let line = json!({"external_id": "1", "currency": "EURO", "coins": -1, "shops": []});
    let request = center.request(Method::POST, "/api/imports");
    let got = center.send(request.body(Body::from(line.to_string())).expect("a request")).await;
    let report = got.ok(200);
    let errors = report["refused"][0]["errors"].as_array().expect("errors").clone();
    let fields: Vec<_> = errors.iter().map(|error| error["field"].as_str()).collect();
    assert!(fields.contains(&Some("currency")) && fields.contains(&Some("coins")), "{report:#}");
}

#[tokio::test]
async fn an_import_is_json_lines_by_any_of_their_names() {
    let center = TestCenter::start().await;
    let sent = |kind: &'static str| {
        let request = center.request(Method::POST, "/api/imports?dry_run=true");
        let request = request.header("content-type", kind);
        center.send(request.body(Body::from(lines())).expect("a request"))
    };
    for kind in ["application/x-ndjson", "application/jsonl; charset=utf-8", "application/json"] {
        sent(kind).await.ok(200);
    }
    for kind in ["text/csv", "application/x-www-form-urlencoded", "multipart/form-data"] {
        sent(kind).await.problem(415, "unsupported_media_type");
    }
}
