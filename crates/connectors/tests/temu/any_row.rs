//! A row that is damaged in any field, with anything that a field can hold, costs no row beside it, in every list.

use super::said::{parse_bytes, success};
use super::{aftersales, goods, orders_call, packages, said};
use docket_connectors::channel::{Answer, Call, Page};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A list: its call, the names of its rows and total, and three rows.
struct List {
    call: Call,
    rows: &'static str,
    total: &'static str,
    made: fn(u32) -> Value,
}

fn lists() -> Vec<List> {
    let list = |call, rows, total, made| List { call, rows, total, made };
    vec![
        list(orders_call(Page::First, 100), "pageItems", "totalItemNum", said::row),
        list(packages::unshipped_call(), "unshippedPackage", "totalItemNum", packages::unshipped),
        list(packages::shipments_call(), "shipmentInfoDTO", "none", packages::shipped),
        list(goods::products(Page::First), "goodsList", "total", goods::product),
        list(aftersales::refunds(), "data", "total", aftersales::refund),
        list(aftersales::goods_call(), "data", "total", aftersales::refund_goods),
        list(aftersales::cancels(), "data", "total", aftersales::cancel),
    ]
}

impl List {
    fn body(&self, rows: &[Value]) -> String {
        success(&json!({self.rows: rows, self.total: rows.len()}))
    }

    /// What is read of each row, and how many rows are refused.
    fn read(&self, body: &[u8]) -> (Vec<String>, usize) {
        fn shown<T: std::fmt::Debug>(rows: &[T]) -> Vec<String> {
            rows.iter().map(|row| format!("{row:?}")).collect()
        }
        match parse_bytes(&self.call, 200, &[], body).expect("a page") {
            Answer::Orders(page) => (shown(&page.orders), page.refused.len()),
            Answer::Packages(page) => (shown(&page.packages), page.refused.len()),
            Answer::Products(page) => (shown(&page.products), page.refused.len()),
            Answer::Aftersales(page) => (shown(&page.aftersales), page.refused.len()),
            Answer::AftersaleGoods(page) => (shown(&page.goods), page.refused.len()),
            other => panic!("{other:?}"),
        }
    }
}

/// Values that a field may have, as text: also such as no `Value` can be.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "1e999",
            "-0",
            "99999999999999999999",
            "\"\\ud800\"",
            "\"\"",
            "[]",
            "{}",
            "[[[]]]",
            "{\"a\":{\"a\":1},\"a\":2}",
            "\"\\u0000\"",
            "0.5",
            "[null]",
            "[{}]",
            "\"x\"",
        ])
        .prop_map(str::to_owned),
        Just(format!("{}{}", "[".repeat(500), "]".repeat(500))),
        Just(format!("\"{}\"", "ä".repeat(3000))),
        any::<String>().prop_map(|text| Value::from(text).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| Value::from(number).to_string()),
    ]
}

/// Every place in a row, as a JSON pointer.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), into));
        }
        Value::Array(rows) => {
            let rows = rows.iter().enumerate();
            rows.for_each(|(index, value)| places(value, &format!("{at}/{index}"), into));
        }
        _ => {}
    }
}

/// Every place in a row of every list.
fn all_places() -> Vec<(usize, String)> {
    let lists = lists().into_iter().enumerate();
    let all = lists.flat_map(|(number, list)| {
        let mut all = Vec::new();
        places(&(list.made)(2), "", &mut all);
        all.into_iter().map(move |place| (number, place))
    });
    all.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 768, ..ProptestConfig::default() })]

    #[test]
    fn a_row_damaged_anywhere_costs_no_neighbour(
        (list, place) in prop::sample::select(all_places()),
        damage in any_text(),
        also_invalid_utf8 in any::<bool>(),
    ) {
        const HERE: &str = "place-of-damage";
        let list = lists().remove(list);
        let made = list.made;
        let (whole, none) = list.read(list.body(&[made(1), made(2), made(3)]).as_bytes());
        prop_assert_eq!((whole.len(), none), (3, 0));
        let mut damaged = made(2);
        *damaged.pointer_mut(&place).unwrap() = json!(HERE);
        let mut damage = damage.into_bytes();
        if also_invalid_utf8 && damage.starts_with(b"\"") {
            damage.insert(1, 0xFF);
        }
        let body = list.body(&[made(1), damaged, made(3)]);
        let (before, behind) = body.split_once(&json!(HERE).to_string()).expect("it is damaged");
        let body = [before.as_bytes(), &damage, behind.as_bytes()].concat();
        let (read, refused) = list.read(&body);
        prop_assert_eq!(read.len() + refused, 3);
        prop_assert_eq!(read.first(), whole.first());
        prop_assert_eq!(read.last(), whole.last());
    }

    #[test]
    fn what_is_kept_of_an_order_is_json(
        place in prop::sample::select(all_places()).prop_filter("orders", |(list, _)| *list == 0),
        damage in any_text(),
    ) {
        let mut damaged = said::row(2);
        *damaged.pointer_mut(&place.1).unwrap() = json!("here");
        let body = said::page(&[damaged], 1).replace("\"here\"", &damage);
        let read = parse_bytes(&orders_call(Page::First, 100), 200, &[], body.as_bytes());
        let Ok(Answer::Orders(page)) = read else { panic!("{read:?}") };
        for order in &page.orders {
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&order.payload).is_ok());
        }
    }
}
