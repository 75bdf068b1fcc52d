//! Where the value of a field comes from, and what a status word means: most need no more than one name, some a
//! table.

use super::super::fields::Kind;
use super::{Fields, Money};
use serde::de::{Error, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

/// What one status word means.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning {
    /// The status it stands for.
    pub status: String,
    /// The status it stands for where the order has payments, if that is another.
    pub when_paid: Option<String>,
    /// Facts that follow from this word alone: `shipped_at`, `received_at`, `cancelled_at`, `settled_at`,
    /// each with its column.
    pub facts: Fields,
}

/// Where the value of a field comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// Columns or a constant.
    pub from: From,
    /// Words that are replaced; others stay as they are.
    pub words: BTreeMap<String, String>,
    /// Whether the columns must be there.
    pub presence: Presence,
    /// How free fields are read; the others know it by themselves.
    pub kind: Option<Kind>,
    /// How its amounts are written, where that is another way than that of the file.
    pub money: Option<Money>,
    /// Whether its sign is turned around.
    pub turned: Turned,
    /// How often an amount of a shop order counts that stands in its rows.
    pub counted: Counted,
}

impl Value {
    /// The columns it is read from.
    pub fn columns(&self) -> &[String] {
        match &self.from {
            From::Column(name) => std::slice::from_ref(name),
            From::Columns(names, _) => names,
            From::Constant(_) => &[],
        }
    }
}

/// How often an amount of a shop order counts that stands in several of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Each row has a part of it.
    EachRow,
    /// Each row has all of it.
    Once,
}

/// Which sign a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// As it is written.
    AsItIs,
    /// The other one: a discount that is written below zero.
    Around,
}

/// Columns or a constant.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum From {
    Column(String),
    /// Several columns and what stands between them.
    Columns(Vec<String>, String),
    Constant(String),
}

/// Whether a column must be in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// A file without it is refused.
    Required,
    /// Where it is missing, the field is left out.
    Optional,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueTable {
    column: Option<String>,
    columns: Option<Vec<String>>,
    join: Option<String>,
    value: Option<String>,
    #[serde(default)]
    words: BTreeMap<String, String>,
    #[serde(default)]
    optional: bool,
    #[serde(rename = "as")]
    kind: Option<Kind>,
    money: Option<Money>,
    #[serde(default)]
    negate: bool,
    #[serde(default)]
    once: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeaningTable {
    status: String,
    when_paid: Option<String>,
    #[serde(default)]
    facts: Fields,
}

impl TryFrom<ValueTable> for Value {
    type Error = &'static str;

    fn try_from(table: ValueTable) -> Result<Self, &'static str> {
        let from = match (table.column, table.columns, table.value) {
            (Some(column), None, None) => From::Column(column),
            (None, Some(columns), None) if !columns.is_empty() => {
                From::Columns(columns, table.join.unwrap_or_else(|| "-".to_owned()))
            }
            (None, None, Some(value)) => From::Constant(value),
            _ => return Err("a field has one of `column`, `columns` and `value`"),
        };
        let presence = if table.optional { Presence::Optional } else { Presence::Required };
        let turned = if table.negate { Turned::Around } else { Turned::AsItIs };
        let counted = if table.once { Counted::Once } else { Counted::EachRow };
        let (words, kind, money) = (table.words, table.kind, table.money);
        Ok(Self { from, words, presence, kind, money, turned, counted })
    }
}

/// Reads a text or a table: most fields need no more than the name of a column.
struct Short<T>(std::marker::PhantomData<T>);

impl<'de, T: Shorthand> Visitor<'de> for Short<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::of_text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let table = T::Table::deserialize(MapAccessDeserializer::new(map))?;
        T::of_table(table).map_err(A::Error::custom)
    }
}

trait Shorthand: Sized {
    type Table: for<'de> Deserialize<'de>;
    const EXPECTED: &'static str;
    fn of_text(text: &str) -> Self;
    fn of_table(table: Self::Table) -> Result<Self, &'static str>;
}

impl Shorthand for Value {
    type Table = ValueTable;
    const EXPECTED: &'static str = "the name of a column, or a table with `column` or `value`";

    fn of_text(text: &str) -> Self {
        Self {
            from: From::Column(text.to_owned()),
            words: BTreeMap::new(),
            presence: Presence::Required,
            kind: None,
            money: None,
            turned: Turned::AsItIs,
            counted: Counted::EachRow,
        }
    }

    fn of_table(table: ValueTable) -> Result<Self, &'static str> {
        table.try_into()
    }
}

impl Shorthand for Meaning {
    type Table = MeaningTable;
    const EXPECTED: &'static str = "a status, or a table with `status`";

    fn of_text(text: &str) -> Self {
        Self { status: text.to_owned(), when_paid: None, facts: Fields::new() }
    }

    fn of_table(table: MeaningTable) -> Result<Self, &'static str> {
        let MeaningTable { status, when_paid, facts } = table;
        Ok(Self { status, when_paid, facts })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Short(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for Meaning {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Short(std::marker::PhantomData))
    }
}
