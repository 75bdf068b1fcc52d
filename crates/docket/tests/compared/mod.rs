//! Orders as a release told them, beside the same orders as they are told now.

use serde_json::Value;
use std::collections::BTreeSet;

/// Takes out what says nothing: a field that is left out is empty.
pub fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(strip);
            fields.retain(|_, value| !is_empty(value));
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(yes) => !yes,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => matches!(text.as_str(), "" | "0" | "none"),
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// Every name of a field.
pub fn names(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                into.insert(name.clone());
                names(value, into);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| names(value, into)),
        _ => {}
    }
}

/// Takes out the fields that a release did not have.
pub fn keep(value: &mut Value, names: &BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| names.contains(name));
            fields.values_mut().for_each(|value| keep(value, names));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| keep(value, names)),
        _ => {}
    }
}
