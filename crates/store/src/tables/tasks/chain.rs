//! Chains: tasks with one chain key run one after another, in the order of their numbers.
//!
//! A task behind an unfinished one is put aside: it has no rank, so nobody looks at it again until the one
//! before it is finished and wakes it. A worker of another process may finish that one at the same moment;
//! so the one before is locked first, and whether it is unfinished is asked after that.

use super::{DEAD, PARKED, PENDING, PRIORITY_MS, RUNNING, TaskRow};
use crate::sql::dialect::sql;
use crate::sql::statement::Statement;
use docket_domain::{Id, Time};

/// Parks all that wait in `chain` behind `dead`, if it is.
pub(super) fn park_all_behind(chain: &str, dead: Id, now: Time) -> Statement {
    let sql = sql!(
        "UPDATE task SET state = {PARKED}, run_rank = NULL, parked_by = ?, halted_at = ? \
               WHERE chain_key = ? AND state = {PENDING} AND id > ? AND EXISTS \
               (SELECT 1 FROM (SELECT id FROM task WHERE id = ? AND state = {DEAD} LIMIT 1) AS dead)"
    );
    Statement::any(sql, vec![dead.into(), now.into(), chain.into(), dead.into(), dead.into()])
}

/// Lets a dead task leave its chain, so that those behind it go on without it.
pub(super) fn leave(dead: Id) -> Statement {
    Statement::any(
        sql!("UPDATE task SET chain_key = NULL WHERE id = ? AND state = {DEAD}"),
        vec![dead.into()],
    )
}

impl TaskRow {
    /// Lets the first that waits in `chain` be looked at; after one of it was finished.
    pub fn wake_next(chain: &str) -> Statement {
        let sql = sql!(
            "UPDATE task SET run_rank = due_at + priority * {PRIORITY_MS} \
                   WHERE state = {PENDING} AND run_rank IS NULL AND id = (SELECT id FROM \
                   (SELECT id FROM task WHERE chain_key = ? AND state = {PENDING} ORDER BY id LIMIT 1) AS first)"
        );
        Statement::any(sql, vec![chain.into()])
    }

    /// Puts `task` aside, behind `head`, if that is still unfinished.
    pub fn put_aside(task: Id, head: Id) -> [Statement; 2] {
        let lock = sql!(
            "UPDATE task SET claims = claims WHERE id = ? AND state IN ({PENDING}, {RUNNING})"
        );
        let aside = sql!(
            "UPDATE task SET run_rank = NULL WHERE id = ? AND state = {PENDING} AND EXISTS \
                     (SELECT 1 FROM (SELECT id FROM task WHERE id = ? AND state IN ({PENDING}, {RUNNING}) LIMIT 1) AS head)"
        );
        [
            Statement::any(lock, vec![head.into()]),
            Statement::any(aside, vec![task.into(), head.into()]),
        ]
    }

    /// Parks `task` behind the task `halted` of its chain, which is dead or parked itself.
    pub fn park(task: Id, halted: Id, now: Time) -> Statement {
        let sql = sql!(
            "UPDATE task SET state = {PARKED}, run_rank = NULL, halted_at = ?, parked_by = \
                   (SELECT dead FROM (SELECT COALESCE(parked_by, id) AS dead FROM task WHERE id = ? LIMIT 1) AS h) \
                   WHERE id = ? AND state = {PENDING} AND EXISTS \
                   (SELECT 1 FROM (SELECT id FROM task WHERE id = ? AND state IN ({DEAD}, {PARKED}) LIMIT 1) AS halted)"
        );
        Statement::any(sql, vec![now.into(), halted.into(), task.into(), halted.into()])
    }
}
