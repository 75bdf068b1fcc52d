//! What stands beside an order, stock and counts of coupons, follows from it: the laws of both after every change.

use super::Harness;
use docket_domain::coupon::{self, ComesBack, CountOf, Counted};
use docket_domain::status::Standing;
use docket_domain::words::{DeliveryStatus, PaymentStatus, RefundStatus, RevokeStatus};
use docket_domain::{AppliedCoupon, Quantity, ShopOrder, Tree};
use std::collections::BTreeMap;

/// What the shelves say follows from the order: held while it may be paid, taken from then on, back as refunds
/// of unshipped units are done and as returns are restocked.
pub fn hold_of_shelves(harness: &Harness) {
    let standing = harness.standing();
    let paid = standing.payment_status == PaymentStatus::Paid;
    let revoked = standing.revoke_status == RevokeStatus::Revoked;
    let mut expected: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (shop, item) in harness.tree.lines().filter(|(_, item)| item.holds_stock) {
        let open = item.dropped_at.is_none() && !paid && !revoked;
        let held = expected.entry((item.sku_id.clone(), shop.place.clone())).or_default();
        *held += if open { item.quantity.0 } else { 0 };
    }
    for (key, held) in expected {
        let shelf = harness.shelves.get(&key).copied().unwrap_or_default();
        assert_eq!(shelf.held, held, "what is held is what may still be paid");
    }
    let gone: i64 = harness
        .tree
        .lines()
        .filter(|(_, item)| item.holds_stock && item.dropped_at.is_none() && paid)
        .map(|(shop, item)| {
            let done = shop.refunds.iter().filter(|r| r.status == RefundStatus::Refunded);
            let lines = done.flat_map(|r| &r.lines).filter(|line| line.order_id == item.id);
            let free = lines.map(|line| (line.quantity - line.shipped).0).sum::<i64>();
            let parcels = shop.shipments.iter().flat_map(|parcel| &parcel.lines);
            let left = parcels.filter(|line| line.order_id == item.id).map(|line| line.quantity.0);
            // A unit that money moved for twice is on the shelf once.
            item.quantity.0 - free.min(item.quantity.0 - left.sum::<i64>())
        })
        .sum();
    let restocked: i64 = harness
        .log
        .iter()
        .filter(|entry| entry.parameters.get("restock").is_some_and(|r| r == true))
        .filter_map(|entry| entry.parameters["quantity"].as_str()?.parse::<Quantity>().ok())
        .map(|quantity| quantity.0)
        .sum();
    let all_tracked = harness.tree.lines().all(|(_, item)| item.holds_stock);
    if all_tracked {
        assert_eq!(
            harness.stock().on_hand,
            restocked - gone,
            "what left the shelves is what was sold"
        );
    }
}

/// What is counted of coupons is what the order holds of them now, or has used up for good; and what a coupon
/// took is part of the discount it stands in.
pub fn hold_of_counts(harness: &Harness) {
    let tree = &harness.tree;
    let standing = harness.standing();
    let mut expected = BTreeMap::<CountOf, (i64, i64)>::new();
    for (applied, stands) in coupon::standings(tree, standing.payment_status) {
        let Some(counted) = &applied.counted else { continue };
        let left = match counted.until {
            None => uses_left(tree, &standing, applied, counted),
            // When it was in time is not told by statuses.
            Some(_) => (stands != coupon::Standing::Released)
                .then(|| i64::from(stands == coupon::Standing::Redeemed)),
        };
        assert_eq!(left.is_none(), stands == coupon::Standing::Released, "{tree:#?}");
        let Some(redeemed) = left else { continue };
        let code = || applied.code.clone();
        let total = expected.entry(CountOf::Total(code())).or_default();
        *total = (total.0 + 1, total.1 + redeemed);
        if let Some(buyer) = tree.payment.buyer_id.clone() {
            expected.entry(CountOf::Buyer(code(), buyer.clone())).or_default().0 += 1;
            let day = counted.day.clone();
            expected.entry(CountOf::BuyerDay(code(), buyer, day)).or_default().0 += 1;
        }
        let phone = counted.phone.expect("the harness counts telephones");
        expected.insert(CountOf::PhoneDay(phone, counted.day.clone()), (1, 0));
    }
    assert_eq!(harness.counts, expected, "{tree:#?}");
    let shops = tree.shops.iter().map(|shop| (&shop.coupons, shop.shop_discount));
    for (coupons, discount) in
        shops.chain([(&tree.payment.coupons, tree.payment.platform_discount)])
    {
        let taken: i64 = coupons.iter().map(|coupon| coupon.amount).sum();
        assert!(discount.known().is_none_or(|discount| taken <= discount), "{tree:#?}");
    }
}

/// Whether the order still has used the coupon, and for good; told by statuses alone.
fn uses_left(
    tree: &Tree,
    standing: &Standing,
    applied: &AppliedCoupon,
    counted: &Counted,
) -> Option<i64> {
    if standing.revoke_status == RevokeStatus::Revoked || counted.given_back.is_some() {
        return None;
    }
    if standing.payment_status != PaymentStatus::Paid {
        return Some(0);
    }
    let all = tree.shops.iter().zip(&standing.shops);
    let open = all.filter(|(shop, _)| shop.dropped_at.is_none());
    let own = tree.shops.iter().find(|shop| shop.coupons.contains(applied)).map(|shop| shop.id);
    let mut of_it = open.filter(|(shop, _)| own.is_none_or(|own| own == shop.id));
    let handed = |shop: &ShopOrder| {
        shop.received.is_some()
            || shop.delivery.iter().any(|step| step.status >= DeliveryStatus::PickedUp)
    };
    let ended = of_it.all(|(shop, standing)| {
        let gone = shop.items.iter().zip(&standing.items).all(|(item, stands)| {
            item.dropped_at.is_some() || stands.refunded_quantity == item.quantity
        });
        match counted.comes_back {
            ComesBack::Never => return false,
            ComesBack::AllGivenBack if gone => return true,
            _ => {}
        }
        !handed(shop)
            && shop
                .items
                .iter()
                .zip(&standing.items)
                .filter(|(item, _)| item.dropped_at.is_none())
                .all(|(item, stands)| {
                    let agreed = shop.refunds.iter().filter(|refund| {
                        matches!(refund.status, RefundStatus::Refunding | RefundStatus::Refunded)
                    });
                    let lines = agreed.flat_map(|refund| &refund.lines);
                    let kept: i64 = lines
                        .filter(|line| line.order_id == item.id)
                        .map(|line| line.quantity.0 - line.shipped.0)
                        .sum();
                    stands.shipped.0 == 0 && kept >= item.quantity.0
                })
    });
    (!ended).then_some(1)
}
