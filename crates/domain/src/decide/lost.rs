//! Deadlines that an order should have and has not. No change leads there: somebody wrote past the lane. They are
//! set again as if the order had reached its state now, or for the moment that it still remembers.

use super::deadlines::awaits;
use super::target::Node;
use super::work::Work;
use super::{Context, DeadlineKind};
use crate::change::{Change, Remark};
use crate::operation::{By, OperationKind};
use crate::status::{self, ShopStanding};
use crate::tree::{Deadline, Revoke};
use crate::words::Status;
use crate::{Actor, ActorKind, Id, Seat, ShopOrder, Time, Tree};

/// What is lost on `tree`, by node. Only orders that were placed here have deadlines; whether this one was, its
/// log says.
pub fn lost_deadlines(tree: &Tree, seat: &Seat) -> Vec<(Id, DeadlineKind)> {
    if !seat.is_home_of(&tree.payment.home) {
        return Vec::new();
    }
    let standing = status::of(tree);
    let of_payment = match &tree.payment.revoke {
        _ if standing.status != Status::Created || tree.payment.deadline.is_some() => None,
        Revoke::None => Some(DeadlineKind::PayBy),
        Revoke::Failed { .. } => Some(DeadlineKind::RetryRevoke),
        Revoke::Revoking { .. } | Revoke::Revoked { .. } => None,
    };
    let shops = tree.shops.iter().zip(&standing.shops);
    let of_shops = shops.filter_map(|(shop, stands)| Some((shop.id, lost_of_shop(shop, stands)?)));
    of_payment.map(|kind| (tree.id(), kind)).into_iter().chain(of_shops).collect()
}

fn lost_of_shop(shop: &ShopOrder, stands: &ShopStanding) -> Option<DeadlineKind> {
    if shop.deadline.is_some() {
        return None;
    }
    match stands.status {
        Status::Paid if awaits(stands) => Some(DeadlineKind::AcceptBy),
        Status::Shipped => Some(DeadlineKind::ReceiveBy),
        Status::Received => Some(DeadlineKind::SettleAt),
        Status::Created | Status::Cancelled | Status::Paid | Status::Closed | Status::Completed => {
            None
        }
    }
}

/// Sets what is lost on `tree`; `None` where nothing is.
pub fn set_lost_deadlines(tree: &Tree, cx: &mut Context<'_>) -> Option<Change> {
    let lost = lost_deadlines(tree, cx.seat);
    if lost.is_empty() {
        return None;
    }
    let timer = Actor::of(ActorKind::Timer);
    let by = By { actor: &timer, issuer: &tree.payment.issuer, may_refund_settled: false };
    let policy = *cx.policy;
    let mut work = Work::on(tree, OperationKind::Note, Node::Tree, by, cx);
    let now = work.at();
    for (node, kind) in lost {
        let from_now = |millis| now.plus(millis);
        let set = |at: Time| Some(Deadline { kind, at, stopped_with: None });
        if node == tree.id() {
            work.tree.payment.deadline = set(match (kind, tree.payment.pay_by) {
                (DeadlineKind::PayBy, Some(at)) => at,
                (DeadlineKind::PayBy, None) => from_now(policy.pay_by),
                (
                    DeadlineKind::RetryRevoke
                    | DeadlineKind::AcceptBy
                    | DeadlineKind::ReceiveBy
                    | DeadlineKind::SettleAt
                    | DeadlineKind::AnswerBy,
                    _,
                ) => from_now(policy.retry_revoke),
            });
        }
        for shop in work.tree.shops.iter_mut().filter(|shop| shop.id == node) {
            shop.deadline = set(match (kind, shop.receive_by) {
                (DeadlineKind::AcceptBy, _) => from_now(policy.accept_by),
                (DeadlineKind::ReceiveBy, Some(at)) => at,
                (DeadlineKind::ReceiveBy, None) => from_now(policy.receive_by),
                (
                    DeadlineKind::SettleAt
                    | DeadlineKind::PayBy
                    | DeadlineKind::AnswerBy
                    | DeadlineKind::RetryRevoke,
                    _,
                ) => from_now(policy.settle_after),
            });
        }
    }
    Some(work.finish(Remark {
        en: Some("A deadline was lost and is set again.".to_owned()),
        cn: Some("期限丢失，已重新设定。".to_owned()),
    }))
}
