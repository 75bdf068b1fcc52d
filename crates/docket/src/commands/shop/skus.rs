//! `docket shop map` and `docket shop skus`: which SKU of ours a code of a marketplace is.

use super::{One, count};
use crate::center::Center;
use crate::commands::key::words;
use crate::failure::Failure;
use crate::output::Output;
use crate::said::{Said, said};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Codes that are mapped with one request.
const TOGETHER: usize = 500;
/// Orders that wait for a code are counted up to here.
const COUNTED_TO: u64 = 1_000;

/// Arguments of `docket shop map`.
#[derive(Debug, clap::Args)]
pub struct Map {
    #[command(flatten)]
    one: One,
    /// Your code as the marketplace has it, or its number of the SKU
    #[arg(required_unless_present = "file")]
    code: Option<String>,
    /// The SKU of yours; it must have been counted at the place
    #[arg(required_unless_present_any = ["file", "remove"])]
    sku: Option<String>,
    /// Where it is taken from
    #[arg(long, default_value = "main")]
    place: String,
    /// How much of it one piece takes
    #[arg(long, value_name = "QUANTITY", default_value = "1")]
    per_piece: String,
    /// The code is nothing any more; what is taken stays taken
    #[arg(long, conflicts_with = "sku")]
    remove: bool,
    /// A CSV file with the columns `code` and `sku_id`, and where you like `place` and `per_piece`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["code", "sku", "remove"])]
    file: Option<PathBuf>,
}

/// Arguments of `docket shop skus`.
#[derive(Debug, clap::Args)]
pub struct Skus {
    #[command(flatten)]
    one: One,
    /// The codes that sales wait for
    #[arg(long)]
    unmapped: bool,
}

/// Sets codes of a shop.
pub async fn map(asked: &Map, center: &Center, out: &Output) -> Result<(), Failure> {
    let path = asked.one.path()?;
    let codes = if let Some(file) = &asked.file {
        read(file, asked)?
    } else {
        let (code, sku, place) = (&asked.code, &asked.sku, &asked.place);
        let is = json!({
            "code": code, "sku_id": sku, "place": place, "per_piece": asked.per_piece,
        });
        vec![Entry { line: 1, is }]
    };
    let progress = (codes.len() > TOGETHER)
        .then(|| out.progress(out.say("codes", "编码"), codes.len() as u64));
    let mut shop = Value::Null;
    for (nth, part) in codes.chunks(TOGETHER).enumerate() {
        let entries: Vec<_> = part.iter().map(|entry| &entry.is).collect();
        shop = match (center.put(&path, &json!({ "sku_map": entries })).await, &asked.file) {
            (Err(failure), Some(file)) => return Err(refused(failure, file, part, nth == 0)),
            (shop, _) => shop?,
        };
        if let Some(progress) = &progress {
            progress.steps(part.len() as u64);
        }
    }
    if let Some(progress) = &progress {
        progress.done();
    }
    let (id, count) = (&asked.one.shop, codes.len());
    out.show(&shop, |out| {
        out.note(out.tell(&if asked.remove {
            said!("the code is nothing any more in shop {id}", "店铺 {id} 中该编码不再对应任何 SKU")
        } else {
            match count {
                1 => said!(
                    "1 code of shop {id} is mapped; sales that waited for it are taken from stock",
                    "店铺 {id} 的 1 个编码已对应，等待中的销售将扣减库存"
                ),
                count => said!(
                    "{count} codes of shop {id} are mapped; sales that waited for them are taken from stock",
                    "店铺 {id} 的 {count} 个编码已对应，等待中的销售将扣减库存"
                ),
            }
        }));
    });
    Ok(())
}

/// A code that is mapped, and in which line of a file that stands.
struct Entry {
    line: u64,
    is: Value,
}

/// What the server finds wrong with codes of a file, by their lines.
fn refused(failure: Failure, file: &Path, part: &[Entry], is_first: bool) -> Failure {
    let of_line = |(field, what): &(String, Said)| {
        let (index, _) = field.strip_prefix("sku_map[")?.split_once(']')?;
        let line = part.get(index.parse::<usize>().ok()?)?.line;
        Some(said!("line {line}", "第 {line} 行").because(what.clone()))
    };
    let Some(lines) = failure.wrong.iter().filter_map(of_line).reduce(Said::and) else {
        return failure;
    };
    let name = file.display();
    let message = said!("{name} is not taken", "{name} 未被接受").because(lines);
    let first = part.first().map_or(0, |entry| entry.line);
    let next = if is_first {
        said!(
            "Mend it and give the file again; nothing was mapped.",
            "请更正后重新提交文件；未作任何改动。"
        )
    } else {
        said!(
            "Mend it and give the file again; what stands before line {first} is mapped.",
            "请更正后重新提交文件；第 {first} 行之前的编码已对应。"
        )
    };
    Failure { message, next: Some(next), ..failure }
}

/// What stands between the columns of a file, by its first line: a comma, or what spreadsheets write where the comma
/// stands in numbers.
fn separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |sign: &u8| first.bytes().filter(|byte| byte == sign).count();
    // Of several that are as many, the last one is taken.
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

/// The codes of a file, by the names of its columns.
fn read(file: &Path, asked: &Map) -> Result<Vec<Entry>, Failure> {
    let name = file.display();
    let empty = || {
        Failure::usage(said!("{name} has no codes", "{name} 中没有编码")).next(said!(
            "It holds a line of names, such as `code,sku_id,place,per_piece`, and a line for each code.",
            "第一行为列名，例如 code,sku_id,place,per_piece，其后每行一个编码。"
        ))
    };
    let text = std::fs::read_to_string(file).map_err(|why| {
        Failure::usage(said!("{name} cannot be read", "无法读取 {name}").because(Said::from(&why)))
    })?;
    let unreadable = |why: &csv::Error| {
        Failure::usage(said!("{name} cannot be read: {why}", "无法读取 {name}：{why}"))
    };
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(empty());
    }
    let mut sheet = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .delimiter(separator(text.trim_start()))
        .from_reader(text.as_bytes());
    let header = sheet.headers().map_err(|why| unreadable(&why))?.clone();
    // A file out of a spreadsheet may begin with the mark of its encoding.
    let column =
        |wanted: &str| header.iter().position(|one| one.trim_start_matches('\u{feff}') == wanted);
    let (Some(code), Some(sku)) = (column("code"), column("sku_id")) else {
        return Err(Failure::usage(said!(
            "{name} has no columns `code` and `sku_id`",
            "{name} 缺少 code 和 sku_id 两列"
        )));
    };
    let (place, per_piece) = (column("place"), column("per_piece"));
    let mut codes = Vec::new();
    for row in sheet.records() {
        let row = row.map_err(|why| unreadable(&why))?;
        let cell = |at: Option<usize>, usual: &str| {
            let cell = at.and_then(|at| row.get(at)).filter(|cell| !cell.is_empty());
            cell.unwrap_or(usual).to_owned()
        };
        let line = row.position().map_or(0, csv::Position::line);
        let is = json!({
            "code": cell(Some(code), ""),
            "sku_id": cell(Some(sku), ""),
            "place": cell(place, &asked.place),
            "per_piece": cell(per_piece, &asked.per_piece),
        });
        codes.push(Entry { line, is });
    }
    if codes.is_empty() { Err(empty()) } else { Ok(codes) }
}

/// Lists codes of a shop, page by page.
pub async fn list(asked: &Skus, center: &Center, out: &Output) -> Result<(), Failure> {
    let path = asked.one.path()?;
    let (path, name) = if asked.unmapped {
        (format!("{path}/skus/unmapped?"), "unmapped")
    } else {
        (format!("{path}/skus?limit=200&"), "skus")
    };
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = center.get(&format!("{path}{cursor}")).await?;
        rows.extend(page[name].as_array().into_iter().flatten().cloned());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("cursor={next}");
    }
    out.show(&rows, |out| if asked.unmapped { unmapped(&rows, out) } else { mapped(&rows, out) });
    Ok(())
}

fn mapped(rows: &[Value], out: &Output) {
    if rows.is_empty() {
        out.note(out.say(
            "No code of this shop is mapped, and its sales take no stock; `docket shop map` maps one.",
            "该店铺尚无编码对应，其销售不扣库存；用 docket shop map 建立对应。",
        ));
        return;
    }
    let head = [
        out.say("code", "编码"),
        out.say("SKU", "SKU"),
        out.say("place", "地点"),
        out.say("per piece", "每件用量"),
        out.say("since", "起始"),
    ];
    let names = ["code", "sku_id", "place", "per_piece", "at"];
    out.table(&head, rows.iter().map(|row| names.iter().map(|name| words(&row[*name])).collect()));
}

/// How many orders wait for a code: they are counted so far only.
fn waiting(row: &Value) -> String {
    match row["orders"].as_u64() {
        Some(COUNTED_TO..) => format!("{COUNTED_TO}+"),
        _ => count(row, "orders"),
    }
}

fn unmapped(rows: &[Value], out: &Output) {
    if rows.is_empty() {
        out.note(out.say("No sale waits for a code.", "没有等待对应的销售。"));
        return;
    }
    let head = [
        out.say("code", "编码"),
        out.say("sold as", "商品名"),
        out.say("orders that wait", "等待的订单"),
        out.say("since", "起始"),
    ];
    let row = |row: &Value| {
        let word = |name: &str| words(&row[name]);
        vec![word("code"), word("title"), waiting(row), word("since")]
    };
    out.table(&head, rows.iter().map(row));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_a_file_are_told_apart_by_what_stands_between_their_names() {
        let wanted = [("code,sku_id\na;b;c,d", b','), ("code;sku_id\na,b,c;d", b';')];
        for (text, sign) in wanted.into_iter().chain([("code\tsku_id", b'\t'), ("code", b',')]) {
            assert_eq!(separator(text), sign, "{text}");
        }
    }

    #[test]
    fn orders_that_wait_are_numbers_and_many_are_many() {
        let shown = [0, 7, 999, 1_000].map(|orders| waiting(&json!({ "orders": orders })));
        assert_eq!(shown, ["0", "7", "999", "1000+"]);
    }
}
