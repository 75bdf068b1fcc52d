//! What became of an import, part by part brought together: for people as tables, for programs as one JSON
//! object, and row by row as CSV.

use super::place::{Place, Unfit};
use crate::failure::Failure;
use crate::output::Output;
use comfy_table::{CellAlignment, Table, presets};
use docket_app::imports::{Difference, ImportOptions, ImportReport, Sums};
use serde::Serialize;
use std::collections::BTreeMap;
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
            *self.refused_by_code.entry(row.code.clone()).or_default() += 1;
            self.refused_rows.push(row);
        }
        for (word, count) in source {
            *self.source_statuses.entry(word).or_default() += count;
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
        let message = format!("{}; it came to line {line} of {file}", failure.message);
        let next = "run the same command again: what was taken is known and skipped";
        Failure { message, ..failure }.next(next)
    }

    /// Prints it for people, with at most `shown` rows of each list.
    pub fn print(&self, shown: usize, out: &Output) {
        for file in &self.left_out {
            out.note(&format!("{}: the mapping gives it no part; not read", file.display()));
        }
        table(&self.counts(), out);
        if !self.sums.is_empty() {
            table(&self.money(), out);
        }
        list(out, "refused", self.refused_rows.iter().map(refused_line), shown);
        let differences = self.differences.iter().map(PlacedDifference::line);
        list(out, "taken, though the sums disagree", differences, shown);
    }

    fn counts(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let taken = if self.dry_run { "would be taken" } else { "taken" };
        let mut row = |what: &str, word: &str, count: u64| {
            table.add_row([what.to_owned(), word.to_owned(), count.to_string()]);
        };
        row("read", "", self.read);
        row(taken, "", self.taken);
        row("known", "", self.known);
        row("refused", "", self.refused);
        let parts = [
            ("refused", &self.refused_by_code),
            ("status there", &self.source_statuses),
            ("status here", &self.statuses),
            ("anomaly", &self.anomalies),
        ];
        for (what, counts) in parts {
            for (word, count) in counts {
                row(what, word, *count);
            }
        }
        right(&mut table, &[2]);
        table
    }

    fn money(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["minor units", "items", "freight", "together", "payments", "unknown"]);
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

    /// Writes every refused row and every difference to `path`.
    pub fn write_csv(&self, path: &Path) -> Result<(), Failure> {
        let cannot = |error: &dyn std::fmt::Display| {
            Failure::new(format!("cannot write {}: {error}", path.display()))
        };
        let mut csv = csv::Writer::from_path(path).map_err(|error| cannot(&error))?;
        let header = ["outcome", "file", "line", "order", "field", "code", "message"];
        csv.write_record(header).map_err(|error| cannot(&error))?;
        for Unfit { place, order, field, code, message } in &self.refused_rows {
            let (line, order) = (place.line.to_string(), order.as_deref().unwrap_or_default());
            let row = ["refused", &place.file, &line, order, field, code, message];
            csv.write_record(row).map_err(|error| cannot(&error))?;
        }
        for PlacedDifference { file, difference } in &self.differences {
            let (line, id) = (difference.line.to_string(), difference.external_id.as_deref());
            let (id, message) = (id.unwrap_or_default(), amounts(difference));
            let row = ["taken", file, &line, id, "payments", &difference.kind, &message];
            csv.write_record(row).map_err(|error| cannot(&error))?;
        }
        csv.flush().map_err(|error| cannot(&error))
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
        out.line(&format!("  … and {} more (--verbose lists them)", all - shown));
    }
}

fn refused_line(Unfit { place, order, field, code, message }: &Unfit) -> String {
    let Place { file, line } = place;
    let order = order.as_ref().map(|order| format!("{order}: ")).unwrap_or_default();
    let colon = if field.is_empty() { "" } else { ": " };
    format!("{file}:{line}: {order}{code}: {field}{colon}{message}")
}

fn amounts(difference: &Difference) -> String {
    let Difference { currency, payable, paid, .. } = difference;
    let payable = payable.map_or("unknown".to_owned(), |payable| payable.to_string());
    format!("payable {payable}, paid {paid} ({currency}, minor units)")
}

impl PlacedDifference {
    /// File, line, kind and what was paid.
    #[cfg(test)]
    pub fn summary(&self) -> (&str, u64, &str, i64) {
        (&self.file, self.difference.line, &self.difference.kind, self.difference.paid)
    }

    fn line(&self) -> String {
        let difference = &self.difference;
        let id = difference.external_id.as_deref().unwrap_or_default();
        let (line, kind) = (difference.line, &difference.kind);
        format!("{}:{line}: {id}: {kind}: {}", self.file, amounts(difference))
    }
}
