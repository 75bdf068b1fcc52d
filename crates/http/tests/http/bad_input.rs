//! Whatever is sent, the answer is a problem with a code and every wrong field; nothing is stored.

use crate::center::{TestCenter, example, text};
use axum::body::Body;
use axum::http::{Method, Request};
use docket_app::Scope;
use docket_domain::ActorKind;
use serde_json::{Value, json};

/// The example with `value` at `pointer`.
fn with(pointer: &str, value: Value) -> Value {
    let mut order = example();
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer has a slash");
    order.pointer_mut(parent).expect("the parent is there")[field] = value;
    order
}

fn without(pointer: &str) -> Value {
    let mut order = example();
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer has a slash");
    order
        .pointer_mut(parent)
        .expect("the parent is there")
        .as_object_mut()
        .expect("an object")
        .remove(field);
    order
}

const ITEM: &str = "/shops/0/items/0";

#[tokio::test]
async fn each_wrong_field_of_a_placement_is_named() {
    let center = TestCenter::start().await;
    let item = |field: &str| format!("{ITEM}/{field}");
    let cases = [
        (with("/colour", json!(1)), "colour", "unknown_field"),
        (with("/shops/0/colour", json!(1)), "shops[0].colour", "unknown_field"),
        (with(&item("quantiy"), json!("1")), "shops[0].items[0].quantiy", "unknown_field"),
        (with("/coins", json!(-1)), "coins", "too_small"),
        (with("/coins", json!(1.5)), "coins", "wrong_type"),
        (with("/coins", json!("100")), "coins", "wrong_type"),
        (with("/coins", Value::Null), "coins", "null_not_allowed"),
        (with("/shops/0/freight", json!(1_000_000_000_000_i64)), "shops[0].freight", "too_large"),
        (with("/shops/0/freight", json!(u64::MAX)), "shops[0].freight", "too_large"),
        (with("/shops/0/freight", json!(1e300)), "shops[0].freight", "too_large"),
        (with(&item("list_price"), json!(-5)), "shops[0].items[0].list_price", "too_small"),
        (
            with(&item("list_price"), Value::Null),
            "shops[0].items[0].list_price",
            "null_not_allowed",
        ),
        (without(&item("list_price")), "shops[0].items[0].list_price", "required"),
        (with(&item("quantity"), json!("0")), "shops[0].items[0].quantity", "too_small"),
        (with(&item("quantity"), json!("-1")), "shops[0].items[0].quantity", "too_small"),
        (with(&item("quantity"), json!("1000000000")), "shops[0].items[0].quantity", "too_large"),
        (with(&item("quantity"), json!("1000000")), "shops[0].items[0].quantity", "too_large"),
        (with(&item("quantity"), json!("1.2345")), "shops[0].items[0].quantity", "not_a_quantity"),
        (with(&item("quantity"), json!("1.5")), "shops[0].items[0].quantity", "not_whole"),
        (with(&item("tax"), json!(-1)), "shops[0].items[0].tax", "too_small"),
        (with(&item("quantity"), json!("1e3")), "shops[0].items[0].quantity", "not_a_quantity"),
        (with(&item("quantity"), json!(2)), "shops[0].items[0].quantity", "wrong_type"),
        (with("/currency", json!("XYZ")), "currency", "not_a_currency"),
        (with("/currency", json!("cny")), "currency", "not_a_currency"),
        (without("/currency"), "currency", "required"),
        (with("/type", json!("furniture")), "type", "not_a_word"),
        (with("/market", json!("elsewhere")), "market", "not_a_word"),
        (with("/buyer_id", json!("")), "buyer_id", "empty"),
        (with("/buyer_id", json!("x".repeat(65))), "buyer_id", "too_long"),
        (with("/buyer_id", json!(1001)), "buyer_id", "wrong_type"),
        (with("/client_token", json!("a\u{0}b")), "client_token", "control_character"),
        (with("/shops", json!([])), "shops", "empty"),
        (without("/shops"), "shops", "required"),
        (with("/shops/0/items", json!([])), "shops[0].items", "empty"),
        (with("/extra", json!({"a": "x".repeat(6001)})), "extra", "too_long"),
        (with(&item("title"), json!("x".repeat(129))), "shops[0].items[0].title", "too_long"),
        (
            with("/coupons", json!([{"code": "TEN"}, {"code": "TEN"}])),
            "coupons[1].code",
            "duplicate",
        ),
        (with("/actor", json!({"kind": "king"})), "actor.kind", "not_a_word"),
    ];
    for (order, field, code) in cases {
        center.post("/api/orders", &order).await.wrong_fields(&[(field, code)]);
        center.post("/api/quotes", &order).await.wrong_fields(&[(field, code)]);
    }
    assert_eq!(center.orders().await, 0);
}

#[tokio::test]
async fn all_wrong_fields_are_told_at_once() {
    let center = TestCenter::start().await;
    let order = json!({
        "currency": "EURO", "coins": -1, "colour": "red",
        "shops": [{"items": [{"sku_id": "1", "quantity": "0", "list_price": 1}, {"quantity": "1", "list_price": -1}]}]
    });
    center.post("/api/orders", &order).await.wrong_fields(&[
        ("currency", "not_a_currency"),
        ("coins", "too_small"),
        ("colour", "unknown_field"),
        ("shops[0].shop_id", "required"),
        ("shops[0].items[0].quantity", "too_small"),
        ("shops[0].items[1].sku_id", "required"),
        ("shops[0].items[1].list_price", "too_small"),
    ]);
}

#[tokio::test]
async fn an_order_has_at_most_500_lines_and_50_shops() {
    let center = TestCenter::start().await;
    let item = |n: usize| json!({"sku_id": n.to_string(), "quantity": "1", "list_price": 1});
    let items = |n: usize| (0..n).map(item).collect::<Vec<_>>();
    let shop = |n: usize, lines| json!({"shop_id": n.to_string(), "items": items(lines)});
    let order =
        |shops: Vec<Value>| json!({"currency": "CNY", "actor": {"kind": "buyer"}, "shops": shops});
    let one = order(vec![shop(1, 501)]);
    center.post("/api/orders", &one).await.wrong_fields(&[("shops[0].items", "too_many")]);
    let spread = order(vec![shop(1, 251), shop(2, 250)]);
    center.post("/api/orders", &spread).await.wrong_fields(&[("shops", "too_many")]);
    let many = order((0..51).map(|n| shop(n, 1)).collect());
    center.post("/api/orders", &many).await.wrong_fields(&[("shops", "too_many")]);
    assert_eq!(center.orders().await, 0);
    let most = order(vec![shop(1, 250), shop(2, 250)]);
    center.post("/api/orders", &most).await.ok(201);
}

#[tokio::test]
async fn totals_beyond_measure_are_refused() {
    let center = TestCenter::start().await;
    let mut order = with(&format!("{ITEM}/list_price"), json!(999_999_999_999_i64));
    order["expected_total"] = json!(1);
    center.post("/api/orders", &order).await.wrong_fields(&[("shops", "too_large")]);
}

#[tokio::test]
async fn sums_that_do_not_match_are_refused() {
    let center = TestCenter::start().await;
    let wrong = center.post("/api/orders", &with("/expected_total", json!(11499))).await;
    assert_eq!(wrong.problem(409, "total_mismatch")["current"], 11500);
    for (pointer, field) in [
        ("/platform_discount", "platform_discount"),
        ("/coins", "coins"),
        ("/third_party_discount", "third_party_discount"),
        ("/shops/0/shop_discount", "shops[0].shop_discount"),
        ("/shops/0/items/0/item_discount", "shops[0].items[0].item_discount"),
    ] {
        let refused = center.post("/api/orders", &with(pointer, json!(1_000_000))).await;
        let refused = refused.problem(422, "discount_too_large");
        assert_eq!(refused["errors"][0]["field"], field);
    }
    assert_eq!(center.orders().await, 0);
}

#[tokio::test]
async fn what_is_no_json_is_a_400() {
    let center = TestCenter::start().await;
    for (body, code) in [
        (b"".to_vec(), "malformed_json"),
        (b"{".to_vec(), "malformed_json"),
        (b"{\"a\":1}}".to_vec(), "malformed_json"),
        (b"{'a':1}".to_vec(), "malformed_json"),
        (b"\"\\ud800\"".to_vec(), "malformed_json"),
        (b"{\"buyer_id\":\"\xff\"}".to_vec(), "bad_utf8"),
        ("[".repeat(60_000).into_bytes(), "too_deep"),
        (format!("{{{}}}", vec![r#""a":0"#; 5_000].join(",")).into_bytes(), "too_many_fields"),
        (
            ["{\"a\":".repeat(1000), "1".to_owned(), "}".repeat(1000)].concat().into_bytes(),
            "too_deep",
        ),
    ] {
        for path in
            ["/api/orders", "/api/quotes", "/api/orders/1/operations", "/api/login", "/api/keys"]
        {
            center.post_bytes(path, body.clone()).await.problem(400, code);
        }
    }
    let much = format!("[{}]", vec!["0"; 150_000].join(","));
    center.post_bytes("/api/orders", much).await.problem(400, "too_many_values");
    for body in ["[]", "1", "null", "\"text\""] {
        center.post_bytes("/api/orders", body).await.wrong_fields(&[("", "wrong_type")]);
    }
    let twice = r#"{"currency":"CNY","currency":"EUR","shops":[]}"#;
    let wrong = center.post_bytes("/api/orders", twice).await.problem(422, "invalid");
    assert!(
        wrong["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .any(|error| error["code"] == "duplicate")
    );
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_a_415() {
    let center = TestCenter::start().await;
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data"),
    ] {
        let mut request = center.request(Method::POST, "/api/orders");
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let request = request.body(Body::from(example().to_string())).expect("a request");
        center.send(request).await.problem(415, "unsupported_media_type");
    }
    let request =
        center.request(Method::POST, "/api/orders").header("content-type", "application/json");
    let request =
        request.header("content-encoding", "gzip").body(Body::from("x")).expect("a request");
    center.send(request).await.problem(415, "unsupported_media_type");
    assert_eq!(center.orders().await, 0);
    let request = center.request(Method::POST, "/api/orders");
    let request = request.header("content-type", "Application/JSON; charset=utf-8");
    let request = request.body(Body::from(example().to_string())).expect("a request");
    center.send(request).await.ok(201);
}

#[tokio::test]
async fn a_body_above_one_mebibyte_is_a_413() {
    let center = TestCenter::start().await;
    let padded = |bytes: usize| {
        let mut body = example().to_string().into_bytes();
        body.resize(bytes, b' ');
        body
    };
    center.post_bytes("/api/orders", padded((1 << 20) + 1)).await.problem(413, "body_too_large");
    assert_eq!(center.orders().await, 0);
    center.post_bytes("/api/orders", padded(1 << 20)).await.ok(201);
}

#[tokio::test]
async fn times_lie_from_1970_on_and_before_2100() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    for (paid_at, code) in [
        ("1969-12-31T23:59:59Z", "too_small"),
        ("0001-01-01T00:00:00Z", "too_small"),
        ("2100-01-01T00:00:00Z", "too_large"),
        ("9998-12-31T23:59:59Z", "too_large"),
        ("2026-11-20T10:00:00", "not_a_time"),
        ("2026-02-30T10:00:00Z", "not_a_time"),
        ("now", "not_a_time"),
    ] {
        let paid = json!({
            "type": "payment_succeeded", "tender": "cash", "reference": "r", "amount": 1, "paid_at": paid_at,
            "actor": {"kind": "till"}
        });
        center.operate(&tree["order_id"], &paid).await.wrong_fields(&[("paid_at", code)]);
        let path = format!("/api/orders?created_from={paid_at}");
        center.get(&path).await.wrong_fields(&[("created_from", code)]);
    }
}

#[tokio::test]
async fn each_wrong_field_of_an_operation_is_named() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    let line = &tree["shops"][0]["items"][0]["order_id"];
    let cases: Vec<(Value, Vec<(&str, &str)>)> = vec![
        (json!({}), vec![("type", "required")]),
        (json!({"type": "explode"}), vec![("type", "not_a_word")]),
        (json!({"type": "place"}), vec![("type", "not_a_word")]),
        (json!({"type": "record"}), vec![("type", "not_a_word")]),
        (json!({"type": "receive", "lines": []}), vec![("lines", "unknown_field")]),
        (json!({"type": "ship", "lines": []}), vec![("lines", "empty")]),
        (
            json!({"type": "ship", "lines": [{"order_id": line, "quantity": "1"}, {"order_id": line}]}),
            vec![("lines", "duplicate")],
        ),
        (
            json!({"type": "ship", "lines": [{"order_id": 5}]}),
            vec![("lines[0].order_id", "wrong_type")],
        ),
        (
            json!({"type": "ship", "lines": [{"order_id": "x"}]}),
            vec![("lines[0].order_id", "not_an_id")],
        ),
        (json!({"type": "extend_receipt", "days": 31}), vec![("days", "too_large")]),
        (json!({"type": "rate", "score": 6}), vec![("score", "too_large")]),
        (
            json!({"type": "payment_succeeded", "amount": -1, "expected_version": 0}),
            vec![
                ("amount", "too_small"),
                ("expected_version", "too_small"),
                ("reference", "required"),
                ("tender", "required"),
            ],
        ),
        (json!({"type": "refund_succeeded"}), vec![("refund_id", "required")]),
    ];
    for (operation, expected) in cases {
        center.operate(&tree["order_id"], &operation).await.wrong_fields(&expected);
    }
    let again = center.get(&format!("/api/orders/{}", text(&tree["order_id"]))).await.ok(200);
    assert_eq!(again, tree);
}

#[tokio::test]
async fn more_than_is_left_is_refused() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    let line = &tree["shops"][0]["items"][0]["order_id"];
    let paid = json!({
        "type": "payment_succeeded", "tender": "cash", "reference": "r", "amount": 11500, "actor": {"kind": "till"}
    });
    center.operate(&tree["order_id"], &paid).await.ok(200);
    let ship = |quantity: &str, line: &Value| json!({"type": "ship", "lines": [{"order_id": line, "quantity": quantity}], "actor": {"kind": "seller"}});
    let told = |problem: Value| {
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| text(&error["field"]).to_owned()).collect::<Vec<_>>()
    };
    let got = center.operate(&tree["order_id"], &ship("3", line)).await.problem(422, "too_much");
    assert_eq!(told(got), ["lines[0].quantity"]);
    let got = center.operate(&tree["order_id"], &ship("1", &json!("77"))).await;
    assert_eq!(told(got.problem(422, "no_such_part")), ["lines[0].order_id"]);
    let unknown =
        json!({"type": "refund_succeeded", "refund_id": "78", "actor": {"kind": "gateway"}});
    let got = center.operate(&tree["order_id"], &unknown).await.problem(422, "no_such_part");
    assert_eq!(told(got), ["refund_id"]);
    let mixed = json!({"type": "ship", "actor": {"kind": "seller"}, "lines": [
        {"order_id": "77", "quantity": "1"}, {"order_id": line, "quantity": "3"}, {"order_id": "78"}
    ]});
    center.operate(&tree["order_id"], &mixed).await.wrong_fields(&[
        ("lines[0].order_id", "no_such_part"),
        ("lines[1].quantity", "too_much"),
        ("lines[2].order_id", "no_such_part"),
    ]);
}

#[tokio::test]
async fn every_wrong_price_and_every_discount_that_is_too_large_is_told() {
    let center = TestCenter::start().await;
    let scopes = [Scope::OrdersRead, Scope::OrdersWrite];
    let shop_key = center.key(&scopes, &[ActorKind::Buyer], &[]).await;
    let item = |sku: &str, price: i64| json!({"sku_id": sku, "quantity": "1", "list_price": price});
    for sku in ["a", "b"] {
        let price = json!({"currency": "CNY", "price": 1200});
        center.put(&format!("/api/products/{sku}"), &price).await.ok(200);
    }
    let shops = json!([
        {"shop_id": "11", "items": [item("a", 1000), item("free", 1), item("b", 1200)]},
        {"shop_id": "12", "items": [item("b", 1)]}
    ]);
    let order = json!({"currency": "CNY", "shops": shops});
    let problem = center.post_as(&shop_key, "/api/orders", &order).await;
    let problem = problem.problem(409, "price_mismatch");
    assert_eq!(problem["current"], 1200);
    let fields: Vec<_> =
        problem["errors"].as_array().expect("errors").iter().map(|e| text(&e["field"])).collect();
    assert_eq!(fields, ["shops[0].items[0].list_price", "shops[1].items[0].list_price"]);

    let discounted = |discount: i64| {
        let mut line = item("x", 100);
        line["item_discount"] = json!(discount);
        line
    };
    let items = json!([discounted(101), discounted(100), discounted(200)]);
    let order = json!({"currency": "CNY", "actor": {"kind": "buyer"}, "shops": [{"shop_id": "1", "items": items}]});
    let problem = center.post("/api/orders", &order).await.problem(422, "discount_too_large");
    let fields: Vec<_> =
        problem["errors"].as_array().expect("errors").iter().map(|e| text(&e["field"])).collect();
    assert_eq!(fields, ["shops[0].items[0].item_discount", "shops[0].items[2].item_discount"]);
    assert_eq!(center.orders().await, 0);
}

#[tokio::test]
async fn unknown_numbers_are_a_404() {
    let center = TestCenter::start().await;
    let long = "9".repeat(30);
    for id in [
        "1",
        "9223372036854775807",
        "0",
        "-1",
        "x",
        "1.5",
        "%20",
        "%ff",
        "9223372036854775808",
        &long,
    ] {
        for path in ["", "/operations", "/activities", "/snapshots", "/payments"] {
            center.get(&format!("/api/orders/{id}{path}")).await.problem(404, "not_found");
        }
        let note = json!({"type": "note", "text": "x", "actor": {"kind": "buyer"}});
        center.post(&format!("/api/orders/{id}/operations"), &note).await.problem(404, "not_found");
        let pay = json!({"tender": "cash", "actor": {"kind": "buyer"}});
        center.post(&format!("/api/orders/{id}/payments"), &pay).await.problem(404, "not_found");
    }
    for path in ["/", "/api", "/api/nothing", "/api/orders/1/nothing", "/nothing"] {
        if path != "/" {
            center.get(path).await.problem(404, "not_found");
        }
        let request = Request::delete(path).body(Body::empty()).expect("a request");
        assert!([404, 405].contains(&center.send(request).await.status), "{path}");
    }
}

#[tokio::test]
async fn wrong_parameters_are_named_with_what_they_may_have_meant() {
    let center = TestCenter::start().await;
    for (query, field, code) in [
        ("limit=201", "limit", "too_large"),
        ("limit=0", "limit", "too_small"),
        ("limit=-1", "limit", "too_small"),
        ("limit=ten", "limit", "wrong_type"),
        ("cursor=!", "cursor", "not_a_cursor"),
        ("cursor=", "cursor", "empty"),
        ("status=gone", "status", "not_a_word"),
        ("level=tree", "level", "not_a_word"),
        ("sort=price", "sort", "not_a_word"),
        ("expand=all", "expand", "not_a_word"),
        ("duplicate=1", "duplicate", "not_a_word"),
        ("phone_last4=12345", "phone_last4", "not_digits"),
        ("buyer=", "buyer", "empty"),
        ("buyer=1&buyer=2", "buyer", "duplicate"),
        ("id=x", "id", "not_an_id"),
    ] {
        center.get(&format!("/api/orders?{query}")).await.wrong_fields(&[(field, code)]);
    }
    let both = [("type", "not_a_word"), ("operator", "empty"), ("from", "empty")];
    center.get("/api/operations?operator=&type=x&from=").await.wrong_fields(&both);
    center.get("/api/orders?stats=").await.wrong_fields(&[("stats", "unknown_field")]);
    let wrong = center.get("/api/orders?stats=paid").await.problem(422, "invalid");
    assert_eq!(wrong["errors"][0]["message"], "is unknown; did you mean `status`?");
    center
        .post("/api/orders?dry_run=true", &example())
        .await
        .wrong_fields(&[("dry_run", "unknown_field")]);
    assert_eq!(center.orders().await, 0);
    center.get("/api/me?x=1").await.wrong_fields(&[("x", "unknown_field")]);
    center.get("/api/orders/1?reveal=all").await.wrong_fields(&[("reveal", "not_a_word")]);
    center
        .get("/api/operations?type=explode&from=x")
        .await
        .wrong_fields(&[("type", "not_a_word"), ("from", "not_a_time")]);
}
