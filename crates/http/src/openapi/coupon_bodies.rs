//! Bodies of requests about coupons, for the document alone.

#![allow(dead_code)] // described, never made

use super::bodies::one_of;
use super::words::{AmountWord, CouponClass, CouponLimit, PercentWord};
use docket_wire::described::{Amount, CurrencyCode, Identifier, Reason, Time, Title};
use std::borrow::Cow;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Declares a coupon of one kind: what it takes off, and what every coupon has.
macro_rules! coupon {
    ($(#[doc = $about:literal])* $name:ident as $shown:ident { $($own:tt)* }) => {
        #[derive(ToSchema)]
        $(#[doc = $about])*
        #[schema(as = $shown)]
        pub struct $name {
            $($own)*
            /// What people call it.
            title: Option<Title>,
            /// The shop that gives it; left out for a coupon of the platform.
            shop_id: Option<Identifier>,
            /// ISO 4217; orders in another currency do not take it.
            currency: CurrencyCode,
            /// What must be left to pay of the lines it is for; 0 where left out.
            min_spend: Option<Amount>,
            /// `discount` where left out, `full_reduction` or `gift`.
            class: Option<CouponClass>,
            /// How often it may be used in all; any number of times where left out.
            total_limit: Option<CouponLimit>,
            /// How often by one buyer.
            buyer_limit: Option<CouponLimit>,
            /// How often by one buyer on one day; of `full_reduction` and `gift` alone.
            buyer_day_limit: Option<CouponLimit>,
            /// From when on it is taken.
            from: Option<Time>,
            /// Until when; not at that moment any more.
            until: Option<Time>,
            /// Whether it is taken at all; true where left out.
            active: Option<bool>,
        }
    };
}

coupon! {
    /// A coupon to set, that takes off an amount.
    AmountCouponBody as NewAmountCoupon {
        /// `amount`.
        kind: AmountWord,
        /// What it takes off, in minor units; 0 for a gift alone.
        face: Amount,
    }
}

coupon! {
    /// A coupon to set, that takes off a part.
    PercentCouponBody as NewPercentCoupon {
        /// `percent`.
        kind: PercentWord,
        /// The part of what is left to pay that it takes off, in hundredths of a percent; 0 for a gift alone.
        #[schema(minimum = 0, maximum = 10000)]
        basis_points: i64,
        /// At most so much, in minor units.
        #[schema(minimum = 1, maximum = 999_999_999_999_i64)]
        cap: Option<i64>,
    }
}

/// A coupon to set.
pub struct CouponBody;

impl PartialSchema for CouponBody {
    fn schema() -> RefOr<Schema> {
        one_of(
            "A coupon to set.",
            "kind",
            [("amount", "NewAmountCoupon"), ("percent", "NewPercentCoupon")],
        )
    }
}

impl ToSchema for CouponBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("NewCoupon")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        for (name, schema) in [
            (AmountCouponBody::name(), AmountCouponBody::schema()),
            (PercentCouponBody::name(), PercentCouponBody::schema()),
        ] {
            schemas.push((name.into_owned(), schema));
        }
        AmountCouponBody::schemas(schemas);
        PercentCouponBody::schemas(schemas);
    }
}

/// What is changed about a coupon.
#[derive(ToSchema)]
#[schema(as = AdjustCoupon)]
pub struct AdjustCouponBody {
    /// Added to its limit in all; negative to take from it.
    #[schema(minimum = -1_000_000_000_000_i64, maximum = 1_000_000_000_000_i64)]
    limit: Option<i64>,
    /// Whether it is taken from now on.
    active: Option<bool>,
    /// Why, in the words of whoever did it.
    reason: Reason,
}
