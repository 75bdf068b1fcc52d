//! An order beside its deadlines: none is lost, and none passed long ago with nothing done.

use super::{Class, Finds, Looked, Repair, Seen, shown};
use docket_domain::{decide, time};

/// The timers look every second; what is due for so long was not done by them.
const OVERDUE: time::Millis = 15 * time::MINUTE;

pub(crate) static MISSING: Class = Class {
    word: "deadline_missing",
    sentence: [
        "Order {order} has no {subject} though its state needs one; it would wait for ever.",
        "订单 {order} 缺少当前状态所需的期限（{subject}），将一直等待下去。",
    ],
    finds: Finds::InOrder(missing),
    repair: Repair::SetDeadlines,
};

pub(crate) static PASSED: Class = Class {
    word: "deadline_passed",
    sentence: [
        "A deadline of order {order} passed at {stands} and nothing was done.",
        "订单 {order} 的期限已于 {stands} 到期，但未作处理。",
    ],
    finds: Finds::InOrder(passed),
    repair: Repair::Timer,
};

fn missing(looked: &Looked<'_>) -> Option<Seen> {
    let lost = decide::lost_deadlines(looked.decided_here()?, looked.seat);
    let kinds: Vec<_> = lost.iter().map(|(_, kind)| kind.word()).collect();
    (!lost.is_empty()).then(|| Seen::new(kinds.join(", "), "none", lost.len()))
}

fn passed(looked: &Looked<'_>) -> Option<Seen> {
    let tree = looked.decided_here()?;
    let due = tree.due_at().filter(|due| looked.now.since(*due) > OVERDUE)?;
    Some(Seen::new("deadline", shown(due), "done"))
}
