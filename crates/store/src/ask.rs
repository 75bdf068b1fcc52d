//! Whatever answers queries without being awaited: the writer's connection, or a reading one at one moment. What
//! is written against it runs in the lane and beside it alike.

use crate::StoreError;
use crate::store::Query;
use crate::value::Row;

/// Answers queries.
pub trait Ask {
    /// The rows of `asked`.
    fn ask(&mut self, asked: Query) -> Result<Vec<Row>, StoreError>;
}
