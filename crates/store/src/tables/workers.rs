//! Processes that run tasks: their signs of life, and the tries of tasks that each counted, by the hour.

use crate::sql::statement::Statement;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Value, json};
use crate::{Store, StoreError};
use docket_domain::Time;
use docket_domain::watch::{
    ClockMeasured, DiskMeasured, RefusedMeasured, WaitMeasured, WorkerMeasured,
};
use serde::{Deserialize, Serialize};

/// A process that runs tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRow {
    /// The process.
    pub process: String,
    /// The machine it runs on; empty where that is not known.
    pub host: String,
    /// Since when.
    pub started_at: Time,
    /// Its last sign of life.
    pub seen_at: Time,
    /// What it knows of its surroundings.
    pub surroundings: Surroundings,
}

/// What a process knows of its surroundings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Surroundings {
    /// Clocks of others beside its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<ClockMeasured>,
    /// The room where it keeps the database, where it keeps it itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<DiskMeasured>,
    /// How long its calls to marketplaces wait for their turns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<WaitMeasured>,
    /// Pushes of marketplaces that it refused within the present hour.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedMeasured>,
}

impl WorkerRow {
    /// Gives a sign of life.
    pub fn sign(self) -> Statement {
        let sql =
            "REPLACE INTO worker (process, host, started_at, seen_at, body) VALUES (?, ?, ?, ?, ?)";
        let values: Vec<Value> = vec![
            self.process.into(),
            self.host.into(),
            self.started_at.into(),
            self.seen_at.into(),
            json(&self.surroundings),
        ];
        Statement::any(sql, values)
    }

    /// It has stopped in order.
    pub fn leave(process: &str) -> Statement {
        Statement::any("DELETE FROM worker WHERE process = ?", vec![process.into()])
    }

    /// Forgets processes of the machine `host` that gave no sign since `before`: one that begins there has taken
    /// their place.
    pub fn replace(host: &str, before: Time) -> Statement {
        let sql = "DELETE FROM worker WHERE host = ? AND seen_at < ?";
        Statement::any(sql, vec![host.into(), before.into()])
    }

    /// Forgets every process but `process`.
    pub(crate) fn leave_others(process: &str) -> Statement {
        Statement::any("DELETE FROM worker WHERE process <> ?", vec![process.into()])
    }

    /// Forgets processes that gave no sign since `before`.
    pub fn forget(before: Time) -> Statement {
        Statement::any("DELETE FROM worker WHERE seen_at < ?", vec![before.into()])
    }
}

/// What one process did of one kind of task in one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskCountRow {
    /// Hours since 1970.
    pub hour: i64,
    /// The kind of task.
    pub kind: String,
    /// The process.
    pub process: String,
    /// Tries that were done.
    pub done: u64,
    /// Tries that failed and were charged.
    pub failed: u64,
}

impl TaskCountRow {
    /// Puts it in the place of what the process said before.
    pub fn put(self) -> Statement {
        let sql =
            "REPLACE INTO task_count (hour, kind, process, done, failed) VALUES (?, ?, ?, ?, ?)";
        let values: Vec<Value> = vec![
            Value::Int(self.hour),
            self.kind.into(),
            self.process.into(),
            Value::Int(self.done as i64),
            Value::Int(self.failed as i64),
        ];
        Statement::any(sql, values)
    }

    /// Forgets what was counted before `hour`.
    pub fn forget(hour: i64) -> Statement {
        Statement::any("DELETE FROM task_count WHERE hour < ?", vec![Value::Int(hour)])
    }
}

/// What all processes did of one kind of task in one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskCount {
    /// The kind of task.
    pub kind: String,
    /// Tries that were done.
    pub done: u64,
    /// Tries that failed and were charged.
    pub failed: u64,
}

impl Store {
    /// Processes that run tasks, at most `limit`, those that were silent for longest first.
    pub async fn workers(&self, limit: usize) -> Result<Vec<WorkerMeasured>, StoreError> {
        let sql = format!(
            "SELECT process, host, seen_at, body FROM worker ORDER BY seen_at, process LIMIT {limit}"
        );
        let rows = self.rows("worker", sql, &[Text, Text, Int, Text], vec![]).await?;
        let read = rows.into_iter().map(|mut row| {
            let (process, host, seen_at) = (row.text()?, row.text()?, row.time()?);
            let Surroundings { clocks, disk, waits, refused } = row.json()?;
            Ok(WorkerMeasured { process, host, seen_at, clocks, disk, waits, refused })
        });
        read.collect()
    }

    /// What all processes did of each kind of task in one hour.
    pub async fn task_counts(&self, hour: i64) -> Result<Vec<TaskCount>, StoreError> {
        let sql = "SELECT kind, CAST(SUM(done) AS SIGNED), CAST(SUM(failed) AS SIGNED) \
                   FROM task_count WHERE hour = ? GROUP BY kind ORDER BY kind";
        let kinds = [Text, Int, Int];
        let rows = self.rows("task_count", sql, &kinds, vec![Value::Int(hour)]).await?;
        let read = rows.into_iter().map(|mut row| {
            let (kind, done, failed) = (row.text()?, row.int()? as u64, row.int()? as u64);
            Ok(TaskCount { kind, done, failed })
        });
        read.collect()
    }

    /// The room where this process keeps its database: nothing where a server does.
    pub fn disk(&self) -> Option<DiskMeasured> {
        let found = rustix::fs::statvfs(self.folder()?).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Some(DiskMeasured { free: bytes(found.f_bavail), size: bytes(found.f_blocks) })
    }
}
