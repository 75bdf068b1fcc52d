//! What a person does with a task that is halted or waits for its next try: retry it, change what it says, drop it.

use super::{DEAD, DONE, PARKED, PENDING, TaskRow};
use crate::sql::dialect::sql;
use crate::sql::statement::Statement;
use crate::sql::value::Value;
use docket_domain::words::TaskState;
use docket_domain::{Id, Time};

/// Lets all that were parked behind `dead` wait in their chain again.
fn unpark(dead: Id) -> Statement {
    let sql = sql!(
        "UPDATE task SET state = {PENDING}, parked_by = NULL, halted_at = NULL \
               WHERE state = {PARKED} AND halted_at IS NOT NULL AND parked_by = ?"
    );
    Statement::any(sql, vec![dead.into()])
}

impl TaskRow {
    /// A task that runs gives its unique key back: what comes now is a task of its own.
    pub fn give_key_back(id: Id) -> Statement {
        Statement::any("UPDATE task SET unique_key = NULL WHERE id = ?", vec![id.into()])
    }

    /// Runs a task again from `now` on, with another payload if one is given: a dead one with all its attempts, one
    /// that waits after a try with those it has left.
    pub fn retry(&self, payload: Option<&str>, now: Time) -> Vec<Statement> {
        if self.state == TaskState::Pending {
            return vec![self.hurry(payload, now)];
        }
        let sql = sql!(
            "UPDATE task SET state = {PENDING}, attempts = 0, due_at = ?, run_rank = ?, halted_at = NULL, \
                   finished_at = NULL, payload = ? WHERE id = ? AND state = {DEAD}"
        );
        let payload = payload.unwrap_or(&self.payload);
        let values = vec![now.into(), now.into(), payload.into(), self.id.into()];
        vec![Statement::any(sql, values), unpark(self.id)]
    }

    /// Ends the wait of a task that was tried before. One that stands aside in its chain goes on to stand there.
    fn hurry(&self, payload: Option<&str>, now: Time) -> Statement {
        let sql = sql!(
            "UPDATE task SET due_at = ?, run_rank = CASE WHEN run_rank IS NULL THEN NULL ELSE ? END, \
                   payload = ? WHERE id = ? AND state = {PENDING} AND claims > 0"
        );
        let payload = payload.unwrap_or(&self.payload);
        Statement::any(sql, vec![now.into(), now.into(), payload.into(), self.id.into()])
    }

    /// Lets the task of a unique key that waits run now.
    pub fn wake(unique_key: &str, now: Time) -> Statement {
        let sql = sql!(
            "UPDATE task SET due_at = ?, run_rank = ? \
                   WHERE unique_key = ? AND state = {PENDING} AND due_at > ?"
        );
        Statement::any(sql, vec![now.into(), now.into(), unique_key.into(), now.into()])
    }

    /// Drops a task that is not running: it counts as done, and says by whom.
    pub fn drop(&self, why: &str, now: Time) -> Vec<Statement> {
        let sql = sql!(
            "UPDATE task SET state = {DONE}, unique_key = NULL, run_rank = NULL, halted_at = NULL, \
                   parked_by = NULL, errors = ?, finished_at = ? WHERE id = ? AND state IN ({PENDING}, {DEAD}, {PARKED})"
        );
        let values: Vec<Value> = vec![self.errors_and(now, why), now.into(), self.id.into()];
        let mut statements = vec![Statement::any(sql, values), unpark(self.id)];
        statements.extend(self.chain_key.as_deref().map(Self::wake_next));
        statements
    }
}
