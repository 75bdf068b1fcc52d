//! The coupons of an order, each with what it took off.

use super::Access;
use docket_domain::{AppliedCoupon, Tree};
use serde::Serialize;
use utoipa::ToSchema;

/// A coupon as an order has it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = AppliedCoupon)]
pub struct CouponView<'a> {
    /// Which.
    pub code: &'a str,
    /// The shop of whose discount it is part; null for the platform's.
    pub shop_id: Option<&'a str>,
    /// What it took off, in minor units.
    pub amount: i64,
}

/// The coupons of the shop orders that may be seen, then the platform's.
pub(super) fn coupons<'a>(tree: &'a Tree, access: Access<'_>) -> Vec<CouponView<'a>> {
    let seen = tree.shops.iter().filter(|shop| access.shows(shop.id));
    let of_shops = seen
        .flat_map(|shop| shop.coupons.iter().map(|coupon| (Some(shop.shop_id.as_str()), coupon)));
    let of_platform = tree.payment.coupons.iter().map(|coupon| (None, coupon));
    let shown = |(shop_id, coupon): (Option<&'a str>, &'a AppliedCoupon)| CouponView {
        code: &coupon.code,
        shop_id,
        amount: coupon.amount,
    };
    of_shops.chain(of_platform).map(shown).collect()
}
