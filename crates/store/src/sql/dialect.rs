//! SQL text, made once from tables and kept for the life of the process.
//!
//! Both databases read the same text wherever they can: `?` placeholders, BIGINT and text, no RETURNING, no
//! auto-increment. They differ in shape: SQLite is fastest with one cached statement a row, the MySQL
//! family with few statements of many rows, in sizes that repeat so that few texts exist.

use crate::sql::table::Table;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{LazyLock, RwLock};

/// SQL text with codes of our enums in it, which are constants named in braces; made once, at its first use.
macro_rules! sql {
    ($text:literal) => {{
        static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| format!($text));
        TEXT.as_str()
    }};
}
pub(crate) use sql;

/// Whose words a statement is in, where they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    Sqlite,
    MySql,
}

/// How rows of a table are looked up: by equality on `fixed` and membership in `list`.
#[derive(Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Where.
    pub table: &'static Table,
    /// A column that all keys of one statement share.
    pub fixed: Option<&'static str>,
    /// The column whose values are listed.
    pub list: &'static str,
}

/// What a statement does; with its table it names one text.
#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
pub enum Shape {
    Select(&'static str, usize),
    Insert(usize),
    Upsert(usize),
    UpsertOne,
    Ignore(usize),
    IgnoreOne,
    UpdateVersion,
    UpdateRow,
    GuardVersions(usize),
    Delete,
    SetCounter,
    MoveCounter,
    MoveCounters(usize),
    HoldCounters(usize),
    AddCounters(Dialect, usize),
    /// What a table has of its own, by a name.
    Own(&'static str, usize),
}

type Texts = RwLock<HashMap<(&'static str, Shape), &'static str>>;
static TEXTS: LazyLock<Texts> = LazyLock::new(Texts::default);

/// The text of `shape` on `table`, made at its first use. The number of texts is bounded by tables × sizes,
/// so what is leaked here is a few hundred kilobytes at most.
pub fn text(table: &'static str, shape: Shape, make: impl FnOnce() -> String) -> &'static str {
    let poisoned = "no code panics while it holds the lock of the SQL texts";
    if let Some(text) = TEXTS.read().expect(poisoned).get(&(table, shape)) {
        return text;
    }
    let made: &'static str = Box::leak(make().into_boxed_str());
    TEXTS.write().expect(poisoned).entry((table, shape)).or_insert(made)
}

/// `(?, ?, …)`, `n` times over.
pub fn tuples(n: usize, width: usize) -> String {
    let tuple = format!("({})", vec!["?"; width].join(", "));
    vec![tuple; n].join(", ")
}

/// `CASE column WHEN ? THEN ? … END`, `n` arms.
pub fn case(column: &str, n: usize) -> String {
    let mut text = format!("CASE {column}");
    for _ in 0..n {
        text.push_str(" WHEN ? THEN ?");
    }
    text.push_str(" END");
    text
}

/// Rows of a statement at most.
const CHUNK_MAX: usize = 512;

/// Sizes of chunks for `rows` rows, the largest first. Below eight there is every size, above it four in each octave
/// (8, 10, 12, 14, 16, 20, …): two statements take most numbers of rows, and there are 32 texts of a shape.
pub fn chunks(rows: usize) -> impl Iterator<Item = usize> {
    let mut left = rows;
    std::iter::from_fn(move || {
        let octave = left.checked_ilog2()?.saturating_sub(2);
        let size = (left >> octave << octave).min(CHUNK_MAX);
        left -= size;
        Some(size)
    })
}

/// Every column of the rows with `n` listed keys.
pub fn select(lookup: &Lookup, n: usize) -> &'static str {
    text(lookup.table.name, Shape::Select(lookup.list, n), || {
        let mut sql =
            format!("SELECT {} FROM {} WHERE ", lookup.table.column_list(), lookup.table.name);
        if let Some(fixed) = lookup.fixed {
            let _ = write!(sql, "{fixed} = ? AND ");
        }
        if n == 1 {
            let _ = write!(sql, "{} = ?", lookup.list);
        } else {
            let _ = write!(sql, "{} IN {}", lookup.list, tuples(1, n));
        }
        sql
    })
}

/// `n` new rows; an existing key is an error.
pub fn insert(table: &'static Table, n: usize) -> &'static str {
    text(table.name, Shape::Insert(n), || {
        let width = table.columns.len();
        format!("INSERT INTO {} ({}) VALUES {}", table.name, table.column_list(), tuples(n, width))
    })
}

/// One row of a table that is all key, unless it is there. SQLite's words.
pub fn insert_or_ignore(table: &'static Table) -> &'static str {
    text(table.name, Shape::IgnoreOne, || {
        insert(table, 1).replacen("INSERT", "INSERT OR IGNORE", 1)
    })
}

/// `n` rows of a table that is all key, unless they are there. The MySQL family's words.
pub fn insert_ignore(table: &'static Table, n: usize) -> &'static str {
    text(table.name, Shape::Ignore(n), || insert(table, n).replacen("INSERT", "INSERT IGNORE", 1))
}

/// One row, new or over the one with its key. SQLite's words.
pub fn upsert_one(table: &'static Table) -> &'static str {
    text(table.name, Shape::UpsertOne, || {
        let rest = table.columns[table.key..].iter();
        let set: Vec<_> = rest.map(|(name, _)| format!("{name} = excluded.{name}")).collect();
        let (head, key) = (insert(table, 1), table.key_list());
        format!("{head} ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", "))
    })
}

/// `n` rows, new or over those with their keys. The MySQL family's words.
pub fn upsert(table: &'static Table, n: usize) -> &'static str {
    text(table.name, Shape::Upsert(n), || {
        let rest = table.columns[table.key..].iter();
        let set: Vec<_> = rest.map(|(name, _)| format!("{name} = VALUES({name})")).collect();
        format!("{} ON DUPLICATE KEY UPDATE {}", insert(table, n), set.join(", "))
    })
}

/// One row of a table with versions over the one it was read at: all columns but the key, then key and version.
pub fn update_version(table: &'static Table) -> &'static str {
    text(table.name, Shape::UpdateVersion, || {
        let rest = table.columns[table.key..].iter();
        let set: Vec<_> = rest.map(|(name, _)| format!("{name} = ?")).collect();
        let key = table.key_list();
        format!("UPDATE {} SET {} WHERE {key} = ? AND version = ?", table.name, set.join(", "))
    })
}

/// One row over the one with its key: all columns but the key, then the key. Matches nothing where there is none.
pub fn update_row(table: &'static Table) -> &'static str {
    text(table.name, Shape::UpdateRow, || {
        let rest = table.columns[table.key..].iter();
        let set: Vec<_> = rest.map(|(name, _)| format!("{name} = ?")).collect();
        let key: Vec<_> =
            table.key_columns().iter().map(|(name, _)| format!("{name} = ?")).collect();
        format!("UPDATE {} SET {} WHERE {}", table.name, set.join(", "), key.join(" AND "))
    })
}

/// Raises the version of `n` rows that are still at the version they were read at. `CASE`, because a list
/// of pairs made MariaDB slower by the minute.
pub fn guard_versions(table: &'static Table, n: usize) -> &'static str {
    text(table.name, Shape::GuardVersions(n), || {
        let key = table.key_list();
        format!(
            "UPDATE {} SET version = version + 1 WHERE {key} IN {} AND version = {}",
            table.name,
            tuples(1, n),
            case(&key, n)
        )
    })
}

/// Deletes the row of one key.
pub fn delete(table: &'static Table) -> &'static str {
    text(table.name, Shape::Delete, || {
        let key: Vec<_> =
            table.key_columns().iter().map(|(name, _)| format!("{name} = ?")).collect();
        format!("DELETE FROM {} WHERE {}", table.name, key.join(" AND "))
    })
}

#[cfg(test)]
mod tests {
    use super::chunks;
    use std::collections::BTreeSet;

    #[test]
    fn chunks_add_up_and_are_few_of_few_sizes() {
        let all: Vec<Vec<usize>> = (0..=2_048).map(|rows| chunks(rows).collect()).collect();
        for (rows, sizes) in all.iter().enumerate() {
            assert_eq!(sizes.iter().sum::<usize>(), rows);
            assert!(sizes.len() <= 3 + rows / 512, "{rows}: {sizes:?}");
        }
        let sizes: BTreeSet<_> = all.iter().flatten().collect();
        assert_eq!(sizes.len(), 32, "{sizes:?}");
        assert_eq!(all[31], [28, 3]);
        assert_eq!(all[1_030], [512, 512, 6]);
    }
}
