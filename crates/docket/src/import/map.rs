//! The mapping file: which CSV files play which part, which of their columns become which fields of an order,
//! and how their words, times and decimals are read. Only its shape and its own mistakes are here; applying
//! it to rows is in `columns` and `orders`.

mod names;
mod value;

pub use names::{fits, nearest};
pub use value::{Counted, From, Meaning, Presence, Turned, Value};

use super::cell::{Decimals, Reading, TimeFormat};
use super::sheet::Written;
use super::text;
use crate::failure::Failure;
use crate::said::{Said, said};
use crate::zones;
use docket_domain::words::Status;
use encoding_rs::Encoding;
use serde::Deserialize;
use std::collections::BTreeMap;
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
    /// What the files are written in; UTF-8 if left out, or what a mark at their beginning says.
    encoding: Option<String>,
    /// How amounts are written; decimals of their currency if left out, and what a file of ours says itself.
    pub money: Option<Money>,
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
    /// Whether it is the one of files that `docket export` wrote.
    #[serde(skip)]
    pub ours: bool,
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

/// How amounts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Money {
    /// As decimals of their currency: 10.00.
    Decimal,
    /// As whole minor units: 1000.
    Minor,
}

impl Money {
    /// The word of the mapping.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Decimal => "decimal",
            Self::Minor => "minor",
        }
    }
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
    /// What a row with a price below zero is.
    #[serde(default)]
    pub negative_price: Negative,
    /// What a row with a quantity below zero is.
    #[serde(default)]
    pub negative_quantity: Negative,
    /// SKUs (`*` and `?` stand for any characters) whose rows are a discount of their shop order.
    #[serde(default)]
    pub discount_skus: Vec<String>,
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

/// What a row is whose sign is turned around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Negative {
    /// A mistake.
    #[default]
    Refuse,
    /// A discount of its shop order.
    Discount,
    /// A refund of its order.
    Refund,
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

    /// The mapping of CSV files that `docket export` wrote.
    pub fn of_ours() -> Self {
        let map = Self::parse(include_str!("own.toml"));
        Self { ours: true, ..map.expect("a test reads the mapping that is built in") }
    }

    /// The mapping of CSV files that `docket export` wrote, with the settings of a mapping file laid over it; none where
    /// that is a mapping of its own.
    pub fn over_ours(text: &str) -> Result<Option<Self>, Said> {
        let Ok(settings) = text.parse::<toml::Table>() else { return Ok(None) };
        if ["orders", "items", "payments"].iter().any(|part| settings.contains_key(*part)) {
            return Ok(None);
        }
        let ours: toml::Table = include_str!("own.toml").parse().expect("it is TOML");
        let whole: toml::Table = ours.into_iter().chain(settings).collect();
        let map = Self::parse(&whole.to_string())?;
        Ok(Some(Self { ours: true, ..map }))
    }

    /// Reads the text of a mapping file.
    pub fn parse(text: &str) -> Result<Self, Said> {
        let map: Self = toml::from_str(text).map_err(|error| Said::as_told(error.to_string()))?;
        if !map.delimiter.is_ascii() {
            return Err(said!(
                "`delimiter` must be one ASCII character",
                "`delimiter` 应为一个 ASCII 字符"
            ));
        }
        if map.orders.files.is_empty() {
            return Err(said!("`orders.files` names no file", "`orders.files` 没有指定文件"));
        }
        if map.items.negative_price == Negative::Refund {
            return Err(said!(
                "`negative_price` is `refuse` or `discount`: what is given back has a quantity",
                "`negative_price` 应为 `refuse` 或 `discount`：退款要有数量"
            ));
        }
        let words = map.orders.status.iter().flat_map(|status| status.words.values());
        for meaning in words {
            for word in std::iter::once(&meaning.status).chain(&meaning.when_paid) {
                if Status::from_word(word).is_none() {
                    let words: Vec<_> = Status::ALL.iter().map(|status| status.word()).collect();
                    let listed = words.join(", ");
                    return Err(said!(
                        "`{word}` is no status; the statuses are: {listed}",
                        "`{word}` 不是状态；状态有：{listed}"
                    ));
                }
            }
        }
        map.encoding()?;
        map.reading()?;
        Ok(map)
    }

    /// How its files are written, as far as it says.
    pub const fn written(&self) -> Written {
        Written { delimiter: self.delimiter as u8, money: self.money }
    }

    /// What its files are written in, where they do not say it themselves.
    pub fn encoding(&self) -> Result<Option<&'static Encoding>, Said> {
        self.encoding.as_deref().map(text::encoding).transpose()
    }

    /// How its cells are read.
    pub fn reading(&self) -> Result<Reading, Said> {
        if self.times.is_empty() {
            return Err(said!("`times` names no way to write a time", "`times` 没有给出时间格式"));
        }
        let zone = zones::named(&self.zone)?;
        let times = self.times.iter().map(|time| TimeFormat::parse(time));
        let decimals = Decimals { sign: self.decimal_sign, thousands: self.thousands_sign };
        if !matches!(decimals.sign, '.' | ',') || decimals.thousands == Some(decimals.sign) {
            return Err(said!(
                "`decimal_sign` must be `.` or `,`, and `thousands_sign` another than that",
                "`decimal_sign` 应为 `.` 或 `,`，且 `thousands_sign` 不能与其相同"
            ));
        }
        Ok(Reading { zone, times: times.collect::<Result<_, _>>()?, decimals })
    }
}
