//! A takeaway order from the store's answer to the buyer's door. Steps may be skipped forward, never back; a
//! skipped step takes the time of the one that skipped it.

use super::amounts::First;
use super::deadlines::is_rejected;
use super::refund::{self, Wanted};
use super::work::{Done, Work};
use super::{answer, lines};
use crate::tree::{DeliveryStep, Received};
use crate::words::{DeliveryStatus, ReceiveType, RefundKind, RefundStatus, Status};
use crate::{ActorKind, Quantity, Refusal};

/// Takes the delivery axis forward to `to`.
pub(super) fn step(
    work: &mut Work<'_, '_>,
    to: DeliveryStatus,
    courier: Option<&str>,
) -> Result<Done, Refusal> {
    use DeliveryStatus::{Accepted, AwaitingAcceptance, Delivered, PickedUp};
    let Some(from) = work.shop_was().delivery_status else {
        return Err(work.refuse("only a takeaway order is accepted and delivered"));
    };
    if is_rejected(work.shop()) {
        return Err(work.refuse("the store has rejected it"));
    }
    let in_turn = if to == Accepted { from == AwaitingAcceptance } else { from >= Accepted };
    if !in_turn || to <= from {
        return Err(work.refuse("steps go forward from acceptance, never back"));
    }
    let left = work.shop_was().items.iter().any(|item| item.left_to_ship > Quantity::ZERO);
    let can_go_on = match work.shop_was().status {
        Status::Paid => left || from == PickedUp,
        Status::Shipped => from == PickedUp,
        Status::Created
        | Status::Cancelled
        | Status::Received
        | Status::Closed
        | Status::Completed => false,
    };
    if !can_go_on {
        return Err(work.refuse("it must be paid, and something of it left to hand over"));
    }
    let at = work.at();
    let skipped = DeliveryStatus::ALL.iter().filter(|step| **step > from && **step < to);
    let steps = skipped.map(|step| DeliveryStep { status: *step, at, courier: None });
    let reached = DeliveryStep { status: to, at, courier: courier.map(ToOwned::to_owned) };
    let steps: Vec<_> = steps.chain([reached]).collect();
    work.shop_mut().delivery.extend(steps);
    if from < PickedUp && to >= PickedUp {
        // A meal does not come back: the request stays one for money alone.
        refund::goods_left(work, First::Unshipped)?;
    }
    if to == Delivered {
        let by_courier = work.by.actor.kind == ActorKind::Courier;
        let by = if by_courier { ReceiveType::Courier } else { ReceiveType::Store };
        work.shop_mut().received = Some(Received { at, by_then: false, by });
        work.say("receive_type", by.word());
    }
    Ok(Done::Changed)
}

/// The store does not take the order, or did not answer in time: open requests are agreed, and the rest is
/// refunded with them. Asked again after the money failed, it is tried again.
pub(super) fn reject(work: &mut Work<'_, '_>, reason: Option<&str>) -> Result<Done, Refusal> {
    let awaiting = work.shop_was().delivery_status == Some(DeliveryStatus::AwaitingAcceptance);
    if !awaiting || work.shop_was().status != Status::Paid {
        return Err(work.refuse("it must be takeaway, paid, and not accepted"));
    }
    let mut under_way = Vec::new();
    for at in 0..work.shop().refunds.len() {
        let refund = &work.shop().refunds[at];
        let failed = refund.kind == RefundKind::Reject && refund.status == RefundStatus::Failed;
        if refund.status == RefundStatus::Applied {
            answer::start(work, at)?;
            under_way.push(at);
        } else if failed && answer::has_units_left(work, refund) {
            answer::try_again(work, at)?;
            under_way.push(at);
        }
    }
    let rest = lines::still_left(work);
    if !rest.is_empty() {
        let wanted = Wanted { reason, ..Wanted::goods(RefundKind::Reject, &rest) };
        under_way.push(work.shop().refunds.len());
        refund::give(work, &wanted)?;
    }
    let Some(last) = under_way.last() else {
        return Err(work.refuse("nothing of it is left to refund"));
    };
    let last = work.shop().refunds[*last].clone();
    refund::say(work, &last);
    let amounts = under_way.iter().map(|at| work.shop().refunds[*at].amount);
    work.say("amount", amounts.sum::<i64>());
    work.say_if("reason", reason);
    Ok(Done::Changed)
}
