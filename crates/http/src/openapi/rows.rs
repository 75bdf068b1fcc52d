//! Rows of lists below payment orders: a shop order or item order with what stands above it.
//!
//! They are rendered from whole trees, so they are described from the schemas of those.

use super::bodies::one_of;
use serde_json::{Value, json};
use std::borrow::Cow;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A node of the level that was asked for.
pub struct OrderRow;

impl PartialSchema for OrderRow {
    fn schema() -> RefOr<Schema> {
        let levels =
            [("payment", "PaymentOrder"), ("shop", "ShopOrderRow"), ("item", "ItemOrderRow")];
        one_of("An order of the level that was asked for.", "level", levels)
    }
}

impl ToSchema for OrderRow {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("OrderRow")
    }
}

/// Describes the rows of the lower levels. What the rules say of answers is said already.
pub fn describe(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    let number =
        |meaning: &str| json!({"$ref": "#/components/schemas/Number", "description": meaning});
    let above = json!({
        "payment_order_id": number("The payment order"),
        "buyer_id": schemas["PaymentOrder"]["properties"]["buyer_id"],
        "currency": schemas["PaymentOrder"]["properties"]["currency"],
    });
    let shop = json!({
        "shop_order_id": number("The shop order"),
        "shop_id": schemas["ShopOrder"]["properties"]["shop_id"],
    });
    let row = |node: &Value, meaning: &str, above: &[&Value], left_out: &str| {
        let mut row = node.clone();
        row["description"] = meaning.into();
        if let Some(required) = row["required"].as_array_mut() {
            required.retain(|field| field != left_out);
        }
        for (name, field) in above.iter().filter_map(|above| above.as_object()).flatten() {
            row["properties"][name] = field.clone();
            if let Some(required) = row["required"].as_array_mut() {
                required.push(name.as_str().into());
            }
        }
        row
    };
    let meaning = "A shop order in a list; `items` is left out unless `expand=tree` is asked for.";
    schemas["ShopOrderRow"] = row(&schemas["ShopOrder"], meaning, &[&above], "items");
    let meaning = "An item order in a list.";
    schemas["ItemOrderRow"] = row(&schemas["ItemOrder"], meaning, &[&above, &shop], "");
}
