//! An order beside its history: a log without gaps that leads back to the placement, and what was agreed.

use super::{Class, Finds, Looked, Repair, Seen};
use crate::access;
use docket_domain::{OperationKind, Tree, change};
use docket_store::Snapshot;

pub(crate) static LOG_GAP: Class = Class {
    word: "log_gap",
    sentence: [
        "The log of order {order} does not lead back to its beginning: {stands}, expected {should}. Somebody wrote past \
         the center.",
        "订单 {order} 的日志无法追溯到起点：{stands}，应为 {should}。有人绕过订单中心写入了数据。",
    ],
    finds: Finds::InOrder(gap),
    repair: Repair::ByHand,
};

pub(crate) static SNAPSHOT_MISSING: Class = Class {
    word: "snapshot_missing",
    sentence: [
        "Of order {order} the agreed tree of {subject} is not kept: there are {stands} of {should}.",
        "订单 {order} 缺少 {subject} 的协议快照：现有 {stands} 份，应有 {should} 份。",
    ],
    finds: Finds::InOrder(missing),
    repair: Repair::ByHand,
};

pub(crate) static SNAPSHOT_DIFFERS: Class = Class {
    word: "snapshot_differs",
    sentence: [
        "The agreed tree of {subject} of order {order} is not what was agreed: its checksum is {stands}, and {should} \
         was kept.",
        "订单 {order} 的协议快照（{subject}）与约定不符：校验和为 {stands}，留存的是 {should}。",
    ],
    finds: Finds::InOrder(differs),
    repair: Repair::ByHand,
};

fn gap(looked: &Looked<'_>) -> Option<Seen> {
    let tree = looked.tree()?;
    if looked.audit.archived {
        // What is in the archive was whole when it left; `docket archive verify` looks after it there.
        return None;
    }
    let log = match &looked.audit.log {
        Ok(log) => log,
        Err(why) => return Some(Seen::new("log", why, "rows that can be read")),
    };
    let version = tree.payment.version;
    let mut versions: Vec<u32> = log.iter().filter_map(|entry| entry.version).collect();
    versions.sort_unstable();
    if versions.last() != Some(&version) {
        let last = versions.last().copied().unwrap_or(0);
        return Some(Seen::new("log", format!("the last row is {last}"), format!("row {version}")));
    }
    for (row, expected) in versions.into_iter().rev().zip((1..=version).rev()) {
        if row != expected {
            let found = format!("row {} follows row {row}", expected + 1);
            return Some(Seen::new("log", found, format!("row {expected}")));
        }
    }
    undone(tree, looked)
}

/// Undoes the whole log.
fn undone(tree: &Tree, looked: &Looked<'_>) -> Option<Seen> {
    let mut tree = tree.clone();
    let mut log = looked.log()?;
    log.sort_unstable_by_key(|entry| entry.version);
    for entry in log.into_iter().rev() {
        let seq = entry.version.unwrap_or_default();
        match change::undo(&tree, entry) {
            Ok(Some(before)) if seq > 1 => tree = before,
            Ok(None) if seq == 1 => return None,
            Ok(_) => {
                let found = format!("row {seq} places the order, or the first row does not");
                return Some(Seen::new("log", found, "a placement at row 1"));
            }
            Err(broken) => return Some(Seen::new("log", broken.what, format!("row {seq}"))),
        }
    }
    let first = tree.payment.version;
    Some(Seen::new("log", format!("it begins behind row {first}"), "row 1"))
}

fn missing(looked: &Looked<'_>) -> Option<Seen> {
    if looked.audit.archived {
        return None;
    }
    let now = looked.tree()?.payment.terms_version;
    // Of an order that came from elsewhere what was agreed before is kept there.
    let recorded = looked.log()?.iter().any(|entry| entry.kind == OperationKind::Record);
    let first = if recorded { now } else { 1 };
    let kept = |terms: &u32| looked.audit.snapshots.iter().any(|kept| kept.terms_version == *terms);
    let lost = (first..=now).find(|terms| !kept(terms))?;
    let there = (first..=now).filter(kept).count();
    Some(Seen::new(format!("terms {lost}"), there, now - first + 1))
}

fn differs(looked: &Looked<'_>) -> Option<Seen> {
    let wrong = |kept: &Snapshot| {
        let found = zstd::decode_all(&kept.body[..]).map_or_else(
            |_| "none: it cannot be unpacked".to_owned(),
            |json| hex::encode(access::hash(&String::from_utf8_lossy(&json)))[..16].to_owned(),
        );
        let should = hex::encode(kept.sha256)[..16].to_owned();
        (found != should).then(|| Seen::new(format!("terms {}", kept.terms_version), found, should))
    };
    looked.audit.snapshots.iter().find_map(wrong)
}
