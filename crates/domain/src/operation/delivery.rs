//! How a store hands a meal over: taken or not, prepared, carried. Decided in `decide::delivery`.

use super::definition::{Class, Definition, Event, Group, Repeats, SHOP_ORDER, WRITES};
use super::field::{Field, FieldKind, REASON};
use super::list::{Operation, OperationKind};
use crate::ActorKind::{Courier, Store, Timer};
use crate::Site;

const LOGISTICS: &[Group] = &[Group::Logistics];

const COURIER: Field = Field::optional("courier", FieldKind::Title, "Who carries it", r#""Bo""#);

pub(super) static ACCEPT: Definition = Definition {
    kind: OperationKind::Accept,
    target: SHOP_ORDER,
    who: &[Store],
    scopes: WRITES,
    class: Class::Progress,
    groups: LOGISTICS,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[],
    at_least_one: None,
    read: |_| Some(Operation::Accept),
    event: Event::Is("order.accepted"),
    sentence: ("The store took the order", "门店已接单"),
    unusual: None,
};

pub(super) static REJECT: Definition = Definition {
    kind: OperationKind::Reject,
    target: SHOP_ORDER,
    who: &[Store, Timer],
    scopes: WRITES,
    class: Class::Right,
    groups: &[Group::Logistics, Group::Refunds],
    timer_site: Some(Site::Sellers),
    repeats: Repeats::Always,
    fields: &[REASON],
    at_least_one: None,
    read: |given| Some(Operation::Reject { reason: given.text(&REASON) }),
    event: Event::Is("order.rejected"),
    sentence: (
        "The store did not take the order[: {reason}][; {amount} goes back]",
        "门店未接单[，原因：{reason}][；将退回 {amount}]",
    ),
    unusual: None,
};

pub(super) static START_PREPARING: Definition = Definition {
    kind: OperationKind::StartPreparing,
    target: SHOP_ORDER,
    who: &[Store, Courier],
    scopes: WRITES,
    class: Class::Progress,
    groups: LOGISTICS,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[],
    at_least_one: None,
    read: |_| Some(Operation::StartPreparing),
    event: Event::Is("order.preparing"),
    sentence: ("Preparation began", "开始备餐"),
    unusual: None,
};

pub(super) static PREPARE: Definition = Definition {
    kind: OperationKind::Prepare,
    target: SHOP_ORDER,
    who: &[Store, Courier],
    scopes: WRITES,
    class: Class::Progress,
    groups: LOGISTICS,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[],
    at_least_one: None,
    read: |_| Some(Operation::Prepare),
    event: Event::Is("order.prepared"),
    sentence: ("Ready", "备餐完成"),
    unusual: None,
};

pub(super) static CALL_COURIER: Definition = Definition {
    kind: OperationKind::CallCourier,
    target: SHOP_ORDER,
    who: &[Store, Courier],
    scopes: WRITES,
    class: Class::Progress,
    groups: LOGISTICS,
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[COURIER],
    at_least_one: None,
    read: |given| Some(Operation::CallCourier { courier: given.text(&COURIER) }),
    event: Event::Is("order.courier_called"),
    sentence: ("A courier was called[: {courier}]", "已呼叫骑手[：{courier}]"),
    unusual: None,
};

pub(super) static PICK_UP: Definition = Definition {
    kind: OperationKind::PickUp,
    target: SHOP_ORDER,
    who: &[Store, Courier],
    scopes: WRITES,
    class: Class::Fact,
    // What leaves is not given back by refunds that were asked for before it left.
    groups: &[Group::Logistics, Group::Refunds],
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[COURIER],
    at_least_one: None,
    read: |given| Some(Operation::PickUp { courier: given.text(&COURIER) }),
    event: Event::Is("order.picked_up"),
    sentence: ("Picked up[ by {courier}]", "已取货[（{courier}）]"),
    unusual: None,
};

pub(super) static DELIVER: Definition = Definition {
    kind: OperationKind::Deliver,
    target: SHOP_ORDER,
    who: &[Store, Courier],
    scopes: WRITES,
    class: Class::Fact,
    groups: &[Group::Logistics, Group::Refunds],
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[COURIER],
    at_least_one: None,
    read: |given| Some(Operation::Deliver { courier: given.text(&COURIER) }),
    event: Event::Is("order.delivered"),
    sentence: ("Delivered[ by {courier}]", "已送达[（{courier}）]"),
    unusual: None,
};
