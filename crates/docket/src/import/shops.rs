//! The rows of lines brought together as shop orders: what is the shop's is added to the shop, rows that are
//! equal may become one line.

use super::map::EqualRows;
use docket_domain::{Json, Quantity};
use serde_json::Map as Object;

/// The rows of one shop order.
#[derive(Debug)]
pub struct ShopRows {
    /// Whose it is.
    pub shop_id: Json,
    fields: Object<String, Json>,
    items: Vec<Object<String, Json>>,
}

impl ShopRows {
    /// A shop order without rows.
    pub fn of(shop_id: Json) -> Self {
        Self { shop_id, fields: Object::new(), items: Vec::new() }
    }

    /// Takes a row: what is the shop's is added to the shop, the rest is a line.
    pub fn take(&mut self, mut item: Object<String, Json>, equal_rows: EqualRows) {
        for field in ["freight", "shop_discount"] {
            if let Some(amount) = item.remove(field) {
                self.add_amount(field, &amount);
            }
        }
        for field in ["place", "fulfilment", "buyer_comment"] {
            if let Some(value) = item.remove(field) {
                self.fields.entry(field).or_insert(value);
            }
        }
        if equal_rows == EqualRows::Merge && self.merge(&item) {
            return;
        }
        self.items.push(item);
    }

    /// Adds the row to a line that differs in nothing but its quantity. Discounts are of a line, not of a
    /// unit, and are added as well.
    fn merge(&mut self, item: &Object<String, Json>) -> bool {
        const ADDED: [&str; 2] = ["quantity", "item_discount"];
        let same = |line: &Object<String, Json>| {
            let counts = |key: &str| !ADDED.contains(&key);
            let mine = line.iter().filter(|(key, _)| counts(key));
            mine.eq(item.iter().filter(|(key, _)| counts(key)))
        };
        let Some(line) = self.items.iter_mut().find(|line| same(line)) else { return false };
        let quantity = |line: &Object<String, Json>| -> Option<Quantity> {
            line.get("quantity")?.as_str()?.parse().ok()
        };
        let (Some(mine), Some(more)) = (quantity(line), quantity(item)) else { return false };
        line.insert("quantity".to_owned(), Json::from((mine + more).to_string()));
        if let Some(more) = item.get("item_discount") {
            let sum = added(line.get("item_discount"), more);
            line.insert("item_discount".to_owned(), sum);
        }
        true
    }

    /// Adds to an amount of the shop order. An unknown part makes the sum unknown.
    pub fn add_amount(&mut self, field: &str, amount: &Json) {
        let sum = added(self.fields.get(field), amount);
        self.fields.insert(field.to_owned(), sum);
    }

    /// The shop order as it stands in a line.
    pub fn finish(mut self, ship_to: Option<&Json>) -> Json {
        if !self.shop_id.is_null() {
            self.fields.insert("shop_id".to_owned(), self.shop_id);
        }
        if let Some(ship_to) = ship_to {
            self.fields.insert("ship_to".to_owned(), ship_to.clone());
        }
        let items = self.items.into_iter().map(Json::Object).collect();
        self.fields.insert("items".to_owned(), Json::Array(items));
        Json::Object(self.fields)
    }
}

fn added(known: Option<&Json>, more: &Json) -> Json {
    let known = known.map_or(Some(0), Json::as_i64);
    known.zip(more.as_i64()).and_then(|(a, b)| a.checked_add(b)).map_or(Json::Null, Json::from)
}

/// Sets a field, which may stand one level down: `ship_to.city`.
pub fn put(object: &mut Object<String, Json>, field: &str, value: Option<Json>) {
    let Some(value) = value else { return };
    let Some((above, below)) = field.split_once('.') else {
        object.insert(field.to_owned(), value);
        return;
    };
    let inner = object.entry(above).or_insert_with(|| Json::Object(Object::new()));
    if let Json::Object(inner) = inner {
        inner.insert(below.to_owned(), value);
    }
}
