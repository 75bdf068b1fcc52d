//! Deadlines that have passed. Each is an operation by the timer, decided from the state as it is now; so it
//! never wins over a person, nor over money that completes the payable.

use super::target::Node;
use super::work::Work;
use super::{Context, Decided, decide};
use crate::change::{Change, Remark};
use crate::operation::{By, Operation, OperationKind, Request};
use crate::tree::Deadline;
use crate::words::{DeadlineKind, RefundKind, RefundStatus};
use crate::{Actor, ActorKind, Id, Time, Tree, seat};

/// One thing the timer has to do.
struct Passed {
    at: Time,
    node: Id,
    operation: Operation,
}

/// What the timer does on `tree` at `cx.at`: the earliest passed deadline that its state still allows.
pub(super) fn due(tree: &Tree, cx: &mut Context<'_>) -> Option<Change> {
    if !cx.seat.is_home_of(&tree.payment.home) {
        return None;
    }
    let mut passed = passed(tree, cx.at);
    // What the other site of its home decides by its own clock is heard of from there.
    passed.retain(|passed| is_ours(tree, passed, cx));
    passed.sort_by_key(|passed| passed.at);
    let first = passed.first().map(|passed| passed.at)?;
    let timer = Actor::of(ActorKind::Timer);
    let by = By { actor: &timer, issuer: &tree.payment.issuer, may_refund_settled: false };
    for Passed { node, operation, .. } in passed {
        let remark = Remark::default();
        let request = Request { operation, node, expected_version: None, remark };
        if let Ok(Decided::Change(change)) = decide(tree, &request, by, cx) {
            return Some(*change);
        }
    }
    Some(forget(tree, first, by, cx))
}

fn is_ours(tree: &Tree, passed: &Passed, cx: &Context<'_>) -> bool {
    let operation = passed.operation.kind();
    seat::decides(operation, ActorKind::Timer, &tree.payment.home, cx.seat).is_ok()
}

fn passed(tree: &Tree, now: Time) -> Vec<Passed> {
    let mut all = Vec::new();
    let is_over = |deadline: &Deadline| deadline.stopped_with.is_none() && deadline.at <= now;
    let mut push = |at, node, operation| all.push(Passed { at, node, operation });
    if let Some(deadline) = tree.payment.deadline.filter(is_over) {
        push(deadline.at, tree.id(), Operation::Revoke { reason: None });
    }
    for shop in &tree.shops {
        if let Some(deadline) = shop.deadline.filter(is_over) {
            let operation = match deadline.kind {
                DeadlineKind::AcceptBy => Operation::Reject { reason: None },
                DeadlineKind::ReceiveBy => Operation::Receive,
                DeadlineKind::SettleAt
                | DeadlineKind::PayBy
                | DeadlineKind::AnswerBy
                | DeadlineKind::RetryRevoke => Operation::Settle,
            };
            push(deadline.at, shop.id, operation);
        }
        for refund in shop.refunds.iter().filter(|r| r.status == RefundStatus::Applied) {
            let by = shop.answer_by(refund.refund_id).filter(|at| *at <= now);
            let Some(at) = by else { continue };
            let refund_id = Some(refund.refund_id);
            let operation = match (refund.kind, refund.by) {
                (RefundKind::Cancel, ActorKind::Seller) => {
                    Operation::RefuseCancel { refund_id, reason: None }
                }
                (RefundKind::Cancel, _) => Operation::AgreeCancel { refund_id },
                (RefundKind::Refund | RefundKind::Weigh | RefundKind::Reject, _) => {
                    Operation::AgreeRefund { refund_id }
                }
            };
            push(at, shop.id, operation);
        }
    }
    all
}

/// Takes off the deadlines up to `until`: no rule allows what they ask for, and the timer must not come back to
/// them for ever. No tree that was decided here has one.
fn forget(tree: &Tree, until: Time, by: By<'_>, cx: &mut Context<'_>) -> Change {
    let mut work = Work::on(tree, OperationKind::Note, Node::Tree, by, cx);
    let passed = |deadline: &Deadline| deadline.stopped_with.is_none() && deadline.at <= until;
    if work.tree.payment.deadline.as_ref().is_some_and(passed) {
        work.tree.payment.deadline = None;
    }
    for shop in &mut work.tree.shops {
        if shop.deadline.as_ref().is_some_and(passed) {
            shop.deadline = None;
        }
        shop.answers.retain(|answer| answer.at > until);
    }
    work.finish(Remark {
        en: Some("A deadline passed with nothing left to do.".to_owned()),
        cn: Some("期限已到，无需处理。".to_owned()),
    })
}
