//! Node numbers: granted, never guessed. A process leases one of 0–255 and raises its mark before ids of
//! later ticks leave the process; whoever takes the number over starts behind that mark.

use crate::StoreError;
use crate::plan::Statement;
use crate::value::{Row, Value};
use docket_domain::Time;

/// How long a lease lasts without being renewed.
pub const LEASE_MS: i64 = 60_000;

/// How far a mark is raised ahead: 16 s of ticks, so that few batches write it.
pub const MARK_AHEAD: i64 = 4096;

/// Raises the mark of `node`, which `holder` must still hold.
pub fn raise_mark(node: u16, holder: &str, mark: i64) -> Statement {
    Statement {
        sql: "UPDATE node SET mark = ? WHERE node = ? AND holder = ?",
        values: vec![Value::Int(mark), node.into(), holder.into()],
        must_match: Some(1),
    }
}

/// Renews the lease of `node`.
pub fn renew(node: u16, holder: &str, until: Time) -> Statement {
    Statement {
        sql: "UPDATE node SET held_until = ? WHERE node = ? AND holder = ?",
        values: vec![until.into(), node.into(), holder.into()],
        must_match: Some(1),
    }
}

/// Takes `node` over from whoever held it until before `now`.
pub fn take(node: u16, holder: &str, now: Time) -> Statement {
    Statement {
        sql: "UPDATE node SET holder = ?, held_until = ? WHERE node = ? AND held_until < ?",
        values: vec![holder.into(), now.plus(LEASE_MS).into(), node.into(), now.into()],
        must_match: None,
    }
}

/// Takes `node` for the first time; a conflict if somebody was faster.
pub fn claim(node: u16, holder: &str, now: Time) -> Statement {
    Statement {
        sql: "INSERT INTO node (node, holder, held_until, mark) VALUES (?, ?, ?, 0)",
        values: vec![node.into(), holder.into(), now.plus(LEASE_MS).into()],
        must_match: None,
    }
}

/// The mark in a `node` row.
pub fn mark_of(mut row: Row) -> Result<i64, StoreError> {
    (0..3).for_each(|_| row.skip());
    row.int()
}
