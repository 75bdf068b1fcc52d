//! Words and labels, and whether the buyer still sees the order. Decided in `decide::text`.

use super::definition::{
    AtLeastOne, Class, Definition, Event, Group, ITEM_ORDER, PAYMENT_ORDER, Repeats, Target, WRITES,
};
use super::field::{Field, FieldKind};
use super::list::{Operation, OperationKind};
use crate::ActorKind::{self, Buyer, Courier, Gateway, Seller, Store, System, Till};

/// Everybody but a timer.
const EVERYBODY: &[ActorKind] = &[Buyer, Seller, Store, Till, Courier, Gateway, System];

const SCORE: Field = Field::required("score", FieldKind::Whole(1, 5), "1 to 5", "5");
const TEXT: Field = Field::optional("text", FieldKind::Words, "Words", r#""leave it at the door""#);
const REMARK: Field = Field::optional("text", FieldKind::Remark, TEXT.meaning, TEXT.example);
const ADD: Field = Field::optional("add", FieldKind::Labels, "Labels", r#"["gift"]"#);
const REMOVE: Field = Field::optional("remove", FieldKind::Labels, "Labels", r#"["gift"]"#);

pub(super) static RATE: Definition = Definition {
    kind: OperationKind::Rate,
    target: ITEM_ORDER,
    who: &[Buyer],
    scopes: WRITES,
    class: Class::Own,
    groups: &[Group::Ratings],
    timer_site: None,
    repeats: Repeats::Always,
    fields: &[SCORE, TEXT],
    at_least_one: None,
    read: |given| {
        let score = u8::try_from(given.whole(&SCORE)?).ok()?;
        Some(Operation::Rate { score, text: given.text(&TEXT) })
    },
    event: Event::Is("order.rated"),
    sentence: ("Rated[ {score} of 5]", "已评价[ {score} 星]"),
    unusual: None,
};

pub(super) static NOTE: Definition = Definition {
    kind: OperationKind::Note,
    target: Target::Any,
    who: EVERYBODY,
    scopes: WRITES,
    class: Class::Text,
    // That a use of a coupon was given back stands in the coupon.
    groups: &[Group::Notes, Group::Terms],
    timer_site: None,
    repeats: Repeats::WithinLimit,
    fields: &[REMARK],
    at_least_one: None,
    read: |_| Some(Operation::Note),
    event: Event::Is("order.noted"),
    sentence: ("Left a remark", "添加备注"),
    unusual: None,
};

pub(super) static TAG: Definition = Definition {
    kind: OperationKind::Tag,
    target: Target::Any,
    who: EVERYBODY,
    scopes: WRITES,
    class: Class::Text,
    groups: &[Group::Labels],
    timer_site: None,
    repeats: Repeats::WithinLimit,
    fields: &[ADD, REMOVE],
    at_least_one: Some(AtLeastOne {
        fields: &["add", "remove"],
        message: "needs `add` or `remove`",
    }),
    read: |given| {
        let add = given.labels(&ADD).unwrap_or_default();
        let remove = given.labels(&REMOVE).unwrap_or_default();
        Some(Operation::Tag { add, remove })
    },
    event: Event::Is("order.tagged"),
    sentence: (
        "Labels changed[; added: {add}][; taken off: {remove}]",
        "修改标签[；添加：{add}][；移除：{remove}]",
    ),
    unusual: None,
};

pub(super) static HIDE: Definition = Definition {
    kind: OperationKind::Hide,
    target: PAYMENT_ORDER,
    who: &[Buyer],
    scopes: WRITES,
    class: Class::Own,
    groups: &[Group::Visibility],
    timer_site: None,
    repeats: Repeats::WithinLimit,
    fields: &[],
    at_least_one: None,
    read: |_| Some(Operation::Hide),
    event: Event::Is("order.visibility_changed"),
    sentence: ("Hidden by the buyer", "买家已隐藏订单"),
    unusual: None,
};

pub(super) static DELETE: Definition = Definition {
    kind: OperationKind::Delete,
    target: PAYMENT_ORDER,
    who: &[Buyer],
    scopes: WRITES,
    class: Class::Own,
    groups: &[Group::Visibility],
    timer_site: None,
    repeats: Repeats::WithinLimit,
    fields: &[],
    at_least_one: None,
    read: |_| Some(Operation::Delete),
    event: Event::Is("order.visibility_changed"),
    sentence: ("Deleted by the buyer for good", "买家已永久删除订单"),
    unusual: None,
};

pub(super) static RESTORE: Definition = Definition {
    kind: OperationKind::Restore,
    target: PAYMENT_ORDER,
    who: &[Buyer],
    scopes: WRITES,
    class: Class::Own,
    groups: &[Group::Visibility],
    timer_site: None,
    repeats: Repeats::WithinLimit,
    fields: &[],
    at_least_one: None,
    read: |_| Some(Operation::Restore),
    event: Event::Is("order.visibility_changed"),
    sentence: ("Shown to the buyer again", "订单已恢复显示"),
    unusual: None,
};
