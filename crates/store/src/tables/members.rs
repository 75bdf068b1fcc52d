//! Members: buyers whom the center knows beyond their orders.

use crate::table::MEMBER;
use crate::value::{Row, Value};
use crate::{Store, StoreError};
use docket_domain::Time;

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
