//! `[mirror]`: the old table that is kept alive, with its columns and codes.

use super::layers::{self, Given, Layers, dotted};
use super::section::{Listed, listed};
use super::shapes::{DatabaseUrl, Shape};
use super::strange::unknown;
use crate::failure::Failure;
use crate::said::{Said, said};
use crate::zones;
use docket_app::ForeignValue;
use docket_app::mirror::{Field, MirrorColumn, MirrorLevel, MirrorSettings, TimeForm};
use std::collections::BTreeMap;
use std::path::Path;

/// Names of a table or a column.
#[derive(Debug, Clone)]
struct Name(String);

impl Shape for Name {
    const LOOKS: (&'static str, &'static str) = (
        "a name of 1 to 64 letters, digits and _, not beginning with a digit",
        "1 到 64 个字母、数字或 _ 组成的名称，且不以数字开头",
    );

    fn read(text: &str) -> Option<Self> {
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (begins && plain && text.len() <= 64).then(|| Self(text.to_owned()))
    }
}

#[derive(Debug, Clone, Copy)]
struct Level(MirrorLevel);

impl Shape for Level {
    const LOOKS: (&'static str, &'static str) = ("payment or shop", "payment 或 shop");

    fn read(text: &str) -> Option<Self> {
        match text {
            "payment" => Some(Self(MirrorLevel::Payment)),
            "shop" => Some(Self(MirrorLevel::Shop)),
            _ => None,
        }
    }
}

#[derive(Debug, Clone)]
struct Times(TimeForm);

impl Shape for Times {
    const LOOKS: (&'static str, &'static str) = (
        "seconds, millis, or a time zone such as Asia/Shanghai",
        "seconds、millis，或时区，例如 Asia/Shanghai",
    );

    fn read(text: &str) -> Option<Self> {
        Some(Self(match text {
            "seconds" => TimeForm::Seconds,
            "millis" => TimeForm::Millis,
            zone => {
                docket_tasks::zone::named(zone).ok()?;
                TimeForm::Text(zone.to_owned())
            }
        }))
    }

    fn wrong(text: &str) -> Option<Said> {
        zones::named(text).err()
    }
}

#[derive(Debug, Clone, Copy)]
struct Holds(Field);

impl Shape for Holds {
    const LOOKS: (&'static str, &'static str) = (
        "a field such as store_status, refund, paid or version; the documentation lists them",
        "字段名，例如 store_status、refund、paid 或 version；完整列表见文档",
    );

    fn read(text: &str) -> Option<Self> {
        Field::from_word(text).map(Self)
    }
}

/// Reads the section; nothing of it given is no mirror.
pub fn take(
    layers: &mut Layers,
    data: &Path,
    also: &mut Vec<Listed>,
) -> Result<Option<MirrorSettings>, Failure> {
    let url = layers.take_secret::<Url>(&["mirror", "url"], "", data)?;
    also.push(listed("mirror.url".to_owned(), &url));
    let Some(url) = url.value.0 else {
        return match layers.take_under("mirror")?.first() {
            Some(given) => Err(no_url(given)),
            None => Ok(None),
        };
    };
    let table = layers.take::<Name>(&["mirror", "table"], "orders")?;
    let key = layers.take::<Name>(&["mirror", "key"], "order_id")?;
    let level = layers.take::<Level>(&["mirror", "level"], "payment")?;
    let times = layers.take::<Times>(&["mirror", "times"], "seconds")?;
    also.push(listed("mirror.table".to_owned(), &table));
    also.push(listed("mirror.key".to_owned(), &key));
    also.push(listed("mirror.level".to_owned(), &level));
    also.push(listed("mirror.times".to_owned(), &times));
    let mut columns = BTreeMap::<String, MirrorColumn>::new();
    let mut codes = Vec::new();
    for given in layers.take_under("mirror")? {
        match &given.path[..] {
            [_, columns_of, _] if columns_of == "columns" => {
                let column = column(&given, also)?;
                columns.insert(column.name.clone(), column);
            }
            [_, codes_of, column, word] if codes_of == "codes" => {
                codes.push((column.clone(), word.clone(), given));
            }
            path => return Err(unknown(path, &given.origin)),
        }
    }
    for (column, word, given) in codes {
        let Some(column) = columns.get_mut(&column) else {
            return Err(layers::cannot_be_used(&dotted(&given.path), &given.text, &given.origin)
                .next(said!(
                    "[mirror.columns] has no column {column}.",
                    "[mirror.columns] 中没有列 {column}。"
                )));
        };
        let number = given.text.parse().map(ForeignValue::Int);
        column.codes.insert(word, number.unwrap_or(ForeignValue::Text(given.text)));
    }
    let columns: Vec<_> = columns.into_values().collect();
    if !columns.iter().any(|column| column.field.grows()) {
        return Err(Failure::new(said!(
            "[mirror.columns] has no column for `version` or `updated_at`",
            "[mirror.columns] 中没有 `version` 或 `updated_at` 列"
        ))
        .next(said!("Add one: by it a late write is known.", "请添加一个：据此识别迟到的写入。")));
    }
    Ok(Some(MirrorSettings {
        url,
        table: table.value.0,
        key: key.value.0,
        level: level.value.0,
        columns,
        times: times.value.0,
    }))
}

/// A database URL, or none.
#[derive(Debug, Clone)]
struct Url(Option<String>);

impl Shape for Url {
    const LOOKS: (&'static str, &'static str) = DatabaseUrl::LOOKS;

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(None));
        }
        DatabaseUrl::read(text).map(|url| Self(Some(url.0)))
    }

    fn shown(text: &str) -> String {
        DatabaseUrl::shown(text)
    }
}

fn column(given: &Given, also: &mut Vec<Listed>) -> Result<MirrorColumn, Failure> {
    let name = given.path.last().cloned().unwrap_or_default();
    if Name::read(&name).is_none() {
        let looks =
            Said::of(format!("It must be {}.", Name::LOOKS.0), format!("应为{}。", Name::LOOKS.1));
        return Err(layers::cannot_be_used("mirror.columns", &name, &given.origin).next(looks));
    }
    let set = layers::read::<Holds>(&given.path, &given.text, given.origin.clone())?;
    also.push(listed(dotted(&given.path), &set));
    Ok(MirrorColumn { name, field: set.value.0, codes: BTreeMap::new() })
}

fn no_url(given: &Given) -> Failure {
    layers::cannot_be_used(&dotted(&given.path), &given.text, &given.origin)
        .next(said!("Set mirror.url too.", "请同时设置 mirror.url。"))
}
