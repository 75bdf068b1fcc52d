//! What a bench tells: a table for people, one line of JSON a run for programs, progress bars on the way.

use super::machine::CpuUse;
use super::tally::{Latencies, Tally};
use crate::output::Output;
use crate::said::{Said, said};
use comfy_table::{CellAlignment, Table, presets};
use docket_domain::story::Language;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// A progress bar on stderr, where that is a terminal.
pub fn bar(what: &str, length: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg} {bar:40} {human_pos}/{human_len} {per_sec} {eta}");
    ProgressBar::new(length)
        .with_style(style.expect("the template is well formed"))
        .with_message(what.to_owned())
}

/// A table for a terminal, figures to the right.
pub fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(head.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// One run of `docket bench place`, measured.
#[derive(Debug, Clone)]
pub struct Run {
    /// Orders in the database when it began.
    pub began_with: u64,
    /// Orders, or pairs of order and payment, a second.
    pub ops_per_s: f64,
    /// How long placing took.
    pub placing: Latencies,
    /// How long paying took, where orders were paid.
    pub paying: Option<Latencies>,
    /// Memory of the server at the end.
    pub rss_mib: Option<f64>,
    /// Server, client, database server, and all others.
    pub cpu: Option<CpuUse<3>>,
    /// Pages of SQLite's log for each order.
    pub wal_pages_per_op: Option<f64>,
    /// Pieces of work the lane committed at once, on average.
    pub batch: Option<f64>,
    /// The bare transaction, just before.
    pub bare_ops_per_s: Option<f64>,
}

impl Run {
    /// The part of it that the load itself tells.
    pub fn of(tally: &Tally, began_with: u64, paid: bool) -> Self {
        Self {
            began_with,
            ops_per_s: tally.per_second(),
            placing: tally.placing.clone(),
            paying: paid.then(|| tally.paying.clone()),
            rss_mib: None,
            cpu: None,
            wal_pages_per_op: None,
            batch: None,
            bare_ops_per_s: None,
        }
    }

    fn ratio(&self) -> Option<f64> {
        self.bare_ops_per_s.map(|bare| self.ops_per_s / bare)
    }
}

/// All runs of `docket bench place`, and what was found afterwards.
#[derive(Debug, Clone)]
pub struct Report {
    /// `place` or `place+pay`.
    pub bench: &'static str,
    /// `sqlite` or `mysql`.
    pub database: &'static str,
    /// Connections.
    pub clients: usize,
    /// One after the other, in one database.
    pub runs: Vec<Run>,
    /// Rows for each order, over all tables.
    pub rows_per_op: f64,
    /// Bytes for each order, indexes included.
    pub bytes_per_op: f64,
    /// What does not agree; empty if all was verified.
    pub faults: Vec<String>,
}

/// The line of one run; its fields are a contract.
#[derive(Serialize)]
struct Line<'a> {
    bench: &'a str,
    database: &'a str,
    ops_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    rss_mib: Option<f64>,
    rows_per_op: f64,
    bytes_per_op: f64,
    bare_ops_per_s: Option<f64>,
    ratio: Option<f64>,
    checked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pay_p50_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pay_p99_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wal_pages_per_op: Option<f64>,
}

/// Figures to as many places as they are good for.
pub fn rounded(figure: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (figure * scale).round() / scale
}

impl Report {
    /// One line of JSON a run.
    pub fn lines(&self) -> Vec<String> {
        let line = |run: &Run| {
            let pay_ms = |share| run.paying.as_ref().map(|paying| paying.ms(share));
            let line = Line {
                bench: self.bench,
                database: self.database,
                ops_per_s: rounded(run.ops_per_s, 1),
                p50_ms: run.placing.ms(0.5),
                p99_ms: run.placing.ms(0.99),
                rss_mib: run.rss_mib.map(|mib| rounded(mib, 1)),
                rows_per_op: rounded(self.rows_per_op, 2),
                bytes_per_op: rounded(self.bytes_per_op, 0),
                bare_ops_per_s: run.bare_ops_per_s.map(|bare| rounded(bare, 1)),
                ratio: run.ratio().map(|ratio| rounded(ratio, 3)),
                checked: self.faults.is_empty(),
                pay_p50_ms: pay_ms(0.5),
                pay_p99_ms: pay_ms(0.99),
                wal_pages_per_op: run.wal_pages_per_op.map(|pages| rounded(pages, 2)),
            };
            serde_json::to_string(&line).expect("figures are plain JSON")
        };
        self.runs.iter().map(line).collect()
    }

    /// By how much the last run differs from the first, in percent; `None` for a single run.
    pub fn slope(&self) -> Option<f64> {
        let (first, last) = (self.runs.first()?, self.runs.last()?);
        (self.runs.len() > 1).then(|| (last.ops_per_s / first.ops_per_s - 1.0) * 100.0)
    }

    /// The table and what is said below it.
    pub fn text(&self, out: &Output) -> String {
        let mut table = table(&[
            out.say("run", "轮次"),
            out.say("from orders", "起始订单"),
            "ops/s",
            "p50 ms",
            "p99 ms",
            "max ms",
            out.say("pay p50", "支付 p50"),
            out.say("pay p99", "支付 p99"),
            out.say("bare/s", "裸事务/s"),
            out.say("ratio", "比值"),
            "RSS MiB",
            out.say("server %", "服务 %"),
            out.say("client %", "客户端 %"),
            out.say("database %", "数据库 %"),
            out.say("others %", "其他 %"),
            out.say("batch", "批量"),
            out.say("WAL pages/op", "WAL 页/次"),
        ]);
        let shown = |figure: Option<f64>, places: usize| {
            figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.places$}"))
        };
        for (number, run) in (1..).zip(&self.runs) {
            let pay_ms = |share| run.paying.as_ref().map(|paying| paying.ms(share));
            let [server, client, database] =
                run.cpu.map_or([None; 3], |cpu| cpu.each).map(|percent| shown(percent, 0));
            table.add_row(vec![
                format!("{number}"),
                run.began_with.to_string(),
                shown(Some(run.ops_per_s), 0),
                shown(Some(run.placing.ms(0.5)), 2),
                shown(Some(run.placing.ms(0.99)), 2),
                shown(Some(run.placing.max_ms()), 1),
                shown(pay_ms(0.5), 2),
                shown(pay_ms(0.99), 2),
                shown(run.bare_ops_per_s, 0),
                shown(run.ratio(), 2),
                shown(run.rss_mib, 0),
                server,
                client,
                database,
                shown(run.cpu.and_then(|cpu| cpu.others), 0),
                shown(run.batch, 1),
                shown(run.wal_pages_per_op, 1),
            ]);
        }
        let mut text = out.tell(&self.summary(&table)).to_owned();
        if self.faults.is_empty() {
            text.push_str(out.say(
                "checked: every answered order is stored whole, sums and stock agree\n",
                "已核对：每个已答复的订单均完整存储，金额与库存一致\n",
            ));
        }
        for fault in &self.faults {
            text.push_str(out.say("NOT AS IT SHOULD BE: ", "不符合预期："));
            text.push_str(fault);
            text.push('\n');
        }
        text
    }

    fn summary(&self, table: &Table) -> Said {
        let Self { bench, database, clients, rows_per_op, bytes_per_op, .. } = self;
        let slope = self.slope().map(|slope| {
            said!(
                "slope {slope:+.1} % from first to last run; ",
                "从首轮到末轮变化 {slope:+.1} %；"
            )
        });
        let slope = |language| slope.as_ref().map_or("", |slope| slope.to(language));
        let (en, zh) = (slope(Language::En), slope(Language::Zh));
        Said::of(
            format!(
                "{bench} on {database}, {clients} connections\n{table}\n\
                 {en}{rows_per_op:.1} rows and {bytes_per_op:.0} bytes per order\n"
            ),
            format!(
                "{database} 上的 {bench}，{clients} 个连接\n{table}\n\
                 {zh}每个订单 {rows_per_op:.1} 行、{bytes_per_op:.0} 字节\n"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::tally::{Paid, Placed};
    use crate::output::Form;
    use std::time::Duration;

    fn report(faults: Vec<String>) -> Report {
        let mut tally = Tally { took: Duration::from_secs(1), ..Tally::default() };
        tally.placing.add(Duration::from_millis(8));
        tally.placed = vec![Placed { number: 0, id: 1, paid: Paid::No }; 3_000];
        let first = Run { bare_ops_per_s: Some(4_000.0), ..Run::of(&tally, 100_000, false) };
        tally.placed.truncate(2_400);
        let last = Run { rss_mib: Some(99.96), ..Run::of(&tally, 103_000, false) };
        let runs = vec![first, last];
        let (bench, database) = ("place", "sqlite");
        Report {
            bench,
            database,
            clients: 64,
            runs,
            rows_per_op: 13.0,
            bytes_per_op: 2_600.4,
            faults,
        }
    }

    const OUT: Output = Output { form: Form::People, language: Language::En };

    #[test]
    fn a_line_has_the_fields_of_the_contract() {
        let lines = report(vec![]).lines();
        assert_eq!(
            lines[0],
            "{\"bench\":\"place\",\"database\":\"sqlite\",\"ops_per_s\":3000.0,\"p50_ms\":8.003,\
             \"p99_ms\":8.003,\"rss_mib\":null,\"rows_per_op\":13.0,\"bytes_per_op\":2600.0,\
             \"bare_ops_per_s\":4000.0,\"ratio\":0.75,\"checked\":true}"
        );
        assert!(lines[1].contains("\"rss_mib\":100.0") && lines[1].contains("\"ratio\":null"));
    }

    #[test]
    fn a_fault_is_told_and_nothing_counts_as_checked() {
        let report = report(vec!["2 orders are torn".to_owned()]);
        assert!(report.lines().iter().all(|line| line.contains("\"checked\":false")));
        assert!(report.text(&OUT).contains("2 orders are torn"));
        assert!(!report.text(&OUT).contains("checked:"));
    }

    #[test]
    fn the_slope_is_from_the_first_run_to_the_last() {
        let report = report(vec![]);
        assert!((report.slope().unwrap() + 20.0).abs() < 1e-9);
        assert!(report.text(&OUT).contains("slope -20.0 %"));
        let chinese = report.text(&Output { language: Language::Zh, ..OUT });
        assert!(chinese.contains("变化 -20.0 %") && chinese.contains("已核对"), "{chinese}");
    }
}
