//! Weigh slips: what is to be weighed of a shop order, and what the scales said.

use crate::sql::ask::Query;
use crate::sql::dialect::Dialect;
use crate::sql::table::Table;
use crate::sql::text::{Sql, along};
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value, json};
use crate::tables::lane::Writes;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::{Store, StoreError};
use docket_domain::ledger::{Slip, SlipStatus};
use docket_domain::{Id, Time};
use std::fmt::Write as _;

/// Slips, one a shop order.
pub static WEIGH_SLIP: Table = Table {
    name: "weigh_slip",
    columns: &[
        ("shop_order", Int),
        ("tree", Int),
        ("shop_id", Text),
        ("place", Text),
        ("status", Int),
        ("slip_lines", Text),
        ("created_at", Int),
        ("changed_at", Int),
    ],
    key: 1,
};

/// One slip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlipRow {
    /// The payment order's number.
    pub tree: Id,
    /// What it says.
    pub slip: Slip,
    /// When that last changed.
    pub changed_at: Time,
}

impl SlipRow {
    pub(crate) fn row(self) -> Vec<Value> {
        let Self { tree, slip, changed_at } = self;
        vec![
            slip.shop_order.into(),
            tree.into(),
            slip.shop_id.into(),
            slip.place.into(),
            slip.status.code().into(),
            json(&slip.lines),
            slip.created_at.into(),
            changed_at.into(),
        ]
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        let shop_order = row.id()?;
        let tree = row.id()?;
        let (shop_id, place) = (row.text()?, row.text()?);
        let status = row.code(SlipStatus::from_code)?;
        let (lines, created_at) = (row.json()?, row.time()?);
        let slip = Slip { shop_order, shop_id, place, status, lines, created_at };
        Ok(Self { tree, slip, changed_at: row.time()? })
    }
}

impl Written for SlipRow {
    const TABLE: &'static Table = &WEIGH_SLIP;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.upsert(writes.slips.drain(..).map(Self::row));
    }
}

impl Store {
    /// Slips after the one of shop order `after`, by shop order: those of a place, in a state.
    pub async fn slips(
        &self,
        place: Option<&str>,
        status: Option<SlipStatus>,
        after: Id,
        limit: usize,
    ) -> Result<Vec<SlipRow>, StoreError> {
        let dialect = self.dialect();
        let asked = |status| slip_page(dialect, (place, status), after, limit);
        let mut found = Vec::new();
        // The index of places has their statuses in front: each is asked for in turn.
        let statuses: Vec<_> = match (place, status) {
            (Some(_), None) => SlipStatus::ALL.iter().copied().map(Some).collect(),
            (_, status) => vec![status],
        };
        for status in statuses {
            let [rows] = self.rows_together([asked(status)]).await?;
            for row in rows {
                found.push(SlipRow::of(row)?);
            }
        }
        found.sort_unstable_by_key(|row| row.slip.shop_order);
        found.truncate(limit);
        Ok(found)
    }
}

/// At most `limit` slips behind `after`, of a place only with a status.
pub fn slip_page(
    dialect: Dialect,
    (place, status): (Option<&str>, Option<SlipStatus>),
    after: Id,
    limit: usize,
) -> Query {
    let index = match (place, status) {
        (Some(_), _) => Some("weigh_slip_place"),
        (None, Some(_)) => Some("weigh_slip_status"),
        (None, None) => None,
    };
    let table = along(dialect, "weigh_slip", index);
    let mut sql = Sql {
        text: format!("SELECT {} FROM {table} WHERE shop_order > ?", WEIGH_SLIP.column_list()),
        values: vec![after.into()],
    };
    if let Some(place) = place {
        sql.and("place = ?", [place.into()]);
    }
    if let Some(status) = status {
        sql.and("status = ?", [status.code().into()]);
    }
    let _ = write!(sql.text, " ORDER BY shop_order LIMIT {limit}"); // a String takes all that is written
    Query { table: "weigh_slip", sql: sql.text, kinds: WEIGH_SLIP.kinds(), values: sql.values }
}
