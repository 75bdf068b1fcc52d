//! Orders out of a file: JSON lines as `docket export --format jsonl` writes them, one tree a line. Its external id,
//! or its number, becomes that of the parent order, and each of its lines a child.

use super::order::{Child, Oddities, Order, Package};
use super::product::{Product, Shelf};
use super::seeded::status;
use super::shop::Shop;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::BufRead;

/// A time of a file, in whole seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct Seconds(i64);

impl TryFrom<String> for Seconds {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, jiff::Error> {
        text.parse().map(|time: Timestamp| Self(time.as_second()))
    }
}

/// A tree of a file.
#[derive(Debug, Clone, Deserialize)]
pub struct Tree {
    order_id: String,
    external_id: Option<String>,
    status: String,
    currency: String,
    created_at: Seconds,
    paid_at: Option<Seconds>,
    shipped_at: Option<Seconds>,
    received_at: Option<Seconds>,
    cancelled_at: Option<Seconds>,
    refunded_at: Option<Seconds>,
    shops: Vec<ShopOrder>,
}

#[derive(Debug, Clone, Deserialize)]
struct ShopOrder {
    shop_id: String,
    #[serde(default)]
    shipments: Vec<Shipment>,
    items: Vec<Item>,
}

#[derive(Debug, Clone, Deserialize)]
struct Shipment {
    tracking: Option<String>,
    #[serde(default)]
    lines: Vec<ShipmentLine>,
}

#[derive(Debug, Clone, Deserialize)]
struct ShipmentLine {
    order_id: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Item {
    order_id: String,
    sku_id: String,
    title: Option<String>,
    status: String,
    /// A decimal number.
    quantity: String,
    list_price: i64,
}

/// A line of a file that is no order.
#[derive(Debug)]
pub struct BadLine {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for BadLine {}

/// Which shops the trees of a file go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// All to the first.
    OneShop,
    /// Each of the file's shops is one here, in the order in which they come.
    ByShop,
}

/// Reads a file whole; blank lines are none.
pub fn read_orders(file: impl BufRead) -> Result<Vec<Tree>, BadLine> {
    let mut trees = vec![];
    for (nth, line) in file.lines().enumerate() {
        let bad = |reason: String| BadLine { line: nth + 1, reason };
        let line = line.map_err(|error| bad(error.to_string()))?;
        if line.trim().is_empty() {
            continue;
        }
        let tree: Tree = serde_json::from_str(&line).map_err(|error| bad(error.to_string()))?;
        if tree.shops.iter().all(|shop| shop.items.is_empty()) {
            return Err(bad("the order has no lines".to_owned()));
        }
        trees.push(tree);
    }
    Ok(trees)
}

/// Moves all times of the trees by one distance, so that the newest of them is `now`, in seconds.
pub fn brought_up_to(trees: &mut [Tree], now: i64) {
    let newest = trees.iter().map(Tree::newest).max().unwrap_or(now);
    for tree in trees {
        tree.created_at.0 += now - newest;
        for time in tree.later_times() {
            time.0 += now - newest;
        }
    }
}

/// The names of the shops in a file, in the order in which they come.
pub fn shop_names(trees: &[Tree]) -> Vec<String> {
    let mut seen = HashSet::new();
    let names = trees.iter().flat_map(|tree| &tree.shops).map(|shop| &shop.shop_id);
    names.filter(|name| seen.insert(*name)).cloned().collect()
}

/// Gives the trees to `shops`: all to the first, or those of each name to the shop at its place.
pub fn give(trees: &[Tree], shops: &mut [Shop], spread: Spread) {
    let names = shop_names(trees);
    let places: HashMap<&str, usize> =
        names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    let mut known: Vec<HashMap<&str, u32>> = vec![HashMap::new(); shops.len()];
    // As a shop gets them, so that it need not sort them.
    let mut in_order: Vec<&Tree> = trees.iter().collect();
    in_order.sort_by_key(|tree| tree.created_at);
    for tree in in_order {
        for (place, lines) in tree.parts(&places, spread) {
            let shop = &mut shops[place];
            let order = tree.order(shop, &lines, &mut known[place]);
            shop.currency.clone_from(&tree.currency);
            // A number that comes twice is one order: the first.
            shop.add(order);
        }
    }
}

impl Tree {
    /// The number of the parent order.
    fn number(&self) -> &str {
        self.external_id.as_deref().unwrap_or(&self.order_id)
    }

    fn later_times(&mut self) -> impl Iterator<Item = &mut Seconds> {
        let Self { paid_at, shipped_at, received_at, cancelled_at, refunded_at, .. } = self;
        [paid_at, shipped_at, received_at, cancelled_at, refunded_at].into_iter().flatten()
    }

    /// When it changed last, in seconds.
    fn newest(&self) -> i64 {
        let Self { paid_at, shipped_at, received_at, cancelled_at, refunded_at, .. } = self;
        let later = [paid_at, shipped_at, received_at, cancelled_at, refunded_at];
        let newest = later.into_iter().flatten().fold(self.created_at, |a, b| a.max(*b));
        newest.0
    }

    /// The shop orders that make a parent order in each shop.
    fn parts<'a>(
        &'a self,
        places: &HashMap<&str, usize>,
        spread: Spread,
    ) -> Vec<(usize, Vec<&'a ShopOrder>)> {
        match spread {
            Spread::OneShop => vec![(0, self.shops.iter().collect())],
            Spread::ByShop => {
                self.shops.iter().map(|shop| (places[shop.shop_id.as_str()], vec![shop])).collect()
            }
        }
    }

    /// A parent order of the lines of `parts`; `known` has the places of the shop's products.
    fn order<'a>(
        &self,
        shop: &mut Shop,
        parts: &[&'a ShopOrder],
        known: &mut HashMap<&'a str, u32>,
    ) -> Order {
        let seconds = |time: Option<Seconds>| time.map_or(0, |time| time.0);
        let mut children = vec![];
        for part in parts {
            for item in &part.items {
                let product = *known.entry(&item.sku_id).or_insert_with(|| {
                    shop.products.push(item.product(shop, self.created_at.0));
                    shop.products.len() as u32 - 1
                });
                let number = format!("{}-{}", self.number(), children.len() + 1);
                children.push(item.child(number, product, self.packages(part, item)));
            }
        }
        let statuses: Vec<i32> = children.iter().map(|child| child.status).collect();
        Order {
            number: self.number().into(),
            status: of_all(status_of(&self.status), &statuses),
            created_at: self.created_at.0,
            updated_at: self.newest(),
            confirmed_at: seconds(self.paid_at),
            shipped_at: seconds(self.shipped_at),
            listed_at: 0,
            oddities: Oddities::default(),
            children,
        }
    }

    /// The packages in which a line was sent: by tracking number, or by a number of our own, as short as a marketplace's.
    fn packages(&self, part: &ShopOrder, item: &Item) -> Vec<Package> {
        let place = self.shops.iter().take_while(|shop| shop.shop_id != part.shop_id).count() + 1;
        let has =
            |shipment: &Shipment| shipment.lines.iter().any(|line| line.order_id == item.order_id);
        let sent = part.shipments.iter().enumerate().filter(|(_, shipment)| has(shipment));
        sent.map(|(nth, shipment)| {
            let own = || format!("PK-{}-{place}-{}", self.number(), nth + 1);
            let number = shipment.tracking.clone().unwrap_or_else(own);
            Package { number: number.into(), is_bought: true, is_confirmed: true, parts: vec![] }
        })
        .collect()
    }
}

impl Item {
    fn product(&self, shop: &Shop, at: i64) -> Product {
        let nth = shop.products.len() as u64;
        Product {
            goods_id: 601_099_000_000_000 + shop.series * 1_000_000 + nth,
            sku_id: 17_592_000_000_000 + shop.series * 1_000_000 + nth,
            name: self.title.clone().unwrap_or_else(|| self.sku_id.clone()),
            code: self.sku_id.clone(),
            price: self.list_price,
            quantity: 0,
            shelf: Shelf::Listed,
            created_at: at,
            shelved_at: at,
        }
    }

    fn child(&self, number: String, product: u32, packages: Vec<Package>) -> Child {
        let status = status_of(&self.status);
        // What is sold by weight is one unit here.
        let ordered = self.quantity.parse().unwrap_or(1).max(1);
        Child {
            number: number.into(),
            product,
            ordered,
            cancelled: if status == status::CANCELED { ordered } else { 0 },
            status,
            is_co_warehouse: false,
            packages,
        }
    }
}

/// The marketplace's status for one of ours.
fn status_of(word: &str) -> i32 {
    match word {
        "created" => status::PENDING,
        "cancelled" | "closed" => status::CANCELED,
        "shipped" => status::SHIPPED,
        "received" | "completed" => status::DELIVERED,
        _ => status::UNSHIPPED,
    }
}

/// The status of an order whose lines have these: a partial one where some are ahead of others.
fn of_all(whole: i32, lines: &[i32]) -> i32 {
    let has = |status: i32| lines.contains(&status);
    match () {
        () if has(status::UNSHIPPED) && (has(status::SHIPPED) || has(status::DELIVERED)) => {
            status::PARTLY_SHIPPED
        }
        () if has(status::SHIPPED) && has(status::DELIVERED) => status::PARTLY_DELIVERED,
        () => whole,
    }
}
