//! Runs of those who check the books, and what they found.

use crate::sql::dialect;
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::{Store, StoreError};
use docket_domain::{Id, Time};

/// Runs.
pub static RECONCILE_RUN: Table = Table {
    name: "reconcile_run",
    columns: &[
        ("id", Int),
        ("asked", Text),
        ("started_at", Int),
        ("seen_at", Int),
        ("finished_at", Int),
        ("orders", Int),
        ("looked_at", Int),
        ("error", Text),
    ],
    key: 1,
};

/// What runs found.
pub static FINDING: Table = Table {
    name: "finding",
    columns: &[
        ("id", Int),
        ("run", Int),
        ("class", Text),
        ("tree", Int),
        ("subject", Text),
        ("detail", Text),
        ("state", Int),
        ("at", Int),
    ],
    key: 1,
};

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FindingState {
    /// It was found, and nobody asked for its repair.
    Found,
    /// Its repair waits as a task.
    Queued,
    /// It was repaired.
    Repaired,
    /// It stays: its class is not repaired by a program, or the repair did not help.
    Stays,
    /// It is noted, and nothing is to be done about it.
    Noted,
}

impl FindingState {
    const ALL: [Self; 5] = [Self::Found, Self::Queued, Self::Repaired, Self::Stays, Self::Noted];

    /// Its number in the database.
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Queued => "queued",
            Self::Repaired => "repaired",
            Self::Stays => "stays",
            Self::Noted => "noted",
        }
    }

    fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Its number.
    pub id: Id,
    /// What it was asked for, JSON.
    pub asked: String,
    /// When it began.
    pub started_at: Time,
    /// When it last said how far it is.
    pub seen_at: Time,
    /// When it ended; none while it runs.
    pub finished_at: Option<Time>,
    /// Orders there were when it began, about.
    pub orders: i64,
    /// Orders it has looked at.
    pub looked_at: i64,
    /// Why it ended early.
    pub error: Option<String>,
}

impl RunRow {
    /// A run begins.
    pub fn begin(self) -> Statement {
        let values = vec![
            self.id.into(),
            self.asked.into(),
            self.started_at.into(),
            self.seen_at.into(),
            self.finished_at.into(),
            self.orders.into(),
            self.looked_at.into(),
            self.error.into(),
        ];
        Statement::any(dialect::insert(&RECONCILE_RUN, 1), values)
    }

    /// A run says how far it is.
    pub fn seen(id: Id, looked_at: u64, now: Time) -> Statement {
        Statement::any(
            "UPDATE reconcile_run SET looked_at = ?, seen_at = ? WHERE id = ?",
            vec![Value::Int(looked_at as i64), now.into(), id.into()],
        )
    }

    /// A run goes on.
    pub fn stays(id: Id, now: Time) -> Statement {
        Statement::any(
            "UPDATE reconcile_run SET seen_at = ? WHERE id = ?",
            vec![now.into(), id.into()],
        )
    }

    /// A run ends, well or for `error`.
    pub fn end(id: Id, error: Option<String>, now: Time) -> Statement {
        Statement::any(
            "UPDATE reconcile_run SET finished_at = ?, seen_at = ?, error = ? WHERE id = ?",
            vec![now.into(), now.into(), error.into(), id.into()],
        )
    }

    /// Forgets runs that began before `time`, and what they found.
    pub fn forget_before(time: Time) -> [Statement; 2] {
        let findings = "DELETE FROM finding WHERE at < ?";
        let runs = "DELETE FROM reconcile_run WHERE started_at < ?";
        [findings, runs].map(|sql| Statement::any(sql, vec![time.into()]))
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            asked: row.text()?,
            started_at: row.time()?,
            seen_at: row.time()?,
            finished_at: row.time_or_null()?,
            orders: row.int()?,
            looked_at: row.int()?,
            error: row.text_or_null()?,
        })
    }
}

/// One difference that a run found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// Its number.
    pub id: Id,
    /// The number of the run that found it.
    pub run: Id,
    /// The word of its class.
    pub class: String,
    /// The order, if it is one of an order.
    pub tree: Option<Id>,
    /// What differs: a SKU at a place, an account, a node of the order.
    pub subject: String,
    /// Both sides and what else its sentence names, JSON.
    pub detail: String,
    /// What became of it.
    pub state: FindingState,
    /// When.
    pub at: Time,
}

impl FindingRow {
    /// Notes this finding.
    pub fn note(self) -> Statement {
        let values = vec![
            self.id.into(),
            self.run.into(),
            self.class.into(),
            self.tree.into(),
            self.subject.into(),
            self.detail.into(),
            self.state.code().into(),
            self.at.into(),
        ];
        Statement::any(dialect::insert(&FINDING, 1), values)
    }

    /// What became of a finding.
    pub fn becomes(id: Id, state: FindingState) -> Statement {
        let sql = "UPDATE finding SET state = ? WHERE id = ?";
        Statement::any(sql, vec![state.code().into(), id.into()])
    }

    /// What of an order waited for its repair is repaired, or stays.
    pub fn queued_becomes(tree: Id, class: &str, state: FindingState) -> Statement {
        let sql = "UPDATE finding SET state = ? WHERE tree = ? AND class = ? AND state = ?";
        let queued = FindingState::Queued.code();
        Statement::any(sql, vec![state.code().into(), tree.into(), class.into(), queued.into()])
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            run: row.id()?,
            class: row.text()?,
            tree: row.int_or_null()?.map(Id),
            subject: row.text()?,
            detail: row.text()?,
            state: row.code(FindingState::from_code)?,
            at: row.time()?,
        })
    }
}

impl Store {
    /// The run that began last.
    pub async fn last_run(&self) -> Result<Option<RunRow>, StoreError> {
        let table = &RECONCILE_RUN;
        let sql =
            format!("SELECT {} FROM {} ORDER BY id DESC LIMIT 1", table.column_list(), table.name);
        let rows = self.rows(table.name, sql, &table.kinds(), vec![]).await?;
        rows.into_iter().next().map(RunRow::of).transpose()
    }

    /// What a run found, in the order it was found, after the finding `after`.
    pub async fn findings(
        &self,
        run: Id,
        after: Id,
        limit: usize,
    ) -> Result<Vec<FindingRow>, StoreError> {
        let table = &FINDING;
        let sql = format!(
            "SELECT {} FROM {} WHERE run = ? AND id > ? ORDER BY id LIMIT {limit}",
            table.column_list(),
            table.name
        );
        let values = vec![run.into(), after.into()];
        let rows = self.rows(table.name, sql, &table.kinds(), values).await?;
        rows.into_iter().map(FindingRow::of).collect()
    }

    /// How many findings of a run there are, by class and state.
    pub async fn findings_counted(
        &self,
        run: Id,
    ) -> Result<Vec<(String, FindingState, u64)>, StoreError> {
        let sql = "SELECT class, state, COUNT(*) FROM finding WHERE run = ? \
                   GROUP BY class, state ORDER BY class, state";
        let kinds = [Text, Int, Int];
        let rows = self.rows("finding", sql, &kinds, vec![run.into()]).await?;
        let read = |mut row: Row| {
            Ok((row.text()?, row.code(FindingState::from_code)?, row.int()?.unsigned_abs()))
        };
        rows.into_iter().map(read).collect()
    }
}
