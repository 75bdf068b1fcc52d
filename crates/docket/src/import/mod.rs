//! `docket import`: orders of files taken into a center. Reads JSON lines, or CSV files that a mapping brings
//! together, and hands them over in parts; what a line means and whether it can be taken is judged behind the
//! door, by `docket_app::imports`.
//!
//! There is no file that remembers how far an import got. Run again, it reads the files anew, and every order
//! that was taken is met as known: one look-up by its number, tens of thousands a second. A remembered place
//! could be wrong (files change, a database is restored); the numbers of the orders cannot.

mod back;
mod causes;
mod cell;
mod columns;
mod fields;
mod lines;
mod map;
mod opening;
mod orders;
mod own;
mod parts;
mod place;
mod quotes;
mod report;
mod sheet;
mod shops;
mod signs;
mod summed;
mod tally;
mod tame;
#[cfg(test)]
mod tests;
mod text;
mod wrong_map;

use crate::center::{Center, Method};
use crate::cli::Options;
use crate::commands::path_part;
use crate::commands::serve::StopSignals;
use crate::failure::Failure;
use crate::log;
use crate::output::Form;
use crate::said::{Said, said};
use docket_app::imports::{ImportOptions, ImportReport};
use docket_app::{App, Principal};
use lines::Lines;
use map::Map;
pub use map::Money;
use orders::Orders;
pub use own::MONEY;
use parts::Parts;
use place::{Produced, Unfit};
use report::{NotSent, Report, Sent};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::sync::mpsc;

/// Orders of one part at most.
const PART_ORDERS: usize = 1000;
/// Bytes of one part at most: what a server takes as a body. A line alone is never longer.
const PART_BYTES: usize = docket_app::imports::LINE_BYTES_MAX;

/// Arguments of `docket import`.
#[derive(Debug, Clone, clap::Args)]
#[allow(clippy::struct_excessive_bools)] // flags of a command line
pub struct Args {
    /// Files to read; `-` reads JSON lines from the standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How the columns of CSV files become orders; CSV files of `docket export` need none, or one of settings alone.
    #[arg(long, value_name = "MAP.toml")]
    pub map: Option<PathBuf>,
    /// Check everything and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Give the orders deadlines from now on.
    #[arg(long)]
    pub live: bool,
    /// Known orders that were recorded get what is new; orders that were placed here stay as they are.
    #[arg(long)]
    pub update: bool,
    /// Take orders without a channel whose number another issuer or channel has told already.
    #[arg(long)]
    pub again: bool,
    /// Who vouches for the orders.
    #[arg(long)]
    pub issuer: Option<String>,
    /// Also write every refused row and every order whose sums disagree to this CSV file.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// List all of them here, not only the first fifty.
    #[arg(long)]
    pub verbose: bool,
}

/// The way into a center: the program itself, or a running server.
pub trait Door {
    /// Hands over JSON lines, at most 1 MiB, and answers what became of each.
    fn import(
        &self,
        lines: Vec<u8>,
        options: &ImportOptions,
    ) -> impl Future<Output = Result<ImportReport, Failure>>;
}

impl Door for App {
    async fn import(
        &self,
        lines: Vec<u8>,
        options: &ImportOptions,
    ) -> Result<ImportReport, Failure> {
        Ok(self.import_lines(&Principal::local(), &lines, options).await?)
    }
}

impl Door for Center {
    async fn import(
        &self,
        lines: Vec<u8>,
        options: &ImportOptions,
    ) -> Result<ImportReport, Failure> {
        if let Some(app) = self.app() {
            return app.import(lines, options).await;
        }
        let ImportOptions { live, dry_run, update, again, .. } = options;
        let mut path =
            format!("/api/imports?live={live}&dry_run={dry_run}&update={update}&again={again}");
        if let Some(issuer) = &options.issuer {
            path.extend(["&issuer=", &path_part(issuer)?]);
        }
        let kind = vec![("content-type", "application/x-ndjson".to_owned())];
        let answer = self.client().send(Method::POST, &path, kind, lines).await?;
        Ok(serde_json::from_value(answer.success()?)?)
    }
}

/// Imports the files and prints what became of them.
pub async fn run(args: Args, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let out = options.output();
    // Whatever can be wrong with files is said before a center is opened, or made.
    opening::check_files(&args)?;
    let opened = Source::open(&args)?;
    let sheet = args.report.as_deref().map(|path| opening::report_file(path, &args)).transpose()?;
    let (report, outcome) = opening::with_center(&args, options, &out, async |center| {
        Box::pin(take_all(&args, opened, center)).await
    })
    .await?;
    if let Some((path, file)) = args.report.as_deref().zip(sheet) {
        report.write_csv(path, file)?;
    }
    let shown = if args.verbose { usize::MAX } else { report::SHOWN };
    out.show(&report, |out| report.print(shown, out));
    outcome?;
    if report.orders.known_elsewhere > 0 && out.form == Form::People {
        let number = report.orders.known_elsewhere;
        out.note(out.tell(&said!(
            "orders whose number another issuer or channel told already: {number}; --again takes them all the same",
            "编号已由其他签发方或渠道提供的订单：{number} 个；用 --again 仍可导入"
        )));
    }
    if !report.summed.is_empty() && out.form == Form::People {
        out.note(out.tell(&said!(
            "A row of CSV has sums where an order has lists; `docket export --format jsonl` carries each payment, refund and parcel.",
            "CSV 的一行只有合计；`docket export --format jsonl` 含每一笔支付、退款和每一个包裹。"
        )));
    }
    refusal(&report).map_or(Ok(()), Err)
}

/// An import of which a row was refused has failed, whatever was taken.
fn refusal(report: &Report) -> Option<Failure> {
    let (refused, read) = (report.rows.refused, report.rows.read);
    if refused == 0 {
        return None;
    }
    let why = if refused == read {
        said!("no order could be taken", "没有订单可以导入")
    } else {
        said!("{refused} of {read} rows were refused", "{read} 行中有 {refused} 行被拒绝")
    };
    Some(Failure::new(why).next(said!(
        "Each refused row says why, above; run again with the rows mended, nothing is taken twice.",
        "被拒绝的各行原因见上；修正后重新执行即可，不会重复导入。"
    )))
}

/// Opens the files and imports them.
#[cfg(test)]
async fn import(args: &Args, door: &impl Door) -> Result<(Report, Result<(), Failure>), Failure> {
    take_all(args, Source::open(args)?, door).await
}

/// Imports what was opened. Whatever stops it on the way, what was done until then is reported.
async fn take_all(
    args: &Args,
    (mut source, left_out): (Source, Vec<PathBuf>),
    door: &impl Door,
) -> Result<(Report, Result<(), Failure>), Failure> {
    let options = ImportOptions {
        live: args.live,
        dry_run: args.dry_run,
        update: args.update,
        again: args.again,
        issuer: args.issuer.clone(),
    };
    let mut report = Report::new(&options, source.names(), left_out);
    let bar = progress(source.bytes());
    let stop = Arc::new(AtomicBool::new(false));
    // Reading goes on while a part is being written, and never far ahead of it.
    let (give, mut parts) = mpsc::channel::<Vec<Produced>>(2);
    let stopped = Arc::clone(&stop);
    let reading = tokio::task::spawn_blocking(move || source.read_into(&give, &stopped));
    let mut asked = StopSignals::listen()?;
    let mut outcome = Ok(());
    loop {
        let part = tokio::select! {
            biased;
            () = asked.once() => {
                outcome = Err(Failure::new(said!("the import was stopped", "导入已停止")));
                break;
            }
            part = parts.recv() => part,
        };
        let Some(part) = part else { break };
        let done = part.last().map_or(0, |last| last.done);
        if let Err(failure) = hand_over(door, part, &options, &mut report).await {
            outcome = Err(failure);
            break;
        }
        bar.set_position(done);
    }
    stop.store(true, Relaxed);
    drop(parts);
    let ended = |error| said!("reading ended", "读取终止").because(Said::as_told(error));
    let read = reading.await.map_err(|error| Failure::new(ended(error)))?;
    bar.finish_and_clear();
    let outcome = outcome.and(read).map_err(|failure| report.stopped(failure));
    report.finished = outcome.is_ok();
    Ok((report, outcome))
}

/// Hands one part over and takes its report down.
async fn hand_over(
    door: &impl Door,
    part: Vec<Produced>,
    options: &ImportOptions,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut lines = Vec::with_capacity(PART_BYTES / 4);
    let mut sent: Vec<Sent> = Vec::with_capacity(part.len());
    let mut unfit: Vec<NotSent> = Vec::new();
    let mut statuses = BTreeMap::new();
    let last = part.last().map(|last| last.place.clone());
    for produced in part {
        if let Some(word) = produced.status {
            *statuses.entry(word).or_default() += 1;
        }
        match produced.order {
            Ok(line) => {
                if !sent.is_empty() {
                    lines.push(b'\n');
                }
                lines.extend_from_slice(&line);
                let Produced { place, key, rows, summed, .. } = produced;
                sent.push(Sent { place, key, rows, summed });
            }
            Err(why) => {
                unfit.push((sent.len(), Unfit { order: produced.key, ..why }, produced.rows));
            }
        }
    }
    let answer = match sent[..] {
        [] => ImportReport::default(),
        _ => door.import(lines, options).await?,
    };
    report.take(answer, statuses, &sent, unfit);
    report.last = last;
    Ok(())
}

/// Where the orders come from.
enum Source {
    Lines(Lines),
    /// With the names of its files.
    Mapped(Box<Orders>, Vec<String>),
}

impl Source {
    /// Opens the files of a command; also answers those that the mapping gives no part.
    fn open(args: &Args) -> Result<(Self, Vec<PathBuf>), Failure> {
        let Some(path) = &args.map else {
            if let Some(opened) = Self::ours(args, Map::of_ours())? {
                return Ok(opened);
            }
            let is_csv =
                |file: &&PathBuf| file.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"));
            if let Some(file) = args.files.iter().find(is_csv) {
                let file = file.display();
                return Err(Failure::usage(said!(
                    "{file} is a CSV file, and there is no mapping",
                    "{file} 是 CSV 文件，但没有给出映射"
                ))
                .next(said!("--map MAP.toml names one.", "请用 --map MAP.toml 指定。")));
            }
            return Ok((Self::Lines(Lines::open(&args.files)?), Vec::new()));
        };
        let placed = |failure| wrong_map::placed(path, failure);
        let text =
            std::fs::read_to_string(path).map_err(|error| lines::unreadable(path, &error))?;
        let over_ours = Map::over_ours(&text);
        if let Ok(Some(map)) = over_ours
            && let Some(opened) = Self::ours(args, map).map_err(placed)?
        {
            return Ok(opened);
        }
        Self::mapped(&Map::load(path)?, &args.files).map_err(placed)
    }

    /// Opens files that are exports of ours, all of them; none where one is not.
    fn ours(args: &Args, mut map: Map) -> Result<Option<(Self, Vec<PathBuf>)>, Failure> {
        let given = map.encoding().map_err(Failure::usage)?;
        let known = args.files.iter().map(|file| own::delimiter(file, given));
        let Some(delimiters) = known.collect::<Option<Vec<char>>>() else { return Ok(None) };
        if args.update {
            return Err(Failure::usage(said!(
                "a CSV file of docket has the sums of payments and refunds; joined to orders that are known, they would count twice",
                "docket 的 CSV 文件只有支付和退款的合计；并入已知订单会重复计算"
            ))
            .next(said!(
                "Use --update with what `docket export` writes as JSON lines; nothing was taken.",
                "请对 `docket export` 写出的 JSON 行使用 --update；尚未导入任何订单。"
            )));
        }
        let delimiter = delimiters.first().copied().unwrap_or(map.delimiter);
        if delimiters.iter().any(|other| *other != delimiter) {
            return Err(Failure::usage(said!(
                "the files have different signs between their cells",
                "各文件的列分隔符不同"
            ))
            .next(said!("Import them one after another.", "请分别导入。")));
        }
        map.delimiter = delimiter;
        Self::mapped(&map, &args.files).map(Some)
    }

    fn mapped(map: &Map, files: &[PathBuf]) -> Result<(Self, Vec<PathBuf>), Failure> {
        let parts = Parts::of(map, files)?;
        let orders = Orders::open(map, &parts)?;
        Ok((Self::Mapped(Box::new(orders), parts.names()), parts.left_out))
    }

    /// The names of the files, in the order in which rows are counted by them.
    fn names(&self) -> Vec<String> {
        match self {
            Self::Lines(lines) => lines.names(),
            Self::Mapped(_, names) => names.clone(),
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Lines(lines) => lines.bytes(),
            Self::Mapped(orders, _) => orders.bytes(),
        }
    }

    fn next(&mut self) -> Result<Option<Produced>, Failure> {
        match self {
            Self::Lines(lines) => lines.next(),
            Self::Mapped(orders, _) => orders.next(),
        }
    }

    /// Reads to the end, part by part, or until nobody wants more.
    fn read_into(
        &mut self,
        parts: &mpsc::Sender<Vec<Produced>>,
        stop: &AtomicBool,
    ) -> Result<(), Failure> {
        let (mut part, mut bytes) = (Vec::new(), 0);
        while let Some(produced) = self.next()? {
            let more = produced.order.as_ref().map_or(0, |line| line.len() + 1);
            if part.len() >= PART_ORDERS || bytes + more > PART_BYTES + 1 {
                bytes = 0;
                if stop.load(Relaxed) || parts.blocking_send(std::mem::take(&mut part)).is_err() {
                    return Ok(());
                }
            }
            bytes += more;
            part.push(produced);
        }
        if !part.is_empty() {
            // Where nobody wants the last part, nobody is told of it either.
            let _ = parts.blocking_send(part);
        }
        Ok(())
    }
}

fn progress(bytes: u64) -> indicatif::ProgressBar {
    if bytes == 0 || !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let template = "{bar:40} {percent}% {bytes}/{total_bytes} {eta}";
    let style = indicatif::ProgressStyle::with_template(template);
    let bar = indicatif::ProgressBar::new(bytes);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
