//! Which slot each schedule was last run for. Whoever raises it first runs the slot; nobody leads.

use crate::sql::dialect::Lookup;
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::Value;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::{Store, StoreError};
use docket_domain::Time;
use std::collections::BTreeSet;

/// The last slot of each schedule.
pub static SCHEDULE: Table =
    Table { name: "schedule", columns: &[("name", Text), ("slot", Int)], key: 1 };

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

static BY_NAME: Lookup = Lookup { table: &SCHEDULE, fixed: None, list: "name" };

impl Seen for Slot {
    type Key = String;
    type Found = Option<Time>;

    fn load(
        names: &BTreeSet<String>,
        from: &mut Source<'_>,
    ) -> Result<Vec<(String, Time)>, StoreError> {
        let rows = from.rows_by(&BY_NAME, names)?.into_iter();
        rows.map(|mut row| Ok((row.text()?, row.time()?))).collect()
    }

    fn apply(slots: &mut Layer<Self>, writes: &Writes) {
        if let Some(raised) = &writes.slot {
            slots.change(raised.name.clone(), Some(raised.to));
        }
    }
}

impl Written for Raise {
    const TABLE: &'static Table = &SCHEDULE;

    fn add(writes: &mut Writes, _: &mut Rows, beside: &mut Beside) {
        beside.statements.extend(writes.slot.take().map(Self::statement));
    }
}

impl View {
    /// The slot that schedule `name` was last run for; none where it never ran.
    pub fn slot(&self, name: &str) -> Result<Option<Time>, Need> {
        Need::unless(self.slots.get(&name.to_owned()), || Key::Slot(name.to_owned())).copied()
    }
}

impl Store {
    /// The last slot of every schedule that ever ran.
    pub async fn slots(&self) -> Result<Vec<Slot>, StoreError> {
        let kinds = [Text, Int];
        let rows = self.rows("schedule", "SELECT name, slot FROM schedule", &kinds, vec![]).await?;
        let read = rows.into_iter().map(|mut row| Ok(Slot { name: row.text()?, at: row.time()? }));
        read.collect()
    }
}
