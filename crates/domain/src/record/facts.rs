//! Payments and attempts of a report, what it says of paying and of revoking, and the cancel that meets money.

use super::{Copy, Heard, Report, ReportedAttempt, ReportedPayment, anomalies};
use crate::decide::Context;
use crate::money::AMOUNT_LIMIT;
use crate::tree::{Attempt, Payment, Revoke};
use crate::words::{AnomalyKind, AttemptStatus, PaymentStatus, Status};
use crate::{Id, Tree};
use serde_json::json;

/// Takes down the payments of a report, each (tender, reference) once. Cash is no other: what two sources tell of one
/// order under one reference is one payment.
pub(super) fn payments(copy: &mut Copy, report: &Report, cx: &mut Context<'_>) {
    let Copy { tree, untimed, payments, .. } = copy;
    for (index, told) in report.payments.iter().enumerate() {
        let is_told = |tender: &str, reference: &str| {
            (tender, reference) == (told.tender.as_str(), told.reference.as_str())
        };
        let before = &report.payments[..index];
        let twice = before.iter().any(|payment| is_told(&payment.tender, &payment.reference));
        let mut here = tree.payment.payments.iter_mut();
        let known = here.find(|payment| is_told(&payment.tender, &payment.reference));
        let amount = told.amount.clamp(0, AMOUNT_LIMIT - 1);
        if let Some(payment) = known {
            payments.push(payment.payment_id);
            if let Some(at) = told.paid_at
                && untimed.learn_payment(payment.payment_id)
            {
                payment.paid_at = at;
            }
            if twice || payment.amount != amount || payment.currency != told.currency {
                let detail = json!({
                    "tender": told.tender, "reference": told.reference,
                    "amount": payment.amount, "reported": told.amount, "currency": payment.currency,
                });
                anomalies::note(tree, AnomalyKind::PaymentReferenceTaken, detail, cx.at);
            }
            continue;
        }
        let payment = Payment { amount, ..taken(tree, report, told, (cx.next_id)()) };
        if told.paid_at.is_none() {
            untimed.payment(payment.payment_id);
        }
        payments.push(payment.payment_id);
        tree.payment.payments.push(payment);
        if amount != told.amount {
            let detail = json!({
                "field": format!("payments[{}].amount", told.reference),
                "reported": told.amount, "kept": amount, "currency": told.currency,
            });
            anomalies::note(tree, AnomalyKind::SumMismatch, detail, cx.at);
        }
        if told.currency != tree.payment.currency {
            let detail = json!({
                "reference": told.reference, "reported": told.currency,
                "currency": tree.payment.currency,
            });
            anomalies::note(tree, AnomalyKind::CurrencyMismatch, detail, cx.at);
        }
    }
}

/// A payment as it is told. Through which gateway it came is not: whoever reports it gives its money back, too.
fn taken(tree: &Tree, report: &Report, told: &ReportedPayment, payment_id: Id) -> Payment {
    Payment {
        payment_id,
        tender: told.tender.clone(),
        reference: told.reference.clone(),
        issuer: (told.tender == "cash").then(|| report.issuer.clone()),
        amount: told.amount,
        currency: told.currency,
        terms_version: tree.payment.terms_version,
        paid_at: told.paid_at.unwrap_or(tree.payment.created_at),
        gateway: None,
        attempt_id: None,
    }
}

/// Keeps the furthest the source says of paying. A status word `paid` says it as well.
pub(super) fn payment_status(tree: &mut Tree, heard: &Heard<'_>) {
    let word = heard.shops.iter().any(|shop| shop.status == Some(Status::Paid));
    let told = heard.report.payment_status.into_iter().chain(word.then_some(PaymentStatus::Paid));
    let known = tree.payment.reported_payment;
    tree.payment.reported_payment =
        told.fold(known, |known, told| further_payment(known, Some(told)));
}

/// The further of two words for how far an order is paid.
pub(super) fn further_payment(
    known: Option<PaymentStatus>,
    told: Option<PaymentStatus>,
) -> Option<PaymentStatus> {
    told.into_iter().chain(known).max_by_key(|status| match status {
        PaymentStatus::Unpaid => 0,
        PaymentStatus::Failed => 1,
        PaymentStatus::Paying => 2,
        PaymentStatus::Paid => 3,
    })
}

/// Takes down attempts to pay, each once: the same tender, gateway, amount and moment is the same attempt.
pub(super) fn attempts(tree: &mut Tree, told: &[ReportedAttempt], cx: &mut Context<'_>) {
    let mut taken = Vec::with_capacity(told.len());
    for told in told {
        let amount = told.amount.clamp(0, AMOUNT_LIMIT - 1);
        let terms_version = tree.payment.terms_version;
        let attempts = &mut tree.payment.attempts;
        let same = |attempt: &Attempt| {
            attempt.tender == told.tender
                && attempt.gateway == told.gateway
                && attempt.amount == amount
                && attempt.created_at == told.created_at
        };
        let at = (0..attempts.len()).find(|at| !taken.contains(at) && same(&attempts[*at]));
        let at = at.unwrap_or_else(|| {
            attempts.push(Attempt {
                attempt_id: (cx.next_id)(),
                tender: told.tender.clone(),
                gateway: told.gateway.clone(),
                amount,
                terms_version,
                status: told.status,
                created_at: told.created_at,
            });
            attempts.len() - 1
        });
        taken.push(at);
        let rank = |status: AttemptStatus| match status {
            AttemptStatus::Open => 0,
            AttemptStatus::Closed => 1,
            AttemptStatus::Failed => 2,
            AttemptStatus::Succeeded => 3,
        };
        if rank(told.status) > rank(attempts[at].status) {
            attempts[at].status = told.status;
        }
    }
}

/// Keeps the furthest the source says of revoking; of two that are as far, the one that came first.
pub(super) fn revoke(tree: &mut Tree, told: &Revoke) {
    let rank = |revoke: &Revoke| match revoke {
        Revoke::None => 0,
        Revoke::Revoking { .. } => 1,
        Revoke::Failed { .. } => 2,
        Revoke::Revoked { .. } => 3,
    };
    if rank(told) > rank(&tree.payment.revoke) {
        tree.payment.revoke = told.clone();
    }
}

pub(super) const fn is_revoked(tree: &Tree) -> bool {
    matches!(tree.payment.revoke, Revoke::Revoked { .. })
}

/// Whether money came in, as far as facts or the source say.
pub(super) fn has_money(tree: &Tree) -> bool {
    tree.payment.payments.iter().any(|payment| payment.amount > 0)
        || tree.payment.reported_payment == Some(PaymentStatus::Paid)
}

/// A reported cancel of an order with money closed it, unless the order is known to be revoked: that ended it
/// before it was paid.
pub(super) fn cancels_with_money(tree: &mut Tree) {
    if !has_money(tree) || is_revoked(tree) {
        return;
    }
    for reported in tree.shops.iter_mut().filter_map(|shop| shop.reported.as_mut()) {
        if reported.status == Status::Cancelled {
            reported.status = Status::Closed;
        }
    }
}
