//! The walk through a list: which page of which stretch of time is asked for next, and when a stretch is finished.
//!
//! Rows of a list newest first move forward while it is read, whenever one before them changes and leaves. So pages are
//! avoided: a stretch is cut until each piece fits one page, which cannot shift. A piece of one second cannot be cut; it
//! is read from its last page to its first, so that a row which moves forward is met later, not never, until a pass finds
//! nothing that the one before did not. Lists with cursors
//! are followed from page to page.
//!
//! A state machine without a clock: [`Walk::next`] says what to ask, [`Walk::heard`] takes what was told. Whatever is
//! finished is told by the piece, so that a long pull which is stopped goes on where it was.

use super::aftersale::AftersalePage;
use super::answer::Unreadable;
use super::call::{OrdersCall, Page, TimeField};
use super::capabilities::{Paging, Pull};
use super::goods::ProductsPage;
use super::order::OrdersPage;
use super::windows::{SECOND, Span};
use docket_domain::Time;
use docket_domain::time::{DAY, Millis};
use std::collections::{HashSet, VecDeque};

/// Pieces of one cut.
const PIECES_MAX: u64 = 64;
/// How often a piece that does not hold still is read before it is given up.
const PASSES_MAX: u32 = 5;

/// A walk through the pages of some stretches of one list, oldest first.
#[derive(Debug, Clone)]
pub struct Walk {
    by: TimeField,
    paging: Paging,
    size: u16,
    todo: VecDeque<Span>,
    at: At,
    pass: Pass,
}

/// Where in the first stretch of those to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// At its first page, which says how many rows it has.
    Beginning,
    /// At one of its last pages, on the way back to the first.
    Backwards(u32),
    /// Behind a page that named this one.
    Forwards(Page),
}

/// What was heard of a second that has several pages.
#[derive(Debug, Clone, Default)]
struct Pass {
    /// Which pass it is, from 1.
    count: u32,
    /// The last total.
    total: u64,
    /// Whether a total was greater than the one before.
    grew: bool,
    /// Numbers of rows of this pass.
    seen: HashSet<String>,
    /// Numbers of rows of the passes before.
    before: HashSet<String>,
    /// Rows of this pass without a readable number.
    unnumbered: u64,
}

/// What one page told, as far as the walk needs it.
#[derive(Debug, Clone, Default)]
pub struct Told<'a> {
    /// The numbers of its rows.
    pub numbers: Vec<&'a str>,
    /// How many rows have no number that can be read.
    pub unnumbered: u64,
    /// How many rows the stretch has.
    pub total: Option<u64>,
    /// The page after this one.
    pub next: Option<Page>,
    /// How many rows say a time that lies outside of the window that was asked for.
    pub outside: u64,
}

impl<'a> Told<'a> {
    /// What a page of orders told.
    pub fn of(asked: &OrdersCall, page: &'a OrdersPage) -> Self {
        let orders = page.orders.iter().map(|order| {
            let time = order.time(asked.window.by);
            (order.number.as_str(), time)
        });
        let named = page.numbers.iter().map(|number| (number.as_str(), None));
        Self { total: page.total, next: page.next.clone(), ..Self::default() }
            .read(asked, orders.chain(named))
            .refused(&page.refused)
    }

    /// What a page of products told, asked for in the same windows and pages.
    pub fn of_products(asked: &OrdersCall, page: &'a ProductsPage) -> Self {
        let products = page.products.iter().map(|product| {
            let time = match asked.window.by {
                TimeField::Created => product.created_at,
                TimeField::Updated => product.changed_at,
            };
            (product.number.as_str(), time)
        });
        Self { total: page.total, next: page.next.clone(), ..Self::default() }
            .read(asked, products)
            .refused(&page.refused)
    }

    /// What a page of aftersales told, asked for in the same windows and pages.
    pub fn of_aftersales(asked: &OrdersCall, page: &'a AftersalePage) -> Self {
        let aftersales = page.aftersales.iter().map(|aftersale| {
            let time = match asked.window.by {
                TimeField::Created => aftersale.created_at,
                TimeField::Updated => aftersale.updated_at,
            };
            (aftersale.number.as_str(), time)
        });
        Self { total: page.total, next: page.next.clone(), ..Self::default() }
            .read(asked, aftersales)
            .refused(&page.refused)
    }

    /// Rows by their numbers, and the time by which they are listed.
    fn read(
        mut self,
        asked: &OrdersCall,
        rows: impl Iterator<Item = (&'a str, Option<Time>)>,
    ) -> Self {
        let window = asked.window;
        for (number, time) in rows {
            self.numbers.push(number);
            let outside = |time: Time| time < window.from || time.since(window.to) >= SECOND;
            self.outside += u64::from(time.is_some_and(outside));
        }
        self
    }

    fn refused(mut self, rows: &'a [Unreadable]) -> Self {
        for row in rows {
            match &row.number {
                Some(number) => self.numbers.push(number),
                None => self.unnumbered += 1,
            }
        }
        self
    }

    fn rows(&self) -> u64 {
        self.numbers.len() as u64 + self.unnumbered
    }
}

/// What is to be done with the rows of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Nothing: the stretch has more than a page holds, and its rows come again in its pieces.
    Cut,
    /// They are to be written down.
    Rows,
    /// They are to be written down; when they are, and those of the pages before, this stretch is finished.
    Finished(Span),
}

/// Why a stretch cannot be read. It stays missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwalkable {
    /// Pages are ignored, or repeat.
    #[error("a page brought no order that the pages before it did not have")]
    NothingNew,
    /// It says that it has more rows than it gives.
    #[error("a page has {rows} rows where its total wants {total}")]
    Short {
        /// What it gave.
        rows: u64,
        /// What it should have.
        total: u64,
    },
    /// Rows came into it however often it was read.
    #[error("rows kept coming into one second however often it was read")]
    Restless,
    /// The list does not keep to the window that was asked for.
    #[error("no order of a full page is of the time that was asked for")]
    OtherTime,
    /// It has more rows than a page and does not say how many.
    #[error("a second has more orders than a page and does not say how many")]
    NoTotal,
}

impl Unwalkable {
    /// Its word in gaps and figures.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NothingNew => "nothing_new",
            Self::Short { .. } => "short_page",
            Self::Restless => "restless",
            Self::OtherTime => "other_time",
            Self::NoTotal => "no_total",
        }
    }
}

impl Walk {
    /// A walk through stretches of a list, in pages of `size` rows.
    pub fn new(spans: &[Span], by: TimeField, pull: &Pull, size: u16) -> Self {
        // A list with cursors is not cut by its totals, so it is cut beforehand: what was read is finished day by day.
        let longest = match (pull.paging, pull.window_max) {
            (Paging::Numbered, longest) => longest,
            (Paging::Cursor, longest) => Some(longest.unwrap_or(DAY).min(DAY)),
        };
        let cut = |span: &Span| longest.map_or(vec![*span], |longest| no_longer(*span, longest));
        let todo = spans.iter().flat_map(cut).collect();
        let (at, pass) = (At::Beginning, Pass::default());
        Self { by, paging: pull.paging, size: size.clamp(1, pull.page_size_max), todo, at, pass }
    }

    /// What to ask now; nothing when all is read. The same until something is heard or given up.
    pub fn next(&self) -> Option<OrdersCall> {
        let page = match &self.at {
            At::Beginning => Page::First,
            At::Backwards(number) => Page::Number(*number),
            At::Forwards(page) => page.clone(),
        };
        let window = self.todo.front()?.by(self.by);
        Some(OrdersCall { window, page, size: self.size })
    }

    /// The stretches that are not finished, the one being read first.
    pub fn left(&self) -> impl Iterator<Item = Span> {
        self.todo.iter().copied()
    }

    /// Takes what was told on the page that [`Self::next`] named. After an error the stretch is to be given up, or asked
    /// for again from its beginning by whoever wants to try; the rows of the page are orders none the less, and may be
    /// written down.
    pub fn heard(&mut self, told: &Told<'_>) -> Result<Heard, Unwalkable> {
        let Some(span) = self.todo.front().copied() else { return Ok(Heard::Cut) };
        let heard = match (self.paging, self.at.clone()) {
            (Paging::Cursor, at) => self.followed(span, &at, told),
            (Paging::Numbered, At::Backwards(number)) => self.backwards(span, number, told),
            (Paging::Numbered, _) => self.begun(span, told),
        };
        if heard.is_err() {
            self.at = At::Beginning;
        }
        heard
    }

    /// Goes on without the stretch that is being read.
    pub fn give_up(&mut self) -> Option<Span> {
        self.turn();
        self.todo.pop_front()
    }

    /// Cuts the stretch that is being read in halves, because its pages do not load: the hole that stays is smaller then.
    /// Says whether it could be cut.
    pub fn narrow(&mut self) -> bool {
        let Some(span) = self.todo.front().copied().filter(|span| span.seconds() > 1) else {
            return false;
        };
        self.cut(span, 2);
        true
    }

    /// The first page of a stretch.
    fn begun(&mut self, span: Span, told: &Told<'_>) -> Result<Heard, Unwalkable> {
        let (size, rows) = (u64::from(self.size), told.rows());
        // An order may have changed between being found and being read, but not every one of them.
        if rows >= size && told.outside >= rows {
            return Err(Unwalkable::OtherTime);
        }
        // A full page that does not say how many rows there are may have rows behind it.
        let total = told.total.unwrap_or(if rows < size { rows } else { size + 1 });
        // Its rows come again in its pieces, so that none may be missing here does not matter yet.
        if total > size && span.seconds() > 1 {
            self.cut(span, total.saturating_mul(5).div_ceil(size * 4));
            return Ok(Heard::Cut);
        }
        if rows < total.min(size) {
            return Err(Unwalkable::Short { rows, total });
        }
        if total <= size {
            return Ok(self.finished());
        }
        if told.total.is_none() {
            return Err(Unwalkable::NoTotal);
        }
        self.again(told, total)?;
        Ok(Heard::Rows)
    }

    /// One of the last pages of a second that has several; or its first, at the end.
    fn backwards(&mut self, span: Span, number: u32, told: &Told<'_>) -> Result<Heard, Unwalkable> {
        let total = told.total.ok_or(Unwalkable::NoTotal)?;
        let shrank = total < self.pass.total;
        let new = self.pass.take(told, total);
        if number > 1 {
            // Only if rows left may a page have moved to where all of it was read.
            if !new && !shrank {
                return Err(Unwalkable::NothingNew);
            }
            self.at = At::Backwards(number - 1);
            return Ok(Heard::Rows);
        }
        let (rows, on_it) = (told.rows(), total.min(u64::from(self.size)));
        if rows < on_it {
            return Err(Unwalkable::Short { rows, total });
        }
        if self.pass.proves(total) {
            return Ok(self.finished());
        }
        debug_assert_eq!(span.seconds(), 1, "all else is cut");
        self.again(told, total)?;
        Ok(Heard::Rows)
    }

    /// Begins a pass from the last page back; the page that was just heard is the first.
    fn again(&mut self, told: &Told<'_>, total: u64) -> Result<(), Unwalkable> {
        let count = self.pass.count + 1;
        if count > PASSES_MAX {
            return Err(Unwalkable::Restless);
        }
        let mut before = std::mem::take(&mut self.pass.before);
        before.extend(std::mem::take(&mut self.pass.seen));
        self.pass = Pass { count, total, before, ..Pass::default() };
        self.pass.take(told, total);
        let last = total.div_ceil(u64::from(self.size));
        self.at = At::Backwards(u32::try_from(last).unwrap_or(u32::MAX).max(1));
        Ok(())
    }

    /// A page of a list with cursors.
    fn followed(&mut self, span: Span, at: &At, told: &Told<'_>) -> Result<Heard, Unwalkable> {
        if *at == At::Beginning {
            self.pass = Pass::default();
        }
        let new = self.pass.take(told, 0);
        match &told.next {
            None => Ok(self.finished_span(span)),
            Some(_) if !new => Err(Unwalkable::NothingNew),
            Some(next) => {
                self.at = At::Forwards(next.clone());
                Ok(Heard::Rows)
            }
        }
    }

    fn finished(&mut self) -> Heard {
        self.todo.front().copied().map_or(Heard::Cut, |span| self.finished_span(span))
    }

    fn finished_span(&mut self, span: Span) -> Heard {
        self.turn();
        self.todo.pop_front();
        Heard::Finished(span)
    }

    fn cut(&mut self, span: Span, pieces: u64) {
        // Rounded up, so that there are no more pieces than that, and rounded to less than the whole.
        let pieces = i64::try_from(pieces.clamp(2, PIECES_MAX)).unwrap_or(2);
        let seconds = (span.seconds() + pieces - 1) / pieces;
        self.turn();
        self.todo.pop_front();
        for piece in no_longer(span, seconds * SECOND).into_iter().rev() {
            self.todo.push_front(piece);
        }
    }

    /// To the beginning of whatever comes.
    fn turn(&mut self) {
        (self.at, self.pass) = (At::Beginning, Pass::default());
    }
}

impl Pass {
    /// Notes the rows of a page; says whether one of them is new.
    fn take(&mut self, told: &Told<'_>, total: u64) -> bool {
        self.grew |= total > self.total;
        self.total = total;
        self.unnumbered += told.unnumbered;
        let before = self.seen.len();
        self.seen.extend(told.numbers.iter().map(|number| (*number).to_owned()));
        self.seen.len() > before || told.unnumbered > 0
    }

    /// Whether nothing can have been missed: the pass saw as many rows as there are at its end, and none that the passes
    /// before did not have. One pass cannot say so: where a row left and another came, the total is the same, and a row
    /// between them may have moved back to a page that was read.
    fn proves(&self, total: u64) -> bool {
        let enough = self.seen.len() as u64 + self.unnumbered >= total;
        self.count > 1 && !self.grew && enough && self.seen.is_subset(&self.before)
    }
}

/// The pieces of a stretch, each of at most so many milliseconds.
fn no_longer(span: Span, longest: Millis) -> Vec<Span> {
    let step = (longest / SECOND).max(1) * SECOND;
    let (mut pieces, mut from) = (Vec::new(), span.from);
    while let Some(piece) = Span::new(from, span.to.min(from.plus(step - SECOND))) {
        from = piece.to.plus(SECOND);
        pieces.push(piece);
    }
    pieces
}
