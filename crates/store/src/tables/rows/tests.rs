//! What is written of a changed order is what differs of its rows, and nothing else: shop orders and lines stay in the
//! order of their placement.

use super::*;
use docket_domain::tree::Revoke;
use docket_domain::{Amount, Quantity};

/// An order of two shop orders with two lines each.
fn order() -> Tree {
    let payment = serde_json::json!({
        "id": Id(1), "version": 1, "buyer_id": "b", "currency": "CNY", "type": "goods", "issuer": "web",
        "platform": "all", "created_at": Time(1000), "updated_at": Time(1000), "terms_version": 1,
        "tags": ["a"], "visible": "yes",
    });
    let shop = |n: i64| {
        let json = serde_json::json!({
            "id": Id(n), "shop_id": format!("s{n}"), "place": "main", "fulfilment": "parcel",
            "created_at": Time(1000), "updated_at": Time(1000),
        });
        let item = |id: i64| {
            let json = serde_json::json!({
                "id": Id(id), "sku_id": format!("sku{id}"), "list_price": 1000, "quantity": 1000,
            });
            serde_json::from_value(json).expect("a line")
        };
        let shop: ShopOrder = serde_json::from_value(json).expect("a shop order");
        ShopOrder { items: vec![item(n + 1), item(n + 2)], ..shop }
    };
    let payment = serde_json::from_value(payment).expect("a payment order");
    Tree { payment, shops: vec![shop(10), shop(20)] }
}

/// Things that change in the life of an order, each in rows of its own.
const CHANGES: [fn(&mut Tree); 8] = [
    |_| {},
    |tree| tree.payment.tags = vec!["b".to_owned()],
    |tree| {
        tree.payment.revoke = Revoke::Revoked { at: Time(2000), by: ActorKind::Buyer, reason: None }
    },
    |tree| tree.shops[1].freight = Amount::of(5),
    |tree| tree.shops[0].tags.push("c".to_owned()),
    |tree| tree.shops[0].created_at = Time(900),
    |tree| tree.shops[1].items[0].quantity = Quantity(2000),
    |tree| tree.shops[1].items[1].dropped_at = Some(Time(2000)),
];

#[test]
fn rows_that_changed_are_those_that_differ() {
    let seat = Seat::Center;
    let mut written = 0;
    for first in CHANGES {
        for second in CHANGES {
            let (mut before, mut after) = (order(), order());
            first(&mut before);
            second(&mut after);
            let (rows, gone) = changed_rows(&before, &after, &seat);
            let (old, new) = (tree_rows(&before, &seat), tree_rows(&after, &seat));
            let differ = |new: Vec<Vec<Value>>, old: &[Vec<Value>]| {
                new.into_iter().filter(|row| !old.contains(row)).collect::<Vec<_>>()
            };
            written += rows.shops.len() + rows.items.len();
            assert_eq!(rows.payment, new.payment);
            assert_eq!(rows.shops, differ(new.shops, &old.shops));
            assert_eq!(rows.items, differ(new.items, &old.items));
            assert_eq!(gone, old.terms.difference(&new.terms).cloned().collect());
            assert_eq!(rows.terms, new.terms.difference(&old.terms).cloned().collect());
        }
    }
    assert!(written > 50, "{written}");
}
