//! Fields of the mapping brought together with the header of a file: which cell a field is read from, and how.
//! A column that is missing is told before anything is read.

use super::cell::{Decimals, Reading, Wrong, too_precise};
use super::fields::{Kind, Part};
use super::map::{Fields, From, Map, Money, OtherColumns, Presence, Turned, Value, nearest};
use super::own;
use super::sheet::Sheet;
use crate::failure::Failure;
use crate::said::said;
use csv::StringRecord;
use docket_domain::{Currency, Json, Quantity};
use std::collections::{BTreeMap, BTreeSet};

/// One field of one file.
#[derive(Debug)]
pub struct Column {
    /// The field it sets.
    pub field: String,
    kind: Kind,
    from: Source,
    words: BTreeMap<String, String>,
    unit: Unit,
    turned: Turned,
    sign: Sign,
    blanks: Blanks,
    /// Whether a decimal may have a comma as well: a spreadsheet that parts cells by `;` writes it so.
    comma: bool,
    /// Columns as people know them.
    pub name: String,
}

/// How the amounts of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// All of them so.
    Always(Money),
    /// As this cell of each row says; it must say that, where the mapping says something too.
    Told(usize, Option<Money>),
}

/// Which signs a value of a column may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// Zero or more.
    Positive,
    /// What it means to be below zero is judged with the rest of the row.
    Any,
}

/// What becomes of blanks at the ends of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blanks {
    /// They say nothing.
    Cut,
    /// They stay: a file of ours has none but those of its texts.
    Kept,
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

    /// The columns of `fields`, each read as `part` needs it, with amounts as `money` says.
    pub fn columns(
        &mut self,
        part: Part,
        fields: &Fields,
        money: Option<Money>,
    ) -> Result<Vec<Column>, Failure> {
        let mut columns = Vec::with_capacity(fields.len());
        for (field, value) in fields {
            let kind = value.kind.or_else(|| part.kind(field)).unwrap_or(Kind::Text);
            columns.extend(self.column((field, kind), value, money)?);
        }
        Ok(columns)
    }

    fn column(
        &mut self,
        (field, kind): (&str, Kind),
        value: &Value,
        money: Option<Money>,
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
        let is_cell = !matches!(from, Source::Constant(_));
        let unit = self.unit(kind, value.money.or(money), is_cell)?;
        let judged = matches!(field, "list_price" | "quantity" | "tax") || field.contains('.');
        let own = is_cell && self.sheet.ours;
        Ok(Some(Column {
            field: field.to_owned(),
            kind,
            from,
            words: value.words.clone(),
            unit,
            turned: value.turned,
            sign: if judged { Sign::Any } else { Sign::Positive },
            blanks: if own { Blanks::Kept } else { Blanks::Cut },
            comma: own && self.sheet.delimiter() == b';',
            name,
        }))
    }

    /// How amounts are written: as the mapping says, as a file of ours says, else as decimals. A file of ours that
    /// does not say it is older than its saying so, and was written in minor units, or somebody changed it.
    fn unit(&mut self, kind: Kind, told: Option<Money>, is_cell: bool) -> Result<Unit, Failure> {
        let otherwise = Unit::Always(told.unwrap_or(Money::Decimal));
        if kind != Kind::Amount || !is_cell {
            return Ok(otherwise);
        }
        match self.sheet.own {
            Some(at) => {
                self.asked.insert(at);
                Ok(Unit::Told(at, told))
            }
            None if told.is_none() && own::is_older(&self.sheet.header) => {
                let path = self.sheet.path.display();
                Err(Failure::usage(said!(
                    "{path} is an export of docket that does not say how its amounts are written",
                    "{path} 是 docket 的导出文件，但没有说明金额的写法"
                ))
                .next(said!(
                    "Write `money = \"minor\"` in the mapping for minor units (1000 for 10.00), or \"decimal\"; for a file of docket a mapping of that one line will do. Nothing was taken.",
                    "请在映射中写明 money = \"minor\"（最小货币单位，1000 即 10.00）或 \"decimal\"；docket 自己的文件只需这一行的映射。尚未导入任何订单。"
                )))
            }
            None => Ok(otherwise),
        }
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
        let cell = |at: usize| match self.blanks {
            Blanks::Cut => row.get(at).unwrap_or_default().trim(),
            // A spreadsheet may have ended the line with CR LF.
            Blanks::Kept if at + 1 == row.len() => row[at].trim_end_matches('\r'),
            Blanks::Kept => row.get(at).unwrap_or_default(),
        };
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
        let wrong = |wrong: Wrong| WrongCell { column: self.name.clone(), wrong };
        let value = match self.kind {
            Kind::Text => Json::from(text),
            Kind::Time => reading.time(&text).map(Json::from).map_err(wrong)?,
            Kind::Quantity => {
                let quantity = self.decimal(&text, reading).read(text.trim(), 3);
                let quantity = quantity.and_then(|quantity| self.signed(quantity, &text));
                Json::from(Quantity(quantity.map_err(wrong)?).to_string())
            }
            Kind::Amount => {
                let money = self.money(row)?;
                let amount = self.amount(&text, money, reading, currency);
                Json::from(amount.map_err(wrong)?)
            }
            Kind::YesNo => super::cell::yes_or_no(&text).map(Json::from).map_err(wrong)?,
        };
        Ok(Some(value))
    }

    /// How the amounts of a row are written.
    fn money(&self, row: &StringRecord) -> Result<Money, WrongCell> {
        match self.unit {
            Unit::Always(money) => Ok(money),
            Unit::Told(at, told) => own::money(row.get(at).unwrap_or_default(), told)
                .map_err(|wrong| WrongCell { column: own::MONEY.to_owned(), wrong }),
        }
    }

    /// How this decimal is written.
    fn decimal(&self, text: &str, reading: &Reading) -> Decimals {
        let Decimals { sign, thousands } = reading.decimals;
        let comma = self.comma && text.contains(',') && !text.contains('.');
        Decimals { sign: if comma { ',' } else { sign }, thousands: thousands.filter(|_| !comma) }
    }

    fn amount(
        &self,
        text: &str,
        money: Money,
        reading: &Reading,
        currency: Option<Currency>,
    ) -> Result<i64, Wrong> {
        let Some(currency) = currency else {
            let needs = said!("an amount needs its currency", "金额需要币种");
            return Err(("not_a_currency", needs));
        };
        let (text, decimals) = (text.trim(), self.decimal(text, reading));
        let places = if money == Money::Minor { 0 } else { currency.places() };
        // Of a file of ours more places than its currency has are the groups of a spreadsheet: 1.000 yen are 1000.
        let own = matches!(self.unit, Unit::Told(..));
        let broken = text.split_once(decimals.sign).map_or(0, |(_, broken)| broken.len());
        let grouped = own && broken > places as usize;
        let read = decimals.read(text, places);
        let read = if grouped { read.and(Err(too_precise(text, places))) } else { read };
        let amount = read.map_err(|wrong| match wrong.0 {
            "too_precise" if money == Money::Minor => (
                "too_precise",
                said!(
                    "`{text}` has decimal places, and `money = \"minor\"` says that the amount is whole minor units (1000 for 10.00)",
                    "`{text}` 有小数位，而 money = \"minor\" 表示金额是整数的最小货币单位（1000 即 10.00）"
                ),
            ),
            _ => wrong,
        })?;
        self.signed(amount, text)
    }

    /// A value with the sign it has in an order.
    fn signed(&self, value: i64, text: &str) -> Result<i64, Wrong> {
        let around = self.turned == Turned::Around;
        let value = if around { -value } else { value };
        if value >= 0 || self.sign == Sign::Any {
            return Ok(value);
        }
        let why = match self.field.as_str() {
            _ if around => said!(
                "`{text}` is above zero, and `negate = true` says that this column is below it",
                "`{text}` 大于零，而此列写明了 negate = true，即应小于零"
            ),
            // Turned around, money that went back would be money that came.
            "amount" => said!(
                "`{text}` is below zero: money that went back is no payment; `refunded` of [orders.fields] takes it, without its sign",
                "`{text}` 小于零：退款不是支付；请去掉负号，放在 [orders.fields] 的 refunded 中"
            ),
            _ => said!(
                "`{text}` is below zero; `negate = true` of this column turns it around",
                "`{text}` 小于零；在此列写明 negate = true 即可翻转"
            ),
        };
        Err(("too_small", why))
    }
}
