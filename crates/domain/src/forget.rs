//! What buyers wrote, taken out of an order for good: comments, reasons, remarks, ratings. What stands in its place
//! is a word that says so, in the tree and in every image of the log alike, so that undoing the log still leads
//! from one to the other. Who an order is of stays: its buyer's number is no word of his.
//!
//! What others wrote about a buyer, and fields that hold whatever somebody put there, only a person can judge:
//! [`left_to_judge`] names them. Pure.

use crate::change::LogEntry;
use crate::{ActorKind, ItemOrder, Json, PaymentOrder, ShopOrder, Tree};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What stands where something was written; of remarks in Chinese [`FORGOTTEN_CN`].
pub const FORGOTTEN: &str = "forgotten";
/// The same in Chinese.
pub const FORGOTTEN_CN: &str = "已遗忘";

type Fields = serde_json::Map<String, Json>;

/// The tree without what its buyer wrote; none where he wrote nothing.
pub fn tree(tree: &Tree) -> Option<Tree> {
    let payment: Option<PaymentOrder> = node(&tree.payment);
    let mut changed = payment.is_some();
    let shops = tree.shops.iter().map(|shop| {
        let items = shop.items.iter().map(|item| {
            let without: Option<ItemOrder> = node(item);
            changed |= without.is_some();
            without.unwrap_or_else(|| item.clone())
        });
        let items = items.collect();
        let without: Option<ShopOrder> = node(shop);
        changed |= without.is_some();
        ShopOrder { items, ..without.unwrap_or_else(|| shop.clone()) }
    });
    let shops = shops.collect();
    let payment = payment.unwrap_or_else(|| tree.payment.clone());
    changed.then_some(Tree { payment, shops })
}

/// A row of the log without what the buyer wrote; none where he wrote nothing of it.
pub fn entry(entry: &LogEntry) -> Option<LogEntry> {
    let mut without = entry.clone();
    let mut changed = false;
    for image in [&mut without.before, &mut without.after] {
        let nodes = image.as_object_mut().into_iter().flat_map(Fields::values_mut);
        for fields in nodes.filter_map(Json::as_object_mut) {
            changed |= forget_fields(fields);
        }
    }
    // A timer says what the buyer said first.
    if matches!(entry.actor.kind, ActorKind::Buyer | ActorKind::Timer) {
        for name in ["reason", "text"] {
            changed |= without.parameters.get_mut(name).is_some_and(replace);
        }
    }
    if entry.actor.kind == ActorKind::Buyer {
        let remark = &mut without.remark;
        let texts = [
            (&mut without.actor.name, FORGOTTEN),
            (&mut remark.en, FORGOTTEN),
            (&mut remark.cn, FORGOTTEN_CN),
        ];
        for (text, word) in texts {
            if let Some(text) = text.as_mut().filter(|text| !text.is_empty() && *text != word) {
                word.clone_into(text);
                changed = true;
            }
        }
    }
    changed.then_some(without)
}

/// The JSON of an agreed tree without what the buyer wrote; none where he wrote nothing, or where it is no JSON.
pub fn agreed(json: &str) -> Option<String> {
    let mut whole: Json = serde_json::from_str(json).ok()?;
    let mut changed = forget_fields(whole.as_object_mut()?);
    let shops = whole.get_mut("shops").and_then(Json::as_array_mut).into_iter().flatten();
    for shop in shops.filter_map(Json::as_object_mut) {
        changed |= forget_fields(shop);
        let items = shop.get_mut("items").and_then(Json::as_array_mut).into_iter().flatten();
        for item in items.filter_map(Json::as_object_mut) {
            changed |= forget_fields(item);
        }
    }
    changed.then(|| whole.to_string())
}

/// What only a person can judge of `tree` and of these rows of its log, by the names of the fields.
pub fn left_to_judge(tree: Option<&Tree>, log: &[LogEntry]) -> Vec<&'static str> {
    let mut left = Vec::new();
    if let Some(tree) = tree {
        let order = &tree.payment;
        let of_shops = |is_set: &dyn Fn(&ShopOrder) -> bool| tree.shops.iter().any(is_set);
        let of_items = |is_set: &dyn Fn(&ItemOrder) -> bool| tree.lines().any(|(_, i)| is_set(i));
        let tagged = |tags: &Vec<String>| !tags.is_empty();
        let found = [
            ("extra", order.extra.is_some() || of_items(&|item| item.extra.is_some())),
            ("source", order.source.is_some()),
            ("client_token", order.client_token.is_some()),
            ("seller_comment", of_shops(&|shop| shop.seller_comment.is_some())),
            ("promotions", of_shops(&|shop| shop.promotions.is_some())),
            ("tags", tagged(&order.tags) || of_shops(&|shop| tagged(&shop.tags))),
            // What is engraved, whose picture is printed.
            ("attributes", of_items(&|item| item.attributes.is_some())),
            ("title", of_items(&|item| item.title.is_some())),
            ("image", of_items(&|item| item.image.is_some())),
        ];
        left.extend(found.into_iter().filter(|(_, there)| *there).map(|(name, _)| name));
    }
    if log.iter().any(has_words_of_staff) {
        left.push("notes");
    }
    left
}

fn has_words_of_staff(entry: &LogEntry) -> bool {
    let reason = entry.parameters.get("reason").is_some_and(Json::is_string);
    let words = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    match entry.actor.kind {
        ActorKind::Buyer | ActorKind::Timer => false,
        // Its remarks are ours.
        ActorKind::System => reason,
        ActorKind::Seller
        | ActorKind::Store
        | ActorKind::Till
        | ActorKind::Courier
        | ActorKind::Gateway => reason || words(&entry.remark.en) || words(&entry.remark.cn),
    }
}

/// A node without what the buyer wrote; none where he wrote nothing. Nodes are changed as the images of the log
/// are: field by field in JSON, so that both stay equal.
fn node<N: Serialize + DeserializeOwned>(node: &N) -> Option<N> {
    let mut json = serde_json::to_value(node).expect("a node is plain JSON");
    let changed = forget_fields(json.as_object_mut()?);
    changed.then(|| serde_json::from_value(json).expect("texts take the place of texts"))
}

/// Replaces what the buyer wrote in the fields of a node; answers whether he wrote anything.
fn forget_fields(fields: &mut Fields) -> bool {
    let mut changed = false;
    for (name, value) in fields {
        changed |= match name.as_str() {
            "buyer_comment" => replace(value),
            "refunds" | "revoke" => inside(value, &|object| {
                object.get("by").and_then(Json::as_str) == Some(ActorKind::Buyer.word())
                    && object.get_mut("reason").is_some_and(replace)
            }),
            "rates" => inside(value, &|object| object.get_mut("text").is_some_and(replace)),
            _ => false,
        };
    }
    changed
}

/// Does `forget` to every object in `value`, however deep: images may hold a list or parts of it.
fn inside(value: &mut Json, forget: &dyn Fn(&mut Fields) -> bool) -> bool {
    match value {
        Json::Array(values) => {
            values.iter_mut().fold(false, |changed, value| inside(value, forget) | changed)
        }
        Json::Object(object) => {
            let own = forget(object);
            object.values_mut().fold(own, |changed, value| inside(value, forget) | changed)
        }
        _ => false,
    }
}

/// Puts the word in the place of a text; answers whether there was one.
fn replace(value: &mut Json) -> bool {
    match value {
        Json::String(text) if !text.is_empty() && text != FORGOTTEN => {
            FORGOTTEN.clone_into(text);
            true
        }
        _ => false,
    }
}
