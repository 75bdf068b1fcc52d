//! What went back of a shop order, as its rows tell it: rows of units that were given back, or sums that stand beside
//! the lines.

use super::signs::worth;
use docket_domain::{Json, Quantity};
use serde_json::{Map as Object, json};

/// Fields of a row that say of its whole shop order what went back.
pub const OF_SHOP: [&str; 4] =
    ["refund_status", "shop_refunded", "freight_refunded", "refunded_at"];

/// What a shop order says of its refunds, taken out of its fields and of its lines.
#[derive(Debug, Default)]
pub struct Sums {
    /// Each line with units that went back: where it stands, how many, and their money where it is told.
    lines: Vec<(usize, Quantity, Option<i64>)>,
    /// Money of lines of which no unit went back.
    apart: i64,
    total: Option<i64>,
    freight: i64,
    at: Option<Json>,
    status: Option<String>,
}

impl Sums {
    /// Takes them out of what the rows of a shop order say.
    pub fn take(fields: &mut Object<String, Json>, items: &mut [Object<String, Json>]) -> Self {
        let amount = |value: Option<Json>| value.and_then(|value| value.as_i64());
        let mut sums = Self {
            total: amount(fields.remove("shop_refunded")),
            freight: amount(fields.remove("freight_refunded")).unwrap_or_default(),
            at: fields.remove("refunded_at"),
            status: fields.remove("refund_status").and_then(|s| s.as_str().map(str::to_owned)),
            ..Self::default()
        };
        for (at, item) in items.iter_mut().enumerate() {
            let money = amount(item.remove("refunded"));
            let units = item.remove("refunded_quantity");
            let units = units.as_ref().and_then(Json::as_str).and_then(|text| text.parse().ok());
            match units.unwrap_or_default() {
                Quantity::ZERO => sums.apart += money.unwrap_or_default(),
                units => sums.lines.push((at, units, money)),
            }
        }
        sums
    }

    /// All that went back, where that is told.
    pub fn known(&self) -> i64 {
        self.total.unwrap_or_else(|| self.told() + self.freight + self.apart)
    }

    /// Adds money of which only is known that it went back of the whole order. Where a shop order says itself what
    /// went back of it, that is all.
    pub fn add(&mut self, money: i64, at: Option<&Json>) -> bool {
        if self.total.is_some() {
            return false;
        }
        self.apart += money;
        self.at = self.at.take().or_else(|| at.cloned());
        true
    }

    /// Whether anything went back.
    pub fn is_any(&self) -> bool {
        !self.lines.is_empty() || self.known() > 0
    }

    /// Whether a refund is told by its status alone: one that is asked for, under way, rejected or failed.
    pub fn has_other(&self) -> bool {
        let status = self.status.as_deref().unwrap_or_default();
        matches!(status, "applied" | "refunding" | "rejected" | "failed")
    }

    fn told(&self) -> i64 {
        self.lines.iter().filter_map(|(.., money)| *money).sum()
    }

    /// The one refund that has these sums. What is neither of lines nor freight is of no goods; what went back of
    /// them was cut, where it is less than they say.
    pub fn refund(&self, items: &mut [Object<String, Json>]) -> Option<Json> {
        if !self.is_any() {
            return None;
        }
        let mut refund = done(&told(items, &self.lines));
        refund["freight"] = self.freight.into();
        refund["goodwill"] = self.apart.into();
        let is_known = self.lines.iter().all(|(.., money)| money.is_some());
        if let Some(total) = self.total {
            refund["amount"] = total.into();
            if is_known {
                let rest = total - self.told() - self.freight;
                (refund["goodwill"], refund["cut"]) = (rest.max(0).into(), (-rest).max(0).into());
            }
        }
        if let Some(at) = &self.at {
            // The moment of the last of them is all that sums can tell.
            (refund["created_at"], refund["ended_at"]) = (at.clone(), at.clone());
        }
        Some(refund)
    }
}

/// Units that were given back are units of a line of their SKU, of one at their price before others; at another price
/// their row says what went back. What no line has was not bought here: its money went back for no goods, and what was
/// bought stays what it was. Where nothing at all was bought, what came back stands as lines at no charge, since an
/// order has lines.
pub fn of_rows(
    items: &mut Vec<Object<String, Json>>,
    rows: Vec<(Quantity, Object<String, Json>)>,
) -> Json {
    let mut left: Vec<Quantity> = items.iter().map(quantity).collect();
    let is_alone = items.is_empty();
    let (mut lines, mut beyond) = (Vec::new(), Vec::new());
    for (returned, mut item) in rows {
        let mut back = returned;
        for (at, is_at_price) in of_sku(items, &item) {
            let taken = back.min(left[at]);
            if taken > Quantity::ZERO {
                (left[at], back) = (left[at] - taken, back - taken);
                let money = if is_at_price { None } else { money_of(&item, taken, returned) };
                lines.push((at, taken, money));
            }
        }
        let money = money_of(&item, back, returned);
        Beyond::add(&mut beyond, &item, (returned, back), money);
        if is_alone {
            item.insert("quantity".to_owned(), Json::from(back.to_string()));
            item.remove("tax");
            item.remove("item_discount");
            let free = money_of(&item, back, back).map_or(Json::Null, Json::from);
            item.insert("item_discount".to_owned(), free);
            lines.push((items.len(), back, None));
            left.push(Quantity::ZERO);
            items.push(item);
        }
    }
    let mut refund = done(&told(items, &lines));
    let beyond = beyond.iter().filter(|of| of.returned > of.bought).map(Beyond::told);
    refund["beyond"] = beyond.collect();
    refund
}

/// The lines of the SKU of `item`, and whether they are at its price; those first.
fn of_sku(items: &[Object<String, Json>], item: &Object<String, Json>) -> Vec<(usize, bool)> {
    let same = |line: &Object<String, Json>, field: &str| line.get(field) == item.get(field);
    let lines = items.iter().enumerate().filter(|(_, line)| same(line, "sku_id"));
    let (at_price, others): (Vec<_>, Vec<_>) = lines
        .map(|(at, line)| (at, same(line, "list_price")))
        .partition(|(_, is_at_price)| *is_at_price);
    at_price.into_iter().chain(others).collect()
}

/// What `units` of a row come to; its discount is of all of them.
fn money_of(item: &Object<String, Json>, units: Quantity, all: Quantity) -> Option<i64> {
    let price = item.get("list_price").and_then(Json::as_i64);
    let mut item = item.clone();
    if units < all {
        item.remove("item_discount");
    }
    worth(&item, price, Some(units)).as_i64()
}

/// Lines of a refund: where each stands, how many units, and their money where it is told.
fn told(items: &mut [Object<String, Json>], lines: &[(usize, Quantity, Option<i64>)]) -> Vec<Json> {
    let line = |(at, units, money): &(usize, Quantity, Option<i64>)| {
        let mut line = named(items, *at, *units);
        if let Some(money) = money {
            line["amount"] = (*money).into();
        }
        line
    };
    lines.iter().map(line).collect()
}

/// A SKU of which something came back.
struct Beyond {
    sku: Json,
    bought: Quantity,
    returned: Quantity,
    /// Of what came back beyond what was bought.
    money: Option<i64>,
}

impl Beyond {
    /// Adds a row of which `back` units of all that were returned found no line.
    fn add(
        all: &mut Vec<Self>,
        item: &Object<String, Json>,
        (returned, back): (Quantity, Quantity),
        money: Option<i64>,
    ) {
        let sku = item.get("sku_id").cloned().unwrap_or_default();
        let at = all.iter().position(|of| of.sku == sku).unwrap_or_else(|| {
            all.push(Self {
                sku,
                bought: Quantity::ZERO,
                returned: Quantity::ZERO,
                money: Some(0),
            });
            all.len() - 1
        });
        let of = &mut all[at];
        (of.returned, of.bought) = (of.returned + returned, of.bought + (returned - back));
        of.money = of.money.zip(money).map(|(sum, money)| sum.saturating_add(money));
    }

    fn told(&self) -> Json {
        let mut told = json!({"sku_id": self.sku, "returned": self.returned.to_string()});
        if self.bought > Quantity::ZERO {
            told["bought"] = self.bought.to_string().into();
        }
        if let Some(money) = self.money {
            told["amount"] = money.into();
        }
        told
    }
}

fn quantity(item: &Object<String, Json>) -> Quantity {
    let text = item.get("quantity").and_then(Json::as_str);
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A line of a refund; the line of the order gets the number that it is named by.
fn named(items: &mut [Object<String, Json>], at: usize, quantity: Quantity) -> Json {
    let name = format!("line-{}", at + 1);
    items[at].insert("order_id".to_owned(), Json::from(&*name));
    json!({"order_id": name, "quantity": quantity.to_string()})
}

/// A refund that is done.
fn done(lines: &[Json]) -> Json {
    json!({"kind": "refund", "by": "seller", "status": "refunded", "lines": lines})
}
