//! The mapping file: which CSV files play which part, which of their columns become which fields of an order,
//! and how their words, times and decimals are read. Only its shape and its own mistakes are here; applying
//! it to rows is in `columns` and `orders`.

use super::cell::{Decimals, Reading, TimeFormat};
use super::columns::Kind;
use crate::failure::Failure;
use docket_domain::words::Status;
use serde::de::{Error, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// A mapping, as its file says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// The zone of times that name no offset.
    #[serde(default = "utc")]
    zone: String,
    /// How times are written, tried in this order: `strftime` patterns, `rfc3339`, `unix`, `unix_ms`.
    #[serde(default = "rfc3339")]
    times: Vec<String>,
    /// What stands between whole and broken: `.` or `,`.
    #[serde(default = "point")]
    decimal_sign: char,
    /// What may stand between groups of digits.
    thousands_sign: Option<char>,
    /// What stands between two cells.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// What to do with columns that the mapping does not name.
    #[serde(default)]
    pub other_columns: OtherColumns,
    /// One row an order.
    pub orders: OrderRows,
    /// One row a line, or a unit of it.
    pub items: ItemRows,
    /// One row a payment.
    pub payments: Option<PaymentRows>,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn rfc3339() -> Vec<String> {
    vec!["rfc3339".to_owned()]
}

const fn point() -> char {
    '.'
}

const fn comma() -> char {
    ','
}

/// What to do with columns that the mapping does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherColumns {
    /// They say nothing.
    #[default]
    Ignore,
    /// They are an error: somebody changed the export.
    Refuse,
}

/// The files that hold the orders.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderRows {
    /// Patterns of file names; `*` stands for any characters, `?` for one.
    pub files: Vec<String>,
    /// The column that names the order.
    pub key: String,
    /// Fields of the order.
    pub fields: Fields,
    /// What its status words mean.
    pub status: Option<StatusWords>,
}

/// The files that hold the lines of orders.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemRows {
    /// Patterns of file names. None: the rows of the order files are the lines, several an order.
    #[serde(default)]
    pub files: Vec<String>,
    /// The column that names the order; the one of the order files if left out.
    pub key: Option<String>,
    /// Whether rows that differ in nothing but their quantity become one line.
    #[serde(default)]
    pub equal_rows: EqualRows,
    /// Fields of the line and of its shop order.
    pub fields: Fields,
}

/// The files that hold the payments of orders.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentRows {
    /// Patterns of file names. None: the first row of each order names its one payment.
    #[serde(default)]
    pub files: Vec<String>,
    /// The column that names the order; the one of the order files if left out.
    pub key: Option<String>,
    /// Fields of the payment.
    pub fields: Fields,
}

/// Fields of an order by their names, and where their values come from.
pub type Fields = BTreeMap<String, Value>;

/// What becomes of rows of one shop order that differ in nothing but their quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EqualRows {
    /// Each stays a line of its own.
    #[default]
    Keep,
    /// They are one line, and their quantities are added.
    Merge,
}

/// What the status words of a source mean.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusWords {
    /// The column with the word.
    pub column: String,
    /// Word by word; another one makes its row refused.
    pub words: BTreeMap<String, Meaning>,
}

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

impl Map {
    /// Reads a mapping file.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| super::lines::unreadable(path, &error))?;
        if let Err(error) = toml::from_str::<Self>(&text) {
            return Err(super::wrong_map::unreadable(path, &text, &error));
        }
        Self::parse(&text).map_err(|why| super::wrong_map::placed(path, Failure::usage(why)))
    }

    /// Reads the text of a mapping file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let map: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if !map.delimiter.is_ascii() {
            return Err("`delimiter` must be one ASCII character".to_owned());
        }
        if map.orders.files.is_empty() {
            return Err("`orders.files` names no file".to_owned());
        }
        let words = map.orders.status.iter().flat_map(|status| status.words.values());
        for meaning in words {
            for word in std::iter::once(&meaning.status).chain(&meaning.when_paid) {
                if Status::from_word(word).is_none() {
                    let words: Vec<_> = Status::ALL.iter().map(|status| status.word()).collect();
                    let listed = words.join(", ");
                    return Err(format!("`{word}` is no status; the statuses are: {listed}"));
                }
            }
        }
        map.reading()?;
        Ok(map)
    }

    /// How its cells are read.
    pub fn reading(&self) -> Result<Reading, String> {
        if self.times.is_empty() {
            return Err("`times` names no way to write a time".to_owned());
        }
        let zone = jiff::tz::TimeZone::get(&self.zone)
            .map_err(|_| format!("`{}` is no time zone; one is America/Sao_Paulo", self.zone))?;
        let times = self.times.iter().map(|time| TimeFormat::parse(time));
        let decimals = Decimals { sign: self.decimal_sign, thousands: self.thousands_sign };
        if !matches!(decimals.sign, '.' | ',') || decimals.thousands == Some(decimals.sign) {
            let why = "`decimal_sign` must be `.` or `,`, and `thousands_sign` another than that";
            return Err(why.to_owned());
        }
        Ok(Reading { zone, times: times.collect::<Result<_, _>>()?, decimals })
    }
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
        Ok(Self { from, words: table.words, presence, kind: table.kind })
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
        let from = From::Column(text.to_owned());
        Self { from, words: BTreeMap::new(), presence: Presence::Required, kind: None }
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

/// Whether a file name fits a pattern of `*` and `?`. Capitals do not matter.
pub fn fits(pattern: &str, name: &str) -> bool {
    fn rest(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some((b'*', after)), _) => {
                rest(after, name) || name.split_first().is_some_and(|(_, name)| rest(pattern, name))
            }
            (Some((b'?', after)), Some((_, name))) => rest(after, name),
            (Some((wanted, after)), Some((found, name))) => {
                wanted.eq_ignore_ascii_case(found) && rest(after, name)
            }
            _ => false,
        }
    }
    rest(pattern.as_bytes(), name.as_bytes())
}

/// The one of `known` that `word` was most likely meant to be.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let scored =
        known.into_iter().map(|known| (strsim::jaro_winkler(&known.to_lowercase(), &word), known));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 > 0.7).then_some(best.1)
}
