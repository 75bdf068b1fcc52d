//! An object in whose place another one stands: without what a person wrote who is forgotten. The old one is noted
//! as gone in the transaction of the change, and removed after it, whoever dies in between.

use super::Segment;
use crate::sql::statement::Statement;
use crate::sql::value::{Kind, Value};
use crate::{Store, StoreError};
use docket_domain::Id;

impl Segment {
    /// `new` is its object from now on; the one it had is to be removed.
    pub fn replace(&self, new: &Self) -> [Statement; 2] {
        let sql =
            "UPDATE archive_segment SET name = ?, bytes = ?, sha256 = ? WHERE id = ? AND name = ?";
        let values = vec![
            Value::from(&new.name),
            Value::Int(new.bytes as i64),
            new.sha256.into(),
            self.id.into(),
            Value::from(&self.name),
        ];
        [
            Statement { sql, values, must_match: Some(1) },
            Statement::any(
                "INSERT INTO archive_gone (name) VALUES (?)",
                vec![Value::from(&self.name)],
            ),
        ]
    }

    /// The object of this name was removed.
    pub fn removed(name: &str) -> Statement {
        Statement::any("DELETE FROM archive_gone WHERE name = ?", vec![name.into()])
    }
}

impl Store {
    /// Names of objects that are to be removed, at most `limit`.
    pub async fn objects_gone(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        let sql = format!("SELECT name FROM archive_gone ORDER BY name LIMIT {limit}");
        let rows = self.rows("archive_gone", sql, &[Kind::Text], Vec::new()).await?;
        rows.into_iter().map(|mut row| row.text()).collect()
    }

    /// Segments whose objects have rows of `tree`, those that came back from there too.
    pub async fn segments_with(&self, tree: Id) -> Result<Vec<Id>, StoreError> {
        let sql = "SELECT segment FROM archive_tree WHERE tree = ? \
                   UNION SELECT segment FROM archive_copy WHERE tree = ?";
        let rows = self.rows("archive_tree", sql, &[Kind::Int], vec![tree.into(), tree.into()]);
        rows.await?.into_iter().map(|mut row| row.id()).collect()
    }
}
