//! What became of an import, part by part brought together: for people as tables, for programs as one JSON
//! object, and row by row as CSV.
//!
//! What is counted are rows of the files: each row that was read was taken, known, updated or refused, with its
//! order. Orders are counted beside them.

use super::causes;
use super::place::{Place, Unfit};
use super::summed::Summed;
use super::tally::{Outcome, Tally, sum};
use super::tame::{tame, tame_said};
use crate::export::{decimal, safe};
use crate::failure::Failure;
use crate::output::Output;
use crate::said::{Said, said};
use comfy_table::{CellAlignment, Table, presets};
use docket_app::imports::{Difference, ImportOptions, ImportReport, Sums};
use docket_domain::Currency;
use docket_domain::story::Language;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Rows listed to people, unless they ask for all.
pub const SHOWN: usize = 50;

/// What became of an import.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether everything was checked and nothing written.
    pub dry_run: bool,
    /// Whether the files were read to their end.
    pub finished: bool,
    /// The last row of which is known what became of it.
    pub last: Option<Place>,
    /// Rows of all files, by what became of them.
    #[serde(flatten)]
    pub rows: Tally,
    /// The same of each file.
    pub files: Vec<OfFile>,
    /// Orders, by what became of them; a row that belongs to none counts as one that was refused.
    pub orders: Tally,
    /// Rows that were refused, by their codes.
    pub refused_by_code: BTreeMap<String, u64>,
    /// Orders that were read, by the status word of the source.
    pub source_statuses: BTreeMap<String, u64>,
    /// Orders that were taken, by the status they have now.
    pub statuses: BTreeMap<String, u64>,
    /// Anomalies of orders that were taken.
    pub anomalies: BTreeMap<String, u64>,
    /// Money of orders that were taken, in minor units.
    pub sums: BTreeMap<String, Sums>,
    /// Orders that were taken of which rows of ours had no room for all, by what that was.
    pub summed: BTreeMap<Summed, u64>,
    /// Files that the mapping gives no part.
    pub left_out: Vec<PathBuf>,
    /// Why orders could not be taken, with the row that is wrong.
    pub refused_rows: Vec<Unfit>,
    /// Orders that were taken although payments and prices disagree.
    pub differences: Vec<PlacedDifference>,
}

/// The rows of one file, by what became of them.
#[derive(Debug, Serialize)]
pub struct OfFile {
    /// What it is called.
    pub file: String,
    /// Its rows.
    #[serde(flatten)]
    pub rows: Tally,
}

/// What was handed over as one line: where it stands, what its source calls it, and its rows.
#[derive(Debug)]
pub struct Sent {
    /// Where it stands.
    pub place: Place,
    /// What its source calls it.
    pub key: Option<Box<str>>,
    /// How many rows of which file.
    pub rows: Vec<(usize, u64)>,
    /// What of it its rows had no room for.
    pub summed: Vec<Summed>,
}

/// A row that was not handed over: how many lines stood before it, why, and the rows that are refused with it.
pub type NotSent = (usize, Unfit, Vec<(usize, u64)>);

/// An order whose payments disagree with what was to pay, and where it stands.
#[derive(Debug, Serialize)]
pub struct PlacedDifference {
    file: String,
    #[serde(flatten)]
    difference: Difference,
}

impl Report {
    /// The report of an import that begins.
    pub fn new(options: &ImportOptions, files: Vec<String>, left_out: Vec<PathBuf>) -> Self {
        let file = |file| OfFile { file, rows: Tally::default() };
        Self {
            dry_run: options.dry_run,
            finished: false,
            last: None,
            rows: Tally::default(),
            files: files.into_iter().map(file).collect(),
            orders: Tally::default(),
            refused_by_code: BTreeMap::new(),
            source_statuses: BTreeMap::new(),
            statuses: BTreeMap::new(),
            anomalies: BTreeMap::new(),
            sums: BTreeMap::new(),
            summed: BTreeMap::new(),
            left_out,
            refused_rows: Vec::new(),
            differences: Vec::new(),
        }
    }

    /// Takes down what became of one part: of its lines, which are `sent`, and of rows that were none.
    pub fn take(
        &mut self,
        answer: ImportReport,
        source: BTreeMap<String, u64>,
        sent: &[Sent],
        unfit: Vec<NotSent>,
    ) {
        let line = |line: u64| usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
        let mut kept = vec![Outcome::Taken; sent.len()];
        let mut set = |lines: &[u64], outcome: Outcome| {
            for at in lines.iter().filter_map(|at| line(*at)).filter(|at| *at < sent.len()) {
                kept[at] = outcome;
            }
        };
        set(&answer.known_lines, Outcome::Known);
        set(&answer.elsewhere_lines, Outcome::KnownElsewhere);
        set(&answer.updated_lines, Outcome::Updated);
        set(&answer.refused.iter().map(|row| row.line).collect::<Vec<_>>(), Outcome::Refused);
        let mut rows: Vec<NotSent> = unfit;
        for row in &answer.refused {
            let Some((at, sent)) = line(row.line).and_then(|at| Some((at, sent.get(at)?))) else {
                continue;
            };
            let why = Unfit {
                place: sent.place.clone(),
                order: sent.key.clone(),
                field: row.field.as_str().into(),
                code: row.code.as_str().into(),
                message: Said::of_center(&row.message),
            };
            rows.push((at, why, sent.rows.clone()));
        }
        rows.sort_by_key(|(at, ..)| *at);
        for (sent, outcome) in sent.iter().zip(kept).filter(|(_, kept)| *kept != Outcome::Refused) {
            self.count(outcome, &sent.rows);
            if matches!(outcome, Outcome::Taken | Outcome::Updated) {
                sent.summed.iter().for_each(|what| *self.summed.entry(*what).or_default() += 1);
            }
        }
        for (_, row, of) in rows {
            *self.refused_by_code.entry(row.code.to_string()).or_default() += sum(&of);
            self.count(Outcome::Refused, &of);
            let order = row.order.map(|order| tame(&order).into());
            let (field, message) = (tame(&row.field).into(), tame_said(&row.message));
            self.refused_rows.push(Unfit { order, field, message, ..row });
        }
        for (word, count) in source {
            *self.source_statuses.entry(tame(&word)).or_default() += count;
        }
        self.join(answer, sent);
    }

    /// Adds what is told of the orders that were taken.
    fn join(&mut self, answer: ImportReport, sent: &[Sent]) {
        let mut whole = ImportReport {
            statuses: std::mem::take(&mut self.statuses),
            anomalies: std::mem::take(&mut self.anomalies),
            sums: std::mem::take(&mut self.sums),
            ..ImportReport::default()
        };
        whole.join(answer, |line| line);
        (self.statuses, self.anomalies, self.sums) = (whole.statuses, whole.anomalies, whole.sums);
        for difference in whole.differences {
            let at = usize::try_from(difference.line).ok().and_then(|line| line.checked_sub(1));
            let Some(Sent { place, .. }) = at.and_then(|at| sent.get(at)) else { continue };
            let difference = Difference { line: place.line, ..difference };
            self.differences.push(PlacedDifference { file: place.file.clone(), difference });
        }
    }

    fn count(&mut self, outcome: Outcome, rows: &[(usize, u64)]) {
        self.orders.add(outcome, 1);
        for (file, rows) in rows {
            self.rows.add(outcome, *rows);
            if let Some(of_file) = self.files.get_mut(*file) {
                of_file.rows.add(outcome, *rows);
            }
        }
    }

    /// Says how far the import came, for a failure that stopped it.
    pub fn stopped(&self, failure: Failure) -> Failure {
        let Some(Place { file, line }) = &self.last else { return failure };
        let came = said!("it came to line {line} of {file}", "已到 {file} 第 {line} 行");
        Failure { message: failure.message.clone().and(came), ..failure }.next(said!(
            "Run the same command again: what was taken is known and skipped.",
            "请重新执行同一命令：已导入的订单会被识别并跳过。"
        ))
    }

    /// Prints it for people, with at most `shown` rows of each list.
    pub fn print(&self, shown: usize, out: &Output) {
        for file in &self.left_out {
            let file = file.display();
            out.note(out.tell(&said!(
                "{file}: the mapping gives it no part; not read",
                "{file}：映射没有用到此文件，未读取"
            )));
        }
        table(&self.counts(out), out);
        if self.files.len() > 1 {
            table(&self.by_file(out), out);
        }
        if !self.sums.is_empty() {
            table(&self.money(out), out);
        }
        list(
            out,
            out.say("refused", "被拒绝"),
            self.refused_rows.iter().map(|row| refused_line(row, out)),
            shown,
        );
        let differences = self.differences.iter().map(|difference| difference.line(out));
        let title = out.say("taken, though the sums disagree", "已导入，但金额不一致");
        list(out, title, differences, shown);
    }

    fn counts(&self, out: &Output) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let mut row = |what: &str, word: &str, count: u64| {
            table.add_row([what.to_owned(), word.to_owned(), count.to_string()]);
        };
        let (of_rows, of_orders) = (out.say("rows", "行"), out.say("orders", "订单"));
        for (of, tally) in [(of_rows, self.rows), (of_orders, self.orders)] {
            for (what, count) in tally.named(self.dry_run, out) {
                row(what, of, count);
            }
        }
        let refused = out.say("refused", "被拒绝");
        let parts = [
            (refused, &self.refused_by_code),
            (out.say("orders, status there", "订单，来源状态"), &self.source_statuses),
            (out.say("orders, status here", "订单，此处状态"), &self.statuses),
            (out.say("anomalies", "异常"), &self.anomalies),
        ];
        for (what, counts) in parts {
            for (word, count) in counts {
                row(what, &causes::shown(word, out), *count);
            }
        }
        for (what, count) in &self.summed {
            let title = out.say("orders, in part", "订单，部分内容");
            table.add_row([title.to_owned(), what.shown(out).to_owned(), count.to_string()]);
        }
        right(&mut table, &[2]);
        table
    }

    fn by_file(&self, out: &Output) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let head = self.rows.named(self.dry_run, out).into_iter().map(|(what, _)| what);
        table.set_header(std::iter::once(out.say("rows of", "各文件行数")).chain(head));
        for OfFile { file, rows } in &self.files {
            let counts = rows.named(self.dry_run, out).into_iter().map(|(_, n)| n.to_string());
            table.add_row(std::iter::once(tame(file)).chain(counts));
        }
        right(&mut table, &[1, 2, 3, 4, 5]);
        table
    }

    fn money(&self, out: &Output) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header([
            out.say("money", "金额"),
            out.say("items", "商品"),
            out.say("freight", "运费"),
            out.say("tax on top", "价外税"),
            out.say("together", "合计"),
            out.say("payments", "支付"),
            out.say("unknown", "未知"),
        ]);
        for (currency, sums) in &self.sums {
            let Sums { items, freight, tax, payments, unknown } = *sums;
            let together = items.saturating_add(freight).saturating_add(tax);
            let numbers = [items, freight, tax, together, payments].map(|sum| shown(sum, currency));
            let row = std::iter::once(currency.clone()).chain(numbers);
            table.add_row(row.chain([unknown.to_string()]));
        }
        right(&mut table, &[1, 2, 3, 4, 5, 6]);
        table
    }

    /// Writes every refused row and every difference to `file`, which is at `path`.
    pub fn write_csv(&self, path: &Path, file: File) -> Result<(), Failure> {
        self.rows_to(file).map_err(|error| {
            let path = path.display();
            let cannot = said!("cannot write {path}", "无法写入 {path}");
            Failure::new(cannot.because(&std::io::Error::from(error))).next(said!(
                "The import is done; run it again with another --report: nothing is taken twice.",
                "导入已完成；请换一个 --report 重新执行：不会重复导入。"
            ))
        })
    }

    fn rows_to(&self, file: File) -> csv::Result<()> {
        let mut csv = csv::Writer::from_writer(file);
        csv.write_record(["outcome", "file", "line", "order", "field", "code", "message"])?;
        // People look at it in a spreadsheet, and what stands in it is whatever stood in a file.
        for Unfit { place, order, field, code, message } in &self.refused_rows {
            let (line, order) = (place.line.to_string(), order.as_deref().unwrap_or_default());
            let message = message.to(Language::En);
            let row = ["refused", &place.file, &line, order, field, code, message];
            csv.write_record(row.map(|cell| safe(cell).into_owned()))?;
        }
        for PlacedDifference { file, difference } in &self.differences {
            let (line, id) = (difference.line.to_string(), difference.external_id.as_deref());
            let (id, message) =
                (id.unwrap_or_default(), amounts(difference).to(Language::En).to_owned());
            let row = ["taken", file, &line, id, "payments", &difference.kind, &message];
            csv.write_record(row.map(|cell| safe(cell).into_owned()))?;
        }
        Ok(csv.flush()?)
    }
}

fn right(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

fn table(table: &Table, out: &Output) {
    for line in table.to_string().lines() {
        out.raw(line.trim_end());
    }
}

fn list(out: &Output, title: &str, rows: impl ExactSizeIterator<Item = String>, shown: usize) {
    let all = rows.len();
    if all == 0 {
        return;
    }
    out.line("");
    out.line(&format!("{title}:"));
    for row in rows.take(shown) {
        out.line(&format!("  {row}"));
    }
    if all > shown {
        let more = all - shown;
        out.line(out.tell(&said!(
            "  … and {more} more (--verbose lists them)",
            "  …… 另有 {more} 条（用 --verbose 全部列出）"
        )));
    }
}

fn refused_line(Unfit { place, order, field, code, message }: &Unfit, out: &Output) -> String {
    let Place { file, line } = place;
    let order = order.as_ref().map(|order| format!("{order}: ")).unwrap_or_default();
    let code = causes::shown(code, out);
    let colon = if field.is_empty() { "" } else { ": " };
    format!("{file}:{line}: {order}{code}: {field}{colon}{}", out.tell(message))
}

fn amounts(difference: &Difference) -> Said {
    let Difference { currency, payable, paid, .. } = difference;
    let paid = shown(*paid, currency);
    match payable.map(|payable| shown(payable, currency)) {
        Some(payable) => said!(
            "payable {payable}, paid {paid} {currency}",
            "应付 {payable}，已付 {paid} {currency}"
        ),
        None => {
            said!("payable unknown, paid {paid} {currency}", "应付未知，已付 {paid} {currency}")
        }
    }
}

/// Money as people read it.
fn shown(minor: i64, currency: &str) -> String {
    decimal(minor, Currency::ever(currency).map_or(2, |currency| currency.places()))
}

impl PlacedDifference {
    /// File, line, kind and what was paid.
    #[cfg(test)]
    pub fn summary(&self) -> (&str, u64, &str, i64) {
        (&self.file, self.difference.line, &self.difference.kind, self.difference.paid)
    }

    fn line(&self, out: &Output) -> String {
        let difference = &self.difference;
        let id = difference.external_id.as_deref().unwrap_or_default();
        let (line, kind) = (difference.line, &difference.kind);
        let (id, amounts) = (tame(id), amounts(difference));
        format!("{}:{line}: {id}: {kind}: {}", self.file, out.tell(&amounts))
    }
}
