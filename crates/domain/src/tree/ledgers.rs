//! Which ledgers an order moves, and by which rule: fixed at placement, so that whatever follows can be told
//! from the order alone, also after the config has changed.

use super::is_default;
use crate::ledger::LedgerLocation;
use serde::{Deserialize, Serialize};

/// What an order takes part in, as it was agreed when it was placed. A recorded order takes part in nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ledgers {
    /// Where the buyer's coins are counted; none where whoever placed the order vouches for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coins: Option<LedgerLocation>,
    /// The points that payment grants; none without a buyer or where no points are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<PointsRule>,
    /// Gift packs that payment may issue, in the order of their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gifts: Vec<GiftRule>,
    /// Where the slips of lines sold by weight are kept.
    #[serde(default, skip_serializing_if = "is_default")]
    pub slips: LedgerLocation,
}

/// By which rule points are granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsRule {
    /// Minor units of money to pay for one point; above 0.
    pub per: i64,
    /// Where they are counted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kept: LedgerLocation,
}

/// A gift pack that payment issues if its minimum is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftRule {
    /// The pack.
    pub pack_id: String,
    /// What people call it.
    pub title: String,
    /// Only what this shop sells counts; none means the whole order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop_id: Option<String>,
    /// The least price, in minor units, after the discounts of shop and platform.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_price: i64,
    /// Whether it is one of so many that are given out in all, and counted from placement on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limited: bool,
    /// Where it is kept.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kept: LedgerLocation,
}
