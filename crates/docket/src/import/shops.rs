//! The rows of lines brought together as shop orders: what is the shop's is added to the shop, rows that are
//! equal may become one line, rows that give something back become a refund.

use super::back::{self, Sums};
use super::map::EqualRows;
use docket_domain::{Json, Quantity};
use serde_json::Map as Object;

/// The rows of one shop order.
#[derive(Debug)]
pub struct ShopRows {
    /// What tells it from the others of its order.
    pub named: Json,
    shop_id: Json,
    fields: Object<String, Json>,
    items: Vec<Object<String, Json>>,
    /// Rows of units that were given back.
    back: Vec<(Quantity, Object<String, Json>)>,
}

/// How rows become lines.
#[derive(Debug)]
pub struct Gathering {
    /// What becomes of equal rows.
    pub equal_rows: EqualRows,
    /// Amounts of the shop order that each row has whole.
    pub once: Vec<String>,
}

/// Amounts of a shop order that stand in its rows.
pub const AMOUNTS: [&str; 3] = ["freight", "freight_tax", "shop_discount"];

impl ShopRows {
    /// A shop order without rows.
    pub fn of(named: Json, shop_id: Json) -> Self {
        Self { named, shop_id, fields: Object::new(), items: Vec::new(), back: Vec::new() }
    }

    /// Takes a row: what is the shop's is added to the shop, the rest is a line.
    pub fn take(&mut self, mut item: Object<String, Json>, gathering: &Gathering) {
        self.take_own(&mut item, gathering);
        if gathering.equal_rows == EqualRows::Merge && self.merge(&item) {
            return;
        }
        self.items.push(item);
    }

    /// Takes a row that is a discount.
    pub fn discount(
        &mut self,
        mut item: Object<String, Json>,
        amount: &Json,
        gathering: &Gathering,
    ) {
        self.take_own(&mut item, gathering);
        self.add_amount("shop_discount", amount);
    }

    /// Takes a row of units that were given back.
    pub fn given_back(
        &mut self,
        mut item: Object<String, Json>,
        quantity: Quantity,
        gathering: &Gathering,
    ) {
        self.take_own(&mut item, gathering);
        item.insert("quantity".to_owned(), Json::from(quantity.to_string()));
        if let Some(tax) = item.get("tax").and_then(Json::as_i64) {
            item.insert("tax".to_owned(), Json::from(tax.saturating_abs()));
        }
        self.back.push((quantity, item));
    }

    /// Takes what is the shop's out of a row.
    fn take_own(&mut self, item: &mut Object<String, Json>, gathering: &Gathering) {
        for field in AMOUNTS {
            let Some(amount) = item.remove(field) else { continue };
            let is_once = gathering.once.iter().any(|once| once == field);
            if !(is_once && self.fields.contains_key(field)) {
                self.add_amount(field, &amount);
            }
        }
        let of_shop =
            ["place", "fulfilment", "buyer_comment", "status", "shipped_at", "received_at"];
        for field in of_shop.into_iter().chain(back::OF_SHOP) {
            if let Some(value) = item.remove(field) {
                self.fields.entry(field).or_insert(value);
            }
        }
    }

    /// Adds the row to a line that differs in nothing but its quantity. Discounts and taxes are of a line, not of a
    /// unit, and are added as well.
    fn merge(&mut self, item: &Object<String, Json>) -> bool {
        const ADDED: [&str; 3] = ["quantity", "item_discount", "tax"];
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
        for name in ["item_discount", "tax"] {
            if let Some(more) = item.get(name) {
                let sum = added(line.get(name), more);
                line.insert(name.to_owned(), sum);
            }
        }
        true
    }

    /// Adds to an amount of the shop order. An unknown part makes the sum unknown.
    pub fn add_amount(&mut self, field: &str, amount: &Json) {
        let sum = added(self.fields.get(field), amount);
        self.fields.insert(field.to_owned(), sum);
    }

    /// What its rows say of refunds in sums; taken out of them.
    pub fn sums(&mut self) -> Sums {
        Sums::take(&mut self.fields, &mut self.items)
    }

    /// Whether it left in parcels, of which a row says no more than when.
    pub fn left_in_parcels(&self) -> bool {
        let is_parcel = self.fields.get("fulfilment").is_none_or(|by| by == "parcel");
        is_parcel && self.fields.contains_key("shipped_at")
    }

    /// The shop order as it stands in a line, with the refunds of `sums`.
    pub fn finish(mut self, sums: &Sums, ship_to: Option<&Json>) -> Json {
        let mut refunds: Vec<Json> = sums.refund(&mut self.items).into_iter().collect();
        if !self.back.is_empty() {
            refunds.push(back::of_rows(&mut self.items, self.back));
        }
        if !refunds.is_empty() {
            self.fields.insert("refunds".to_owned(), Json::Array(refunds));
        }
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
