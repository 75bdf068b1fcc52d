//! Orders out of a file, as `docket export --format jsonl` writes them.

use crate::stage::{DETAIL, LIST, SECONDS, Stage, numbers, page};
use docket_sandbox::temu;
use serde_json::{Value, json};

/// A tree as an export shows it, with what concerns a marketplace and something that does not.
fn tree(number: &str, status: &str, shops: &[(&str, &[&str])]) -> Value {
    let shop = |(shop, lines): &(&str, &[&str])| {
        let item = |(nth, line): (usize, &&str)| {
            json!({
                "order_id": format!("{number}{shop}{nth}"), "level": "item", "sku_id": format!("sku-{nth}"),
                "title": "Tea", "status": line, "quantity": "2", "list_price": 1_490, "price": 2_980,
            })
        };
        json!({
            "shop_id": shop, "status": status,
            "items": lines.iter().enumerate().map(item).collect::<Vec<_>>(),
            "shipments": [{
                "tracking": "TRK-1", "at": "2018-08-29T22:02:00.000Z",
                "lines": [{"order_id": format!("{number}{shop}0"), "quantity": "2"}],
            }],
        })
    };
    json!({
        "order_id": "394711676542255185", "external_id": number, "status": status, "currency": "BRL",
        "created_at": "2018-08-29T00:56:00.000Z", "updated_at": "2026-11-29T16:02:53.704Z",
        "paid_at": "2018-08-29T01:10:00.000Z", "shipped_at": "2018-08-29T22:02:00.000Z",
        "received_at": null, "cancelled_at": null, "refunded_at": null,
        "shops": shops.iter().map(shop).collect::<Vec<_>>(),
    })
}

fn read(trees: &[Value]) -> Vec<temu::Tree> {
    let text: String = trees.iter().map(|tree| format!("{tree}\n")).collect::<Vec<_>>().concat();
    temu::read_orders(text.as_bytes()).expect("trees")
}

async fn set(trees: Vec<temu::Tree>, spread: temu::Spread) -> Stage {
    Stage::of(|settings| {
        (settings.limit, settings.orders, settings.shops) = (0, 0, 1);
        (settings.filed, settings.spread) = (trees, spread);
    })
    .await
}

#[tokio::test]
async fn a_tree_is_an_order_with_its_lines_times_products_and_packages() {
    let trees = read(&[tree("po-1", "shipped", &[("a", &["shipped", "paid"])])]);
    let stage = set(trees, temu::Spread::OneShop).await;
    let listed = stage.call(LIST, 0, page(1)).await;
    assert_eq!(numbers(&listed), ["po-1"]);
    let head = &listed["pageItems"][0]["parentOrderMap"];
    // Some lines are ahead of others.
    assert_eq!(head["parentOrderStatus"], json!(41));
    assert_eq!(head["parentOrderTime"], json!(1_535_504_160));
    assert_eq!(head["updateTime"], json!(1_535_580_120), "and not when it was written down");
    let detail = stage.call(DETAIL, 0, json!({"parentOrderSn": "po-1"})).await;
    let lines = detail["orderList"].as_array().unwrap();
    assert_eq!((&lines[0]["orderSn"], &lines[1]["orderSn"]), (&json!("po-1-1"), &json!("po-1-2")));
    assert_eq!((&lines[0]["orderStatus"], &lines[1]["orderStatus"]), (&json!(4), &json!(2)));
    assert_eq!(lines[0]["quantity"], json!(2));
    assert_eq!(lines[0]["productList"][0]["extCode"], json!("sku-0"));
    assert_eq!(lines[0]["packageSnInfo"][0]["packageSn"], json!("TRK-1"));
    assert_eq!(lines[1]["packageSnInfo"], json!([]));
    let amounts = stage.call("bg.order.amount.query", 0, json!({"parentOrderSn": "po-1"})).await;
    let total = &amounts["parentOrderMap"]["basePriceTotal"];
    assert_eq!(*total, json!({"currency": "BRL", "amount": 4 * 1_490}));
}

#[tokio::test]
async fn each_shop_of_a_file_may_have_a_shop_of_its_own() {
    let trees = read(&[
        tree("po-1", "received", &[("a", &["received"]), ("b", &["received"])]),
        tree("po-2", "cancelled", &[("b", &["cancelled"])]),
    ]);
    let stage = set(trees, temu::Spread::ByShop).await;
    let names: Vec<&str> = stage.shops.iter().map(|shop| shop.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(numbers(&stage.call(LIST, 0, page(1)).await), ["po-1"]);
    let second = stage.call(LIST, 1, page(1)).await;
    assert_eq!(numbers(&second), ["po-2", "po-1"]);
    let cancelled = &second["pageItems"][0]["orderList"][0];
    assert_eq!((&cancelled["quantity"], &cancelled["orderStatus"]), (&json!(0), &json!(3)));
}

#[tokio::test]
async fn the_times_of_a_file_may_be_brought_up_to_now() {
    let mut trees = read(&[tree("po-1", "shipped", &[("a", &["shipped"])])]);
    temu::brought_up_to(&mut trees, SECONDS);
    let stage = set(trees, temu::Spread::OneShop).await;
    let head = stage.call(LIST, 0, page(1)).await["pageItems"][0]["parentOrderMap"].clone();
    assert_eq!(head["updateTime"], json!(SECONDS));
    assert_eq!(head["parentOrderTime"], json!(SECONDS - 75_960));
}

#[test]
fn a_line_that_is_no_order_is_told_by_its_number() {
    let good = tree("po-1", "paid", &[("a", &["paid"])]);
    let mut timeless = good.clone();
    timeless["created_at"] = json!("yesterday");
    let empty = tree("po-2", "paid", &[]);
    for bad in [timeless.to_string(), empty.to_string(), "{".to_owned()] {
        let refused = temu::read_orders(format!("{good}\n\n{bad}\n").as_bytes()).unwrap_err();
        assert_eq!(refused.line, 3, "{refused}");
    }
}
