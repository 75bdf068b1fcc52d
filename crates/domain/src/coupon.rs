//! Coupons: what one is, what it takes off an order, and what an order counts of its limits.
//!
//! Docket computes what a coupon is worth; nobody says it. What an order counts is a function of the order
//! alone, so what a change moves is the difference between the order before and after it, and is given back
//! exactly once. Pure: definitions and time are arguments.

mod apply;
mod count;

pub use apply::{Definitions, WhyNot};
pub use count::{CountOf, CouponMove, Standing, applied, holds, moves, standings};
pub(crate) use count::{find, returned};

pub(crate) use apply::apply;

use crate::ledger::LedgerLocation;
use crate::tree::is_default;
use crate::{Amount, Currency, Time};
use serde::{Deserialize, Serialize};

/// Coupons in one order at most.
pub const COUPONS_MAX: usize = 20;
/// The whole, in basis points.
pub const WHOLE: i64 = 10_000;

/// What a coupon is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// What a buyer names it by; at most 64 bytes.
    pub code: String,
    /// How often it has been set or adjusted, from 1. A placement is priced with one version and decided only
    /// while that is the current one.
    pub version: u32,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The shop that gives it; none for a coupon of the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop_id: Option<String>,
    /// What it takes off.
    pub worth: Worth,
    /// The currency of its amounts, and of the orders that it is taken in.
    pub currency: Currency,
    /// What must be left to pay of the lines it is for, in minor units.
    pub min_spend: i64,
    /// Its class.
    pub class: Class,
    /// How often it may be used.
    pub limits: Limits,
    /// From when on it is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// Until when it is taken; not at that moment any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Whether it is taken at all.
    pub active: bool,
}

/// What a coupon takes off, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Worth {
    /// An amount.
    Amount {
        /// How much.
        face: i64,
    },
    /// A part of what is left to pay.
    Percent {
        /// How much of it; 10,000 is all.
        basis_points: i64,
        /// At most so much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cap: Option<i64>,
    },
}

/// The class of a coupon. Those of the last two count what one buyer uses in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// So much less.
    Discount,
    /// So much less from some sum on.
    FullReduction,
    /// With something given on top.
    Gift,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Discount, Self::FullReduction, Self::Gift];

    /// The word at the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Discount => "discount",
            Self::FullReduction => "full_reduction",
            Self::Gift => "gift",
        }
    }

    /// The class of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// Whether what one buyer uses in a day is counted.
    pub const fn counts_days(self) -> bool {
        !matches!(self, Self::Discount)
    }
}

/// How often a coupon may be used; without limit where none is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// In all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
    /// By one buyer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_buyer: Option<i64>,
    /// By one buyer on one day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_buyer_day: Option<i64>,
}

/// A coupon as an order has it, on the node whose discount it is part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedCoupon {
    /// Which.
    pub code: String,
    /// What of the node's discount it is, in minor units.
    pub amount: i64,
    /// What it counts towards its limits; nothing in an order that was decided elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
}

/// What an applied coupon counts, beside its total and its buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Its class then.
    pub class: Class,
    /// The day it was used on, as `2026-11-20`.
    pub day: String,
    /// Who used it by telephone that day: a keyed hash of both, where that is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<i64>,
    /// Where it is told that the coupon was used up. Its limits are counted here in any case.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kept: LedgerLocation,
    /// When a use that was paid for comes back, as it was set when the order was placed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub comes_back: ComesBack,
    /// Until when the coupon was taken, as it was set then: a use of one that is over does not come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// When a person gave this use back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_back: Option<Time>,
}

/// When a use of a coupon that was paid for comes back by itself. An order that is revoked unpaid gives its
/// coupons back in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComesBack {
    /// When its order ends with nothing shipped, whoever ended it.
    NothingShipped,
    /// When all of its order was given back, shipped or not.
    AllGivenBack,
    /// Never. Also what holds for orders that do not say: they were placed when no refund gave a coupon back.
    #[default]
    Never,
}

impl ComesBack {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::NothingShipped, Self::AllGivenBack, Self::Never];

    /// The word in config.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NothingShipped => "nothing_shipped",
            Self::AllGivenBack => "all_given_back",
            Self::Never => "never",
        }
    }

    /// The rule of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.word() == word)
    }
}

impl Worth {
    /// What it takes off `left` minor units: never more than all of them. A part is rounded half up once.
    pub fn of(self, left: i64) -> i64 {
        let worth = match self {
            Self::Amount { face } => face,
            Self::Percent { basis_points, cap } => {
                let whole = i128::from(WHOLE);
                let part = (i128::from(left) * i128::from(basis_points) + whole / 2) / whole;
                let part = i64::try_from(part).unwrap_or(left);
                cap.map_or(part, |cap| part.min(cap))
            }
        };
        worth.min(left).max(0)
    }

    /// Whether it is meant to take nothing off: a gift may.
    pub const fn is_nothing(self) -> bool {
        matches!(self, Self::Amount { face: 0 } | Self::Percent { basis_points: 0, .. })
    }
}

/// Cuts what `coupons` are of a discount that was set to another amount: together never more than all of it,
/// the last one first.
pub(crate) fn fit(coupons: &mut [AppliedCoupon], discount: Amount) {
    let Some(mut left) = discount.known() else { return };
    for coupon in coupons {
        coupon.amount = coupon.amount.min(left);
        left -= coupon.amount;
    }
}
