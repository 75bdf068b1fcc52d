//! Goods on their way to the buyer, and what follows when they are there: shipped, received, settled. Decided in
//! `decide::fulfilment`.

use super::definition::{Class, Definition, Event, Group, Repeats, SHOP_ORDER, WRITES};
use super::field::{Field, FieldKind, LINES};
use super::list::{Operation, OperationKind};
use crate::ActorKind::{Buyer, Seller, Store, Timer};
use crate::Site;

const CARRIER: Field =
    Field::optional("carrier", FieldKind::Title, "The carrier's name or code", r#""SF""#);
const TRACKING: Field =
    Field::optional("tracking", FieldKind::Identifier, "The carrier's number", r#""SF100""#);
const DAYS: Field =
    Field::required("days", FieldKind::Whole(1, 30), "By how many days, 1 to 30", "5");

pub(super) static SHIP: Definition = Definition {
    kind: OperationKind::Ship,
    target: SHOP_ORDER,
    who: &[Seller, Store],
    scopes: WRITES,
    class: Class::Fact,
    // What leaves is not given back by refunds that were asked for before it left.
    groups: &[Group::Logistics, Group::Refunds],
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[LINES, CARRIER, TRACKING],
    at_least_one: None,
    read: |given| {
        Some(Operation::Ship {
            lines: given.lines(&LINES),
            carrier: given.text(&CARRIER),
            tracking: given.text(&TRACKING),
        })
    },
    event: Event::Is("order.shipped"),
    sentence: (
        "Shipped[ {lines}][ with {carrier}][ (tracking {tracking})]",
        "已发货[：{lines}][，承运商 {carrier}][，运单号 {tracking}]",
    ),
    unusual: None,
};

pub(super) static RECEIVE: Definition = Definition {
    kind: OperationKind::Receive,
    target: SHOP_ORDER,
    who: &[Buyer, Timer],
    scopes: WRITES,
    class: Class::Fact,
    groups: &[Group::Logistics],
    timer_site: Some(Site::Buyers),
    repeats: Repeats::Always,
    fields: &[],
    at_least_one: None,
    read: |_| Some(Operation::Receive),
    event: Event::Is("order.received"),
    sentence: ("Received[: {lines}]", "已收货[：{lines}]"),
    unusual: None,
};

pub(super) static EXTEND_RECEIPT: Definition = Definition {
    kind: OperationKind::ExtendReceipt,
    target: SHOP_ORDER,
    who: &[Seller, Buyer],
    scopes: WRITES,
    class: Class::Right,
    groups: &[Group::Logistics],
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[DAYS],
    at_least_one: None,
    read: |given| {
        let days = u32::try_from(given.whole(&DAYS)?).ok()?;
        Some(Operation::ExtendReceipt { days })
    },
    event: Event::Is("order.receipt_extended"),
    sentence: ("More time to confirm receipt[: {days}]", "延长收货时间[ {days}]"),
    unusual: None,
};

pub(super) static SETTLE: Definition = Definition {
    kind: OperationKind::Settle,
    target: SHOP_ORDER,
    who: &[Timer],
    scopes: WRITES,
    class: Class::Timer,
    groups: &[Group::Settlement],
    timer_site: Some(Site::Sellers),
    repeats: Repeats::Always,
    fields: &[],
    at_least_one: None,
    read: |_| Some(Operation::Settle),
    event: Event::Is("order.settled"),
    sentence: ("Settled", "已结算"),
    unusual: None,
};
