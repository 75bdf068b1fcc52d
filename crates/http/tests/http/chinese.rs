//! Problems in Chinese: whoever prefers it reads no English sentence, and programs read the same codes.

use crate::center::{TestCenter, example};
use docket_wire::{chinese, problem};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Whether `text` has Chinese in it, and no three English words in a row.
fn is_chinese(text: &str) -> bool {
    let told = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let mut in_a_row = 0;
    for word in text.split(' ') {
        let is_word = word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase());
        in_a_row = if is_word { in_a_row + 1 } else { 0 };
        if in_a_row == 3 {
            return false;
        }
    }
    told
}

/// Checks that a problem of any test has its Chinese, if it is in English.
#[track_caller]
pub fn is_whole(body: &[u8]) {
    let Ok(mut told) = serde_json::from_slice::<Value>(body) else { return };
    problem::in_chinese(&mut told);
    let errors = told["errors"].as_array().into_iter().flatten().map(|error| &error["message"]);
    for text in [&told["title"], &told["detail"]].into_iter().chain(errors) {
        let text = text.as_str().expect("a text");
        assert!(is_chinese(text), "has no Chinese: {text}");
    }
}

#[tokio::test]
async fn who_prefers_chinese_reads_problems_in_chinese_with_the_same_codes() {
    let center = TestCenter::start().await;
    let mut order = example();
    order["buyer_id"] = json!("x".repeat(65));
    order["colour"] = json!(1);
    for (preferred, language) in [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.5, zh;q=0.7", "zh"),
        ("en, zh;q=0.7", "en"),
        ("zh;q=0", "en"),
        ("fr", "en"),
    ] {
        let headers = [("accept-language", preferred)];
        let got = center.post_with(&center.key, "/api/orders", &order, &headers).await;
        assert_eq!(got.headers["content-language"], language, "{preferred}");
        assert_eq!(got.headers["vary"], "accept-language");
        let told = got.problem(422, "invalid");
        assert_eq!(told["errors"][0]["code"], "too_long");
        let (title, message) = match language {
            "zh" => ("请求中有错误的字段", "有 65 个字节，最多 64 个"),
            _ => ("The request has wrong fields", "has 65 bytes; 64 are allowed"),
        };
        assert_eq!(
            (&told["title"], &told["errors"][0]["message"]),
            (&json!(title), &json!(message))
        );
    }
    let order = center.placed(&example()).await;
    let ship = json!({"type": "ship", "actor": {"kind": "seller"}});
    let shop = order["shops"][0]["order_id"].as_str().expect("a number");
    let path = format!("/api/orders/{shop}/operations");
    let got = center.post_with(&center.key, &path, &ship, &[("accept-language", "zh")]).await;
    let told = got.problem(409, "operation_refused");
    assert_eq!(told["state"], "unpaid");
    assert_eq!(
        told["detail"],
        "订单状态为未支付（unpaid），不能执行 ship：订单必须已支付，且有尚未发货的部分"
    );
}

/// Where sentences that problems tell are written: what they are handed to.
const SAID_BY: [&str; 18] = [
    ".wrong(",
    ".wrong::<()>(",
    ".wrong_field(",
    ".wrong_field::<()>(",
    ".wrong_type(",
    ".refuse(",
    "Failure::new(",
    "Failure::field(",
    "Failure::unauthenticated(",
    "Error::NotAllowed(",
    "Error::Unauthenticated(",
    "Self::unavailable(",
    "Self::conflict(",
    "Self::damaged(",
    "Self::forbidden(",
    "Self::off(",
    "FieldError {",
    "WrongState {",
];

/// The files of sources below `folder`.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// What stands between the bracket that ends `text[..at]` and its partner.
fn arguments(text: &str, at: usize) -> &str {
    let (mut depth, mut quoted, mut escaped) = (1, false, false);
    for (index, byte) in text.bytes().enumerate().skip(at) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'(' | b'{' if !quoted => depth += 1,
            b')' | b'}' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[at..index];
        }
    }
    &text[at..]
}

/// The texts in quotes in a piece of a source, with 7 for whatever is put in.
fn sentences(source: &str) -> Vec<String> {
    let joined = source.replace("\\\"", "\u{1}");
    let quoted = joined.split('"').skip(1).step_by(2);
    let filled = quoted.map(|text| {
        let lines: Vec<_> = text.split("\\\n").map(str::trim_start).collect();
        let mut filled = String::new();
        let mut inside = false;
        for c in lines.concat().chars() {
            match c {
                '{' => (inside, filled) = (true, filled + "7"),
                '}' => inside = false,
                '\u{1}' => filled.push('"'),
                c if !inside => filled.push(c),
                _ => {}
            }
        }
        filled
    });
    let is_word = |word: &&str| word.chars().filter(|c| c.is_alphabetic()).count() > 1;
    filled.filter(|text| text.split(' ').filter(is_word).count() > 1).collect()
}

#[test]
fn every_sentence_that_a_source_tells_in_a_problem_has_its_chinese() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder of crates");
    let mut files = Vec::new();
    for name in ["domain", "wire", "app", "http"] {
        sources(&crates.join(name).join("src"), &mut files);
    }
    let (mut seen, mut missing) = (0, Vec::new());
    for file in files {
        let text = fs::read_to_string(&file).expect("a source");
        let text = text.split("#[cfg(test)]").next().expect("a split has a first part");
        let mut told: Vec<String> = Vec::new();
        for by in SAID_BY {
            let places = text.match_indices(by).map(|(at, _)| at + by.len());
            told.extend(places.flat_map(|at| sentences(arguments(text, at))));
        }
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if matches!(name, "error.rs" | "refusal.rs") {
            let places = text.match_indices("#[error(").map(|(at, by)| at + by.len());
            told.extend(places.flat_map(|at| sentences(arguments(text, at))));
        }
        for by in ["message = ", "detail = "] {
            let places = text.match_indices(by).map(|(at, _)| &text[at..]);
            told.extend(
                places.flat_map(|said| sentences(said.split(";\n").next().unwrap_or_default())),
            );
        }
        seen += told.len();
        let untold = told
            .into_iter()
            .filter(|sentence| !chinese::of(sentence).is_some_and(|zh| is_chinese(&zh)));
        missing.extend(untold.map(|sentence| format!("{name}: {sentence}")));
    }
    assert!(missing.is_empty(), "wire/src/chinese/table.rs lacks:\n{}", missing.join("\n"));
    assert!(seen > 150, "{seen}");
}
