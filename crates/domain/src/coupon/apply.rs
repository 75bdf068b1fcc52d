//! What coupons take off a tree that is being placed: each over what the one before has left, those of shops
//! before those of the platform. Everything that speaks against one is told at once.

use super::{AppliedCoupon, Coupon};
use crate::placement::PlacedCoupon;
use crate::price::sums;
use crate::refusal::CouponRefused;
use crate::{Amount, Currency, Refusal, Time, Tree};
use std::fmt;

/// The coupons that a placement may find, as they are at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Definitions<'a> {
    /// Those of the codes that the placement names.
    pub coupons: &'a [Coupon],
    /// When it is placed.
    pub at: Time,
}

/// What speaks against a coupon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyNot {
    /// There is none of this code.
    Unknown,
    /// It is not taken any more, or not yet.
    NotActive,
    /// It is taken later.
    NotYet,
    /// It was taken earlier.
    Expired,
    /// The order is in another currency.
    Currency(Currency),
    /// It is given by this shop, and another one was named.
    OtherShop(String),
    /// It is given by this shop, and nothing of that is in the order.
    NoLines(String),
    /// It is the platform's, and a shop was named.
    NoShop,
    /// Less is left to pay of the lines it is for than it asks.
    BelowMinSpend {
        /// What it asks, in minor units.
        least: i64,
        /// What is left.
        left: i64,
    },
    /// It would take nothing off: the lines it is for cost nothing any more, or next to nothing.
    NothingLeft,
    /// It counts buyers, and the order names none.
    NoBuyer,
    /// Orders with coupons are counted by telephone, and the order has none that can be read.
    NoPhone,
    /// It has been used as often as it may.
    LimitReached {
        /// Which limit: `total`, `per_buyer`, `per_buyer_day`, `per_phone_day`.
        limit: &'static str,
        /// How often that allows.
        most: i64,
    },
}

impl WhyNot {
    /// The stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "coupon_unknown",
            Self::NotActive => "coupon_not_active",
            Self::NotYet => "coupon_not_yet",
            Self::Expired => "coupon_expired",
            Self::NoPhone => "coupon_needs_phone",
            Self::LimitReached { .. } => "coupon_limit_reached",
            _ => "coupon_not_applicable",
        }
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(f, "is unknown"),
            Self::NotActive => write!(f, "is not active"),
            Self::NotYet => write!(f, "is not taken yet"),
            Self::Expired => write!(f, "is not taken any more"),
            Self::Currency(currency) => write!(f, "is in {currency}"),
            Self::OtherShop(shop) => write!(f, "is given by shop {shop}"),
            Self::NoLines(shop) => write!(f, "is for shop {shop}, of which nothing is ordered"),
            Self::NoShop => write!(f, "is the platform's and for no shop alone"),
            Self::BelowMinSpend { least, left } => {
                write!(f, "needs {least} to pay of the lines it is for, and {left} is left")
            }
            Self::NothingLeft => {
                write!(
                    f,
                    "would take nothing off: too little is left to pay of the lines it is for"
                )
            }
            Self::NoBuyer => write!(f, "is counted by buyer, and the order names none"),
            Self::NoPhone => write!(
                f,
                "is counted by telephone, and the order has no telephone number that can be read"
            ),
            Self::LimitReached { limit: "per_phone_day", most } => {
                write!(
                    f,
                    "is one too many: one telephone may have {most} orders with coupons a day"
                )
            }
            Self::LimitReached { limit, most } => {
                let whose = match *limit {
                    "per_buyer" => " by one buyer",
                    "per_buyer_day" => " by one buyer on one day",
                    _ => " in all",
                };
                write!(f, "has been used as often as it may: its limit is {most}{whose}")
            }
        }
    }
}

/// Puts the coupons of a placement on the nodes of its fresh `tree` and their amounts into the discounts there.
/// Those whose amount is told have happened elsewhere and are part of the discounts already.
pub(crate) fn apply(
    tree: &mut Tree,
    asked: &[PlacedCoupon],
    known: Definitions<'_>,
) -> Result<(), Refusal> {
    let mut refused = Vec::new();
    let mut computed = Vec::new();
    for (at, asked) in asked.iter().enumerate() {
        if let Some(amount) = asked.amount {
            note(tree, asked, amount);
            continue;
        }
        let found = known.coupons.iter().find(|coupon| coupon.code == asked.code);
        match found.ok_or(WhyNot::Unknown).and_then(|coupon| fits(tree, asked, coupon, known.at)) {
            Ok(place) => computed.push((at, place)),
            Err(why) => refused.push(refusal(at, asked, why)),
        }
    }
    // A shop's come first: the platform's are taken from what they leave.
    computed.sort_by_key(|(at, (shop, _))| (shop.is_none(), *at));
    for (at, (shop, coupon)) in computed {
        if let Err(why) = take(tree, shop, coupon) {
            refused.push(refusal(at, &asked[at], why));
        }
    }
    refused.sort_by(|a, b| a.field.cmp(&b.field));
    if refused.is_empty() { Ok(()) } else { Err(Refusal::Coupons(refused)) }
}

fn refusal(at: usize, asked: &PlacedCoupon, why: WhyNot) -> CouponRefused {
    CouponRefused { field: format!("coupons[{at}]"), code: asked.code.clone(), why }
}

/// A coupon that was used elsewhere: it counts nothing here.
fn note(tree: &mut Tree, asked: &PlacedCoupon, amount: i64) {
    let applied = AppliedCoupon { code: asked.code.clone(), amount, counted: None };
    let own = |shop: &&mut crate::ShopOrder| Some(&shop.shop_id) == asked.shop_id.as_ref();
    match tree.shops.iter_mut().find(own) {
        Some(shop) => shop.coupons.push(applied),
        None => tree.payment.coupons.push(applied),
    }
}

/// The shop order that `coupon` is for, none for all, if it can be used in this order at all.
fn fits<'a>(
    tree: &Tree,
    asked: &PlacedCoupon,
    coupon: &'a Coupon,
    at: Time,
) -> Result<(Option<usize>, &'a Coupon), WhyNot> {
    taken_at(coupon, at)?;
    if coupon.currency != tree.payment.currency {
        return Err(WhyNot::Currency(coupon.currency));
    }
    let by_buyer = coupon.limits.per_buyer.is_some() || coupon.limits.per_buyer_day.is_some();
    if by_buyer && tree.payment.buyer_id.is_none() {
        return Err(WhyNot::NoBuyer);
    }
    let Some(own) = &coupon.shop_id else {
        return if asked.shop_id.is_some() { Err(WhyNot::NoShop) } else { Ok((None, coupon)) };
    };
    if asked.shop_id.as_ref().is_some_and(|named| named != own) {
        return Err(WhyNot::OtherShop(own.clone()));
    }
    // A shop that sells from two places has two shop orders: the one that has most left takes it.
    let of_shop = tree.shops.iter().enumerate().filter(|(_, shop)| shop.shop_id == *own);
    let left = |shop: usize| sums::shop_price(&tree.shops[shop]).known().unwrap_or(0);
    let most = of_shop.map(|(shop, _)| shop).max_by_key(|shop| (left(*shop), usize::MAX - shop));
    most.map(|shop| (Some(shop), coupon)).ok_or_else(|| WhyNot::NoLines(own.clone()))
}

/// Whether `coupon` is taken at a moment.
fn taken_at(coupon: &Coupon, at: Time) -> Result<(), WhyNot> {
    if !coupon.active {
        Err(WhyNot::NotActive)
    } else if coupon.from.is_some_and(|from| at < from) {
        Err(WhyNot::NotYet)
    } else if coupon.until.is_some_and(|until| at >= until) {
        Err(WhyNot::Expired)
    } else {
        Ok(())
    }
}

impl Coupon {
    /// What speaks against it at a moment, if anything does: it is asked once more where the order is decided.
    pub fn taken_at(&self, at: Time) -> Result<(), WhyNot> {
        taken_at(self, at)
    }
}

/// Takes what `coupon` is worth from what the discounts before it have left.
fn take(tree: &mut Tree, shop: Option<usize>, coupon: &Coupon) -> Result<(), WhyNot> {
    let left = match shop {
        Some(shop) => sums::shop_price(&tree.shops[shop]),
        None => sums::tree_price(tree),
    };
    // A discount that is too large by itself is told where discounts are shared out.
    let left = left.known().unwrap_or(0).max(0);
    if left < coupon.min_spend {
        return Err(WhyNot::BelowMinSpend { least: coupon.min_spend, left });
    }
    let amount = coupon.worth.of(left);
    if amount == 0 && !coupon.worth.is_nothing() {
        return Err(WhyNot::NothingLeft);
    }
    let applied = AppliedCoupon { code: coupon.code.clone(), amount, counted: None };
    let (coupons, discount) = match shop {
        Some(shop) => {
            let shop = &mut tree.shops[shop];
            (&mut shop.coupons, &mut shop.shop_discount)
        }
        None => (&mut tree.payment.coupons, &mut tree.payment.platform_discount),
    };
    coupons.push(applied);
    *discount = *discount + Amount::of(amount);
    Ok(())
}
