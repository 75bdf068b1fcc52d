//! What a refund amounts to: by component of each line and of the freight, with goodwill, and never more than
//! what is left of the money paid for the shop order.
//!
//! For each component `c` of a line (money, coins, third party) of quantity `Q`, refunds of which `d` units
//! count may have given `⌊c·d/Q⌋` so far; the next one gives what is missing to its own `⌊c·(d+q)/Q⌋`. So any
//! sequence closes at exactly `c`, also one from which rejected and failed requests have left in between. A part
//! of a freight is given by the same rule, measured by its money. The tax of a line or a freight is given by it too;
//! where it comes on top it is inside the money, and where not it changes none.

use super::work::Work;
use crate::price::sums;
use crate::status::{Goods, counts, given, goods};
use crate::tree::{FreightAsked, Refund, RefundLine, Tax};
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

    fn of_line(item: &ItemOrder, tax: Tax) -> Option<Self> {
        Self::of(sums::line_to_pay(item, tax), item.shares.coins, item.shares.third_party)
    }

    fn of_freight(shop: &ShopOrder, tax: Tax) -> Option<Self> {
        let shares = shop.freight_shares;
        Self::of(sums::freight_to_pay(shop, tax), shares.coins, shares.third_party)
    }

    const fn of_refund_line(line: &RefundLine) -> Self {
        Self { money: line.amount, coins: line.coins, third_party: line.third_party }
    }

    fn of_lines(refund: &Refund) -> Self {
        let lines = refund.lines.iter().map(Self::of_refund_line);
        lines.fold(Self::default(), |sum, line| sum.with(line, |sum, line| sum + line))
    }

    /// What a refund gives of the freight. Its coins and the third party's money stand in it beside those of its
    /// lines.
    fn of_freight_in(refund: &Refund) -> Self {
        let all =
            Self { money: refund.freight, coins: refund.coins, third_party: refund.third_party };
        let lines = Self { money: 0, ..Self::of_lines(refund) };
        all.with(lines, |all, lines| (all - lines).max(0))
    }

    /// Each component beside the same of `other`.
    fn with(self, other: Self, f: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            money: f(self.money, other.money),
            coins: f(self.coins, other.coins),
            third_party: f(self.third_party, other.third_party),
        }
    }

    /// Whether no component is above the same of `other`.
    const fn fits(self, other: Self) -> bool {
        self.money <= other.money
            && self.coins <= other.coins
            && self.third_party <= other.third_party
    }

    /// What the refunds that count, `except` aside, give of this line.
    fn given(shop: &ShopOrder, item: Id, except: Option<Id>) -> Self {
        let lines = counted(shop, except).flat_map(|refund| &refund.lines);
        let lines = lines.filter(|line| line.order_id == item).map(Self::of_refund_line);
        lines.fold(Self::default(), |sum, line| sum.with(line, |sum, line| sum + line))
    }

    /// What the refunds that count, `except` aside, give of the freight.
    fn freight_given(shop: &ShopOrder, except: Option<Id>) -> Self {
        let given = counted(shop, except).map(Self::of_freight_in);
        given.fold(Self::default(), |sum, freight| sum.with(freight, |sum, freight| sum + freight))
    }
}

/// The refunds that count, `except` aside.
fn counted(shop: &ShopOrder, except: Option<Id>) -> impl Iterator<Item = &Refund> {
    shop.refunds.iter().filter(move |r| counts(r) && Some(r.refund_id) != except)
}

/// What units `d..d+q` of `whole` give of component `c`, when `given` was given for `d`.
fn component(c: i64, after: Quantity, whole: Quantity, given: i64) -> i64 {
    portion(c, after.0, whole.0, given)
}

/// The same of anything measured in whole numbers: of `c`, `after` of `whole` bring it to its place.
fn portion(c: i64, after: i64, whole: i64, given: i64) -> i64 {
    let reached = i128::from(c) * i128::from(after.min(whole)) / i128::from(whole.max(1));
    // A request that left may have let later ones be worth more than their place; never less than nothing.
    (i64::try_from(reached).unwrap_or(c) - given).max(0)
}

/// What of a tax `after` of `whole` bring to its place, when `given` was given before; unknown over an unknown.
fn tax_portion(tax: Amount, after: i64, whole: i64, given: Amount) -> Amount {
    let known = tax.known().zip(given.known());
    Amount(known.map(|(tax, given)| portion(tax, after, whole, given)))
}

/// The tax of `quantity` of `item`, as a refund of them gives it.
pub(crate) fn tax_of_line(
    shop: &ShopOrder,
    item: &ItemOrder,
    quantity: Quantity,
    except: Option<Id>,
) -> Amount {
    let after = goods(shop, item, except).taken + quantity;
    let lines = counted(shop, except).flat_map(|refund| &refund.lines);
    let given = lines.filter(|line| line.order_id == item.id).map(|line| line.tax).sum();
    tax_portion(item.tax, after.0, item.quantity.0, given)
}

/// The tax of so much `money` of the freight; the money of all of it brings all of its tax.
pub(crate) fn tax_of_freight(shop: &ShopOrder, tax: Tax, money: i64, except: Option<Id>) -> Amount {
    let Some(whole) = sums::freight_to_pay(shop, tax).known() else { return Amount::UNKNOWN };
    let before: i64 = counted(shop, except).map(|refund| refund.freight).sum();
    tax_portion(shop.freight_tax, before + money, whole, freight_tax_given(shop, except))
}

/// What of the tax of the freight refunds that count, `except` aside, give: theirs beside that of their lines.
fn freight_tax_given(shop: &ShopOrder, except: Option<Id>) -> Amount {
    let of_lines = |refund: &Refund| refund.lines.iter().map(|line| line.tax).sum::<Amount>();
    counted(shop, except).map(|refund| refund.tax - of_lines(refund)).sum()
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
        let of_shipped = match self {
            Self::Shipped => quantity.min(shipped),
            Self::Unshipped => quantity.saturating_sub(unshipped),
        };
        // Money may have moved for units that others have taken since: none is shipped that never left, and none is
        // kept that did.
        let not_shipped = units.quantity.saturating_sub(units.shipped);
        of_shipped.min(shipped).max(quantity.saturating_sub(not_shipped))
    }
}

/// The lines of a refund of these quantities of the shop order that was asked, `except` left out of the count.
pub(super) fn lines(
    work: &Work<'_, '_>,
    wanted: &[(usize, Quantity)],
    first: First,
    except: Option<Id>,
) -> Result<Vec<RefundLine>, Refusal> {
    let (shop, tax) = (work.shop(), work.tree.payment.tax);
    let line = |(at, quantity): &(usize, Quantity)| {
        line(shop, tax, &shop.items[*at], *quantity, first, except)
    };
    let lines: Option<Vec<_>> = wanted.iter().map(line).collect();
    lines.ok_or(Refusal::AmountUnknown { operation: work.operation })
}

/// One line of a refund of `quantity` of `item`; none over an unknown amount.
pub(crate) fn line(
    shop: &ShopOrder,
    tax: Tax,
    item: &ItemOrder,
    quantity: Quantity,
    first: First,
    except: Option<Id>,
) -> Option<RefundLine> {
    let whole = Components::of_line(item, tax)?;
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
        tax: tax_of_line(shop, item, quantity, except),
    })
}

/// Counts lines of a refund anew whose units money has moved for meanwhile: each gives what is left of it.
pub(super) fn fit_lines(shop: &ShopOrder, tax: Tax, refund: &mut Refund) {
    let (own, first) = (Some(refund.refund_id), First::of(refund.goods_back));
    for known in &mut refund.lines {
        let item = shop.items.iter().find(|item| item.id == known.order_id);
        let taken = |item: &&ItemOrder| goods(shop, item, own).left_to_refund() < known.quantity;
        let counted =
            item.filter(taken).and_then(|item| line(shop, tax, item, known.quantity, first, own));
        *known = counted.unwrap_or(*known);
    }
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

/// Sums a refund up from its lines, its goodwill, and the freight if that goes back with it: because it was asked
/// for, or because the refund empties a shop order of which nothing was shipped. What passes the money that is
/// left is cut.
pub(super) fn sum_up(work: &Work<'_, '_>, refund: &mut Refund) -> Result<(), Refusal> {
    let (shop, tax) = (work.shop(), work.tree.payment.tax);
    let freight = freight_of(shop, tax, refund);
    let (freight, freight_tax) =
        freight.ok_or(Refusal::AmountUnknown { operation: work.operation })?;
    let lines = Components::of_lines(refund);
    refund.freight_given = freight != Components::default();
    refund.freight = freight.money;
    refund.tax = refund.lines.iter().map(|line| line.tax).sum::<Amount>() + freight_tax;
    refund.coins = freight.coins + lines.coins;
    refund.third_party = freight.third_party + lines.third_party;
    let worth = lines.money + freight.money + refund.goodwill;
    let left = money_left(shop, tax, Some(refund.refund_id));
    refund.cut = left.map_or(0, |left| (worth - left).max(0));
    refund.amount = worth - refund.cut;
    Ok(())
}

/// What of the money paid for the shop order no refund that counts, `except` aside, gives; none over an unknown
/// amount.
pub(super) fn money_left(shop: &ShopOrder, tax: Tax, except: Option<Id>) -> Option<i64> {
    let given: i64 = counted(shop, except).map(|refund| refund.amount.max(given(refund))).sum();
    Some((sums::shop_to_pay(shop, tax).known()? - given).max(0))
}

/// What of the freight no refund that counts gives; none over an unknown amount.
fn freight_left(shop: &ShopOrder, tax: Tax, except: Option<Id>) -> Option<Components> {
    let whole = Components::of_freight(shop, tax)?;
    let given = Components::freight_given(shop, except);
    Some(whole.with(given, |whole, given| (whole - given).max(0)))
}

/// The money of the freight that is left, and whether anything of it is: coins may have paid all.
pub(super) fn left_of_freight(shop: &ShopOrder, tax: Tax) -> Option<(i64, bool)> {
    let left = freight_left(shop, tax, None)?;
    Some((left.money, left != Components::default()))
}

/// What a refund gives of the freight and of its tax; none over an unknown amount that it needs.
fn freight_of(shop: &ShopOrder, tax: Tax, refund: &Refund) -> Option<(Components, Amount)> {
    let own = Some(refund.refund_id);
    let all_tax = || tax_portion(shop.freight_tax, 1, 1, freight_tax_given(shop, own));
    let costs_nothing = || (shop.freight + tax.on_top(shop.freight_tax)).is_zero();
    Some(match refund.freight_asked {
        FreightAsked::Part(amount) => {
            let (whole, given) =
                (Components::of_freight(shop, tax)?, Components::freight_given(shop, own));
            let money = amount.min(whole.money - given.money).max(0);
            let after = given.money + money;
            let part = whole.with(given, |c, given| portion(c, after, whole.money, given));
            (part, tax_of_freight(shop, tax, money, own))
        }
        FreightAsked::No if refund.lines.is_empty() || !empties(shop, refund) => {
            (Components::default(), Amount::ZERO)
        }
        _ if costs_nothing() => (Components::default(), all_tax()),
        FreightAsked::No | FreightAsked::All => (freight_left(shop, tax, own)?, all_tax()),
    })
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

/// Whether the units, the amounts, the freight and the money of a refund that had left the count are still there
/// to be given by it.
pub(super) fn still_fits(shop: &ShopOrder, tax: Tax, refund: &Refund) -> bool {
    let own = Some(refund.refund_id);
    let of_freight = Components::of_freight_in(refund);
    let freight_fits = of_freight == Components::default()
        || freight_left(shop, tax, own).is_some_and(|left| of_freight.fits(left));
    let money_fits = money_left(shop, tax, own).is_none_or(|left| refund.amount <= left);
    freight_fits
        && money_fits
        && refund.lines.iter().all(|line| {
            let Some(item) = shop.items.iter().find(|item| item.id == line.order_id) else {
                return false;
            };
            let given = Components::given(shop, item.id, own);
            let after = given.with(Components::of_refund_line(line), |given, own| given + own);
            line.quantity <= goods(shop, item, own).left_to_refund()
                && Components::of_line(item, tax).is_some_and(|whole| after.fits(whole))
        })
}
