//! Fields of the mapping brought together with the header of a file: which cell a field is read from, and how.
//! A column that is missing is told before anything is read.

use super::cell::{Reading, Wrong};
use super::map::{Fields, From, Map, OtherColumns, Presence, Value, nearest};
use super::sheet::Sheet;
use crate::failure::Failure;
use crate::said::{Said, said};
use csv::StringRecord;
use docket_domain::{Currency, Json, Quantity};
use std::collections::{BTreeMap, BTreeSet};

/// Which part of an order a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The order itself.
    Order,
    /// A line and its shop order.
    Item,
    /// A payment.
    Payment,
}

/// How a cell is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// As it is, without blanks at its ends.
    Text,
    /// In one of the ways of the mapping.
    Time,
    /// A decimal of the order's currency.
    Amount,
    /// A decimal with three places.
    Quantity,
}

/// Fields that facts of a status word may set.
pub const FACTS: &[&str] = &["shipped_at", "received_at", "cancelled_at", "settled_at"];

const ORDER: &[(&str, Kind)] = &[
    ("external_id", Kind::Text),
    ("currency", Kind::Text),
    ("buyer_id", Kind::Text),
    ("buyer.name", Kind::Text),
    ("buyer.phone", Kind::Text),
    ("channel", Kind::Text),
    ("client_token", Kind::Text),
    ("type", Kind::Text),
    ("market", Kind::Text),
    ("platform", Kind::Text),
    ("payment_status", Kind::Text),
    ("created_at", Kind::Time),
    ("paid_at", Kind::Time),
    ("shipped_at", Kind::Time),
    ("received_at", Kind::Time),
    ("cancelled_at", Kind::Time),
    ("settled_at", Kind::Time),
    ("payable", Kind::Amount),
    ("platform_discount", Kind::Amount),
    ("coins", Kind::Amount),
    ("third_party_discount", Kind::Amount),
    ("freight", Kind::Amount),
    ("ship_to.name", Kind::Text),
    ("ship_to.phone", Kind::Text),
    ("ship_to.province", Kind::Text),
    ("ship_to.city", Kind::Text),
    ("ship_to.district", Kind::Text),
    ("ship_to.town", Kind::Text),
    ("ship_to.address", Kind::Text),
    ("ship_to.zip", Kind::Text),
];
const ITEM: &[(&str, Kind)] = &[
    ("shop_id", Kind::Text),
    ("place", Kind::Text),
    ("fulfilment", Kind::Text),
    ("buyer_comment", Kind::Text),
    ("freight", Kind::Amount),
    ("shop_discount", Kind::Amount),
    ("sku_id", Kind::Text),
    ("item_id", Kind::Text),
    ("title", Kind::Text),
    ("image", Kind::Text),
    ("list_price", Kind::Amount),
    ("item_discount", Kind::Amount),
    ("quantity", Kind::Quantity),
];
const PAYMENT: &[(&str, Kind)] = &[
    ("tender", Kind::Text),
    ("reference", Kind::Text),
    ("amount", Kind::Amount),
    ("currency", Kind::Text),
    ("paid_at", Kind::Time),
];

impl Part {
    const fn fields(self) -> &'static [(&'static str, Kind)] {
        match self {
            Self::Order => ORDER,
            Self::Item => ITEM,
            Self::Payment => PAYMENT,
        }
    }

    /// Fields with free names below them.
    const fn free(self) -> &'static [&'static str] {
        match self {
            Self::Order => &["extra."],
            Self::Item => &["extra.", "attributes."],
            Self::Payment => &[],
        }
    }

    const fn section(self) -> &'static str {
        match self {
            Self::Order => "orders",
            Self::Item => "items",
            Self::Payment => "payments",
        }
    }

    /// Fields that an order cannot do without.
    const fn required(self) -> &'static [&'static str] {
        match self {
            Self::Order => &["external_id", "currency"],
            Self::Item => &["shop_id", "sku_id", "quantity", "list_price"],
            Self::Payment => &["tender", "reference", "amount"],
        }
    }

    fn kind(self, field: &str) -> Option<Kind> {
        let known = self.fields().iter().find(|(name, _)| *name == field);
        let free =
            || self.free().iter().any(|free| field.len() > free.len() && field.starts_with(free));
        known.map(|(_, kind)| *kind).or_else(|| free().then_some(Kind::Text))
    }

    /// Refuses fields of the mapping that this part does not have, and misses those it needs.
    pub fn check(self, fields: &Fields) -> Result<(), Failure> {
        let section = self.section();
        if let Some(field) = fields.keys().find(|field| self.kind(field).is_none()) {
            let names = self.fields().iter().map(|(name, _)| *name);
            let why = said!(
                "the mapping sets `{field}` in [{section}.fields], which is no field",
                "映射在 [{section}.fields] 中设置了 `{field}`，没有此字段"
            );
            return Err(Failure::usage(or_meant(why, nearest(field, names))));
        }
        let known = |field: &String| self.fields().iter().any(|(name, _)| name == field);
        if let Some((field, _)) = fields.iter().find(|(field, v)| v.kind.is_some() && known(field))
        {
            return Err(Failure::usage(said!(
                "`{field}` of [{section}.fields] knows how it is read; leave out `as`",
                "[{section}.fields] 的 `{field}` 读法已定，请去掉 `as`"
            )));
        }
        match self.required().iter().find(|field| !fields.contains_key(**field)) {
            Some(field) => Err(Failure::usage(said!(
                "the mapping does not say where `{field}` of [{section}.fields] is",
                "映射没有说明 [{section}.fields] 的 `{field}` 在哪里"
            ))),
            None => Ok(()),
        }
    }
}

/// Adds the name that was probably meant.
pub fn or_meant(why: Said, meant: Option<&str>) -> Said {
    match meant {
        Some(name) => why.and(said!("did you mean `{name}`?", "是否应为 `{name}`？")),
        None => why,
    }
}

/// One field of one file.
#[derive(Debug)]
pub struct Column {
    /// The field it sets.
    pub field: String,
    kind: Kind,
    from: Source,
    words: BTreeMap<String, String>,
    /// Columns as people know them.
    name: String,
}

#[derive(Debug)]
enum Source {
    Cell(usize),
    Cells(Vec<usize>, String),
    Constant(String),
}

/// A cell that cannot be read: column, code, sentence.
#[derive(Debug)]
pub struct WrongCell {
    /// The column.
    pub column: String,
    /// What is wrong.
    pub wrong: Wrong,
}

/// The header of a file while its columns are looked up; knows afterwards which nobody asked for.
#[derive(Debug)]
pub struct Header<'a> {
    sheet: &'a Sheet,
    asked: BTreeSet<usize>,
}

impl<'a> Header<'a> {
    /// The header of `sheet`.
    pub const fn of(sheet: &'a Sheet) -> Self {
        Self { sheet, asked: BTreeSet::new() }
    }

    /// Where a column stands.
    pub fn find(&mut self, name: &str) -> Result<usize, Failure> {
        let (header, path) = (&self.sheet.header, self.sheet.path.display());
        let mut found = header.iter().enumerate().filter(|(_, column)| *column == name);
        match (found.next(), found.next()) {
            (Some((at, _)), None) => {
                self.asked.insert(at);
                Ok(at)
            }
            (Some(_), Some(_)) => Err(Failure::usage(said!(
                "{path} has two columns `{name}`; which is meant?",
                "{path} 有两列 `{name}`，无法确定是哪一列"
            ))),
            (None, _) => {
                let missing = said!("{path} has no column `{name}`", "{path} 没有列 `{name}`");
                let missing = match nearest(name, header.iter().map(String::as_str)) {
                    Some(near) => {
                        missing.and(said!("the nearest is `{near}`", "最接近的是 `{near}`"))
                    }
                    None => missing,
                };
                let columns = header.join(", ");
                Err(Failure::usage(missing)
                    .next(said!("Its columns are: {columns}", "它的列有：{columns}")))
            }
        }
    }

    /// The columns of `fields`, each read as `part` needs it.
    pub fn columns(&mut self, part: Part, fields: &Fields) -> Result<Vec<Column>, Failure> {
        let mut columns = Vec::with_capacity(fields.len());
        for (field, value) in fields {
            let kind = value.kind.or_else(|| part.kind(field)).unwrap_or(Kind::Text);
            columns.extend(self.column(field, kind, value)?);
        }
        Ok(columns)
    }

    fn column(
        &mut self,
        field: &str,
        kind: Kind,
        value: &Value,
    ) -> Result<Option<Column>, Failure> {
        let is_there = |name: &String| self.sheet.header.contains(name);
        let missing = match &value.from {
            From::Column(name) => !is_there(name),
            From::Columns(names, _) => !names.iter().all(is_there),
            From::Constant(_) => false,
        };
        if missing && value.presence == Presence::Optional {
            return Ok(None);
        }
        let (from, name) = match &value.from {
            From::Column(name) => (Source::Cell(self.find(name)?), name.clone()),
            From::Columns(names, join) => {
                let cells: Result<_, _> = names.iter().map(|name| self.find(name)).collect();
                (Source::Cells(cells?, join.clone()), names.join(", "))
            }
            From::Constant(value) => (Source::Constant(value.clone()), field.to_owned()),
        };
        let words = value.words.clone();
        Ok(Some(Column { field: field.to_owned(), kind, from, words, name }))
    }

    /// Refuses columns that were not asked for, if the mapping wants that.
    pub fn finish(&self, map: &Map) -> Result<(), Failure> {
        if map.other_columns == OtherColumns::Ignore {
            return Ok(());
        }
        let header = self.sheet.header.iter().enumerate();
        let mut others = header.filter(|(at, _)| !self.asked.contains(at)).map(|(_, name)| name);
        match others.next() {
            None => Ok(()),
            Some(name) => {
                let path = self.sheet.path.display();
                Err(Failure::usage(said!(
                    "{path} has a column `{name}` that the mapping does not name",
                    "{path} 的列 `{name}` 在映射中没有提到"
                ))
                .next(said!(
                    "`other_columns = \"ignore\"` lets it pass.",
                    "设置 other_columns = \"ignore\" 即可忽略。"
                )))
            }
        }
    }
}

impl Column {
    /// Its text; none where the cell is empty.
    pub fn text(&self, row: &StringRecord) -> Option<String> {
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        let text = match &self.from {
            Source::Cell(at) => cell(*at).to_owned(),
            Source::Constant(value) => value.clone(),
            Source::Cells(cells, join) => {
                let parts = cells.iter().map(|at| cell(*at)).filter(|part| !part.is_empty());
                parts.collect::<Vec<_>>().join(join)
            }
        };
        let text = self.words.get(&text).cloned().unwrap_or(text);
        (!text.is_empty()).then_some(text)
    }

    /// Its value; none where it is to be left out. An amount of which the cell is empty is `null`, unknown:
    /// leaving it out would make it 0.
    pub fn value(
        &self,
        row: &StringRecord,
        reading: &Reading,
        currency: Option<Currency>,
    ) -> Result<Option<Json>, WrongCell> {
        let Some(text) = self.text(row) else {
            return Ok((self.kind == Kind::Amount).then_some(Json::Null));
        };
        let value = match self.kind {
            Kind::Text => Ok(Json::from(text)),
            Kind::Time => reading.time(&text).map(Json::from),
            Kind::Quantity => {
                let quantity = reading.decimals.read(&text, 3);
                quantity.map(|quantity| Json::from(Quantity(quantity).to_string()))
            }
            Kind::Amount => match currency {
                Some(currency) => reading.decimals.read(&text, currency.places()).map(Json::from),
                None => Err(("not_a_currency", "an amount needs its currency".to_owned())),
            },
        };
        value.map(Some).map_err(|wrong| WrongCell { column: self.name.clone(), wrong })
    }
}
