//! A buyer who is forgotten: what the buyer wrote is gone wherever an order can be looked at, and what nobody but a
//! person can judge is named.

use crate::center::{TestCenter, text};
use serde_json::{Value, json};

const SECRET: &str = "13811112222";

fn order(buyer: &str) -> Value {
    json!({
        "buyer_id": buyer, "currency": "CNY", "actor": {"kind": "buyer", "id": buyer, "name": "Wang"},
        "extra": {"email": "wang@example.com"}, "shops": [{
            "shop_id": "11", "buyer_comment": format!("call Wang {SECRET}"),
            "ship_to": {"name": "Wang", "phone": SECRET},
            "items": [{"sku_id": "a", "quantity": "1", "list_price": 1000}]
        }]
    })
}

/// Everything that can be read of an order.
async fn all_of(center: &TestCenter, id: &str, then: &str) -> String {
    let mut all = String::new();
    for part in
        ["", "/operations", "/activities?lang=zh", "/activities?lang=en", "/snapshots", then]
    {
        let read = center.get(&format!("/api/orders/{id}{part}")).await.ok(200);
        all.push_str(&read.to_string());
    }
    all
}

#[tokio::test]
async fn what_a_forgotten_buyer_wrote_is_gone_wherever_the_order_is_looked_at() {
    let center = TestCenter::start().await;
    let placed = center.placed(&order("g1")).await;
    let id = text(&placed["order_id"]).to_owned();
    let other = center.placed(&order("g2")).await;
    center.clock.advance(60_000);
    let at = format!("?at={}", text(&placed["created_at"]));
    let adjust = json!({"type": "adjust_price", "actor": {"kind": "store"}, "freight": 100});
    center.operate(&placed["shops"][0]["order_id"], &adjust).await.ok(200);
    let note = json!({
        "type": "note", "actor": {"kind": "buyer", "name": "Wang"}, "text": format!("or {SECRET}")
    });
    center.operate(&placed["order_id"], &note).await.ok(200);
    let note = json!({"type": "note", "actor": {"kind": "store"}, "text": "he will come by"});
    center.operate(&placed["order_id"], &note).await.ok(200);
    let revoke =
        json!({"type": "revoke", "actor": {"kind": "buyer"}, "reason": format!("ring {SECRET}")});
    center.operate(&placed["order_id"], &revoke).await.ok(200);
    assert!(all_of(&center, &id, &at).await.contains(SECRET));

    let gone = center.post("/api/forget", &json!({"buyer_id": "g1"})).await.ok(200);
    assert_eq!((&gone["found"], &gone["orders"]), (&json!(1), &json!(1)), "{gone}");
    let left = json!([{"order_id": id, "fields": ["extra", "notes"]}]);
    assert_eq!((&gone["left_to_judge"], &gone["left_orders"]), (&left, &json!(1)));
    assert_eq!(gone["unreached"], json!([]));
    let read = all_of(&center, &id, &at).await;
    assert!(!read.contains(SECRET), "{read}");
    assert!(
        read.contains("forgotten") && read.contains("已遗忘") && read.contains("he will come by")
    );
    let then = center.get(&format!("/api/orders/{id}{at}")).await.ok(200);
    assert_eq!((&then["status"], &then["freight"]), (&json!("created"), &json!(0)));
    assert_eq!(then["shops"][0]["buyer_comment"], "forgotten");
    let agreed = center.get(&format!("/api/orders/{id}/snapshots")).await.ok(200);
    assert!(agreed["snapshots"][0]["forgotten_at"].is_string(), "{agreed}");

    // Once more there is nothing left; of another buyer everything is; of nobody nothing was.
    let version = center.get(&format!("/api/orders/{id}")).await.ok(200)["version"].clone();
    let again = center.post("/api/forget", &json!({"buyer_id": "g1"})).await.ok(200);
    assert_eq!((&again["found"], &again["orders"]), (&json!(1), &json!(0)), "{again}");
    assert_eq!(center.get(&format!("/api/orders/{id}")).await.ok(200)["version"], version);
    assert!(all_of(&center, text(&other["order_id"]), "").await.contains(SECRET));
    let nobody = center.post("/api/forget", &json!({"buyer_id": "nobody"})).await.ok(200);
    assert_eq!((&nobody["found"], &nobody["left_orders"]), (&json!(0), &json!(0)));

    // The books agree with what is left, and the order goes on.
    center.post("/api/reconcile", &json!({})).await.ok(202);
    let note = json!({"type": "note", "actor": {"kind": "store"}, "text": "after it"});
    center.operate(&placed["order_id"], &note).await.ok(200);
}

#[tokio::test]
async fn a_placement_of_a_forgotten_buyer_that_waits_is_rejected_and_its_request_is_gone() {
    let center = TestCenter::start().await;
    let headers = |key| [("prefer", "respond-async"), ("idempotency-key", key)];
    for (buyer, key) in [("g1", "k1"), ("g2", "k2")] {
        center.post_with(&center.key, "/api/orders", &order(buyer), &headers(key)).await.ok(202);
    }
    let gone = center.post("/api/forget", &json!({"buyer_id": "g1"})).await.ok(200);
    assert_eq!((&gone["found"], &gone["placements"]), (&json!(0), &json!(1)), "{gone}");
    let state = async |key: &str| center.get(&format!("/api/placements/{key}")).await.ok(200);
    let rejected = state("k1").await;
    assert_eq!(rejected["status"], "rejected", "{rejected}");
    assert_eq!(rejected["reason"]["code"], "buyer_forgotten", "{rejected}");
    assert_eq!(state("k2").await["status"], "creating");
    let open = center.store.placements_open([0; 32], 9).await.expect("it is read");
    assert_eq!(open.len(), 1, "what was asked is not kept");
}
