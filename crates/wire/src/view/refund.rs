//! A refund of a shop order, and the lines it and a parcel are made of.

use super::asked::AskedView;
use super::{HowMuch, Number};
use crate::moment::Moment;
use crate::word::{ActorWord, RefundKindWord, RefundWord, Shown};
use docket_domain::tree::{Refund, RefundLine, RefundPart};
use docket_domain::{ActorKind, Quantity, Time};
use serde::Serialize;
use utoipa::ToSchema;

/// One refund of a shop order.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundView<'a> {
    /// Our number for it.
    pub refund_id: Number,
    /// The number its marketplace gives it; left out where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub external_id: Option<&'a str>,
    /// What kind.
    pub kind: RefundKindWord,
    /// Who asked for it; a till counts as its store.
    pub by: ActorWord,
    /// Where it stands.
    pub status: RefundWord,
    /// Money to the buyer, its freight included; null where nobody told it, of a recorded order.
    pub amount: Option<i64>,
    /// Coins given back, as money.
    pub coins: i64,
    /// Reported for the third party; not paid to the buyer.
    pub third_party: i64,
    /// How much of `amount` is freight.
    pub freight: i64,
    /// The tax of what goes back, that of the freight included; null where unknown. Tax on top is in `amount`.
    pub tax: Option<i64>,
    /// `true` where the freight was asked for, the amount where a part of it was; left out otherwise.
    #[serde(skip_serializing_if = "AskedView::is_not")]
    pub freight_asked: AskedView,
    /// How much is given for no goods, before anything was cut; left out where nothing is.
    #[serde(skip_serializing_if = "is_0")]
    pub goodwill: i64,
    /// By how much lines, freight and goodwill were cut, so that no more goes back than was paid; left out where
    /// nothing was.
    #[serde(skip_serializing_if = "is_0")]
    pub cut: i64,
    /// What is refunded.
    pub lines: Vec<RefundLineView>,
    /// From which payments it is paid; empty until money may flow.
    pub parts: Vec<RefundPartView<'a>>,
    /// Ends of parts that did not last: money that came back, tries that failed before another one. Left out where
    /// there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former_parts: Vec<RefundPartView<'a>>,
    /// Whether shipped goods must come back before money flows.
    pub goods_back: bool,
    /// What has come back.
    pub returned: Vec<LineView>,
    /// In the asker's words.
    pub reason: Option<&'a str>,
    /// When an unanswered request is answered by the timer.
    pub answer_by: Option<Moment>,
    /// When it was asked for.
    pub created_at: Moment,
    /// When it was agreed, rejected or withdrawn.
    pub answered_at: Option<Moment>,
    /// When it was refunded or failed.
    pub ended_at: Option<Moment>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape serde asks for
pub(super) const fn is_0(amount: &i64) -> bool {
    *amount == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape serde asks for
pub(super) const fn is_nothing(quantity: &HowMuch) -> bool {
    quantity.0.0 == Quantity::ZERO.0
}

/// So much of one line.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Line)]
pub struct LineView {
    /// The item order.
    pub order_id: Number,
    /// How much of it.
    pub quantity: HowMuch,
}

/// So much of one line, given back.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = RefundLine)]
pub struct RefundLineView {
    /// The item order.
    pub order_id: Number,
    /// How much of it.
    pub quantity: HowMuch,
    /// Money.
    pub amount: i64,
    /// Coins, as money.
    pub coins: i64,
    /// The third party's money.
    pub third_party: i64,
    /// The tax of it; null where unknown.
    pub tax: Option<i64>,
    /// How much of it had been shipped; left out where nothing had.
    #[serde(skip_serializing_if = "is_nothing")]
    pub shipped: HowMuch,
}

/// What one payment gives back of a refund.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RefundPart)]
pub struct RefundPartView<'a> {
    /// The payment.
    pub payment_id: Number,
    /// Minor units.
    pub amount: i64,
    /// `refunding`, `refunded` or `failed`.
    pub status: RefundWord,
    /// The gateway's number for it.
    pub reference: Option<&'a str>,
}

impl<'a> RefundView<'a> {
    pub(super) fn of(refund: &'a Refund, answer_by: Option<Time>) -> Self {
        let by = if refund.by == ActorKind::Till { ActorKind::Store } else { refund.by };
        let returned = refund.returned.iter().map(|line| LineView {
            order_id: Number(line.order_id),
            quantity: HowMuch(line.quantity),
        });
        Self {
            refund_id: Number(refund.refund_id),
            external_id: refund.external_id.as_deref(),
            kind: Shown::word(refund.kind),
            by: Shown::word(by),
            status: Shown::word(refund.status),
            amount: (!refund.money_unknown).then_some(refund.amount),
            coins: refund.coins,
            third_party: refund.third_party,
            freight: refund.freight,
            tax: refund.tax.known(),
            freight_asked: AskedView(refund.freight_asked),
            goodwill: refund.goodwill,
            cut: refund.cut,
            lines: refund.lines.iter().map(RefundLineView::of).collect(),
            parts: refund.parts.iter().map(RefundPartView::of).collect(),
            former_parts: refund.former.iter().map(RefundPartView::of).collect(),
            goods_back: refund.goods_back,
            returned: returned.collect(),
            reason: refund.reason.as_deref(),
            answer_by: answer_by.map(Moment),
            created_at: refund.created_at.into(),
            answered_at: refund.answered_at.map(Moment),
            ended_at: refund.ended_at.map(Moment),
        }
    }
}

impl RefundLineView {
    fn of(line: &RefundLine) -> Self {
        Self {
            order_id: Number(line.order_id),
            quantity: HowMuch(line.quantity),
            amount: line.amount,
            coins: line.coins,
            third_party: line.third_party,
            tax: line.tax.known(),
            shipped: HowMuch(line.shipped),
        }
    }
}

impl<'a> RefundPartView<'a> {
    pub(super) fn of(part: &'a RefundPart) -> Self {
        Self {
            payment_id: Number(part.payment_id),
            amount: part.amount,
            status: Shown::word(part.status),
            reference: part.reference.as_deref(),
        }
    }
}
