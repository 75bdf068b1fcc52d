//! Deadlines of a recorded tree: none, unless it is at home here and asked for live; then from now on.

use crate::decide::Context;
use crate::status::is_open;
use crate::tree::Deadline;
use crate::words::{DeadlineKind, Fulfilment, PaymentStatus, RefundStatus, Status};
use crate::{ShopOrder, Tree, status};

/// Sets deadlines by what the tree has come to. A deadline that is running for the same reason goes on.
pub(super) fn set(tree: &mut Tree, live: bool, cx: &Context<'_>) {
    let runs = tree.payment.deadline.is_some() || tree.shops.iter().any(|s| s.deadline.is_some());
    if !(live || runs) || !cx.seat.is_home_of(&tree.payment.home) {
        return;
    }
    let standing = status::of(tree);
    let unpaid = standing.status == Status::Created
        && matches!(standing.payment_status, PaymentStatus::Unpaid | PaymentStatus::Failed);
    let payment = &mut tree.payment;
    let retries = payment.deadline.is_some_and(|d| d.kind == DeadlineKind::RetryRevoke);
    if !retries {
        let pay_by = unpaid.then_some((DeadlineKind::PayBy, cx.policy.pay_by));
        payment.deadline = running(payment.deadline, pay_by, cx);
        if let Some(deadline) = payment.deadline {
            payment.pay_by = Some(deadline.at);
        }
    }
    for (shop, standing) in tree.shops.iter_mut().zip(&standing.shops) {
        shop.deadline = running(shop.deadline, wanted(shop, standing.status, cx), cx);
        answers(shop, cx);
    }
}

/// Requests that wait for their answer get a day until which; meanwhile receive-by and settle-at stand still.
fn answers(shop: &mut ShopOrder, cx: &Context<'_>) {
    let open: Vec<_> = shop.refunds.iter().filter(|r| r.status == RefundStatus::Applied).collect();
    let waiting = open.into_iter().filter(|refund| shop.answer_by(refund.refund_id).is_none());
    let waiting: Vec<_> =
        waiting.map(|refund| (refund.refund_id, refund.kind, refund.by)).collect();
    for (refund, kind, by) in waiting {
        let length = cx.policy.to_answer(kind, by, shop.fulfilment);
        shop.set_answer_by(refund, Some(cx.at.plus(length)));
    }
    let open = shop.refunds.iter().any(is_open);
    let Some(deadline) = &mut shop.deadline else { return };
    if !matches!(deadline.kind, DeadlineKind::ReceiveBy | DeadlineKind::SettleAt) {
        return;
    }
    match deadline.stopped_with {
        None if open => deadline.stopped_with = Some(deadline.at.since(cx.at).max(0)),
        Some(rest) if !open => {
            deadline.at = cx.at.plus(rest.max(cx.policy.rest_at_least));
            deadline.stopped_with = None;
        }
        _ => {}
    }
}

fn wanted(shop: &ShopOrder, status: Status, cx: &Context<'_>) -> Option<(DeadlineKind, i64)> {
    let takeaway = shop.fulfilment == Fulfilment::Takeaway;
    match status {
        _ if shop.dropped_at.is_some() => None,
        Status::Paid if takeaway && shop.delivery.is_empty() => {
            Some((DeadlineKind::AcceptBy, cx.policy.accept_by))
        }
        Status::Shipped if takeaway => {
            Some((DeadlineKind::ReceiveBy, cx.policy.receive_by_takeaway))
        }
        Status::Shipped => Some((DeadlineKind::ReceiveBy, cx.policy.receive_by)),
        Status::Received => Some((DeadlineKind::SettleAt, cx.policy.settle_after)),
        _ => None,
    }
}

fn running(
    known: Option<Deadline>,
    wanted: Option<(DeadlineKind, i64)>,
    cx: &Context<'_>,
) -> Option<Deadline> {
    let (kind, length) = wanted?;
    let known = known.filter(|known| known.kind == kind);
    known.or(Some(Deadline { kind, at: cx.at.plus(length), stopped_with: None }))
}
