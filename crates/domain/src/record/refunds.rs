//! Refunds that a source reports: of shop orders by lines, and of whole payments. Joined with those known: a
//! refund goes on, never back. Its money is what was told; only what was not told is computed.

mod against;

use super::times::Untimed;
use super::{
    Copy, Place, ReportedDue, ReportedPart, ReportedRefund, ReportedRefundLine, anomalies,
};
use crate::decide::Context;
use crate::decide::amounts::{self, First};
use crate::money::AMOUNT_LIMIT;
use crate::status::{goods, is_agreed};
use crate::tree::{Line, Refund, RefundDue, RefundLine, RefundPart, Tax};
use crate::words::{AnomalyKind, RefundStatus};
use crate::{Amount, Id, Json, Quantity, ShopOrder, Time, Tree};
use serde_json::json;

pub(super) use against::{FIELD, contradictions};

/// The field of the anomaly of a refund whose money was told otherwise than it is kept.
const MONEY: &str = "refunds.amount";

/// Takes down the refunds of the shop order at `place`.
pub(super) fn take_down(
    copy: &mut Copy,
    place: &Place,
    told: &[ReportedRefund],
    cx: &mut Context<'_>,
) {
    let Copy { tree, untimed, payments, .. } = copy;
    let tax = tree.payment.tax;
    let mut noted = Vec::new();
    let mut taken = Vec::with_capacity(told.len());
    for told in told {
        let shop = &mut tree.shops[place.shop];
        let at = find(shop, place, told, &taken, untimed).unwrap_or_else(|| {
            let refund = first_heard((shop, tax), place, told, (cx.next_id)(), &mut noted);
            if told.created_at.is_none() {
                untimed.refund(refund.refund_id);
            }
            shop.refunds.push(refund);
            shop.refunds.len() - 1
        });
        noted.extend(against::beyond(shop, place, told));
        let returned = lines_of(shop, place, &told.returned);
        let refund = &mut shop.refunds[at];
        taken.push(refund.refund_id);
        if let Some(amount) = told.amount.map(in_range)
            && amount != refund.amount
        {
            let (id, kept) = (refund.refund_id, refund.amount);
            noted.push(json!({"field": MONEY, "refund_id": id, "reported": amount, "kept": kept}));
        }
        let heard =
            |told: &[ReportedPart]| told.iter().filter_map(|told| part(told, payments)).collect();
        let parts = (heard(&told.parts), heard(&told.former));
        go_on(refund, told, parts, returned, untimed);
    }
    for mut detail in noted {
        if detail["field"] == MONEY {
            detail["currency"] = json!(tree.payment.currency);
        }
        anomalies::note(tree, AnomalyKind::SumMismatch, detail, cx.at);
    }
}

/// The refund that a report means: the same units for the same reason, asked for at the same moment; where
/// either moment is not known, the first that may be meant.
fn find(
    shop: &ShopOrder,
    place: &Place,
    told: &ReportedRefund,
    taken: &[Id],
    untimed: &Untimed,
) -> Option<usize> {
    if told.external_id.is_some() {
        let numbered = |refund: &Refund| refund.external_id == told.external_id;
        if let Some(at) = shop.refunds.iter().position(numbered) {
            return Some(at);
        }
    }
    let units: Vec<(Id, Quantity)> = units(shop, place, told).map(|(id, q, _)| (id, q)).collect();
    let same = |refund: &Refund| {
        let mine = refund.lines.iter().map(|line| (line.order_id, line.quantity));
        let money = told.amount.map(in_range);
        !taken.contains(&refund.refund_id)
            && refund.kind == told.kind
            && mine.eq(units.iter().copied())
            && (!units.is_empty() || money.is_none_or(|amount| amount == refund.amount))
    };
    let position = |may: &dyn Fn(&Refund) -> bool| shop.refunds.iter().position(may);
    let timed = |refund: &Refund| !untimed.is_refund(refund.refund_id);
    position(&|refund| same(refund) && timed(refund) && told.created_at == Some(refund.created_at))
        .or_else(|| {
            position(&|refund| same(refund) && (told.created_at.is_none() || !timed(refund)))
        })
}

/// The units a refund is told of, none above what was ordered.
fn units<'a>(
    shop: &ShopOrder,
    place: &Place,
    told: &'a ReportedRefund,
) -> impl Iterator<Item = (Id, Quantity, &'a ReportedRefundLine)> {
    told.lines.iter().filter_map(|line| {
        let item = place.items.get(line.line).and_then(|at| shop.items.get(*at))?;
        let quantity = line.quantity.min(item.quantity);
        (quantity > Quantity::ZERO).then_some((item.id, quantity, line))
    })
}

fn lines_of(shop: &ShopOrder, place: &Place, told: &[(usize, Quantity)]) -> Vec<Line> {
    let line = |(index, quantity): &(usize, Quantity)| {
        let item = place.items.get(*index).and_then(|at| shop.items.get(*at))?;
        let quantity = (*quantity).min(item.quantity);
        (quantity > Quantity::ZERO).then_some(Line { order_id: item.id, quantity })
    };
    told.iter().filter_map(line).collect()
}

/// A refund that is new here, as it was asked for; what became of it follows.
fn first_heard(
    (shop, tax): (&ShopOrder, Tax),
    place: &Place,
    told: &ReportedRefund,
    refund_id: Id,
    noted: &mut Vec<Json>,
) -> Refund {
    let (mut all_known, mut lines) = (true, Vec::new());
    for (order_id, quantity, line) in units(shop, place, told) {
        let (line, known) = line_heard((shop, tax), told, (order_id, quantity, line));
        all_known &= known;
        lines.push(line);
    }
    let of_lines = |money: fn(&RefundLine) -> i64| lines.iter().map(money).sum::<i64>();
    let beyond = told.beyond.iter().filter_map(|beyond| beyond.amount).map(in_range).sum::<i64>();
    let (freight, cut) = (in_range(told.freight), in_range(told.cut));
    let goodwill = in_range(told.goodwill.saturating_add(beyond));
    let whole = |told: Option<i64>, sum: i64| told.map_or(sum, in_range);
    let worth = of_lines(|line| line.amount) + freight + goodwill - cut;
    let amount = if told.money_unknown { 0 } else { whole(told.amount, worth.max(0)) };
    let coins = whole(told.coins, of_lines(|line| line.coins));
    let third_party = whole(told.third_party, of_lines(|line| line.third_party));
    let taxes = || {
        let of_freight = amounts::tax_of_freight(shop, tax, freight, None);
        let of_freight = if freight == 0 { Amount::ZERO } else { of_freight };
        lines.iter().map(|line| line.tax).sum::<Amount>() + of_freight
    };
    let taxes = told.tax.map_or_else(taxes, |told| Amount::of(in_range(told)));
    if told.amount.is_none() && !all_known && !told.money_unknown {
        let detail =
            json!({"field": MONEY, "refund_id": refund_id, "reported": null, "kept": amount});
        noted.push(detail);
    }
    let more_than_lines =
        coins > of_lines(|line| line.coins) || third_party > of_lines(|line| line.third_party);
    Refund {
        refund_id,
        external_id: told.external_id.clone(),
        kind: told.kind,
        by: told.by,
        status: RefundStatus::Applied,
        amount,
        money_unknown: told.money_unknown,
        money_by_total: false,
        coins,
        third_party,
        freight,
        tax: taxes,
        freight_given: freight > 0 || (!told.lines.is_empty() && more_than_lines),
        freight_asked: told.freight_asked,
        goodwill,
        cut,
        lines,
        parts: Vec::new(),
        former: Vec::new(),
        turns: Vec::new(),
        goods_back: told.goods_back,
        returned: Vec::new(),
        restocked: Vec::new(),
        reason: told.reason.clone(),
        created_at: told.created_at.unwrap_or(shop.created_at),
        round: 0,
        failed_on: Vec::new(),
        answered_at: None,
        ended_at: None,
        heard: None,
    }
}

/// A line of a refund that is new here, and whether its money is known: told, or computed from the order.
fn line_heard(
    (shop, tax): (&ShopOrder, Tax),
    told: &ReportedRefund,
    (order_id, quantity, line): (Id, Quantity, &ReportedRefundLine),
) -> (RefundLine, bool) {
    let item = shop.items.iter().find(|item| item.id == order_id);
    let first = First::of(told.goods_back);
    let worth = item.and_then(|item| amounts::line(shop, tax, item, quantity, first, None));
    let worth = worth.filter(|_| !told.money_unknown);
    let known = worth.is_some() || line.amount.is_some();
    let money = |told: Option<i64>, computed: fn(&RefundLine) -> i64| {
        told.map_or_else(|| worth.as_ref().map_or(0, computed), in_range)
    };
    // Goods that must come back have left; of others that is seen from the parcels.
    let shipped = if told.goods_back { quantity } else { Quantity::ZERO };
    let shipped = line.shipped.unwrap_or(shipped);
    let own_tax = |item| amounts::tax_of_line(shop, item, quantity, None);
    let told_tax = line.tax.map(|told| Amount::of(in_range(told)));
    let heard = RefundLine {
        order_id,
        quantity,
        shipped: shipped.min(quantity).max(Quantity::ZERO),
        amount: money(line.amount, |line| line.amount),
        coins: money(line.coins, |line| line.coins),
        third_party: money(line.third_party, |line| line.third_party),
        tax: told_tax.unwrap_or_else(|| item.map_or(Amount::ZERO, own_tax)),
    };
    (heard, known)
}

fn part(told: &ReportedPart, payments: &[Id]) -> Option<RefundPart> {
    let payment_id = *payments.get(told.payment)?;
    let (amount, status) = (in_range(told.amount), told.status);
    Some(RefundPart { payment_id, amount, status, reference: told.reference.clone() })
}

/// Joins what became of a refund: what is further wins, what is missing is filled.
fn go_on(
    refund: &mut Refund,
    told: &ReportedRefund,
    (parts, former): (Vec<RefundPart>, Vec<RefundPart>),
    returned: Vec<Line>,
    untimed: &mut Untimed,
) {
    let id = refund.refund_id;
    let (ours, theirs) = (refund.former.len(), former.len());
    if let Some(at) = told.created_at
        && untimed.learn_refund(id)
    {
        refund.created_at = at;
    }
    // Money that came back makes of what is done something that is not: who has heard more of it knows later.
    let further = theirs > ours || (theirs == ours && rank(told.status) > rank(refund.status));
    if further {
        if untimed.learn_refund_end(id) {
            // The guess was the end of another status.
            refund.answered_at = refund.answered_at.filter(|_| refund.ended_at.is_some());
        }
        refund.status = told.status;
        refund.ended_at = None;
    }
    if !matches!(refund.status, RefundStatus::Rejected | RefundStatus::Withdrawn) {
        refund.answered_at = refund.answered_at.or(told.answered_at);
    }
    if told.status == refund.status {
        let end = end_of(told.status, told.answered_at, told.ended_at);
        if is_ended(refund.status) {
            let was_guess = untimed.learn_refund_end(id);
            match end {
                Some(at) if further || was_guess => set_end(refund, at),
                None if further || was_guess => untimed.refund_end(id),
                _ => {}
            }
        }
    }
    let units = |lines: &[Line]| lines.iter().map(|line| line.quantity).sum::<Quantity>();
    if units(&returned) > units(&refund.returned) {
        refund.returned = returned;
    }
    if refund.reason.is_none() {
        refund.reason.clone_from(&told.reason);
    }
    if theirs > ours {
        refund.former = former;
        refund.parts.clear();
    }
    if theirs >= ours {
        join_parts(refund, parts);
    }
}

/// Parts are known by their payment and amount. Those under way end with their refund.
fn join_parts(refund: &mut Refund, told: Vec<RefundPart>) {
    let mut taken = Vec::with_capacity(told.len());
    for told in told {
        let parts = &mut refund.parts;
        let same =
            |part: &RefundPart| part.payment_id == told.payment_id && part.amount == told.amount;
        let at = (0..parts.len()).find(|at| !taken.contains(at) && same(&parts[*at]));
        let Some(at) = at else {
            taken.push(parts.len());
            parts.push(told);
            continue;
        };
        taken.push(at);
        let part = &mut parts[at];
        if rank(told.status) > rank(part.status) {
            part.status = told.status;
            part.reference.clone_from(&told.reference);
        } else if part.reference.is_none() && part.status == told.status {
            part.reference = told.reference;
        }
    }
    if matches!(refund.status, RefundStatus::Refunded | RefundStatus::Failed) {
        let open = refund.parts.iter_mut().filter(|part| part.status == RefundStatus::Refunding);
        open.for_each(|part| part.status = refund.status);
    }
}

/// Takes down payments that go back whence they came.
pub(super) fn due(copy: &mut Copy, told: &[ReportedDue], cx: &mut Context<'_>) {
    let Copy { tree, untimed, payments, .. } = copy;
    let mut taken = Vec::with_capacity(told.len());
    for told in told {
        let Some(payment_id) = payments.get(told.payment).copied() else { continue };
        let paid = tree.payment.payments.iter().find(|p| p.payment_id == payment_id);
        let amount = in_range(told.amount).min(paid.map_or(0, |payment| payment.amount));
        if amount == 0 {
            continue;
        }
        let dues = &mut tree.payment.refunds_due;
        let same = |due: &RefundDue| {
            due.payment_id == payment_id && due.cause == told.cause && due.amount == amount
        };
        let at = (0..dues.len()).find(|at| !taken.contains(at) && same(&dues[*at]));
        let at = at.unwrap_or_else(|| {
            let refund_id = (cx.next_id)();
            if told.created_at.is_none() {
                untimed.refund(refund_id);
            }
            dues.push(RefundDue {
                refund_id,
                payment_id,
                amount,
                cause: told.cause,
                status: told.status,
                reference: told.reference.clone(),
                former: Vec::new(),
                again: Vec::new(),
                created_at: told.created_at.unwrap_or(tree.payment.created_at),
            });
            dues.len() - 1
        });
        taken.push(at);
        let due = &mut dues[at];
        let heard = |told: &[ReportedPart]| -> Vec<RefundPart> {
            told.iter().filter_map(|told| part(told, payments)).collect()
        };
        let (former, again) = (heard(&told.former), heard(&told.again));
        let (ours, theirs) = (due.former.len() + due.again.len(), former.len() + again.len());
        if theirs > ours {
            (due.former, due.again) = (former, again);
        }
        if theirs > ours || (theirs == ours && rank(told.status) > rank(due.status)) {
            due.status = told.status;
            due.reference.clone_from(&told.reference);
        }
        if let Some(at) = told.created_at
            && untimed.learn_refund(due.refund_id)
        {
            due.created_at = at;
        }
    }
}

/// Units that are given back cannot have stayed where parcels took them: of agreed refunds the last count as
/// shipped as far as it takes. Follows from the facts alone, in whichever order they were learnt.
pub(super) fn look_at_units(tree: &mut Tree) {
    for shop in &mut tree.shops {
        for at in 0..shop.items.len() {
            let units = goods(shop, &shop.items[at], None);
            let mut gone = (units.shipped + units.kept).saturating_sub(units.quantity);
            let item = shop.items[at].id;
            let agreed = shop.refunds.iter_mut().rev().filter(|refund| is_agreed(refund));
            for line in agreed.flat_map(|r| &mut r.lines).filter(|line| line.order_id == item) {
                let moved = gone.min(line.quantity - line.shipped);
                line.shipped += moved;
                gone = gone.saturating_sub(moved);
            }
        }
    }
}

fn in_range(amount: i64) -> i64 {
    amount.clamp(0, AMOUNT_LIMIT - 1)
}

/// How far a refund is. One that failed may still succeed, and one that was refused may be given all the same.
const fn rank(status: RefundStatus) -> u8 {
    match status {
        RefundStatus::Applied => 0,
        RefundStatus::Withdrawn => 1,
        RefundStatus::Rejected => 2,
        RefundStatus::Refunding => 3,
        RefundStatus::Failed => 4,
        RefundStatus::Refunded => 5,
    }
}

const fn is_ended(status: RefundStatus) -> bool {
    !matches!(status, RefundStatus::Applied | RefundStatus::Refunding)
}

/// The moment that ended a refund: the answer, or the money.
const fn end_of(
    status: RefundStatus,
    answered_at: Option<Time>,
    ended_at: Option<Time>,
) -> Option<Time> {
    match status {
        RefundStatus::Rejected | RefundStatus::Withdrawn => answered_at,
        RefundStatus::Refunded | RefundStatus::Failed => ended_at,
        RefundStatus::Applied | RefundStatus::Refunding => None,
    }
}

const fn set_end(refund: &mut Refund, at: Time) {
    match refund.status {
        RefundStatus::Rejected | RefundStatus::Withdrawn => refund.answered_at = Some(at),
        _ => refund.ended_at = Some(at),
    }
}
