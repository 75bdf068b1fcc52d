//! An order beside itself: whether it can be read, adds up, and is stored as it says.

use super::{Class, Finds, Looked, Repair, Seen};
use docket_domain::price;
use docket_store::Stale;

/// Columns named in one finding.
const NAMED: usize = 6;

pub(crate) static UNREADABLE: Class = Class {
    word: "unreadable",
    sentence: [
        "Order {order} cannot be read: {stands}. Restore its rows from a backup.",
        "订单 {order} 无法读取：{stands}。请从备份恢复其数据行。",
    ],
    finds: Finds::InOrder(unreadable),
    repair: Repair::ByHand,
};

pub(crate) static STATUS_STALE: Class = Class {
    word: "status_stale",
    sentence: [
        "Order {order} is stored with {stands}, but its facts say {should}; lists and searches show it wrongly.",
        "订单 {order} 存储为 {stands}，但按其事实应为 {should}；列表和搜索结果因此有误。",
    ],
    finds: Finds::InOrder(stale),
    repair: Repair::Fill,
};

pub(crate) static SUMS_DIFFER: Class = Class {
    word: "sums_differ",
    sentence: [
        "The {subject} of order {order} is {stands}, but its parts come to {should}.",
        "订单 {order} 的 {subject} 为 {stands}，但各部分之和为 {should}。",
    ],
    finds: Finds::InOrder(sums),
    repair: Repair::ByHand,
};

fn unreadable(looked: &Looked<'_>) -> Option<Seen> {
    let why = looked.audit.tree.as_ref().err()?;
    Some(Seen::new(looked.audit.id, why, "a tree"))
}

fn stale(looked: &Looked<'_>) -> Option<Seen> {
    let stale = &looked.audit.stale;
    let first = stale.first()?;
    let side = |of: fn(&Stale) -> Option<&String>| {
        let said = stale.iter().take(NAMED).map(|stale| {
            let value = of(stale).map_or("nothing", String::as_str);
            format!("{} {value}", stale.column)
        });
        said.collect::<Vec<_>>().join(", ")
    };
    let missing = stale.iter().any(Stale::is_missing);
    let stands = side(|stale| stale.stands.as_ref());
    let stands = if missing { format!("{stands} (a status is missing)") } else { stands };
    Some(Seen::new(first.node, stands, side(|stale| stale.should.as_ref())))
}

fn sums(looked: &Looked<'_>) -> Option<Seen> {
    let broken = price::check(looked.tree()?).err()?;
    let side = |amount: Option<i64>| amount.map_or_else(|| "≥ 0".to_owned(), |a| a.to_string());
    let subject = format!("{} of {}", broken.component, broken.order);
    Some(Seen::new(subject, side(broken.whole), side(broken.parts)))
}
