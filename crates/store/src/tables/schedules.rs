//! Which slot each schedule was last run for. Whoever raises it first runs the slot; nobody leads.

use crate::plan::Statement;
use crate::value::{Kind, Value};
use crate::{Store, StoreError};
use docket_domain::Time;

/// The slot a schedule was last run for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The name of the schedule.
    pub name: String,
    /// The slot.
    pub at: Time,
}

/// A piece runs a schedule: its slot goes from `over` to `to`, or the piece is decided again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raise {
    /// The name of the schedule.
    pub name: String,
    /// The slot it was last run for, as the piece saw it.
    pub over: Option<Time>,
    /// The slot it is run for.
    pub to: Time,
}

impl Raise {
    pub(crate) fn statement(self) -> Statement {
        let Self { name, over, to } = self;
        let (sql, values): (_, Vec<Value>) = match over {
            None => {
                ("INSERT INTO schedule (name, slot) VALUES (?, ?)", vec![name.into(), to.into()])
            }
            Some(over) => (
                "UPDATE schedule SET slot = ? WHERE name = ? AND slot = ?",
                vec![to.into(), name.into(), over.into()],
            ),
        };
        Statement { sql, values, must_match: Some(1) }
    }
}

impl Store {
    /// The last slot of every schedule that ever ran.
    pub async fn slots(&self) -> Result<Vec<Slot>, StoreError> {
        let kinds = [Kind::Text, Kind::Int];
        let rows = self.rows("schedule", "SELECT name, slot FROM schedule", &kinds, vec![]).await?;
        let read = rows.into_iter().map(|mut row| Ok(Slot { name: row.text()?, at: row.time()? }));
        read.collect()
    }
}
