//! How an order begins: placed here ([`crate::decide::place`]), or recorded ([`crate::record`]). Nobody asks for these
//! as operations of an order that there is.

use super::definition::{Class, Definition, Event, Group, PAYMENT_ORDER, Repeats, WRITES};
use super::list::OperationKind;
use crate::ActorKind::{Buyer, System, Till};
use crate::tree::Home;
use crate::{LogEntry, Tree};

pub(super) static PLACE: Definition = Definition {
    kind: OperationKind::Place,
    target: PAYMENT_ORDER,
    who: &[Buyer, Till],
    scopes: WRITES,
    class: Class::Fact,
    groups: &[Group::Origin, Group::Terms, Group::Address],
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[],
    at_least_one: None,
    read: |_| None,
    event: Event::Is("order.placed"),
    sentence: (
        "Placed[: {lines}][; {payable} to pay|; {amount} to pay][, with tax of {tax}]",
        "下单[：{lines}][，应付 {payable}|，应付 {amount}][，含税 {tax}]",
    ),
    unusual: None,
};

pub(super) static RECORD: Definition = Definition {
    kind: OperationKind::Record,
    target: PAYMENT_ORDER,
    who: &[System],
    scopes: WRITES,
    class: Class::Fact,
    groups: &[],
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[],
    at_least_one: None,
    read: |_| None,
    event: Event::OneOf(&["order.recorded", "order.updated"], recorded),
    sentence: (
        "Recorded[ from {channel}][ as order {external_id} there][; {payable} to pay][; noticed: {anomalies}]",
        "已记录[来自 {channel} 的][订单 {external_id}|订单][，应付 {payable}][；发现：{anomalies}]",
    ),
    unusual: None,
};

/// What its home reports of an order in a channel is told; what was taken over from elsewhere did not happen here.
fn recorded(entry: &LogEntry, after: &Tree) -> Option<&'static str> {
    match (&after.payment.home, entry.from_status) {
        (Home::Channel(_), None) => Some("order.recorded"),
        (Home::Channel(_), Some(_)) => Some("order.updated"),
        (Home::Center | Home::Branch(_) | Home::Sites, _) => None,
    }
}
