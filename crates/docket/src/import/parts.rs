//! The files of a mapping told apart, and their columns looked up, before any row is read.

use super::columns::{Column, Header};
use super::fields::{FACTS, Part, or_meant};
use super::map::{Fields, Map, Meaning, Value, fits, nearest};
use super::sheet::Sheet;
use super::text::Text;
use crate::failure::Failure;
use crate::said::said;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which files play which part.
#[derive(Debug)]
pub struct Parts {
    /// One row an order.
    pub orders: Vec<Text>,
    /// One row a line.
    pub items: Vec<Text>,
    /// One row a payment.
    pub payments: Vec<Text>,
    /// Files that play none.
    pub left_out: Vec<PathBuf>,
}

impl Parts {
    /// Tells the files apart by their names. A file with several parts, or a part without a file, is an error.
    pub fn of(map: &Map, files: &[PathBuf]) -> Result<Self, Failure> {
        let payments = map.payments.as_ref().map_or(&[][..], |payments| &payments.files);
        let patterns = [&map.orders.files[..], &map.items.files[..], payments];
        let mut found = [vec![], vec![], vec![]];
        let mut left_out = Vec::new();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let plays = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, &name));
            let parts: Vec<usize> = (0..3).filter(|part| plays(patterns[*part])).collect();
            match parts[..] {
                [] => left_out.push(file.clone()),
                [part] => found[part].push(file.clone()),
                _ => {
                    return Err(Failure::usage(said!(
                        "the mapping gives {name} more than one part",
                        "映射给 {name} 指定了多种用途"
                    ))
                    .next(said!(
                        "Narrow the patterns in `files`, so that only one fits.",
                        "请缩小 files 的匹配范围，使其只匹配一处。"
                    )));
                }
            }
        }
        for (part, section) in ["orders", "items", "payments"].into_iter().enumerate() {
            if found[part].is_empty() && !patterns[part].is_empty() {
                let names = patterns[part].join(" or ");
                return Err(Failure::usage(said!(
                    "none of the files is the one of [{section}]: {names}",
                    "没有 [{section}] 对应的文件：{names}"
                ))
                .next(said!("Name it on the command line too.", "请在命令行中一并给出。")));
            }
        }
        let given = map.encoding().map_err(Failure::usage)?;
        // The names of columns tell in which encoding they are read.
        let names = |key: Option<&String>, fields: Option<&Fields>| -> Vec<String> {
            let columns = fields.into_iter().flat_map(|fields| fields.values());
            let columns = columns.flat_map(Value::columns).cloned();
            columns.chain([key.unwrap_or(&map.orders.key).clone()]).collect()
        };
        let of_payments = map.payments.as_ref();
        let mut of_orders = names(None, Some(&map.orders.fields));
        let of_items = names(map.items.key.as_ref(), Some(&map.items.fields));
        let of_payments = names(
            of_payments.and_then(|rows| rows.key.as_ref()),
            of_payments.map(|rows| &rows.fields),
        );
        if map.items.files.is_empty() {
            of_orders.extend(of_items.iter().cloned());
        }
        let texts = |(files, names): (&Vec<PathBuf>, &Vec<String>)| -> Result<Vec<Text>, Failure> {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            files.iter().map(|file| Text::open(file, given, &names)).collect()
        };
        let [orders, items, payments] = &found;
        Ok(Self {
            orders: texts((orders, &of_orders))?,
            items: texts((items, &of_items))?,
            payments: texts((payments, &of_payments))?,
            left_out,
        })
    }

    /// The names of the files that are read, in the order in which rows are counted by them.
    pub fn names(&self) -> Vec<String> {
        let texts = self.orders.iter().chain(&self.items).chain(&self.payments);
        texts.map(|text| super::lines::name_of(&text.path)).collect()
    }
}

/// The columns of an order file.
#[derive(Debug)]
pub struct OrderColumns {
    /// The one that names the order.
    pub key: usize,
    /// The currency, without which no amount can be read.
    pub currency: Vec<Column>,
    /// The other fields.
    pub fields: Vec<Column>,
    /// The status word.
    pub status: Option<StatusColumn>,
    /// Of the one payment that the order's own row names.
    pub payment: Vec<Column>,
}

/// The column with the status word.
#[derive(Debug)]
pub struct StatusColumn {
    /// Where it stands.
    pub at: usize,
    /// What it is called.
    pub name: String,
    /// What each word means, and the facts that follow from it.
    pub meanings: BTreeMap<String, (Meaning, Vec<Column>)>,
}

impl OrderColumns {
    /// Looks them up in one file.
    pub fn look_up(map: &Map, header: &mut Header<'_>) -> Result<Self, Failure> {
        let key = header.find(&map.orders.key)?;
        let fields = header.columns(Part::Order, &map.orders.fields, map.money)?;
        let (currency, fields) = fields.into_iter().partition(|column| column.field == "currency");
        let status = match &map.orders.status {
            None => None,
            Some(words) => {
                let mut meanings = BTreeMap::new();
                for (word, meaning) in &words.words {
                    check_facts(&meaning.facts)?;
                    let facts = header.columns(Part::Order, &meaning.facts, map.money)?;
                    meanings.insert(word.clone(), (meaning.clone(), facts));
                }
                let at = header.find(&words.column)?;
                Some(StatusColumn { at, name: words.column.clone(), meanings })
            }
        };
        let own = map.payments.as_ref().filter(|payments| payments.files.is_empty());
        let payment =
            own.map(|payments| header.columns(Part::Payment, &payments.fields, map.money));
        let payment = payment.transpose()?.unwrap_or_default();
        Ok(Self { key, currency, fields, status, payment })
    }
}

fn check_facts(facts: &Fields) -> Result<(), Failure> {
    match facts.keys().find(|fact| !FACTS.contains(&fact.as_str())) {
        None => Ok(()),
        Some(fact) => {
            let why = said!(
                "the mapping sets the fact `{fact}`, which is none",
                "映射设置了事实 `{fact}`，没有此项"
            );
            Err(Failure::usage(or_meant(why, nearest(fact, FACTS.iter().copied()))))
        }
    }
}

/// Files of one part while their columns are looked up.
#[derive(Debug, Default)]
pub struct Joined {
    /// Per file: the column that names the order.
    pub keys: Vec<usize>,
    /// Per file: the columns of its part.
    pub columns: Vec<Vec<Column>>,
}

impl Joined {
    /// Looks up the columns of one file more.
    pub fn look_up(
        &mut self,
        map: &Map,
        text: &Text,
        key: &str,
        part: Part,
        fields: &Fields,
    ) -> Result<(), Failure> {
        let sheet = Sheet::open(text, map.written(), 1024)?;
        let mut header = Header::of(&sheet);
        self.keys.push(header.find(key)?);
        self.columns.push(header.columns(part, fields, map.money)?);
        header.finish(map)
    }
}
