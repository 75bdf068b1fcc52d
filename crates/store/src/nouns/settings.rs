//! Small values of the installation: its epoch, when the writer last proved that it can write.

use crate::plan::Statement;

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
