//! The life of an order through the API.

mod center;

use center::{TestCenter, example, text};
use serde_json::json;

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
