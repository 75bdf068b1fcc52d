//! What a sale in a channel shop takes of our stock.
//!
//! A channel names what was sold by its own numbers and by the seller's codes. The map of a shop says of such a code which
//! SKU of ours that is, at which place, and how much of it one piece takes. A line is allocated **once, as a whole**: when
//! all that makes up one unit of it is mapped. What it takes from then on follows from the facts of the order
//! ([`crate::ledger::stock`]), so it is never taken twice, and whatever late report comes gives nothing back by itself.

use super::super::anomalies::note;
use super::ChannelReport;
use crate::ledger::stock::{sales, sold_units};
use crate::tree::{Allocation, Home};
use crate::words::AnomalyKind;
use crate::{ItemOrder, Json, Quantity, Time, Tree};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The name in the `extra` of a line under which stands what one unit of it is made of.
const PRODUCTS: &str = "products";

/// One of the things that one sold unit is made of, as its channel names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sold {
    /// The seller's own code.
    pub code: Option<String>,
    /// The channel's number.
    pub sku_id: Option<String>,
    /// How many of it one unit has.
    pub pieces: u32,
}

impl Sold {
    /// The codes by which the map may know it: the seller's own first.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        [&self.code, &self.sku_id].into_iter().flatten().map(String::as_str)
    }
}

/// What is kept of what one unit of a line is made of, with the name under which it stands in the `extra` of the line.
pub fn kept(sold: &[Sold]) -> (&'static str, Json) {
    let one =
        |sold: &Sold| json!({"code": sold.code, "sku_id": sold.sku_id, "factor": sold.pieces});
    (PRODUCTS, sold.iter().map(one).collect())
}

/// What one unit of a line is made of: what was kept of it, else its SKU.
fn made_of(sku_id: &str, extra: Option<&Json>) -> Vec<Sold> {
    let text = |product: &Json, name: &str| product[name].as_str().map(str::to_owned);
    let of = |product: &Json| Sold {
        code: text(product, "code"),
        sku_id: text(product, "sku_id"),
        pieces: product["factor"]
            .as_u64()
            .and_then(|pieces| u32::try_from(pieces).ok())
            .unwrap_or(1),
    };
    let products = extra.and_then(|extra| extra[PRODUCTS].as_array());
    let sold: Vec<Sold> = products.into_iter().flatten().map(of).collect();
    if sold.iter().any(|sold| sold.codes().next().is_some()) {
        return sold;
    }
    vec![Sold { code: None, sku_id: Some(sku_id.to_owned()), pieces: 1 }]
}

/// The codes that a report of an order, taken down on `known`, may want the map for.
pub fn codes(known: Option<&Tree>, report: &ChannelReport) -> BTreeSet<String> {
    let told = report.order.iter().flat_map(|order| &order.lines);
    let told = told.map(|line| made_of(&line.sku_id, line.extra.as_ref()));
    let open = known.into_iter().flat_map(Tree::lines).map(|(_, item)| item);
    let open = open.filter(|item| item.allocations.is_empty());
    let open = open.map(|item| made_of(&item.sku_id, item.extra.as_ref()));
    let all: Vec<Sold> = told.chain(open).flatten().collect();
    all.iter().flat_map(Sold::codes).map(str::to_owned).collect()
}

/// What the map of a shop says of one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The SKU of ours.
    pub sku_id: String,
    /// The place that it is taken from.
    pub place: String,
    /// How much of it one piece takes.
    pub per_piece: Quantity,
}

/// The shelves that a channel shop sells from, as far as one order needs them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shelves {
    /// Orders that were created from then on take stock; none where no order does.
    pub from: Option<Time>,
    /// What the map says, by code.
    pub map: BTreeMap<String, Mapping>,
    /// What may still be promised, by place and SKU, before this order is taken down.
    pub available: BTreeMap<(String, String), Quantity>,
}

impl Shelves {
    /// Of a shop whose orders take none.
    pub const NONE: Self = Self { from: None, map: BTreeMap::new(), available: BTreeMap::new() };

    fn mapping(&self, sold: &Sold) -> Option<&Mapping> {
        sold.codes().find_map(|code| self.map.get(code))
    }

    /// What one unit of a line takes; none where something of it is not mapped.
    fn allocations(&self, item: &ItemOrder) -> Option<Vec<Allocation>> {
        let made_of = made_of(&item.sku_id, item.extra.as_ref()).into_iter().map(|sold| {
            let Mapping { sku_id, place, per_piece } = self.mapping(&sold)?.clone();
            let per_unit = Quantity(per_piece.0.saturating_mul(i64::from(sold.pieces)));
            Some(Allocation { sku_id, place, per_unit })
        });
        made_of.collect()
    }
}

/// Whether an order takes stock: a channel shop's, created at a moment that is known and counts.
fn counts(tree: &Tree, from: Option<Time>) -> bool {
    let is_certain = |heard: &crate::tree::Heard| !heard.created_by_then;
    let is_certain = tree.shops.iter().all(|shop| shop.heard.as_ref().is_none_or(is_certain));
    matches!(tree.payment.home, Home::Channel(_))
        && is_certain
        && from.is_some_and(|from| tree.payment.created_at >= from)
}

/// What of `tree` waits for the map of its shop, each with what it is called: of each thing that the map does not know the
/// code that people know it by. Nothing of an order that takes no stock, or of a line that sells nothing any more.
pub fn unmapped(tree: &Tree, shelves: &Shelves) -> BTreeMap<String, Option<String>> {
    if !counts(tree, shelves.from) {
        return BTreeMap::new();
    }
    let mut waiting = BTreeMap::new();
    for (shop, item) in tree.lines() {
        if !item.allocations.is_empty() || sold_units(shop, item) == Quantity::ZERO {
            continue;
        }
        let made_of = made_of(&item.sku_id, item.extra.as_ref());
        for sold in made_of.iter().filter(|sold| shelves.mapping(sold).is_none()) {
            if let Some(code) = sold.codes().next() {
                waiting.insert(code.to_owned(), item.title.clone());
            }
        }
    }
    waiting
}

/// Allocates the lines of `tree` that can be, and notes where more is sold by that than there is.
pub(super) fn allocate(known: Option<&Tree>, tree: &mut Tree, shelves: &Shelves, at: Time) {
    if counts(tree, shelves.from) {
        for shop in &mut tree.shops {
            for item in shop.items.iter_mut().filter(|item| item.allocations.is_empty()) {
                item.allocations = shelves.allocations(item).unwrap_or_default();
            }
        }
    }
    for moved in sales(known, tree) {
        let key = (moved.place, moved.sku_id);
        let Some(available) = shelves.available.get(&key) else { continue };
        let left = *available + moved.on_hand;
        if moved.on_hand < Quantity::ZERO && left < Quantity::ZERO {
            let (place, sku) = key;
            oversold(tree, &sku, &place, at);
        }
    }
}

/// Notes it once of each SKU at each place.
fn oversold(tree: &mut Tree, sku: &str, place: &str, at: Time) {
    note(tree, AnomalyKind::Oversold, json!({"sku": sku, "place": place}), at);
}
