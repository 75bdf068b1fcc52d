//! Stock: what an order holds of the shelves, and what it has taken from them, is a function of the order.
//!
//! Of an order of ours: unpaid: held. Revoked or dropped: nothing. Paid: taken, and back on the shelf what refunds of unshipped units
//! gave back and what came back fit to be sold. A line that was not given stock to hold at placement moves none.
//!
//! Of a sale in a channel shop ([`sales`]): it has happened, so it is taken as soon as it is known, and never held; what
//! was cancelled before it left is on the shelf again. What came back of what left is counted in by hand.

use super::Stage;
use crate::change::StockMove;
use crate::tree::{Allocation, Refund};
use crate::words::RefundStatus;
use crate::{ItemOrder, Quantity, ShopOrder, Tree};
use std::collections::BTreeMap;

/// What moves of each SKU at each place: on the shelf, and held of it.
#[derive(Default)]
struct Sums(BTreeMap<(String, String), (Quantity, Quantity)>);

impl Sums {
    /// Adds what `tree` stands for at `stage`; with a sign, so that two add up to their difference.
    fn add(&mut self, tree: &Tree, stage: Stage, sign: i64) {
        let signed = |quantity: Quantity| Quantity(sign * quantity.0);
        for (shop, item) in tree.lines().filter(|(_, item)| item.holds_stock) {
            let (on_hand, held) = standing(shop, item, stage);
            if (on_hand, held) == (Quantity::ZERO, Quantity::ZERO) {
                continue;
            }
            let sum = self.0.entry((item.sku_id.clone(), shop.place.clone())).or_default();
            sum.0 += signed(on_hand);
            sum.1 += signed(held);
        }
    }

    /// Adds what the lines of a channel shop's order have taken of the shelves.
    fn add_sales(&mut self, tree: &Tree, sign: i64) {
        for (shop, item) in tree.lines().filter(|(_, item)| !item.allocations.is_empty()) {
            let units = sold_units(shop, item);
            for Allocation { sku_id, place, per_unit } in &item.allocations {
                let taken =
                    i128::from(units.0) * i128::from(per_unit.0) / i128::from(Quantity::ONE.0);
                let taken = i64::try_from(taken).unwrap_or(i64::MAX);
                let sum = self.0.entry((sku_id.clone(), place.clone())).or_default();
                sum.0 += Quantity(-sign * taken);
            }
        }
    }

    /// Each once and in the order of their keys.
    fn into_moves(self) -> Vec<StockMove> {
        let moved = |((sku_id, place), (on_hand, held))| StockMove { sku_id, place, on_hand, held };
        let moves = self.0.into_iter().map(moved);
        moves.filter(|m| m.on_hand != Quantity::ZERO || m.held != Quantity::ZERO).collect()
    }
}

/// What one line has added to the shelf, and what it holds of it.
fn standing(shop: &ShopOrder, item: &ItemOrder, stage: Stage) -> (Quantity, Quantity) {
    let dropped = item.dropped_at.is_some();
    match stage {
        Stage::Open if !dropped => (Quantity::ZERO, item.quantity),
        Stage::Paid => {
            let taken = if dropped { Quantity::ZERO } else { item.quantity };
            (freed(shop, item) + restocked(shop, item) - taken, Quantity::ZERO)
        }
        Stage::Unborn | Stage::Open | Stage::Over => (Quantity::ZERO, Quantity::ZERO),
    }
}

/// What the change from `before` to `after` moves; `before` is none at placement. What is recorded of
/// elsewhere moves nothing here.
pub fn moves(before: Option<&Tree>, after: &Tree) -> Vec<StockMove> {
    if !after.lines().any(|(_, item)| item.holds_stock) {
        return Vec::new();
    }
    let mut sums = Sums::default();
    if let Some(before) = before {
        sums.add(before, Stage::of(before), -1);
    }
    sums.add(after, Stage::of(after), 1);
    sums.into_moves()
}

/// What the change from `before` to `after` moves of the shelves that a channel shop sells from; `before` is none where the
/// order is new here.
pub fn sales(before: Option<&Tree>, after: &Tree) -> Vec<StockMove> {
    let mut sums = Sums::default();
    if let Some(before) = before {
        sums.add_sales(before, -1);
    }
    sums.add_sales(after, 1);
    sums.into_moves()
}

/// Units of a line of a channel shop that are sold: those that left, and those that were not cancelled before.
pub(crate) fn sold_units(shop: &ShopOrder, item: &ItemOrder) -> Quantity {
    let all = item.quantity;
    let is_cancelled = shop.heard.is_some_and(|heard| heard.cancelled);
    let cancelled = if is_cancelled {
        all
    } else {
        // A cancel may stand in the order, in a list of its own, or in both.
        item.cancelled_quantity.max(given_back_unshipped(shop, item)).min(all)
    };
    (all - cancelled).max(left(shop, item).min(all))
}

/// What the open lines of `tree` would hold.
pub(crate) fn holds(tree: &Tree) -> Vec<StockMove> {
    let mut sums = Sums::default();
    sums.add(tree, Stage::Open, 1);
    sums.into_moves()
}

/// Units of a line that are free because refunds of what never left are done.
fn freed(shop: &ShopOrder, item: &ItemOrder) -> Quantity {
    // Money may move twice for a unit; it is on the shelf once.
    given_back_unshipped(shop, item).min(item.quantity.saturating_sub(left(shop, item)))
}

/// Units of a line that have left.
fn left(shop: &ShopOrder, item: &ItemOrder) -> Quantity {
    let parcels =
        shop.shipments.iter().filter(|parcel| parcel.has_left()).flat_map(|parcel| &parcel.lines);
    parcels.filter(|line| line.order_id == item.id).map(|line| line.quantity).sum()
}

/// Units of a line of which refunds that are done say that they never left.
fn given_back_unshipped(shop: &ShopOrder, item: &ItemOrder) -> Quantity {
    let done = |refund: &&Refund| refund.status == RefundStatus::Refunded;
    let lines = shop.refunds.iter().filter(done).flat_map(|refund| &refund.lines);
    let lines = lines.filter(|line| line.order_id == item.id);
    lines.map(|line| line.quantity - line.shipped).sum()
}

/// Units of a line that came back and are on the shelf again.
fn restocked(shop: &ShopOrder, item: &ItemOrder) -> Quantity {
    let lines = shop.refunds.iter().flat_map(|refund| &refund.restocked);
    lines.filter(|line| line.order_id == item.id).map(|line| line.quantity).sum()
}
