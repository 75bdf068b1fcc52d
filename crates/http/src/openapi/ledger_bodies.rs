//! Bodies of requests about accounts, members and gift packs, for the document alone.

#![allow(dead_code)] // described, never made

use utoipa::ToSchema;

/// What a buyer has from now on.
#[derive(ToSchema)]
#[schema(as = SetAccount)]
pub struct AccountBody {
    /// Minor units of money for coins, whole points for points.
    #[schema(minimum = 0)]
    balance: i64,
    /// Coins alone: ISO 4217. Required when the account is opened.
    currency: Option<String>,
    /// Why.
    reason: String,
}

/// What is added or taken.
#[derive(ToSchema)]
#[schema(as = NewAccountAdjustment)]
pub struct AccountAdjustmentBody {
    /// What is added; negative to take. What is held for orders cannot be taken.
    delta: i64,
    /// Why.
    reason: String,
}

/// A member to set.
#[derive(ToSchema)]
#[schema(as = SetMember)]
pub struct MemberBody {
    /// The level, by the word of whoever keeps levels.
    #[schema(max_length = 64)]
    level: String,
    /// Since when; now where left out of a new one.
    #[schema(value_type = Option<String>, format = DateTime)]
    joined_at: Option<String>,
}

/// A gift pack to set.
#[derive(ToSchema)]
#[schema(as = SetGiftPack)]
pub struct GiftPackBody {
    /// What people call it.
    title: String,
    /// ISO 4217.
    currency: String,
    /// The least price of an order, after the discounts of shop and platform, that brings the pack.
    #[schema(minimum = 0)]
    min_price: i64,
    /// Only what this shop sells counts.
    shop_id: Option<String>,
    /// Not for orders placed before.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// Not for orders placed at or after.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    /// How many are given in all; without limit where left out.
    #[schema(minimum = 0)]
    total: Option<i64>,
    /// Whether it is given at all; yes where left out.
    active: Option<bool>,
}
