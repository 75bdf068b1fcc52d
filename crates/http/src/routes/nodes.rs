//! Lists of shop orders and item orders: the nodes of the trees of a page that match the filters.
//!
//! The database finds trees; which of their nodes were meant is decided here, on the rendered tree, so that
//! a node is shown exactly as inside its tree.

use super::listing::Expand;
use docket_app::Orders;
use docket_domain::words::{DeliveryStatus, Level, RefundAxis, Status, StoreStatus};
use serde_json::{Map, Value, json};

/// The nodes of `tree`, a rendered tree, that are of `level` and match `asked`.
pub fn matching(mut tree: Value, level: Level, asked: &Orders, expand: Expand) -> Vec<Value> {
    let above = json!({
        "payment_order_id": tree["order_id"],
        "buyer_id": tree["buyer_id"],
        "currency": tree["currency"],
    });
    let tree_named = names(&tree, asked);
    // Its number at its channel, or that of one of its lines.
    let line_meant = asked.external_id.as_deref().filter(|number| tree["external_id"] != *number);
    let Value::Array(shops) = tree["shops"].take() else { return Vec::new() };
    let mut nodes = Vec::new();
    for mut shop in shops {
        let named = tree_named || names(&shop, asked);
        if !shop_matches(&shop, asked) {
            continue;
        }
        let items = shop["items"].take();
        let Value::Array(items) = items else { continue };
        let wanted = |item: &Value| {
            (named || names(item, asked))
                && line_meant.is_none_or(|number| item["external_id"] == number)
                && asked.sku.as_deref().is_none_or(|sku| item["sku_id"] == sku)
        };
        if level == Level::Item {
            let of_status = |item: &Value| has_word(item, "status", asked.status.map(Status::word));
            let mut above = above.clone();
            above["shop_order_id"] = shop["order_id"].clone();
            above["shop_id"] = shop["shop_id"].clone();
            let wanted = items.into_iter().filter(|item| wanted(item) && of_status(item));
            nodes.extend(wanted.map(|item| joined(&above, item)));
        } else if items.iter().any(wanted)
            && has_word(&shop, "status", asked.status.map(Status::word))
        {
            match (expand, &mut shop) {
                (Expand::Tree, shop) => shop["items"] = Value::Array(items),
                (Expand::Row, Value::Object(fields)) => drop(fields.remove("items")),
                (Expand::Row, _) => {}
            }
            nodes.push(joined(&above, shop));
        }
    }
    nodes
}

fn joined(above: &Value, node: Value) -> Value {
    let (Value::Object(above), Value::Object(node)) = (above.clone(), node) else {
        return Value::Null;
    };
    Value::Object(above.into_iter().chain(node).collect::<Map<_, _>>())
}

/// Whether the number asked for, if any, is this node's.
fn names(node: &Value, asked: &Orders) -> bool {
    asked.id.is_none_or(|id| node["order_id"] == id.to_string())
}

fn has_word(node: &Value, field: &str, word: Option<&str>) -> bool {
    word.is_none_or(|word| node[field] == word)
}

fn shop_matches(shop: &Value, asked: &Orders) -> bool {
    let tracked = |tracking: &str| {
        shop["shipments"].as_array().is_some_and(|all| {
            all.iter().any(|one| one["tracking"] == tracking || one["package"] == tracking)
        })
    };
    has_word(shop, "shop_id", asked.shop.as_deref())
        && has_word(shop, "place", asked.place.as_deref())
        && has_word(shop, "store_status", asked.store_status.map(StoreStatus::word))
        && has_word(shop, "delivery_status", asked.delivery.map(DeliveryStatus::word))
        && has_word(shop, "refund_status", asked.refund.map(RefundAxis::word))
        && asked.tracking.as_deref().is_none_or(tracked)
}
