//! What a gateway or till reports of the money of a refund. It has happened, so it is taken down in every state, by
//! payment and reference once: a success after a failure counts, and a failure after a success opens the part
//! again. What contradicts stays on the order as an anomaly.

use super::money_back::{missing, move_failed, parts_moved, put_failed_away, remember};
use super::refund::say;
use super::target::Node;
use super::work::{Done, Work, invalid};
use super::{amounts, anomaly, due};
use crate::limits::{self, TooMany};
use crate::status::{counts, moved};
use crate::tree::{Refund, RefundPart, Turn};
use crate::words::RefundStatus::{self, Applied, Failed, Refunded, Refunding};
use crate::{ActorKind, Id, Refusal, Tree};

/// What was reported of the money of a refund.
#[derive(Clone, Copy)]
pub(super) struct Report<'a> {
    /// The refund, or the refund due.
    pub refund: Id,
    /// The payment that gave or did not give it; every open part where it is not named.
    pub payment: Option<Id>,
    /// The gateway's number for it.
    pub reference: Option<&'a str>,
    /// Refunded or failed.
    pub end: RefundStatus,
}

/// Which parts of a refund a report is about, by position.
enum Meant {
    /// These end.
    Parts(Vec<usize>),
    /// These had gone back, and came back.
    Bounced(usize),
    /// A former try, which had failed or come back, went through after all.
    Former(usize),
    /// This one went back already, and goes back once more.
    Again(usize),
    /// This one went back already; its number was not known.
    Number(usize),
    /// A former try failed; its number was not known.
    FormerNumber(usize),
    /// No payment was to give it: nobody had agreed to it, its goods were to come back first, or the payments had
    /// given all they had.
    Undrawn,
    /// It is known, or changes nothing.
    Nothing,
}

/// Money of a refund went back.
pub(super) fn went_back(
    work: &mut Work<'_, '_>,
    refund: Id,
    payment: Option<Id>,
    reference: Option<&str>,
) -> Result<Done, Refusal> {
    hear(work, Report { refund, payment, reference, end: Refunded })
}

/// Money of a refund did not go back, or came back.
pub(super) fn did_not_go(
    work: &mut Work<'_, '_>,
    refund: Id,
    payment: Option<Id>,
    reference: Option<&str>,
) -> Result<Done, Refusal> {
    hear(work, Report { refund, payment, reference, end: Failed })
}

/// Takes a report down.
fn hear(work: &mut Work<'_, '_>, report: Report<'_>) -> Result<Done, Refusal> {
    if work.node == Node::Tree {
        return due::hear(work, report);
    }
    let at = work.shop().refunds.iter().position(|refund| refund.refund_id == report.refund);
    let id = report.refund;
    let at = at.ok_or(Refusal::NoSuchPart { what: "refund", id })?;
    let refund = &work.shop().refunds[at];
    knows_payment(&work.tree, refund, report.payment)?;
    let meant =
        if report.end == Refunded { went(refund, report)? } else { came_not(refund, report)? };
    if matches!(meant, Meant::Nothing) {
        return Ok(Done::Already);
    }
    if report.end == Refunded {
        must_be_unused(work, refund, &meant, report)?;
    }
    may_be_told(work, refund.parts.len() + refund.former.len())?;
    let fits = counts(refund) || amounts::still_fits(work.shop(), work.tree.payment.tax, refund);
    let bounced = match meant {
        Meant::Bounced(_) => true,
        Meant::FormerNumber(_) => false,
        _ => report.end == Failed && refund.status == Refunded,
    };
    if !counts(refund) || refund.status == Applied {
        // Its units may have left meanwhile.
        amounts::look_at_units_again(work, at);
    }
    if matches!(meant, Meant::Undrawn) {
        work.shop_mut().set_answer_by(id, None);
    }
    let parts = apply(work, at, meant, report);
    say_end(work, at, &parts, report.reference);
    follow(work, at, report.end, fits, bounced);
    if bounced {
        anomaly::bounced(work, report.refund, &parts);
    }
    anomaly::look_for_excess(work);
    Ok(Done::Changed)
}

/// News of a gateway are always taken; what a till says is said by somebody who can say it for ever.
pub(super) fn may_be_told(work: &Work<'_, '_>, told: usize) -> Result<(), Refusal> {
    if work.by.actor.kind != ActorKind::Till {
        return Ok(());
    }
    limits::below(told, work.cx.limits.payments, TooMany::RefundNews)
}

/// A payment that the report names must give to this refund, or have given; of one without parts any may.
fn knows_payment(tree: &Tree, refund: &Refund, payment: Option<Id>) -> Result<(), Refusal> {
    let Some(id) = payment else { return Ok(()) };
    let mut parts = refund.parts.iter().chain(&refund.former);
    let known = parts.any(|part| part.payment_id == id)
        || (refund.parts.is_empty() && tree.payment.payments.iter().any(|p| p.payment_id == id));
    if known { Ok(()) } else { Err(Refusal::NoSuchPart { what: "payment", id }) }
}

impl Report<'_> {
    fn is_of(&self, part: &RefundPart) -> bool {
        self.payment.is_none_or(|id| part.payment_id == id)
    }

    pub fn names(&self, part: &RefundPart) -> bool {
        self.reference.is_some() && self.reference == part.reference.as_deref()
    }

    /// The parts among `parts` that ended so, or are under way.
    fn with(&self, parts: &[RefundPart], status: RefundStatus) -> Vec<usize> {
        let meant = |part: &RefundPart| part.status == status && self.is_of(part);
        (0..parts.len()).filter(|at| meant(&parts[*at])).collect()
    }

    /// The one that ended so under this very number.
    fn named(&self, parts: &[RefundPart], status: RefundStatus) -> Option<usize> {
        self.with(parts, status).into_iter().find(|at| self.names(&parts[*at]))
    }

    /// Whether this was heard before.
    fn is_known(&self, refund: &Refund) -> bool {
        self.named(&refund.parts, self.end).or(self.named(&refund.former, self.end)).is_some()
    }

    /// The only payment that is meant by these parts, by the last of them.
    fn only(parts: &[RefundPart], among: &[usize]) -> Result<usize, Refusal> {
        let last = *among.last().expect("the caller has looked that there is one");
        let of = |at: &usize| parts[*at].payment_id;
        if among.iter().all(|at| of(at) == of(&last)) {
            return Ok(last);
        }
        Err(invalid(
            "payment_id",
            "required",
            "several payments gave this money; name the one meant",
        ))
    }
}

/// Money went back.
fn went(refund: &Refund, report: Report<'_>) -> Result<Meant, Refusal> {
    let parts = &refund.parts;
    if report.is_known(refund) {
        return Ok(Meant::Nothing);
    }
    if parts.is_empty() {
        let done = refund.status == Refunded;
        return Ok(if done { Meant::Nothing } else { Meant::Undrawn });
    }
    if let Some(named) = report.named(parts, Failed) {
        return Ok(Meant::Parts(vec![named]));
    }
    if let Some(former) = report.named(&refund.former, Failed) {
        return Ok(Meant::Former(former));
    }
    for status in [Refunding, Failed] {
        let ended = report.with(parts, status);
        if !ended.is_empty() {
            return Ok(Meant::Parts(ended));
        }
    }
    if refund.status == Refunding && missing(refund) > 0 {
        return Ok(Meant::Undrawn);
    }
    let done = report.with(parts, Refunded);
    if done.is_empty() {
        let former = refund.former.iter().rposition(|part| report.is_of(part));
        return Ok(former.map_or(Meant::Nothing, Meant::Former));
    }
    if report.reference.is_none() {
        return Ok(Meant::Nothing);
    }
    if let Some(unnamed) = done.iter().find(|at| parts[**at].reference.is_none()) {
        return Ok(Meant::Number(*unnamed));
    }
    Ok(Meant::Again(Report::only(parts, &done)?))
}

/// Money did not go back, or came back.
fn came_not(refund: &Refund, report: Report<'_>) -> Result<Meant, Refusal> {
    let parts = &refund.parts;
    if report.is_known(refund) {
        return Ok(Meant::Nothing);
    }
    if parts.is_empty() {
        let changes = matches!(refund.status, Refunding | Refunded);
        return Ok(if changes { Meant::Parts(Vec::new()) } else { Meant::Nothing });
    }
    if let Some(named) = report.named(parts, Refunded) {
        return Ok(Meant::Bounced(named));
    }
    if report.named(&refund.former, Refunded).is_some() {
        // That it came back was told under another number; what went since is other money.
        return Ok(Meant::Nothing);
    }
    let open = report.with(parts, Refunding);
    if !open.is_empty() {
        return Ok(Meant::Parts(open));
    }
    let done = report.with(parts, Refunded);
    if done.is_empty() || !report.with(parts, Failed).is_empty() {
        return Ok(Meant::Nothing);
    }
    let failed = report.with(&refund.former, Failed);
    let unnamed = failed.into_iter().find(|at| refund.former[*at].reference.is_none());
    if let Some(former) = unnamed.filter(|_| report.reference.is_some()) {
        return Ok(Meant::FormerNumber(former));
    }
    Ok(Meant::Bounced(Report::only(parts, &done)?))
}

/// What one payment gave under one number, it gave for one refund.
fn must_be_unused(
    work: &Work<'_, '_>,
    refund: &Refund,
    meant: &Meant,
    report: Report<'_>,
) -> Result<(), Refusal> {
    let payments: Vec<Id> = match meant {
        Meant::Parts(parts) => parts.iter().map(|at| refund.parts[*at].payment_id).collect(),
        Meant::Former(at) => vec![refund.former[*at].payment_id],
        Meant::Again(at) | Meant::Number(at) => vec![refund.parts[*at].payment_id],
        _ => report.payment.into_iter().collect(),
    };
    match due::used_by(&work.tree, &payments, report) {
        Some(refund) => Err(Refusal::RefundReferenceTaken { refund }),
        None => Ok(()),
    }
}

/// Does to the parts what was reported of them, and answers those it is about.
fn apply(work: &mut Work<'_, '_>, at: usize, meant: Meant, report: Report<'_>) -> Vec<RefundPart> {
    let reference = report.reference.map(ToOwned::to_owned);
    let missing = missing(&work.shop().refunds[at]);
    let now = work.at();
    let drawn = match meant {
        Meant::Undrawn => parts_moved(&work.tree, missing, report.payment),
        _ => Vec::new(),
    };
    let refund = &mut work.shop_mut().refunds[at];
    let ended = |part: &RefundPart| RefundPart {
        status: report.end,
        reference: reference.clone(),
        ..part.clone()
    };
    match meant {
        Meant::Parts(parts) => {
            let end = |at: usize| {
                let part = &mut refund.parts[at];
                if part.status == Failed && part.reference.is_some() {
                    remember(&mut refund.former, part.clone());
                }
                *part = ended(part);
                if report.end == Failed {
                    refund.failed_on.push(part.payment_id);
                }
                part.clone()
            };
            parts.into_iter().map(end).collect()
        }
        Meant::Bounced(at) => {
            let part = refund.parts[at].clone();
            remember(&mut refund.former, part.clone());
            refund.parts[at] = ended(&part);
            refund.failed_on.push(part.payment_id);
            vec![part]
        }
        Meant::Former(at) => {
            let part = ended(&refund.former[at]);
            refund.parts.push(part.clone());
            vec![part]
        }
        Meant::Again(at) => {
            let part = ended(&refund.parts[at]);
            refund.parts.push(part.clone());
            vec![part]
        }
        Meant::Number(at) => {
            refund.parts[at].reference = reference;
            vec![refund.parts[at].clone()]
        }
        Meant::FormerNumber(at) => {
            refund.former[at].reference = reference;
            vec![refund.former[at].clone()]
        }
        Meant::Undrawn => {
            let drawn: Vec<RefundPart> = drawn.iter().map(ended).collect();
            refund.parts.extend(drawn.iter().cloned());
            refund.round += 1;
            refund.answered_at = refund.answered_at.or(Some(now));
            drawn
        }
        Meant::Nothing => Vec::new(),
    }
}

/// The status of a refund follows from its parts: done when all its money went back, failed only when none of it did.
fn follow(work: &mut Work<'_, '_>, at: usize, end: RefundStatus, fits: bool, bounced: bool) {
    let (now, version) = (work.at(), work.tree.payment.version + 1);
    let refund = &mut work.shop_mut().refunds[at];
    let was_done = refund.status == Refunded;
    let flows = refund.parts.iter().any(|part| part.status == Refunding);
    let back = moved(refund);
    refund.status = match () {
        () if refund.parts.is_empty() => end,
        () if flows => Refunding,
        () if back >= refund.amount => Refunded,
        () if back == 0 => Failed,
        () => Refunding,
    };
    if refund.status == Refunding && !flows && !fits {
        // Others have given its units since: nobody owes what has not gone back.
        refund.cut += refund.amount - back;
        refund.amount = back;
        refund.status = Refunded;
    }
    if refund.status == Refunded {
        put_failed_away(refund);
    }
    let is_done = refund.status == Refunded;
    if is_done && !was_done {
        refund.turns.push(Turn { from: version, until: None });
    }
    if was_done && !is_done {
        end_turn(refund, version);
    }
    if !(is_done && was_done) {
        refund.ended_at = Some(now).filter(|_| refund.status != Refunding);
    }
    if refund.status == Refunding && !bounced && missing(refund) > 0 {
        move_failed(work, at);
    }
}

fn end_turn(refund: &mut Refund, version: u32) {
    match refund.turns.last_mut().filter(|turn| turn.until.is_none()) {
        Some(turn) => turn.until = Some(version),
        // It was done before turns were taken down.
        None => refund.turns.push(Turn { from: 0, until: Some(version) }),
    }
}

/// Tells the log row of these parts of a refund: their money, and the tender where it is one.
fn say_end(work: &mut Work<'_, '_>, at: usize, parts: &[RefundPart], reference: Option<&str>) {
    let refund = work.shop().refunds[at].clone();
    say(work, &refund);
    work.say_if("reference", reference);
    if !refund.parts.is_empty() {
        work.say("amount", parts.iter().map(|part| part.amount).sum::<i64>());
    }
    if let [only] = parts {
        due::say_payment(work, only.payment_id);
    }
}
