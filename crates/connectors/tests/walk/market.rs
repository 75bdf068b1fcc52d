//! A list of orders newest first, as a marketplace would show it, with orders that come and change between two calls.

use docket_connectors::channel::{Page, Told, Window};
use docket_domain::Time;
use std::collections::BTreeMap;

pub fn second(at: i64) -> Time {
    Time(at * 1000)
}

/// The second that many orders share.
const BULK: i64 = 9_860;

/// Chance that replays (`SplitMix64`).
pub struct Chance(pub u64);

impl Chance {
    /// From 0 to before `end`.
    pub fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as i64
    }
}

/// What happens between two calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Churn {
    None,
    /// Orders come and change, and are listed at once.
    Busy,
    /// They are listed up to so many seconds late.
    Late {
        seconds: i64,
    },
    /// Many have the same second, and those change, and some of them are listed late.
    Bulk,
}

#[derive(Clone, Copy)]
struct Row {
    updated: i64,
    /// From when on its present state is listed; until then it is not listed at all.
    listed: i64,
    /// The time of update that was last read.
    kept: Option<i64>,
}

pub struct Market {
    pub now: i64,
    pub size: u16,
    orders: Vec<Row>,
    chance: Chance,
    churn: Churn,
}

pub struct Rows {
    numbers: Vec<String>,
    orders: Vec<(usize, i64)>,
    total: u64,
    size: usize,
}

impl Rows {
    pub fn told(&self) -> Told<'_> {
        let numbers = self.numbers.iter().map(String::as_str).collect();
        Told { numbers, total: Some(self.total), ..Told::default() }
    }

    pub fn is_short(&self) -> bool {
        self.orders.len() < self.size
    }
}

impl Market {
    pub fn new(seed: u64, churn: Churn) -> Self {
        let mut chance = Chance(seed);
        let now = 10_000;
        let mut at = |number: usize| match churn {
            // Four pages in one second, and some more around it.
            Churn::Bulk if number < 190 => BULK,
            _ => chance.below(now),
        };
        let row = |updated| Row { updated, listed: updated, kept: None };
        let orders = (0..500).map(|number| row(at(number))).collect();
        Self { now, size: 50, orders, chance, churn }
    }

    /// So many orders spread evenly over so many seconds.
    pub fn of(count: i64, seconds: i64, size: u16) -> Self {
        let row = |updated| Row { updated, listed: updated, kept: None };
        let orders = (0..count).map(|number| row(number * seconds / count)).collect();
        let chance = Chance(1);
        Self { now: seconds, size, orders, chance, churn: Churn::None }
    }

    /// From now on nothing happens.
    pub fn rest(&mut self) {
        self.churn = Churn::None;
    }

    /// What a page shows now.
    pub fn page(&self, window: &Window, page: &Page) -> Rows {
        let within = |row: &Row| {
            (window.from..=window.to).contains(&second(row.updated)) && row.listed <= self.now
        };
        let listed = self.orders.iter().enumerate().filter(|(_, row)| within(row));
        let mut listed: Vec<(i64, usize)> =
            listed.map(|(number, row)| (row.updated, number)).collect();
        listed.sort_unstable_by(|a, b| b.cmp(a));
        let (total, size) = (listed.len() as u64, usize::from(self.size));
        let before = (page.number().expect("numbers") as usize - 1) * size;
        let shown = listed.into_iter().skip(before).take(size);
        let orders: Vec<(usize, i64)> = shown.map(|(updated, number)| (number, updated)).collect();
        let numbers = orders.iter().map(|(number, _)| number.to_string()).collect();
        Rows { numbers, orders, total, size }
    }

    /// Writes down what a page showed.
    pub fn keep(&mut self, rows: &Rows) {
        for (number, updated) in &rows.orders {
            let kept = &mut self.orders[*number].kept;
            *kept = (*kept).max(Some(*updated));
        }
    }

    /// Some seconds go by.
    pub fn act(&mut self) {
        for _ in 0..3 {
            self.now += 1;
            if self.churn == Churn::None {
                continue;
            }
            if self.chance.below(10) < 6 {
                let number = self.which();
                let listed = self.listed_at();
                let row = &mut self.orders[number];
                (row.updated, row.listed) = (self.now, listed);
            }
            if self.chance.below(10) < 6 {
                let listed = self.listed_at();
                self.orders.push(Row { updated: self.now, listed, kept: None });
            }
            // One more that belongs to the same second and was not listed until now.
            let late = self.churn == Churn::Bulk && self.now < BULK + 880;
            if late && self.chance.below(10) < 1 {
                self.orders.push(Row { updated: BULK, listed: self.now, kept: None });
            }
        }
    }

    fn which(&mut self) -> usize {
        let most = if self.churn == Churn::Bulk { 190 } else { self.orders.len() };
        self.chance.below(most as i64) as usize
    }

    fn listed_at(&mut self) -> i64 {
        match self.churn {
            Churn::Late { seconds } => self.now + self.chance.below(seconds + 1),
            _ => self.now,
        }
    }

    /// How many orders are not known as they are.
    pub fn lost(&self) -> usize {
        self.orders.iter().filter(|row| row.kept != Some(row.updated)).count()
    }

    /// How many orders have this second.
    pub fn of_second(&self, at: i64) -> usize {
        let all = self.orders.iter().map(|row| (row.updated, 1));
        let counted = all.fold(BTreeMap::new(), |mut counted: BTreeMap<i64, usize>, (at, one)| {
            *counted.entry(at).or_default() += one;
            counted
        });
        counted.get(&at).copied().unwrap_or(0)
    }
}
