//! The fields of an order that a mapping may set, by the part of it that a row is, and how each is read.

use super::map::{Fields, nearest};
use crate::failure::Failure;
use crate::said::{Said, said};

/// Which part of an order a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The order itself.
    Order,
    /// A line and its shop order.
    Item,
    /// A payment.
    Payment,
}

/// How a cell is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// As it is, without blanks at its ends.
    Text,
    /// In one of the ways of the mapping.
    Time,
    /// Money of the order's currency.
    Amount,
    /// A decimal with three places.
    Quantity,
    /// `true` or `false`, `yes` or `no`, `1` or `0`.
    YesNo,
}

/// Fields that facts of a status word may set.
pub const FACTS: &[&str] = &["shipped_at", "received_at", "cancelled_at", "settled_at"];

const ORDER: &[(&str, Kind)] = &[
    // The number an order had in the center it comes from.
    ("order_id", Kind::Text),
    ("external_id", Kind::Text),
    ("currency", Kind::Text),
    ("buyer_id", Kind::Text),
    ("buyer.name", Kind::Text),
    ("buyer.phone", Kind::Text),
    ("channel", Kind::Text),
    ("client_token", Kind::Text),
    ("type", Kind::Text),
    ("market", Kind::Text),
    ("platform", Kind::Text),
    ("payment_status", Kind::Text),
    ("created_at", Kind::Time),
    ("paid_at", Kind::Time),
    ("shipped_at", Kind::Time),
    ("received_at", Kind::Time),
    ("cancelled_at", Kind::Time),
    ("settled_at", Kind::Time),
    ("payable", Kind::Amount),
    ("platform_discount", Kind::Amount),
    ("coins", Kind::Amount),
    ("third_party_discount", Kind::Amount),
    // What went back, where its lines and shop orders do not say all of it.
    ("refunded", Kind::Amount),
    ("refunded_at", Kind::Time),
    ("tax_included", Kind::YesNo),
    ("freight", Kind::Amount),
    ("freight_tax", Kind::Amount),
    ("ship_to.name", Kind::Text),
    ("ship_to.phone", Kind::Text),
    ("ship_to.country", Kind::Text),
    ("ship_to.province", Kind::Text),
    ("ship_to.city", Kind::Text),
    ("ship_to.district", Kind::Text),
    ("ship_to.town", Kind::Text),
    ("ship_to.address", Kind::Text),
    ("ship_to.zip", Kind::Text),
];
const ITEM: &[(&str, Kind)] = &[
    ("shop_id", Kind::Text),
    ("shop_order_id", Kind::Text),
    ("status", Kind::Text),
    ("shipped_at", Kind::Time),
    ("received_at", Kind::Time),
    ("place", Kind::Text),
    ("fulfilment", Kind::Text),
    ("buyer_comment", Kind::Text),
    ("freight", Kind::Amount),
    ("freight_tax", Kind::Amount),
    ("shop_discount", Kind::Amount),
    ("sku_id", Kind::Text),
    ("item_id", Kind::Text),
    ("title", Kind::Text),
    ("image", Kind::Text),
    ("list_price", Kind::Amount),
    ("item_discount", Kind::Amount),
    ("tax", Kind::Amount),
    ("quantity", Kind::Quantity),
    // A line that was taken out of its order counts for nothing.
    ("dropped_at", Kind::Time),
    // What went back: of the line, and of its shop order with and without freight.
    ("refunded", Kind::Amount),
    ("refunded_quantity", Kind::Quantity),
    ("shop_refunded", Kind::Amount),
    ("freight_refunded", Kind::Amount),
    ("refunded_at", Kind::Time),
    ("refund_status", Kind::Text),
];
const PAYMENT: &[(&str, Kind)] = &[
    ("tender", Kind::Text),
    ("reference", Kind::Text),
    ("amount", Kind::Amount),
    ("currency", Kind::Text),
    ("paid_at", Kind::Time),
];

impl Part {
    const fn fields(self) -> &'static [(&'static str, Kind)] {
        match self {
            Self::Order => ORDER,
            Self::Item => ITEM,
            Self::Payment => PAYMENT,
        }
    }

    /// Fields with free names below them.
    const fn free(self) -> &'static [&'static str] {
        match self {
            Self::Order => &["extra."],
            Self::Item => &["extra.", "attributes."],
            Self::Payment => &[],
        }
    }

    const fn section(self) -> &'static str {
        match self {
            Self::Order => "orders",
            Self::Item => "items",
            Self::Payment => "payments",
        }
    }

    /// Fields that an order cannot do without.
    const fn required(self) -> &'static [&'static str] {
        match self {
            Self::Order => &["external_id", "currency"],
            Self::Item => &["shop_id", "sku_id", "quantity", "list_price"],
            Self::Payment => &["tender", "reference", "amount"],
        }
    }

    /// How a field is read.
    pub fn kind(self, field: &str) -> Option<Kind> {
        let known = self.fields().iter().find(|(name, _)| *name == field);
        let free =
            || self.free().iter().any(|free| field.len() > free.len() && field.starts_with(free));
        known.map(|(_, kind)| *kind).or_else(|| free().then_some(Kind::Text))
    }

    /// Refuses fields of the mapping that this part does not have, and misses those it needs.
    pub fn check(self, fields: &Fields) -> Result<(), Failure> {
        let section = self.section();
        if let Some(field) = fields.keys().find(|field| self.kind(field).is_none()) {
            let names = self.fields().iter().map(|(name, _)| *name);
            let why = said!(
                "the mapping sets `{field}` in [{section}.fields], which is no field",
                "映射在 [{section}.fields] 中设置了 `{field}`，没有此字段"
            );
            return Err(Failure::usage(or_meant(why, nearest(field, names))));
        }
        let known = |field: &String| self.fields().iter().any(|(name, _)| name == field);
        if let Some((field, _)) = fields.iter().find(|(field, v)| v.kind.is_some() && known(field))
        {
            return Err(Failure::usage(said!(
                "`{field}` of [{section}.fields] knows how it is read; leave out `as`",
                "[{section}.fields] 的 `{field}` 读法已定，请去掉 `as`"
            )));
        }
        match self.required().iter().find(|field| !fields.contains_key(**field)) {
            Some(field) => Err(Failure::usage(said!(
                "the mapping does not say where `{field}` of [{section}.fields] is",
                "映射没有说明 [{section}.fields] 的 `{field}` 在哪里"
            ))),
            None => Ok(()),
        }
    }
}

/// Adds the name that was probably meant.
pub fn or_meant(why: Said, meant: Option<&str>) -> Said {
    match meant {
        Some(name) => why.and(said!("did you mean `{name}`?", "是否应为 `{name}`？")),
        None => why,
    }
}
