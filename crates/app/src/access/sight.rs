//! Whether an order that a list found matches by what its caller may see of it. The database tests whole trees;
//! a key limited to shops or places must not learn from a list what stands in the parts of others.

use crate::Orders;
use crate::access::Principal;
use docket_domain::status::{self, ShopStanding};
use docket_domain::tree::Home;
use docket_domain::{ShopOrder, Time, Tree};
use docket_wire::{Person, Telephone, telephone};

/// Whether `tree` matches `asked` by the shop orders that `who` may see, and by L1.
pub(crate) fn matches(
    who: &Principal,
    tree: &Tree,
    customer: Option<&Person>,
    asked: &Orders,
) -> bool {
    if who.is_unlimited() {
        // What cannot be opened was found by its hash alone.
        return asked.phone.is_none()
            || customer.is_none_or(|customer| by_phone(customer.phone_cells(), asked));
    }
    by_parts(who, tree, customer, asked)
}

/// Whether `tree`, which no database has tested, is one of those that are asked for. Duplicates are found by the
/// database alone.
pub(crate) fn passes(
    who: &Principal,
    tree: &Tree,
    customer: Option<&Person>,
    asked: &Orders,
) -> bool {
    let (order, standing) = (&tree.payment, status::of(tree));
    let within = |(from, to): (Option<Time>, Option<Time>), at: Option<Time>| match at {
        Some(at) => from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to),
        None => from.is_none() && to.is_none(),
    };
    let branch = |name: &String| order.home == Home::Branch(name.clone());
    let anomaly = |kind: &String| order.anomalies.iter().any(|a| a.kind.word() == kind);
    let is = |asked: &Option<String>, has: &Option<String>| asked.is_none() || asked == has;
    !asked.duplicate
        && asked.id.is_none_or(|id| tree.has_node(id))
        && is(&asked.external_id, &order.external_id)
        && is(&asked.client_token, &order.client_token)
        && is(&asked.buyer, &order.buyer_id)
        && is(&asked.channel, &order.channel)
        && asked.branch.as_ref().is_none_or(branch)
        && asked.status.is_none_or(|status| standing.status == status)
        && asked.store_status.is_none_or(|status| standing.store_status == status)
        && asked.order_type.is_none_or(|kind| order.order_type == kind)
        && asked.anomaly.as_ref().is_none_or(anomaly)
        && within(asked.created, Some(order.created_at))
        && within(asked.paid, standing.times.paid_at)
        && within(asked.updated, Some(order.updated_at))
        && by_parts(who, tree, customer, asked)
}

fn by_parts(who: &Principal, tree: &Tree, customer: Option<&Person>, asked: &Orders) -> bool {
    let standing = status::of(tree);
    let all = tree.shops.iter().zip(&standing.shops).enumerate();
    let seen: Vec<Seen<'_>> = all
        .filter(|(_, (shop, _))| who.touches(shop))
        .map(|(at, (shop, standing))| {
            let ship_to = customer.and_then(|customer| customer.ship_to.get(at)?.as_ref());
            Seen { shop, standing, phone: ship_to.and_then(|to| to.phone.as_deref()) }
        })
        .collect();
    let buyer = customer.and_then(|customer| customer.buyer.phone.as_deref());
    !seen.is_empty()
        && by_shop_orders(&seen, asked)
        && by_labels(&seen, &tree.payment.tags, asked)
        && by_phone(seen.iter().filter_map(|seen| seen.phone).chain(buyer), asked)
}

/// A shop order that the caller may see.
struct Seen<'a> {
    shop: &'a ShopOrder,
    standing: &'a ShopStanding,
    /// The telephone it is sent to.
    phone: Option<&'a str>,
}

fn by_shop_orders(seen: &[Seen<'_>], asked: &Orders) -> bool {
    let any = |test: &dyn Fn(&Seen<'_>) -> bool| seen.iter().any(test);
    let shop = |name: &String| any(&|one| one.shop.shop_id == *name);
    let place = |name: &String| any(&|one| one.shop.place == *name);
    let sku = |sku: &String| any(&|one| one.shop.items.iter().any(|item| item.sku_id == *sku));
    let tracking = |number: &String| {
        let carries = |one: &Seen<'_>| {
            let mut parcels = one.shop.shipments.iter();
            parcels.any(|sent| [&sent.tracking, &sent.package].contains(&&Some(number.clone())))
        };
        any(&carries)
    };
    asked.shop.as_ref().is_none_or(shop)
        && asked.place.as_ref().is_none_or(place)
        && asked.sku.as_ref().is_none_or(sku)
        && asked.tracking.as_ref().is_none_or(tracking)
        && asked.delivery.is_none_or(|word| any(&|one| one.standing.delivery_status == Some(word)))
        && asked.refund.is_none_or(|word| any(&|one| one.standing.refund_status == word))
}

fn by_labels(seen: &[Seen<'_>], of_order: &[String], asked: &Orders) -> bool {
    asked.tag.as_ref().is_none_or(|tag| {
        of_order.contains(tag) || seen.iter().any(|one| one.shop.tags.contains(tag))
    })
}

/// Whether one of `phones` is what is looked for. A list finds numbers without a country by their ends, which
/// others have too.
fn by_phone<'a>(phones: impl Iterator<Item = &'a str>, asked: &Orders) -> bool {
    if asked.phone.is_none() && asked.phone_last4.is_none() {
        return true;
    }
    let known: Vec<Telephone> = phones.flat_map(telephone::read).collect();
    let is_known = |wanted: &Telephone| known.iter().any(|phone| phone.is(wanted));
    let whole = |text: &String| telephone::read(text).iter().any(is_known);
    let last4 = |digits: &String| known.iter().any(|phone| phone.last4() == Some(digits));
    asked.phone.as_ref().is_none_or(whole) && asked.phone_last4.as_ref().is_none_or(last4)
}
