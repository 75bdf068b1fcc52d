//! The money of refunds: from which payments it is drawn, and what a gateway or till reports of it.

use super::refund::{goods_are_out, say};
use super::target::Node;
use super::work::{Done, Work};
use super::{amounts, stock};
use crate::status::net_of;
use crate::tree::{Payment, Refund, RefundPart};
use crate::words::RefundStatus;
use crate::{Id, Quantity, Refusal, Tree};

/// What a payment may still give: what is left of it after refunds due and the parts that other refunds draw.
fn room(tree: &Tree, payment: &Payment) -> i64 {
    let parts = tree.shops.iter().flat_map(|shop| &shop.refunds).flat_map(|refund| &refund.parts);
    let drawn = parts.filter(|part| {
        part.payment_id == payment.payment_id && part.status != RefundStatus::Failed
    });
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

/// Money went back.
pub(super) fn succeeded(
    work: &mut Work<'_, '_>,
    id: Id,
    payment: Option<Id>,
    reference: Option<&str>,
) -> Result<Done, Refusal> {
    if work.node == Node::Tree {
        return due_ended(work, id, RefundStatus::Refunded, reference);
    }
    let at = position(work, id)?;
    let refund = &work.shop().refunds[at];
    match refund.status {
        RefundStatus::Refunded => return Ok(Done::Already),
        RefundStatus::Refunding | RefundStatus::Failed if goods_are_out(refund) => {
            return Err(work.refuse("the goods of this refund must come back first"));
        }
        RefundStatus::Refunding => {}
        RefundStatus::Failed if amounts::still_fits(work.shop(), refund) => {}
        _ => return Err(work.refuse("the refund must be under way")),
    }
    let meant = match parts_meant(work, at, payment, RefundStatus::Refunded)? {
        Meant::Parts(meant) => meant,
        Meant::AlreadySo => return Ok(Done::Already),
    };
    for part in &meant {
        let part = &work.shop().refunds[at].parts[*part];
        if part.status == RefundStatus::Failed && !has_room(&work.tree, part) {
            return Err(work.refuse("its payment has given this money for another refund since"));
        }
    }
    if work.shop().refunds[at].status == RefundStatus::Failed {
        // The money moved after all. Its units may have left since it failed.
        amounts::look_at_units_again(work, at);
    }
    let now = work.at();
    say_end(work, at, &meant, reference);
    let refund = &mut work.shop_mut().refunds[at];
    refund.status = RefundStatus::Refunding;
    refund.ended_at = None;
    for part in meant {
        refund.parts[part].status = RefundStatus::Refunded;
        refund.parts[part].reference = reference.map(ToOwned::to_owned);
    }
    if refund.parts.iter().all(|part| part.status == RefundStatus::Refunded) {
        refund.status = RefundStatus::Refunded;
        refund.ended_at = Some(now);
        free_unshipped(work, at);
    } else {
        move_failed(work, at);
    }
    Ok(Done::Changed)
}

/// Money did not go back. A refund has failed only when none of its parts succeeded and none is under way.
pub(super) fn failed(
    work: &mut Work<'_, '_>,
    id: Id,
    payment: Option<Id>,
    reference: Option<&str>,
) -> Result<Done, Refusal> {
    if work.node == Node::Tree {
        return due_ended(work, id, RefundStatus::Failed, reference);
    }
    let at = position(work, id)?;
    match work.shop().refunds[at].status {
        RefundStatus::Failed => return Ok(Done::Already),
        RefundStatus::Refunding => {}
        _ => return Err(work.refuse("the refund must be under way")),
    }
    let meant = match parts_meant(work, at, payment, RefundStatus::Failed)? {
        Meant::Parts(meant) => meant,
        Meant::AlreadySo => return Ok(Done::Already),
    };
    let now = work.at();
    say_end(work, at, &meant, reference);
    let refund = &mut work.shop_mut().refunds[at];
    for part in meant {
        refund.parts[part].status = RefundStatus::Failed;
        refund.parts[part].reference = reference.map(ToOwned::to_owned);
        refund.failed_on.push(refund.parts[part].payment_id);
    }
    if refund.parts.iter().all(|part| part.status == RefundStatus::Failed) {
        refund.status = RefundStatus::Failed;
        refund.ended_at = Some(now);
    } else {
        move_failed(work, at);
    }
    Ok(Done::Changed)
}

/// Once nothing of a refund is under way, what failed of it is drawn on payments that give nothing to it yet and
/// have not failed, if they have room for all of it. Otherwise it waits for somebody who tries it again.
fn move_failed(work: &mut Work<'_, '_>, at: usize) {
    let refund = &work.shop().refunds[at];
    if refund.parts.iter().any(|part| part.status == RefundStatus::Refunding) {
        return;
    }
    let is_failed = |part: &RefundPart| part.status == RefundStatus::Failed;
    let missing: i64 = refund.parts.iter().filter(|p| is_failed(p)).map(|part| part.amount).sum();
    let drawn = |id: &Id| refund.parts.iter().any(|part| part.payment_id == *id);
    let is_new = |id: &Id| !refund.failed_on.contains(id) && !drawn(id);
    let moved: Vec<RefundPart> = draw(&work.tree, missing, &refund.failed_on, is_new);
    if moved.is_empty() || moved.iter().map(|part| part.amount).sum::<i64>() < missing {
        return;
    }
    let refund = &mut work.shop_mut().refunds[at];
    refund.parts.retain(|part| !is_failed(part));
    refund.parts.extend(moved);
    refund.round += 1;
    work.say("moved", missing);
}

fn position(work: &Work<'_, '_>, id: Id) -> Result<usize, Refusal> {
    let at = work.shop().refunds.iter().position(|refund| refund.refund_id == id);
    at.ok_or(Refusal::NoSuchPart { what: "refund", id })
}

fn has_room(tree: &Tree, part: &RefundPart) -> bool {
    let payment = tree.payment.payments.iter().find(|p| p.payment_id == part.payment_id);
    payment.is_some_and(|payment| room(tree, payment) >= part.amount)
}

/// The parts a report is about, by position.
enum Meant {
    Parts(Vec<usize>),
    AlreadySo,
}

/// Without a payment: every part under way, or, where money moved after all, every failed one.
fn parts_meant(
    work: &Work<'_, '_>,
    at: usize,
    payment: Option<Id>,
    end: RefundStatus,
) -> Result<Meant, Refusal> {
    let refund = &work.shop().refunds[at];
    let with = |refund: &Refund, status: RefundStatus| -> Vec<usize> {
        let meant = |part: &RefundPart| {
            part.status == status && payment.is_none_or(|id| part.payment_id == id)
        };
        (0..refund.parts.len()).filter(|at| meant(&refund.parts[*at])).collect()
    };
    if let Some(id) = payment
        && !refund.parts.iter().any(|part| part.payment_id == id)
    {
        return Err(Refusal::NoSuchPart { what: "payment", id });
    }
    let open = with(refund, RefundStatus::Refunding);
    if !open.is_empty() || refund.parts.is_empty() {
        return Ok(Meant::Parts(open));
    }
    if end == RefundStatus::Refunded {
        let failed = with(refund, RefundStatus::Failed);
        return Ok(if failed.is_empty() { Meant::AlreadySo } else { Meant::Parts(failed) });
    }
    if with(refund, RefundStatus::Failed).is_empty() {
        return Err(work.refuse("this part of the refund must be under way"));
    }
    Ok(Meant::AlreadySo)
}

/// Stock of refunded units that never left is free again.
fn free_unshipped(work: &mut Work<'_, '_>, at: usize) {
    let shop = work.shop();
    let lines = shop.refunds[at].lines.iter().filter_map(|line| {
        let item = shop.items.iter().find(|item| item.id == line.order_id)?;
        Some((item, line.quantity - line.shipped))
    });
    let moves = stock::returns(shop, lines.filter(|(_, units)| *units > Quantity::ZERO));
    work.stock.extend(moves);
}

/// Tells the log row of these parts of a refund: their money, and the tender where it is one.
fn say_end(work: &mut Work<'_, '_>, at: usize, parts: &[usize], reference: Option<&str>) {
    let refund = work.shop().refunds[at].clone();
    say(work, &refund);
    work.say_if("reference", reference);
    if !refund.parts.is_empty() {
        let amount: i64 = parts.iter().map(|part| refund.parts[*part].amount).sum();
        work.say("amount", amount);
    }
    if let [only] = parts {
        say_payment(work, refund.parts[*only].payment_id);
    }
}

fn say_payment(work: &mut Work<'_, '_>, id: Id) {
    work.say("payment_id", id.to_string());
    let payment = work.tree.payment.payments.iter().find(|payment| payment.payment_id == id);
    let tender = payment.map(|payment| payment.tender.clone());
    work.say_if("tender", tender);
}

/// A refund due of L1 ended; one that failed may still succeed.
fn due_ended(
    work: &mut Work<'_, '_>,
    id: Id,
    end: RefundStatus,
    reference: Option<&str>,
) -> Result<Done, Refusal> {
    let at = work.tree.payment.refunds_due.iter().position(|due| due.refund_id == id);
    let at = at.ok_or(Refusal::NoSuchPart { what: "refund", id })?;
    match (work.tree.payment.refunds_due[at].status, end) {
        (was, end) if was == end => return Ok(Done::Already),
        (RefundStatus::Refunded, _) => return Err(work.refuse("this money has gone back already")),
        _ => {}
    }
    let due = &mut work.tree.payment.refunds_due[at];
    due.status = end;
    due.reference = reference.map(ToOwned::to_owned);
    let (amount, cause, payment) = (due.amount, due.cause, due.payment_id);
    work.say("refund_id", id.to_string());
    say_payment(work, payment);
    work.say("amount", amount);
    work.say("cause", cause.word());
    work.say_if("reference", reference);
    Ok(Done::Changed)
}
