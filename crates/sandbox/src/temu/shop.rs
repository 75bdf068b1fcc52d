//! A shop: its token, its orders, and the two rows in which they are listed, by creation and by update.

use super::order::{Aftersale, AftersaleKind, Order};
use super::product::Product;
use super::push::Told;
use super::received::Range;
use super::{Key, opaque};
use crate::chance::Draws;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const DAY: i64 = 86_400;
/// How long a token lives: 90 days, as the newer ones do.
const TOKEN_LIFE: i64 = 90 * DAY;
/// The number of the first shop.
const FIRST_MALL: u64 = 634_418_210_000_001;

pub struct Shop {
    pub mall_id: String,
    /// What it is called where its orders came from; empty where they are made up.
    pub name: String,
    pub region: Region,
    pub currency: String,
    pub app_key: String,
    /// What the numbers of its orders, its token and all chance about it come from.
    pub series: u64,
    pub token: Token,
    /// Tokens that were good once.
    pub dead_tokens: BTreeSet<String>,
    /// Calls that the token may not make.
    pub missing_scopes: BTreeSet<String>,
    pub products: Vec<Product>,
    pub aftersales: Vec<Aftersale>,
    /// What its app is told of.
    pub events: BTreeSet<String>,
    /// Milliseconds since 1970.
    pub events_changed_at: Option<i64>,
    pub pushes: Vec<Told>,
    pub orders: Vec<Order>,
    by_number: HashMap<Box<str>, u32>,
    by_creation: Row,
    by_update: Row,
    /// Orders that no list has yet, by the second from which they have them.
    unlisted: BTreeSet<(i64, u32)>,
    /// How many orders were made by chance so far.
    pub made: u64,
    /// How often orders were picked by chance so far.
    pub churned: u64,
}

/// Where a shop sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    Us,
    Eu,
    Global,
}

impl Region {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eu => "eu",
            Self::Global => "global",
        }
    }

    /// The number of its site, which the numbers of its orders begin with.
    pub const fn id(self) -> u32 {
        match self {
            Self::Us => 211,
            Self::Eu => 76,
            Self::Global => 128,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Token {
    pub text: String,
    /// How many there were before it.
    generation: u32,
    /// Seconds since 1970.
    pub ends_at: i64,
}

/// Orders by a time, the newest at the end; of those of one second, the last one made is the newest.
#[derive(Debug, Default)]
struct Row(Vec<(i64, u32)>);

impl Row {
    fn insert(&mut self, time: i64, order: u32) {
        let at = self.0.partition_point(|entry| *entry < (time, order));
        self.0.insert(at, (time, order));
    }

    fn remove(&mut self, time: i64, order: u32) {
        if let Ok(at) = self.0.binary_search(&(time, order)) {
            self.0.remove(at);
        }
    }

    fn within(&self, range: Option<Range>) -> &[(i64, u32)] {
        let Some(Range { from, to }) = range else { return &self.0 };
        let start = self.0.partition_point(|(time, _)| *time < from);
        let end = self.0.partition_point(|(time, _)| *time <= to);
        &self.0[start..end]
    }
}

/// By which time a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Creation,
    Update,
}

/// A page of a list, the newest first.
#[derive(Debug)]
pub struct Page {
    /// How many the whole list has.
    pub total: usize,
    pub orders: Vec<u32>,
}

/// What must hold of an order.
pub type Condition<'a> = Box<dyn Fn(&Order) -> bool + 'a>;

/// Which orders are listed and which of them are shown.
pub struct Listing<'a> {
    pub by: By,
    pub created: Option<Range>,
    pub updated: Option<Range>,
    /// What else must hold of an order; none where nothing must.
    pub also: Option<Condition<'a>>,
    pub page: usize,
    pub size: usize,
}

/// Amounts are a scope that sellers seldom give: every second shop of a marketplace lacks it.
fn unscoped() -> BTreeSet<String> {
    BTreeSet::from(["bg.order.amount.query".to_owned()])
}

impl Shop {
    /// The shop at the place `nth`, with a token and no orders.
    pub fn new(seed: u64, nth: usize, app_key: &str, now: i64) -> Self {
        let mall_id = (FIRST_MALL + nth as u64).to_string();
        let text = opaque(seed, "token", &mall_id);
        let token = Token { text, generation: 0, ends_at: now + TOKEN_LIFE };
        Self {
            mall_id,
            name: String::new(),
            region: Region::Us,
            currency: "USD".to_owned(),
            app_key: app_key.to_owned(),
            series: nth as u64 + 1,
            token,
            dead_tokens: BTreeSet::new(),
            missing_scopes: if nth % 2 == 1 { unscoped() } else { BTreeSet::new() },
            products: vec![],
            aftersales: vec![],
            events: BTreeSet::new(),
            events_changed_at: None,
            pushes: vec![],
            orders: vec![],
            by_number: HashMap::new(),
            by_creation: Row::default(),
            by_update: Row::default(),
            unlisted: BTreeSet::new(),
            made: 0,
            churned: 0,
        }
    }

    /// The shop's number as a number, which is how the platform writes it.
    pub fn mall_number(&self) -> u64 {
        self.mall_id.parse().unwrap_or_default()
    }

    pub fn key(&self) -> Key {
        let Self { mall_id, name, app_key, region, token, .. } = self;
        let (mall_id, name, app_key) = (mall_id.clone(), name.clone(), app_key.clone());
        Key { mall_id, name, app_key, access_token: token.text.clone(), region: region.word() }
    }

    /// Gives the shop a new token; the one before is dead from now on.
    pub fn renew(&mut self, seed: u64, now: i64) {
        let generation = self.token.generation + 1;
        let which = format!("{} {} {generation}", self.app_key, self.mall_id);
        let text = opaque(seed, "token", &which);
        let before = std::mem::replace(
            &mut self.token,
            Token { text, generation, ends_at: now + TOKEN_LIFE },
        );
        self.dead_tokens.insert(before.text);
    }

    /// Takes an order; false where its number is taken.
    pub fn add(&mut self, order: Order) -> bool {
        let place = self.orders.len() as u32;
        if self.by_number.contains_key(&order.number) {
            return false;
        }
        self.by_number.insert(order.number.clone(), place);
        if order.listed_at == 0 {
            self.by_creation.insert(order.created_at, place);
            self.by_update.insert(order.updated_at, place);
        } else {
            self.unlisted.insert((order.listed_at, place));
        }
        self.orders.push(order);
        true
    }

    pub fn order(&self, number: &str) -> Option<&Order> {
        Some(&self.orders[self.place(number)?])
    }

    pub fn place(&self, number: &str) -> Option<usize> {
        self.by_number.get(number).map(|place| *place as usize)
    }

    /// Changes an order and says when; a time of update that stays is one that tells nothing of the change.
    pub fn change(&mut self, place: usize, updated_at: i64, change: impl FnOnce(&mut Order)) {
        let order = &mut self.orders[place];
        let before = order.updated_at;
        change(order);
        order.updated_at = updated_at;
        let is_listed = order.listed_at == 0;
        if is_listed && before != updated_at {
            self.by_update.remove(before, place as u32);
            self.by_update.insert(updated_at, place as u32);
        }
    }

    /// Takes an order out of the lists until `listed_at`.
    pub fn unlist(&mut self, place: usize, listed_at: i64) {
        let order = &mut self.orders[place];
        let place = place as u32;
        if order.listed_at == 0 {
            self.by_creation.remove(order.created_at, place);
            self.by_update.remove(order.updated_at, place);
        } else {
            self.unlisted.remove(&(order.listed_at, place));
        }
        order.listed_at = listed_at;
        self.unlisted.insert((listed_at, place));
    }

    /// The place of an order that lists have, updated within `range`, by chance.
    pub fn drawn(&self, draws: &mut Draws, range: Option<Range>) -> Option<usize> {
        let found = self.by_update.within(range);
        let nth = draws.below((found.len() as u64).max(1)) as usize;
        found.get(nth).map(|(_, place)| *place as usize)
    }

    /// Puts into the lists what they have from `now` on.
    pub fn ripen(&mut self, now: i64) {
        while let Some(&(listed_at, place)) = self.unlisted.first()
            && listed_at <= now
        {
            self.unlisted.pop_first();
            let order = &mut self.orders[place as usize];
            order.listed_at = 0;
            let (created_at, updated_at) = (order.created_at, order.updated_at);
            self.by_creation.insert(created_at, place);
            self.by_update.insert(updated_at, place);
        }
    }

    /// A page of a list. Without `also`, and with no range but of the time it is sorted by, it costs what it shows.
    pub fn page(&self, listing: &Listing<'_>) -> Page {
        let Listing { by, created, updated, .. } = *listing;
        let (row, range, other) = match by {
            By::Creation => (&self.by_creation, created, updated),
            By::Update => (&self.by_update, updated, created),
        };
        let found = row.within(range);
        let skipped = listing.page.saturating_sub(1).saturating_mul(listing.size);
        if other.is_none() && listing.also.is_none() {
            let shown = found.iter().rev().skip(skipped).take(listing.size);
            return Page { total: found.len(), orders: shown.map(|(_, order)| *order).collect() };
        }
        let is_within = |order: &Order| {
            let time = match by {
                By::Creation => order.updated_at,
                By::Update => order.created_at,
            };
            other.is_none_or(|Range { from, to }| (from..=to).contains(&time))
        };
        let is_meant = |order: &Order| {
            is_within(order) && listing.also.as_ref().is_none_or(|also| also(order))
        };
        let mut total = 0;
        let mut orders = vec![];
        for &(_, place) in found.iter().rev() {
            if is_meant(&self.orders[place as usize]) {
                if total >= skipped && orders.len() < listing.size {
                    orders.push(place);
                }
                total += 1;
            }
        }
        Page { total, orders }
    }

    /// Adds what a buyer wants back.
    pub fn want_back(
        &mut self,
        kind: AftersaleKind,
        order: usize,
        child: usize,
        units: u32,
        group: i64,
        at: i64,
    ) {
        let nth = self.aftersales.len();
        let number = format!("PO-AS-{:04}{nth:012}", self.series);
        let (order, child) = (order as u32, child as u32);
        let (created_at, updated_at) = (at, at);
        self.aftersales.push(Aftersale {
            number,
            kind,
            order,
            child,
            units,
            group,
            created_at,
            updated_at,
        });
    }

    /// How many orders no list has.
    pub fn hidden(&self) -> usize {
        self.unlisted.len()
    }

    /// Orders by status.
    pub fn by_status(&self) -> BTreeMap<i32, usize> {
        let mut counts = BTreeMap::new();
        for order in &self.orders {
            *counts.entry(order.status).or_default() += 1;
        }
        counts
    }
}
