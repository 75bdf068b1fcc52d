//! Asking for money back, and giving it unasked. Answers are in `answer`, the money itself in `money_back`.

use super::amounts::{self, First};
use super::work::{Done, Work};
use super::{answer, lines};
use crate::operation::{Asked, RefundAsked};
use crate::status::is_agreed;
use crate::tree::{Refund, RefundLine};
use crate::words::{RefundKind, RefundStatus, Status};
use crate::{ActorKind, Quantity, Refusal};

/// A refund as it is made: what it is for, before what it amounts to is known.
pub(super) struct Wanted<'a> {
    pub kind: RefundKind,
    pub lines: &'a [(usize, Quantity)],
    pub freight_asked: bool,
    pub goods_back: bool,
    pub reason: Option<&'a str>,
}

/// Buyer or seller asks to cancel what is paid and not shipped: all that is left.
pub(super) fn request_cancel(
    work: &mut Work<'_, '_>,
    reason: Option<&str>,
) -> Result<Done, Refusal> {
    let shipped = work.shop_was().items.iter().any(|item| item.shipped > Quantity::ZERO);
    if work.shop_was().status != Status::Paid || shipped {
        return Err(work.refuse("it must be paid, and nothing of it shipped"));
    }
    let kind = RefundKind::Cancel;
    let all = left(work, None)?;
    let wanted = Wanted { kind, lines: &all, freight_asked: false, goods_back: false, reason };
    apply(work, &wanted)
}

/// The buyer asks for a refund, until settlement.
pub(super) fn request_refund(
    work: &mut Work<'_, '_>,
    asked: &RefundAsked,
) -> Result<Done, Refusal> {
    if !matches!(work.shop_was().status, Status::Paid | Status::Shipped | Status::Received) {
        return Err(work.refuse("it must be paid and not settled"));
    }
    let lines = left(work, asked.lines.as_deref())?;
    apply(work, &of(asked, &lines))
}

/// Store or seller gives money back at once; after settlement only with scope `refunds`.
pub(super) fn refund_by_store(
    work: &mut Work<'_, '_>,
    asked: &RefundAsked,
) -> Result<Done, Refusal> {
    match work.shop_was().status {
        Status::Paid | Status::Shipped | Status::Received => {}
        Status::Completed if work.by.may_refund_settled => {}
        Status::Completed => return Err(Refusal::Scope { scope: "refunds" }),
        _ => return Err(work.refuse("it must be paid")),
    }
    let lines = left(work, asked.lines.as_deref())?;
    give(work, &of(asked, &lines))
}

const fn of<'a>(asked: &'a RefundAsked, lines: &'a [(usize, Quantity)]) -> Wanted<'a> {
    let reason = match &asked.reason {
        Some(words) => Some(words.as_str()),
        None => None,
    };
    Wanted {
        kind: RefundKind::Refund,
        lines,
        freight_asked: asked.freight,
        goods_back: asked.goods_back,
        reason,
    }
}

fn left(work: &Work<'_, '_>, asked: Option<&[Asked]>) -> Result<Vec<(usize, Quantity)>, Refusal> {
    let lines = lines::asked(work, asked, |item| item.left_to_refund)?;
    if lines.is_empty() {
        return Err(work.refuse("nothing of it is left to refund"));
    }
    Ok(lines)
}

/// Makes a request that waits for its answer.
fn apply(work: &mut Work<'_, '_>, wanted: &Wanted<'_>) -> Result<Done, Refusal> {
    let mut refund = make(work, wanted)?;
    let to_answer = work.cx.policy.to_answer(refund.kind, refund.by, work.shop().fulfilment);
    refund.answer_by = Some(work.at().plus(to_answer));
    work.shop_mut().refunds.push(refund);
    Ok(Done::Changed)
}

/// Makes a refund that nobody has to agree to.
pub(super) fn give(work: &mut Work<'_, '_>, wanted: &Wanted<'_>) -> Result<Done, Refusal> {
    let refund = make(work, wanted)?;
    work.shop_mut().refunds.push(refund);
    let at = work.shop().refunds.len() - 1;
    answer::start(work, at)?;
    Ok(Done::Changed)
}

fn make(work: &mut Work<'_, '_>, wanted: &Wanted<'_>) -> Result<Refund, Refusal> {
    let lines = amounts::lines(work, wanted.lines, First::of(wanted.goods_back), None)?;
    let mut refund = Refund {
        refund_id: work.next_id(),
        kind: wanted.kind,
        by: work.by.actor.kind,
        status: RefundStatus::Applied,
        amount: 0,
        coins: 0,
        third_party: 0,
        freight: 0,
        freight_given: false,
        freight_asked: wanted.freight_asked,
        lines,
        parts: Vec::new(),
        round: 0,
        failed_on: Vec::new(),
        goods_back: wanted.goods_back,
        returned: Vec::new(),
        reason: wanted.reason.map(ToOwned::to_owned),
        answer_by: None,
        created_at: work.at(),
        answered_at: None,
        ended_at: None,
    };
    amounts::sum_up(work, &mut refund)?;
    say(work, &refund);
    work.say_if("reason", wanted.reason);
    Ok(refund)
}

/// Tells the log row which refund it is about.
pub(super) fn say(work: &mut Work<'_, '_>, refund: &Refund) {
    work.say("refund_id", refund.refund_id.to_string());
    work.say("amount", refund.amount);
    work.say("coins", refund.coins);
    work.say("freight", refund.freight);
    work.say("lines", refund.lines.len());
    let quantity: Quantity = refund.lines.iter().map(|line| line.quantity).sum();
    work.say("quantity", quantity.to_string());
}

/// Goods that the buyer has asked to cancel have left all the same: the request becomes one for a refund. What
/// a seller had asked to cancel, the shipment takes back. Each side may have such a request open.
pub(super) fn goods_left(work: &mut Work<'_, '_>, first: First) -> Result<(), Refusal> {
    let open = |refund: &Refund| {
        refund.kind == RefundKind::Cancel && refund.status == RefundStatus::Applied
    };
    for index in 0..work.shop().refunds.len() {
        if open(&work.shop().refunds[index]) {
            cancel_missed_goods(work, index, first)?;
        }
    }
    Ok(())
}

fn cancel_missed_goods(work: &mut Work<'_, '_>, index: usize, first: First) -> Result<(), Refusal> {
    let at = work.at();
    let refund = &mut work.shop_mut().refunds[index];
    if refund.by == ActorKind::Seller {
        refund.status = RefundStatus::Withdrawn;
        refund.answered_at = Some(at);
        refund.answer_by = None;
        return Ok(());
    }
    refund.kind = RefundKind::Refund;
    refund.goods_back = first == First::Shipped;
    amounts::look_at_units_again(work, index);
    let mut refund = work.shop().refunds[index].clone();
    amounts::sum_up(work, &mut refund)?;
    work.say("refund_id", refund.refund_id.to_string());
    work.shop_mut().refunds[index] = refund;
    Ok(())
}

/// Whether goods have still to come back before the money of an agreed refund flows.
pub(super) fn waits_for_goods(refund: &Refund) -> bool {
    is_agreed(refund) && goods_are_out(refund)
}

/// Whether money was to wait for goods that are still out.
pub(super) fn goods_are_out(refund: &Refund) -> bool {
    let returned = |line: &RefundLine| -> Quantity {
        let of_line = refund.returned.iter().filter(|back| back.order_id == line.order_id);
        of_line.map(|back| back.quantity).sum()
    };
    refund.goods_back
        && refund.parts.is_empty()
        && refund.lines.iter().any(|line| returned(line) < line.shipped)
}
