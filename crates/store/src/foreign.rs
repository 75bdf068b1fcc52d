//! A table of somebody else: rows written over by key, never back behind a newer version, and read again.
//!
//! Whatever stands in its description came from a config: names are checked here and quoted, values are bound.

use crate::StoreError;
use crate::database::sqlite::sqlite_path;
use crate::database::{mysql, server};
use crate::sql::value::Value;
use rusqlite::types::ValueRef;
use sqlx::mysql::{MySqlPool, MySqlRow};
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The longest name of a table or column.
const NAME_MAX: usize = 64;
/// How long their file is waited for while somebody else writes it.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most connections to their server.
const CONNECTIONS: u32 = 4;

/// What their table looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignShape {
    /// The table's name, with its schema where it has one.
    pub table: String,
    /// The column of the key.
    pub key: String,
    /// The column whose value only grows: a late write never goes back behind it.
    pub guard: String,
    /// Every other column that is written, in the order of the values.
    pub columns: Vec<String>,
}

/// One row of theirs: key and guard, then the values of the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignRow {
    /// The value that its row is found by.
    pub key: ForeignValue,
    /// Grows with the order: a row whose guard is higher is newer and stays.
    pub guard: ForeignValue,
    /// The columns of the shape, in its order.
    pub values: Vec<ForeignValue>,
}

/// A value as they keep it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ForeignValue {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
}

impl ForeignValue {
    /// As a text; nothing where nothing is.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Int(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(*number),
            Self::Text(text) => Value::Text(text.clone()),
        }
    }
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Server(MySqlPool),
}

/// A table of somebody else.
#[derive(Debug)]
pub struct Foreign {
    place: Place,
    shape: ForeignShape,
}

/// What is read of a row: every column as text, by name of the shape's order.
type Stored = Vec<Option<String>>;

fn checked(name: &str) -> Result<(), StoreError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && name.len() <= NAME_MAX && name.chars().all(plain) {
        return Ok(());
    }
    let shown: String = name.chars().take(NAME_MAX).collect();
    Err(StoreError::Url(format!("`{shown}` is no name of a table or column")))
}

impl Foreign {
    /// The table of `shape` at `url`; connects when it is used first.
    pub fn new(url: &str, shape: ForeignShape) -> Result<Self, StoreError> {
        let names = [&shape.table, &shape.key, &shape.guard].into_iter().chain(&shape.columns);
        names.map(String::as_str).try_for_each(checked)?;
        let place = if let Some(path) = sqlite_path(url) {
            Place::File(path)
        } else {
            Place::Server(server::lazy_pool(url, CONNECTIONS)?)
        };
        Ok(Self { place, shape })
    }

    /// In a form that both kinds of database know, and that SQLite never takes for a text.
    fn quoted(name: &str) -> String {
        format!("`{name}`")
    }

    fn update(&self) -> String {
        let set = [&self.shape.guard].into_iter().chain(&self.shape.columns);
        let set: Vec<_> = set.map(|column| format!("{} = ?", Self::quoted(column))).collect();
        let (table, key) = (Self::quoted(&self.shape.table), Self::quoted(&self.shape.key));
        let guard = Self::quoted(&self.shape.guard);
        let set = set.join(", ");
        format!("UPDATE {table} SET {set} WHERE {key} = ? AND ({guard} IS NULL OR {guard} <= ?)")
    }

    fn insert(&self) -> String {
        let names = [&self.shape.key, &self.shape.guard].into_iter().chain(&self.shape.columns);
        let names: Vec<_> = names.map(|name| Self::quoted(name)).collect();
        let (table, key) = (Self::quoted(&self.shape.table), Self::quoted(&self.shape.key));
        // A key that is there already has a newer row: it stays.
        let from = match self.place {
            Place::File(_) => "",
            Place::Server(_) => " FROM DUAL",
        };
        format!(
            "INSERT INTO {table} ({}) SELECT {}{from} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {key} = ?)",
            names.join(", "),
            vec!["?"; names.len()].join(", ")
        )
    }

    /// Writes `rows`: each new, or over the one of its key that is not newer.
    pub async fn write(&self, rows: Vec<ForeignRow>) -> Result<(), StoreError> {
        let (update, insert) = (self.update(), self.insert());
        let bound = |row: &ForeignRow| {
            let over: Vec<Value> = [&row.guard]
                .into_iter()
                .chain(&row.values)
                .chain([&row.key, &row.guard])
                .map(ForeignValue::value)
                .collect();
            let new: Vec<Value> = [&row.key, &row.guard]
                .into_iter()
                .chain(&row.values)
                .chain([&row.key])
                .map(ForeignValue::value)
                .collect();
            (over, new)
        };
        match &self.place {
            Place::File(path) => {
                let path = path.clone();
                blocking(move || {
                    let mut file = open(&path)?;
                    let together = file.transaction()?;
                    for row in &rows {
                        let (over, new) = bound(row);
                        let values = rusqlite::params_from_iter(&over);
                        if together.prepare_cached(&update)?.execute(values)? == 0 {
                            let values = rusqlite::params_from_iter(&new);
                            together.prepare_cached(&insert)?.execute(values)?;
                        }
                    }
                    Ok(together.commit()?)
                })
                .await
            }
            Place::Server(pool) => {
                let mut together = pool.begin().await?;
                for row in &rows {
                    let (over, new) = bound(row);
                    let query = over.iter().fold(sqlx::query(AssertSqlSafe(&*update)), mysql::bind);
                    if query.execute(&mut *together).await?.rows_affected() == 0 {
                        let query =
                            new.iter().fold(sqlx::query(AssertSqlSafe(&*insert)), mysql::bind);
                        query.execute(&mut *together).await?;
                    }
                }
                Ok(together.commit().await?)
            }
        }
    }

    /// The rows of `keys`, by their key as text: the columns of the shape as text.
    pub async fn read(
        &self,
        keys: Vec<ForeignValue>,
    ) -> Result<BTreeMap<String, Stored>, StoreError> {
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.select([&self.shape.key].into_iter().chain(&self.shape.columns), keys).await
    }

    /// The columns `names` of the rows of `keys`, by the first of them, as text.
    async fn select(
        &self,
        names: impl Iterator<Item = &String> + Send,
        keys: Vec<ForeignValue>,
    ) -> Result<BTreeMap<String, Stored>, StoreError> {
        // As text by their own database, whatever the type of the column is.
        let names: Vec<_> =
            names.map(|name| format!("CAST({} AS CHAR)", Self::quoted(name))).collect();
        let holes = vec!["?"; keys.len()].join(", ");
        let (table, key) = (Self::quoted(&self.shape.table), Self::quoted(&self.shape.key));
        let sql = format!("SELECT {} FROM {table} WHERE {key} IN ({holes})", names.join(", "));
        let (width, keys) = (names.len(), keys.iter().map(ForeignValue::value).collect::<Vec<_>>());
        let rows: Vec<Stored> = match &self.place {
            Place::File(path) => {
                let path = path.clone();
                blocking(move || {
                    let file = open(&path)?;
                    let mut statement = file.prepare(&sql)?;
                    let read = |row: &rusqlite::Row<'_>| {
                        (0..width).map(|at| Ok(text_of(row.get_ref(at)?))).collect()
                    };
                    let rows = statement.query_map(rusqlite::params_from_iter(&keys), read)?;
                    Ok(rows.collect::<Result<_, rusqlite::Error>>()?)
                })
                .await?
            }
            Place::Server(pool) => {
                let query = keys.iter().fold(sqlx::query(AssertSqlSafe(&*sql)), mysql::bind);
                let rows = query.fetch_all(pool).await?;
                let text = |row: &MySqlRow, at| row.try_get_unchecked::<Option<String>, _>(at);
                let read = |row: &MySqlRow| (0..width).map(|at| text(row, at)).collect();
                rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?
            }
        };
        let by_key = |mut row: Stored| Some((row.remove(0)?, row));
        Ok(rows.into_iter().filter_map(by_key).collect())
    }

    /// Whether their table can be read, with every column that is written.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let ForeignShape { key, guard, columns, .. } = &self.shape;
        let names = [key, guard].into_iter().chain(columns);
        self.select(names, vec![ForeignValue::Int(0)]).await.map(drop)
    }
}

fn open(path: &std::path::Path) -> Result<rusqlite::Connection, StoreError> {
    // Not made where there is none: it is theirs.
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let file = rusqlite::Connection::open_with_flags(path, flags)?;
    file.busy_timeout(PATIENCE)?;
    Ok(file)
}

fn text_of(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Some(String::from_utf8_lossy(text).into_owned())
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_name_is_refused() {
        for fine in ["orders", "T_1", "_x"] {
            assert!(checked(fine).is_ok(), "{fine}");
        }
        for wrong in ["", "1a", "a b", "a`b", "a\"b", "a;drop", "订单", "a.b", &"a".repeat(65)] {
            assert!(checked(wrong).is_err(), "{wrong}");
        }
    }
}
