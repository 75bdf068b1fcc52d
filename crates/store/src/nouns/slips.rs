//! Weigh slips: what is to be weighed of a shop order, and what the scales said.

use crate::table::WEIGH_SLIP;
use crate::value::{Row, Value, json};
use crate::{Store, StoreError};
use docket_domain::ledger::{Slip, SlipStatus};
use docket_domain::{Id, Time};
use std::fmt::Write as _;

/// One slip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlipRow {
    /// The order.
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

impl Store {
    /// Slips after the one of shop order `after`, by shop order: those of a place, in a state.
    pub async fn slips(
        &self,
        place: Option<&str>,
        status: Option<SlipStatus>,
        after: Id,
        limit: usize,
    ) -> Result<Vec<SlipRow>, StoreError> {
        let mut sql =
            format!("SELECT {} FROM weigh_slip WHERE shop_order > ?", WEIGH_SLIP.column_list());
        let mut values = vec![after.into()];
        if let Some(place) = place {
            sql.push_str(" AND place = ?");
            values.push(place.into());
        }
        if let Some(status) = status {
            sql.push_str(" AND status = ?");
            values.push(status.code().into());
        }
        let _ = write!(sql, " ORDER BY shop_order LIMIT {limit}"); // a String takes all that is written
        let rows = self.rows("weigh_slip", sql, &WEIGH_SLIP.kinds(), values).await?;
        rows.into_iter().map(SlipRow::of).collect()
    }
}
