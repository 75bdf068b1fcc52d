//! What happens in a shop: orders come in, are sent, delivered and cancelled, get packages and lose units, as a
//! tester says or by chance while a caller pages.

use super::order::{AftersaleKind, Child, NEVER, Oddities, Oddity, Order, Package};
use super::product::Shelf;
use super::push::Event;
use super::received::Range;
use super::seeded::{child_status, pack, status};
use super::shop::Shop;
use crate::chance::Draws;
use serde::Deserialize;

/// A change that a tester wishes for. Times are seconds; `at` is now where it is left out. A `silent` change moves no
/// time of update and is told by no push; after one that is `late` no list has the order for so many seconds.
#[derive(Debug, Deserialize)]
#[serde(tag = "does", rename_all = "snake_case")]
pub enum Change {
    Insert(Insert),
    Move(Move),
    Pack(Pack),
    CancelUnits(CancelUnits),
    WantBack(WantBack),
    Product(Edit),
}

/// New orders, all of one second; `hidden` ones are readable by number, and no list ever has them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Insert {
    shop: String,
    #[serde(default = "one")]
    count: usize,
    status: Option<i32>,
    at: Option<i64>,
    late: Option<i64>,
    #[serde(default)]
    hidden: bool,
    /// `nulls`, `unlabelled`, `novel`, `bare` or `broken`, with blanks between them.
    #[serde(default)]
    odd: String,
}

/// An order and its lines get a status, or only the line `child`; without `order`, `count` of them by chance.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    shop: String,
    order: Option<String>,
    child: Option<String>,
    #[serde(default = "one")]
    count: usize,
    to: i32,
    at: Option<i64>,
    late: Option<i64>,
    #[serde(default)]
    silent: bool,
}

/// Lines, or the line `child`, get a package, which may replace another. Without a number they lose all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    shop: String,
    order: String,
    child: Option<String>,
    package: Option<String>,
    replaces: Option<String>,
    /// The purchase of its label failed.
    #[serde(default)]
    failed: bool,
    /// There is a label and nothing was handed over.
    #[serde(default)]
    unshipped: bool,
    /// Other numbers of the same box.
    #[serde(default)]
    parts: Vec<Box<str>>,
    #[serde(default)]
    silent: bool,
}

/// Units of a line are cancelled before shipment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelUnits {
    shop: String,
    order: String,
    child: Option<String>,
    units: u32,
    #[serde(default)]
    silent: bool,
}

/// A buyer wants units of an order back; `group` is that of its status.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantBack {
    shop: String,
    order: String,
    child: Option<String>,
    kind: AftersaleKind,
    #[serde(default = "one_unit")]
    units: u32,
    group: i64,
    at: Option<i64>,
}

/// A product gets another price, quantity, name or shelf; only another shelf moves the time of its change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    shop: String,
    goods_id: u64,
    price: Option<i64>,
    quantity: Option<u32>,
    name: Option<String>,
    shelf: Option<Shelf>,
}

const fn one() -> usize {
    1
}

const fn one_unit() -> u32 {
    1
}

/// What changed.
#[derive(Debug, Default)]
pub struct Changed {
    /// The numbers of orders or products.
    pub numbers: Vec<String>,
    pub events: Vec<Event>,
}

/// Why a change cannot be made: what it names is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Impossible {
    Order,
    Child,
    Oddity,
    Product,
}

impl Change {
    /// The number of the shop that changes.
    pub fn shop(&self) -> &str {
        match self {
            Self::Insert(Insert { shop, .. })
            | Self::Move(Move { shop, .. })
            | Self::Pack(Pack { shop, .. })
            | Self::CancelUnits(CancelUnits { shop, .. })
            | Self::WantBack(WantBack { shop, .. })
            | Self::Product(Edit { shop, .. }) => shop,
        }
    }

    /// Makes it.
    pub fn make(self, shop: &mut Shop, seed: u64, now: i64) -> Result<Changed, Impossible> {
        shop.ripen(now);
        match self {
            Self::Insert(insert) => insert.make(shop, seed, now),
            Self::Move(wish) => wish.make(shop, seed, now),
            Self::Pack(wish) => wish.make(shop, now),
            Self::CancelUnits(wish) => wish.make(shop, now),
            Self::WantBack(wish) => wish.make(shop, now),
            Self::Product(wish) => wish.make(shop, now),
        }
    }
}

impl Insert {
    fn make(self, shop: &mut Shop, seed: u64, now: i64) -> Result<Changed, Impossible> {
        let oddities = oddities(&self.odd)?;
        let at = self.at.unwrap_or(now);
        let listed_at = if self.hidden { NEVER } else { self.late.map_or(0, |late| at + late) };
        let mut changed = Changed::default();
        for _ in 0..self.count {
            let place = insert(shop, seed, at, self.status, listed_at, oddities);
            changed.numbers.push(shop.orders[place].number.to_string());
            changed.events.extend(Event::of_order(shop, place));
        }
        Ok(changed)
    }
}

impl Move {
    fn make(self, shop: &mut Shop, seed: u64, now: i64) -> Result<Changed, Impossible> {
        let places = match &self.order {
            Some(number) => vec![shop.place(number).ok_or(Impossible::Order)?],
            None => chosen(shop, seed, self.count),
        };
        let at = self.at.unwrap_or(now);
        let mut changed = Changed::default();
        for place in places {
            let order = &shop.orders[place];
            let updated_at = if self.silent { order.updated_at } else { at };
            let lines = lines(order, self.child.as_deref())?;
            let is_whole = self.child.is_none();
            shop.change(place, updated_at, |order| {
                moved(order, self.to, is_whole, &lines, at, place as u64);
            });
            if let Some(late) = self.late {
                shop.unlist(place, at + late);
            }
            changed.tell(shop, place, self.silent);
        }
        Ok(changed)
    }
}

impl Changed {
    /// Adds the order at `place`, and what is told of it.
    fn tell(&mut self, shop: &Shop, place: usize, is_silent: bool) {
        self.numbers.push(shop.orders[place].number.to_string());
        if !is_silent {
            self.events.extend(Event::of_order(shop, place));
        }
    }
}

impl Pack {
    fn make(self, shop: &mut Shop, now: i64) -> Result<Changed, Impossible> {
        let Self { package, replaces, failed, unshipped, parts, .. } = self;
        let package = package.map(|number| Package {
            number: number.into(),
            is_bought: !failed,
            is_confirmed: !unshipped,
            parts,
        });
        of_lines(shop, &self.order, self.child.as_deref(), self.silent, now, |child| {
            let Some(package) = &package else { return child.packages.clear() };
            child.packages.retain(|known| {
                Some(&*known.number) != replaces.as_deref() && known.number != package.number
            });
            child.packages.push(package.clone());
        })
    }
}

impl CancelUnits {
    fn make(self, shop: &mut Shop, now: i64) -> Result<Changed, Impossible> {
        let Self { order, child, units, silent, .. } = self;
        let mut changed = of_lines(shop, &order, child.as_deref(), silent, now, |child| {
            child.cancelled = child.cancelled.saturating_add(units).min(child.ordered);
        })?;
        let (kind, group, at) = (AftersaleKind::Cancel, 9, Some(now));
        let cancel = WantBack { shop: String::new(), order, child, kind, units, group, at };
        let cancelled = cancel.make(shop, now)?;
        if !silent {
            changed.events.extend(cancelled.events);
        }
        Ok(changed)
    }
}

impl WantBack {
    fn make(self, shop: &mut Shop, now: i64) -> Result<Changed, Impossible> {
        let place = shop.place(&self.order).ok_or(Impossible::Order)?;
        let lines = lines(&shop.orders[place], self.child.as_deref())?;
        let line = lines.first().copied().ok_or(Impossible::Child)?;
        let at = self.at.unwrap_or(now);
        shop.want_back(self.kind, place, line, self.units, self.group, at);
        let events = shop.aftersales.last().map(|last| Event::of_aftersale(shop, last));
        Ok(Changed { numbers: vec![self.order], events: events.into_iter().collect() })
    }
}

impl Edit {
    fn make(self, shop: &mut Shop, now: i64) -> Result<Changed, Impossible> {
        let Self { goods_id, price, quantity, name, shelf, .. } = self;
        let product = shop.products.iter_mut().find(|product| product.goods_id == goods_id);
        let product = product.ok_or(Impossible::Product)?;
        product.price = price.unwrap_or(product.price);
        product.quantity = quantity.unwrap_or(product.quantity);
        if let Some(name) = name {
            product.name = name;
        }
        if let Some(shelf) = shelf {
            (product.shelf, product.shelved_at) = (shelf, now);
        }
        Ok(Changed { numbers: vec![goods_id.to_string()], events: vec![] })
    }
}

/// Updates `count` orders of a list by chance and lets half as many come in: what happens while somebody pages. What
/// changed is in no list for up to `late` seconds.
pub fn churn(
    shop: &mut Shop,
    seed: u64,
    count: u64,
    range: Option<Range>,
    late: Option<u64>,
    now: i64,
) {
    shop.churned += 1;
    let mut draws = Draws::of(!seed ^ shop.series, shop.churned);
    for _ in 0..count {
        let Some(place) = shop.drawn(&mut draws, range) else { break };
        let next = match shop.orders[place].status {
            status::PENDING => status::UNSHIPPED,
            status::UNSHIPPED => status::SHIPPED,
            _ => status::DELIVERED,
        };
        let lines: Vec<usize> = (0..shop.orders[place].children.len()).collect();
        shop.change(place, now, |order| moved(order, next, true, &lines, now, place as u64));
        if let Some(late) = late {
            shop.unlist(place, now + seconds_late(&mut draws, late));
        }
    }
    for _ in 0..count / 2 {
        let listed_at = late.map_or(0, |late| now + seconds_late(&mut draws, late));
        insert(shop, seed, now, None, listed_at, Oddities::default());
    }
}

/// From 1 to `most`.
fn seconds_late(draws: &mut Draws, most: u64) -> i64 {
    1 + draws.below(most.max(1)) as i64
}

fn oddities(words: &str) -> Result<Oddities, Impossible> {
    let mut oddities = Oddities::default();
    for word in words.split_whitespace() {
        oddities.add(Oddity::of(word).ok_or(Impossible::Oddity)?);
    }
    Ok(oddities)
}

fn insert(
    shop: &mut Shop,
    seed: u64,
    at: i64,
    status: Option<i32>,
    listed_at: i64,
    oddities: Oddities,
) -> usize {
    let nth = shop.made;
    let mut order = shop.make(seed, at, at);
    if let Some(to) = status {
        let lines: Vec<usize> = (0..order.children.len()).collect();
        moved(&mut order, to, true, &lines, at, nth);
    }
    (order.listed_at, order.oddities) = (listed_at, oddities);
    shop.add(order);
    shop.orders.len() - 1
}

/// Places of `count` orders that are still on their way, by chance.
fn chosen(shop: &mut Shop, seed: u64, count: usize) -> Vec<usize> {
    shop.churned += 1;
    let mut draws = Draws::of(!seed ^ shop.series, shop.churned);
    let is_open = |order: &Order| !matches!(order.status, status::CANCELED | status::DELIVERED);
    let orders = shop.orders.iter().enumerate();
    let (open, ended): (Vec<_>, Vec<_>) = orders.partition(|(_, order)| is_open(order));
    let mut places: Vec<usize> = open.into_iter().map(|(place, _)| place).collect();
    // Those that have ended may change as well, where the others are too few.
    let mut rest: Vec<usize> = ended.into_iter().map(|(place, _)| place).collect();
    let mut picked = vec![];
    while picked.len() < count {
        let from = if places.is_empty() { &mut rest } else { &mut places };
        if from.is_empty() {
            break;
        }
        let at = draws.below(from.len() as u64) as usize;
        picked.push(from.swap_remove(at));
    }
    picked
}

/// The places of an order's lines, or of the one with this number.
fn lines(order: &Order, child: Option<&str>) -> Result<Vec<usize>, Impossible> {
    let Some(number) = child else { return Ok((0..order.children.len()).collect()) };
    let found = order.children.iter().position(|child| *child.number == *number);
    Ok(vec![found.ok_or(Impossible::Child)?])
}

/// Changes the lines of an order, or the one with a number.
fn of_lines(
    shop: &mut Shop,
    number: &str,
    child: Option<&str>,
    is_silent: bool,
    now: i64,
    change: impl Fn(&mut Child),
) -> Result<Changed, Impossible> {
    let place = shop.place(number).ok_or(Impossible::Order)?;
    let lines = lines(&shop.orders[place], child)?;
    let updated_at = if is_silent { shop.orders[place].updated_at } else { now };
    shop.change(place, updated_at, |order| {
        for line in lines {
            change(&mut order.children[line]);
        }
    });
    let mut changed = Changed::default();
    changed.tell(shop, place, is_silent);
    Ok(changed)
}

/// Gives lines a status, the whole order too where it is meant, and packages to what was sent.
fn moved(order: &mut Order, to: i32, is_whole: bool, lines: &[usize], at: i64, chance: u64) {
    for &line in lines {
        let line_status = if is_whole { child_status(to, line as u64) } else { to };
        order.children[line].status = line_status;
    }
    if !is_whole {
        return;
    }
    order.status = to;
    if to != status::PENDING && order.confirmed_at == 0 {
        order.confirmed_at = at;
    }
    let is_sent = matches!(
        to,
        status::SHIPPED | status::DELIVERED | status::PARTLY_SHIPPED | status::PARTLY_DELIVERED
    );
    if is_sent && order.shipped_at == 0 {
        order.shipped_at = at;
    }
    if is_sent && order.children.iter().all(|child| child.packages.is_empty()) {
        let digits: String = order.number.chars().filter(char::is_ascii_digit).collect();
        // The digits of the region are no part of it.
        let digits = digits.get(3..).and_then(|digits| digits.parse().ok()).unwrap_or(chance);
        pack(order, digits, &mut Draws::of(digits, chance));
    }
}
