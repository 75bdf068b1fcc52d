//! Stored JSON of an order's nodes as the API shows it: images of the log and agreed trees. Quantities become
//! decimal texts and times RFC 3339; free JSON is shown as it was given. What is stored stays as it is.
//!
//! Orders themselves are rendered from their facts, in [`crate::view`].

use crate::market::Markets;
use crate::moment;
use docket_domain::{Json, Quantity, Time, Tree};

type Fields = serde_json::Map<String, Json>;

/// What a stored field is.
enum Kind {
    /// Thousandths of a unit.
    Quantity,
    /// Milliseconds since 1970.
    Time,
    /// The caller's own JSON.
    Free,
    /// How much of a deadline was left when it was stopped; shown as that it is.
    Rest,
    /// Words, amounts and numbers, or facts with fields of their own.
    Plain,
}

impl Kind {
    fn of(field: &str) -> Self {
        match field {
            "quantity" | "weighed_as" | "shipped" => Self::Quantity,
            "at" | "pay_by" | "answer_by" | "receive_by" => Self::Time,
            _ if field.ends_with("_at") => Self::Time,
            "extra" | "source" | "attributes" | "promotions" | "detail" => Self::Free,
            "stopped_with" => Self::Rest,
            _ => Self::Plain,
        }
    }
}

/// An image of the log: `{node id: {field: value}}`.
pub fn image(stored: &Json) -> Json {
    match stored {
        Json::Object(nodes) => {
            Json::Object(nodes.iter().map(|(id, node)| (id.clone(), shown(node))).collect())
        }
        other => other.clone(),
    }
}

/// The JSON of an agreed tree, agreed at `at`, in the order `tree`. What was agreed at placement had neither
/// numbers nor times yet: it is shown with the numbers its nodes got, and the time.
pub fn agreed(stored: &Json, tree: &Tree, at: Time, markets: &Markets) -> Json {
    let mut whole = stored.clone();
    if let Some(market) = whole.get_mut("market") {
        let number = market.as_u64().and_then(|number| u16::try_from(number).ok());
        if let Some(name) = number.and_then(|number| markets.name(number)) {
            *market = name.into();
        }
    }
    number(&mut whole, tree.id().to_string(), at);
    let shops = whole.get_mut("shops").and_then(Json::as_array_mut);
    for (json, shop) in shops.into_iter().flatten().zip(&tree.shops) {
        number(json, shop.id.to_string(), at);
        let items = json.get_mut("items").and_then(Json::as_array_mut);
        for (json, item) in items.into_iter().flatten().zip(&shop.items) {
            number(json, item.id.to_string(), at);
        }
    }
    shown(&whole)
}

/// Gives a node that was stored without its number the number, and its times.
fn number(node: &mut Json, id: String, at: Time) {
    let Json::Object(fields) = node else { return };
    if fields.get("id").is_none_or(|known| known != "0") {
        return;
    }
    fields.insert("id".to_owned(), id.into());
    for time in ["created_at", "updated_at"] {
        if let Some(time) = fields.get_mut(time) {
            *time = at.0.into();
        }
    }
}

fn shown(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| field(name, value));
            Json::Object(fields.collect::<Fields>())
        }
        Json::Array(values) => Json::Array(values.iter().map(shown).collect()),
        plain => plain.clone(),
    }
}

fn field(name: &str, value: &Json) -> (String, Json) {
    let shown = match (Kind::of(name), value.as_i64()) {
        (Kind::Quantity, Some(thousandths)) => Quantity(thousandths).to_string().into(),
        (Kind::Time, Some(ms)) => moment::format(Time(ms), &mut [0; 24]).into(),
        (Kind::Rest, Some(_)) => return ("stopped".to_owned(), true.into()),
        (Kind::Free, _) => value.clone(),
        _ => shown(value),
    };
    (name.to_owned(), shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quantities_and_times_of_an_image_are_shown_as_everywhere_else() {
        let stored = json!({
            "8": {
                "quantity": 1250, "weighed_as": null, "updated_at": 1_795_168_800_000_i64,
                "extra": {"quantity": 1250, "at": 5}, "list_price": 600,
                "deadline": {"kind": "receive_by", "at": 1_795_168_800_000_i64, "stopped_with": 7},
                "shipments": [{"at": 0, "lines": [{"order_id": "9", "quantity": 2000}]}]
            },
            "9": null
        });
        let time = "2026-11-20T10:00:00.000Z";
        assert_eq!(
            image(&stored),
            json!({
                "8": {
                    "quantity": "1.25", "weighed_as": null, "updated_at": time,
                    "extra": {"quantity": 1250, "at": 5}, "list_price": 600,
                    "deadline": {"kind": "receive_by", "at": time, "stopped": true},
                    "shipments": [{
                        "at": "1970-01-01T00:00:00.000Z",
                        "lines": [{"order_id": "9", "quantity": "2"}]
                    }]
                },
                "9": null
            })
        );
        assert_eq!(image(&Json::Null), Json::Null);
    }
}
