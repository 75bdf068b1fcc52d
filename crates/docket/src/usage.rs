//! Wrong use of the command line, in the language of whoever typed it. The parser finds what is wrong and tells it in
//! English; the same is told in Chinese here.

use crate::failure::Failure;
use crate::said::Said;
use clap::Error;
use clap::error::{ContextKind as Context, ContextValue as Value, ErrorKind as Kind};
use docket_domain::story::Language;
use std::num::IntErrorKind;

/// Why the value of an argument is none, as the parser carries it.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.to(Language::En))]
pub struct WrongValue(pub Said);

/// What the parser found, as every other failure is told.
pub fn failure(error: &Error) -> Failure {
    let rendered = error.render().to_string();
    let (first, rest) = rendered.trim().split_once('\n').unwrap_or((rendered.trim(), ""));
    let rest: Vec<&str> = rest.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let message = first.trim_start_matches("error: ").to_owned();
    let in_chinese = message_zh(error).unwrap_or_else(|| format!("命令用法有误：{message}"));
    Failure::usage(Said::of(message, in_chinese)).next(Said::of(rest.join(" "), next_zh(error)))
}

/// What is wrong; none where the parser found what is not known here.
fn message_zh(error: &Error) -> Option<String> {
    let argument = || text(error, Context::InvalidArg);
    let value = || text(error, Context::InvalidValue).filter(|value| !value.is_empty());
    let number = |kind| match error.get(kind) {
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    Some(match error.kind() {
        Kind::InvalidValue => match value() {
            Some(value) => format!("“{value}”不能用作 {} 的值", argument()?),
            None => format!("{} 需要一个值", argument()?),
        },
        Kind::ValueValidation => {
            let wrong = format!("“{}”不能用作 {} 的值", value().unwrap_or_default(), argument()?);
            match reason_zh(error) {
                Some(reason) => format!("{wrong}：{reason}"),
                None => wrong,
            }
        }
        Kind::UnknownArgument => format!("没有参数 {}", argument()?),
        Kind::InvalidSubcommand => format!("没有命令 {}", text(error, Context::InvalidSubcommand)?),
        Kind::NoEquals => format!("{} 的值须用等号连接", argument()?),
        Kind::TooManyValues => format!("“{}”对 {} 来说是多余的值", value()?, argument()?),
        Kind::TooFewValues => {
            let (least, given) = (number(Context::MinValues)?, number(Context::ActualNumValues)?);
            format!("{} 至少需要 {least} 个值，只给了 {given} 个", argument()?)
        }
        Kind::WrongNumberOfValues => {
            let (wanted, given) =
                (number(Context::ExpectedNumValues)?, number(Context::ActualNumValues)?);
            format!("{} 需要 {wanted} 个值，给了 {given} 个", argument()?)
        }
        Kind::ArgumentConflict => match text(error, Context::PriorArg) {
            Some(other) if other == argument()? => format!("{other} 只能给一次"),
            Some(other) => format!("{} 不能与 {other} 同时使用", argument()?),
            None => format!("{} 不能与其他参数同时使用", argument()?),
        },
        Kind::MissingRequiredArgument => format!("缺少必需的参数：{}", argument()?),
        Kind::MissingSubcommand => "缺少命令".to_owned(),
        Kind::InvalidUtf8 => "参数不是有效的 UTF-8 文本".to_owned(),
        _ => return None,
    })
}

/// Why a value is none.
fn reason_zh(error: &Error) -> Option<String> {
    let source = std::error::Error::source(error)?;
    if let Some(WrongValue(said)) = source.downcast_ref() {
        return Some(said.to(Language::Zh).to_owned());
    }
    if let Some(error) = source.downcast_ref::<std::num::ParseIntError>() {
        return Some(match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "数字超出范围".to_owned(),
            _ => "不是整数".to_owned(),
        });
    }
    let told = source.to_string();
    let range = told.split_once(" is not in ").map(|(_, range)| format!("须在 {range} 之内"));
    Some(range.unwrap_or(told))
}

/// What to do next: what could have been meant, what is possible, how it is used.
fn next_zh(error: &Error) -> String {
    let mut next = Vec::new();
    let suggested = [Context::SuggestedArg, Context::SuggestedSubcommand, Context::SuggestedValue];
    next.extend(
        suggested
            .iter()
            .filter_map(|kind| text(error, *kind))
            .map(|near| format!("是否应为 {near}？")),
    );
    let valid = [Context::ValidValue, Context::ValidSubcommand];
    next.extend(
        valid.iter().filter_map(|kind| text(error, *kind)).map(|all| format!("可用：{all}。")),
    );
    if let Some(usage) = text(error, Context::Usage) {
        let usage = usage.trim().trim_start_matches("Usage:").trim();
        next.push(format!("用法：{}。", usage.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    next.push("详见 --help。".to_owned());
    next.concat()
}

/// What the parser says of `kind`; several are separated by commas.
fn text(error: &Error, kind: Context) -> Option<String> {
    match error.get(kind)? {
        Value::String(text) => Some(text.clone()),
        Value::Strings(texts) if texts.is_empty() => None,
        Value::Strings(texts) => Some(texts.join("、")),
        Value::StyledStr(text) => Some(text.to_string()),
        Value::StyledStrs(texts) => {
            Some(texts.iter().map(ToString::to_string).collect::<Vec<_>>().join("、"))
        }
        _ => None,
    }
}
