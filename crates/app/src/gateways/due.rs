//! Which tasks a tree wants, read from the tree as it is written: what is open at a gateway is looked after there,
//! what is not wanted any more is closed, and money that is to go back goes back. The unique keys make it idempotent:
//! whatever changes a tree, and however often, each of them is there once.

use super::Gateways;
use super::close::CloseAttempt;
use super::pay::{self, FollowAttempt};
use super::refund::{self, GiveBack};
use crate::lane::reactions::{Happened, Reaction};
use crate::tasks::Task;
use docket_domain::change::Origin;
use docket_domain::seat::Matter;
use docket_domain::tree::Revoke;
use docket_domain::words::{AttemptStatus, PaymentStatus, RefundStatus};
use docket_domain::{Id, Seat, Tree, status};
use docket_store::{Context, Need, NewTask, Writes};
use std::sync::Arc;

/// A task that is not there twice, in the transaction of its cause.
pub fn task(unique_key: String, task: &impl Task, cx: &mut Context<'_>) -> NewTask {
    NewTask { unique_key: Some(unique_key), ..task.new_task(cx) }
}

/// What is under way at a gateway; a task looks after it until it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnderWay {
    /// An attempt that is open.
    Attempt(FollowAttempt),
    /// Money that one payment gives back.
    Refund(GiveBack),
}

impl UnderWay {
    /// The unique key of its task.
    pub fn key(self) -> String {
        match self {
            Self::Attempt(follow) => pay::key(follow.attempt),
            Self::Refund(give_back) => refund::key(give_back),
        }
    }

    /// Its task.
    pub fn task(self, cx: &mut Context<'_>) -> NewTask {
        match self {
            Self::Attempt(follow) => task(self.key(), &follow, cx),
            Self::Refund(give_back) => task(self.key(), &give_back, cx),
        }
    }
}

impl Reaction for Arc<Gateways> {
    fn name(&self) -> &'static str {
        "tasks for what is under way at gateways"
    }

    fn matters(&self) -> &'static [Matter] {
        &[Matter::Money]
    }

    fn acts(&self, origin: Origin) -> bool {
        match origin {
            Origin::Decided | Origin::Merged => true,
            // Whoever started a payment elsewhere looks after it there.
            Origin::Recorded | Origin::Followed => false,
        }
    }

    fn react(
        &self,
        happened: &Happened<'_>,
        writes: &mut Writes,
        cx: &mut Context<'_>,
    ) -> Result<(), Need> {
        if self.spoken_to.is_empty() {
            return Ok(());
        }
        let tree = happened.after;
        for one in self.under_way(tree, happened.seat) {
            writes.tasks.push(one.task(cx));
            if let (UnderWay::Attempt(follow), Some(cause)) = (one, unwanted(tree)) {
                let close = CloseAttempt { tree: follow.tree, attempt: follow.attempt };
                let key = format!("{}:{}:{cause}", CloseAttempt::KIND, close.attempt);
                writes.tasks.push(task(key, &close, cx));
            }
        }
        Ok(())
    }
}

impl Gateways {
    /// What of `tree` is under way at gateways that we speak to at `seat`; nothing of a copy.
    pub fn under_way(&self, tree: &Tree, seat: &Seat) -> Vec<UnderWay> {
        if !seat.keeps(Matter::Money, &tree.payment.home) {
            return Vec::new();
        }
        let attempts = tree.payment.attempts.iter().filter(|attempt| {
            let gateway = attempt.gateway.as_ref();
            attempt.status == AttemptStatus::Open
                && gateway.is_some_and(|name| self.spoken_to.contains_key(name))
        });
        let attempts =
            attempts.map(|attempt| FollowAttempt { tree: tree.id(), attempt: attempt.attempt_id });
        let refunds = self.refunds_under_way(tree).into_iter().map(UnderWay::Refund);
        attempts.map(UnderWay::Attempt).chain(refunds).collect()
    }

    fn refunds_under_way(&self, tree: &Tree) -> Vec<GiveBack> {
        let dues = tree.payment.refunds_due.iter();
        let dues = dues.filter(|due| due.status == RefundStatus::Refunding);
        let dues = dues.map(|due| (due.refund_id, due.payment_id, 0));
        let refunds = tree.shops.iter().flat_map(|shop| &shop.refunds);
        let refunds = refunds.filter(|refund| refund.status == RefundStatus::Refunding);
        let parts = refunds.flat_map(|refund| {
            let under_way =
                refund.parts.iter().filter(|part| part.status == RefundStatus::Refunding);
            under_way.map(|part| (refund.refund_id, part.payment_id, refund.round))
        });
        let drawn = dues.chain(parts).filter(|(_, payment, _)| self.came_here(tree, *payment));
        let give_back =
            |(refund, payment, round)| GiveBack { tree: tree.id(), refund, payment, round };
        drawn.map(give_back).collect()
    }

    /// Whether a payment came through a gateway that we speak to, by an attempt that is known there.
    pub(super) fn came_here(&self, tree: &Tree, payment: Id) -> bool {
        let mut payments = tree.payment.payments.iter();
        let found = payments.find(|found| found.payment_id == payment);
        let found = found.filter(|payment| payment.attempt_id.is_some());
        let gateway = found.and_then(|payment| payment.gateway.as_ref());
        gateway.is_some_and(|name| self.spoken_to.contains_key(name))
    }
}

/// Why attempts that are open are not wanted any more, as a part of a unique key: each try of a revoke closes anew.
pub fn unwanted(tree: &Tree) -> Option<String> {
    match &tree.payment.revoke {
        Revoke::Revoking { at, .. } => Some(at.0.to_string()),
        Revoke::Failed { .. } => None,
        Revoke::None | Revoke::Revoked { .. } => {
            let standing = status::of(tree);
            let over = standing.payment_status == PaymentStatus::Paid
                || standing.status != docket_domain::words::Status::Created;
            over.then(|| "over".to_owned())
        }
    }
}
