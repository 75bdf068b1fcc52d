//! Which tasks a tree wants, read from the tree as it is written: what is open at a gateway is looked after there,
//! what is not wanted any more is closed, and money that is to go back goes back. The unique keys make it idempotent:
//! whatever changes a tree, and however often, each of them is there once.

use super::{Gateways, close, pay, refund};
use docket_domain::tree::{Home, Revoke};
use docket_domain::words::{AttemptStatus, PaymentStatus, RefundStatus};
use docket_domain::{Id, OperationKind, Tree, status};
use docket_store::{Context, NewTask, TreeWrite, Writes};

/// Charged failures of one task.
const ATTEMPTS: u32 = 6;

/// A task, in the transaction of its cause.
pub fn task(
    kind: &'static str,
    unique_key: String,
    payload: &impl serde::Serialize,
    cx: &mut Context<'_>,
) -> NewTask {
    NewTask {
        id: cx.ids.next(cx.now, docket_domain::Gene(0)),
        kind,
        unique_key: Some(unique_key),
        chain_key: None,
        priority: 0,
        payload: serde_json::to_string(payload).expect("what a task is told is plain JSON"),
        max_attempts: ATTEMPTS,
        due_at: cx.now,
        created_at: cx.now,
    }
}

impl Gateways {
    /// Adds the tasks that the trees of `writes` want. A copy of an order at home elsewhere wants none, nor does
    /// what is only recorded.
    pub fn add(&self, writes: &mut Writes, cx: &mut Context<'_>) {
        if self.spoken_to.is_empty() {
            return;
        }
        let mut tasks = Vec::new();
        for TreeWrite { tree, entry } in &writes.trees {
            if tree.payment.home == Home::Center && entry.kind != OperationKind::Record {
                self.of_attempts(tree, &mut tasks, cx);
                self.of_refunds(tree, &mut tasks, cx);
            }
        }
        writes.tasks.extend(tasks);
    }

    fn of_attempts(&self, tree: &Tree, tasks: &mut Vec<NewTask>, cx: &mut Context<'_>) {
        let open = tree.payment.attempts.iter().filter(|attempt| {
            let gateway = attempt.gateway.as_ref();
            attempt.status == AttemptStatus::Open
                && gateway.is_some_and(|name| self.spoken_to.contains_key(name))
        });
        for attempt in open {
            let told = pay::Told { tree: tree.id(), attempt: attempt.attempt_id };
            tasks.push(task(pay::KIND, pay::key(told.attempt), &told, cx));
            if let Some(cause) = unwanted(tree) {
                let key = format!("{}:{}:{cause}", close::KIND, told.attempt);
                tasks.push(task(close::KIND, key, &told, cx));
            }
        }
    }

    fn of_refunds(&self, tree: &Tree, tasks: &mut Vec<NewTask>, cx: &mut Context<'_>) {
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
        for (refund, payment, round) in dues.chain(parts) {
            if self.came_here(tree, payment) {
                let told = refund::Told { tree: tree.id(), refund, payment, round };
                tasks.push(task(refund::KIND, refund::key(told), &told, cx));
            }
        }
    }

    /// Whether a payment came through a gateway that we speak to.
    fn came_here(&self, tree: &Tree, payment: Id) -> bool {
        let mut payments = tree.payment.payments.iter();
        let found = payments.find(|found| found.payment_id == payment);
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
