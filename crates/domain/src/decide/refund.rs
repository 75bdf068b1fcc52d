//! Asking for money back, and giving it unasked. Answers are in `answer`, the money itself in
//! `money_back`, and what is heard of it in `heard`.

use super::amounts::{self, First};
use super::work::{Done, Work, invalid};
use super::{answer, lines};
use crate::limits::{self, TooMany};
use crate::money::AMOUNT_LIMIT;
use crate::operation::RefundAsked;
use crate::status::{all_given_back, is_agreed};
use crate::tree::{FreightAsked, Refund, RefundLine};
use crate::words::{RefundKind, RefundStatus, Status};
use crate::{ActorKind, Amount, FieldError, Quantity, Refusal};

const NOTHING_LEFT: &str = "nothing of it is left to refund";
const NO_MONEY_LEFT: &str = "nothing of its money is left to give back";

/// A refund as it is made: what it is for, before what it amounts to is known.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub kind: RefundKind,
    pub lines: &'a [(usize, Quantity)],
    pub freight_asked: FreightAsked,
    pub goodwill: i64,
    pub goods_back: bool,
    pub reason: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    /// These goods, and the freight only if they are all there is.
    pub const fn goods(kind: RefundKind, lines: &'a [(usize, Quantity)]) -> Self {
        let (freight_asked, goodwill) = (FreightAsked::No, 0);
        Self { kind, lines, freight_asked, goodwill, goods_back: false, reason: None }
    }
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
    let all = lines::asked(work, None, |item| item.left_to_refund)?;
    if all.is_empty() {
        return Err(work.refuse(NOTHING_LEFT));
    }
    may_ask_once_more(work)?;
    apply(work, &Wanted { reason, ..Wanted::goods(RefundKind::Cancel, &all) })
}

/// The buyer asks for a refund, until settlement.
pub(super) fn request_refund(
    work: &mut Work<'_, '_>,
    asked: &RefundAsked,
) -> Result<Done, Refusal> {
    makes_sense(asked)?;
    let given_back = was_given_back(work) && !is_settled(work);
    if !(may_give_goods(work) || given_back && may_be_money_alone(asked)) {
        return Err(work.refuse("it must be paid and not settled"));
    }
    let lines = wanted(work, asked)?;
    may_ask_once_more(work)?;
    apply(work, &of(asked, &lines))
}

/// Store or seller gives money back at once; after settlement only with scope `refunds`.
pub(super) fn refund_by_store(
    work: &mut Work<'_, '_>,
    asked: &RefundAsked,
) -> Result<Done, Refusal> {
    makes_sense(asked)?;
    let settled = is_settled(work);
    let may = may_give_goods(work) || work.shop_was().status == Status::Completed;
    if !(may || was_given_back(work) && may_be_money_alone(asked)) {
        return Err(work.refuse("it must be paid"));
    }
    if settled && !work.by.may_refund_settled {
        return Err(Refusal::Scope { scope: "refunds" });
    }
    let lines = wanted(work, asked)?;
    may_ask_once_more(work)?;
    give(work, &of(asked, &lines))
}

/// Whether the side that asks has not asked for all the refunds it may. Each side has requests of its own to make, so
/// that a buyer who asks and withdraws takes none from the store.
fn may_ask_once_more(work: &Work<'_, '_>) -> Result<(), Refusal> {
    let is_buyer = |kind| kind == ActorKind::Buyer;
    let asks = is_buyer(work.by.actor.kind);
    let asked = |refund: &&Refund| matches!(refund.kind, RefundKind::Cancel | RefundKind::Refund);
    let refunds = work.shop().refunds.iter().filter(asked);
    let had = refunds.filter(|refund| is_buyer(refund.by) == asks).count();
    limits::below(had, work.cx.limits.refunds, TooMany::Refunds)
}

fn may_give_goods(work: &Work<'_, '_>) -> bool {
    matches!(work.shop_was().status, Status::Paid | Status::Shipped | Status::Received)
}

/// Whether all goods went back, so that money alone may follow them.
fn was_given_back(work: &Work<'_, '_>) -> bool {
    work.shop_was().status == Status::Closed && all_given_back(work.shop())
}

/// Whether the shop order is settled, also where all of it was given back since.
pub(super) fn is_settled(work: &Work<'_, '_>) -> bool {
    work.shop_was().status == Status::Completed || work.shop().settled_at.is_some()
}

/// Whether no goods need be meant: none are named, and money is asked for.
fn may_be_money_alone(asked: &RefundAsked) -> bool {
    let goods = asked.lines.as_ref().is_some_and(|lines| !lines.is_empty());
    !goods && (asked.freight != FreightAsked::No || asked.goodwill > 0)
}

fn of<'a>(asked: &'a RefundAsked, lines: &'a [(usize, Quantity)]) -> Wanted<'a> {
    Wanted {
        freight_asked: asked.freight,
        goodwill: asked.goodwill,
        goods_back: asked.goods_back && !lines.is_empty(),
        reason: asked.reason.as_deref(),
        ..Wanted::goods(RefundKind::Refund, lines)
    }
}

/// Whether a request can be meant in any state: it asks for something, and for goodwill by itself.
fn makes_sense(asked: &RefundAsked) -> Result<(), Refusal> {
    let none_named = asked.lines.as_ref().is_some_and(Vec::is_empty);
    if !(0..AMOUNT_LIMIT).contains(&asked.goodwill) {
        return Err(invalid("goodwill", "out_of_range", "an amount is at least 0 and below 10^12"));
    }
    if asked.goodwill > 0 && !none_named {
        let message = "goodwill is money for no goods: send it with `lines: []`";
        return Err(invalid("goodwill", "out_of_place", message));
    }
    if none_named && !may_be_money_alone(asked) {
        let message =
            "name at least one line, leave `lines` out, or ask for `freight` or `goodwill`";
        return Err(invalid("lines", "empty", message));
    }
    Ok(())
}

/// The lines that are asked for: none where money alone goes back. Money must be there.
fn wanted(work: &Work<'_, '_>, asked: &RefundAsked) -> Result<Vec<(usize, Quantity)>, Refusal> {
    let lines = match &asked.lines {
        Some(lines) if lines.is_empty() => Vec::new(),
        lines => lines::asked(work, lines.as_deref(), |item| item.left_to_refund)?,
    };
    if lines.is_empty() && !may_be_money_alone(asked) {
        return Err(work.refuse(NOTHING_LEFT));
    }
    money_is_there(work, asked, lines.is_empty())?;
    Ok(lines)
}

/// Refuses amounts above what is left, and money alone where none is.
fn money_is_there(work: &Work<'_, '_>, asked: &RefundAsked, alone: bool) -> Result<(), Refusal> {
    if asked.freight == FreightAsked::No && asked.goodwill == 0 {
        return Ok(());
    }
    let unknown = Refusal::AmountUnknown { operation: work.operation };
    let (shop, tax) = (work.shop(), work.tree.payment.tax);
    let (left, freight) = amounts::money_left(shop, tax, None)
        .zip(amounts::left_of_freight(shop, tax))
        .ok_or(unknown)?;
    let (freight, some_freight) = freight;
    let above = |field: &str, asked: i64, left: i64| {
        let message = format!("{left} is left to give back, not {asked}");
        Err(Refusal::TooMuch(vec![FieldError { field: field.into(), code: "too_much", message }]))
    };
    let of_freight = match asked.freight {
        FreightAsked::No => 0,
        FreightAsked::All => freight.min(left),
        FreightAsked::Part(amount) if amount > freight => {
            return above("freight", amount, freight);
        }
        FreightAsked::Part(amount) if alone && amount > left => {
            return above("freight", amount, left);
        }
        FreightAsked::Part(amount) => amount,
    };
    if asked.goodwill > left - of_freight && asked.goodwill > 0 {
        return above("goodwill", asked.goodwill, left - of_freight);
    }
    if alone && asked.goodwill == 0 && !some_freight {
        return Err(work.refuse("nothing of its freight is left to refund"));
    }
    if alone && left == 0 && freight > 0 {
        return Err(work.refuse(NO_MONEY_LEFT));
    }
    Ok(())
}

/// A refund of money alone that is tried again when others have given all of it has nothing to do.
pub(super) fn must_give_something(work: &Work<'_, '_>, at: usize) -> Result<(), Refusal> {
    let refund = &work.shop().refunds[at];
    let gives = refund.amount > 0 || refund.coins > 0 || refund.third_party > 0;
    if refund.lines.is_empty() && !gives {
        return Err(work.refuse(NO_MONEY_LEFT));
    }
    Ok(())
}

/// Makes a request that waits for its answer.
fn apply(work: &mut Work<'_, '_>, wanted: &Wanted<'_>) -> Result<Done, Refusal> {
    let refund = make(work, wanted)?;
    let to_answer = work.cx.policy.to_answer(refund.kind, refund.by, work.shop().fulfilment);
    let answer_by = work.at().plus(to_answer);
    let shop = work.shop_mut();
    shop.set_answer_by(refund.refund_id, Some(answer_by));
    shop.refunds.push(refund);
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
        external_id: None,
        kind: wanted.kind,
        by: work.by.actor.kind,
        status: RefundStatus::Applied,
        amount: 0,
        money_unknown: false,
        money_by_total: false,
        coins: 0,
        third_party: 0,
        freight: 0,
        tax: Amount::ZERO,
        freight_given: false,
        freight_asked: wanted.freight_asked,
        goodwill: wanted.goodwill,
        cut: 0,
        lines,
        parts: Vec::new(),
        former: Vec::new(),
        turns: Vec::new(),
        round: 0,
        failed_on: Vec::new(),
        goods_back: wanted.goods_back,
        returned: Vec::new(),
        restocked: Vec::new(),
        reason: wanted.reason.map(ToOwned::to_owned),
        created_at: work.at(),
        answered_at: None,
        ended_at: None,
        heard: None,
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
    work.say_if("tax", refund.tax.known().filter(|tax| *tax > 0));
    work.say_if("goodwill", Some(refund.goodwill).filter(|goodwill| *goodwill > 0));
    work.say_if("cut", Some(refund.cut).filter(|cut| *cut > 0));
    if !refund.lines.is_empty() {
        work.say("lines", refund.lines.len());
        let quantity: Quantity = refund.lines.iter().map(|line| line.quantity).sum();
        work.say("quantity", quantity.to_string());
    }
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
        let id = refund.refund_id;
        work.shop_mut().set_answer_by(id, None);
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
