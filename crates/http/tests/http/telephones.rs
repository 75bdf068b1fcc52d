//! Telephones over HTTP: found however they are written, and counted by the first number that can be read.

use crate::center::TestCenter;
use serde_json::{Value, json};

fn to(phone: &str) -> Value {
    json!({
        "buyer_id": "b1", "currency": "CNY", "actor": {"kind": "buyer", "id": "b1"}, "shops": [{
            "shop_id": "11", "ship_to": {"name": "A", "phone": phone},
            "items": [{"sku_id": "a", "quantity": "1", "list_price": 1000}]
        }]
    })
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| format!("{encoded}%{byte:02X}"))
}

async fn found(center: &TestCenter, filter: &str, text: &str) -> Vec<Value> {
    let path = format!("/api/orders?{filter}={}", encoded(text));
    let listed = center.get(&path).await.ok(200);
    let orders = listed["orders"].as_array().expect("orders");
    orders.iter().map(|order| order["order_id"].clone()).collect()
}

#[tokio::test]
async fn an_order_is_found_by_its_telephones_however_they_are_written() {
    let center = TestCenter::start().await;
    for (stored, asked, last4) in [
        ("010-88886666", "+86 10 88886666", "6666"),
        ("+86 10 8888 7777", "010-88887777", "7777"),
        ("13800007778转801", "13800007778", "7778"),
        ("13800001111/13900002222", "13900002222", "2222"),
        ("+852 9123 4567", "91234567", "4567"),
        ("+852 9123 4568", "852 9123 4568", "4568"),
        ("+1 (415) 555-0132", "4155550132", "0132"),
        ("+1 (415) 555-0133", "14155550133", "0133"),
        ("+886 912 345 678", "0912345678", "5678"),
        ("٠٥٥٥١٢٣٤٥٦", "0555123456", "٣٤٥٦"),
        ("8 (912) 345-67-89", "+7 912 345 67 89", "6789"),
        ("+7 912 345 67 80", "89123456780", "6780"),
        ("011 44 20 7946 0958", "+44 20 7946 0958", "0958"),
        ("+354 555 1234", "3545551234", "1234"),
        ("+86 10 8888 7770", "88887770", "7770"),
    ] {
        let order = center.placed(&to(stored)).await;
        let own = vec![order["order_id"].clone()];
        assert_eq!(found(&center, "phone", asked).await, own, "{stored} by {asked}");
        assert_eq!(found(&center, "phone", stored).await, own, "{stored} by itself");
        assert_eq!(found(&center, "phone_last4", last4).await, own, "{stored} by {last4}");
    }
    // What ends alike and is another number is not shown.
    assert_eq!(found(&center, "phone", "021-88886666").await, Vec::<Value>::new());
    assert_eq!(found(&center, "phone", "+853 9123 4567").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_limit_by_telephone_is_not_walked_around_by_how_it_is_typed() {
    let center = TestCenter::start_with(|settings| settings.coupons.per_phone_day = Some(1)).await;
    let any = json!({"kind": "amount", "face": 100, "currency": "CNY"});
    center.put("/api/coupons/ANY", &any).await.ok(200);
    let order = |n: usize, phone: &str| {
        let mut order = to(phone);
        order["shops"][0].as_object_mut().expect("a shop").remove("ship_to");
        order["buyer_id"] = json!(format!("b{n}"));
        order["buyer"] = json!({"name": "L", "phone": phone});
        order["coupons"] = json!([{"code": "ANY"}]);
        order
    };
    center.placed(&order(0, "13912340001")).await;
    for (n, same) in [
        "13912340001",
        "13912340001-1",
        "13912340001转2",
        "13912340001 ext 3",
        "013912340001",
        "+8613912340001 0",
        "٠١٣٩١٢٣٤٠٠٠١",
    ]
    .into_iter()
    .enumerate()
    {
        let refused = center.post("/api/orders", &order(n + 1, same)).await;
        let refused = refused.problem(409, "coupon_limit_reached");
        assert_eq!(refused["limit"], "per_phone_day", "{same}");
    }
    // Where goods go to China, free digits before a number, or behind it, make no other number of it.
    let to_china = |n: usize, phone: &str| {
        let mut order = order(n, phone);
        order["shops"][0]["ship_to"] = json!({"name": "L", "country": "CN"});
        order
    };
    for (n, same) in
        ["1 13912340001", "12345678 13912340001", "1234567890 13912340001"].into_iter().enumerate()
    {
        let refused = center.post("/api/orders", &to_china(n + 10, same)).await;
        refused.problem(409, "coupon_limit_reached");
    }
    for (n, longer) in
        ["113912340001", "+1 139 1234 0001", "91234567813912340001"].into_iter().enumerate()
    {
        let refused = center.post("/api/orders", &to_china(n + 15, longer)).await;
        refused.problem(409, "coupon_needs_phone");
    }
    for none in ["0", "ask me", "12345"] {
        let refused = center.post("/api/orders", &order(20, none)).await;
        let refused = refused.problem(409, "coupon_needs_phone");
        assert_eq!(refused["errors"][0]["field"], "buyer.phone", "{refused}");
    }
    // Another number counts for itself, and an order without coupons needs none.
    center.placed(&order(30, "13912340002")).await;
    let mut bare = order(31, "0");
    bare.as_object_mut().expect("an order").remove("coupons");
    center.placed(&bare).await;
}
