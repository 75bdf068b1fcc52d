//! What went back of a shop order, as it was heard of: also more than was owed.

use crate::price::sums;
use crate::tree::{Refund, Tax};
use crate::words::RefundStatus;
use crate::{Id, ShopOrder, Tree};

/// Money of a refund that was heard to have gone back, part by part.
pub(crate) fn moved(refund: &Refund) -> i64 {
    let done = refund.parts.iter().filter(|part| part.status == RefundStatus::Refunded);
    done.map(|part| part.amount).sum()
}

/// Money that has gone back by a refund: all of it once it is done.
pub(crate) fn given(refund: &Refund) -> i64 {
    let moved = moved(refund);
    if refund.status == RefundStatus::Refunded { refund.amount.max(moved) } else { moved }
}

/// What went back of a shop order above what was owed: refunds whose money moved twice, and refunds of what others
/// had given already; at least what all of them, done or not, come to above its price. Nothing where amounts are
/// unknown.
pub(crate) fn excess(shop: &ShopOrder, tax: Tax) -> i64 {
    let twice: i64 = shop.refunds.iter().map(|refund| (given(refund) - refund.amount).max(0)).sum();
    let done: i64 = done(shop).map(|refund| refund.amount).sum();
    let above = twice + owed(shop, tax).map_or(0, |owed| (done - owed).max(0));
    let all: i64 = shop.refunds.iter().map(given).sum();
    above.max(sums::shop_to_pay(shop, tax).known().map_or(0, |price| all - price))
}

/// The same of the refunds due of the payment order.
pub(crate) fn excess_of_dues(tree: &Tree) -> i64 {
    let again = tree.payment.refunds_due.iter().flat_map(|due| &due.again);
    again.map(|part| part.amount).sum()
}

fn done(shop: &ShopOrder) -> impl Iterator<Item = &Refund> + Clone {
    shop.refunds.iter().filter(|refund| refund.status == RefundStatus::Refunded)
}

/// What refunds that are done may have given at most: no line and no freight more than it cost, and all of them
/// no more than was paid.
fn owed(shop: &ShopOrder, tax: Tax) -> Option<i64> {
    let line = |item: &crate::ItemOrder| {
        Some(sums::line_to_pay(item, tax).known()?.min(of(shop, item.id)))
    };
    let lines = shop.items.iter().map(line).sum::<Option<i64>>()?;
    let freight = done(shop).map(|refund| refund.freight).sum::<i64>();
    let freight = freight.min(sums::freight_to_pay(shop, tax).known()?);
    let others = done(shop).map(|refund| refund.goodwill + unexplained(refund)).sum::<i64>();
    Some((lines + freight + others).min(sums::shop_to_pay(shop, tax).known()?))
}

fn of(shop: &ShopOrder, item: Id) -> i64 {
    let lines = done(shop).flat_map(|refund| &refund.lines);
    lines.filter(|line| line.order_id == item).map(|line| line.amount).sum()
}

/// What a refund that was only reported gives without saying for what.
fn unexplained(refund: &Refund) -> i64 {
    let lines: i64 = refund.lines.iter().map(|line| line.amount).sum();
    (refund.amount - lines - refund.freight - refund.goodwill).max(0)
}
