//! The life of an order through the API.

use crate::center::{NOW, TestCenter, example, text};
use docket_domain::time::DAY;
use serde_json::{Value, json};

#[tokio::test]
async fn the_example_of_the_contract_is_placed_and_read() {
    let center = TestCenter::start().await;
    let answer = center.post("/api/orders", &example()).await;
    let place = answer.headers["location"].to_str().expect("text").to_owned();
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["content-type"], "application/json");
    let tree = answer.ok(201);
    assert_eq!(place, format!("/api/orders/{}", text(&tree["order_id"])));
    for (field, value) in [
        ("level", json!("payment")),
        ("status", json!("created")),
        ("store_status", json!("unpaid")),
        ("price", json!(11000)),
        ("freight", json!(600)),
        ("payable", json!(11500)),
        ("paid", json!(0)),
        ("terms_version", json!(1)),
        ("version", json!(1)),
        ("created_at", json!("2026-11-20T10:00:00.000Z")),
        ("expire_at", json!("2026-11-20T10:30:00.000Z")),
    ] {
        assert_eq!(tree[field], value, "{field}");
    }
    let shop = &tree["shops"][0];
    assert_eq!(shop["to_pay"], 11500);
    assert_eq!(shop["freight_shares"], json!({"coins": 5, "third_party": 0}));
    assert_eq!(shop["ship_to"]["phone"], "138****0001");
    let item = &shop["items"][0];
    assert_eq!(item["price"], 11800);
    assert_eq!(item["to_pay"], 10905);
    assert_eq!(
        item["shares"],
        json!({"shop": 300, "platform": 500, "coins": 95, "third_party": 0})
    );
    for id in [&tree["order_id"], &shop["order_id"], &item["order_id"]] {
        assert_eq!(center.get(&format!("/api/orders/{}", text(id))).await.ok(200), tree);
    }
}

fn actor(kind: &str) -> Value {
    json!({"kind": kind})
}

/// `operation`, asked for by an actor of this kind.
fn by(kind: &str, mut operation: Value) -> Value {
    operation["actor"] = actor(kind);
    operation
}

fn cash(reference: &str, amount: i64) -> Value {
    by(
        "till",
        json!({"type": "payment_succeeded", "tender": "cash", "reference": reference, "amount": amount}),
    )
}

#[tokio::test]
async fn an_order_is_paid_in_two_tenders_shipped_in_parts_received_and_refunded_in_part() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    let (id, shop) = (&tree["order_id"], &tree["shops"][0]["order_id"]);
    let line = &tree["shops"][0]["items"][0]["order_id"];

    let tree = center.operate(id, &cash("r-1", 5000)).await.ok(200);
    assert_eq!((&tree["payment_status"], &tree["paid"]), (&json!("paying"), &json!(5000)));
    let card =
        json!({"type": "payment_succeeded", "tender": "card", "reference": "c-1", "amount": 6500});
    let tree = center.operate(id, &by("gateway", card)).await.ok(200);
    for (field, value) in [
        ("status", json!("paid")),
        ("store_status", json!("paid")),
        ("payment_status", json!("paid")),
        ("paid", json!(11500)),
        ("paid_at", json!("2026-11-20T10:00:00.000Z")),
        ("expire_at", Value::Null),
    ] {
        assert_eq!(tree[field], value, "{field}");
    }
    assert_eq!(tree["payments"][1]["tender"], "card");

    let one = json!([{"order_id": line, "quantity": "1"}]);
    let ship = json!({"type": "ship", "lines": one, "carrier": "SF", "tracking": "SF1"});
    let tree = center.operate(shop, &by("seller", ship)).await.ok(200);
    assert_eq!(tree["status"], "paid");
    let rest = json!({"type": "ship", "carrier": "SF", "tracking": "SF2"});
    let tree = center.operate(shop, &by("seller", rest)).await.ok(200);
    assert_eq!(tree["status"], "shipped");
    assert_eq!(tree["shops"][0]["shipments"].as_array().map(Vec::len), Some(2));
    assert_eq!(tree["shops"][0]["shipments"][0]["lines"], one);
    let refused = center.operate(shop, &by("seller", json!({"type": "ship"}))).await;
    let refused = refused.problem(409, "operation_refused");
    assert_eq!((&refused["operation"], &refused["state"]), (&json!("ship"), &json!("shipped")));

    let tree = center.operate(shop, &by("buyer", json!({"type": "receive"}))).await.ok(200);
    assert_eq!(tree["status"], "received");
    let ask = json!({"type": "request_refund", "lines": one, "reason": "one is broken"});
    let tree = center.operate(shop, &by("buyer", ask)).await.ok(200);
    let refund = &tree["shops"][0]["refunds"][0];
    assert_eq!((&refund["status"], &refund["by"]), (&json!("applied"), &json!("buyer")));
    // Half of 10905 in money and half of 95 coins, rounded down.
    assert_eq!((&refund["amount"], &refund["coins"]), (&json!(5452), &json!(47)));
    assert_eq!(tree["store_status"], "refunding");
    let agree = json!({"type": "agree_refund", "refund_id": refund["refund_id"]});
    let tree = center.operate(shop, &by("seller", agree)).await.ok(200);
    let refund = &tree["shops"][0]["refunds"][0];
    assert_eq!(refund["status"], "refunding");
    // From the payment that came last.
    assert_eq!(refund["parts"][0]["payment_id"], tree["payments"][1]["payment_id"]);
    assert_eq!(refund["parts"][0]["amount"], 5452);
    let done =
        json!({"type": "refund_succeeded", "refund_id": refund["refund_id"], "reference": "b-1"});
    let tree = center.operate(shop, &by("gateway", done)).await.ok(200);
    let item = &tree["shops"][0]["items"][0];
    assert_eq!((&tree["refunded"], &item["refunded"]), (&json!(5452), &json!(5452)));
    assert_eq!((&item["refunded_quantity"], &tree["status"]), (&json!("1"), &json!("received")));
    assert_eq!(tree["payments"][1]["refunded"], 5452);
    tells_its_story(&center, id).await;
}

/// The log has every step, and both languages tell it.
async fn tells_its_story(center: &TestCenter, id: &Value) {
    let id = text(id);
    let log = center.get(&format!("/api/orders/{id}/operations")).await.ok(200);
    let kinds: Vec<_> =
        log["operations"].as_array().expect("rows").iter().map(|row| text(&row["kind"])).collect();
    assert_eq!(
        kinds,
        [
            "place",
            "payment_succeeded",
            "payment_succeeded",
            "ship",
            "ship",
            "receive",
            "request_refund",
            "agree_refund",
            "refund_succeeded"
        ]
    );
    let story = center.get(&format!("/api/orders/{id}/activities?lang=zh")).await.ok(200);
    assert_eq!(story["language"], "zh");
    let told = story["activities"].as_array().expect("sentences");
    assert_eq!(told.len(), kinds.len());
    assert!(told.iter().all(|one| text(&one["text"]).chars().any(|c| c > '\u{4e00}')), "{story:#}");
    let story = center.get(&format!("/api/orders/{id}/activities")).await.ok(200);
    assert_eq!(story["language"], "en");
    center
        .get(&format!("/api/orders/{id}/activities?lang=fr"))
        .await
        .wrong_fields(&[("lang", "not_a_word")]);
}

#[tokio::test]
async fn a_quote_prices_every_line_and_places_nothing() {
    let center = TestCenter::start().await;
    let quote = center.post("/api/quotes", &example()).await.ok(200);
    assert_eq!(
        (&quote["payable"], &quote["shops"][0]["items"][0]["to_pay"]),
        (&json!(11500), &json!(10905))
    );
    assert!(quote.get("order_id").is_none() && quote["shops"][0].get("order_id").is_none());
    assert_eq!(center.orders().await, 0);
}

#[tokio::test]
async fn the_tree_is_shown_as_it_was() {
    let center = TestCenter::start().await;
    let placed = center.placed(&example()).await;
    center.clock.advance(60_000);
    center.operate(&placed["order_id"], &cash("r-1", 11500)).await.ok(200);
    let id = text(&placed["order_id"]);
    let before = center.get(&format!("/api/orders/{id}?at=2026-11-20T10:00:30Z")).await.ok(200);
    assert_eq!((&before["status"], &before["paid"]), (&json!("created"), &json!(0)));
    assert_eq!(before, placed);
    let after =
        center.get(&format!("/api/orders/{id}?at=2026-11-20T10:01:00%2B00:00")).await.ok(200);
    assert_eq!(after["status"], "paid");
    center
        .get(&format!("/api/orders/{id}?at=2026-11-20T09:00:00Z"))
        .await
        .problem(404, "not_found");
    center
        .get(&format!("/api/orders/{id}?at=yesterday"))
        .await
        .wrong_fields(&[("at", "not_a_time")]);
}

#[tokio::test]
async fn agreed_versions_are_kept_with_their_checksum() {
    let center = TestCenter::start().await;
    let mut order = example();
    order["market"] = json!("zebra");
    let tree = center.placed(&order).await;
    let change = by("seller", json!({"type": "adjust_price", "shop_discount": 400}));
    let tree = center.operate(&tree["shops"][0]["order_id"], &change).await.ok(200);
    assert_eq!((&tree["terms_version"], &tree["payable"]), (&json!(2), &json!(11400)));
    let path = format!("/api/orders/{}/snapshots", text(&tree["order_id"]));
    let kept = center.get(&path).await.ok(200);
    let versions: Vec<_> = kept["snapshots"].as_array().expect("versions").iter().collect();
    assert_eq!(versions.len(), 2);
    for (version, terms) in versions.iter().zip([1, 2]) {
        assert_eq!(version["terms_version"], terms);
        assert_eq!(text(&version["sha256"]).len(), 64);
        let (agreed, line) = (&version["agreed"], &version["agreed"]["shops"][0]["items"][0]);
        assert_eq!(agreed["id"], tree["order_id"]);
        assert_eq!(agreed["shops"][0]["id"], tree["shops"][0]["order_id"]);
        assert_eq!(line["id"], tree["shops"][0]["items"][0]["order_id"]);
        assert_eq!((&line["quantity"], &agreed["market"]), (&json!("2"), &json!("zebra")));
        assert_eq!(agreed["created_at"], tree["created_at"]);
        assert_eq!(version["agreed"]["currency"], "CNY");
    }
    assert_ne!(versions[0]["sha256"], versions[1]["sha256"]);
}

#[tokio::test]
async fn paying_is_started_under_the_terms_the_payer_saw_and_polled() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    let path = format!("/api/orders/{}/payments", text(&tree["order_id"]));
    let body = |terms| json!({"tender": "wallet", "gateway": "pay", "terms_version": terms, "actor": actor("buyer")});
    let refused = center.post(&path, &body(2)).await.problem(409, "terms_conflict");
    assert_eq!(refused["current"], 1);
    let tree = center.post(&path, &body(1)).await.ok(200);
    assert_eq!(
        (&tree["payment_status"], &tree["attempts"][0]["amount"]),
        (&json!("paying"), &json!(11500))
    );
    let state = center.get(&path).await.ok(200);
    assert_eq!((&state["payable"], &state["paid"]), (&json!(11500), &json!(0)));
    assert_eq!(
        (&state["payment_status"], &state["attempts"]),
        (&json!("paying"), &tree["attempts"])
    );
    assert!(state.get("shops").is_none());
    center.post(&path, &json!({"gateway": "pay", "amount": -1, "coins": 3})).await.wrong_fields(&[
        ("tender", "required"),
        ("amount", "too_small"),
        ("coins", "unknown_field"),
    ]);
}

#[tokio::test]
async fn what_is_not_allowed_in_this_state_names_state_and_operation() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    let ship = by("seller", json!({"type": "ship"}));
    let refused = center.operate(&tree["shops"][0]["order_id"], &ship).await;
    let refused = refused.problem(409, "operation_refused");
    assert_eq!((&refused["state"], &refused["operation"]), (&json!("unpaid"), &json!("ship")));
    let old =
        json!({"type": "note", "text": "hello", "expected_version": 7, "actor": actor("buyer")});
    let conflict = center.operate(&tree["order_id"], &old).await.problem(409, "version_conflict");
    assert_eq!(conflict["current"], 1);
}

#[tokio::test]
async fn a_payment_reference_of_another_order_is_refused() {
    let center = TestCenter::start().await;
    let (one, other) = (center.placed(&example()).await, center.placed(&example()).await);
    center.operate(&one["order_id"], &cash("r-1", 11500)).await.ok(200);
    let again = center.operate(&one["order_id"], &cash("r-1", 11500)).await.ok(200);
    assert_eq!(again["payments"].as_array().map(Vec::len), Some(1));
    center
        .operate(&other["order_id"], &cash("r-1", 11500))
        .await
        .problem(409, "payment_reference_taken");
    let tree = center.get(&format!("/api/orders/{}", text(&other["order_id"]))).await.ok(200);
    assert_eq!((&tree["paid"], tree["anomalies"].as_array().map(Vec::len)), (&json!(0), Some(1)));
}

#[tokio::test]
async fn deadlines_are_shown_as_they_run() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    assert_eq!(tree["deadline"], json!({"kind": "pay_by", "at": "2026-11-20T10:30:00.000Z"}));
    let tree = center.operate(&tree["order_id"], &cash("r-1", 11500)).await.ok(200);
    let ship = by("seller", json!({"type": "ship"}));
    let tree = center.operate(&tree["order_id"], &ship).await.ok(200);
    assert_eq!(tree["deadline"], Value::Null);
    let until = docket_wire::moment::format(NOW.plus(15 * DAY), &mut [0; 24]).to_owned();
    assert_eq!(tree["shops"][0]["deadline"], json!({"kind": "receive_by", "at": until}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shown_as_it_was_also_while_it_changes() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    center.clock.advance(60_000);
    let change = async {
        for n in 0..100 {
            let note = by("seller", json!({"type": "note", "text": n.to_string()}));
            center.operate(&tree["order_id"], &note).await.ok(200);
        }
    };
    let look = async {
        let path = format!("/api/orders/{}?at=2026-11-20T10:00:30Z", text(&tree["order_id"]));
        for _ in 0..200 {
            assert_eq!(center.get(&path).await.ok(200)["version"], 1);
        }
    };
    tokio::join!(change, look);
}
