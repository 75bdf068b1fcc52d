//! The item order (L3), with its share of every discount and its ratings.

use super::{HeardLine, is_default};
use crate::{Amount, Id, Json, Quantity, Time};
use serde::{Deserialize, Serialize};

/// One SKU line (L3): the smallest part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemOrder {
    /// Its number.
    pub id: Id,
    /// The SKU.
    pub sku_id: String,
    /// The number its channel gives the line; by that it is met again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The article the SKU belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<String>,
    /// What the buyer saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its attributes, as the caller told them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Json>,
    /// Where it is delivered from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_area_id: Option<String>,
    /// By which code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_code: Option<String>,
    /// Free extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Json>,
    /// Unit price before any discount.
    pub list_price: Amount,
    /// How much was ordered.
    pub quantity: Quantity,
    /// How much of that its channel says was cancelled before it was shipped.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cancelled_quantity: Quantity,
    /// Item discount, for the whole line.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub item_discount: Amount,
    /// The tax of the whole line, as it was given.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub tax: Amount,
    /// Its share of every discount above it, frozen per terms version.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shares: Shares,
    /// Whether it is sold by weight.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weighed: bool,
    /// What the scales said, once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighed_as: Option<Quantity>,
    /// Whether the line holds stock: fixed at placement.
    #[serde(default, skip_serializing_if = "is_default")]
    pub holds_stock: bool,
    /// What of our stock one unit of a sale in a channel shop takes; empty while the shop's map does not say so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allocations: Vec<Allocation>,
    /// When it was dropped from the order; its amounts are then zero and it counts for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped_at: Option<Time>,
    /// Ratings: the first, and one more within 30 days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<Rate>,
    /// What was heard of it from its channel, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<HeardLine>,
}

/// What one unit of a line takes of one SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// The SKU of ours.
    pub sku_id: String,
    /// The place that it is taken from.
    pub place: String,
    /// How much of it one unit takes.
    pub per_unit: Quantity,
}

/// A line's share of the discounts of the levels above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shares {
    /// Of the shop discount.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub shop: Amount,
    /// Of the platform discount.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub platform: Amount,
    /// Of the coins.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub coins: Amount,
    /// Of the third-party discount.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub third_party: Amount,
}

/// One rating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// 1 to 5.
    pub score: u8,
    /// In the buyer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When.
    pub at: Time,
}
