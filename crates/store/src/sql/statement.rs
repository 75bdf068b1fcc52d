//! A statement with its values, and how many rows it must match.

use crate::sql::dialect;
use crate::sql::value::Value;
use docket_domain::Id;

/// A statement that one of this crate's tables made; others pass it on unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) values: Vec<Value>,
    /// How many rows it must match; otherwise the batch is decided again.
    pub(crate) must_match: Option<u64>,
}

impl Statement {
    /// A statement that may match any number of rows.
    pub(crate) const fn any(sql: &'static str, values: Vec<Value>) -> Self {
        Self { sql, values, must_match: None }
    }

    /// One such statement for each chunk of `ids`, with the same values before and after them.
    pub(crate) fn chunked(
        ids: &[Id],
        sql: fn(usize) -> &'static str,
        before: &[Value],
        after: &[Value],
    ) -> Vec<Self> {
        let mut rest = ids;
        let chunk = |size| {
            let (chunk, left) = rest.split_at(size);
            rest = left;
            let listed = chunk.iter().map(|id| Value::from(*id));
            let values = before.iter().cloned().chain(listed).chain(after.iter().cloned());
            Self::any(sql(size), values.collect())
        };
        dialect::chunks(ids.len()).map(chunk).collect()
    }
}
