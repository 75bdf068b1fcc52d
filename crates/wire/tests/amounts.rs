//! Amounts, quantities and taxes of placements: their bounds, one by one and together.

mod least;

use docket_domain::Amount;
use docket_domain::tree::Tax;
use docket_wire::Markets;
use least::{least, one, placed, told, with};
use serde_json::{Value, json};

#[test]
fn amounts_are_whole_numbers_inside_their_range() {
    for (value, code) in [
        (json!(-1), "too_small"),
        (json!(1_000_000_000_000_i64), "too_large"),
        (json!(u64::MAX), "too_large"),
        (json!(1e30), "too_large"),
        (json!(1.0), "wrong_type"),
        (json!("100"), "wrong_type"),
        (json!(true), "wrong_type"),
        (json!(null), "null_not_allowed"),
    ] {
        let place = "/shops/0/items/0/list_price";
        assert_eq!(
            with(place, value.clone()),
            one("shops[0].items[0].list_price", code),
            "{value}"
        );
        assert_eq!(with("/coins", value.clone()), one("coins", code), "{value}");
        assert_eq!(with("/expected_total", value.clone()), one("expected_total", code), "{value}");
    }
    let huge = String::from_utf8(least().to_string().into_bytes()).expect("text");
    let huge = huge.replace("100", "123456789012345678901234567890");
    assert_eq!(told(huge.as_bytes()), Err(one("shops[0].items[0].list_price", "too_large")));
}

#[test]
fn a_total_beyond_every_amount_is_refused() {
    let mut body = least();
    body["shops"][0]["items"][0]["list_price"] = 999_999_999_999_i64.into();
    assert!(placed(&body).is_ok());
    body["shops"][0]["items"][0]["quantity"] = "999999".into();
    assert_eq!(placed(&body), Err(one("shops", "too_large")));
}

#[test]
fn quantities_are_decimal_texts_inside_their_range() {
    let field = "shops[0].items[0].quantity";
    for (value, code) in [
        (json!("0"), "too_small"),
        (json!("0.000"), "too_small"),
        (json!("-1"), "too_small"),
        (json!("1000000"), "too_large"),
        (json!("1000000000"), "too_large"),
        (json!("1.2345"), "not_a_quantity"),
        (json!("1e3"), "not_a_quantity"),
        (json!(""), "not_a_quantity"),
        (json!("１"), "not_a_quantity"),
        (json!(2), "wrong_type"),
    ] {
        assert_eq!(with("/shops/0/items/0/quantity", value.clone()), one(field, code), "{value}");
    }
}

#[test]
fn taxes_are_amounts_that_are_known_where_an_order_is_asked_for() {
    for (pointer, field) in [
        ("/shops/0/items/0/tax", "shops[0].items[0].tax"),
        ("/shops/0/freight_tax", "shops[0].freight_tax"),
    ] {
        for (value, code) in [
            (json!(-1), "too_small"),
            (json!(1_000_000_000_000_i64), "too_large"),
            (json!(null), "null_not_allowed"),
            (json!("5"), "wrong_type"),
            (json!(1.5), "wrong_type"),
        ] {
            assert_eq!(with(pointer, value.clone()), one(field, code), "{value}");
        }
    }
    assert_eq!(with("/tax_included", json!(1)), one("tax_included", "wrong_type"));
    // On top, taxes are a part of what an order comes to.
    let mut body = least();
    body["shops"][0]["items"][0]["tax"] = 999_999_999_900_i64.into();
    assert!(placed(&body).is_ok());
    body["tax_included"] = false.into();
    assert_eq!(placed(&body), Err(one("shops", "too_large")));
    body["tax_included"] = true.into();
    body["shops"][0]["freight_tax"] = 100.into();
    assert_eq!(placed(&body), Err(one("shops", "too_large")));

    let mut line = least();
    line["shops"][0]["items"][0]["tax"] = Value::Null;
    line["tax_included"] = false.into();
    let read = docket_wire::record::read(line.to_string().as_bytes(), &Markets::default(), "web");
    let told = read.expect("what was recorded may not know").report.placement;
    assert_eq!((told.tax, told.shops[0].items[0].tax), (Tax::OnTop, Amount::UNKNOWN));
}

#[test]
fn fractions_are_of_what_is_sold_by_weight_alone() {
    let field = "shops[0].items[0].quantity";
    for value in ["0.001", "0.5", "1.250", "999999.999"] {
        assert_eq!(with("/shops/0/items/0/quantity", json!(value)), one(field, "not_whole"));
        let mut body = least();
        body["shops"][0]["items"][0]["quantity"] = value.into();
        body["shops"][0]["items"][0]["weighed"] = true.into();
        assert!(placed(&body).is_ok(), "{value}");
        body["shops"][0]["items"][0]["weighed"] = false.into();
        let line = body.to_string();
        let recorded = docket_wire::record::read(line.as_bytes(), &Markets::default(), "web");
        let quantity = recorded.expect("what was recorded is as it is").report.placement.shops[0]
            .items[0]
            .quantity;
        assert_eq!(quantity, value.parse().expect("a quantity"));
    }
    for value in ["1", "1.0", "2.000"] {
        let mut body = least();
        body["shops"][0]["items"][0]["quantity"] = value.into();
        assert!(placed(&body).is_ok(), "{value}");
    }
}
