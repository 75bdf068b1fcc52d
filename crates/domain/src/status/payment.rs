//! The axes of a payment order: payment and revoke, what is to pay and what came in.

use crate::price::sums;
use crate::tree::{Payment, Revoke};
use crate::words::{AttemptStatus, PaymentStatus, RevokeStatus};
use crate::{Amount, Quantity, Time, Tree};

/// What is left of `payment` after the refunds due on it, in its own currency.
pub(crate) fn left_of(tree: &Tree, payment: &Payment) -> i64 {
    let dues = tree.payment.refunds_due.iter().filter(|due| due.payment_id == payment.payment_id);
    payment.amount - dues.map(|due| due.amount).sum::<i64>()
}

/// What `payment` counts for the payable: what is left of it, and nothing if it is in another currency than
/// the order (a source may report such; it stands on the tree as an anomaly).
pub(crate) fn net_of(tree: &Tree, payment: &Payment) -> i64 {
    if payment.currency == tree.payment.currency { left_of(tree, payment) } else { 0 }
}

/// The sum of the payments that are not refunds due.
pub(crate) fn net_paid(tree: &Tree) -> i64 {
    tree.payment.payments.iter().map(|payment| net_of(tree, payment)).sum()
}

/// Where a payment order stands, shop orders aside.
pub(super) struct Axes {
    pub payment: PaymentStatus,
    pub revoke: RevokeStatus,
    pub payable: Amount,
    pub paid: i64,
    pub paid_at: Option<Time>,
}

impl Axes {
    pub(super) fn of(tree: &Tree) -> Self {
        let payable = sums::payable(tree);
        let paid = net_paid(tree);
        let payment = payment_status(tree, payable, paid);
        let revoke = match tree.payment.revoke {
            Revoke::None => RevokeStatus::None,
            Revoke::Revoking { .. } => RevokeStatus::Revoking,
            Revoke::Revoked { .. } => RevokeStatus::Revoked,
            Revoke::Failed { .. } => RevokeStatus::RevokeFailed,
        };
        let paid_at = (payment == PaymentStatus::Paid).then(|| paid_at(tree, payable)).flatten();
        Self { payment, revoke, payable, paid, paid_at }
    }
}

fn payment_status(tree: &Tree, payable: Amount, paid: i64) -> PaymentStatus {
    let attempts = &tree.payment.attempts;
    let said_paid = tree.payment.reported_payment == Some(PaymentStatus::Paid);
    let trying = paid > 0 || attempts.iter().any(|a| a.status == AttemptStatus::Open);
    match payable.known() {
        Some(payable) if paid >= payable => PaymentStatus::Paid,
        // A source that says it and lists no payments does not list them: a marketplace keeps the money.
        _ if said_paid && tree.payment.payments.is_empty() => PaymentStatus::Paid,
        None if tree.payment.reported_payment.is_some() => {
            tree.payment.reported_payment.expect("just looked")
        }
        None if something_shipped(tree) => PaymentStatus::Paid,
        _ if trying => PaymentStatus::Paying,
        _ if attempts.last().is_some_and(|a| a.status == AttemptStatus::Failed) => {
            PaymentStatus::Failed
        }
        _ => PaymentStatus::Unpaid,
    }
}

fn something_shipped(tree: &Tree) -> bool {
    tree.lines().any(|(shop, item)| super::goods(shop, item, None).shipped > Quantity::ZERO)
}

/// When the payable was covered: the time of the money that did, in the order it was learnt.
fn paid_at(tree: &Tree, payable: Amount) -> Option<Time> {
    let payment = &tree.payment;
    let Some(payable) = payable.known() else {
        return payment.payments.iter().map(|p| p.paid_at).max();
    };
    if payable <= 0 {
        return Some(payment.terms_at.unwrap_or(payment.created_at));
    }
    let (mut sum, mut latest) = (0, None);
    for money in payment.payments.iter().filter(|p| net_of(tree, p) > 0) {
        sum += net_of(tree, money);
        latest = latest.max(Some(money.paid_at));
        if sum >= payable {
            break;
        }
    }
    latest
}
