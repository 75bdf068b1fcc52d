//! Lists of tasks, newest first. What is unfinished, halted or of a chain is few and found by its index, and taken
//! whole; else all tasks are looked at by their numbers, so many for a page.

use super::TaskRow;
use crate::sql::ask::{Ask, Query};
use crate::sql::dialect::Dialect;
use crate::sql::text::{Sql, along, holes};
use crate::sql::value::{Kind, Value};
use crate::tables::tasks::TASK;
use crate::{Store, StoreError};
use docket_domain::Id;
use docket_domain::words::TaskState;
use std::fmt::Write as _;

/// Which tasks; everything left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Of this kind.
    pub kind: Option<String>,
    /// In this state.
    pub state: Option<TaskState>,
    /// Of this chain.
    pub chain: Option<String>,
    /// Newer ones were on the page before.
    pub before: Option<Id>,
    /// Tasks on a page.
    pub limit: usize,
}

/// One page of tasks.
#[derive(Debug, Clone)]
pub struct TaskPage {
    /// Newest first.
    pub tasks: Vec<TaskRow>,
    /// Before which the next page goes on; none at the end. There is one wherever the page looked at as much as it
    /// may.
    pub next: Option<Id>,
}

/// What a page may cost.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Tasks that are taken whole.
    pub whole: usize,
    /// Tasks that are looked at together, and for a page at most.
    pub piece: usize,
    pub looked_at: usize,
}

const BOUNDS: Bounds = Bounds { whole: 2_000, piece: 500, looked_at: 5_000 };
/// Rows that one statement fetches.
const FETCHED: usize = 200;

impl TaskFilter {
    /// The index that has few tasks, and what is asked of it.
    fn narrow(&self) -> Option<(&'static str, Sql)> {
        let mut sql = Sql::default();
        if let Some(chain) = &self.chain {
            sql.and("chain_key = ?", [chain.into()]);
            if let Some(state) = self.state {
                sql.and("state = ?", [state.code().into()]);
            }
            return Some(("task_chain", sql));
        }
        match (self.state, &self.kind) {
            (Some(TaskState::Dead | TaskState::Parked), _) => {
                sql.and("halted_at > ?", [Value::Int(0)]);
                Some(("task_halted", sql))
            }
            (Some(TaskState::Pending | TaskState::Running), Some(kind)) => {
                sql.and("kind = ? AND run_rank IS NOT NULL", [kind.into()]);
                Some(("task_rank", sql))
            }
            _ => None,
        }
    }

    fn takes(&self, task: &TaskRow) -> bool {
        self.before.is_none_or(|before| task.id < before)
            && self.kind.as_ref().is_none_or(|kind| task.kind == *kind)
            && self.state.is_none_or(|state| task.state == state)
            && self.chain.as_ref().is_none_or(|chain| task.chain_key.as_ref() == Some(chain))
    }
}

impl Store {
    /// One page of tasks, newest first.
    pub async fn tasks(&self, filter: &TaskFilter) -> Result<TaskPage, StoreError> {
        let (dialect, filter) = (self.dialect(), filter.clone());
        self.at_one_moment(move |ask| page(ask, dialect, &filter, BOUNDS)).await
    }
}

/// See [`Store::tasks`].
pub fn page(
    ask: &mut dyn Ask,
    dialect: Dialect,
    filter: &TaskFilter,
    bounds: Bounds,
) -> Result<TaskPage, StoreError> {
    if let Some(mut ids) = whole(ask, dialect, filter, bounds)? {
        ids.retain(|id| filter.before.is_none_or(|before| *id < before));
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let mut tasks = Vec::new();
        for ids in ids.chunks(FETCHED) {
            tasks.extend(fetch(ask, dialect, ids)?.into_iter().filter(|task| filter.takes(task)));
            if tasks.len() > filter.limit {
                break;
            }
        }
        let more = tasks.len() > filter.limit;
        tasks.truncate(filter.limit);
        let next = tasks.last().filter(|_| more).map(|task| task.id);
        return Ok(TaskPage { tasks, next });
    }
    let (mut tasks, mut before, mut looked_at) = (Vec::new(), filter.before, 0);
    while looked_at < bounds.looked_at {
        let rows = newest(ask, dialect, before, bounds.piece)?;
        looked_at += rows.len();
        let ended = rows.len() < bounds.piece;
        before = rows.last().map(|task| task.id).or(before);
        tasks.extend(rows.into_iter().filter(|task| filter.takes(task)));
        if tasks.len() > filter.limit {
            tasks.truncate(filter.limit);
            let next = tasks.last().map(|task| task.id);
            return Ok(TaskPage { tasks, next });
        }
        if ended {
            return Ok(TaskPage { tasks, next: None });
        }
    }
    Ok(TaskPage { tasks, next: before })
}

/// The tasks of the index that has few of them, where it does.
fn whole(
    ask: &mut dyn Ask,
    dialect: Dialect,
    filter: &TaskFilter,
    bounds: Bounds,
) -> Result<Option<Vec<Id>>, StoreError> {
    let Some((index, conditions)) = filter.narrow() else { return Ok(None) };
    let text = format!("SELECT id FROM {} WHERE 1 = 1", along(dialect, "task", Some(index)));
    let mut sql = Sql { text, values: Vec::new() };
    sql.append(&conditions);
    let _ = write!(sql.text, " LIMIT {}", bounds.whole + 1);
    let asked = Query { table: "task", sql: sql.text, kinds: vec![Kind::Int], values: sql.values };
    let rows = ask.ask(asked)?;
    if rows.len() > bounds.whole {
        return Ok(None);
    }
    rows.into_iter().map(|mut row| row.id()).collect::<Result<_, _>>().map(Some)
}

fn by_number(dialect: Dialect) -> String {
    let table = match dialect {
        // Its primary key is no index.
        Dialect::Sqlite => "task NOT INDEXED".to_owned(),
        Dialect::MySql => along(dialect, "task", None),
    };
    format!("SELECT {} FROM {table}", TASK.column_list())
}

/// These tasks, newest first.
fn fetch(ask: &mut dyn Ask, dialect: Dialect, ids: &[Id]) -> Result<Vec<TaskRow>, StoreError> {
    let sql = format!("{} WHERE id IN ({}) ORDER BY id DESC", by_number(dialect), holes(ids.len()));
    let values = ids.iter().map(|id| Value::from(*id)).collect();
    let rows = ask.ask(Query { table: "task", sql, kinds: TASK.kinds(), values })?;
    rows.into_iter().map(TaskRow::of).collect()
}

/// At most `limit` tasks before `before`.
fn newest(
    ask: &mut dyn Ask,
    dialect: Dialect,
    before: Option<Id>,
    limit: usize,
) -> Result<Vec<TaskRow>, StoreError> {
    let sql = format!("{} WHERE id < ? ORDER BY id DESC LIMIT {limit}", by_number(dialect));
    let values = vec![before.unwrap_or(Id(i64::MAX)).into()];
    let rows = ask.ask(Query { table: "task", sql, kinds: TASK.kinds(), values })?;
    rows.into_iter().map(TaskRow::of).collect()
}
