//! What became of an import, part by part brought together: for people as tables, for programs as one JSON
//! object, and row by row as CSV.

use super::causes;
use super::place::{Place, Unfit};
use crate::failure::Failure;
use crate::output::Output;
use crate::said::{Said, said};
use comfy_table::{CellAlignment, Table, presets};
use docket_app::imports::{Difference, ImportOptions, ImportReport, Sums};
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
    /// Orders that were read, and rows that belong to none: taken, known and refused together.
    pub read: u64,
    /// Orders that were new.
    pub taken: u64,
    /// Orders that were here already.
    pub known: u64,
    /// Rows that could not be taken.
    pub refused: u64,
    /// The same by their codes.
    pub refused_by_code: BTreeMap<String, u64>,
    /// Orders that were read, by the status word of the source.
    pub source_statuses: BTreeMap<String, u64>,
    /// Orders that were taken, by the status they have now.
    pub statuses: BTreeMap<String, u64>,
    /// Anomalies of orders that were taken.
    pub anomalies: BTreeMap<String, u64>,
    /// Money of orders that were taken, in minor units.
    pub sums: BTreeMap<String, Sums>,
    /// Files that the mapping gives no part.
    pub left_out: Vec<PathBuf>,
    /// The rows that could not be taken.
    pub refused_rows: Vec<Unfit>,
    /// Orders that were taken although payments and prices disagree.
    pub differences: Vec<PlacedDifference>,
}

/// An order whose payments disagree with what was to pay, and where it stands.
#[derive(Debug, Serialize)]
pub struct PlacedDifference {
    file: String,
    #[serde(flatten)]
    difference: Difference,
}

impl Report {
    /// The report of an import that begins.
    pub fn new(options: &ImportOptions, left_out: Vec<PathBuf>) -> Self {
        Self {
            dry_run: options.dry_run,
            finished: false,
            last: None,
            read: 0,
            taken: 0,
            known: 0,
            refused: 0,
            refused_by_code: BTreeMap::new(),
            source_statuses: BTreeMap::new(),
            statuses: BTreeMap::new(),
            anomalies: BTreeMap::new(),
            sums: BTreeMap::new(),
            left_out,
            refused_rows: Vec::new(),
            differences: Vec::new(),
        }
    }

    /// Takes down what became of one part: of its lines, which stand at `places` and have these names, and of
    /// rows that were no lines, each with how many lines stood before it.
    pub fn take(
        &mut self,
        answer: ImportReport,
        source: BTreeMap<String, u64>,
        places: &[(Place, Option<Box<str>>)],
        unfit: Vec<(usize, Unfit)>,
    ) {
        let mut whole = ImportReport {
            statuses: std::mem::take(&mut self.statuses),
            anomalies: std::mem::take(&mut self.anomalies),
            sums: std::mem::take(&mut self.sums),
            ..ImportReport::default()
        };
        whole.join(answer, |line| line);
        (self.statuses, self.anomalies, self.sums) = (whole.statuses, whole.anomalies, whole.sums);
        let refused = whole.refused.into_iter().filter_map(|row| {
            let at = usize::try_from(row.line).ok()?.checked_sub(1)?;
            let (place, order) = places.get(at)?.clone();
            Some((
                at,
                Unfit { place, order, field: row.field, code: row.code, message: row.message },
            ))
        });
        let mut rows: Vec<_> = unfit.into_iter().chain(refused).collect();
        rows.sort_by_key(|(at, _)| *at);
        self.read += whole.taken + whole.known + rows.len() as u64;
        self.taken += whole.taken;
        self.known += whole.known;
        self.refused += rows.len() as u64;
        for (_, row) in rows {
            let order = row.order.map(|order| tame(&order).into());
            let (field, message) = (tame(&row.field), tame(&row.message));
            let row = Unfit { order, field, message, ..row };
            *self.refused_by_code.entry(row.code.clone()).or_default() += 1;
            self.refused_rows.push(row);
        }
        for (word, count) in source {
            *self.source_statuses.entry(tame(&word)).or_default() += count;
        }
        for difference in whole.differences {
            let at = usize::try_from(difference.line).ok().and_then(|line| line.checked_sub(1));
            let place = at.and_then(|at| places.get(at)).cloned();
            let Some((Place { file, line }, _)) = place else { continue };
            let difference = Difference { line, ..difference };
            self.differences.push(PlacedDifference { file, difference });
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
        let taken = if self.dry_run {
            out.say("would be taken", "可导入")
        } else {
            out.say("taken", "已导入")
        };
        let refused = out.say("refused", "被拒绝");
        let mut row = |what: &str, word: &str, count: u64| {
            table.add_row([what.to_owned(), word.to_owned(), count.to_string()]);
        };
        row(out.say("read", "读取"), "", self.read);
        row(taken, "", self.taken);
        row(out.say("known", "已有"), "", self.known);
        row(refused, "", self.refused);
        let parts = [
            (refused, &self.refused_by_code),
            (out.say("status there", "来源状态"), &self.source_statuses),
            (out.say("status here", "此处状态"), &self.statuses),
            (out.say("anomaly", "异常"), &self.anomalies),
        ];
        for (what, counts) in parts {
            for (word, count) in counts {
                row(what, &causes::shown(word, out), *count);
            }
        }
        right(&mut table, &[2]);
        table
    }

    fn money(&self, out: &Output) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header([
            out.say("minor units", "最小货币单位"),
            out.say("items", "商品"),
            out.say("freight", "运费"),
            out.say("together", "合计"),
            out.say("payments", "支付"),
            out.say("unknown", "未知"),
        ]);
        for (currency, sums) in &self.sums {
            let Sums { items, freight, payments, unknown } = *sums;
            let together = items.saturating_add(freight);
            let numbers = [items, freight, together, payments].map(|sum| sum.to_string());
            let row = std::iter::once(currency.clone()).chain(numbers);
            table.add_row(row.chain([unknown.to_string()]));
        }
        right(&mut table, &[1, 2, 3, 4, 5]);
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
        for Unfit { place, order, field, code, message } in &self.refused_rows {
            let (line, order) = (place.line.to_string(), order.as_deref().unwrap_or_default());
            let row = ["refused", &place.file, &line, order, field, code, message];
            csv.write_record(row)?;
        }
        for PlacedDifference { file, difference } in &self.differences {
            let (line, id) = (difference.line.to_string(), difference.external_id.as_deref());
            let (id, message) =
                (id.unwrap_or_default(), amounts(difference).to(Language::En).to_owned());
            let row = ["taken", file, &line, id, "payments", &difference.kind, &message];
            csv.write_record(row)?;
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
        out.line(line.trim_end());
    }
}

fn list(out: &Output, title: &str, rows: impl ExactSizeIterator<Item = String>, shown: usize) {
    let all = rows.len();
    if all == 0 {
        return;
    }
    out.line(&format!("\n{title}:"));
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
    format!("{file}:{line}: {order}{code}: {field}{colon}{message}")
}

fn amounts(difference: &Difference) -> Said {
    let Difference { currency, payable, paid, .. } = difference;
    match payable {
        Some(payable) => said!(
            "payable {payable}, paid {paid} ({currency}, minor units)",
            "应付 {payable}，已付 {paid}（{currency}，最小货币单位）"
        ),
        None => said!(
            "payable unknown, paid {paid} ({currency}, minor units)",
            "应付未知，已付 {paid}（{currency}，最小货币单位）"
        ),
    }
}

/// Characters of a text of a file that are shown.
const SHOWN_CHARS: usize = 160;

/// A text of a file as it may be shown: signs that would do something to a terminal are written out, and a long
/// one is cut.
fn tame(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(SHOWN_CHARS));
    for (number, sign) in text.chars().enumerate() {
        if number == SHOWN_CHARS {
            shown.push('…');
            break;
        }
        match sign {
            sign if sign.is_control() => shown.extend(sign.escape_default()),
            // Marks of direction and the like, which change how what stands beside them is read.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.extend(sign.escape_unicode());
            }
            sign => shown.push(sign),
        }
    }
    shown
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_file_does_nothing_to_a_terminal() {
        assert_eq!(tame("茶 \u{1b}[31m\0\u{202e}"), "茶 \\u{1b}[31m\\u{0}\\u{202e}");
        let long = tame(&"x".repeat(10_000));
        assert_eq!((long.chars().count(), long.ends_with('…')), (SHOWN_CHARS + 1, true));
    }
}
