//! Lists by their filters, page after page.

use crate::center::{TestCenter, example, text};
use serde_json::{Value, json};

async fn ids(center: &TestCenter, query: &str) -> Vec<String> {
    let page = center.get(&format!("/api/orders?{query}")).await.ok(200);
    page["orders"]
        .as_array()
        .expect("orders")
        .iter()
        .map(|order| text(&order["order_id"]).to_owned())
        .collect()
}

fn order(buyer: &str, shop: &str, sku: &str) -> Value {
    let mut order = example();
    order["buyer_id"] = json!(buyer);
    order["shops"][0]["shop_id"] = json!(shop);
    order["shops"][0]["items"][0]["sku_id"] = json!(sku);
    order
}

#[tokio::test]
async fn each_filter_finds_its_orders_and_no_others() {
    let center = TestCenter::start().await;
    let mut first = order("b1", "s1", "k1");
    first["external_id"] = json!("e-1");
    first["client_token"] = json!("t-1");
    first["tags"] = json!(["gift"]);
    first["channel"] = json!("temu");
    let first = center.placed(&first).await;
    center.clock.advance(60_000);
    let mut second = order("b2", "s2", "k2");
    second["shops"][0]["ship_to"]["phone"] = json!("13911112222");
    second["shops"][0]["place"] = json!("north");
    let second = center.placed(&second).await;
    let paid = json!({
        "type": "payment_succeeded", "tender": "cash", "reference": "r-1", "amount": 11500, "actor": {"kind": "till"}
    });
    center.operate(&second["order_id"], &paid).await.ok(200);
    let ship = json!({"type": "ship", "tracking": "SF1", "actor": {"kind": "seller"}});
    center.operate(&second["order_id"], &ship).await.ok(200);

    let (one, two) = (text(&first["order_id"]), text(&second["order_id"]));
    for (query, expected) in [
        (String::new(), vec![two, one]),
        ("buyer=b1".to_owned(), vec![one]),
        ("shop=s2".to_owned(), vec![two]),
        ("sku=k1".to_owned(), vec![one]),
        ("external_id=e-1".to_owned(), vec![one]),
        ("client_token=t-1".to_owned(), vec![one]),
        ("tag=gift".to_owned(), vec![one]),
        ("channel=temu".to_owned(), vec![one]),
        ("phone=%2B86%20139-1111-2222".to_owned(), vec![two]),
        ("phone_last4=0001".to_owned(), vec![one]),
        ("place=north".to_owned(), vec![two]),
        ("tracking=SF1".to_owned(), vec![two]),
        ("status=shipped".to_owned(), vec![two]),
        ("status=created".to_owned(), vec![one]),
        ("store_status=paid".to_owned(), vec![two]),
        ("type=goods".to_owned(), vec![two, one]),
        ("type=hotel".to_owned(), vec![]),
        ("refund=none".to_owned(), vec![two, one]),
        ("anomaly=oversold".to_owned(), vec![]),
        ("duplicate=true".to_owned(), vec![]),
        (format!("id={}", text(&second["shops"][0]["items"][0]["order_id"])), vec![two]),
        ("created_from=2026-11-20T10:00:30Z".to_owned(), vec![two]),
        ("created_to=2026-11-20T10:00:30Z".to_owned(), vec![one]),
        ("paid_from=2026-11-20T10:00:30Z".to_owned(), vec![two]),
        ("updated_to=2026-11-20T10:00:30Z&sort=updated".to_owned(), vec![one]),
        ("buyer=b1&shop=s2".to_owned(), vec![]),
    ] {
        assert_eq!(ids(&center, &query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn pages_join_without_gap_or_repetition() {
    let center = TestCenter::start().await;
    let mut placed = Vec::new();
    for n in 0..7 {
        // Two of them in the same millisecond.
        center.clock.advance(i64::from(n % 2) * 1000);
        let tree = center.placed(&order(&n.to_string(), "s", "k")).await;
        placed.insert(0, text(&tree["order_id"]).to_owned());
    }
    let (mut seen, mut query) = (Vec::new(), "limit=3".to_owned());
    loop {
        let page = center.get(&format!("/api/orders?{query}")).await.ok(200);
        let orders = page["orders"].as_array().expect("orders");
        assert!(orders.len() <= 3);
        seen.extend(orders.iter().map(|order| text(&order["order_id"]).to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        assert!(
            next.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        );
        query = format!("limit=3&cursor={next}");
    }
    seen.sort_unstable();
    placed.sort_unstable();
    assert_eq!(seen, placed);
}

#[tokio::test]
async fn rows_show_the_payment_order_and_trees_on_request() {
    let center = TestCenter::start().await;
    let tree = center.placed(&example()).await;
    let row = center.get("/api/orders").await.ok(200)["orders"][0].clone();
    assert!(row.get("shops").is_none());
    assert_eq!((&row["payable"], &row["level"]), (&tree["payable"], &json!("payment")));
    let whole = center.get("/api/orders?expand=tree").await.ok(200);
    assert_eq!(whole["orders"][0], tree);
}

#[tokio::test]
async fn shop_orders_and_item_orders_are_listed_by_themselves() {
    let center = TestCenter::start().await;
    let mut two = example();
    let mut second = two["shops"][0].clone();
    second["shop_id"] = json!("12");
    second["items"][0]["sku_id"] = json!("2");
    two["shops"].as_array_mut().expect("a list").push(second);
    two.as_object_mut().expect("an object").remove("expected_total");
    let tree = center.placed(&two).await;
    let shops = center.get("/api/orders?level=shop").await.ok(200);
    assert_eq!(shops["orders"].as_array().map(Vec::len), Some(2));
    let shop = center.get("/api/orders?level=shop&shop=12").await.ok(200)["orders"].clone();
    assert_eq!(shop.as_array().map(Vec::len), Some(1));
    assert_eq!(shop[0]["order_id"], tree["shops"][1]["order_id"]);
    assert_eq!(shop[0]["payment_order_id"], tree["order_id"]);
    assert!(shop[0].get("items").is_none());
    let whole = center.get("/api/orders?level=shop&shop=12&expand=tree").await.ok(200);
    assert_eq!(whole["orders"][0]["items"], tree["shops"][1]["items"]);
    let items = center.get("/api/orders?level=item&sku=2").await.ok(200)["orders"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(1));
    assert_eq!(items[0]["order_id"], tree["shops"][1]["items"][0]["order_id"]);
    assert_eq!(items[0]["shop_order_id"], tree["shops"][1]["order_id"]);

    // A shop order that is further than its tree is found by its own status.
    let paid = json!({
        "type": "payment_succeeded", "tender": "cash", "reference": "r-1", "amount": tree["payable"],
        "actor": {"kind": "till"}
    });
    center.operate(&tree["order_id"], &paid).await.ok(200);
    let ship = json!({"type": "ship", "actor": {"kind": "seller"}});
    center.operate(&tree["shops"][1]["order_id"], &ship).await.ok(200);
    let shipped =
        center.get("/api/orders?level=shop&status=shipped").await.ok(200)["orders"].clone();
    assert_eq!(shipped.as_array().map(Vec::len), Some(1));
    assert_eq!(shipped[0]["shop_id"], "12");
    let own = format!("/api/orders?level=item&id={}", text(&tree["shops"][0]["order_id"]));
    let items = center.get(&own).await.ok(200)["orders"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(1));
    assert_eq!(items[0]["sku_id"], "1");
}

#[tokio::test]
async fn a_page_of_lines_has_no_more_than_its_limit_and_goes_on_inside_an_order() {
    let center = TestCenter::start().await;
    let mut placed = Vec::new();
    for lines in [3, 1, 4, 2] {
        let item =
            |n: usize| json!({"sku_id": format!("{lines}-{n}"), "quantity": "1", "list_price": 1});
        let items: Vec<_> = (0..lines).map(item).collect();
        let order = json!({"currency": "CNY", "actor": {"kind": "buyer"}, "shops": [{"shop_id": "1", "items": items}]});
        placed.push(center.placed(&order).await);
        center.clock.advance(1000);
    }
    let mut wanted = Vec::new();
    for tree in placed.iter().rev() {
        let items = tree["shops"][0]["items"].as_array().expect("lines");
        wanted.extend(items.iter().map(|item| text(&item["sku_id"]).to_owned()));
    }
    for limit in 1..=11 {
        let (mut seen, mut query) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/orders?level=item&limit={limit}{query}");
            let page = center.get(&path).await.ok(200);
            let rows = page["orders"].as_array().expect("lines").clone();
            assert!(rows.len() <= limit, "{} lines of {limit}", rows.len());
            seen.extend(rows.iter().map(|row| text(&row["sku_id"]).to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            query = format!("&cursor={next}");
        }
        assert_eq!(seen, wanted, "{limit}");
    }
}

#[tokio::test]
async fn the_log_across_orders_is_filtered_and_paged() {
    let center = TestCenter::start().await;
    for _ in 0..3 {
        let tree = center.placed(&example()).await;
        let note = json!({"type": "note", "text": "hello", "actor": {"kind": "seller", "id": "s-7", "name": "Bo"}});
        center.operate(&tree["order_id"], &note).await.ok(200);
        center.clock.advance(1000);
    }
    let kinds = |page: &Value| {
        let rows = page["operations"].as_array().expect("rows");
        rows.iter().map(|row| text(&row["kind"]).to_owned()).collect::<Vec<_>>()
    };
    let notes = center.get("/api/operations?type=note").await.ok(200);
    assert_eq!(kinds(&notes), ["note", "note", "note"]);
    assert_eq!(
        notes["operations"][0]["actor"],
        json!({"kind": "seller", "id": "s-7", "name": "Bo"})
    );
    let of_one = center.get("/api/operations?operator=s-7&from=2026-11-20T10:00:01Z").await.ok(200);
    assert_eq!(kinds(&of_one).len(), 2);
    let (mut seen, mut query) = (0, "limit=4".to_owned());
    loop {
        let page = center.get(&format!("/api/operations?{query}")).await.ok(200);
        seen += kinds(&page).len();
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=4&cursor={next}");
    }
    assert_eq!(seen, 6);
}
