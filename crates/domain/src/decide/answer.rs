//! Answers to requests for money back: agreed, refused, withdrawn; and another try where the money failed.

use super::refund::waits_for_goods;
use super::work::{Done, Work, invalid};
use super::{amounts, money_back, refund};
use crate::limits::{self, TooMany};
use crate::tree::Refund;
use crate::words::{RefundKind, RefundStatus};
use crate::{ActorKind, Id, Quantity, Refusal};

/// The other side agrees to cancel. Asked of one that failed, it is tried again.
pub(super) fn agree_cancel(work: &mut Work<'_, '_>, id: Option<Id>) -> Result<Done, Refusal> {
    let may = |refund: &Refund| {
        refund.kind == RefundKind::Cancel
            && (refund.status == RefundStatus::Applied || can_be_tried_again(refund))
    };
    let at = chosen(work, id, may, "a request to cancel must be open")?;
    let by = work.shop().refunds[at].by;
    if work.by.actor.kind == by || (by == ActorKind::Seller && is_timer(work)) {
        return Err(work.refuse_actor());
    }
    agree(work, at)
}

/// The other side refuses to cancel; the timer refuses what a seller asked for and nobody answered.
pub(super) fn refuse_cancel(
    work: &mut Work<'_, '_>,
    id: Option<Id>,
    reason: Option<&str>,
) -> Result<Done, Refusal> {
    let at = chosen(work, id, is_open_cancel, "a request to cancel must be open")?;
    let by = work.shop().refunds[at].by;
    if work.by.actor.kind == by || (by != ActorKind::Seller && is_timer(work)) {
        return Err(work.refuse_actor());
    }
    Ok(end(work, at, RefundStatus::Rejected, reason))
}

/// Who asked to cancel takes it back.
pub(super) fn withdraw_cancel(work: &mut Work<'_, '_>, id: Option<Id>) -> Result<Done, Refusal> {
    let at = chosen(work, id, is_open_cancel, "a request to cancel must be open")?;
    if work.by.actor.kind != work.shop().refunds[at].by {
        return Err(work.refuse_actor());
    }
    Ok(end(work, at, RefundStatus::Withdrawn, None))
}

/// Seller, store or timer agrees to a refund. Seller or store may ask it of any that failed: it is tried again.
pub(super) fn agree_refund(work: &mut Work<'_, '_>, id: Option<Id>) -> Result<Done, Refusal> {
    let by_timer = is_timer(work);
    let may =
        |refund: &Refund| is_open_request(refund) || (!by_timer && can_be_tried_again(refund));
    let at = chosen(work, id, may, "a request for a refund must be open, or one have failed")?;
    agree(work, at)
}

/// Seller or store refuses a refund.
pub(super) fn reject_refund(
    work: &mut Work<'_, '_>,
    id: Option<Id>,
    reason: Option<&str>,
) -> Result<Done, Refusal> {
    let at = chosen(work, id, is_open_request, "a request for a refund must be open")?;
    Ok(end(work, at, RefundStatus::Rejected, reason))
}

/// The buyer takes a request for a refund back.
pub(super) fn withdraw_refund(work: &mut Work<'_, '_>, id: Option<Id>) -> Result<Done, Refusal> {
    let at = chosen(work, id, is_open_request, "a request for a refund must be open")?;
    Ok(end(work, at, RefundStatus::Withdrawn, None))
}

fn is_timer(work: &Work<'_, '_>) -> bool {
    work.by.actor.kind == ActorKind::Timer
}

fn is_open_cancel(refund: &Refund) -> bool {
    refund.kind == RefundKind::Cancel && refund.status == RefundStatus::Applied
}

fn is_open_request(refund: &Refund) -> bool {
    refund.kind != RefundKind::Cancel && refund.status == RefundStatus::Applied
}

fn can_be_tried_again(refund: &Refund) -> bool {
    let any = |status| refund.parts.iter().any(|part| part.status == status);
    // Payments that had given all they had may have left some of it undrawn.
    let lacks = || {
        let drawn = !refund.parts.is_empty() && !any(RefundStatus::Refunding);
        drawn && money_back::missing(refund) > 0
    };
    refund.status == RefundStatus::Failed
        || (refund.status == RefundStatus::Refunding && (any(RefundStatus::Failed) || lacks()))
}

/// The refund that is meant: the one named, else the only one that may be, an unanswered one before others.
fn chosen(
    work: &Work<'_, '_>,
    id: Option<Id>,
    may: impl Fn(&Refund) -> bool,
    why: &'static str,
) -> Result<usize, Refusal> {
    let refunds = &work.shop().refunds;
    if let Some(id) = id {
        let at = refunds.iter().position(|refund| refund.refund_id == id);
        let at = at.ok_or(Refusal::NoSuchPart { what: "refund", id })?;
        return if may(&refunds[at]) { Ok(at) } else { Err(work.refuse(why)) };
    }
    let may_be: Vec<usize> = (0..refunds.len()).filter(|at| may(&refunds[*at])).collect();
    let open = |at: &usize| refunds[*at].status == RefundStatus::Applied;
    let unanswered: Vec<usize> = may_be.iter().copied().filter(open).collect();
    match (unanswered.as_slice(), may_be.as_slice()) {
        ([only], _) | ([], [only]) => Ok(*only),
        (_, []) => Err(work.refuse(why)),
        _ => Err(invalid("refund_id", "required", "several refunds may be meant; name one")),
    }
}

fn end(work: &mut Work<'_, '_>, at: usize, status: RefundStatus, reason: Option<&str>) -> Done {
    let now = work.at();
    let refund = &mut work.shop_mut().refunds[at];
    refund.status = status;
    refund.answered_at = Some(now);
    let refund = refund.clone();
    work.shop_mut().set_answer_by(refund.refund_id, None);
    refund::say(work, &refund);
    work.say_if("reason", reason);
    Done::Changed
}

fn agree(work: &mut Work<'_, '_>, at: usize) -> Result<Done, Refusal> {
    if work.shop().refunds[at].status == RefundStatus::Applied {
        start(work, at)?;
    } else {
        if refund::is_settled(work) && !work.by.may_refund_settled {
            return Err(Refusal::Scope { scope: "refunds" });
        }
        let tried = work.shop().refunds[at].round as usize;
        limits::below(tried, work.cx.limits.refunds, TooMany::Refunds)?;
        try_again(work, at)?;
    }
    let refund = work.shop().refunds[at].clone();
    refund::say(work, &refund);
    Ok(Done::Changed)
}

/// A refund gets under way. Its units and its freight are looked at as things stand now; money flows unless
/// goods must come back first.
pub(super) fn start(work: &mut Work<'_, '_>, at: usize) -> Result<(), Refusal> {
    let now = work.at();
    amounts::look_at_units_again(work, at);
    let mut refund = work.shop().refunds[at].clone();
    amounts::fit_lines(work.shop(), work.tree.payment.tax, &mut refund);
    amounts::sum_up(work, &mut refund)?;
    refund.status = RefundStatus::Refunding;
    refund.answered_at = Some(now);
    work.shop_mut().set_answer_by(refund.refund_id, None);
    refund.ended_at = None;
    money_back::put_failed_away(&mut refund);
    refund.parts = Vec::new();
    refund.round += 1;
    refund.failed_on = Vec::new();
    let waits = waits_for_goods(&refund);
    let amount = refund.amount;
    work.shop_mut().refunds[at] = refund;
    if !waits {
        work.shop_mut().refunds[at].parts = money_back::parts(&work.tree, amount, &[]);
    }
    Ok(())
}

/// A refund of which money failed is tried again, from another payment where one has room for it.
pub(super) fn try_again(work: &mut Work<'_, '_>, at: usize) -> Result<(), Refusal> {
    let refund = &work.shop().refunds[at];
    let failed_on: Vec<Id> = refund
        .parts
        .iter()
        .filter(|part| part.status == RefundStatus::Failed)
        .map(|part| part.payment_id)
        .collect();
    if refund.status == RefundStatus::Failed {
        let mut wanted = Vec::new();
        for line in &refund.lines {
            let item = work.shop().items.iter().position(|item| item.id == line.order_id);
            let left = |item: &usize| work.shop_was().items[*item].left_to_refund;
            match item.filter(|item| line.quantity <= left(item)) {
                Some(item) => wanted.push((item, line.quantity)),
                None => return Err(work.refuse("its units have been given back otherwise since")),
            }
        }
        let first = amounts::First::of(refund.goods_back);
        let lines = amounts::lines(work, &wanted, first, Some(refund.refund_id))?;
        work.shop_mut().refunds[at].lines = lines;
        start(work, at)?;
        refund::must_give_something(work, at)?;
        let refund = &work.shop().refunds[at];
        if !refund.parts.is_empty() {
            let amount = refund.amount;
            work.shop_mut().refunds[at].parts = Vec::new();
            let parts = money_back::parts(&work.tree, amount, &failed_on);
            work.shop_mut().refunds[at].parts = parts;
        }
        return Ok(());
    }
    let (missing, now) = (money_back::missing(refund), work.at());
    let refund = &mut work.shop_mut().refunds[at];
    money_back::put_failed_away(refund);
    refund.answered_at = Some(now);
    refund.failed_on = Vec::new();
    refund.round += 1;
    let parts = money_back::parts(&work.tree, missing, &failed_on);
    work.shop_mut().refunds[at].parts.extend(parts);
    Ok(())
}

/// Whether every unit of a failed refund could be given by it again.
pub(super) fn has_units_left(work: &Work<'_, '_>, refund: &Refund) -> bool {
    refund.lines.iter().all(|line| {
        let item = work.shop().items.iter().find(|item| item.id == line.order_id);
        let left = |item| crate::status::goods(work.shop(), item, None).left_to_refund();
        item.map_or(Quantity::ZERO, left) >= line.quantity
    })
}
