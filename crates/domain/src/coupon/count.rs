//! What an order counts towards the limits of its coupons, and what a change moves of it.

use super::{AppliedCoupon, ComesBack, Counted};
use crate::status;
use crate::tree::{Refund, Revoke};
use crate::words::PaymentStatus;
use crate::{ShopOrder, Time, Tree};
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
    /// Whether its limit must allow it. Not where a fact takes back what had come back: money that a bank
    /// returned cannot be refused, and the next placement is.
    pub guarded: bool,
}

/// What an order does with one of its coupons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does not count it, or not any more.
    Released,
    /// It holds it until it is paid.
    Held,
    /// It has used it up.
    Redeemed,
}

impl Standing {
    /// That of `applied` in `tree` with this payment axis; `shop` is the shop order it is taken from, none for
    /// one of the platform.
    fn of(
        tree: &Tree,
        payment: PaymentStatus,
        shop: Option<&ShopOrder>,
        applied: &AppliedCoupon,
    ) -> Self {
        let Some(counted) = &applied.counted else { return Self::Released };
        if is_revoked(tree) || counted.given_back.is_some() {
            Self::Released
        } else if payment != PaymentStatus::Paid {
            Self::Held
        } else if came_back(tree, shop, counted) {
            Self::Released
        } else {
            Self::Redeemed
        }
    }
}

fn is_revoked(tree: &Tree) -> bool {
    matches!(tree.payment.revoke, Revoke::Revoked { .. })
}

/// Whether a use that was paid for has come back by itself: all that the coupon was taken from has ended, while
/// the coupon still was in time.
fn came_back(tree: &Tree, shop: Option<&ShopOrder>, counted: &Counted) -> bool {
    let rule = counted.comes_back;
    let ended_at = if let Some(shop) = shop {
        ended_at(shop, rule)
    } else {
        let open = tree.shops.iter().filter(|shop| shop.dropped_at.is_none());
        let ends: Option<Vec<Time>> = open.map(|shop| ended_at(shop, rule)).collect();
        ends.and_then(|ends| ends.into_iter().max())
    };
    ended_at.is_some_and(|ended| counted.until.is_none_or(|until| ended < until))
}

/// When `shop` ended in the sense of `rule`, if it did: from the answer on that gives the last of it back, since
/// nothing is shipped from then on and whoever waits for his money need not wait for his coupon.
fn ended_at(shop: &ShopOrder, rule: ComesBack) -> Option<Time> {
    let unshipped = || status::ended_unshipped(shop);
    let ended = match rule {
        ComesBack::Never => false,
        ComesBack::NothingShipped => unshipped(),
        ComesBack::AllGivenBack => unshipped() || status::all_given_back(shop),
    };
    // Money alone ends nothing, also where it goes back later.
    let of_goods = |refund: &&Refund| status::is_agreed(refund) && !refund.lines.is_empty();
    let agreed = shop.refunds.iter().filter(|_| ended).filter(of_goods);
    agreed.map(|refund| refund.answered_at.unwrap_or(refund.created_at)).max()
}

/// Every coupon of `tree`, those of its shop orders first.
pub fn applied(tree: &Tree) -> impl Iterator<Item = &AppliedCoupon> {
    tree.shops.iter().flat_map(|shop| &shop.coupons).chain(&tree.payment.coupons)
}

/// The same, each with where it stands under this payment axis.
pub fn standings(
    tree: &Tree,
    payment: PaymentStatus,
) -> impl Iterator<Item = (&AppliedCoupon, Standing)> {
    let of_shops =
        tree.shops.iter().flat_map(|shop| shop.coupons.iter().map(move |one| (Some(shop), one)));
    let all = of_shops.chain(tree.payment.coupons.iter().map(|one| (None, one)));
    all.map(move |(shop, one)| (one, Standing::of(tree, payment, shop, one)))
}

/// The coupon `code` of `tree` that counts here, with where it stands.
pub(crate) fn find<'a>(
    tree: &'a Tree,
    payment: PaymentStatus,
    code: &str,
) -> Option<(&'a AppliedCoupon, Standing)> {
    standings(tree, payment).find(|(one, _)| one.code == code && one.counted.is_some())
}

/// Notes on the coupon `code` of `tree` that its use was given back at a moment.
pub(crate) fn returned(tree: &mut Tree, code: &str, at: Time) {
    let of_shops = tree.shops.iter_mut().flat_map(|shop| &mut shop.coupons);
    for applied in of_shops.chain(&mut tree.payment.coupons).filter(|one| one.code == code) {
        if let Some(counted) = &mut applied.counted {
            counted.given_back = Some(at);
        }
    }
}

/// Used and redeemed.
type Counts = BTreeMap<CountOf, (i64, i64)>;

/// How often `tree` counts where, with its coupons standing like this.
fn counted<'a>(
    tree: &Tree,
    coupons: impl Iterator<Item = (&'a AppliedCoupon, Standing)>,
) -> Counts {
    let mut counts = Counts::new();
    for (coupon, standing) in coupons.filter(|(_, standing)| *standing != Standing::Released) {
        let Some(Counted { class, day, phone, .. }) = &coupon.counted else { continue };
        let total = counts.entry(CountOf::Total(coupon.code.clone())).or_default();
        total.0 += 1;
        total.1 += i64::from(standing == Standing::Redeemed);
        if let Some(buyer) = &tree.payment.buyer_id {
            let (code, buyer) = (coupon.code.clone(), buyer.clone());
            counts.entry(CountOf::Buyer(code.clone(), buyer.clone())).or_default().0 += 1;
            if class.counts_days() {
                counts.entry(CountOf::BuyerDay(code, buyer, day.clone())).or_default().0 += 1;
            }
        }
        if let Some(phone) = phone {
            // An order counts once, however many coupons it has.
            counts.insert(CountOf::PhoneDay(*phone, day.clone()), (1, 0));
        }
    }
    counts
}

/// What the coupons of `tree` take when they are held. What a person gave back is not taken again.
pub fn holds(tree: &Tree) -> Vec<CouponMove> {
    let held = |one: &AppliedCoupon| match &one.counted {
        Some(counted) if counted.given_back.is_none() => Standing::Held,
        _ => Standing::Released,
    };
    let counts = counted(tree, applied(tree).map(|one| (one, held(one))));
    let moved = |(of, (used, _))| CouponMove { of, used, redeemed: 0, guarded: true };
    counts.into_iter().map(moved).collect()
}

/// What lies between an order before a change, none at its placement, and after it; each count once, in the order
/// of the counts.
pub fn moves(before: Option<&Tree>, after: &Tree) -> Vec<CouponMove> {
    let has_coupons = |tree: &Tree| applied(tree).next().is_some();
    if !has_coupons(after) && !before.is_some_and(has_coupons) {
        return Vec::new();
    }
    let before = before.map(|tree| (tree, status::payment_of(tree)));
    // What was paid for stays paid for: only an end gives it back.
    let was_paid = before.is_some_and(|(_, payment)| payment == PaymentStatus::Paid);
    let payment = if was_paid { PaymentStatus::Paid } else { status::payment_of(after) };
    let mut moves = counted(after, standings(after, payment));
    if let Some((tree, payment)) = before {
        for (of, (used, redeemed)) in counted(tree, standings(tree, payment)) {
            let sum = moves.entry(of).or_default();
            sum.0 -= used;
            sum.1 -= redeemed;
        }
    }
    let takes = before.is_none_or(|(tree, _)| is_revoked(tree));
    let moved =
        |(of, (used, redeemed))| CouponMove { of, used, redeemed, guarded: takes && used > 0 };
    let moves = moves.into_iter().map(moved);
    moves.filter(|moved| moved.used != 0 || moved.redeemed != 0).collect()
}
