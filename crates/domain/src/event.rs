//! What others are told of an order: each row of the log is one event, with a word that stays.

use crate::status::{self, Standing};
use crate::tree::{Home, Revoke};
use crate::words::{AnomalyKind, PaymentStatus};
use crate::{LogEntry, OperationKind, Tree};

/// The word of the event that `entry` is; `after` is the tree right after it. None for what was taken over from
/// elsewhere: it did not happen here.
pub fn of(entry: &LogEntry, after: &Tree) -> Option<&'static str> {
    use OperationKind as K;
    Some(match entry.kind {
        K::Record => return recorded(entry, after),
        K::PaymentSucceeded => paid(&status::of(after)),
        K::Revoke | K::AttemptClosed => revoked(after, entry.kind),
        K::Place => "order.placed",
        K::StartPayment => "order.payment_started",
        K::PaymentFailed => "order.payment_failed",
        K::AttemptStuck => "order.revoke_failed",
        K::Drop | K::AdjustPrice => "order.terms_changed",
        K::Accept => "order.accepted",
        K::Reject => "order.rejected",
        K::StartPreparing => "order.preparing",
        K::Prepare => "order.prepared",
        K::CallCourier => "order.courier_called",
        K::PickUp => "order.picked_up",
        K::Deliver => "order.delivered",
        K::Ship => "order.shipped",
        K::Receive => "order.received",
        K::ExtendReceipt => "order.receipt_extended",
        K::RequestCancel => "order.cancel_requested",
        K::AgreeCancel => "order.cancel_agreed",
        K::RefuseCancel => "order.cancel_refused",
        K::WithdrawCancel => "order.cancel_withdrawn",
        K::RequestRefund => "order.refund_requested",
        K::AgreeRefund | K::RefundByStore => "order.refund_agreed",
        K::RejectRefund => "order.refund_rejected",
        K::WithdrawRefund => "order.refund_withdrawn",
        K::RefundSucceeded if entry.notes(AnomalyKind::RefundedTwice) => "order.refunded_twice",
        K::RefundSucceeded => "order.refunded",
        K::RefundFailed if entry.notes(AnomalyKind::RefundBounced) => "order.refund_bounced",
        K::RefundFailed => "order.refund_failed",
        K::ReceiveReturn => "order.return_received",
        K::Weigh => "order.weighed",
        K::ChangeAddress => "order.address_changed",
        K::Settle => "order.settled",
        K::Rate => "order.rated",
        K::Note => "order.noted",
        K::Tag => "order.tagged",
        K::Hide | K::Delete | K::Restore => "order.visibility_changed",
    })
}

/// What its home reports of an order in a channel is told; what was taken over from elsewhere did not happen here.
const fn recorded(entry: &LogEntry, after: &Tree) -> Option<&'static str> {
    match (&after.payment.home, entry.from_status) {
        (Home::Channel(_), None) => Some("order.recorded"),
        (Home::Channel(_), Some(_)) => Some("order.updated"),
        (Home::Center | Home::Branch(_) | Home::Sites, _) => None,
    }
}

/// Money came in: all of it, or not yet.
fn paid(standing: &Standing) -> &'static str {
    match standing.payment_status {
        PaymentStatus::Paid => "order.paid",
        _ => "order.payment_received",
    }
}

/// A revoke is over, or waits for attempts that are being closed.
const fn revoked(after: &Tree, kind: OperationKind) -> &'static str {
    match (&after.payment.revoke, kind) {
        (Revoke::Revoked { .. }, _) => "order.revoked",
        (_, OperationKind::AttemptClosed) => "order.attempt_closed",
        _ => "order.revoking",
    }
}

/// Every word that [`of`] answers, for whoever chooses among them.
pub const WORDS: [&str; 42] = [
    "order.placed",
    "order.recorded",
    "order.updated",
    "order.payment_started",
    "order.payment_received",
    "order.paid",
    "order.payment_failed",
    "order.attempt_closed",
    "order.revoking",
    "order.revoked",
    "order.revoke_failed",
    "order.terms_changed",
    "order.accepted",
    "order.rejected",
    "order.preparing",
    "order.prepared",
    "order.courier_called",
    "order.picked_up",
    "order.delivered",
    "order.shipped",
    "order.received",
    "order.receipt_extended",
    "order.cancel_requested",
    "order.cancel_agreed",
    "order.cancel_refused",
    "order.cancel_withdrawn",
    "order.refund_requested",
    "order.refund_agreed",
    "order.refund_rejected",
    "order.refund_withdrawn",
    "order.refunded",
    "order.refunded_twice",
    "order.refund_failed",
    "order.refund_bounced",
    "order.return_received",
    "order.weighed",
    "order.address_changed",
    "order.settled",
    "order.rated",
    "order.noted",
    "order.tagged",
    "order.visibility_changed",
];
