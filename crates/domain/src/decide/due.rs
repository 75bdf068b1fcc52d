//! Refunds due: money that goes back to the very payment it came with. What is heard of them is taken down as of
//! any refund.

use super::anomaly;
use super::heard::{Report, may_be_told};
use super::money_back::remember;
use super::work::{Done, Work};
use crate::tree::{RefundDue, RefundPart};
use crate::words::RefundStatus::{Failed, Refunded};
use crate::{Id, Refusal, Tree};

/// Takes down what is reported of a refund due.
pub(super) fn hear(work: &mut Work<'_, '_>, report: Report<'_>) -> Result<Done, Refusal> {
    let id = report.refund;
    let at = work.tree.payment.refunds_due.iter().position(|due| due.refund_id == id);
    let at = at.ok_or(Refusal::NoSuchPart { what: "refund", id })?;
    let due = &work.tree.payment.refunds_due[at];
    if is_known(due, report) {
        return Ok(Done::Already);
    }
    if report.end == Refunded
        && let Some(refund) = used_by(&work.tree, &[due.payment_id], report)
    {
        return Err(Refusal::RefundReferenceTaken { refund });
    }
    may_be_told(work, due.former.len() + due.again.len())?;
    let (amount, cause, payment) = (due.amount, due.cause, due.payment_id);
    let due = &mut work.tree.payment.refunds_due[at];
    let bounced = match failed_unnamed(due, report) {
        Some(former) => {
            due.former[former].reference = report.reference.map(ToOwned::to_owned);
            None
        }
        None if report.end == Failed && due.status == Refunded => Some(bounce(due, report)),
        None => {
            go(due, report);
            None
        }
    };
    work.say("refund_id", id.to_string());
    say_payment(work, payment);
    work.say("amount", amount);
    work.say("cause", cause.word());
    work.say_if("reference", report.reference);
    if let Some(part) = bounced {
        anomaly::bounced(work, id, &[part]);
    }
    anomaly::look_for_excess(work);
    Ok(Done::Changed)
}

/// The refund due as the part of a refund that it is like.
fn part_of(due: &RefundDue) -> RefundPart {
    let RefundDue { payment_id, amount, status, .. } = *due;
    RefundPart { payment_id, amount, status, reference: due.reference.clone() }
}

/// Whether a report says nothing new. Without a number it is news only where it says another end.
fn is_known(due: &RefundDue, report: Report<'_>) -> bool {
    let named = |part: &RefundPart| {
        part.status == report.end && part.reference.as_deref() == report.reference
    };
    match report.reference {
        Some(_) => {
            let is_failure_again = report.end == Failed && due.status == Failed;
            // What went and came back is told as failed again, also where its coming back had another number.
            let came_back = |part: &RefundPart| {
                part.status == Refunded && part.reference.as_deref() == report.reference
            };
            is_failure_again
                || named(&part_of(due))
                || due.former.iter().chain(&due.again).any(named)
                || (report.end == Failed && due.former.iter().any(came_back))
        }
        None => due.status == report.end,
    }
}

/// The former try that a failure gives a number to: one that failed without, where the money has gone since under
/// another number.
fn failed_unnamed(due: &RefundDue, report: Report<'_>) -> Option<usize> {
    let names_none = |part: &RefundPart| part.status == Failed && part.reference.is_none();
    let is_of_former = report.end == Failed
        && due.status == Refunded
        && report.reference.is_some()
        && ![&part_of(due)].into_iter().chain(&due.again).any(|part| report.names(part));
    if is_of_former { due.former.iter().position(names_none) } else { None }
}

/// Money went back or did not; or it went back once more, or is given its number.
fn go(due: &mut RefundDue, report: Report<'_>) {
    let reference = report.reference.map(ToOwned::to_owned);
    if due.status == Refunded && due.reference.is_some() {
        due.again.push(RefundPart { reference, ..part_of(due) });
        return;
    }
    if due.status == Failed {
        let failed = part_of(due);
        remember(&mut due.former, failed);
    }
    due.status = report.end;
    due.reference = reference;
}

/// Money that had gone back came back; answers what it was known as. Where it had gone twice, it has gone once now.
fn bounce(due: &mut RefundDue, report: Report<'_>) -> RefundPart {
    let reference = report.reference.map(ToOwned::to_owned);
    let own = report.reference == due.reference.as_deref();
    let named = due.again.iter().position(|part| part.reference == reference);
    let again = match named {
        Some(at) => Some(due.again.remove(at)),
        None if own => None,
        None => due.again.pop(),
    };
    let part = again.unwrap_or_else(|| {
        let part = part_of(due);
        if let Some(other) = due.again.pop() {
            due.reference = other.reference;
        } else {
            (due.status, due.reference) = (Failed, reference.clone());
        }
        part
    });
    remember(&mut due.former, part.clone());
    if due.status == Refunded && reference.is_some() {
        remember(&mut due.former, RefundPart { status: Failed, reference, ..part.clone() });
    }
    part
}

/// Another refund or refund due to which one of these payments gave money under the number of `report`.
pub(super) fn used_by(tree: &Tree, payments: &[Id], report: Report<'_>) -> Option<Id> {
    report.reference?;
    let same = |part: &RefundPart| {
        part.status == Refunded
            && part.reference.as_deref() == report.reference
            && payments.contains(&part.payment_id)
    };
    let dues = tree.payment.refunds_due.iter();
    let mut dues = dues.filter(|due| due.refund_id != report.refund);
    let due = dues.find(|due| same(&part_of(due)) || due.former.iter().chain(&due.again).any(same));
    let refunds = tree.shops.iter().flat_map(|shop| &shop.refunds);
    let mut refunds = refunds.filter(|refund| refund.refund_id != report.refund);
    let refund = refunds.find(|refund| refund.parts.iter().chain(&refund.former).any(same));
    due.map(|due| due.refund_id).or(refund.map(|refund| refund.refund_id))
}

/// Tells the log row of the payment that gave money.
pub(super) fn say_payment(work: &mut Work<'_, '_>, id: Id) {
    work.say("payment_id", id.to_string());
    let payment = work.tree.payment.payments.iter().find(|payment| payment.payment_id == id);
    let tender = payment.map(|payment| payment.tender.clone());
    work.say_if("tender", tender);
}
