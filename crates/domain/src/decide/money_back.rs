//! The money of refunds: from which payments it is drawn, and which other ones it moves to where it failed. What a
//! gateway or till reports of it is in `heard`.

use super::work::Work;
use crate::status::net_of;
use crate::tree::{Payment, Refund, RefundPart};
use crate::words::RefundStatus;
use crate::{Id, Tree};

/// What a payment may still give: what is left of it after refunds due and the parts that other refunds draw.
fn room(tree: &Tree, payment: &Payment) -> i64 {
    let parts = tree.shops.iter().flat_map(|shop| &shop.refunds).flat_map(|refund| &refund.parts);
    let parts = parts.filter(|part| part.status != RefundStatus::Failed);
    let again = tree.payment.refunds_due.iter().flat_map(|due| &due.again);
    let drawn = parts.chain(again).filter(|part| part.payment_id == payment.payment_id);
    net_of(tree, payment) - drawn.map(|part| part.amount).sum::<i64>()
}

/// Draws `amount` on the payments of the tree, newest first, those where it `failed` before last.
pub(super) fn parts(tree: &Tree, amount: i64, failed: &[Id]) -> Vec<RefundPart> {
    draw(tree, amount, failed, |_| true)
}

/// The same, on those payments alone that `may` be drawn on.
fn draw(tree: &Tree, amount: i64, failed: &[Id], may: impl Fn(&Id) -> bool) -> Vec<RefundPart> {
    let mut payments: Vec<(usize, &Payment)> = tree.payment.payments.iter().enumerate().collect();
    payments.sort_by_key(|(learnt, payment)| {
        let newest = std::cmp::Reverse((payment.paid_at, *learnt));
        (failed.contains(&payment.payment_id), newest)
    });
    let mut missing = amount;
    let mut parts = Vec::new();
    for (_, payment) in payments.into_iter().filter(|(_, payment)| may(&payment.payment_id)) {
        let amount = missing.min(room(tree, payment));
        if amount > 0 {
            missing -= amount;
            let (payment_id, status) = (payment.payment_id, RefundStatus::Refunding);
            parts.push(RefundPart { payment_id, amount, status, reference: None });
        }
    }
    parts
}

/// The parts of `amount` that has moved already: of `payment` where it is known, else newest first, and in full
/// even where a payment had no room for it any more.
pub(super) fn parts_moved(tree: &Tree, amount: i64, payment: Option<Id>) -> Vec<RefundPart> {
    let mut parts = match payment {
        Some(_) => Vec::new(),
        None => parts(tree, amount, &[]),
    };
    let missing = amount - parts.iter().map(|part| part.amount).sum::<i64>();
    let newest = || tree.payment.payments.iter().max_by_key(|payment| payment.paid_at);
    if missing <= 0 {
        return parts;
    }
    if let Some(first) = parts.first_mut() {
        first.amount += missing;
    } else if let Some(payment_id) = payment.or_else(|| Some(newest()?.payment_id)) {
        let status = RefundStatus::Refunding;
        parts.push(RefundPart { payment_id, amount: missing, status, reference: None });
    }
    parts
}

/// What of a refund has neither gone back nor is on its way.
pub(super) fn missing(refund: &Refund) -> i64 {
    let flows = refund.parts.iter().filter(|part| part.status != RefundStatus::Failed);
    (refund.amount - flows.map(|part| part.amount).sum::<i64>()).max(0)
}

/// Takes out the parts that failed: others take their place, or nothing is missing any more. What was heard of them
/// is kept.
pub(super) fn put_failed_away(refund: &mut Refund) {
    let is_failed = |part: &mut RefundPart| part.status == RefundStatus::Failed;
    let failed: Vec<RefundPart> = refund.parts.extract_if(.., is_failed).collect();
    for part in failed {
        remember(&mut refund.former, part);
    }
}

/// Keeps an end that did not last, once.
pub(super) fn remember(former: &mut Vec<RefundPart>, part: RefundPart) {
    if !former.contains(&part) {
        former.push(part);
    }
}

/// Once nothing of a refund is under way, what failed of it is drawn on payments that give nothing to it yet and
/// have not failed, if they have room for all of it. Otherwise it waits for somebody who tries it again.
pub(super) fn move_failed(work: &mut Work<'_, '_>, at: usize) {
    let refund = &work.shop().refunds[at];
    if refund.parts.iter().any(|part| part.status == RefundStatus::Refunding) {
        return;
    }
    let missing = missing(refund);
    let drawn = |id: &Id| refund.parts.iter().any(|part| part.payment_id == *id);
    let is_new = |id: &Id| !refund.failed_on.contains(id) && !drawn(id);
    let moved: Vec<RefundPart> = draw(&work.tree, missing, &refund.failed_on, is_new);
    if moved.is_empty() || moved.iter().map(|part| part.amount).sum::<i64>() < missing {
        return;
    }
    let refund = &mut work.shop_mut().refunds[at];
    put_failed_away(refund);
    refund.parts.extend(moved);
    refund.round += 1;
    work.say("moved", missing);
}
