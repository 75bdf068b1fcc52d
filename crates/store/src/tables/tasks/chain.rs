//! Chains: tasks with one chain key run one after another, in the order of their numbers.
//!
//! A task behind an unfinished one is put aside: it has no rank, so nobody looks at it again until the one
//! before it is finished and wakes it. A worker of another process may finish that one at the same moment;
//! so the one before is locked first, and whether it is unfinished is asked after that.

use super::TaskRow;
use crate::plan::Statement;
use docket_domain::{Id, Time};

/// Parks all that wait in `chain` behind `dead`, if it is.
pub(super) fn park_all_behind(chain: &str, dead: Id, now: Time) -> Statement {
    let sql = "UPDATE task SET state = 4, run_rank = NULL, parked_by = ?, halted_at = ? \
               WHERE chain_key = ? AND state = 0 AND id > ? AND EXISTS \
               (SELECT 1 FROM (SELECT id FROM task WHERE id = ? AND state = 3 LIMIT 1) AS dead)";
    Statement::any(sql, vec![dead.into(), now.into(), chain.into(), dead.into(), dead.into()])
}

/// Lets a dead task leave its chain, so that those behind it go on without it.
pub(super) fn leave(dead: Id) -> Statement {
    Statement::any("UPDATE task SET chain_key = NULL WHERE id = ? AND state = 3", vec![dead.into()])
}

impl TaskRow {
    /// Lets the first that waits in `chain` be looked at; after one of it was finished.
    pub fn wake_next(chain: &str) -> Statement {
        let sql = "UPDATE task SET run_rank = due_at + priority * 30000 \
                   WHERE state = 0 AND run_rank IS NULL AND id = (SELECT id FROM \
                   (SELECT id FROM task WHERE chain_key = ? AND state = 0 ORDER BY id LIMIT 1) AS first)";
        Statement::any(sql, vec![chain.into()])
    }

    /// Puts `task` aside, behind `head`, if that is still unfinished.
    pub fn put_aside(task: Id, head: Id) -> [Statement; 2] {
        let lock = "UPDATE task SET claims = claims WHERE id = ? AND state IN (0, 1)";
        let aside = "UPDATE task SET run_rank = NULL WHERE id = ? AND state = 0 AND EXISTS \
                     (SELECT 1 FROM (SELECT id FROM task WHERE id = ? AND state IN (0, 1) LIMIT 1) AS head)";
        [
            Statement::any(lock, vec![head.into()]),
            Statement::any(aside, vec![task.into(), head.into()]),
        ]
    }

    /// Parks `task` behind the task `halted` of its chain, which is dead or parked itself.
    pub fn park(task: Id, halted: Id, now: Time) -> Statement {
        let sql = "UPDATE task SET state = 4, run_rank = NULL, halted_at = ?, parked_by = \
                   (SELECT dead FROM (SELECT COALESCE(parked_by, id) AS dead FROM task WHERE id = ? LIMIT 1) AS h) \
                   WHERE id = ? AND state = 0 AND EXISTS \
                   (SELECT 1 FROM (SELECT id FROM task WHERE id = ? AND state IN (3, 4) LIMIT 1) AS halted)";
        Statement::any(sql, vec![now.into(), halted.into(), task.into(), halted.into()])
    }
}
