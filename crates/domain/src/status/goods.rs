//! The units of one line: shipped, given back, and left to ship or to refund.

use crate::tree::Refund;
use crate::words::{DeliveryStatus, RefundStatus, Status};
use crate::{Id, ItemOrder, Quantity, ShopOrder};

/// Whether a refund is asked for or under way.
pub(crate) const fn is_open(refund: &Refund) -> bool {
    matches!(refund.status, RefundStatus::Applied | RefundStatus::Refunding)
}

/// Whether a refund is under way or done: its units will not be shipped any more.
pub(crate) const fn is_agreed(refund: &Refund) -> bool {
    matches!(refund.status, RefundStatus::Refunding | RefundStatus::Refunded)
}

/// Whether the units of a refund are taken: open requests count, rejected and failed ones leave.
pub(crate) const fn counts(refund: &Refund) -> bool {
    is_open(refund) || is_agreed(refund)
}

/// Where the units of a line are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Goods {
    /// Ordered.
    pub quantity: Quantity,
    /// Handed over.
    pub shipped: Quantity,
    /// In a refund that counts.
    pub taken: Quantity,
    /// Shipped units in a refund that counts.
    pub taken_shipped: Quantity,
    /// Unshipped units in a refund that is agreed.
    pub kept: Quantity,
    /// Of these, in one that is still refunding.
    pub kept_refunding: Quantity,
    /// In a refund that is done.
    pub given_back: Quantity,
}

impl Goods {
    /// What `ship` may still take.
    pub const fn left_to_ship(&self) -> Quantity {
        self.quantity.saturating_sub(self.shipped).saturating_sub(self.kept)
    }

    /// What a refund may still ask for.
    pub const fn left_to_refund(&self) -> Quantity {
        self.quantity.saturating_sub(self.taken)
    }

    /// Whether every unit went back.
    pub fn all_given_back(&self) -> bool {
        self.quantity > Quantity::ZERO && self.given_back >= self.quantity
    }

    /// Whether something was shipped, nothing is left, and no unshipped unit waits for its money.
    pub fn is_shipped(&self) -> bool {
        let done = self.kept.saturating_sub(self.kept_refunding);
        // Of units that are done already none waits, although money may be on its way for them once more.
        let waits = self.quantity.saturating_sub(self.shipped).saturating_sub(done);
        self.shipped > Quantity::ZERO
            && self.left_to_ship() == Quantity::ZERO
            && waits.min(self.kept_refunding) == Quantity::ZERO
    }
}

/// Counts the units of `item`, the refund `except` left out. A dropped line has none.
pub(crate) fn goods(shop: &ShopOrder, item: &ItemOrder, except: Option<Id>) -> Goods {
    if item.dropped_at.is_some() {
        return Goods::default();
    }
    let mut goods = Goods { quantity: item.quantity, ..Goods::default() };
    for refund in shop.refunds.iter().filter(|r| counts(r) && Some(r.refund_id) != except) {
        for line in refund.lines.iter().filter(|line| line.order_id == item.id) {
            let unshipped = line.quantity - line.shipped;
            goods.taken += line.quantity;
            goods.taken_shipped += line.shipped;
            match refund.status {
                RefundStatus::Refunding => {
                    goods.kept += unshipped;
                    goods.kept_refunding += unshipped;
                }
                RefundStatus::Refunded => {
                    goods.kept += unshipped;
                    goods.given_back += line.quantity;
                }
                RefundStatus::Applied
                | RefundStatus::Rejected
                | RefundStatus::Failed
                | RefundStatus::Withdrawn => {}
            }
        }
    }
    let parcels = shop.shipments.iter().filter(|parcel| parcel.has_left());
    let in_parcels = parcels.flat_map(|parcel| &parcel.lines);
    let shipped =
        in_parcels.filter(|l| l.order_id == item.id).map(|l| l.quantity).sum::<Quantity>();
    // A meal, a counter sale and what a source reports as shipped go as a whole, without parcels of ours.
    let whole = if is_handed_over(shop) { item.quantity - goods.kept } else { Quantity::ZERO };
    goods.shipped = shipped.max(whole).min(item.quantity);
    goods
}

/// Whether nothing of the shop order was shipped and nothing will be: every open line is in refunds that are
/// agreed.
pub(crate) fn ended_unshipped(shop: &ShopOrder) -> bool {
    let mut open = shop.items.iter().filter(|item| item.dropped_at.is_none()).peekable();
    open.peek().is_some()
        && !is_handed_over(shop)
        && open.all(|item| {
            let units = goods(shop, item, None);
            units.shipped == Quantity::ZERO && units.left_to_ship() == Quantity::ZERO
        })
}

/// Whether the shop order went as a whole: received, picked up by the courier, or reported so.
fn is_handed_over(shop: &ShopOrder) -> bool {
    let reported = shop.reported.map(|reported| reported.status);
    shop.received.is_some()
        || shop.delivery.iter().any(|step| step.status >= DeliveryStatus::PickedUp)
        || matches!(reported, Some(Status::Shipped | Status::Received | Status::Completed))
}
