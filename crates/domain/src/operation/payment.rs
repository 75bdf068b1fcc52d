//! Money that comes in, and the end of an order before it has: attempts, payments, revoke. Decided in
//! `decide::payment` and `decide::revoke`.

use super::definition::{
    Class, Definition, Event, Group, PAYMENT_ORDER, PAYMENTS, Repeats, Scope, Unusual, WRITES,
};
use super::field::{Field, FieldKind, REASON};
use super::given::Given;
use super::list::{Operation, OperationKind};
use crate::ActorKind::{Buyer, Gateway, Store, Till, Timer};
use crate::status;
use crate::tree::Revoke;
use crate::words::{PaymentStatus, Status};
use crate::{Id, Site, Time, Tree};

/// An attempt to pay, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentAsked {
    /// How it is to be paid.
    pub tender: String,
    /// Minor units; what is left to pay if left out.
    pub amount: Option<i64>,
    /// The gateway to be asked, if any.
    pub gateway: Option<String>,
    /// The terms the payer saw, if they must still hold.
    pub terms_version: Option<u32>,
}

/// That money came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentReport {
    /// How it was paid.
    pub tender: String,
    /// The payer's or gateway's number.
    pub reference: String,
    /// Minor units, at least 0.
    pub amount: i64,
    /// When the money moved; now if left out.
    pub paid_at: Option<Time>,
    /// The terms it was paid under; the current ones if left out.
    pub terms_version: Option<u32>,
    /// The attempt it ends.
    pub attempt_id: Option<Id>,
}

const MONEY: &[Group] = &[Group::Money];

const TENDER: Field =
    Field::required("tender", FieldKind::Identifier, "How it is paid", r#""cash""#);
const LEFT_TO_PAY: Field = Field::amount("amount", AMOUNT, "11500");
const PAID: Field = Field::required("amount", FieldKind::Amount, AMOUNT, "11500");
const AMOUNT: &str = "Minor units; to start a payment, all that is left where left out";
const GATEWAY: Field = Field::optional(
    "gateway",
    FieldKind::Identifier,
    "The gateway to ask; left out where a till takes the money itself",
    r#""pay""#,
);
const REFERENCE: Field = Field::required(
    "reference",
    FieldKind::Identifier,
    "The payer's or gateway's number: the same again changes nothing",
    r#""r-1""#,
);
const PAID_AT: Field = Field::optional(
    "paid_at",
    FieldKind::Time,
    "When the money moved; now where left out",
    r#""2026-11-20T10:00:00Z""#,
);
const TERMS_VERSION: Field =
    Field::optional("terms_version", FieldKind::Version, "The terms it was paid under", "1");
const ATTEMPT_ID: Field = Field::optional(
    "attempt_id",
    FieldKind::Id,
    "Which attempt; the one that is open where left out",
    r#""4311810305""#,
);

pub(super) static START_PAYMENT: Definition = Definition {
    kind: OperationKind::StartPayment,
    target: PAYMENT_ORDER,
    who: &[Buyer, Till],
    // Whoever reports payments may also begin them.
    scopes: &[Scope::OrdersWrite, Scope::Payments],
    class: Class::Progress,
    groups: MONEY,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[TENDER, LEFT_TO_PAY, GATEWAY, TERMS_VERSION],
    at_least_one: None,
    read: |given| {
        Some(Operation::StartPayment(PaymentAsked {
            tender: given.text(&TENDER)?,
            amount: given.amount(&LEFT_TO_PAY),
            gateway: given.text(&GATEWAY),
            terms_version: given.version(&TERMS_VERSION),
        }))
    },
    event: Event::Is("order.payment_started"),
    sentence: ("Began to pay[ {amount}][ by {tender}]", "发起支付[ {amount}][（{tender}）]"),
    unusual: None,
};

pub(super) static PAYMENT_SUCCEEDED: Definition = Definition {
    kind: OperationKind::PaymentSucceeded,
    target: PAYMENT_ORDER,
    who: &[Gateway, Till],
    scopes: PAYMENTS,
    class: Class::Fact,
    // A sale at the counter is handed over by its payment.
    groups: &[Group::Money, Group::Logistics],
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[ATTEMPT_ID, TENDER, REFERENCE, PAID, PAID_AT, TERMS_VERSION],
    at_least_one: None,
    read: |given| {
        Some(Operation::PaymentSucceeded(PaymentReport {
            tender: given.text(&TENDER)?,
            reference: given.text(&REFERENCE)?,
            amount: given.amount(&PAID)?,
            paid_at: given.time(&PAID_AT),
            terms_version: given.version(&TERMS_VERSION),
            attempt_id: given.id(&ATTEMPT_ID),
        }))
    },
    event: Event::OneOf(&["order.payment_received", "order.paid"], |_, after| {
        let is_paid = status::of(after).payment_status == PaymentStatus::Paid;
        Some(if is_paid { "order.paid" } else { "order.payment_received" })
    }),
    sentence: (
        "Paid[ {amount}][ by {tender}][ (reference {reference})][; {due} of it goes back][ ({cause})][{revived}; the order, which only time had ended, is open again]",
        "[以 {tender} ]支付[ {amount}|成功][（流水号 {reference}）][；其中将原路退回 {due}][（{cause}）][{revived}；因超时撤销的订单已恢复]",
    ),
    unusual: None,
};

/// What is said of an attempt that brought no money: which, and why.
fn attempt(given: &mut Given) -> (Option<Id>, Option<String>) {
    (given.id(&ATTEMPT_ID), given.text(&REASON))
}

pub(super) static PAYMENT_FAILED: Definition = Definition {
    kind: OperationKind::PaymentFailed,
    target: PAYMENT_ORDER,
    who: &[Gateway, Till],
    scopes: PAYMENTS,
    class: Class::Progress,
    groups: MONEY,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[ATTEMPT_ID, REASON],
    at_least_one: None,
    read: |given| {
        let (attempt_id, reason) = attempt(given);
        Some(Operation::PaymentFailed { attempt_id, reason })
    },
    event: Event::Is("order.payment_failed"),
    sentence: (
        "A payment[ of {amount}][ by {tender}] failed[: {reason}]",
        "支付失败[：{amount}][（{tender}）][，原因：{reason}]",
    ),
    unusual: None,
};

pub(super) static ATTEMPT_CLOSED: Definition = Definition {
    kind: OperationKind::AttemptClosed,
    target: PAYMENT_ORDER,
    who: &[Gateway, Till],
    scopes: PAYMENTS,
    class: Class::Progress,
    groups: MONEY,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[ATTEMPT_ID, REASON],
    at_least_one: None,
    read: |given| {
        let (attempt_id, reason) = attempt(given);
        Some(Operation::AttemptClosed { attempt_id, reason })
    },
    event: Event::OneOf(&["order.attempt_closed", "order.revoked"], |_, after| {
        Some(if is_revoked(after) { "order.revoked" } else { "order.attempt_closed" })
    }),
    sentence: (
        "An open payment[ of {amount}][ by {tender}] was closed without money[: {reason}]",
        "未完成的支付已关闭[：{amount}][（{tender}）][，原因：{reason}]",
    ),
    unusual: None,
};

pub(super) static ATTEMPT_STUCK: Definition = Definition {
    kind: OperationKind::AttemptStuck,
    target: PAYMENT_ORDER,
    who: &[Gateway, Till],
    scopes: PAYMENTS,
    class: Class::Progress,
    groups: MONEY,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[ATTEMPT_ID, REASON],
    at_least_one: None,
    read: |given| {
        let (attempt_id, reason) = attempt(given);
        Some(Operation::AttemptStuck { attempt_id, reason })
    },
    event: Event::Is("order.revoke_failed"),
    sentence: (
        "An open payment[ of {amount}][ by {tender}] could not be closed[: {reason}]",
        "未完成的支付无法关闭[：{amount}][（{tender}）][，原因：{reason}]",
    ),
    unusual: None,
};

pub(super) static REVOKE: Definition = Definition {
    kind: OperationKind::Revoke,
    target: PAYMENT_ORDER,
    who: &[Buyer, Till, Store, Timer],
    scopes: WRITES,
    class: Class::Right,
    groups: MONEY,
    timer_site: Some(Site::Buyers),
    repeats: Repeats::Always,
    fields: &[REASON],
    at_least_one: None,
    read: |given| Some(Operation::Revoke { reason: given.text(&REASON) }),
    event: Event::OneOf(&["order.revoking", "order.revoked"], |_, after| {
        Some(if is_revoked(after) { "order.revoked" } else { "order.revoking" })
    }),
    sentence: (
        "Revoked[: {reason}][; {due} goes back]",
        "已撤销[，原因：{reason}][；将原路退回 {due}]",
    ),
    // It takes a gateway's answer to end an order whose attempts are open there.
    unusual: Some(Unusual {
        holds: |entry| entry.to_status != Status::Cancelled,
        sentence: (
            "Revoke asked for[: {reason}]; open payments are being closed first",
            "申请撤销[：{reason}]，正在关闭未完成的支付",
        ),
    }),
};

/// Whether a revoke is over; until then it waits for attempts that are being closed.
const fn is_revoked(tree: &Tree) -> bool {
    matches!(tree.payment.revoke, Revoke::Revoked { .. })
}
