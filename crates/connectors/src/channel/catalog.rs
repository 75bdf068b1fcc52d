//! A pass through all products of a shop: every list of them, in windows of creation time like orders, and then what
//! changed its list meanwhile. Only a pass that read all of it may say that a product is gone.
//!
//! A product that moves from one list to another between our readings of the two stands in neither. Its status changes by
//! that, so it is found by what changed since the pass began; and since another may move while that is read, it is read
//! again until nothing has changed. Where a shop does not come to rest, nothing is called gone: the next pass will see.

use super::call::{OrdersCall, ProductsCall, TimeField};
use super::capabilities::Pull;
use super::goods::ProductsPage;
use super::walk::{Heard, Told, Unwalkable, Walk};
use super::windows::{SECOND, Span};
use docket_domain::Time;
use docket_domain::time::Millis;
use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How often what changed meanwhile is read before the shop counts as restless.
const ROUNDS_MAX: u32 = 5;

/// A pass through the products of a shop.
#[derive(Debug)]
pub struct Catalog {
    buckets: &'static [&'static str],
    pull: Pull,
    size: u16,
    began: Time,
    overlap: Millis,
    part: Part,
    /// Up to here it is known what changed its list.
    settled: Time,
    /// Up to here that is being read.
    reading: Time,
    /// Whether something changed behind what is known.
    moved: bool,
    todo: VecDeque<(&'static str, Walk)>,
    /// Stretches of lists that could not be read.
    missing: usize,
    seen: Seen,
}

/// What is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// All there is.
    Whole,
    /// What changed its list while all was read, for the nth time.
    Meanwhile(u32),
    /// What changed its list since the last pass, and nothing else.
    Changed,
    /// Everything was read, and nothing changed at the end.
    WholeRead,
    /// Everything was read, and something went on changing.
    Restless,
    /// What changed was read.
    ChangedRead,
}

impl Catalog {
    /// A pass through everything that was made since `since`, beginning at `now` by the marketplace's clock. Rows may be
    /// listed as late as `overlap`.
    pub fn full(
        buckets: &'static [&'static str],
        pull: &Pull,
        since: Time,
        now: Time,
        overlap: Millis,
    ) -> Self {
        let mut pass = Self::of(buckets, pull, Part::Whole, now, overlap);
        pass.read(Span::new(since, now), TimeField::Created);
        pass
    }

    /// What changed its list since `since`: quick, and blind to edits of prices and texts.
    pub fn changed(
        buckets: &'static [&'static str],
        pull: &Pull,
        since: Time,
        now: Time,
        overlap: Millis,
    ) -> Self {
        let mut pass = Self::of(buckets, pull, Part::Changed, now, overlap);
        pass.read(Span::new(since.plus(-overlap), now), TimeField::Updated);
        pass
    }

    fn of(
        buckets: &'static [&'static str],
        pull: &Pull,
        part: Part,
        began: Time,
        overlap: Millis,
    ) -> Self {
        let (pull, size) = (pull.clone(), pull.page_size_max);
        let (todo, missing, seen) = (VecDeque::new(), 0, Seen::default());
        let (settled, reading, moved) = (began, began, false);
        Self {
            buckets,
            pull,
            size,
            began,
            overlap,
            part,
            settled,
            reading,
            moved,
            todo,
            missing,
            seen,
        }
    }

    fn read(&mut self, span: Option<Span>, by: TimeField) {
        let spans: Vec<Span> = span.into_iter().collect();
        let walk = || Walk::new(&spans, by, &self.pull, self.size);
        self.todo = self.buckets.iter().map(|bucket| (*bucket, walk())).collect();
    }

    /// What to ask now, at `now` by the marketplace's clock; nothing when all is read.
    pub fn next(&mut self, now: Time) -> Option<ProductsCall> {
        loop {
            if let Some((bucket, walk)) = self.todo.front() {
                if let Some(OrdersCall { window, page, size }) = walk.next() {
                    let bucket = (*bucket).to_owned();
                    return Some(ProductsCall { bucket, window: Some(window), page, size });
                }
                self.todo.pop_front();
                continue;
            }
            self.part = match self.part {
                Part::Whole => Part::Meanwhile(1),
                Part::Meanwhile(_) if !self.moved => Part::WholeRead,
                Part::Meanwhile(ROUNDS_MAX) => Part::Restless,
                Part::Meanwhile(round) => Part::Meanwhile(round + 1),
                Part::Changed => Part::ChangedRead,
                Part::WholeRead | Part::Restless | Part::ChangedRead => return None,
            };
            if matches!(self.part, Part::Meanwhile(_)) {
                (self.settled, self.reading, self.moved) = (self.reading, now, false);
                let since = self.settled.plus(-self.overlap);
                self.read(Span::new(since, now), TimeField::Updated);
            }
        }
    }

    /// Takes the page that [`Self::next`] named. Its rows are to be written down unless it was cut.
    pub fn heard(&mut self, page: &ProductsPage) -> Result<Heard, Unwalkable> {
        let Some((_, walk)) = self.todo.front_mut() else { return Ok(Heard::Cut) };
        let Some(asked) = walk.next() else { return Ok(Heard::Cut) };
        // What stands on a page is there, also where its rows come again in pieces.
        page.products.iter().for_each(|product| self.seen.add(&product.number));
        // Times are to the second, so what changed in that of the last reading may have changed behind it.
        let settled = self.settled.plus(-SECOND);
        self.moved |=
            page.products.iter().any(|product| product.changed_at.is_none_or(|at| at > settled));
        let named = page.refused.iter().filter_map(|row| row.number.as_deref());
        named.for_each(|number| self.seen.add(number));
        // A row that names nothing might be any product.
        self.missing += page.refused.iter().filter(|row| row.number.is_none()).count();
        walk.heard(&Told::of_products(&asked, page))
    }

    /// Cuts the stretch that is being read in halves, because its pages do not load; says whether it could be cut.
    pub fn narrow(&mut self) -> bool {
        self.todo.front_mut().is_some_and(|(_, walk)| walk.narrow())
    }

    /// Goes on without the stretch that is being read: nothing can be called gone by this pass.
    pub fn give_up(&mut self) -> Option<Span> {
        let (_, walk) = self.todo.front_mut()?;
        self.missing += 1;
        walk.give_up()
    }

    /// Whether a product that we know is gone: the pass read everything and did not meet it. None while that is not so;
    /// a pass through what changed never knows.
    pub fn is_gone(&self, number: &str, known_since: Time) -> Option<bool> {
        let whole = self.part == Part::WholeRead && self.missing == 0;
        // What was first met after the pass began was met by somebody else: it is there.
        whole.then(|| known_since < self.began && !self.seen.has(number))
    }
}

/// Numbers that were met, as hashes: eight bytes of each, whatever the number of products. That two in a billion are taken
/// for one would keep a product that is gone.
#[derive(Debug, Default)]
struct Seen(HashSet<u64>);

impl Seen {
    fn add(&mut self, number: &str) {
        self.0.insert(hash_of(number));
    }

    fn has(&self, number: &str) -> bool {
        self.0.contains(&hash_of(number))
    }
}

fn hash_of(number: &str) -> u64 {
    // The same in every process: nothing here is left to chance.
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    hasher.finish()
}
