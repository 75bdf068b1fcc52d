//! Sharing discounts out over lines and freights, step by step, each over what the one before has left.

use super::sums;
use crate::{Amount, Tree};

/// Where a discount stands in the tree, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The item discount of a line.
    Item {
        /// Position of its shop order.
        shop: usize,
        /// Position of the line in it.
        item: usize,
    },
    /// The discount of a shop order.
    Shop {
        /// Its position.
        shop: usize,
    },
    /// The platform discount.
    Platform,
    /// The coins.
    Coins,
    /// The third-party discount.
    ThirdParty,
}

impl From<TooLarge> for Vec<TooLarge> {
    fn from(only: TooLarge) -> Self {
        vec![only]
    }
}

impl Part {
    /// The path of the field in a placement.
    pub fn path(self) -> String {
        match self {
            Self::Item { shop, item } => format!("shops[{shop}].items[{item}].item_discount"),
            Self::Shop { shop } => format!("shops[{shop}].shop_discount"),
            other => other.field().to_owned(),
        }
    }

    /// The name of the field alone, as an operation on one shop order has it.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Item { .. } => "item_discount",
            Self::Shop { .. } => "shop_discount",
            Self::Platform => "platform_discount",
            Self::Coins => "coins",
            Self::ThirdParty => "third_party_discount",
        }
    }
}

/// A discount is above what is left to take it from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge {
    /// Which.
    pub part: Part,
    /// What it is, in minor units.
    pub discount: i64,
    /// What is left.
    pub left: i64,
}

/// What to do with coins above what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coins {
    /// Refuse them: a placement asked for them.
    AsAsked,
    /// Cut them to what the third-party discount leaves: the terms changed under them.
    Cut,
}

/// Shares `discount` out over what is left to pay of each part: largest remainder, ties by position.
///
/// Each share is at most what is left of its part. A share over an unknown is unknown. The error is what is
/// left in all, less than the discount.
pub fn share_out(discount: Amount, left: &[Amount]) -> Result<Vec<Amount>, i64> {
    if discount.is_zero() {
        return Ok(vec![Amount::ZERO; left.len()]);
    }
    let weights = left.iter().map(|part| part.known().map(i128::from)).collect::<Option<Vec<_>>>();
    let (Some(discount), Some(weights)) = (discount.known().map(i128::from), weights) else {
        return Ok(vec![Amount::UNKNOWN; left.len()]);
    };
    let whole: i128 = weights.iter().sum();
    if discount > whole {
        return Err(i64::try_from(whole).unwrap_or(i64::MAX));
    }
    let mut shares: Vec<i128> = weights.iter().map(|weight| discount * weight / whole).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    // The sort is stable, so equal remainders stay in the order of their positions.
    by_remainder.sort_by_key(|&at| std::cmp::Reverse(discount * weights[at] % whole));
    let rest = discount - shares.iter().sum::<i128>();
    // The rest is below the number of parts with a remainder, and a part with one has room for one more.
    for at in by_remainder.into_iter().take(usize::try_from(rest).unwrap_or(0)) {
        shares[at] += 1;
    }
    let amount = |share| Amount(i64::try_from(share).ok());
    Ok(shares.into_iter().map(amount).collect())
}

/// One part of the tree that discounts are shared over.
struct Slot {
    shop: usize,
    /// The line, or none for the freight.
    item: Option<usize>,
    left: Amount,
}

/// Computes every share of `tree` anew from its discounts, list prices and freights.
///
/// With [`Coins::Cut`] the coins become what the third-party discount leaves, at most what they were. The error
/// names every discount that is too large at the first step that has one: what a later step would leave is not
/// known then.
pub fn spread(tree: &mut Tree, coins: Coins) -> Result<(), Vec<TooLarge>> {
    let mut slots = slots(tree)?;
    let mut too_large = Vec::new();
    for shop in 0..tree.shops.len() {
        let discount = tree.shops[shop].shop_discount;
        let mut lines: Vec<&mut Slot> =
            slots.iter_mut().filter(|slot| slot.shop == shop && slot.item.is_some()).collect();
        match take(&mut lines, discount, Part::Shop { shop }) {
            Ok(shares) => {
                for (at, share) in shares {
                    let item = at.1.expect("only lines were chosen");
                    tree.shops[shop].items[item].shares.shop = share;
                }
            }
            Err(error) => too_large.push(error),
        }
    }
    if !too_large.is_empty() {
        return Err(too_large);
    }
    let mut lines: Vec<&mut Slot> = slots.iter_mut().filter(|slot| slot.item.is_some()).collect();
    for (at, share) in take(&mut lines, tree.payment.platform_discount, Part::Platform)? {
        tree.shops[at.0].items[at.1.expect("only lines were chosen")].shares.platform = share;
    }
    // Tax on top is paid like the price it belongs to, but no discount is taken off it.
    let tax = tree.payment.tax;
    for slot in &mut slots {
        let shop = &tree.shops[slot.shop];
        let own = slot.item.map_or(shop.freight_tax, |item| shop.items[item].tax);
        slot.left = slot.left + tax.on_top(own);
    }
    let mut all: Vec<&mut Slot> = slots.iter_mut().collect();
    if coins == Coins::Cut {
        tree.payment.coins = cut_coins(tree, all.iter().map(|slot| slot.left).sum())?;
    }
    for (at, share) in take(&mut all, tree.payment.coins, Part::Coins)? {
        match at.1 {
            Some(item) => tree.shops[at.0].items[item].shares.coins = share,
            None => tree.shops[at.0].freight_shares.coins = share,
        }
    }
    for (at, share) in take(&mut all, tree.payment.third_party_discount, Part::ThirdParty)? {
        match at.1 {
            Some(item) => tree.shops[at.0].items[item].shares.third_party = share,
            None => tree.shops[at.0].freight_shares.third_party = share,
        }
    }
    Ok(())
}

/// Lines in request order, a shop's freight after its lines; dropped nodes aside.
fn slots(tree: &Tree) -> Result<Vec<Slot>, Vec<TooLarge>> {
    let (mut slots, mut too_large) = (Vec::new(), Vec::new());
    for (shop, node) in tree.shops.iter().enumerate().filter(|(_, s)| s.dropped_at.is_none()) {
        for (item, line) in node.items.iter().enumerate().filter(|(_, i)| i.dropped_at.is_none()) {
            let gross = sums::gross(line.list_price, line.quantity);
            let left = gross - line.item_discount;
            if let (Some(rest), Some(whole), Some(discount)) =
                (left.known(), gross.known(), line.item_discount.known())
                && rest < 0
            {
                let part = Part::Item { shop, item };
                too_large.push(TooLarge { part, discount, left: whole });
            }
            slots.push(Slot { shop, item: Some(item), left });
        }
        slots.push(Slot { shop, item: None, left: node.freight });
    }
    if too_large.is_empty() { Ok(slots) } else { Err(too_large) }
}

type Place = (usize, Option<usize>);

/// Takes `discount` from the slots and tells each one's share.
fn take(
    slots: &mut [&mut Slot],
    discount: Amount,
    part: Part,
) -> Result<Vec<(Place, Amount)>, TooLarge> {
    let left: Vec<Amount> = slots.iter().map(|slot| slot.left).collect();
    let too_large = |left| TooLarge { part, discount: discount.known().unwrap_or(0), left };
    let shares = share_out(discount, &left).map_err(too_large)?;
    for (slot, share) in slots.iter_mut().zip(&shares) {
        slot.left = slot.left - *share;
    }
    Ok(slots.iter().map(|slot| (slot.shop, slot.item)).zip(shares).collect())
}

fn cut_coins(tree: &Tree, remainder: Amount) -> Result<Amount, TooLarge> {
    let (coins, third_party) = (tree.payment.coins, tree.payment.third_party_discount);
    let (Some(asked), Some(given), Some(left)) =
        (coins.known(), third_party.known(), remainder.known())
    else {
        return Ok(coins);
    };
    if given > left {
        return Err(TooLarge { part: Part::ThirdParty, discount: given, left });
    }
    Ok(Amount::of(asked.min(left - given)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(discount: i64, left: &[i64]) -> Vec<i64> {
        let left: Vec<Amount> = left.iter().copied().map(Amount::of).collect();
        let shares = share_out(Amount::of(discount), &left).expect("the discount fits");
        shares.into_iter().map(|share| share.known().expect("known")).collect()
    }

    #[test]
    fn the_largest_remainder_gets_the_unit_that_is_left() {
        assert_eq!(shared(100, &[333, 333, 334]), [33, 33, 34]);
        assert_eq!(shared(300, &[333, 333, 1]), [150, 150, 0]);
    }

    #[test]
    fn ties_go_to_the_first_position() {
        assert_eq!(shared(1, &[5, 5, 5]), [1, 0, 0]);
        assert_eq!(shared(2, &[5, 5, 5]), [1, 1, 0]);
    }

    #[test]
    fn a_discount_of_everything_takes_each_part_whole() {
        assert_eq!(shared(669, &[333, 333, 3]), [333, 333, 3]);
        assert_eq!(shared(0, &[0, 0]), [0, 0]);
    }

    #[test]
    fn a_discount_above_what_is_left_is_told_what_is_left() {
        assert_eq!(share_out(Amount::of(11), &[Amount::of(4), Amount::of(6)]), Err(10));
        assert_eq!(share_out(Amount::of(1), &[]), Err(0));
    }

    #[test]
    fn amounts_near_the_limit_do_not_overflow() {
        let limit = crate::money::AMOUNT_LIMIT - 1;
        assert_eq!(shared(limit, &[limit, limit]), [limit - limit / 2, limit / 2]);
    }

    #[test]
    fn a_share_over_an_unknown_is_unknown_but_a_share_of_nothing_is_nothing() {
        let left = [Amount::of(4), Amount::UNKNOWN];
        assert_eq!(share_out(Amount::of(2), &left), Ok(vec![Amount::UNKNOWN; 2]));
        assert_eq!(share_out(Amount::UNKNOWN, &[Amount::of(4)]), Ok(vec![Amount::UNKNOWN]));
        assert_eq!(share_out(Amount::ZERO, &left), Ok(vec![Amount::ZERO; 2]));
    }
}
