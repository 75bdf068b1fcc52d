//! Each invariant can be broken, and is then told.

use super::*;
use serde_json::json;

/// What the API shows of an order as it was asked for.
fn shown(order: &Order) -> Value {
    let shop = |shop: &orders::Shop| {
        let item = |line: &orders::Line| {
            let price = orders::price_of(line.sku) * line.quantity;
            json!({"sku_id": orders::sku_id(line.sku), "quantity": line.quantity.to_string(),
                "price": price, "item_discount": 0, "to_pay": price,
                "shares": {"shop": 0, "platform": 0, "coins": 0, "third_party": 0}})
        };
        let items: Vec<_> = shop.lines.iter().map(item).collect();
        let price: u64 = items.iter().map(|item| item["price"].as_u64().unwrap()).sum();
        json!({"price": price, "freight": shop.freight, "shop_discount": 0,
            "freight_shares": {"coins": 0, "third_party": 0}, "to_pay": price + shop.freight,
            "items": items})
    };
    let freight: u64 = order.shops.iter().map(|shop| shop.freight).sum();
    json!({"price": order.payable() - freight, "freight": freight, "platform_discount": 0, "coins": 0,
        "third_party_discount": 0, "payable": order.payable(), "paid": 0, "payment_status": "unpaid",
        "shops": order.shops.iter().map(shop).collect::<Vec<_>>()})
}

#[test]
fn a_tree_as_it_was_asked_for_adds_up() {
    for number in 0..100 {
        let order = Order::new(1, number);
        assert_eq!(add_up(&shown(&order), &order, Paid::No), Ok(()));
    }
}

#[test]
fn every_figure_of_a_tree_is_looked_at() {
    let order = Order::new(1, 1);
    let figures = [
        "/payable",
        "/price",
        "/freight",
        "/paid",
        "/platform_discount",
        "/coins",
        "/third_party_discount",
        "/shops/1/price",
        "/shops/0/freight",
        "/shops/0/shop_discount",
        "/shops/1/to_pay",
        "/shops/1/freight_shares/coins",
        "/shops/0/items/1/price",
        "/shops/0/items/1/to_pay",
        "/shops/0/items/1/shares/platform",
        "/shops/1/items/0/shares/shop",
        "/shops/1/items/0/item_discount",
    ];
    for figure in figures {
        let mut tree = shown(&order);
        let place = tree.pointer_mut(figure).unwrap();
        *place = json!(place.as_i64().unwrap() + 1);
        assert!(add_up(&tree, &order, Paid::No).is_err(), "{figure}");
        *tree.pointer_mut(figure).unwrap() = Value::Null;
        assert!(add_up(&tree, &order, Paid::No).is_err(), "{figure} unknown");
    }
}

#[test]
fn another_order_or_an_unpaid_one_does_not_pass() {
    let order = Order::new(1, 1);
    assert!(add_up(&shown(&order), &Order::new(1, 2), Paid::No).is_err());
    assert!(add_up(&shown(&order), &order, Paid::Yes).is_err());
    let mut paid = shown(&order);
    paid["paid"] = json!(order.payable());
    assert!(add_up(&paid, &order, Paid::Yes).is_err(), "its status says unpaid");
    paid["payment_status"] = json!("paid");
    assert_eq!(add_up(&paid, &order, Paid::Yes), Ok(()));
}

fn placed(ids: &[i64]) -> Vec<Placed> {
    ids.iter().zip(0..).map(|(id, number)| Placed { number, id: *id, paid: Paid::No }).collect()
}

#[test]
fn lost_doubled_and_unasked_orders_are_told() {
    assert_eq!(compare_orders(&[1, 2, 3], &placed(&[3, 1, 2])), [""; 0]);
    assert_eq!(compare_orders(&[1, 3], &placed(&[3, 1, 2])).len(), 1);
    assert_eq!(compare_orders(&[1, 2, 3], &placed(&[3, 1, 2, 2])).len(), 1);
    assert_eq!(compare_orders(&[1, 2, 3, 4], &placed(&[3, 1, 2])).len(), 1);
}

#[test]
fn stock_that_is_off_by_a_thousandth_is_told() {
    let all = ON_HAND as i64 * 1_000;
    let asked = BTreeMap::from([(5, 3_000)]);
    let stock = |on_hand, held| -> Vec<[i64; 3]> {
        let row = |sku| if sku == 5 { [sku, on_hand, held] } else { [sku, all, 0] };
        (0..orders::SKUS as i64).map(row).collect()
    };
    assert_eq!(compare_stock(&asked, &[[5, 3_000]], &stock(all, 3_000)), [""; 0]);
    assert_eq!(compare_stock(&asked, &[[5, 3_000]], &stock(all - 3_000, 0)), [""; 0]);
    assert_eq!(compare_stock(&asked, &[[5, 3_000]], &stock(all, 2_999)).len(), 1);
    assert_eq!(compare_stock(&asked, &[[5, 2_000]], &stock(all, 3_000)).len(), 1);
    assert_eq!(compare_stock(&asked, &[], &stock(all, 0)).len(), 1);
    assert_eq!(compare_stock(&asked, &[[5, 3_000]], &stock(all, 3_000)[1..]).len(), 1);
}
