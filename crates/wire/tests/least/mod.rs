//! The least placement there is, and what is said of others.

#![allow(dead_code)] // each test file uses what it needs

use docket_wire::placement::{Placed, read};
use docket_wire::{Markets, Unreadable};
use serde_json::{Value, json};

/// The least a placement may be.
pub fn least() -> Value {
    json!({"currency": "CNY", "shops": [{"shop_id": "11", "items": [
        {"sku_id": "1", "quantity": "1", "list_price": 100}]}]})
}

pub fn placed(body: &Value) -> Result<Placed, Vec<(String, &'static str)>> {
    told(body.to_string().as_bytes())
}

pub fn told(body: &[u8]) -> Result<Placed, Vec<(String, &'static str)>> {
    read(body, &Markets::default()).map_err(|why| match why {
        Unreadable::NotJson(error) => vec![(error.field, error.code)],
        Unreadable::Wrong(errors) => {
            assert!(!errors.is_empty(), "a refusal names a field");
            errors.into_iter().map(|error| (error.field, error.code)).collect()
        }
    })
}

/// The errors of the least placement with `pointer` set to `value`.
pub fn with(pointer: &str, value: Value) -> Vec<(String, &'static str)> {
    let mut body = least();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    body.pointer_mut(parent).expect("the parent is there")[name] = value;
    placed(&body).expect_err("it is refused")
}

pub fn one(field: &str, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(field.to_owned(), code)]
}
