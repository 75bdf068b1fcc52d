//! Customers' data that cannot be opened: the order is whole, and nobody can be reached.

use super::{Class, Finds, Looked, Repair, Seen};
use crate::installation::explain_closed;
use docket_store::SealedFor;

pub(crate) static SEALED_AWAY: Class = Class {
    word: "sealed_away",
    sentence: [
        "The people of order {order} cannot be read: {stands}. Bring the key file back that sealed them \
         (`docket privacy adopt FILE` takes its keys in), or restore their row from a backup.",
        "订单 {order} 的个人信息无法读取：{stands}。请找回当时的密钥文件（docket privacy adopt FILE 可纳入其中的密钥），\
         或从备份恢复该行。",
    ],
    finds: Finds::InOrder(closed),
    repair: Repair::ByHand,
};

fn closed(looked: &Looked<'_>) -> Option<Seen> {
    let sealed = looked.audit.customer.as_ref()?;
    let closed = looked.vault.closed(SealedFor::Customer(looked.audit.id), sealed)?;
    let [stands, _] = explain_closed(&closed);
    Some(Seen::new(looked.audit.id, stands, "people that can be read"))
}
