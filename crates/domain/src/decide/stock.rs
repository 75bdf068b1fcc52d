//! What a change moves in the stock ledger. A line that was not given stock to hold at placement moves none.
//!
//! Placed: held. Revoked or dropped: released. Paid: taken from the shelf. Refunded unshipped, or come back and
//! fit to be sold: back on the shelf.

use crate::change::StockMove;
use crate::tree::Refund;
use crate::words::RefundStatus;
use crate::{ItemOrder, Quantity, ShopOrder, Tree};
use std::collections::BTreeMap;

/// Moves by SKU and place, each once and in the order of their keys.
#[derive(Default)]
pub(super) struct Moves(BTreeMap<(String, String), (Quantity, Quantity)>);

impl Moves {
    /// Adds `on_hand` and `held` for the SKU of `item` at the place of `shop`, if the line holds stock.
    pub fn add(&mut self, shop: &ShopOrder, item: &ItemOrder, on_hand: Quantity, held: Quantity) {
        if item.holds_stock {
            let sum = self.0.entry((item.sku_id.clone(), shop.place.clone())).or_default();
            sum.0 += on_hand;
            sum.1 += held;
        }
    }

    pub fn into_moves(self) -> Vec<StockMove> {
        let moved = |((sku_id, place), (on_hand, held))| StockMove { sku_id, place, on_hand, held };
        let moves = self.0.into_iter().map(moved);
        moves.filter(|m| m.on_hand != Quantity::ZERO || m.held != Quantity::ZERO).collect()
    }
}

const fn minus(quantity: Quantity) -> Quantity {
    Quantity(-quantity.0)
}

fn of_open_lines(tree: &Tree, moved: fn(Quantity) -> (Quantity, Quantity)) -> Vec<StockMove> {
    let mut moves = Moves::default();
    for (shop, item) in tree.lines().filter(|(_, item)| item.dropped_at.is_none()) {
        let (on_hand, held) = moved(item.quantity);
        moves.add(shop, item, on_hand, held);
    }
    moves.into_moves()
}

/// What the open lines hold.
pub(super) fn holds(tree: &Tree) -> Vec<StockMove> {
    of_open_lines(tree, |quantity| (Quantity::ZERO, quantity))
}

/// The open lines hold nothing any more.
pub(super) fn releases(tree: &Tree) -> Vec<StockMove> {
    of_open_lines(tree, |quantity| (Quantity::ZERO, minus(quantity)))
}

/// What was held is taken.
pub(super) fn deductions(tree: &Tree) -> Vec<StockMove> {
    of_open_lines(tree, |quantity| (minus(quantity), minus(quantity)))
}

/// These units are on the shelf again.
pub(super) fn returns<'a>(
    shop: &ShopOrder,
    lines: impl IntoIterator<Item = (&'a ItemOrder, Quantity)>,
) -> Vec<StockMove> {
    let mut moves = Moves::default();
    for (item, quantity) in lines {
        moves.add(shop, item, quantity, Quantity::ZERO);
    }
    moves.into_moves()
}

/// Units of each line of `shop` that are free because refunds of what never left are done, by position.
pub(super) fn freed(shop: &ShopOrder) -> Vec<Quantity> {
    let done = |refund: &&Refund| refund.status == RefundStatus::Refunded;
    let freed = |item: &ItemOrder| -> Quantity {
        let parcels = shop.shipments.iter().flat_map(|parcel| &parcel.lines);
        let left: Quantity =
            parcels.filter(|line| line.order_id == item.id).map(|line| line.quantity).sum();
        let lines = shop.refunds.iter().filter(done).flat_map(|refund| &refund.lines);
        let lines = lines.filter(|line| line.order_id == item.id);
        let unshipped: Quantity = lines.map(|line| line.quantity - line.shipped).sum();
        // Money may move twice for a unit; it is on the shelf once.
        unshipped.min(item.quantity.saturating_sub(left))
    };
    shop.items.iter().map(freed).collect()
}

/// What becomes free, or is taken again, where `were` free before.
pub(super) fn freed_since(shop: &ShopOrder, were: &[Quantity]) -> Vec<StockMove> {
    let differ = shop.items.iter().zip(freed(shop)).zip(were);
    returns(shop, differ.map(|((item, free), were)| (item, free - *were)))
}

/// The holds of these lines are released.
pub(super) fn released<'a>(
    shop: &ShopOrder,
    lines: impl IntoIterator<Item = &'a ItemOrder>,
) -> Vec<StockMove> {
    let mut moves = Moves::default();
    for item in lines {
        moves.add(shop, item, Quantity::ZERO, minus(item.quantity));
    }
    moves.into_moves()
}
