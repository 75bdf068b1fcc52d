//! What is wrong with a mapping file, in words: the line it stands in, and what should stand there. The reader
//! of TOML says both in its own way; what it says is taken apart here.

use super::map::nearest;
use crate::failure::Failure;
use crate::said::{Said, said};
use std::path::Path;

/// What the reader of TOML found wrong in the mapping at `path`.
pub fn unreadable(path: &Path, text: &str, error: &toml::de::Error) -> Failure {
    let line = error.span().map_or(1, |span| line_at(text, span.start));
    let place = Said::as_told(format!("{}:{line}", path.display()));
    Failure::usage(place.because(in_words(error.message()))).next(next())
}

/// A failure that names something of the mapping between backticks, with the line where that stands.
pub fn placed(path: &Path, failure: Failure) -> Failure {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let Some(line) = line_of_named(&text, &failure.message) else { return failure };
    let place = Said::as_told(format!("{}:{line}", path.display()));
    let failure = Failure { message: place.because(failure.message.clone()), ..failure };
    match failure.next {
        Some(_) => failure,
        None => failure.next(next()),
    }
}

fn next() -> Said {
    said!(
        "Mend that line of the mapping; nothing was taken.",
        "请修正映射文件的这一行；尚未导入任何订单。"
    )
}

fn line_of_named(text: &str, message: &Said) -> Option<usize> {
    let message = message.to(docket_domain::story::Language::En);
    let named = message.split('`').skip(1).step_by(2);
    // A word that is only a part of another is not what is meant: it stands between signs.
    let stands = |line: &str, word: &str| {
        line.split(|c: char| !(c.is_alphanumeric() || "._-%/: ".contains(c)))
            .any(|part| part.trim() == word)
    };
    let line_of = |word: &str| text.lines().position(|line| stands(line, word));
    named.filter(|word| !word.is_empty()).find_map(line_of).map(|line| line + 1)
}

/// The line, from 1, of a byte of `text`.
fn line_at(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}

/// The messages of the reader that people meet, in our words; others as they are.
fn in_words(message: &str) -> Said {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let (Some(rest), [field, ..]) = (message.strip_prefix("missing field "), &names[..])
        && rest.ends_with('`')
    {
        return said!("`{field}` is missing", "缺少 `{field}`");
    }
    if let (true, [word, known @ ..]) = (message.starts_with("unknown "), &names[..]) {
        let listed = known.join(", ");
        let wrong = said!(
            "`{word}` is nothing a mapping has there; it takes: {listed}",
            "此处没有 `{word}`；可用：{listed}"
        );
        return match nearest(word, known.iter().copied()) {
            Some(near) => wrong.and(said!("did you mean `{near}`?", "是否应为 `{near}`？")),
            None => wrong,
        };
    }
    if let Some((found, wanted)) = message.split_once(", expected ")
        && let Some(found) =
            found.strip_prefix("invalid type: ").or_else(|| found.strip_prefix("invalid value: "))
    {
        return said!(
            "here stands the {found}; it must be {wanted}",
            "此处为 {found}，应为 {wanted}"
        );
    }
    if let Some(name) = message.strip_prefix("duplicate key") {
        return said!("the same name stands twice{name}", "名称重复{name}");
    }
    said!("this is no TOML", "不是有效的 TOML").because(Said::as_told(message))
}

#[cfg(test)]
mod tests {
    use super::super::map::Map;
    use super::*;
    use docket_domain::story::Language;

    fn told(text: &str) -> String {
        let error = toml::from_str::<Map>(text).expect_err("wrong");
        unreadable(Path::new("m.toml"), text, &error).message.to(Language::En).to_owned()
    }

    const ORDERS: &str = "[orders]\nfiles = [\"a\"]\nkey = \"id\"\n[orders.fields]\n";

    #[test]
    fn a_wrong_mapping_is_told_with_its_line_and_in_words() {
        assert_eq!(told(ORDERS), "m.toml:1: `items` is missing");
        let unknown = told("zome = \"UTC\"\n");
        assert!(
            unknown.starts_with("m.toml:1: `zome` is nothing a mapping has there"),
            "{unknown}"
        );
        assert!(unknown.ends_with("; did you mean `zone`?"), "{unknown}");
        let kind = told("\n\nzone = 7\n");
        assert_eq!(kind, "m.toml:3: here stands the integer `7`; it must be a string");
        let broken = told("zone = \"UTC\"\n[orders\n");
        assert!(broken.starts_with("m.toml:2: this is no TOML: "), "{broken}");
    }

    #[test]
    fn what_a_failure_names_is_found_in_the_mapping() {
        let text = "zone = \"UTC\"\n[orders.fields]\nexternal_id = \"order no\"\n";
        let line = |message: &str| line_of_named(text, &Said::as_told(message));
        assert_eq!(line("orders.csv has no column `order no`"), Some(3));
        assert_eq!(line("the mapping sets `external_id`, which is none"), Some(3));
        assert_eq!(line("the mapping sets `external`, which is none"), None);
        assert_eq!(line("nothing is named"), None);
    }
}
