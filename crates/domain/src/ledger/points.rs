//! Points: granted by payment, line by line, and reversed by refunds in the measure of what was really granted.
//!
//! A line of quantity `Q` that was granted `g` points has had `⌊g·d/Q⌋` of them reversed once `d` units were given
//! back. So any sequence of refunds closes at exactly what was granted. What a refund reverses depends on those that
//! were done before it; money that comes back restores what is not given back any more.

use super::{
    AccountMove, Effect, EffectKind, Ledger, LedgerLocation, Moves, Stage, Step, effect,
    refunds_done,
};
use crate::price::sums;
use crate::tree::{Refund, Tax};
use crate::{Id, ItemOrder, Quantity, ShopOrder, Tree};

/// By what points are granted in an order: so many minor units of money a point, and whether tax is money beside
/// the price.
#[derive(Clone, Copy)]
struct Rate {
    per: i64,
    tax: Tax,
}

impl Rate {
    fn of(tree: &Tree, per: i64) -> Self {
        Self { per, tax: tree.payment.tax }
    }
}

/// What payment grants for a line.
fn granted(item: &ItemOrder, rate: Rate) -> i64 {
    let to_pay = sums::line_to_pay(item, rate.tax).known().unwrap_or(0).max(0);
    to_pay / rate.per.max(1)
}

/// What of it is reversed once `back` of the line was given back.
fn reversed(item: &ItemOrder, rate: Rate, back: Quantity) -> i64 {
    let (granted, back) = (i128::from(granted(item, rate)), i128::from(back.0));
    let part = granted * back / i128::from(item.quantity.0.max(1));
    i64::try_from(part.min(granted)).unwrap_or(0)
}

/// How much of a line these refunds gave back.
fn back<'a>(item: Id, refunds: impl IntoIterator<Item = &'a Refund>) -> Quantity {
    let lines = refunds.into_iter().flat_map(|refund| &refund.lines);
    lines.filter(|line| line.order_id == item).map(|line| line.quantity).sum()
}

/// What the order has brought its buyer so far.
fn balance(tree: &Tree, per: i64, stage: Stage) -> i64 {
    if stage != Stage::Paid {
        return 0;
    }
    let rate = Rate::of(tree, per);
    let left = |(shop, item): (&ShopOrder, &ItemOrder)| {
        granted(item, rate) - reversed(item, rate, back(item.id, refunds_done(shop)))
    };
    tree.lines().map(left).sum()
}

pub(super) fn add(moves: &mut Moves, step: &Step<'_>) {
    let order = &step.after.payment;
    let (Some(rule), Some(owner)) = (order.ledgers.points, &order.buyer_id) else { return };
    let rate = Rate::of(step.after, rule.per);
    let was = step.before.map_or(0, |before| balance(before, rule.per, step.was));
    let is = balance(step.after, rule.per, step.is);
    if rule.kept == LedgerLocation::Here && was != is {
        moves.accounts.push(AccountMove {
            ledger: Ledger::Points,
            owner: owner.clone(),
            balance: is - was,
            held: 0,
            guarded: false,
        });
    }
    let of = |key: String, kind, lines: Vec<(Id, i64)>| {
        let amount = lines.iter().map(|(_, points)| points).sum();
        (amount > 0).then(|| Effect {
            key,
            ledger: Ledger::Points,
            kept: rule.kept,
            kind,
            owner: Some(owner.clone()),
            amount,
            detail: effect::by_line(lines.into_iter().filter(|(_, points)| *points > 0)),
        })
    };
    if step.pays() {
        let lines = step.after.lines().map(|(_, item)| (item.id, granted(item, rate)));
        moves.effects.extend(of("points.grant".to_owned(), EffectKind::Grant, lines.collect()));
    }
    for done in step.refunded() {
        let before = done.before();
        let of_line = |item: &ItemOrder| {
            let first = back(item.id, before.iter().copied());
            let then = first + back(item.id, [done.refund]);
            (item.id, reversed(item, rate, then) - reversed(item, rate, first))
        };
        let lines = done.shop.items.iter().map(of_line).collect();
        moves.effects.extend(of(done.key("points.reverse"), EffectKind::Reverse, lines));
    }
    for bounced in step.bounced() {
        let of_line = |item: &ItemOrder| {
            let now = back(item.id, refunds_done(bounced.shop));
            let then = now + back(item.id, [bounced.refund]);
            (item.id, reversed(item, rate, then) - reversed(item, rate, now))
        };
        let lines = bounced.shop.items.iter().map(of_line).collect();
        moves.effects.extend(of(bounced.key("points.restore"), EffectKind::Grant, lines));
    }
}
