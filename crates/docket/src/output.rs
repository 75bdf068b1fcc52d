//! What a command shows: data on stdout, everything else on stderr; JSON for programs, tables and sentences
//! in one of two languages for people.

use crate::failure::Failure;
use crate::said::{Said, said};
use comfy_table::{ContentArrangement, Table, presets};
use docket_domain::story::Language;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Columns below which no terminal can be meant.
const MIN_COLUMNS: u16 = 20;
/// Columns of a terminal that does not say how many it has.
const COLUMNS: u16 = 80;

/// How often, where no terminal shows bars, it is told how far something is.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// For whom data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Tables and sentences.
    People,
    /// JSON.
    Programs,
}

/// How a command shows what it has to show.
#[derive(Debug, Clone)]
pub struct Output {
    /// For whom.
    pub form: Form,
    /// In which language, for people.
    pub language: Language,
}

impl Output {
    /// Of a sentence in both languages the one in that of the reader.
    pub const fn say<'a>(&self, en: &'a str, zh: &'a str) -> &'a str {
        match self.language {
            Language::En => en,
            Language::Zh => zh,
        }
    }

    /// A sentence in the language of the reader.
    pub fn tell<'a>(&self, said: &'a Said) -> &'a str {
        said.to(self.language)
    }

    /// Writes one line of data for people: what a text of somebody else would do to a terminal or to the lines
    /// around it is written out.
    pub fn line(&self, text: &str) {
        self.raw(&visible(text));
    }

    /// Writes a text as it is: documents for programs, and what is several lines of our own. A reader that has gone
    /// is no error of ours.
    pub fn raw(&self, text: &str) {
        let mut stdout = anstream::stdout().lock();
        match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                // What is shown once must not be lost in silence.
                drop(stdout);
                let lost = said!("the answer cannot be written", "无法写出结果");
                Failure::new(lost.because(&error)).report(self);
                std::process::exit(1);
            }
            Ok(()) | Err(_) => {}
        }
    }

    /// Writes a note to stderr, of one line or of several.
    #[allow(clippy::unused_self)]
    pub fn note(&self, text: &str) {
        let mut stderr = anstream::stderr().lock();
        for line in text.split('\n') {
            let _ = writeln!(stderr, "{}", visible(line));
        }
    }

    /// Writes one JSON document on one line.
    pub fn json(&self, value: &impl Serialize) {
        let text = serde_json::to_string(value).expect("what commands show is plain JSON");
        self.raw(&text);
    }

    /// Writes data in the form asked for: `value`, or what `people` makes of it.
    pub fn show(&self, value: &impl Serialize, people: impl FnOnce(&Self)) {
        match self.form {
            Form::Programs => self.json(value),
            Form::People => people(self),
        }
    }

    /// Writes a table, with lines around it on a terminal.
    pub fn table(&self, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        let mut table = Table::new();
        if std::io::stdout().is_terminal() {
            table.load_style(presets::UTF8_FULL_CONDENSED);
            table.set_content_arrangement(ContentArrangement::Dynamic);
            if let Some(columns) = columns_said(table.width()) {
                table.set_width(columns);
            }
        } else {
            table.load_style(presets::NOTHING);
        }
        table.set_header(head);
        for row in rows {
            table.add_row(row.iter().map(|cell| visible(cell)));
        }
        for line in table.to_string().lines() {
            self.raw(line.trim_end());
        }
    }

    /// Whether somebody watches how far something has got.
    pub fn is_watched(&self) -> bool {
        std::io::stderr().is_terminal() && self.form == Form::People
    }

    /// Shows how far several things have got that go on side by side.
    pub fn bars(&self) -> Bars {
        let manner = match self.form {
            Form::Programs => Manner::Silent,
            Form::People if self.is_watched() => {
                Manner::Drawn(MultiProgress::with_draw_target(ProgressDrawTarget::stderr()))
            }
            Form::People => Manner::Told(Pace::default()),
        };
        Bars { manner, all: Vec::new() }
    }

    /// Shows how far `total` steps of something have got.
    pub fn progress(&self, what: &str, total: u64) -> Progress {
        let bar = if self.is_watched() {
            // How many there are is not always known.
            let bar = if total == 0 { "{msg:28} {pos}" } else { "{msg:28} {bar:40} {pos}/{len}" };
            let style = ProgressStyle::with_template(bar);
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr())
                .with_style(style)
        } else {
            ProgressBar::hidden()
        };
        bar.set_message(what.to_owned());
        Progress { bar, what: what.to_owned() }
    }
}

/// `text` with the signs written out that would move the cursor, begin a line, colour or turn around what stands
/// beside them: control characters, and marks of direction and of no width.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_mark = |sign: char| {
        sign.is_control()
            || matches!(sign, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    if !text.contains(is_mark) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for sign in text.chars() {
        match sign {
            sign if sign.is_control() => shown.extend(sign.escape_default()),
            sign if is_mark(sign) => shown.extend(sign.escape_unicode()),
            sign => shown.push(sign),
        }
    }
    Cow::Owned(shown)
}

/// The width to use where what the terminal says of itself cannot be: some say that they have no columns.
const fn columns_said(said: Option<u16>) -> Option<u16> {
    match said {
        None | Some(..MIN_COLUMNS) => Some(COLUMNS),
        Some(_) => None,
    }
}

/// A progress bar on a terminal; elsewhere one line when it is done.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    what: String,
}

impl Progress {
    /// One step more is done.
    pub fn step(&self) {
        self.steps(1);
    }

    /// So many steps more are done.
    pub fn steps(&self, steps: u64) {
        self.bar.inc(steps);
    }

    /// All is done, and is told otherwise.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// All is done.
    pub fn done(&self) {
        if self.bar.is_hidden() {
            let _ = writeln!(anstream::stderr().lock(), "{}: {}", self.what, self.bar.position());
        } else {
            self.bar.finish();
            // A finished bar leaves the cursor behind it.
            let _ = writeln!(anstream::stderr().lock());
        }
    }
}

/// Bars beneath each other on a terminal; elsewhere a line about all of them now and then; nothing for programs.
#[derive(Debug)]
pub struct Bars {
    manner: Manner,
    all: Vec<Bar>,
}

#[derive(Debug)]
enum Manner {
    Drawn(MultiProgress),
    Told(Pace),
    Silent,
}

#[derive(Debug)]
struct Bar {
    what: String,
    drawn: ProgressBar,
    done: u64,
    total: Option<u64>,
    beside: String,
}

impl Bar {
    /// How far it is, in one line.
    fn line(&self) -> String {
        let of = self.total.map_or_else(String::new, |total| format!("/{total}"));
        format!("{} {}{of}, {}", self.what, self.done, self.beside)
    }
}

impl Bars {
    /// So far is `what`, of so much as is known, with these words beside it.
    pub fn at(&mut self, what: &str, done: u64, total: Option<u64>, beside: &str) {
        let place = self.all.iter().position(|bar| bar.what == what);
        let place = place.unwrap_or_else(|| self.begin(what, total.is_some()));
        let bar = &mut self.all[place];
        if total.is_some() != bar.total.is_some() {
            bar.drawn.set_style(looks(total.is_some()));
        }
        // There may be more than was known.
        (bar.done, bar.total) = (done, total.map(|total| total.max(done)));
        beside.clone_into(&mut bar.beside);
        bar.drawn.set_message(beside.to_owned());
        if let Some(total) = bar.total {
            bar.drawn.set_length(total);
        }
        bar.drawn.set_position(done);
    }

    /// Begins a bar; answers its place.
    fn begin(&mut self, what: &str, shows_total: bool) -> usize {
        let bar = match &self.manner {
            Manner::Drawn(_) => ProgressBar::no_length(),
            Manner::Told(_) | Manner::Silent => ProgressBar::hidden(),
        };
        let bar = bar.with_style(looks(shows_total)).with_prefix(what.to_owned());
        let drawn = match &self.manner {
            Manner::Drawn(beneath) => beneath.add(bar),
            Manner::Told(_) | Manner::Silent => bar,
        };
        let total = shows_total.then_some(0);
        self.all.push(Bar { what: what.to_owned(), drawn, done: 0, total, beside: String::new() });
        self.all.len() - 1
    }

    /// `what` has ended.
    pub fn end(&mut self, what: &str) {
        if let Some(place) = self.all.iter().position(|bar| bar.what == what) {
            self.all.remove(place).drawn.finish_and_clear();
        }
    }

    /// Tells how far all is, where no terminal shows it and it was not told of late.
    pub fn tell(&mut self) {
        if let Manner::Told(pace) = &mut self.manner
            && pace.lets(Instant::now())
        {
            let lines: Vec<_> = self.all.iter().map(Bar::line).collect();
            let _ = writeln!(anstream::stderr().lock(), "{}", visible(&lines.join("; ")));
        }
    }

    /// Writes a note above the bars.
    pub fn note(&self, text: &str) {
        match &self.manner {
            // A line of its own with its end: what a terminal shows of Ctrl-C may stand where the bars were.
            Manner::Drawn(beneath) => beneath.suspend(|| {
                let _ = writeln!(anstream::stderr().lock(), "{}", visible(text));
            }),
            Manner::Told(_) | Manner::Silent => {
                let _ = writeln!(anstream::stderr().lock(), "{}", visible(text));
            }
        }
    }

    /// All is done, and is told otherwise.
    pub fn clear(&mut self) {
        for bar in self.all.drain(..) {
            bar.drawn.finish_and_clear();
        }
    }
}

/// How a bar of several looks, with how much there is or without: one line, whatever stands beside it.
fn looks(shows_total: bool) -> ProgressStyle {
    let looks = if shows_total {
        "{prefix:10} {bar:30} {pos}/{len} {wide_msg}"
    } else {
        "{prefix:10} {pos} {wide_msg}"
    };
    ProgressStyle::with_template(looks).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Lets something be told now and then.
#[derive(Debug, Default)]
struct Pace {
    told: Option<Instant>,
}

impl Pace {
    /// Whether it may be told at `now`; then it was.
    fn lets(&mut self, now: Instant) -> bool {
        let lets = self.told.is_none_or(|told| now.duration_since(told) >= TOLD_EVERY);
        if lets {
            self.told = Some(now);
        }
        lets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_it_is_told_at_once_and_then_every_five_seconds_at_most() {
        let (mut pace, began) = (Pace::default(), Instant::now());
        let told = (0..=200).filter(|tenth| pace.lets(began + Duration::from_millis(tenth * 100)));
        assert_eq!(told.collect::<Vec<_>>(), [0, 50, 100, 150, 200]);
    }

    #[test]
    fn one_line_says_how_far_each_of_several_things_is() {
        let out = Output { form: Form::Programs, language: Language::En };
        let mut bars = out.bars();
        bars.at("orders", 7, None, "reading orders");
        bars.at("products", 9, Some(8), "done");
        bars.at("orders", 8, Some(20), "reading orders, 4/s");
        let lines: Vec<_> = bars.all.iter().map(Bar::line).collect();
        assert_eq!(lines, ["orders 8/20, reading orders, 4/s", "products 9/9, done"]);
        bars.end("products");
        assert_eq!(bars.all.len(), 1);
    }

    #[test]
    fn a_text_of_somebody_else_does_nothing_to_a_terminal() {
        assert_eq!(visible("龙井茶 Löß"), "龙井茶 Löß");
        assert_eq!(visible("a\tb\r\nc\u{1b}[31m"), "a\\tb\\r\\nc\\u{1b}[31m");
        assert_eq!(visible("x\u{202e}y\u{2066}\u{200f}"), "x\\u{202e}y\\u{2066}\\u{200f}");
    }

    #[test]
    fn a_terminal_that_reports_no_columns_is_taken_for_a_usual_one() {
        assert_eq!([None, Some(0), Some(1)].map(columns_said), [Some(80); 3]);
        assert_eq!([Some(20), Some(132)].map(columns_said), [None; 2]);
    }
}
