//! Reading tasks: what is due, what a claim got, and what people look at.

use super::{DONE, PENDING, RUNNING, Stamp, TASK, TaskRow, claim};
use crate::sql::dialect::{self, sql};
use crate::sql::value::{Kind, Value};
use crate::{Store, StoreError};
use docket_domain::words::TaskState;
use docket_domain::{Id, Time};
use std::collections::BTreeMap;

/// Rows looked at of those that are due but rank later: 0.2 ms of reading.
const LATER_MAX: usize = 500;
/// Unfinished tasks of a kind whose states are looked at when they are counted: 0.3 s of reading.
const COUNTED_MAX: u64 = 100_000;
/// Unique keys looked for at once.
const KEYS: usize = 500;
/// The most that a priority can rank a task behind its time.
const LATER_MS: i64 = 255 * super::PRIORITY_MS;

/// A task that a worker could claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The task to claim.
    pub id: Id,
    /// What it waits for in its chain.
    pub behind: Option<Behind>,
}

/// Why a task cannot run though it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// One before it in its chain is unfinished.
    Head(Id),
    /// One before it in its chain is dead, or parked itself.
    Halted(Id),
}

/// How many unfinished tasks there are of one kind in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The name of the kind of task.
    pub kind: String,
    /// `pending`, `running`, `dead` or `parked`; what is done is not counted.
    pub state: TaskState,
    /// How many.
    pub count: u64,
    /// When the oldest of them was due.
    pub oldest_due: Time,
}

/// The first of a chain in one state that has a smaller number; one look at the index of chains each.
macro_rules! first_before {
    ($state:literal) => {
        concat!(
            "(SELECT e.id FROM task e WHERE e.chain_key = t.chain_key AND e.state = ",
            $state,
            " AND e.id < t.id ORDER BY e.id LIMIT 1)"
        )
    };
}

const DUE: &str = concat!(
    "SELECT t.id, ",
    first_before!("0"),
    ", ",
    first_before!("1"),
    ", ",
    first_before!("3"),
    ", ",
    first_before!("4"),
    " FROM "
);

impl Store {
    /// Tasks of `kind` that a worker could claim at `now`, at most `limit`, in the order of their ranks.
    pub async fn due_tasks(
        &self,
        kind: &str,
        now: Time,
        limit: usize,
    ) -> Result<Vec<Due>, StoreError> {
        // What ranks before now is due: a rank is never before its time.
        let sql = format!(
            "{DUE} task t WHERE t.kind = ? AND t.run_rank <= ? ORDER BY t.run_rank, t.id LIMIT {limit}"
        );
        let mut found = self.candidates(sql, vec![kind.into(), now.into()]).await?;
        if found.len() < limit {
            // Nothing better to do: what is due already and only ranks later.
            let sql = format!(
                "{DUE} (SELECT id, chain_key, run_rank, due_at FROM task WHERE kind = ? \
                 AND run_rank > ? AND run_rank <= ? ORDER BY run_rank, id LIMIT {LATER_MAX}) t \
                 WHERE t.due_at <= ? ORDER BY t.run_rank, t.id LIMIT {}",
                limit - found.len()
            );
            let values = vec![kind.into(), now.into(), now.plus(LATER_MS).into(), now.into()];
            found.extend(self.candidates(sql, values).await?);
        }
        Ok(found)
    }

    async fn candidates(&self, sql: String, values: Vec<Value>) -> Result<Vec<Due>, StoreError> {
        let rows = self.rows("task", sql, &[Kind::Int; 5], values).await?;
        let read = rows.into_iter().map(|mut row| {
            let id = row.id()?;
            let mut first = || Ok::<_, StoreError>(row.int_or_null()?.map(Id));
            let (pending, running, dead, parked) = (first()?, first()?, first()?, first()?);
            let halted = dead.into_iter().chain(parked).min().map(Behind::Halted);
            let head = pending.into_iter().chain(running).min().map(Behind::Head);
            Ok(Due { id, behind: halted.or(head) })
        });
        read.collect()
    }

    /// Those of `ids` that carry `stamp`: what a claim got, in the order of their ranks.
    pub async fn claimed_tasks(
        &self,
        stamp: &Stamp,
        ids: &[Id],
    ) -> Result<Vec<TaskRow>, StoreError> {
        let mut rest = ids;
        let mut found = Vec::with_capacity(ids.len());
        for size in dialect::chunks(ids.len()) {
            let (chunk, left) = rest.split_at(size);
            let listed = chunk.iter().map(|id| Value::from(*id));
            let values = std::iter::once(Value::from(&stamp.0)).chain(listed).collect();
            let (sql, kinds) = (claim::claimed(size), TASK.kinds());
            for row in self.rows("task", sql, &kinds, values).await? {
                found.push(TaskRow::of(row)?);
            }
            rest = left;
        }
        found.sort_unstable_by_key(|task| (super::rank(task.due_at, task.priority), task.id));
        Ok(found)
    }

    /// When the next task of `kind` should be looked at.
    pub async fn next_task(&self, kind: &str) -> Result<Option<Time>, StoreError> {
        // MIN() would read the whole range on the MySQL family.
        let sql = "SELECT run_rank FROM task WHERE kind = ? AND run_rank IS NOT NULL \
                   ORDER BY run_rank LIMIT 1";
        let rows = self.rows("task", sql, &[Kind::Int], vec![kind.into()]).await?;
        rows.into_iter().next().map_or(Ok(None), |mut row| row.time_or_null())
    }

    /// One task.
    pub async fn task(&self, id: Id) -> Result<Option<TaskRow>, StoreError> {
        let sql = format!("SELECT {} FROM task WHERE id = ?", TASK.column_list());
        let rows = self.rows("task", sql, &TASK.kinds(), vec![id.into()]).await?;
        rows.into_iter().next().map(TaskRow::of).transpose()
    }

    /// Tasks of `kind` that were tried before and wait for a try after `from`, in the order of their ranks: one page of
    /// at most `looked_at` waiting tasks, from behind the rank and number of the page before; none at the end.
    pub async fn tasks_backing_off(
        &self,
        kind: &str,
        from: (Time, Id),
        looked_at: usize,
    ) -> Result<(Vec<TaskRow>, Option<(Time, Id)>), StoreError> {
        let sql = format!(
            "SELECT run_rank, {} FROM task WHERE kind = ? AND run_rank >= ? AND (run_rank > ? OR id > ?) \
             ORDER BY run_rank, id LIMIT {looked_at}",
            TASK.column_list()
        );
        let values = vec![kind.into(), from.0.into(), from.0.into(), from.1.into()];
        let kinds = [&[Kind::Int], &TASK.kinds()[..]].concat();
        let rows = self.rows("task", sql, &kinds, values).await?;
        let ended = rows.len() < looked_at;
        let (mut found, mut last) = (Vec::new(), None);
        for mut row in rows {
            let rank = row.time()?;
            let task = TaskRow::of(row)?;
            last = Some((rank, task.id));
            if task.state == TaskState::Pending && task.claims > 0 {
                found.push(task);
            }
        }
        Ok((found, last.filter(|_| !ended)))
    }

    /// How far the tasks of these unique keys are; one that is done has its key no more.
    pub async fn tasks_of_keys(
        &self,
        keys: &[String],
    ) -> Result<BTreeMap<String, TaskState>, StoreError> {
        let mut found = BTreeMap::new();
        for keys in keys.chunks(KEYS) {
            let holes = vec!["?"; keys.len()].join(", ");
            let sql = format!("SELECT unique_key, state FROM task WHERE unique_key IN ({holes})");
            let values = keys.iter().map(Value::from).collect();
            for mut row in self.rows("task", sql, &[Kind::Text, Kind::Int], values).await? {
                found.insert(row.text()?, row.code(TaskState::from_code)?);
            }
        }
        Ok(found)
    }

    /// Whether a task of this chain waits or runs.
    pub async fn is_in_chain(&self, chain: &str) -> Result<bool, StoreError> {
        let sql = sql!(
            "SELECT 1 FROM task WHERE chain_key = ? AND state IN ({PENDING}, {RUNNING}) LIMIT 1"
        );
        Ok(!self.rows("task", sql, &[Kind::Int], vec![chain.into()]).await?.is_empty())
    }

    /// How much waits, runs or is halted, by kind and state. Finished tasks, however many, cost nothing; of a
    /// kind with very many unfinished ones all beyond the first 100,000 are taken for pending.
    pub async fn task_backlog(&self) -> Result<Vec<Backlog>, StoreError> {
        let mut found = Vec::new();
        let mut kind = String::new();
        while let Some(next) = self.kind_after(&kind).await? {
            kind = next;
            found.extend(self.waiting_of(&kind).await?);
        }
        let halted = "SELECT kind, state, COUNT(*), MIN(due_at) FROM task WHERE halted_at > 0 \
                      GROUP BY kind, state";
        found.extend(self.counted(halted, vec![]).await?);
        Ok(found)
    }

    /// Unfinished tasks of one kind.
    async fn waiting_of(&self, kind: &str) -> Result<Vec<Backlog>, StoreError> {
        let sql = format!(
            "SELECT kind, state, COUNT(*), MIN(due_at) FROM (SELECT kind, state, due_at FROM task \
             WHERE kind = ? AND run_rank IS NOT NULL ORDER BY run_rank LIMIT {COUNTED_MAX}) AS t \
             GROUP BY kind, state"
        );
        let mut found = self.counted(&sql, vec![kind.into()]).await?;
        let seen = found.iter().map(|backlog| backlog.count).sum();
        let pending = found.iter_mut().find(|backlog| backlog.state == TaskState::Pending);
        if let Some(pending) = pending
            && seen >= COUNTED_MAX
        {
            let sql = "SELECT COUNT(*) FROM task WHERE kind = ? AND run_rank IS NOT NULL";
            let rows = self.rows("task", sql, &[Kind::Int], vec![kind.into()]).await?;
            let all = rows.into_iter().next().map_or(Ok(0), |mut row| row.int())? as u64;
            pending.count += all.saturating_sub(seen);
        }
        Ok(found)
    }

    /// The first kind behind `kind` that has tasks, by one look at the index of ranks. In SQLite that index has
    /// unfinished tasks alone, and only a statement that says so may use it; elsewhere it has all, and saying so
    /// would mean to walk past every finished one.
    pub(super) async fn kind_after(&self, kind: &str) -> Result<Option<String>, StoreError> {
        let sql = match self.kind() {
            "sqlite" => "SELECT MIN(kind) FROM task WHERE kind > ? AND run_rank IS NOT NULL",
            _ => "SELECT MIN(kind) FROM task WHERE kind > ?",
        };
        let rows = self.rows("task", sql, &[Kind::Text], vec![kind.into()]).await?;
        rows.into_iter().next().map_or(Ok(None), |mut row| row.text_or_null())
    }

    async fn counted(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Backlog>, StoreError> {
        let kinds = [Kind::Text, Kind::Int, Kind::Int, Kind::Int];
        let rows = self.rows("task", sql, &kinds, values).await?;
        let read = rows.into_iter().map(|mut row| {
            Ok(Backlog {
                kind: row.text()?,
                state: row.code(TaskState::from_code)?,
                count: row.int()? as u64,
                oldest_due: row.time()?,
            })
        });
        read.collect()
    }

    /// Tasks that were finished before `before`, oldest first, at most `limit`, from `after` on.
    pub async fn tasks_finished_before(
        &self,
        before: Time,
        after: Id,
        limit: usize,
    ) -> Result<Vec<Id>, StoreError> {
        let sql = format!(
            "SELECT id FROM task WHERE id > ? AND state = {DONE} AND finished_at < ? AND created_at < ? \
             ORDER BY id LIMIT {limit}"
        );
        let values = vec![after.into(), before.into(), before.into()];
        let rows = self.rows("task", sql, &[Kind::Int], values).await?;
        rows.into_iter().map(|mut row| row.id()).collect()
    }
}
