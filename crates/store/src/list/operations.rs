//! The log across orders: by operator, kind and time, newest first.

use super::sql::Sql;
use crate::{Store, StoreError, rows, table};
use docket_domain::{Id, LogEntry, OperationKind, Time};

/// Which operations, across orders.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct OperationFilter {
    pub operator: Option<String>,
    pub kind: Option<OperationKind>,
    pub from: Option<Time>,
    pub to: Option<Time>,
    /// The last row of the page before: its time, tree and sequence number.
    pub cursor: Option<(Time, Id, u32)>,
    pub limit: usize,
}

impl Store {
    /// One page of the log across orders, newest first.
    pub async fn operations_across(
        &self,
        filter: &OperationFilter,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let mut sql = Sql::default();
        if let Some(operator) = &filter.operator {
            sql.and("operator = ?", [operator.into()]);
        }
        if let Some(kind) = filter.kind {
            sql.and("kind = ?", [kind.code().into()]);
        }
        sql.between("at", (filter.from, filter.to));
        if let Some((at, tree, seq)) = filter.cursor {
            let before = "at <= ? AND (at < ? OR tree < ? OR (tree = ? AND seq < ?))";
            sql.and(before, [at.into(), at.into(), tree.into(), tree.into(), seq.into()]);
        }
        let table = &table::ORDER_OPERATION;
        let sql_text = format!(
            "SELECT {} FROM {} WHERE 1 = 1{} ORDER BY at DESC, tree DESC, seq DESC LIMIT {}",
            table.column_list(),
            table.name,
            sql.text,
            filter.limit
        );
        let rows = self.rows(table.name, sql_text, &table.kinds(), sql.values).await?;
        rows.into_iter().map(rows::entry_of).collect()
    }
}
