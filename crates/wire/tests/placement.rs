//! Placements as callers send them: what is read, and every wrong field told at once.

mod least;

use docket_domain::tree::Tax;
use docket_domain::words::{Fulfilment, OrderType, Platform};
use docket_domain::{ActorKind, Amount, Quantity};
use docket_wire::placement::{Placed, read};
use docket_wire::{Markets, Unreadable};
use least::{least, one, placed, told, with};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The placement that the contract writes out, with every further field it names.
fn full() -> Value {
    let item = json!({
        "sku_id": "1", "item_id": "9", "title": "Tea", "quantity": "2", "list_price": 6000,
        "item_discount": 200, "tax": 780, "weighed": false, "attributes": {}, "image": "https://x/y.png",
        "deliver_area_id": "a", "deliver_code": "c", "extra": {"l": [1, null]}
    });
    let shop = json!({
        "shop_id": "11", "place": "north", "fulfilment": "code", "freight": 600, "freight_tax": 78, "shop_discount": 300,
        "buyer_comment": "two\nlines", "promotions": [{"id": 1}], "tags": ["fragile"],
        "ship_to": {"name": "王小明", "phone": "13800000000", "country": "CN", "province": "浙江", "city": "杭州",
            "district": "西湖", "town": "t", "address": "1 Lake Road", "zip": "310000"},
        "items": [item]
    });
    json!({
        "buyer_id": "1001", "currency": "CNY", "type": "goods", "platform": "h5", "market": "zebra",
        "expected_total": 11500, "platform_discount": 500, "coins": 100, "third_party_discount": 0, "tax_included": false,
        "coupons": [], "client_token": "t-1", "external_id": "e-1", "channel": "temu",
        "buyer": {"phone": "13800000000", "name": "王小明"}, "source": {"page": "cart"},
        "extra": {"k": 1.5}, "tags": ["gift"],
        "actor": {"kind": "buyer", "id": "1001", "name": "Ada"}, "shops": [shop]
    })
}

#[test]
fn the_placement_of_the_contract_is_read_whole() {
    let Placed { placement, person, actor } = placed(&full()).expect("it is right");
    assert_eq!(placement.buyer_id.as_deref(), Some("1001"));
    assert_eq!((placement.market, placement.platform), (1, Platform::H5));
    assert_eq!(placement.expected_total, Some(11_500));
    assert_eq!(placement.platform_discount, Amount::of(500));
    assert_eq!(placement.tags, ["gift"]);
    assert_eq!(placement.source, Some(json!({"page": "cart"})));
    let shop = &placement.shops[0];
    assert_eq!(
        (&*shop.place, shop.fulfilment, shop.has_ship_to),
        ("north", Fulfilment::Code, true)
    );
    assert_eq!((shop.freight, shop.shop_discount), (Amount::of(600), Amount::of(300)));
    let taxes = (placement.tax, shop.freight_tax, shop.items[0].tax);
    assert_eq!(taxes, (Tax::OnTop, Amount::of(78), Amount::of(780)));
    assert_eq!(shop.buyer_comment.as_deref(), Some("two\nlines"));
    let item = &shop.items[0];
    assert_eq!((item.quantity, item.list_price), (Quantity(2000), Amount::of(6000)));
    assert_eq!(item.extra, Some(json!({"l": [1, null]})));
    assert_eq!(person.buyer.name.as_deref(), Some("王小明"));
    let ship_to = person.ship_to[0].as_ref().expect("a ship-to");
    assert_eq!(ship_to.zip.as_deref(), Some("310000"));
    assert_eq!(ship_to.country.as_deref(), Some("CN"));
    let actor = actor.expect("an actor");
    assert_eq!((actor.kind, actor.name.as_deref()), (ActorKind::Buyer, Some("Ada")));
}

#[test]
fn what_is_left_out_or_null_takes_its_default() {
    let mut body = least();
    body["buyer_id"] = Value::Null;
    body["shops"][0]["ship_to"] = Value::Null;
    let Placed { placement, person, actor } = placed(&body).expect("it is right");
    assert_eq!((placement.order_type, placement.market), (OrderType::Goods, 0));
    assert_eq!((placement.platform, placement.coins), (Platform::All, Amount::ZERO));
    let shop = &placement.shops[0];
    assert_eq!(
        (&*shop.place, shop.fulfilment, shop.has_ship_to),
        ("main", Fulfilment::Parcel, false)
    );
    let taxes = (placement.tax, shop.freight_tax, shop.items[0].tax);
    assert_eq!(taxes, (Tax::Included, Amount::ZERO, Amount::ZERO));
    assert!(person.is_empty() && person.ship_to.len() == 1 && actor.is_none());

    body["type"] = "takeaway".into();
    let takeaway = placed(&body).expect("it is right").placement;
    assert_eq!(takeaway.shops[0].fulfilment, Fulfilment::Takeaway);
    body["type"] = "hotel".into();
    assert_eq!(placed(&body).expect("right").placement.shops[0].fulfilment, Fulfilment::Code);
}

#[test]
fn every_wrong_field_is_told_at_once() {
    let body = json!({
        "buyer_id": 1001, "currency": "RMB", "quantity": "1", "coins": null,
        "coupons": [{"code": "x", "amount": 1}, {"code": "x"}, {"shop_id": "11"}],
        "shops": [
            {"shop_id": "", "freight": -1, "items": [
                {"sku_id": "1", "quantity": "0", "list_price": 1.5},
                {"quantity": "1000000", "list_price": 1_000_000_000_000_i64, "colour": "red"}]},
            {"items": []}
        ]
    });
    let mut errors = placed(&body).expect_err("it is refused");
    errors.sort();
    let expected = [
        ("buyer_id", "wrong_type"),
        ("coins", "null_not_allowed"),
        ("coupons[0].amount", "unknown_field"),
        ("coupons[2].code", "required"),
        ("currency", "not_a_currency"),
        ("quantity", "unknown_field"),
        ("shops[0].freight", "too_small"),
        ("shops[0].items[0].list_price", "wrong_type"),
        ("shops[0].items[0].quantity", "too_small"),
        ("shops[0].items[1].colour", "unknown_field"),
        ("shops[0].items[1].list_price", "too_large"),
        ("shops[0].items[1].quantity", "too_large"),
        ("shops[0].items[1].sku_id", "required"),
        ("shops[0].shop_id", "empty"),
        ("shops[1].items", "empty"),
        ("shops[1].shop_id", "required"),
    ];
    let expected: Vec<_> = expected.map(|(field, code)| (field.to_owned(), code)).into();
    assert_eq!(errors, expected);
}

#[test]
fn one_wrong_field_is_one_error_wherever_it_stands() {
    // A field that is read too late would show up as unknown beside the wrong one.
    fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                map.iter().for_each(|(name, value)| walk(value, &format!("{at}/{name}"), found));
            }
            Value::Array(list) => {
                let each = list.iter().enumerate();
                each.for_each(|(index, value)| walk(value, &format!("{at}/{index}"), found));
            }
            _ => {}
        }
        found.push(at.to_owned());
    }
    let mut pointers = Vec::new();
    walk(&full(), "", &mut pointers);
    let free = ["source", "extra", "attributes", "promotions"];
    let carried = |pointer: &str| free.iter().any(|name| pointer.contains(&format!("/{name}")));
    for pointer in pointers.into_iter().filter(|pointer| !carried(pointer)) {
        let mut body = full();
        *body.pointer_mut(&pointer).expect("it is there") = Value::from(-0.5);
        let errors = placed(&body).expect_err("it is refused");
        let field = pointer.trim_start_matches('/').replace('/', ".");
        let field = field.replace(".0", "[0]");
        assert_eq!(errors, one(&field, "wrong_type"), "{pointer}");
    }
}

#[test]
fn an_unknown_field_names_the_nearest_known_one() {
    let mut body = least();
    body["shops"][0]["items"][0]["quantitiy"] = "1".into();
    let why = read(body.to_string().as_bytes(), &Markets::default()).expect_err("it is refused");
    let Unreadable::Wrong(errors) = why else { panic!("it is JSON") };
    assert_eq!(errors[0].field, "shops[0].items[0].quantitiy");
    assert!(errors[0].message.contains("`quantity`"), "{}", errors[0].message);
}

#[test]
fn identifiers_are_kept_as_given_or_refused() {
    for (value, code) in [
        (json!(11), "wrong_type"),
        (json!(""), "empty"),
        (json!("x".repeat(65)), "too_long"),
        (json!(" 11"), "not_trimmed"),
        (json!("1\u{0}1"), "control_character"),
    ] {
        assert_eq!(
            with("/shops/0/shop_id", value.clone()),
            one("shops[0].shop_id", code),
            "{value}"
        );
    }
    // 64 bytes, not characters.
    assert_eq!(with("/client_token", json!("单".repeat(22))), one("client_token", "too_long"));
}

#[test]
fn texts_are_counted_in_characters_and_free_json_in_bytes() {
    let mut body = least();
    body["shops"][0]["items"][0]["title"] = "茶".repeat(128).into();
    body["shops"][0]["buyer_comment"] = "好".repeat(1024).into();
    body["extra"] = json!({"k": "x".repeat(5992)});
    assert!(placed(&body).is_ok());
    let title = with("/shops/0/items/0/title", "茶".repeat(129).into());
    assert_eq!(title, one("shops[0].items[0].title", "too_long"));
    assert_eq!(with("/extra", json!({"k": "x".repeat(5993)})), one("extra", "too_long"));
    let attributes = with("/shops/0/items/0/attributes", json!({"k": "x".repeat(4000)}));
    assert_eq!(attributes, one("shops[0].items[0].attributes", "too_long"));
    let deep = (0..33).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(with("/extra", deep), one("extra", "too_deep"));
}

#[test]
fn fifty_shops_and_five_hundred_lines_are_the_most() {
    let order = |shops: usize, lines: usize| {
        let item = json!({"sku_id": "1", "quantity": "1", "list_price": 1});
        let shop = json!({"shop_id": "1", "items": vec![item; lines]});
        json!({"currency": "CNY", "shops": vec![shop; shops]})
    };
    assert!(placed(&order(50, 10)).is_ok());
    assert_eq!(placed(&order(51, 1)), Err(one("shops", "too_many")));
    assert!(placed(&order(1, 500)).is_ok());
    assert_eq!(placed(&order(1, 501)), Err(one("shops[0].items", "too_many")));
    assert_eq!(placed(&order(3, 167)), Err(one("shops", "too_many")));
    assert_eq!(placed(&order(0, 0)), Err(one("shops", "empty")));
}

#[test]
fn nobody_claims_to_be_a_timer() {
    for kind in ["timer", "system"] {
        assert_eq!(with("/actor", json!({"kind": kind})), one("actor.kind", "actor_not_allowed"));
    }
    assert_eq!(with("/actor", json!({"kind": "king"})), one("actor.kind", "not_a_word"));
}

#[test]
fn a_field_that_is_given_twice_is_refused() {
    let body =
        br#"{"currency":"CNY","currency":"USD","extra":{"a":1,"a":2},"shops":[{"shop_id":"1",
        "items":[{"sku_id":"1","quantity":"1","list_price":1,"list_price":2}]}]}"#;
    let mut errors = told(body).expect_err("it is refused");
    errors.sort();
    let twice = ["currency", "extra", "shops[0].items[0].list_price"];
    assert_eq!(errors, twice.map(|field| (field.to_owned(), "duplicate")));
}

#[test]
fn what_is_no_object_is_refused() {
    for (body, code) in [
        (&b"[]"[..], "wrong_type"),
        (b"null", "wrong_type"),
        (b"", "malformed_json"),
        (b"{", "malformed_json"),
        (b"{\"currency\":\"\xff\"}", "bad_utf8"),
        (b"\xef\xbb\xbf{}", "malformed_json"),
    ] {
        assert_eq!(told(body), Err(one("", code)), "{body:?}");
    }
    let deep = format!("{{\"extra\":{}1{}}}", "[".repeat(100), "]".repeat(100));
    assert_eq!(told(deep.as_bytes()), Err(one("", "too_deep")));
}

#[test]
fn an_answer_names_a_hundred_wrong_fields_at_most() {
    let fields: Vec<String> = (0..1_000).map(|n| format!("\"f{n}\":1")).collect();
    let body = format!("{{{}}}", fields.join(","));
    assert_eq!(told(body.as_bytes()).expect_err("it is refused").len(), 100);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9.+-]{0,8}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(a_name(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Names that the readers know, so that what is generated reaches far inside.
fn a_name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "currency",
        "shops",
        "items",
        "shop_id",
        "sku_id",
        "quantity",
        "list_price",
        "type",
        "actor",
        "kind",
        "lines",
        "order_id",
        "refund_id",
        "amount",
        "payments",
        "shipments",
        "ship_to",
        "status",
        "remark",
        "at",
        "tags",
        "add",
        "extra",
        "coupons",
        "home",
        "received_at",
        "market",
        "freight",
    ]);
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

proptest! {
    #[test]
    fn no_json_makes_a_reader_panic(body in any_json()) {
        let text = body.to_string();
        let _ = read(text.as_bytes(), &Markets::default());
        let _ = docket_wire::record::read(text.as_bytes(), &Markets::default(), "k");
        let node = docket_domain::Id(1);
        let _ = docket_wire::operation::read(text.as_bytes(), node, docket_domain::story::Language::En);
    }

    #[test]
    fn no_field_put_into_a_placement_makes_it_panic(
        value in any_json(), name in a_name(), at in 0..4_usize
    ) {
        let mut body = full();
        let pointer = ["", "/shops/0", "/shops/0/items/0", "/actor"][at];
        body.pointer_mut(pointer).expect("it is there")[&name] = value;
        let text = body.to_string();
        let _ = read(text.as_bytes(), &Markets::default());
        let _ = docket_wire::record::read(text.as_bytes(), &Markets::default(), "k");
    }

    #[test]
    fn bytes_that_are_nearly_a_placement_never_make_it_panic(at in 0..900_usize, byte in any::<u8>()) {
        let mut body = full().to_string().into_bytes();
        let at = at % body.len();
        body[at] = byte;
        let _ = read(&body, &Markets::default());
    }
}
