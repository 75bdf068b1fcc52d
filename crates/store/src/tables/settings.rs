//! Small values of the installation: its epoch, when the writer last proved that it can write.

use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::Text;
use crate::{Store, StoreError};

/// What an installation is, and small values of it.
pub static SETTING: Table =
    Table { name: "setting", columns: &[("name", Text), ("value", Text)], key: 1 };

/// Proves that the database takes writes; for a database that was full or away.
pub fn probe() -> [Statement; 2] {
    [
        Statement {
            sql: "DELETE FROM setting WHERE name = 'probe'",
            values: Vec::new(),
            must_match: None,
        },
        Statement {
            sql: "INSERT INTO setting (name, value) VALUES ('probe', 'written')",
            values: Vec::new(),
            must_match: None,
        },
    ]
}

impl Store {
    /// The value of a setting, if it has one. `epoch` is the moment at which this database was restored from a
    /// backup, in milliseconds.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM setting WHERE name = ?";
        let rows = self.rows("setting", sql, &[Text], vec![name.into()]).await?;
        rows.into_iter().next().map(|mut row| row.text()).transpose()
    }
}
