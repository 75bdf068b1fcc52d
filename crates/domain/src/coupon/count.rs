//! What an order counts towards the limits of its coupons, and what a change moves of it.

use super::{AppliedCoupon, Counted};
use crate::Tree;
use crate::tree::Revoke;
use crate::words::PaymentStatus;
use std::collections::BTreeMap;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CountOf {
    /// A coupon.
    Total(String),
    /// A coupon of one buyer.
    Buyer(String, String),
    /// A coupon of one buyer on one day.
    BuyerDay(String, String, String),
    /// Orders with coupons of one telephone on one day: the keyed hash of both, and the day.
    PhoneDay(i64, String),
}

/// Parts names in a key: no code and no buyer has it.
const PART: char = '\u{1f}';

impl CountOf {
    /// The key of its row. What is counted by day begins with the day, so that old rows lie together.
    pub fn key(&self) -> String {
        match self {
            Self::Total(code) => format!("t:{code}"),
            Self::Buyer(code, buyer) => format!("b:{code}{PART}{buyer}"),
            Self::BuyerDay(code, buyer, day) => format!("d:{day}:{code}{PART}{buyer}"),
            Self::PhoneDay(phone, day) => format!("p:{day}:{:016x}", phone.cast_unsigned()),
        }
    }
}

/// What a change moves of one count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponMove {
    /// Which.
    pub of: CountOf,
    /// Added to what is used, held or redeemed.
    pub used: i64,
    /// Added to what of it is redeemed; of totals alone.
    pub redeemed: i64,
}

/// What an order does with its coupons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has given them back.
    Released,
    /// It holds them until it is paid.
    Held,
    /// It has used them up, for good: a refund does not give them back.
    Redeemed,
}

impl Standing {
    /// That of `tree` with this payment axis.
    pub const fn of(tree: &Tree, payment: PaymentStatus) -> Self {
        match (&tree.payment.revoke, payment) {
            (Revoke::Revoked { .. }, _) => Self::Released,
            (_, PaymentStatus::Paid) => Self::Redeemed,
            _ => Self::Held,
        }
    }
}

/// Every coupon of `tree`, those of its shop orders first.
pub fn applied(tree: &Tree) -> impl Iterator<Item = &AppliedCoupon> {
    tree.shops.iter().flat_map(|shop| &shop.coupons).chain(&tree.payment.coupons)
}

/// How often `tree` counts where, if it holds its coupons.
fn counted(tree: &Tree) -> BTreeMap<CountOf, i64> {
    let mut counts = BTreeMap::new();
    for coupon in applied(tree) {
        let Some(Counted { class, day, phone, .. }) = &coupon.counted else { continue };
        *counts.entry(CountOf::Total(coupon.code.clone())).or_default() += 1;
        if let Some(buyer) = &tree.payment.buyer_id {
            let (code, buyer) = (coupon.code.clone(), buyer.clone());
            *counts.entry(CountOf::Buyer(code.clone(), buyer.clone())).or_default() += 1;
            if class.counts_days() {
                let of_day = CountOf::BuyerDay(code, buyer, day.clone());
                *counts.entry(of_day).or_default() += 1;
            }
        }
        if let Some(phone) = phone {
            // An order counts once, however many coupons it has.
            counts.insert(CountOf::PhoneDay(*phone, day.clone()), 1);
        }
    }
    counts
}

/// What the coupons of `tree` take when they are held.
pub fn holds(tree: &Tree) -> Vec<CouponMove> {
    let moved = |(of, used)| CouponMove { of, used, redeemed: 0 };
    counted(tree).into_iter().map(moved).collect()
}

/// What lies between an order before a change, none at its placement, and after it; each count once, in the
/// order of the counts.
pub fn moves(before: Option<(&Tree, Standing)>, after: (&Tree, Standing)) -> Vec<CouponMove> {
    let has_coupons = |tree: &Tree| applied(tree).next().is_some();
    if !has_coupons(after.0) && !before.is_some_and(|(tree, _)| has_coupons(tree)) {
        return Vec::new();
    }
    if before.is_some_and(|(_, standing)| standing == Standing::Redeemed) {
        return Vec::new();
    }
    let mut moves: BTreeMap<CountOf, (i64, i64)> = BTreeMap::new();
    let sides = before.into_iter().map(|side| (side, -1)).chain([(after, 1)]);
    for ((tree, standing), sign) in sides.filter(|((_, s), _)| *s != Standing::Released) {
        for (of, used) in counted(tree) {
            let redeemed = standing == Standing::Redeemed && matches!(of, CountOf::Total(_));
            let sum = moves.entry(of).or_default();
            sum.0 += sign * used;
            sum.1 += sign * used * i64::from(redeemed);
        }
    }
    let moved = |(of, (used, redeemed))| CouponMove { of, used, redeemed };
    let moves = moves.into_iter().map(moved);
    moves.filter(|moved| moved.used != 0 || moved.redeemed != 0).collect()
}
