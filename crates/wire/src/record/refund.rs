//! The refunds of a recorded tree: of shop orders, and of payments that go back whence they came.

use super::guessed::Guessed;
use super::shop::{Around, Line, one_of_lines, some_of_lines};
use super::{Facts, Named, objects};
use crate::kinds;
use crate::reader::Fields;
use docket_domain::record::{
    ReportedBeyond, ReportedDue, ReportedPart, ReportedRefund, ReportedRefundLine,
};
use docket_domain::{Amount, Quantity};

/// Reads the refunds of a shop order.
pub(super) fn refunds(
    fields: &mut Fields<'_, '_>,
    lines: Option<&[Line]>,
    around: &Around<'_>,
) -> Vec<ReportedRefund> {
    let read = objects(fields, "refunds", |fields| refund(fields, lines, around));
    read.unwrap_or_default()
}

fn refund(
    fields: &mut Fields<'_, '_>,
    lines: Option<&[Line]>,
    around: &Around<'_>,
) -> Option<ReportedRefund> {
    let number = fields.optional("refund_id", kinds::identifier);
    let number = number.as_deref();
    let kind = fields.required("kind", kinds::word);
    let by = fields.required("by", kinds::word);
    let status = fields.required("status", kinds::word);
    let created_at = fields.optional("created_at", kinds::time);
    let answered_at = fields.optional("answered_at", kinds::time);
    let ended_at = fields.optional("ended_at", kinds::time);
    let (guess, end_is_guess) = (around.guessed.refund(number), around.guessed.refund_end(number));
    let inside = objects(fields, "lines", |fields| line(fields, lines, around.facts));
    let beyond = objects(fields, "beyond", beyond);
    let parts = objects(fields, "parts", |fields| part(fields, around.payments));
    let former = objects(fields, "former_parts", |fields| part(fields, around.payments));
    fields.ignore(&["answer_by"]);
    // Null is that nobody knows it; left out, it follows from the lines.
    let amount = fields.nullable("amount", kinds::amount);
    let told = ReportedRefund {
        external_id: fields.optional("external_id", kinds::identifier),
        money_unknown: amount.is_some_and(|amount| amount.known().is_none()),
        amount: amount.and_then(Amount::known),
        coins: fields.optional("coins", kinds::known_amount),
        third_party: fields.optional("third_party", kinds::known_amount),
        tax: fields.optional("tax", kinds::known_amount),
        freight: fields.optional("freight", kinds::known_amount).unwrap_or_default(),
        freight_asked: fields.optional("freight_asked", kinds::freight_asked).unwrap_or_default(),
        goodwill: fields.optional("goodwill", kinds::known_amount).unwrap_or_default(),
        cut: fields.optional("cut", kinds::known_amount).unwrap_or_default(),
        lines: inside.unwrap_or_default(),
        beyond: beyond.unwrap_or_default(),
        parts: parts.unwrap_or_default(),
        former: former.unwrap_or_default(),
        goods_back: fields.optional("goods_back", kinds::yes_or_no).unwrap_or_default(),
        returned: some_of_lines(fields, "returned", lines).unwrap_or_default(),
        reason: fields.optional("reason", kinds::words),
        created_at: created_at.filter(|_| !guess),
        answered_at: answered_at.filter(|_| !end_is_guess || ended_at.is_some()),
        ended_at: ended_at.filter(|_| !end_is_guess),
        // Last: everything is read before anything is given up.
        kind: kind?,
        by: by?,
        status: status?,
    };
    Some(told)
}

fn line(
    fields: &mut Fields<'_, '_>,
    lines: Option<&[Line]>,
    facts: Facts,
) -> Option<ReportedRefundLine> {
    let shipped = fields.optional("shipped", kinds::quantity);
    let amount = fields.optional("amount", kinds::known_amount);
    let coins = fields.optional("coins", kinds::known_amount);
    let third_party = fields.optional("third_party", kinds::known_amount);
    let tax = fields.optional("tax", kinds::known_amount);
    let (line, quantity) = one_of_lines(fields, lines)?;
    // Our own view leaves out that nothing was shipped.
    let shipped = shipped.or((facts == Facts::All).then_some(Quantity::ZERO));
    Some(ReportedRefundLine { line, quantity, shipped, amount, coins, third_party, tax })
}

fn beyond(fields: &mut Fields<'_, '_>) -> Option<ReportedBeyond> {
    let sku_id = fields.required("sku_id", kinds::identifier);
    let returned = fields.required("returned", kinds::quantity);
    let bought = fields.optional("bought", kinds::quantity).unwrap_or_default();
    let amount = fields.optional("amount", kinds::known_amount);
    Some(ReportedBeyond { sku_id: sku_id?, returned: returned?, bought, amount })
}

fn part(fields: &mut Fields<'_, '_>, payments: Option<&[Named]>) -> Option<ReportedPart> {
    let payment = paid(fields, payments);
    let amount = fields.required("amount", kinds::known_amount);
    let status = fields.required("status", kinds::word);
    let reference = fields.optional("reference", kinds::identifier);
    Some(ReportedPart { payment: payment?, amount: amount?, status: status?, reference })
}

/// Reads the payments that go back whence they came.
pub(super) fn due(
    fields: &mut Fields<'_, '_>,
    payments: Option<&[Named]>,
    guessed: &Guessed<'_>,
) -> Vec<ReportedDue> {
    let read = objects(fields, "refunds_due", |fields| {
        let number = fields.optional("refund_id", kinds::identifier);
        let payment = paid(fields, payments);
        let amount = fields.required("amount", kinds::known_amount);
        let cause = fields.required("cause", kinds::word);
        let status = fields.required("status", kinds::word);
        let reference = fields.optional("reference", kinds::identifier);
        let created_at = fields.optional("created_at", kinds::time);
        let former = objects(fields, "former_parts", |fields| part(fields, payments));
        let again = objects(fields, "again", |fields| part(fields, payments));
        Some(ReportedDue {
            payment: payment?,
            amount: amount?,
            cause: cause?,
            status: status?,
            reference,
            former: former.unwrap_or_default(),
            again: again.unwrap_or_default(),
            created_at: created_at.filter(|_| !guessed.refund(number.as_deref())),
        })
    });
    read.unwrap_or_default()
}

/// Reads which payment of the order is meant.
fn paid(fields: &mut Fields<'_, '_>, payments: Option<&[Named]>) -> Option<usize> {
    let number = fields.required("payment_id", kinds::identifier);
    // Payments that could not be read are told already.
    let (number, payments) = (number?, payments?);
    let at = payments.iter().position(|payment| payment.payment_id.as_ref() == Some(&number));
    if at.is_none() {
        return fields.wrong("payment_id", "no_such_part", "names no payment of this order");
    }
    at
}
