//! Products on four shelves, some of which are moved, made, deleted or edited between two calls.

use super::market::{Chance, second};
use docket_connectors::channel::{
    Heard, Page, Price, Product, ProductsCall, ProductsPage, TimeField,
};
use std::collections::BTreeMap;

pub const SHELVES: [&str; 4] = ["1", "4", "5", "6"];

#[derive(Clone, Copy)]
struct Row {
    shelf: usize,
    made: i64,
    moved: i64,
    price: i64,
}

pub struct Shelves {
    pub now: i64,
    pub rests: bool,
    rows: BTreeMap<u64, Row>,
    next: u64,
    chance: Chance,
}

impl Shelves {
    pub fn new(seed: u64, count: u64) -> Self {
        let mut chance = Chance(seed);
        let rows = (0..count).map(|number| {
            let made = chance.below(100_000);
            (number, Row { shelf: chance.below(4) as usize, made, moved: made, price: 100 })
        });
        let rows = rows.collect();
        Self { now: 100_000, rests: false, rows, next: count, chance }
    }

    /// What a page shows now.
    pub fn page(&self, asked: &ProductsCall) -> ProductsPage {
        let window = asked.window.expect("a window");
        let time = |row: &Row| match window.by {
            TimeField::Created => row.made,
            TimeField::Updated => row.moved,
        };
        let is_meant = |(_, row): &(&u64, &Row)| {
            SHELVES[row.shelf] == asked.bucket
                && (window.from..=window.to).contains(&second(time(row)))
        };
        let mut found: Vec<(&u64, &Row)> = self.rows.iter().filter(is_meant).collect();
        found.sort_by_key(|(number, row)| std::cmp::Reverse((row.made, **number)));
        let (total, size) = (Some(found.len() as u64), usize::from(asked.size));
        let before = (asked.page.number().expect("numbers") as usize - 1) * size;
        let shown = found.into_iter().skip(before).take(size);
        let products = shown.map(|(number, row)| product(*number, row, &asked.bucket)).collect();
        ProductsPage { products, total, ..ProductsPage::default() }
    }

    /// Some seconds go by.
    pub fn act(&mut self) {
        self.now += 1 + self.chance.below(3);
        if self.rests {
            return;
        }
        // Nothing for a while, then some at once.
        let many = if self.chance.below(6) == 0 { self.chance.below(8) } else { 0 };
        for _ in 0..many {
            let at = self.chance.below(self.rows.len() as i64) as usize;
            let number = *self.rows.keys().nth(at).expect("there are some");
            match self.chance.below(10) {
                0 => drop(self.rows.remove(&number)),
                1 | 2 => {
                    let row = Row { shelf: 0, made: self.now, moved: self.now, price: 100 };
                    self.rows.insert(self.next, row);
                    self.next += 1;
                }
                3..=6 => {
                    let shelf = self.chance.below(4) as usize;
                    let now = self.now;
                    self.rows.entry(number).and_modify(|row| (row.shelf, row.moved) = (shelf, now));
                }
                _ => drop(self.rows.entry(number).and_modify(|row| row.price += 1)),
            }
        }
    }

    pub fn numbers(&self) -> impl Iterator<Item = String> {
        self.rows.keys().map(ToString::to_string)
    }

    pub fn has(&self, number: &str) -> bool {
        number.parse().is_ok_and(|number: u64| self.rows.contains_key(&number))
    }

    pub fn made_at(&self, number: &str) -> i64 {
        number.parse().ok().and_then(|number: u64| self.rows.get(&number)).map_or(0, |row| row.made)
    }
}

fn product(number: u64, row: &Row, bucket: &str) -> Product {
    Product {
        number: number.to_string(),
        bucket: bucket.to_owned(),
        title: None,
        code: None,
        status: None,
        price: Some(Price { amount: row.price, currency: None }),
        stock: None,
        image: None,
        created_at: Some(second(row.made)),
        changed_at: Some(second(row.moved)),
        skus: Vec::new(),
        hash: [0; 32],
        payload: String::new(),
    }
}

/// The obvious pass: page by page through each shelf.
pub fn pass_naively(
    shelves: &mut Shelves,
    size: u16,
    window: docket_connectors::channel::Window,
) -> Vec<String> {
    let mut seen = Vec::new();
    for shelf in SHELVES {
        for number in 1.. {
            let (bucket, page) = (shelf.to_owned(), Page::Number(number));
            let asked = ProductsCall { bucket, window: Some(window), page, size };
            let page = shelves.page(&asked);
            seen.extend(page.products.iter().map(|product| product.number.clone()));
            shelves.act();
            if page.products.len() < usize::from(size) {
                break;
            }
        }
    }
    seen
}

/// Whether rows of a page are to be kept.
pub const fn keeps(heard: Heard) -> bool {
    !matches!(heard, Heard::Cut)
}
