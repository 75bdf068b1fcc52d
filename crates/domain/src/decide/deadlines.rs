//! The deadline of a shop order, seen from where it stood and where it stands. An open refund stops receive-by
//! and settle-at; what is left of them, at least a day, runs on after it.

use super::work::Work;
use crate::status::{ShopStanding, Standing, is_open};
use crate::tree::Deadline;
use crate::words::{DeadlineKind, DeliveryStatus, Fulfilment, RefundKind, Status};
use crate::{Quantity, ShopOrder, Time};

/// Sets, stops or resumes the deadline of the shop order at `at`, which now stands as in `now`.
pub(super) fn follow(work: &mut Work<'_, '_>, now: &Standing, at: usize) {
    let (was, is) = (&work.was.shops[at], &now.shops[at]);
    let shop = &mut work.tree.shops[at];
    let policy = work.cx.policy;
    // As it stands before this change ends it: put off, or carried on after a refund.
    keep_receive_by(shop);
    if matches!(is.status, Status::Cancelled | Status::Closed | Status::Completed) {
        shop.deadline = None;
        return;
    }
    let takeaway = shop.fulfilment == Fulfilment::Takeaway;
    // A rejection that failed is tried again until it succeeds.
    let to_accept = if is_rejected(shop) { policy.retry_revoke } else { policy.accept_by };
    // Money that came back opens what was over.
    let reopened = was.status == Status::Closed;
    let mut set = |kind, after| {
        shop.deadline = Some(Deadline { kind, at: work.cx.at.plus(after), stopped_with: None });
    };
    match is.status {
        Status::Received if was.status < Status::Received || reopened => {
            set(DeadlineKind::SettleAt, policy.settle_after);
        }
        Status::Shipped if (was.status < Status::Shipped || reopened) && takeaway => {
            set(DeadlineKind::ReceiveBy, policy.receive_by_takeaway);
        }
        Status::Shipped if was.status < Status::Shipped || reopened => {
            set(DeadlineKind::ReceiveBy, policy.receive_by);
        }
        Status::Paid if awaits(is) && (was.status < Status::Paid || !awaits(was)) => {
            set(DeadlineKind::AcceptBy, to_accept);
        }
        Status::Created
        | Status::Cancelled
        | Status::Paid
        | Status::Shipped
        | Status::Received
        | Status::Closed
        | Status::Completed => {}
    }
    let is_moot = |deadline: Deadline| match deadline.kind {
        DeadlineKind::AcceptBy => !awaits(is),
        // Units whose refund bounced are to be shipped again.
        DeadlineKind::ReceiveBy => is.status < Status::Shipped,
        DeadlineKind::PayBy
        | DeadlineKind::SettleAt
        | DeadlineKind::AnswerBy
        | DeadlineKind::RetryRevoke => false,
    };
    shop.deadline = shop.deadline.filter(|deadline| !is_moot(*deadline));
    stop_or_resume(shop, work.cx.at, policy.rest_at_least);
    keep_receive_by(shop);
}

/// Until when it was to be received is shown ever after, when the deadline has gone.
fn keep_receive_by(shop: &mut ShopOrder) {
    if let Some(deadline) = shop.deadline.filter(|d| d.kind == DeadlineKind::ReceiveBy) {
        shop.receive_by = Some(deadline.at);
    }
}

/// Whether the store has still to answer a takeaway order of which something is left.
pub(super) fn awaits(standing: &ShopStanding) -> bool {
    standing.delivery_status == Some(DeliveryStatus::AwaitingAcceptance)
        && standing.status == Status::Paid
        && standing.items.iter().any(|item| item.left_to_ship > Quantity::ZERO)
}

/// Whether the store has said that it does not take the order.
pub(super) fn is_rejected(shop: &ShopOrder) -> bool {
    shop.refunds.iter().any(|refund| refund.kind == RefundKind::Reject)
}

fn stop_or_resume(shop: &mut ShopOrder, now: Time, rest_at_least: i64) {
    let open = shop.refunds.iter().any(is_open);
    let Some(deadline) = &mut shop.deadline else { return };
    if !matches!(deadline.kind, DeadlineKind::ReceiveBy | DeadlineKind::SettleAt) {
        return;
    }
    match deadline.stopped_with {
        None if open => deadline.stopped_with = Some(deadline.at.since(now).max(0)),
        Some(rest) if !open => {
            deadline.at = now.plus(rest.max(rest_at_least));
            deadline.stopped_with = None;
        }
        _ => {}
    }
}
