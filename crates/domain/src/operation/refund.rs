//! Money that goes back for goods or without them: asked for, agreed to, given by the store, and what is heard of it;
//! goods that come back, and what the scales say. Decided in `decide::refund` (the asking), `decide::answer`,
//! `decide::heard` (what became of the money), `decide::returns` and `decide::weigh`.

use super::definition::{
    Class, Definition, Event, Group, REFUNDS, Repeats, SHOP_ORDER, Target, Unusual, WRITES,
};
use super::field::{Field, FieldKind, HowMuch, LINES, REASON, REFUND_ID, SOME_LINES};
use super::given::{Asked, Given};
use super::list::{Operation, OperationKind};
use crate::ActorKind::{Buyer, Gateway, Seller, Store, Till, Timer};
use crate::tree::FreightAsked;
use crate::words::AnomalyKind;
use crate::{LogEntry, Site};

/// What a refund is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefundAsked {
    /// Lines and quantities; all that is left if left out, none where money alone goes back.
    pub lines: Option<Vec<Asked>>,
    /// How much of the freight goes back too.
    pub freight: FreightAsked,
    /// Money for no goods, in minor units; with `lines` named and empty.
    pub goodwill: i64,
    /// Whether shipped goods come back before money flows.
    pub goods_back: bool,
    /// In the asker's words.
    pub reason: Option<String>,
}

const OF_REFUNDS: &[Group] = &[Group::Refunds];

const GIVEN_BACK: Field = Field::optional(
    "lines",
    FieldKind::Lines(HowMuch::OrNone),
    "Which lines, and how much of each; all that is left where left out, and none (`[]`) where money alone \
     goes back",
    SOME_LINES,
);
const FREIGHT: Field = Field::optional(
    "freight",
    FieldKind::Freight,
    "Whether freight goes back too, or how much of it; alone with `lines: []`, before or after the goods",
    "false",
);
const GOODWILL: Field = Field::optional(
    "goodwill",
    FieldKind::Amount,
    "Money for no goods, in minor units, with `lines: []`; with all other refunds no more than was paid",
    "0",
);
const GOODS_BACK: Field = Field::optional(
    "goods_back",
    FieldKind::YesNo,
    "Whether shipped goods must come back before money flows",
    "false",
);
const AGREED: Field =
    Field::required("refund_id", FieldKind::Id, REFUND_ID.meaning, REFUND_ID.example);
const PAYMENT_ID: Field = Field::optional(
    "payment_id",
    FieldKind::Id,
    "Which part of it; every open part where left out",
    r#""4311810307""#,
);
const REFERENCE: Field = Field::optional(
    "reference",
    FieldKind::Identifier,
    "The payer's or gateway's number: the same again changes nothing",
    r#""r-1""#,
);
const RESTOCK: Field =
    Field::optional("restock", FieldKind::YesNo, "Whether they go back into stock", "true");
const WEIGHED: Field =
    Field::required("lines", FieldKind::Lines(HowMuch::Said), LINES.meaning, SOME_LINES);

/// What a refund is asked for.
fn asked(given: &mut Given) -> RefundAsked {
    RefundAsked {
        lines: given.lines(&GIVEN_BACK),
        freight: given.freight(&FREIGHT).unwrap_or_default(),
        goodwill: given.amount(&GOODWILL).unwrap_or_default(),
        goods_back: given.yes_no(&GOODS_BACK).unwrap_or_default(),
        reason: given.text(&REASON),
    }
}

pub(super) static REQUEST_REFUND: Definition = Definition {
    kind: OperationKind::RequestRefund,
    target: SHOP_ORDER,
    who: &[Buyer],
    scopes: WRITES,
    class: Class::Right,
    groups: OF_REFUNDS,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[GIVEN_BACK, FREIGHT, GOODWILL, GOODS_BACK, REASON],
    at_least_one: None,
    read: |given| Some(Operation::RequestRefund(asked(given))),
    event: Event::Is("order.refund_requested"),
    sentence: (
        "Asked for a refund[ of {amount}][ for {lines}][, {of_freight} of it freight][, with tax of {tax}][, {goodwill} of it goodwill][, cut by {cut} to what was paid][: {reason}]",
        "申请退款[ {amount}][（{lines}）][，其中运费 {of_freight}][，含税 {tax}][，补偿 {goodwill}][，因不超过实付已减 {cut}][，原因：{reason}]",
    ),
    unusual: None,
};

pub(super) static AGREE_REFUND: Definition = Definition {
    kind: OperationKind::AgreeRefund,
    target: Target::Refund(|operation| {
        let Operation::AgreeRefund { refund_id } = operation else { return None };
        *refund_id
    }),
    who: &[Seller, Store, Timer],
    scopes: WRITES,
    class: Class::Right,
    groups: OF_REFUNDS,
    timer_site: Some(Site::Sellers),
    repeats: Repeats::Always,
    fields: &[REFUND_ID],
    at_least_one: None,
    read: |given| Some(Operation::AgreeRefund { refund_id: given.id(&REFUND_ID) }),
    event: Event::Is("order.refund_agreed"),
    sentence: (
        "Agreed to the refund[: {amount}][ for {lines}][, {of_freight} of it freight][, with tax of {tax}][, {goodwill} of it goodwill][, cut by {cut} to what was paid][, with coins worth {coins}]",
        "同意退款[ {amount}][（{lines}）][，其中运费 {of_freight}][，含税 {tax}][，补偿 {goodwill}][，因不超过实付已减 {cut}][，另退金币 {coins}]",
    ),
    unusual: None,
};

pub(super) static REJECT_REFUND: Definition = Definition {
    kind: OperationKind::RejectRefund,
    target: Target::Refund(|operation| {
        let Operation::RejectRefund { refund_id, .. } = operation else { return None };
        *refund_id
    }),
    who: &[Seller, Store, Timer],
    scopes: WRITES,
    class: Class::Right,
    groups: OF_REFUNDS,
    timer_site: Some(Site::Sellers),
    repeats: Repeats::Always,
    fields: &[REFUND_ID, REASON],
    at_least_one: None,
    read: |given| {
        let (refund_id, reason) = (given.id(&REFUND_ID), given.text(&REASON));
        Some(Operation::RejectRefund { refund_id, reason })
    },
    event: Event::Is("order.refund_rejected"),
    sentence: ("Rejected the refund[: {reason}]", "拒绝退款[，原因：{reason}]"),
    unusual: None,
};

pub(super) static WITHDRAW_REFUND: Definition = Definition {
    kind: OperationKind::WithdrawRefund,
    target: Target::Refund(|operation| {
        let Operation::WithdrawRefund { refund_id } = operation else { return None };
        *refund_id
    }),
    who: &[Buyer],
    scopes: WRITES,
    class: Class::Right,
    groups: OF_REFUNDS,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[REFUND_ID],
    at_least_one: None,
    read: |given| Some(Operation::WithdrawRefund { refund_id: given.id(&REFUND_ID) }),
    event: Event::Is("order.refund_withdrawn"),
    sentence: ("Request for a refund taken back", "撤回退款申请"),
    unusual: None,
};

pub(super) static REFUND_BY_STORE: Definition = Definition {
    kind: OperationKind::RefundByStore,
    target: SHOP_ORDER,
    who: &[Store, Seller],
    scopes: WRITES,
    class: Class::Right,
    groups: OF_REFUNDS,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[GIVEN_BACK, FREIGHT, GOODWILL, GOODS_BACK, REASON],
    at_least_one: None,
    read: |given| Some(Operation::RefundByStore(asked(given))),
    event: Event::Is("order.refund_agreed"),
    sentence: (
        "The store gives money back[: {amount}][ for {lines}][, {of_freight} of it freight][, with tax of {tax}][, {goodwill} of it goodwill][, cut by {cut} to what was paid][, with coins worth {coins}][: {reason}]",
        "门店主动退款[ {amount}][（{lines}）][，其中运费 {of_freight}][，含税 {tax}][，补偿 {goodwill}][，因不超过实付已减 {cut}][，另退金币 {coins}][，原因：{reason}]",
    ),
    unusual: None,
};

pub(super) static REFUND_SUCCEEDED: Definition = Definition {
    kind: OperationKind::RefundSucceeded,
    target: Target::RefundOrDue(|operation| {
        let Operation::RefundSucceeded { refund_id, .. } = operation else { return None };
        Some(*refund_id)
    }),
    who: &[Gateway, Till],
    scopes: REFUNDS,
    class: Class::Fact,
    groups: &[Group::Refunds, Group::Money],
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[AGREED, PAYMENT_ID, REFERENCE, REASON],
    at_least_one: None,
    read: |given| {
        // Told alike by gateways that send one shape for both outcomes; a success has no use for it.
        let _ = given.text(&REASON);
        Some(Operation::RefundSucceeded {
            refund_id: given.id(&AGREED)?,
            payment_id: given.id(&PAYMENT_ID),
            reference: given.text(&REFERENCE),
        })
    },
    event: Event::OneOf(&["order.refunded", "order.refunded_twice"], |entry, _| {
        Some(if went_twice(entry) { "order.refunded_twice" } else { "order.refunded" })
    }),
    sentence: (
        "Money went back[: {amount}][ by {tender}][ (reference {reference})]",
        "退款到账[ {amount}][（{tender}，流水号 {reference}）|（{tender}）|（流水号 {reference}）]",
    ),
    unusual: Some(Unusual {
        holds: went_twice,
        sentence: (
            "Money went back[: {amount}][ by {tender}][ (reference {reference})], although it had gone back already[: {excess} more than was owed]",
            "退款到账[ {amount}][（{tender}，流水号 {reference}）|（{tender}）|（流水号 {reference}）]，但此前已退过[，共多退 {excess}]",
        ),
    }),
};

/// Whether money went back although it had gone already.
fn went_twice(entry: &LogEntry) -> bool {
    entry.notes(AnomalyKind::RefundedTwice)
}

pub(super) static REFUND_FAILED: Definition = Definition {
    kind: OperationKind::RefundFailed,
    target: Target::RefundOrDue(|operation| {
        let Operation::RefundFailed { refund_id, .. } = operation else { return None };
        Some(*refund_id)
    }),
    who: &[Gateway, Till],
    scopes: REFUNDS,
    class: Class::Fact,
    groups: &[Group::Refunds, Group::Money],
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[AGREED, PAYMENT_ID, REFERENCE, REASON],
    at_least_one: None,
    read: |given| {
        Some(Operation::RefundFailed {
            refund_id: given.id(&AGREED)?,
            payment_id: given.id(&PAYMENT_ID),
            reference: given.text(&REFERENCE),
            reason: given.text(&REASON),
        })
    },
    event: Event::OneOf(&["order.refund_failed", "order.refund_bounced"], |entry, _| {
        Some(if bounced(entry) { "order.refund_bounced" } else { "order.refund_failed" })
    }),
    sentence: (
        "Money did not go back[: {amount}][ by {tender}][ (reference {reference})][: {reason}]",
        "退款失败[ {amount}][（{tender}，流水号 {reference}）|（{tender}）|（流水号 {reference}）][，原因：{reason}]",
    ),
    unusual: Some(Unusual {
        holds: bounced,
        sentence: (
            "Money that had gone back came back[: {amount}][ by {tender}][ (reference {reference})][: {reason}]; it is still to be refunded",
            "退款被退回[ {amount}][（{tender}，流水号 {reference}）|（{tender}）|（流水号 {reference}）][，原因：{reason}]；仍需退款",
        ),
    }),
};

/// Whether money that had gone back to the buyer came back.
fn bounced(entry: &LogEntry) -> bool {
    entry.notes(AnomalyKind::RefundBounced)
}

pub(super) static RECEIVE_RETURN: Definition = Definition {
    kind: OperationKind::ReceiveReturn,
    target: Target::Refund(|operation| {
        let Operation::ReceiveReturn { refund_id, .. } = operation else { return None };
        Some(*refund_id)
    }),
    who: &[Store, Seller],
    scopes: WRITES,
    class: Class::Fact,
    groups: OF_REFUNDS,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[AGREED, LINES, RESTOCK],
    at_least_one: None,
    read: |given| {
        Some(Operation::ReceiveReturn {
            refund_id: given.id(&AGREED)?,
            lines: given.lines(&LINES),
            restock: given.yes_no(&RESTOCK).unwrap_or_default(),
        })
    },
    event: Event::Is("order.return_received"),
    sentence: (
        "Goods came back[: {lines}][{restock}, into stock again]",
        "收到退货[：{lines}][{restock}，已重新入库]",
    ),
    unusual: None,
};

pub(super) static WEIGH: Definition = Definition {
    kind: OperationKind::Weigh,
    target: SHOP_ORDER,
    who: &[Store],
    scopes: WRITES,
    class: Class::Fact,
    groups: &[Group::Logistics, Group::Refunds],
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[WEIGHED],
    at_least_one: None,
    read: |given| Some(Operation::Weigh { lines: given.lines(&WEIGHED)? }),
    event: Event::Is("order.weighed"),
    sentence: (
        "Weighed[: {lines}][, {weight} in all][; {amount} goes back]",
        "已称重[：{lines}][，共重 {weight}][；将退回 {amount}]",
    ),
    unusual: None,
};
