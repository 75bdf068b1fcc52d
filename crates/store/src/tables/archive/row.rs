//! A row as the archive keeps it: one line of JSON that says its tree, its table and its columns by name, so that
//! it can be read without us and brought back exactly as it was.

use crate::StoreError;
use crate::sql::table::Table;
use crate::sql::value::{Kind, Row, Value};
use crate::tables::snapshots::ORDER_SNAPSHOT;
use crate::tables::snapshots::Snapshot;
use crate::tables::{orders, rows};
use docket_domain::{Id, LogEntry, Seat, Time, Tree};
use serde_json::{Map, Value as Json};

/// The tables whose rows are archived: those of nodes, then the log, then agreed trees.
pub static TABLES: [&Table; 6] = [
    &orders::PAYMENT_ORDER,
    &orders::SHOP_ORDER,
    &orders::ITEM_ORDER,
    &orders::ORDER_TERM,
    &orders::ORDER_OPERATION,
    &ORDER_SNAPSHOT,
];

/// One row of a table, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRow {
    pub(crate) table: &'static Table,
    pub(crate) values: Vec<Value>,
}

fn told(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Int(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Blob(bytes) => Json::from(hex::encode(bytes)),
    }
}

fn read(json: &Json, kind: Kind) -> Option<Value> {
    match (json, kind) {
        (Json::Null, _) => Some(Value::Null),
        (Json::Number(number), Kind::Int) => number.as_i64().map(Value::Int),
        (Json::String(text), Kind::Text) => Some(Value::Text(text.clone())),
        (Json::String(text), Kind::Blob) => hex::decode(text).ok().map(Value::Blob),
        _ => None,
    }
}

impl KeptRow {
    pub(crate) fn of(table: &'static Table, row: Row) -> Self {
        Self { table, values: row.rest() }
    }

    /// The value of a column; nothing where the table has none of this name.
    pub(crate) fn value(&self, column: &str) -> Option<&Value> {
        let at = self.table.columns.iter().position(|(name, _)| *name == column)?;
        self.values.get(at)
    }

    pub(crate) fn int(&self, column: &str) -> Option<i64> {
        match self.value(column) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn is_of(&self, table: &'static Table) -> bool {
        self.table.name == table.name
    }

    /// Whose row it is.
    pub fn tree(&self) -> Id {
        Id(self.int("tree").or_else(|| self.int("id")).unwrap_or_default())
    }

    /// When what it says happened, by our clock.
    pub fn at(&self) -> Time {
        Time(self.int("at").or_else(|| self.int("created_at")).unwrap_or_default())
    }

    /// What the line of each row of `tree` begins with, and of no other's.
    pub fn beginning(tree: Id) -> String {
        format!("{{\"tree\":{tree},")
    }

    /// The row as a line, without its end.
    pub fn line(&self) -> String {
        let columns = self.table.columns.iter().zip(&self.values);
        let row: Map<_, _> =
            columns.map(|((name, _), value)| ((*name).to_owned(), told(value))).collect();
        let (head, table) = (Self::beginning(self.tree()), self.table.name);
        format!("{head}\"table\":\"{table}\",\"row\":{}}}", Json::Object(row))
    }

    /// Reads a line. A column that was not there yet when it was written is null.
    pub fn parse(line: &str) -> Result<Self, StoreError> {
        let corrupt = |what: String| StoreError::Corrupt { table: "archive_segment", what };
        let parsed: Json =
            serde_json::from_str(line).map_err(|error| corrupt(error.to_string()))?;
        let name = parsed["table"].as_str().unwrap_or_default();
        let Some(table) = TABLES.into_iter().find(|table| table.name == name) else {
            return Err(corrupt(format!("`{name}` is no table whose rows are archived")));
        };
        let row =
            parsed["row"].as_object().ok_or_else(|| corrupt("a line has no row".to_owned()))?;
        let values = table.columns.iter().map(|(column, kind)| {
            let value = row.get(*column).unwrap_or(&Json::Null);
            read(value, *kind).ok_or_else(|| corrupt(format!("{name}.{column} is {value}")))
        });
        let kept = Self { table, values: values.collect::<Result<_, _>>()? };
        if parsed["tree"].as_i64() != Some(kept.tree().0) {
            return Err(corrupt(format!("a line of {} says another tree", kept.tree())));
        }
        Ok(kept)
    }

    /// The version of the tree whose first row this is.
    pub fn version(&self) -> Option<i64> {
        self.is_of(&orders::PAYMENT_ORDER).then(|| self.int("version")).flatten()
    }

    /// The number that the source of the order gave it, if this is the row that is looked up by it.
    pub(crate) fn external_id(&self) -> Option<&str> {
        match self.value("term").filter(|_| self.is_of(&orders::ORDER_TERM)) {
            Some(Value::Text(term)) => term.strip_prefix(rows::EXTERNAL),
            _ => None,
        }
    }

    /// The row of `entry`.
    pub fn of_entry(entry: &LogEntry) -> Self {
        Self { table: &orders::ORDER_OPERATION, values: rows::log_row(entry) }
    }

    /// The row of an agreed tree.
    pub fn of_snapshot(snapshot: Snapshot) -> Self {
        Self { table: &ORDER_SNAPSHOT, values: snapshot.row() }
    }

    /// This row of a node, with the body that `tree` has there at `seat`.
    #[must_use]
    pub fn with_node_of(self, tree: &Tree, seat: &Seat) -> Self {
        let rows = rows::tree_rows(tree, seat);
        let mut of_node = [(&orders::PAYMENT_ORDER, vec![rows.payment])]
            .into_iter()
            .chain([(&orders::SHOP_ORDER, rows.shops), (&orders::ITEM_ORDER, rows.items)]);
        let own = of_node.find(|(table, _)| self.is_of(table)).map(|(_, rows)| rows);
        let key = self.table.key;
        let found = own.into_iter().flatten().find(|row| row[..key] == self.values[..key]);
        found.map_or_else(|| self.clone(), |values| Self { table: self.table, values })
    }

    /// The entry of a log that this row is.
    pub fn entry(&self) -> Result<Option<LogEntry>, StoreError> {
        let is = self.is_of(&orders::ORDER_OPERATION);
        is.then(|| rows::entry_of(self.clone().into_row())).transpose()
    }

    /// The agreed tree that this row is.
    pub fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        let is = self.is_of(&ORDER_SNAPSHOT);
        is.then(|| Snapshot::of(self.clone().into_row())).transpose()
    }

    fn into_row(self) -> Row {
        Row::new(self.table.name, self.values)
    }

    /// The rows of logs among `rows`.
    pub fn entries(rows: Vec<Self>) -> Result<Vec<LogEntry>, StoreError> {
        let of_log = rows.into_iter().filter(|row| row.is_of(&orders::ORDER_OPERATION));
        of_log.map(|row| rows::entry_of(row.into_row())).collect()
    }

    /// The agreed trees among `rows`.
    pub fn snapshots(rows: Vec<Self>) -> Result<Vec<Snapshot>, StoreError> {
        let agreed = rows.into_iter().filter(|row| row.is_of(&ORDER_SNAPSHOT));
        agreed.map(|row| Snapshot::of(row.into_row())).collect()
    }

    /// The trees whose rows are all among `rows`.
    pub fn trees(rows: Vec<Self>) -> Result<Vec<Tree>, StoreError> {
        let (mut payments, mut shops, mut items) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            match row.table.name {
                "payment_order" => payments.push(rows::payment_of(row.into_row())?),
                "shop_order" => shops.push(rows::shop_of(row.into_row())?),
                "item_order" => items.push(rows::item_of(row.into_row())?),
                _ => {}
            }
        }
        rows::assemble(payments, shops, items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> KeptRow {
        let values = vec![
            Value::Int(i64::MAX),
            Value::Int(2),
            Value::Int(-5),
            Value::Blob(vec![0, 255, 16]),
            Value::Blob(Vec::new()),
            Value::Null,
        ];
        KeptRow { table: &ORDER_SNAPSHOT, values }
    }

    #[test]
    fn a_row_comes_back_from_its_line_as_it_was() {
        let kept = snapshot();
        let line = kept.line();
        assert!(line.starts_with(&KeptRow::beginning(Id(i64::MAX))), "{line}");
        assert_eq!(KeptRow::parse(&line).unwrap(), kept);
        assert!(!line.contains('\n'));
    }

    #[test]
    fn a_line_that_was_changed_is_refused() {
        let line = snapshot().line();
        for (from, to) in [
            ("order_snapshot", "task"),
            ("00ff10", "00ff1"),
            ("00ff10", "00ffzz"),
            ("\"terms_version\":2", "\"terms_version\":\"2\""),
            ("{\"tree\":9", "{\"tree\":8"),
        ] {
            let wrong = line.replacen(from, to, 1);
            assert_ne!(wrong, line);
            assert!(KeptRow::parse(&wrong).is_err(), "{wrong}");
        }
    }
}
