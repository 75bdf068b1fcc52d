//! What someone asks for here: a change, or a refusal. Pure; the lane calls it.
//!
//! This file holds the doors ([`decide`], [`place`], [`due`], [`note_reference_taken`]) and which rule answers
//! which operation. The rules stand below by theme; `work` carries a change through them and closes it: paid
//! effects, deadlines, log row. Copies of orders at home elsewhere are not decided but recorded, in
//! [`crate::record`].

pub(crate) mod amounts;
mod anomaly;
mod answer;
mod coupon;
mod deadlines;
mod delivery;
mod due;
mod fulfilment;
mod heard;
mod lines;
mod lost;
mod money_back;
mod payment;
mod refund;
mod returns;
mod revoke;
mod target;
mod terms;
mod text;
mod timer;
mod weigh;
mod work;

use crate::change::{Change, Remark, StockMove};
use crate::deadline::Policy;
use crate::limits::{self, Limits, TooMany};
use crate::operation::{By, Operation, OperationKind, Repeats, Request};
use crate::tree::{Anomaly, Deadline};
use crate::words::{AnomalyKind, DeadlineKind, DeliveryStatus};
use crate::{CouponMove, Id, Refusal, Seat, Time, Tree, price, seat};
use work::{Done, Work};

pub use coupon::{NotGivenBack, give_coupon_back};
pub use lost::{lost_deadlines, set_lost_deadlines};

/// What `decide` may use besides the tree and the request.
pub struct Context<'a> {
    /// Who is here.
    pub seat: &'a Seat,
    /// Now, by our clock; of an order that changed later than that, when it did.
    pub at: Time,
    /// The lengths of deadlines that apply to this order.
    pub policy: &'a Policy,
    /// How much of each kind may be asked for.
    pub limits: &'a Limits,
    /// The next id of the tree's gene.
    pub next_id: &'a mut dyn FnMut() -> Id,
    /// Whether these holds could be taken now; asked only when late money would revive a revoked order.
    pub can_hold: &'a dyn Fn(Holds<'_>) -> bool,
}

impl Context<'_> {
    /// Time does not fall inside one order: where the clock was set back, what changes `tree` happens when the last
    /// change of it did.
    pub(crate) fn goes_on_from(&mut self, tree: &Tree) {
        self.at = self.at.max(tree.payment.updated_at);
    }
}

/// What an order would hold.
#[derive(Debug, Clone, Copy)]
pub struct Holds<'a> {
    /// Of stock.
    pub stock: &'a [StockMove],
    /// Of coupons.
    pub coupons: &'a [CouponMove],
}

/// The answer to a request that was not refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Decided {
    /// Do this.
    Change(Box<Change>),
    /// It is so already (the same payment reported again); nothing to write.
    Already,
}

/// Decides `request` of `by` on `tree`. Total: every state, operation and actor has an answer.
///
/// Asked in this order: is it decided here, may this kind of actor ask, is it the version the caller
/// saw, which node is meant, and does its state allow it.
pub fn decide(
    tree: &Tree,
    request: &Request,
    by: By<'_>,
    cx: &mut Context<'_>,
) -> Result<Decided, Refusal> {
    let operation = request.operation.kind();
    seat::decides(operation, by.actor.kind, &tree.payment.home, cx.seat)?;
    may_ask(operation, by)?;
    if let Some(expected) = request.expected_version
        && expected != tree.payment.version
    {
        return Err(Refusal::VersionConflict { expected, current: tree.payment.version });
    }
    let node = target::resolve(tree, request)?;
    if operation.definition().repeats == Repeats::WithinLimit {
        let had = tree.payment.version as usize;
        limits::below(had, cx.limits.changes, TooMany::Changes)?;
    }
    let mut work = Work::on(tree, operation, node, by, cx);
    match run(&mut work, request)? {
        Done::Changed => Ok(Decided::Change(Box::new(work.finish(request.remark.clone())))),
        Done::Already => Ok(Decided::Already),
    }
}

/// The first change of a numbered tree: the log row, the holds, pay-by; paid at once if nothing is to pay. Its home
/// is this one.
pub fn place(tree: Tree, by: By<'_>, cx: &mut Context<'_>) -> Result<Change, Refusal> {
    let operation = OperationKind::Place;
    seat::decides(operation, by.actor.kind, &tree.payment.home, cx.seat)?;
    may_ask(operation, by)?;
    let fractions = lines::fractions(&tree);
    if !fractions.is_empty() {
        return Err(Refusal::Invalid(fractions));
    }
    let payable = price::sums::payable(&tree).known();
    let payable = payable.ok_or(Refusal::AmountUnknown { operation })?;
    debug_assert_eq!(price::check(&tree), Ok(()), "assemble builds trees that add up");
    let pay_by = cx.at.plus(cx.policy.pay_by);
    let mut work = Work::placing(tree, by, cx);
    work.tree.payment.pay_by = Some(pay_by);
    work.tree.payment.deadline =
        Some(Deadline { kind: DeadlineKind::PayBy, at: pay_by, stopped_with: None });
    work.say("payable", payable);
    let tax = work.tree.payment.tax.on_top(price::sums::tree_tax(&work.tree));
    work.say_if("tax", tax.known().filter(|tax| *tax > 0));
    work.say("lines", work.tree.lines().count());
    work.say("shops", work.tree.shops.len());
    Ok(work.finish(Remark::default()))
}

/// What the timer does on `tree` at `cx.at`, if any deadline has passed: one operation at a time.
pub fn due(tree: &Tree, cx: &mut Context<'_>) -> Option<Change> {
    timer::due(tree, cx)
}

/// Notes on `tree` that a payment reference was claimed by it and by `other` as well; `None` where that is
/// noted already, so that asking again and again writes nothing, and where so many were noted that one more says
/// nothing new. A copy is not written: what is to be said of one stands beside it.
pub fn note_reference_taken(
    tree: &Tree,
    reference: &str,
    other: Id,
    by: By<'_>,
    cx: &mut Context<'_>,
) -> Option<Change> {
    if !cx.seat.is_home_of(&tree.payment.home) {
        return None;
    }
    let mut work = Work::on(tree, OperationKind::Note, target::Node::Tree, by, cx);
    let detail = serde_json::json!({ "reference": reference, "other": other });
    let kind = AnomalyKind::PaymentReferenceTaken;
    let known = |anomaly: &Anomaly| anomaly.kind == kind && anomaly.detail == detail;
    let anomalies = &work.tree.payment.anomalies;
    let had = anomalies.iter().filter(|anomaly| anomaly.kind == kind).count();
    if anomalies.iter().any(known) || had >= work.cx.limits.payments as usize {
        return None;
    }
    work.tree.payment.anomalies.push(Anomaly { kind, at: work.cx.at, detail });
    work.say("anomaly", kind.word());
    work.say("reference", reference);
    work.say("other", other.to_string());
    let remark = Remark {
        en: Some(format!("Payment reference {reference} is claimed by order {other} as well.")),
        cn: Some(format!("支付流水号 {reference} 与订单 {other} 冲突。")),
    };
    Some(work.finish(remark))
}

fn may_ask(operation: OperationKind, by: By<'_>) -> Result<(), Refusal> {
    let actor = by.actor.kind;
    if operation.definition().who.contains(&actor) {
        Ok(())
    } else {
        Err(Refusal::Actor { actor, operation })
    }
}

/// Which rule answers which operation.
fn run(work: &mut Work<'_, '_>, request: &Request) -> Result<Done, Refusal> {
    use DeliveryStatus as To;
    use Operation as O;
    match &request.operation {
        O::StartPayment(asked) => payment::start(work, asked),
        O::PaymentSucceeded(report) => payment::succeeded(work, report),
        O::PaymentFailed { attempt_id, reason } => {
            payment::failed(work, *attempt_id, reason.as_deref())
        }
        O::AttemptClosed { attempt_id, reason } => {
            payment::attempt_closed(work, *attempt_id, reason.as_deref())
        }
        O::AttemptStuck { attempt_id, reason } => {
            payment::attempt_stuck(work, *attempt_id, reason.as_deref())
        }
        O::Revoke { reason } => revoke::revoke(work, reason.as_deref()),
        O::Drop { lines, platform_discount, third_party_discount } => {
            terms::drop(work, lines.as_deref(), *platform_discount, *third_party_discount)
        }
        O::AdjustPrice(asked) => terms::adjust_price(work, asked),
        O::ChangeAddress { freight, freight_tax } => {
            terms::change_address(work, *freight, *freight_tax)
        }
        O::Accept => delivery::step(work, To::Accepted, None),
        O::StartPreparing => delivery::step(work, To::Unprepared, None),
        O::Prepare => delivery::step(work, To::Prepared, None),
        O::CallCourier { courier } => delivery::step(work, To::AwaitingCourier, courier.as_deref()),
        O::PickUp { courier } => delivery::step(work, To::PickedUp, courier.as_deref()),
        O::Deliver { courier } => delivery::step(work, To::Delivered, courier.as_deref()),
        O::Reject { reason } => delivery::reject(work, reason.as_deref()),
        O::Ship { lines, carrier, tracking } => {
            fulfilment::ship(work, lines.as_deref(), carrier.as_deref(), tracking.as_deref())
        }
        O::Receive => fulfilment::receive(work),
        O::ExtendReceipt { days } => fulfilment::extend_receipt(work, *days),
        O::Settle => fulfilment::settle(work),
        O::RequestCancel { reason } => refund::request_cancel(work, reason.as_deref()),
        O::RequestRefund(asked) => refund::request_refund(work, asked),
        O::RefundByStore(asked) => refund::refund_by_store(work, asked),
        O::AgreeCancel { refund_id } => answer::agree_cancel(work, *refund_id),
        O::RefuseCancel { refund_id, reason } => {
            answer::refuse_cancel(work, *refund_id, reason.as_deref())
        }
        O::WithdrawCancel { refund_id } => answer::withdraw_cancel(work, *refund_id),
        O::AgreeRefund { refund_id } => answer::agree_refund(work, *refund_id),
        O::RejectRefund { refund_id, reason } => {
            answer::reject_refund(work, *refund_id, reason.as_deref())
        }
        O::WithdrawRefund { refund_id } => answer::withdraw_refund(work, *refund_id),
        O::RefundSucceeded { refund_id, payment_id, reference } => {
            heard::went_back(work, *refund_id, *payment_id, reference.as_deref())
        }
        O::RefundFailed { refund_id, payment_id, reference, reason } => {
            work.say_if("reason", reason.as_deref());
            heard::did_not_go(work, *refund_id, *payment_id, reference.as_deref())
        }
        O::ReceiveReturn { refund_id, lines, restock } => {
            returns::receive(work, *refund_id, lines.as_deref(), returns::Goods::of(*restock))
        }
        O::Weigh { lines } => weigh::weigh(work, lines),
        O::Rate { score, text } => text::rate(work, *score, text.as_deref()),
        O::Note => text::note(work, &request.remark),
        O::Tag { add, remove } => text::tag(work, add, remove),
        O::Hide => text::hide(work),
        O::Delete => text::delete(work),
        O::Restore => text::restore(work),
    }
}
