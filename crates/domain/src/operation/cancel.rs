//! Cancelling an order that is paid and has not left: asked for, agreed to, refused, taken back. Decided in
//! `decide::refund` (the asking) and `decide::answer`.

use super::definition::{Class, Definition, Event, Group, Repeats, SHOP_ORDER, Target, WRITES};
use super::field::{REASON, REFUND_ID};
use super::list::{Operation, OperationKind};
use crate::ActorKind::{Buyer, Seller, Timer};
use crate::Site;

const REFUNDS: &[Group] = &[Group::Refunds];

pub(super) static REQUEST_CANCEL: Definition = Definition {
    kind: OperationKind::RequestCancel,
    target: SHOP_ORDER,
    who: &[Buyer, Seller],
    scopes: WRITES,
    class: Class::Right,
    groups: REFUNDS,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[REASON],
    at_least_one: None,
    read: |given| Some(Operation::RequestCancel { reason: given.text(&REASON) }),
    event: Event::Is("order.cancel_requested"),
    sentence: (
        "Asked to cancel[ {lines}][ ({amount})][: {reason}]",
        "申请取消[ {lines}][（{amount}）][，原因：{reason}]",
    ),
    unusual: None,
};

pub(super) static AGREE_CANCEL: Definition = Definition {
    kind: OperationKind::AgreeCancel,
    target: Target::Refund(|operation| {
        let Operation::AgreeCancel { refund_id } = operation else { return None };
        *refund_id
    }),
    who: &[Buyer, Seller, Timer],
    scopes: WRITES,
    class: Class::Right,
    groups: REFUNDS,
    timer_site: Some(Site::Sellers),
    repeats: Repeats::Always,
    fields: &[REFUND_ID],
    at_least_one: None,
    read: |given| Some(Operation::AgreeCancel { refund_id: given.id(&REFUND_ID) }),
    event: Event::Is("order.cancel_agreed"),
    sentence: (
        "Agreed to cancel[ {lines}][; {amount} goes back][, with tax of {tax}][, with coins worth {coins}]",
        "同意取消[ {lines}][；将退回 {amount}][，含税 {tax}][，另退金币 {coins}]",
    ),
    unusual: None,
};

pub(super) static REFUSE_CANCEL: Definition = Definition {
    kind: OperationKind::RefuseCancel,
    target: Target::Refund(|operation| {
        let Operation::RefuseCancel { refund_id, .. } = operation else { return None };
        *refund_id
    }),
    who: &[Buyer, Seller, Timer],
    scopes: WRITES,
    class: Class::Right,
    groups: REFUNDS,
    timer_site: Some(Site::Buyers),
    repeats: Repeats::Always,
    fields: &[REFUND_ID, REASON],
    at_least_one: None,
    read: |given| {
        let (refund_id, reason) = (given.id(&REFUND_ID), given.text(&REASON));
        Some(Operation::RefuseCancel { refund_id, reason })
    },
    event: Event::Is("order.cancel_refused"),
    sentence: ("Refused to cancel[: {reason}]", "拒绝取消[，原因：{reason}]"),
    unusual: None,
};

pub(super) static WITHDRAW_CANCEL: Definition = Definition {
    kind: OperationKind::WithdrawCancel,
    target: Target::Refund(|operation| {
        let Operation::WithdrawCancel { refund_id } = operation else { return None };
        *refund_id
    }),
    who: &[Buyer, Seller],
    scopes: WRITES,
    class: Class::Right,
    groups: REFUNDS,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[REFUND_ID],
    at_least_one: None,
    read: |given| Some(Operation::WithdrawCancel { refund_id: given.id(&REFUND_ID) }),
    event: Event::Is("order.cancel_withdrawn"),
    sentence: ("Request to cancel taken back", "撤回取消申请"),
    unusual: None,
};
