//! `docket shop map` and `docket shop skus`: which SKU of ours a code of a marketplace is.

use super::One;
use crate::center::Center;
use crate::commands::key::words;
use crate::failure::Failure;
use crate::output::Output;
use crate::said::said;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Codes that are mapped with one request.
const TOGETHER: usize = 500;

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
    let codes = match &asked.file {
        Some(file) => read(file, asked)?,
        None => vec![json!({
            "code": asked.code,
            "sku_id": asked.sku,
            "place": asked.place,
            "per_piece": asked.per_piece,
        })],
    };
    let progress = (codes.len() > TOGETHER)
        .then(|| out.progress(out.say("codes", "编码"), codes.len() as u64));
    let mut shop = Value::Null;
    for part in codes.chunks(TOGETHER) {
        shop = center.put(&path, &json!({ "sku_map": part })).await?;
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
            said!(
                "{count} codes of shop {id} are mapped; sales that waited for them are taken from stock",
                "店铺 {id} 的 {count} 个编码已对应，等待中的销售将扣减库存"
            )
        }));
    });
    Ok(())
}

/// The codes of a file, by the names of its columns.
fn read(file: &Path, asked: &Map) -> Result<Vec<Value>, Failure> {
    let name = file.display();
    let unreadable = |why: &csv::Error| {
        Failure::usage(said!("{name} cannot be read: {why}", "无法读取 {name}：{why}"))
    };
    let mut sheet = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(file)
        .map_err(|why| unreadable(&why))?;
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
        codes.push(json!({
            "code": cell(Some(code), ""),
            "sku_id": cell(Some(sku), ""),
            "place": cell(place, &asked.place),
            "per_piece": cell(per_piece, &asked.per_piece),
        }));
    }
    Ok(codes)
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
    let names = ["code", "title", "orders", "since"];
    out.table(&head, rows.iter().map(|row| names.iter().map(|name| words(&row[*name])).collect()));
}
