//! `docket.toml` as a layer: every value with its line. Which keys there are is not known here.

use super::Origin;
use super::layers::{Form, Given, KeyPath, dotted};
use crate::failure::Failure;
use crate::said::{Said, said};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// Reads a config file.
pub fn read(path: &Path) -> Result<Vec<Given>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let path = path.display();
        let wrong = said!("the config file {path} cannot be read", "无法读取配置文件 {path}");
        let failure = Failure::new(wrong.because(&error));
        if error.kind() == std::io::ErrorKind::PermissionDenied {
            return failure.next(said!(
                "Run as the user whose data folder it is.",
                "请以数据目录所属的用户运行。"
            ));
        }
        failure.next(said!(
            "Name one with --config FILE, or write one with `docket init`.",
            "请用 --config FILE 指定，或用 docket init 生成。"
        ))
    })?;
    parse(path, &text)
}

/// Reads the text of the config file at `path`.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Given>, Failure> {
    let parsed = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(text, span.start));
        let place = format!("{}:{line}", path.display());
        Failure::new(Said::as_told(place).because(Said::as_told(error.message()))).next(said!(
            "The config file is TOML; `docket init` writes one with every key explained.",
            "配置文件为 TOML 格式；docket init 会生成一份带说明的文件。"
        ))
    })?;
    let mut found = Vec::new();
    walk(&Reading { path, text }, parsed.get_ref(), &mut KeyPath::new(), &mut found)?;
    Ok(found)
}

struct Reading<'a> {
    path: &'a Path,
    text: &'a str,
}

fn walk(
    reading: &Reading<'_>,
    table: &DeTable<'_>,
    at: &mut KeyPath,
    found: &mut Vec<Given>,
) -> Result<(), Failure> {
    for (key, value) in table {
        at.push(key.get_ref().to_string());
        let line = line_at(reading.text, key.span().start);
        match value.get_ref() {
            DeValue::Table(table) => walk(reading, table, at, found)?,
            value => {
                let origin = Origin::File(reading.path.to_owned(), line);
                let form = if matches!(value, DeValue::Array(_)) { Form::List } else { Form::One };
                let Some(text) = text_of(value) else {
                    let (setting, path) = (dotted(at), reading.path.display());
                    return Err(Failure::new(said!(
                        "{setting} ({path}:{line}) is a date, or a list of lists",
                        "{setting}（{path}:{line}）是日期，或列表中的列表"
                    ))
                    .next(said!(
                        "A setting is a text, a number, or true or false; some are lists of texts.",
                        "每项设置应为文本、数字或 true/false；少数为文本列表。"
                    )));
                };
                found.push(Given { path: at.clone(), text, form, origin });
            }
        }
        at.pop();
    }
    Ok(())
}

/// A value as a text; what a list has, with commas between.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Array(values) => {
            let plain = |value: &DeValue<'_>| !matches!(value, DeValue::Array(_));
            let texts = values.iter().map(toml::Spanned::get_ref).filter(|value| plain(value));
            let texts: Vec<String> = texts.map(text_of).collect::<Option<_>>()?;
            (texts.len() == values.len()).then(|| texts.join(","))?
        }
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}

/// The line, from 1, of a byte of `text`.
fn line_at(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_a_file_has_its_line() {
        let text = "[server]\nlisten = \"a\"\n\n[deadlines.shop.\"1.1\"]\npay_by = '5m'\n[orders]\nqueue = 7\n";
        let found = parse(Path::new("d.toml"), text).expect("TOML");
        let shown: Vec<String> = found
            .iter()
            .map(|given| format!("{:?}={} {}", given.path, given.text, given.origin))
            .collect();
        assert_eq!(
            shown,
            [
                r#"["deadlines", "shop", "1.1", "pay_by"]=5m d.toml:5"#,
                r#"["orders", "queue"]=7 d.toml:7"#,
                r#"["server", "listen"]=a d.toml:2"#,
            ]
        );
    }

    #[test]
    fn what_is_no_toml_is_named_with_its_line() {
        let error = parse(Path::new("d.toml"), "[server]\nlisten = \n").expect_err("no TOML");
        let said = error.message.to(docket_domain::story::Language::En);
        assert!(said.starts_with("d.toml:2: "), "{said}");
    }
}
