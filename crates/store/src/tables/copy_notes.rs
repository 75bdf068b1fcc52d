//! What is to be said of a copy: nobody writes a copy but the road that brought it, so it stands beside it.

use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value, json};
use crate::tables::lane::Writes;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::{Store, StoreError};
use docket_domain::tree::Anomaly;
use docket_domain::words::AnomalyKind;
use docket_domain::{Id, Time};

/// Contradictions of copies, each once.
pub static COPY_NOTE: Table = Table {
    name: "copy_note",
    columns: &[("tree", Int), ("kind", Text), ("subject", Text), ("detail", Text), ("at", Int)],
    key: 3,
};

/// Notes of one copy that are read at most.
const READ: usize = 200;

/// A contradiction that was noticed here about a copy, once a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct CopyNote {
    /// The copy.
    pub tree: Id,
    /// What it is about: the unique key of a payment reference.
    pub subject: String,
    /// The contradiction, as it would stand in an order of ours.
    pub anomaly: Anomaly,
}

impl CopyNote {
    pub(crate) fn row(self) -> Vec<Value> {
        let Anomaly { kind, at, detail } = self.anomaly;
        let kind = Value::Text(kind.word().to_owned());
        vec![self.tree.into(), kind, self.subject.into(), json(&detail), at.into()]
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        let (tree, word) = (row.id()?, row.text()?);
        let kind = AnomalyKind::from_word(&word);
        let kind = kind.ok_or_else(|| row.corrupt(format!("`{word}` is no kind of anomaly")))?;
        let (subject, detail, at): (_, _, Time) = (row.text()?, row.json()?, row.time()?);
        Ok(Self { tree, subject, anomaly: Anomaly { kind, at, detail } })
    }
}

impl Written for CopyNote {
    const TABLE: &'static Table = &COPY_NOTE;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.insert_missing(writes.copy_notes.drain(..).map(Self::row));
    }
}

impl Store {
    /// What was noticed here about a copy, the oldest first; of very many the first.
    pub async fn copy_notes(&self, tree: Id) -> Result<Vec<CopyNote>, StoreError> {
        let sql = format!(
            "SELECT {} FROM copy_note WHERE tree = ? ORDER BY kind, subject LIMIT {READ}",
            COPY_NOTE.column_list()
        );
        let rows = self.rows("copy_note", sql, &COPY_NOTE.kinds(), vec![tree.into()]).await?;
        let mut notes: Vec<_> = rows.into_iter().map(CopyNote::of).collect::<Result<_, _>>()?;
        notes.sort_by_key(|note| note.anomaly.at);
        Ok(notes)
    }
}
