//! What whoever watches a center counts of tasks: a bounded look each, however many there are.

use super::DEAD;
use crate::sql::dialect::sql;
use crate::sql::value::Kind::{Int, Text};
use crate::{Store, StoreError};
use docket_domain::Time;
use docket_domain::watch::OverdueMeasured;

/// Halted tasks that are looked at when the dead ones are counted.
const HALTED_MAX: usize = 10_000;

impl Store {
    /// How many tasks of each kind wait though they are due; of each kind at most `most` are counted.
    pub async fn tasks_waiting(
        &self,
        now: Time,
        most: usize,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let mut found = Vec::new();
        let mut kind = String::new();
        while let Some(next) = self.kind_after(&kind).await? {
            kind = next;
            let sql = format!(
                "SELECT COUNT(*) FROM (SELECT 1 AS one FROM task WHERE kind = ? AND run_rank <= ? \
                 ORDER BY run_rank LIMIT {most}) AS t"
            );
            let values = vec![kind.as_str().into(), now.into()];
            let rows = self.rows("task", sql, &[Int], values).await?;
            let count = rows.into_iter().next().map_or(Ok(0), |mut row| row.int())?;
            found.push((kind.clone(), count as u64));
        }
        Ok(found)
    }

    /// How many tasks of each kind were given up, of the first ten thousand that are halted.
    pub async fn tasks_dead(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let halted = sql!(
            "SELECT kind, COUNT(*) FROM (SELECT kind, state FROM task WHERE halted_at > 0 \
             ORDER BY halted_at LIMIT {HALTED_MAX}) AS t WHERE state = {DEAD} \
             GROUP BY kind ORDER BY kind"
        );
        let rows = self.rows("task", halted, &[Text, Int], vec![]).await?;
        rows.into_iter().map(|mut row| Ok((row.text()?, row.int()? as u64))).collect()
    }

    /// Tasks of `kind` that are unfinished and were caused before `before`, of the first `most` that wait.
    pub async fn tasks_overdue(
        &self,
        kind: &str,
        before: Time,
        most: usize,
    ) -> Result<OverdueMeasured, StoreError> {
        let sql = format!(
            "SELECT COUNT(*), MIN(created_at) FROM (SELECT created_at FROM task WHERE kind = ? \
             AND run_rank IS NOT NULL ORDER BY run_rank LIMIT {most}) AS t WHERE created_at < ?"
        );
        let rows = self.rows("task", sql, &[Int, Int], vec![kind.into(), before.into()]).await?;
        let Some(mut row) = rows.into_iter().next() else { return Ok(OverdueMeasured::default()) };
        Ok(OverdueMeasured { count: row.int()? as u64, oldest: row.time_or_null()? })
    }
}
