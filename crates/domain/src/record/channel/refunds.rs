//! What went back of a channel order: refunds and cancels that its lists of after-sales number, and the units that its
//! lines say were cancelled. Of those nobody tells the money.

use super::super::facts;
use super::find;
use super::register::{Turn, stamped};
use super::report::RefundHeard;
use crate::decide::Context;
use crate::money::AMOUNT_LIMIT;
use crate::status::is_agreed;
use crate::tree::{FreightAsked, Refund, RefundLine, Reported};
use crate::words::{PaymentStatus, RefundKind, RefundStatus, Status};
use crate::{ActorKind, Amount, Id, ItemOrder, Quantity, ShopOrder, Time, Tree};

/// Takes down refunds by their numbers, each the newest that was heard of it.
pub(super) fn take_down(tree: &mut Tree, at: usize, told: &[RefundHeard], cx: &mut Context<'_>) {
    let shop = &mut tree.shops[at];
    for told in told {
        let is_it = |refund: &Refund| refund.external_id.as_ref() == Some(&told.external_id);
        let known = shop.refunds.iter().position(is_it);
        let turn = Turn::of(known.and_then(|at| shop.refunds[at].heard), told.stamp);
        let known = known.unwrap_or_else(|| {
            shop.refunds.push(empty((cx.next_id)(), Some(told.external_id.clone())));
            shop.refunds.len() - 1
        });
        let mut refund = shop.refunds[known].clone();
        put(&mut refund, shop, told);
        let kept = &shop.refunds[known];
        let changed = match turn {
            Turn::Newer => refund != *kept,
            Turn::Same => content(&refund) > content(kept),
            Turn::Older => false,
        };
        refund.heard = stamped(kept.heard, told.stamp, turn, changed);
        if changed || refund.heard != kept.heard {
            shop.refunds[known] = refund;
        }
    }
    // What was shipped of a line follows from all that is known of it.
    let ShopOrder { items, refunds, .. } = shop;
    for refund in refunds.iter_mut().filter(|refund| refund.external_id.is_some()) {
        let cancels = refund.kind == RefundKind::Cancel;
        for line in &mut refund.lines {
            let item = items.iter().find(|item| item.id == line.order_id);
            let had_left = !cancels && item.is_some_and(has_left);
            line.shipped = if had_left { line.quantity } else { Quantity::ZERO };
        }
    }
}

fn has_left(item: &ItemOrder) -> bool {
    item.heard.is_some_and(|heard| heard.sent.is_some())
}

/// By what of two reports that are as new as each other one wins; no number of ours is in it.
fn content(refund: &Refund) -> impl Ord {
    let mut units: Vec<Quantity> = refund.lines.iter().map(|line| line.quantity).collect();
    units.sort_unstable();
    let times = (refund.created_at, refund.answered_at, refund.ended_at);
    let money = (!refund.money_unknown, refund.amount);
    (refund.status, refund.kind, units, money, times, refund.by, refund.reason.clone())
}

fn put(refund: &mut Refund, shop: &ShopOrder, told: &RefundHeard) {
    let asked_at = told.stamp.updated_at.unwrap_or(told.stamp.read_at);
    refund.kind = told.kind;
    refund.by = told.by;
    refund.status = told.status;
    refund.amount = told.amount.unwrap_or(0).clamp(0, AMOUNT_LIMIT - 1);
    refund.money_unknown = told.amount.is_none();
    refund.reason.clone_from(&told.reason);
    refund.created_at = told.created_at.unwrap_or(asked_at);
    let ended_at = told.ended_at.unwrap_or(asked_at);
    (refund.answered_at, refund.ended_at) = match told.status {
        RefundStatus::Applied => (None, None),
        RefundStatus::Refunding | RefundStatus::Rejected | RefundStatus::Withdrawn => {
            (Some(ended_at), None)
        }
        RefundStatus::Refunded | RefundStatus::Failed => (Some(ended_at), Some(ended_at)),
    };
    let lines = told.lines.iter().filter_map(|(line, quantity)| {
        let item = find(shop, line)?;
        Some(units(shop.items[item].id, *quantity, Quantity::ZERO))
    });
    // What has left is looked at when all is known.
    let shipped = |line: &RefundLine| {
        let known = refund.lines.iter().find(|known| known.order_id == line.order_id);
        known.map_or(Quantity::ZERO, |known| known.shipped.min(line.quantity))
    };
    let lines: Vec<RefundLine> =
        lines.map(|line| RefundLine { shipped: shipped(&line), ..line }).collect();
    refund.lines = lines;
}

/// What its lines, or its status, say was cancelled is given back, nobody knows how much money: a refund of ours that
/// follows from what is known. Cancels that have a number count for themselves. Of an order that nobody paid nothing
/// goes back; it is cancelled.
pub(super) fn of_cancelled_units(tree: &mut Tree, at: usize, cx: &mut Context<'_>) {
    let is_paid =
        tree.payment.reported_payment == Some(PaymentStatus::Paid) || facts::has_money(tree);
    let shop = &mut tree.shops[at];
    let heard = shop.heard.unwrap_or_default();
    let cancelled_at = heard.cancelled_at.unwrap_or(shop.created_at);
    let all_cancelled = shop.items.iter().all(|item| item.cancelled_quantity >= item.quantity);
    let is_cancelled = heard.cancelled || all_cancelled;
    shop.reported = (is_cancelled && !is_paid)
        .then_some(Reported { status: Status::Cancelled, at: cancelled_at });
    let lines = if is_paid { cancelled_units(shop, heard.cancelled) } else { Vec::new() };
    let known = shop.refunds.iter().position(is_of_cancelled_units);
    if lines.is_empty() {
        if let Some(known) = known {
            shop.refunds.remove(known);
        }
        return;
    }
    let known = known.unwrap_or_else(|| {
        shop.refunds.push(empty((cx.next_id)(), None));
        shop.refunds.len() - 1
    });
    let refund = &mut shop.refunds[known];
    refund.lines = lines;
    ended(refund, cancelled_at);
}

fn ended(refund: &mut Refund, at: Time) {
    refund.created_at = at;
    refund.answered_at = Some(at);
    refund.ended_at = Some(at);
}

/// Whether it is the refund that follows from what lines say was cancelled.
fn is_of_cancelled_units(refund: &Refund) -> bool {
    refund.external_id.is_none()
        && (refund.money_unknown || refund.money_by_total)
        && (refund.kind, refund.by) == (RefundKind::Cancel, ActorKind::System)
}

/// The units that were cancelled and are in no cancel with a number: those that lines name, and all that is left
/// where the whole order was cancelled.
fn cancelled_units(shop: &ShopOrder, whole: bool) -> Vec<RefundLine> {
    let numbered = |item: &ItemOrder, cancels: bool| -> Quantity {
        let refunds = shop.refunds.iter().filter(|refund| refund.external_id.is_some());
        let refunds = refunds
            .filter(|refund| is_agreed(refund) && (!cancels || refund.kind == RefundKind::Cancel));
        let lines = refunds.flat_map(|refund| &refund.lines).filter(|l| l.order_id == item.id);
        lines.map(|line| line.quantity).sum()
    };
    let line = |item: &ItemOrder| {
        let named = item.cancelled_quantity.saturating_sub(numbered(item, true));
        let left = item.quantity.saturating_sub(numbered(item, false));
        let quantity = if whole { left.max(named) } else { named };
        // What is cancelled after it left comes back or is lost; either way it was shipped.
        let had_left = if has_left(item) { quantity.saturating_sub(named) } else { Quantity::ZERO };
        (quantity > Quantity::ZERO).then(|| units(item.id, quantity, had_left))
    };
    shop.items.iter().filter_map(line).collect()
}

const fn units(order_id: Id, quantity: Quantity, shipped: Quantity) -> RefundLine {
    RefundLine {
        order_id,
        quantity,
        shipped,
        amount: 0,
        coins: 0,
        third_party: 0,
        tax: Amount::UNKNOWN,
    }
}

/// Takes back what followed from the total of all refunds: it follows anew from what is known in the end.
pub(super) fn forget_by_total(shop: &mut ShopOrder) {
    for refund in shop.refunds.iter_mut().filter(|refund| refund.money_by_total) {
        (refund.amount, refund.money_unknown, refund.money_by_total) = (0, true, false);
    }
}

/// Where the total of all refunds is told and the money of some is not: what is left is that of the only one of them; of
/// several, each has what its goods cost if that comes to what is left. Otherwise nobody knows.
pub(super) fn by_total(shop: &mut ShopOrder) {
    let Some((total, _)) = shop.heard.unwrap_or_default().refunded else { return };
    let ShopOrder { items, refunds, .. } = shop;
    let done = || refunds.iter().filter(|refund| refund.status == RefundStatus::Refunded);
    let told: i128 =
        done().filter(|refund| !refund.money_unknown).map(|refund| i128::from(refund.amount)).sum();
    let open: Vec<&Refund> = done().filter(|refund| refund.money_unknown).collect();
    let left = i128::from(total) - told;
    if left <= 0 {
        return;
    }
    let shares: Vec<i128> = match open[..] {
        [] => return,
        [_] => vec![left],
        _ => {
            let costs = open.iter().map(|refund| cost(refund, items)).collect::<Option<Vec<_>>>();
            let Some(costs) = costs.filter(|costs| costs.iter().sum::<i128>() == left) else {
                return;
            };
            costs
        }
    };
    let is_open =
        |refund: &&mut Refund| refund.status == RefundStatus::Refunded && refund.money_unknown;
    for (refund, share) in refunds.iter_mut().filter(is_open).zip(shares) {
        let Ok(amount) = i64::try_from(share) else { continue };
        (refund.amount, refund.money_unknown, refund.money_by_total) = (amount, false, true);
    }
}

/// What the goods of a refund cost; none where a price is not known, or where it is not told what goes back.
fn cost(refund: &Refund, items: &[ItemOrder]) -> Option<i128> {
    let lines = refund.lines.iter().map(|line| {
        let item = items.iter().find(|item| item.id == line.order_id)?;
        let price = item.list_price.known()?;
        Some((i128::from(price) * i128::from(line.quantity.0) + 500) / 1000)
    });
    lines.sum::<Option<i128>>().filter(|cost| *cost > 0)
}

/// A refund of which nothing but its number is known; what lines say was cancelled is done.
fn empty(refund_id: Id, external_id: Option<String>) -> Refund {
    Refund {
        refund_id,
        external_id,
        kind: RefundKind::Cancel,
        by: ActorKind::System,
        status: RefundStatus::Refunded,
        amount: 0,
        money_unknown: true,
        money_by_total: false,
        coins: 0,
        third_party: 0,
        freight: 0,
        tax: Amount::UNKNOWN,
        freight_given: false,
        freight_asked: FreightAsked::No,
        goodwill: 0,
        cut: 0,
        lines: Vec::new(),
        parts: Vec::new(),
        former: Vec::new(),
        turns: Vec::new(),
        round: 0,
        failed_on: Vec::new(),
        goods_back: false,
        returned: Vec::new(),
        restocked: Vec::new(),
        reason: None,
        created_at: Time(0),
        answered_at: None,
        ended_at: None,
        heard: None,
    }
}
