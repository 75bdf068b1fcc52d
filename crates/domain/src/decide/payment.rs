//! Attempts to pay and money that came in: payments are facts, accepted in every state.

use super::work::{Done, Work, invalid};
use super::{Holds, revoke};
use crate::change::PaymentClaim;
use crate::coupon;
use crate::limits::{self, TooMany};
use crate::money::AMOUNT_LIMIT;
use crate::operation::{PaymentAsked, PaymentReport};
use crate::price::sums;
use crate::status::net_paid;
use crate::time::{DAY, MINUTE, Millis};
use crate::tree::{Anomaly, Attempt, Payment, Received, RefundDue, Revoke};
use crate::words::{
    AnomalyKind, AttemptStatus, DueCause, Fulfilment, PaymentStatus, ReceiveType, RefundStatus,
    RevokeStatus, Status,
};
use crate::{ActorKind, Id, Refusal, Time, Tree};

/// The tender of an attempt that was reported failed without having been opened here.
const UNTOLD_TENDER: &str = "unknown";
/// How far ahead of our clock the time of a payment may lie: clocks differ, but not by days.
const AHEAD_MAX: Millis = DAY;
/// How long before its order a payment may have been made without being noted as strange.
const BEFORE_ORDER_MAX: Millis = 10 * MINUTE;

/// Opens an attempt; several may be open (voucher and card, or a buyer who switches wallets).
pub(super) fn start(work: &mut Work<'_, '_>, asked: &PaymentAsked) -> Result<Done, Refusal> {
    let PaymentAsked { tender, amount, gateway, terms_version } = asked;
    let current = work.tree.payment.terms_version;
    if let Some(expected) = terms_version.filter(|expected| *expected != current) {
        return Err(Refusal::TermsConflict { expected, current });
    }
    if !is_unpaid_and_open(work) || work.was.revoke_status != RevokeStatus::None {
        return Err(work.refuse("it must be open and not paid"));
    }
    if tender.is_empty() {
        return Err(invalid("tender", "required", "name how it is paid"));
    }
    let had = work.tree.payment.attempts.len();
    limits::below(had, work.cx.limits.attempts, TooMany::Attempts)?;
    let left = work.was.payable.known().map(|payable| payable - work.was.paid);
    let amount = amount.or(left).ok_or(Refusal::AmountUnknown { operation: work.operation })?;
    if amount <= 0 || amount > left.unwrap_or(AMOUNT_LIMIT) {
        return Err(invalid(
            "amount",
            "out_of_range",
            "it is above 0 and at most what is left to pay",
        ));
    }
    let attempt_id = work.next_id();
    let attempt = Attempt {
        attempt_id,
        tender: tender.clone(),
        gateway: gateway.clone(),
        amount,
        terms_version: work.tree.payment.terms_version,
        status: AttemptStatus::Open,
        created_at: work.at(),
    };
    work.tree.payment.attempts.push(attempt);
    work.say("attempt_id", attempt_id.to_string());
    work.say("tender", tender.as_str());
    work.say("amount", amount);
    work.say_if("gateway", gateway.as_deref());
    Ok(Done::Changed)
}

fn is_unpaid_and_open(work: &Work<'_, '_>) -> bool {
    work.was.status == Status::Created && work.was.payment_status != PaymentStatus::Paid
}

/// Takes down money that came in, whatever the state: it counts, or it is due back to where it came from.
pub(super) fn succeeded(work: &mut Work<'_, '_>, report: &PaymentReport) -> Result<Done, Refusal> {
    check_report(work, report)?;
    let claim = PaymentClaim::of(&report.tender, &report.reference, work.by.issuer);
    if let Some(known) = work.tree.payment.payments.iter().find(|p| claim_of(p) == claim) {
        return if known.amount == report.amount {
            Ok(Done::Already)
        } else {
            Err(Refusal::PaymentReferenceTaken { order: work.tree.id() })
        };
    }
    if report.amount == 0 || work.by.actor.kind == ActorKind::Till {
        let had = work.tree.payment.payments.len();
        limits::below(had, work.cx.limits.payments, TooMany::Payments)?;
    }
    let paid_at = report.paid_at.unwrap_or(work.at());
    note_if_before_the_order(work, report, paid_at);
    revive_if_completed(work, report.amount, paid_at);
    let counted = net_paid(&work.tree);
    let (gateway, attempt_id) = came_through(work, report).unzip();
    let payment_id = work.next_id();
    let payment = Payment {
        payment_id,
        tender: report.tender.clone(),
        reference: report.reference.clone(),
        issuer: is_cash(&report.tender).then(|| work.by.issuer.to_owned()),
        amount: report.amount,
        currency: work.tree.payment.currency,
        terms_version: report.terms_version.unwrap_or(work.tree.payment.terms_version),
        paid_at,
        gateway,
        attempt_id,
    };
    work.tree.payment.payments.push(payment);
    work.happened_at = Some(paid_at);
    work.say("payment_id", payment_id.to_string());
    work.say("tender", report.tender.as_str());
    work.say("reference", report.reference.as_str());
    work.say("amount", report.amount);
    end_attempt_of(work, report);
    if let Some((amount, cause)) = due_back(work, counted, report.amount) {
        owe(work, payment_id, amount, cause);
        work.say("due", amount);
        work.say("cause", cause.word());
    }
    let paid = sums::payable(&work.tree).known().is_some_and(|p| net_paid(&work.tree) >= p);
    if !paid {
        revoke::complete_if_nothing_is_open(work);
    }
    Ok(Done::Changed)
}

/// The gateway and the attempt of money that a gateway reports: the same road leads it back.
fn came_through(work: &Work<'_, '_>, report: &PaymentReport) -> Option<(String, Id)> {
    let id = report.attempt_id.filter(|_| work.by.actor.kind == ActorKind::Gateway)?;
    let attempt = work.tree.payment.attempts.iter().find(|attempt| attempt.attempt_id == id)?;
    Some((attempt.gateway.clone()?, id))
}

fn check_report(work: &Work<'_, '_>, report: &PaymentReport) -> Result<(), Refusal> {
    if !(0..AMOUNT_LIMIT).contains(&report.amount) {
        return Err(invalid("amount", "out_of_range", "an amount is at least 0 and below 10^12"));
    }
    if report.tender.is_empty() {
        return Err(invalid("tender", "required", "name how it was paid"));
    }
    if report.reference.is_empty() {
        return Err(invalid("reference", "required", "name the payment's own number"));
    }
    if report.paid_at.is_some_and(|paid_at| paid_at.since(work.at()) > AHEAD_MAX) {
        return Err(invalid("paid_at", "too_large", "it lies more than a day ahead"));
    }
    let current = work.tree.payment.terms_version;
    match report.terms_version {
        Some(expected) if expected > current => Err(Refusal::TermsConflict { expected, current }),
        _ => Ok(()),
    }
}

/// Money that moved before there was an order is taken, and noted.
fn note_if_before_the_order(work: &mut Work<'_, '_>, report: &PaymentReport, paid_at: Time) {
    let created_at = work.tree.payment.created_at;
    if created_at.since(paid_at) > BEFORE_ORDER_MAX {
        let kind = AnomalyKind::TimesOutOfOrder;
        let detail = serde_json::json!({
            "order_id": work.tree.id(), "first": Status::Paid, "then": Status::Created,
            "reference": report.reference,
        });
        let anomaly = Anomaly { kind, at: work.at(), detail };
        work.tree.payment.anomalies.push(anomaly);
        work.say("anomaly", kind.word());
    }
}

fn is_cash(tender: &str) -> bool {
    PaymentClaim::of(tender, "", "").scope != tender
}

fn claim_of(payment: &Payment) -> PaymentClaim {
    let issuer = payment.issuer.as_deref().unwrap_or_default();
    PaymentClaim::of(&payment.tender, &payment.reference, issuer)
}

/// Money that completes the payable revives an order that only a timer revoked, if it moved before pay-by
/// and the holds can be taken again.
fn revive_if_completed(work: &mut Work<'_, '_>, amount: i64, paid_at: Time) {
    let Revoke::Revoked { by: ActorKind::Timer, .. } = work.tree.payment.revoke else { return };
    let completes =
        work.was.payable.known().is_some_and(|payable| work.was.paid + amount >= payable);
    let in_time = work.tree.payment.pay_by.is_some_and(|pay_by| paid_at < pay_by);
    if !completes || !in_time {
        return;
    }
    let holds = crate::ledger::stock::holds(&work.tree);
    let coupons = coupon::holds(&work.tree);
    if (work.cx.can_hold)(Holds { stock: &holds, coupons: &coupons }) {
        work.tree.payment.revoke = Revoke::None;
        work.say("revived", true);
    }
}

/// What of `amount` goes back to its payment, and why, when `counted` had been paid before it.
fn due_back(work: &Work<'_, '_>, counted: i64, amount: i64) -> Option<(i64, DueCause)> {
    let revived =
        work.was.revoke_status == RevokeStatus::Revoked && work.tree.payment.revoke == Revoke::None;
    let over = matches!(work.was.status, Status::Cancelled | Status::Closed) && !revived;
    let due = if over {
        (amount, DueCause::Late)
    } else {
        let excess = counted + amount - sums::payable(&work.tree).known()?;
        (excess.min(amount), DueCause::Overpaid)
    };
    Some(due).filter(|(amount, _)| *amount > 0)
}

/// Makes `amount` of a payment a refund due.
pub(super) fn owe(work: &mut Work<'_, '_>, payment_id: Id, amount: i64, cause: DueCause) {
    let refund_id = work.next_id();
    work.tree.payment.refunds_due.push(RefundDue {
        refund_id,
        payment_id,
        amount,
        cause,
        status: RefundStatus::Refunding,
        reference: None,
        former: Vec::new(),
        again: Vec::new(),
        created_at: work.cx.at,
    });
}

/// Ends the attempt that led to the money: the one named, else the open one of this tender that fits best.
fn end_attempt_of(work: &mut Work<'_, '_>, report: &PaymentReport) {
    let attempts = &mut work.tree.payment.attempts;
    let of_tender = |a: &Attempt| a.status == AttemptStatus::Open && a.tender == report.tender;
    let found = match report.attempt_id {
        // A number that names no attempt of ours does not make the money less of a fact.
        Some(id) => attempts.iter().position(|a| a.attempt_id == id),
        None => attempts
            .iter()
            .position(|a| of_tender(a) && a.amount == report.amount)
            .or_else(|| attempts.iter().position(of_tender)),
    };
    if let Some(at) = found {
        attempts[at].status = AttemptStatus::Succeeded;
    }
}

/// What follows when the payable is covered: a revoke in progress ends, stock is taken, and a counter sale is
/// handed over. The opposite of nothing: called once in an order's life, or once more after a revival.
pub(super) fn paid(work: &mut Work<'_, '_>) {
    let at = work.at();
    work.tree.payment.deadline = None;
    if matches!(work.tree.payment.revoke, Revoke::Revoking { .. } | Revoke::Failed { .. }) {
        work.tree.payment.revoke = Revoke::None;
    }
    close_attempts_without_gateway(&mut work.tree);
    let open = work.tree.shops.iter_mut().filter(|shop| shop.dropped_at.is_none());
    for shop in open.filter(|shop| shop.fulfilment == Fulfilment::Counter) {
        shop.received = Some(Received { at, by_then: false, by: ReceiveType::Store });
    }
}

/// Nobody has to be asked to close an attempt that no gateway knows.
pub(super) fn close_attempts_without_gateway(tree: &mut Tree) {
    let open = tree.payment.attempts.iter_mut().filter(|a| a.status == AttemptStatus::Open);
    for attempt in open.filter(|attempt| attempt.gateway.is_none()) {
        attempt.status = AttemptStatus::Closed;
    }
}

/// An attempt failed. Late, it changes nothing; of an attempt that was not opened here, it is taken down.
pub(super) fn failed(
    work: &mut Work<'_, '_>,
    attempt_id: Option<Id>,
    reason: Option<&str>,
) -> Result<Done, Refusal> {
    match attempt(work, attempt_id)? {
        Some(at) if work.tree.payment.attempts[at].status == AttemptStatus::Open => {
            work.tree.payment.attempts[at].status = AttemptStatus::Failed;
            say_attempt(work, at);
        }
        None if is_unpaid_and_open(work) && work.was.payment_status == PaymentStatus::Unpaid => {
            let attempt = Attempt {
                attempt_id: work.next_id(),
                tender: UNTOLD_TENDER.to_owned(),
                gateway: None,
                amount: work.was.payable.known().unwrap_or(0),
                terms_version: work.tree.payment.terms_version,
                status: AttemptStatus::Failed,
                created_at: work.at(),
            };
            work.tree.payment.attempts.push(attempt);
        }
        _ => return Ok(Done::Already),
    }
    work.say_if("reason", reason);
    revoke::complete_if_nothing_is_open(work);
    Ok(Done::Changed)
}

/// An attempt was closed without money; the last one while revoking completes the revoke.
pub(super) fn attempt_closed(
    work: &mut Work<'_, '_>,
    attempt_id: Option<Id>,
    reason: Option<&str>,
) -> Result<Done, Refusal> {
    let at = attempt(work, attempt_id)?.ok_or_else(|| work.refuse("an attempt must be open"))?;
    match work.tree.payment.attempts[at].status {
        AttemptStatus::Open => {}
        AttemptStatus::Closed => return Ok(Done::Already),
        AttemptStatus::Succeeded | AttemptStatus::Failed => {
            return Err(work.refuse("the attempt must be open"));
        }
    }
    work.tree.payment.attempts[at].status = AttemptStatus::Closed;
    say_attempt(work, at);
    work.say_if("reason", reason);
    revoke::complete_if_nothing_is_open(work);
    Ok(Done::Changed)
}

/// An attempt could not be closed: a revoke in progress fails and is tried again.
pub(super) fn attempt_stuck(
    work: &mut Work<'_, '_>,
    attempt_id: Option<Id>,
    reason: Option<&str>,
) -> Result<Done, Refusal> {
    let at = attempt(work, attempt_id)?.ok_or_else(|| work.refuse("an attempt must be open"))?;
    if work.tree.payment.attempts[at].status != AttemptStatus::Open {
        return Err(work.refuse("the attempt must be open"));
    }
    say_attempt(work, at);
    work.say_if("reason", reason);
    Ok(revoke::fail(work))
}

/// The attempt that is meant: the one named, else the only open one, else none.
fn attempt(work: &Work<'_, '_>, named: Option<Id>) -> Result<Option<usize>, Refusal> {
    let attempts = &work.tree.payment.attempts;
    if let Some(id) = named {
        let at = attempts.iter().position(|attempt| attempt.attempt_id == id);
        return at.map(Some).ok_or(Refusal::NoSuchPart { what: "attempt", id });
    }
    let mut open = (0..attempts.len()).filter(|at| attempts[*at].status == AttemptStatus::Open);
    match (open.next(), open.next()) {
        (only, None) => Ok(only),
        _ => {
            Err(invalid("attempt_id", "required", "several attempts are open; name the one meant"))
        }
    }
}

fn say_attempt(work: &mut Work<'_, '_>, at: usize) {
    let attempt = &work.tree.payment.attempts[at];
    let (id, tender, amount) =
        (attempt.attempt_id.to_string(), attempt.tender.clone(), attempt.amount);
    work.say("attempt_id", id);
    work.say("tender", tender);
    work.say("amount", amount);
}
