//! What two copies of an order have in common, as bytes that are the same on both: [`shared`] leaves out what each copy
//! keeps for itself, [`canonical`] writes it in one way.

use crate::change::{Join, fields_of};
use crate::words::Level;
use crate::{Json, Tree};
use serde::Serialize;
use serde_json::{Map, Value};

/// What every copy of an order agrees on: its nodes without the fields that are a copy's own, facts in the order of
/// their numbers and labels in that of their letters.
pub fn shared(tree: &Tree) -> Json {
    let mut tree = tree.clone();
    tree.put_in_order();
    let mut whole = node(Level::Payment, &tree.payment);
    let shops = tree.shops.iter().map(|shop| {
        let mut fields = node(Level::Shop, shop);
        let items = shop.items.iter().map(|item| Value::from(node(Level::Item, item)));
        fields.insert("items".to_owned(), items.collect());
        Value::from(fields)
    });
    let shops = shops.collect();
    whole.insert("shops".to_owned(), shops);
    whole.into()
}

fn node(level: Level, node: &impl Serialize) -> Map<String, Json> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(node) else {
        unreachable!("a node of an order is an object with plain keys");
    };
    for field in fields_of(level) {
        match field.join {
            Join::Local => drop(fields.remove(field.name)),
            Join::Set => {
                if let Some(Value::Array(labels)) = fields.get_mut(field.name) {
                    labels.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
                }
            }
            Join::Union
            | Join::Owner(_)
            | Join::Max
            | Join::Register
            | Join::Terms
            | Join::Origin => {}
        }
    }
    fields
}

/// JSON in one way: no spaces, the fields of every object in the order of the bytes of their names.
pub fn canonical(json: &Json) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(json, &mut bytes);
    bytes
}

fn write(json: &Json, bytes: &mut Vec<u8>) {
    match json {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            bytes.push(b'{');
            for (at, (name, value)) in fields.into_iter().enumerate() {
                if at > 0 {
                    bytes.push(b',');
                }
                write(&Value::from(name.as_str()), bytes);
                bytes.push(b':');
                write(value, bytes);
            }
            bytes.push(b'}');
        }
        Value::Array(values) => {
            bytes.push(b'[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    bytes.push(b',');
                }
                write(value, bytes);
            }
            bytes.push(b']');
        }
        plain => bytes.extend_from_slice(plain.to_string().as_bytes()),
    }
}
