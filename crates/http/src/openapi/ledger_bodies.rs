//! Bodies of requests about accounts, members and gift packs, for the document alone.

#![allow(dead_code)] // described, never made

use docket_wire::described::{Amount, CurrencyCode, Identifier, Reason, Time, Title};
use utoipa::ToSchema;

/// What a buyer has from now on.
#[derive(ToSchema)]
#[schema(as = SetAccount)]
pub struct AccountBody {
    /// Minor units of money for coins, whole points for points.
    balance: Amount,
    /// Coins alone: ISO 4217. Required when the account is opened.
    currency: Option<CurrencyCode>,
    /// Why, in the words of whoever did it.
    reason: Reason,
}

/// What is added or taken.
#[derive(ToSchema)]
#[schema(as = NewAccountAdjustment)]
pub struct AccountAdjustmentBody {
    /// What is added; negative to take. What is held for orders cannot be taken.
    #[schema(minimum = -999_999_999_999_i64, maximum = 999_999_999_999_i64)]
    delta: i64,
    /// Why, in the words of whoever did it.
    reason: Reason,
}

/// A member to set.
#[derive(ToSchema)]
#[schema(as = SetMember)]
pub struct MemberBody {
    /// The level, by the word of whoever keeps levels.
    level: Identifier,
    /// Since when; now where left out of a new one.
    joined_at: Option<Time>,
}

/// A gift pack to set.
#[derive(ToSchema)]
#[schema(as = SetGiftPack)]
pub struct GiftPackBody {
    /// What people call it.
    title: Title,
    /// ISO 4217.
    currency: CurrencyCode,
    /// The least price of an order, after the discounts of shop and platform, that brings the pack.
    min_price: Amount,
    /// Only what this shop sells counts.
    shop_id: Option<Identifier>,
    /// Not for orders placed before.
    from: Option<Time>,
    /// Not for orders placed at or after.
    until: Option<Time>,
    /// How many are given in all; without limit where left out.
    total: Option<Amount>,
    /// Whether it is given at all; yes where left out.
    active: Option<bool>,
}
