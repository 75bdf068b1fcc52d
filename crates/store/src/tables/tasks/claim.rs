//! What a worker writes about tasks. Every statement after the claim names its stamp, which no other claim
//! has: a worker that lost its lease changes nothing.

use super::{DEAD, DONE, PENDING, RUNNING, TASK, TaskRow, chain, rank};
use crate::sql::dialect::{Shape, sql, text, tuples};
use crate::sql::statement::Statement;
use crate::sql::value::Value;
use docket_domain::{Id, Time};

/// One claim of one worker: a process, and a count within it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stamp(pub String);

/// What becomes of a task that was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// Tried again at `due_at`; charged or not.
    Again {
        /// Not before.
        due_at: Time,
        /// Charged failures from now on.
        attempts: u32,
        /// Why, where there is something to remember.
        why: Option<String>,
    },
    /// Given up: it needs a person.
    Dead {
        /// One sentence for whoever looks at the task.
        why: String,
        /// Charged failures in all.
        attempts: u32,
        /// Whether those behind it in its chain go on without it.
        skipped: bool,
    },
}

impl Stamp {
    /// Claims those of `ids` that may still be claimed at `now`. Which ones they were is read back after the
    /// commit with [`crate::Store::claimed_tasks`].
    pub fn claim(&self, ids: &[Id], now: Time, lease_until: Time) -> Vec<Statement> {
        let set = [self.value(), lease_until.into(), lease_until.into()];
        Statement::chunked(ids, claim, &set, &[now.into(), now.into()])
    }

    /// Finishes tasks of this claim that were done.
    pub fn finish(&self, ids: &[Id], now: Time) -> Vec<Statement> {
        Statement::chunked(ids, finish, &[now.into(), self.value()], &[])
    }

    /// Holds `task` for longer.
    pub fn renew(&self, task: Id, lease_until: Time) -> Statement {
        let sql = sql!(
            "UPDATE task SET lease_until = ?, run_rank = ? \
                   WHERE id = ? AND claimed_by = ? AND state = {RUNNING}"
        );
        Statement::any(sql, vec![lease_until.into(), lease_until.into(), task.into(), self.value()])
    }

    /// Writes what becomes of `task`, which was not done.
    pub fn fail(&self, task: &TaskRow, failed: &Failed, now: Time) -> Vec<Statement> {
        match failed {
            Failed::Again { due_at, attempts, why } => {
                vec![self.again(task, *due_at, *attempts, why.as_deref(), now)]
            }
            Failed::Dead { why, attempts, skipped } => {
                let mut statements = vec![self.dead(task, *attempts, why, now)];
                if let Some(chain) = &task.chain_key {
                    if *skipped {
                        statements.extend([chain::leave(task.id), TaskRow::wake_next(chain)]);
                    } else {
                        statements.push(chain::park_all_behind(chain, task.id, now));
                    }
                }
                statements
            }
        }
    }

    fn again(
        &self,
        task: &TaskRow,
        due_at: Time,
        attempts: u32,
        why: Option<&str>,
        now: Time,
    ) -> Statement {
        let sql = sql!(
            "UPDATE task SET state = {PENDING}, lease_until = NULL, due_at = ?, run_rank = ?, attempts = ?, \
                   errors = ? WHERE id = ? AND claimed_by = ? AND state = {RUNNING}"
        );
        let errors = match why {
            Some(why) if attempts == task.attempts => task.errors_and_once(now, why),
            Some(why) => task.errors_and(now, why),
            None if task.errors.is_empty() => Value::Null,
            None => crate::sql::value::json(&task.errors),
        };
        let values = vec![
            due_at.into(),
            rank(due_at, task.priority).into(),
            attempts.into(),
            errors,
            task.id.into(),
            self.value(),
        ];
        Statement::any(sql, values)
    }

    fn dead(&self, task: &TaskRow, attempts: u32, why: &str, now: Time) -> Statement {
        let sql = sql!(
            "UPDATE task SET state = {DEAD}, lease_until = NULL, run_rank = NULL, attempts = ?, errors = ?, \
                   halted_at = ?, finished_at = ? WHERE id = ? AND claimed_by = ? AND state = {RUNNING}"
        );
        let values = vec![
            attempts.into(),
            task.errors_and(now, why),
            now.into(),
            now.into(),
            task.id.into(),
            self.value(),
        ];
        Statement::any(sql, values)
    }

    fn value(&self) -> Value {
        Value::from(&self.0)
    }
}

impl TaskRow {
    /// Ends the leases of every process but `process`, all of which are known to have ended.
    pub(crate) fn take_over(process: &str, now: Time) -> Statement {
        let sql = sql!(
            "UPDATE task SET lease_until = ?, run_rank = ? \
                   WHERE state = {RUNNING} AND run_rank IS NOT NULL AND substr(claimed_by, 1, ?) <> ?"
        );
        let own = format!("{process}:");
        let length = Value::Int(own.len() as i64);
        Statement::any(sql, vec![now.into(), now.into(), length, own.into()])
    }

    /// Removes finished tasks.
    pub fn forget(ids: &[Id]) -> Vec<Statement> {
        Statement::chunked(ids, forget, &[], &[])
    }
}

/// Claims `n` tasks for a worker: stamp, lease, rank, the tasks, then now, twice.
fn claim(n: usize) -> &'static str {
    text(TASK.name, Shape::Own("claim", n), || {
        let ids = tuples(1, n);
        format!(
            "UPDATE task SET state = {RUNNING}, claims = claims + 1, claimed_by = ?, lease_until = ?, run_rank = ? \
             WHERE id IN {ids} AND ((state = {PENDING} AND due_at <= ?) OR (state = {RUNNING} AND lease_until <= ?))"
        )
    })
}

/// Finishes `n` tasks of one stamp: when, the stamp, the tasks.
fn finish(n: usize) -> &'static str {
    text(TASK.name, Shape::Own("finish", n), || {
        let ids = tuples(1, n);
        format!(
            "UPDATE task SET state = {DONE}, unique_key = NULL, lease_until = NULL, run_rank = NULL, \
             finished_at = ? WHERE claimed_by = ? AND state = {RUNNING} AND id IN {ids}"
        )
    })
}

/// Removes `n` finished tasks.
fn forget(n: usize) -> &'static str {
    text(TASK.name, Shape::Own("forget", n), || {
        format!("DELETE FROM task WHERE state = {DONE} AND id IN {}", tuples(1, n))
    })
}

/// Every column of those of `n` tasks that carry a stamp: the stamp, the tasks.
pub(super) fn claimed(n: usize) -> &'static str {
    text(TASK.name, Shape::Own("claimed", n), || {
        let (columns, ids) = (TASK.column_list(), tuples(1, n));
        format!(
            "SELECT {columns} FROM task WHERE claimed_by = ? AND state = {RUNNING} AND id IN {ids}"
        )
    })
}
