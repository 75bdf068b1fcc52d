//! The payment order (L1): what the buyer pays at once, with its payments, attempts and refunds due.

use super::coupon::{CouponView, coupons};
use super::{
    Access, DeadlineView, Face, Look, Number, ReceiveBy, RefundPartView, Shape, ShopView, TimesView,
};
use crate::described::PaymentLevel;
use crate::moment::Moment;
use crate::person::{Contact, PersonState};
use crate::word::{
    ActorWord, AnomalyWord, AttemptWord, CauseWord, LevelWord, PaymentWord, PlatformWord,
    RefundWord, RevokeWord, Shown, StatusWord, StoreWord, TypeWord, VisibleWord,
};
use docket_domain::status::Standing;
use docket_domain::tree::{Anomaly, Attempt, Payment, RefundDue, Revoke};
use docket_domain::words::{DeadlineKind, Level, RefundStatus};
use docket_domain::{Amount, Id, Json, Tree};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// A payment order, and on top of its shops the whole tree.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PaymentOrder)]
pub struct PaymentView<'a> {
    /// Its number, and the number of the whole tree; left out of quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub order_id: Option<Number>,
    /// `payment`.
    #[schema(value_type = PaymentLevel)]
    pub level: LevelWord,
    /// The buyer's account number; null at an anonymous sale.
    pub buyer_id: Option<&'a str>,
    /// Name and telephone of the buyer, masked unless revealed; left out where unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub buyer: Option<Cow<'a, Contact>>,
    /// That something is stored of the order's people and cannot be read here: it is sealed under a key that is not
    /// here (`key_missing`), or no key opens it (`unreadable`). Left out where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub person_state: Option<PersonState>,
    /// What is sold.
    #[serde(rename = "type")]
    pub order_type: TypeWord,
    /// The market it was placed at: its word, or its number where no word is configured any more.
    pub market: MarketWord<'a>,
    /// Where it was placed.
    pub platform: PlatformWord,
    /// The channel it came through.
    pub channel: Option<&'a str>,
    /// Its number there, or the caller's own.
    pub external_id: Option<&'a str>,
    /// The caller's token.
    pub client_token: Option<&'a str>,
    /// Where it came from, as the caller said.
    #[schema(value_type = serde_json::Value)]
    pub source: Option<&'a Json>,
    /// Whose order it is: `center`, `branch:NAME`, `channel:SHOP`, `sites`.
    pub home: String,
    /// Main status: the least advanced open shop order's.
    pub status: StatusWord,
    /// The status a store reads.
    pub store_status: StoreWord,
    /// The payment axis.
    pub payment_status: PaymentWord,
    /// The revoke axis.
    pub revoke_status: RevokeWord,
    /// Who revoked it, and when; left out where nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub revoke: Option<RevokeView<'a>>,
    /// What the source of a recorded order says of its payment; left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reported_payment: Option<PaymentWord>,
    /// Who sees it.
    pub visible: VisibleWord,
    /// ISO 4217; every amount is in its minor units.
    pub currency: &'a str,
    /// What the shop orders cost less the platform discount; null where unknown.
    pub price: Option<i64>,
    /// The sum of the freights.
    pub freight: Option<i64>,
    /// The sum of the taxes of lines and freights; null where unknown.
    pub tax: Option<i64>,
    /// Whether prices and freights have their tax inside, so that it changes no sum; otherwise it comes on top.
    pub tax_included: bool,
    /// The platform's discount.
    pub platform_discount: Option<i64>,
    /// The coupons in it, and what each took off: of the platform's discount, or of a shop's. Left out where
    /// there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<CouponView<'a>>,
    /// Coins, as money; null where unknown. Left out for keys that are limited to shops.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub coins: Option<Amount>,
    /// A third party's discount.
    pub third_party_discount: Option<i64>,
    /// What is to pay in money.
    pub payable: Option<i64>,
    /// Money received that is not due back.
    pub paid: i64,
    /// What the shop orders gave back.
    pub refunded: i64,
    /// How often what was agreed has changed; 1 at placement.
    pub terms_version: u32,
    /// How many changes it has seen.
    pub version: u32,
    /// The pay-by deadline, while it runs.
    pub expire_at: Option<Moment>,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub times: TimesView,
    /// The one deadline of this node.
    pub deadline: Option<DeadlineView>,
    /// The pick-up number of the day, where its home gives one.
    pub call_no: Option<&'a str>,
    /// The receipt number of the till, where its home gives one.
    pub receipt_no: Option<&'a str>,
    /// Labels.
    pub tags: &'a [String],
    /// Free extension.
    #[schema(value_type = serde_json::Value)]
    pub extra: Option<&'a Json>,
    /// Payments: facts, in the order they were learnt. Left out for keys that are limited to shops.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payments: Option<Vec<PaymentFactView<'a>>>,
    /// Attempts to pay. Left out like `payments`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attempts: Option<Vec<AttemptView<'a>>>,
    /// Money that goes back to the payment it came with. Left out like `payments`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refunds_due: Option<Vec<RefundDueView<'a>>>,
    /// What contradicts.
    pub anomalies: Vec<AnomalyView<'a>>,
    /// The shop orders; left out of list rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shops: Option<Vec<ShopView<'a>>>,
}

/// A market by its word, or by its number where codes are asked for or no word is configured any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Market)]
#[allow(missing_docs)]
pub enum MarketWord<'a> {
    Word(&'a str),
    Number(u16),
}

impl<'a> PaymentView<'a> {
    pub(super) fn of(
        tree: &'a Tree,
        standing: &'a Standing,
        face: Face<'a>,
        look: &Look<'a>,
    ) -> Self {
        let (order, money) = (&tree.payment, Money::of(tree, look.access));
        let word = match look.codes {
            super::Codes::Words => look.markets.name(order.market).map(MarketWord::Word),
            super::Codes::Numbers => None,
        };
        let pay_by = order.deadline.filter(|deadline| deadline.kind == DeadlineKind::PayBy);
        let receive_by = ReceiveBy::last(tree);
        Self {
            order_id: Number::unless_left_out(order.id, look.ids),
            level: Shown::coded(Level::Payment, look.codes),
            buyer_id: order.buyer_id.as_deref(),
            buyer: buyer(face),
            person_state: match face {
                Face::Closed(state) => Some(state),
                Face::None | Face::Masked(_) | Face::Revealed(_) => None,
            },
            order_type: Shown::coded(order.order_type, look.codes),
            market: word.unwrap_or(MarketWord::Number(order.market)),
            platform: Shown::coded(order.platform, look.codes),
            channel: order.channel.as_deref(),
            external_id: order.external_id.as_deref(),
            client_token: order.client_token.as_deref(),
            source: order.source.as_ref(),
            home: order.home.word(),
            status: Shown::coded(standing.status, look.codes),
            store_status: Shown::coded(standing.store_status, look.codes),
            payment_status: Shown::word(standing.payment_status),
            revoke_status: Shown::word(standing.revoke_status),
            revoke: RevokeView::of(&order.revoke),
            reported_payment: order.reported_payment.map(Shown::word),
            visible: Shown::coded(order.visible, look.codes),
            currency: order.currency.code(),
            price: standing.price.known(),
            freight: standing.freight.known(),
            tax: standing.tax.known(),
            tax_included: order.tax.into(),
            platform_discount: order.platform_discount.known(),
            coupons: coupons(tree, look.access),
            coins: money.coins,
            third_party_discount: order.third_party_discount.known(),
            payable: standing.payable.known(),
            paid: standing.paid,
            refunded: standing.refunded,
            terms_version: order.terms_version,
            version: order.version,
            expire_at: pay_by.map(|deadline| deadline.at.into()),
            times: TimesView::of(&standing.times, order.created_at, order.updated_at, receive_by),
            deadline: order.deadline.map(DeadlineView::of),
            call_no: None,
            receipt_no: None,
            tags: &order.tags,
            extra: order.extra.as_ref(),
            payments: money.payments,
            attempts: money.attempts,
            refunds_due: money.refunds_due,
            anomalies: order.anomalies.iter().map(AnomalyView::of).collect(),
            shops: (look.shape == Shape::Tree).then(|| shops(tree, standing, face, look)),
        }
    }
}

/// What a key that is limited to shops does not see of L1.
struct Money<'a> {
    coins: Option<Amount>,
    payments: Option<Vec<PaymentFactView<'a>>>,
    attempts: Option<Vec<AttemptView<'a>>>,
    refunds_due: Option<Vec<RefundDueView<'a>>>,
}

impl<'a> Money<'a> {
    fn of(tree: &'a Tree, access: Access<'_>) -> Self {
        if let Access::Only(_) = access {
            return Self { coins: None, payments: None, attempts: None, refunds_due: None };
        }
        let order = &tree.payment;
        let payments = order.payments.iter().map(|payment| PaymentFactView::of(payment, tree));
        Self {
            coins: Some(order.coins),
            payments: Some(payments.collect()),
            attempts: Some(order.attempts.iter().map(AttemptView::of).collect()),
            refunds_due: Some(order.refunds_due.iter().map(RefundDueView::of).collect()),
        }
    }
}

fn buyer(face: Face<'_>) -> Option<Cow<'_, Contact>> {
    match face {
        Face::Masked(person) if !person.buyer.is_empty() => Some(Cow::Owned(person.buyer.masked())),
        Face::Revealed(person) if !person.buyer.is_empty() => Some(Cow::Borrowed(&person.buyer)),
        _ => None,
    }
}

fn shops<'a>(
    tree: &'a Tree,
    standing: &'a Standing,
    face: Face<'a>,
    look: &Look<'a>,
) -> Vec<ShopView<'a>> {
    let shops = tree.shops.iter().zip(&standing.shops).enumerate();
    let seen = shops.filter(|(_, (shop, _))| look.access.shows(shop.id));
    seen.map(|(index, (shop, standing))| ShopView::of(index, shop, standing, face, look)).collect()
}

/// That someone revoked the order, or is about to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Revocation)]
pub struct RevokeView<'a> {
    /// Who asked.
    pub by: ActorWord,
    /// When it came as far as it is.
    pub at: Moment,
    /// In their words.
    pub reason: Option<&'a str>,
}

impl<'a> RevokeView<'a> {
    fn of(revoke: &'a Revoke) -> Option<Self> {
        match revoke {
            Revoke::None => None,
            Revoke::Revoking { by, at, reason }
            | Revoke::Revoked { by, at, reason }
            | Revoke::Failed { by, at, reason } => {
                Some(Self { by: Shown::word(*by), at: (*at).into(), reason: reason.as_deref() })
            }
        }
    }
}

/// Money that came in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentFactView<'a> {
    /// Our number for it.
    pub payment_id: Number,
    /// How it was paid.
    pub tender: &'a str,
    /// The payer's or gateway's number for it.
    pub reference: &'a str,
    /// Minor units.
    pub amount: i64,
    /// The currency it was paid in.
    pub currency: &'a str,
    /// The terms it was paid under.
    pub terms_version: u32,
    /// When the money moved.
    pub paid_at: Moment,
    /// How much of it went back.
    pub refunded: i64,
}

impl<'a> PaymentFactView<'a> {
    fn of(payment: &'a Payment, tree: &Tree) -> Self {
        Self {
            payment_id: Number(payment.payment_id),
            tender: &payment.tender,
            reference: &payment.reference,
            amount: payment.amount,
            currency: payment.currency.code(),
            terms_version: payment.terms_version,
            paid_at: payment.paid_at.into(),
            refunded: given_back(tree, payment.payment_id),
        }
    }
}

/// How much of a payment went back, as refunds due and as parts of shop orders' refunds.
fn given_back(tree: &Tree, payment_id: Id) -> i64 {
    let dues = &tree.payment.refunds_due;
    let again = dues.iter().flat_map(|due| &due.again);
    let due = dues.iter().map(|due| (due.payment_id, due.status, due.amount));
    let refunds = tree.shops.iter().flat_map(|shop| &shop.refunds);
    let parts = refunds.flat_map(|refund| &refund.parts).chain(again);
    due.chain(parts.map(|part| (part.payment_id, part.status, part.amount)))
        .filter(|&(payment, status, _)| payment == payment_id && status == RefundStatus::Refunded)
        .map(|(_, _, amount)| amount)
        .sum()
}

/// One attempt to pay.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptView<'a> {
    /// Our number for it.
    pub attempt_id: Number,
    /// The tender chosen.
    pub tender: &'a str,
    /// The gateway asked; null where a till takes the money itself.
    pub gateway: Option<&'a str>,
    /// Minor units asked for.
    pub amount: i64,
    /// The terms it is for.
    pub terms_version: u32,
    /// Where it stands.
    pub status: AttemptWord,
    /// When it was opened.
    pub created_at: Moment,
}

impl<'a> AttemptView<'a> {
    fn of(attempt: &'a Attempt) -> Self {
        Self {
            attempt_id: Number(attempt.attempt_id),
            tender: &attempt.tender,
            gateway: attempt.gateway.as_deref(),
            amount: attempt.amount,
            terms_version: attempt.terms_version,
            status: Shown::word(attempt.status),
            created_at: attempt.created_at.into(),
        }
    }
}

/// Money that must go back to the very payment it came with.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RefundDue)]
pub struct RefundDueView<'a> {
    /// Our number for it.
    pub refund_id: Number,
    /// The payment it goes back to.
    pub payment_id: Number,
    /// Minor units.
    pub amount: i64,
    /// Why.
    pub cause: CauseWord,
    /// `refunding`, `refunded` or `failed`.
    pub status: RefundWord,
    /// The gateway's number for it.
    pub reference: Option<&'a str>,
    /// Ends that did not last: money that came back, tries that failed. Left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former_parts: Vec<RefundPartView<'a>>,
    /// Money that went back once more than was due; left out where none did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<RefundPartView<'a>>,
    /// When it became due.
    pub created_at: Moment,
}

impl<'a> RefundDueView<'a> {
    fn of(due: &'a RefundDue) -> Self {
        Self {
            refund_id: Number(due.refund_id),
            payment_id: Number(due.payment_id),
            amount: due.amount,
            cause: Shown::word(due.cause),
            status: Shown::word(due.status),
            reference: due.reference.as_deref(),
            former_parts: due.former.iter().map(RefundPartView::of).collect(),
            again: due.again.iter().map(RefundPartView::of).collect(),
            created_at: due.created_at.into(),
        }
    }
}

/// One contradiction, kept for people.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Anomaly)]
pub struct AnomalyView<'a> {
    /// Which.
    pub kind: AnomalyWord,
    /// When it was noticed.
    pub at: Moment,
    /// What was seen; left out where its kind says it all.
    #[serde(skip_serializing_if = "Json::is_null")]
    #[schema(value_type = serde_json::Value)]
    pub detail: &'a Json,
}

impl<'a> AnomalyView<'a> {
    fn of(anomaly: &'a Anomaly) -> Self {
        Self { kind: Shown::word(anomaly.kind), at: anomaly.at.into(), detail: &anomaly.detail }
    }
}
