//! The law of pieces: what is not sold by weight is ordered and moved as whole units.

use docket_domain::ShopOrder;

/// Nothing that was decided cuts a piece in parts.
pub fn are_whole(shop: &ShopOrder) {
    let weighed = |id| shop.items.iter().any(|item| item.id == id && item.weighed);
    let shipped = shop.shipments.iter().flat_map(|parcel| &parcel.lines);
    let returned = shop.refunds.iter().flat_map(|refund| &refund.returned);
    let moved = shipped.chain(returned).map(|line| (line.order_id, line.quantity));
    let refunded = shop.refunds.iter().flat_map(|refund| &refund.lines);
    let refunded = refunded.flat_map(|l| [(l.order_id, l.quantity), (l.order_id, l.shipped)]);
    let ordered = shop.items.iter().map(|item| (item.id, item.quantity));
    for (id, quantity) in moved.chain(refunded).chain(ordered) {
        assert!(quantity.is_whole() || weighed(id), "{quantity} of what is not sold by weight");
    }
}
