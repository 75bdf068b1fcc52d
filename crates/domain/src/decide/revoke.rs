//! Ending an order before it is paid. Attempts at a gateway are closed there first, since their money may be
//! on its way; a revoke that cannot close them fails and is tried again.

use super::payment;
use super::work::{Done, Work};
use crate::status::{left_of, net_paid};
use crate::tree::{Deadline, Revoke};
use crate::words::{AttemptStatus, DeadlineKind, DueCause, PaymentStatus, RevokeStatus, Status};
use crate::{ActorKind, Refusal};

/// Revokes the order, or begins to.
pub(super) fn revoke(work: &mut Work<'_, '_>, reason: Option<&str>) -> Result<Done, Refusal> {
    let mut by = work.by.actor.kind;
    let open_shops = work.tree.shops.iter().filter(|shop| shop.dropped_at.is_none()).count();
    if by == ActorKind::Store && open_shops > 1 {
        return Err(work.refuse_actor());
    }
    let unpaid =
        work.was.status == Status::Created && work.was.payment_status != PaymentStatus::Paid;
    let may = matches!(work.was.revoke_status, RevokeStatus::None | RevokeStatus::RevokeFailed);
    if !unpaid || !may {
        return Err(work.refuse("it must be open and not paid"));
    }
    let mut reason = reason.map(ToOwned::to_owned);
    if let (ActorKind::Timer, Revoke::Failed { by: first, reason: words, .. }) =
        (by, &work.tree.payment.revoke)
    {
        // The timer only tries again what someone asked for.
        by = *first;
        reason.clone_from(words);
    }
    payment::close_attempts_without_gateway(&mut work.tree);
    work.say_if("reason", reason.as_deref());
    work.tree.payment.deadline = None;
    work.tree.payment.revoke = Revoke::Revoking { by, at: work.at(), reason };
    complete_if_nothing_is_open(work);
    Ok(Done::Changed)
}

/// Completes a revoke in progress once no attempt is open: holds are released, and what came in goes back,
/// tender by tender.
pub(super) fn complete_if_nothing_is_open(work: &mut Work<'_, '_>) {
    let (Revoke::Revoking { by, reason, .. } | Revoke::Failed { by, reason, .. }) =
        &work.tree.payment.revoke
    else {
        return;
    };
    if work.tree.payment.attempts.iter().any(|a| a.status == AttemptStatus::Open) {
        return;
    }
    let revoked = Revoke::Revoked { by: *by, at: work.cx.at, reason: reason.clone() };
    work.tree.payment.revoke = revoked;
    work.tree.payment.deadline = None;
    let counted = net_paid(&work.tree);
    work.say_if("due", Some(counted).filter(|due| *due > 0));
    let kept = work.tree.payment.payments.iter().map(|p| (p.payment_id, left_of(&work.tree, p)));
    let kept: Vec<_> = kept.filter(|(_, left)| *left > 0).collect();
    for (payment_id, left) in kept {
        payment::owe(work, payment_id, left, DueCause::Revoked);
    }
}

/// An attempt could not be closed: a revoke in progress has failed for now.
pub(super) fn fail(work: &mut Work<'_, '_>) -> Done {
    let Revoke::Revoking { by, reason, .. } = &work.tree.payment.revoke else {
        return Done::Already;
    };
    let failed = Revoke::Failed { by: *by, at: work.cx.at, reason: reason.clone() };
    work.tree.payment.revoke = failed;
    let at = work.at().plus(work.cx.policy.retry_revoke);
    work.tree.payment.deadline =
        Some(Deadline { kind: DeadlineKind::RetryRevoke, at, stopped_with: None });
    Done::Changed
}
