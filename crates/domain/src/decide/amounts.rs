//! What a refund amounts to: by component of each line, and the freight once.
//!
//! For each component `c` of a line (money, coins, third party) of quantity `Q`, refunds of which `d` units
//! count may have given `⌊c·d/Q⌋` so far; the next one gives what is missing to its own `⌊c·(d+q)/Q⌋`. So any
//! sequence closes at exactly `c`, also one from which rejected and failed requests have left in between.

use super::work::Work;
use crate::price::sums;
use crate::status::{Goods, counts, goods};
use crate::tree::{Refund, RefundLine};
use crate::{Amount, Id, ItemOrder, Quantity, Refusal, ShopOrder};

/// What each component of a line or a freight comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Components {
    money: i64,
    coins: i64,
    third_party: i64,
}

impl Components {
    fn of(money: Amount, coins: Amount, third_party: Amount) -> Option<Self> {
        let [money, coins, third_party] = [money.known()?, coins.known()?, third_party.known()?];
        Some(Self { money, coins, third_party })
    }

    fn of_line(item: &ItemOrder) -> Option<Self> {
        Self::of(sums::line_to_pay(item), item.shares.coins, item.shares.third_party)
    }

    fn of_freight(shop: &ShopOrder) -> Option<Self> {
        let shares = shop.freight_shares;
        Self::of(sums::freight_to_pay(shop), shares.coins, shares.third_party)
    }

    /// What the refunds that count, `except` aside, give of this line.
    fn given(shop: &ShopOrder, item: Id, except: Option<Id>) -> Self {
        let counted = shop.refunds.iter().filter(|r| counts(r) && Some(r.refund_id) != except);
        let lines = counted.flat_map(|refund| &refund.lines).filter(|line| line.order_id == item);
        lines.fold(Self::default(), |sum, line| Self {
            money: sum.money + line.amount,
            coins: sum.coins + line.coins,
            third_party: sum.third_party + line.third_party,
        })
    }
}

/// What units `d..d+q` of `whole` give of component `c`, when `given` was given for `d`.
fn component(c: i64, after: Quantity, whole: Quantity, given: i64) -> i64 {
    let reached = i128::from(c) * i128::from(after.0) / i128::from(whole.0.max(1));
    // A request that left may have let later ones be worth more than their place; never less than nothing.
    (i64::try_from(reached).unwrap_or(c) - given).max(0)
}

/// Which units a refund takes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// Those not shipped yet.
    Unshipped,
    /// Those shipped: they are to come back.
    Shipped,
}

impl First {
    pub const fn of(goods_back: bool) -> Self {
        if goods_back { Self::Shipped } else { Self::Unshipped }
    }

    /// How many of `quantity` units are shipped ones.
    fn shipped_of(self, units: Goods, quantity: Quantity) -> Quantity {
        let shipped = units.shipped.saturating_sub(units.taken_shipped);
        let taken_unshipped = units.taken.saturating_sub(units.taken_shipped);
        let unshipped =
            units.quantity.saturating_sub(units.shipped).saturating_sub(taken_unshipped);
        match self {
            Self::Shipped => quantity.min(shipped),
            Self::Unshipped => quantity.saturating_sub(unshipped),
        }
    }
}

/// The lines of a refund of these quantities of the shop order that was asked, `except` left out of the count.
pub(super) fn lines(
    work: &Work<'_, '_>,
    wanted: &[(usize, Quantity)],
    first: First,
    except: Option<Id>,
) -> Result<Vec<RefundLine>, Refusal> {
    let shop = work.shop();
    let line =
        |(at, quantity): &(usize, Quantity)| line(shop, &shop.items[*at], *quantity, first, except);
    let lines: Option<Vec<_>> = wanted.iter().map(line).collect();
    lines.ok_or(Refusal::AmountUnknown { operation: work.operation })
}

/// One line of a refund of `quantity` of `item`; none over an unknown amount.
pub(crate) fn line(
    shop: &ShopOrder,
    item: &ItemOrder,
    quantity: Quantity,
    first: First,
    except: Option<Id>,
) -> Option<RefundLine> {
    let whole = Components::of_line(item)?;
    let units = goods(shop, item, except);
    let given = Components::given(shop, item.id, except);
    let after = units.taken + quantity;
    Some(RefundLine {
        order_id: item.id,
        quantity,
        shipped: first.shipped_of(units, quantity),
        amount: component(whole.money, after, item.quantity, given.money),
        coins: component(whole.coins, after, item.quantity, given.coins),
        third_party: component(whole.third_party, after, item.quantity, given.third_party),
    })
}

/// Looks again at which units of a refund are shipped: goods may have left since it was asked for.
pub(super) fn look_at_units_again(work: &mut Work<'_, '_>, at: usize) {
    let shop = work.shop();
    let refund = &shop.refunds[at];
    let first = First::of(refund.goods_back);
    let shipped = |line: &RefundLine| {
        let item = shop.items.iter().find(|item| item.id == line.order_id);
        item.map_or(line.shipped, |item| {
            first.shipped_of(goods(shop, item, Some(refund.refund_id)), line.quantity)
        })
    };
    let shipped: Vec<Quantity> = refund.lines.iter().map(shipped).collect();
    for (line, shipped) in work.shop_mut().refunds[at].lines.iter_mut().zip(shipped) {
        line.shipped = shipped;
    }
}

/// Sums a refund up from its lines, with the freight if it goes back with it: because it was asked for, or
/// because the refund empties a shop order of which nothing was shipped; and in either case once.
pub(super) fn sum_up(work: &Work<'_, '_>, refund: &mut Refund) -> Result<(), Refusal> {
    let shop = work.shop();
    let mut others = shop.refunds.iter().filter(|r| counts(r) && r.refund_id != refund.refund_id);
    let gone = others.any(|other| other.freight_given);
    let goes = !gone && !shop.freight.is_zero() && (refund.freight_asked || empties(shop, refund));
    let freight = if goes {
        let unknown = Refusal::AmountUnknown { operation: work.operation };
        Components::of_freight(shop).ok_or(unknown)?
    } else {
        Components::default()
    };
    refund.freight_given = goes;
    refund.freight = freight.money;
    refund.amount = freight.money + refund.lines.iter().map(|line| line.amount).sum::<i64>();
    refund.coins = freight.coins + refund.lines.iter().map(|line| line.coins).sum::<i64>();
    refund.third_party =
        freight.third_party + refund.lines.iter().map(|line| line.third_party).sum::<i64>();
    Ok(())
}

/// Whether nothing was shipped and, with this refund, every unit is in one.
fn empties(shop: &ShopOrder, refund: &Refund) -> bool {
    shop.items.iter().filter(|item| item.dropped_at.is_none()).all(|item| {
        let units = goods(shop, item, Some(refund.refund_id));
        let own = refund.lines.iter().filter(|line| line.order_id == item.id);
        let taken = units.taken + own.map(|line| line.quantity).sum();
        units.shipped == Quantity::ZERO && taken >= item.quantity
    })
}

/// Whether the units, the amounts and the freight of a refund that had left the count are still there to be
/// given by it.
pub(super) fn still_fits(shop: &ShopOrder, refund: &Refund) -> bool {
    let mut others = shop.refunds.iter().filter(|r| counts(r) && r.refund_id != refund.refund_id);
    let freight_fits = !refund.freight_given || !others.any(|other| other.freight_given);
    freight_fits
        && refund.lines.iter().all(|line| {
            let Some(item) = shop.items.iter().find(|item| item.id == line.order_id) else {
                return false;
            };
            let units = goods(shop, item, Some(refund.refund_id));
            let given = Components::given(shop, item.id, Some(refund.refund_id));
            let fits = |whole: Components| {
                given.money + line.amount <= whole.money
                    && given.coins + line.coins <= whole.coins
                    && given.third_party + line.third_party <= whole.third_party
            };
            line.quantity <= units.left_to_refund() && Components::of_line(item).is_some_and(fits)
        })
}
