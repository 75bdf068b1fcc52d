//! Members: buyers whom the center knows beyond their orders.

use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::lane::Writes;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::{Store, StoreError};
use docket_domain::Time;

/// Members, one row a buyer.
pub static MEMBER: Table = Table {
    name: "member",
    columns: &[("buyer_id", Text), ("level", Text), ("joined_at", Int), ("updated_at", Int)],
    key: 1,
};

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The buyer's account number, as orders name it.
    pub buyer_id: String,
    /// The level, by the word of whoever keeps levels.
    pub level: String,
    /// Since when.
    pub joined_at: Time,
    /// When it was last set.
    pub updated_at: Time,
}

impl Member {
    pub(crate) fn row(self) -> Vec<Value> {
        vec![self.buyer_id.into(), self.level.into(), self.joined_at.into(), self.updated_at.into()]
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            buyer_id: row.text()?,
            level: row.text()?,
            joined_at: row.time()?,
            updated_at: row.time()?,
        })
    }
}

impl Written for Member {
    const TABLE: &'static Table = &MEMBER;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.upsert(writes.members.drain(..).map(Self::row));
    }
}

impl Store {
    /// One member.
    pub async fn member(&self, buyer_id: &str) -> Result<Option<Member>, StoreError> {
        let sql = format!("SELECT {} FROM member WHERE buyer_id = ?", MEMBER.column_list());
        let rows = self.rows("member", sql, &MEMBER.kinds(), vec![buyer_id.into()]).await?;
        rows.into_iter().next().map(Member::of).transpose()
    }

    /// Members after `after`, by buyer.
    pub async fn members(&self, after: &str, limit: usize) -> Result<Vec<Member>, StoreError> {
        let sql = format!(
            "SELECT {} FROM member WHERE buyer_id > ? ORDER BY buyer_id LIMIT {limit}",
            MEMBER.column_list()
        );
        let rows = self.rows("member", sql, &MEMBER.kinds(), vec![after.into()]).await?;
        rows.into_iter().map(Member::of).collect()
    }
}
