//! Lines and amounts of a report: joined with what is known, fitted so that they add up, priced.
//!
//! An unknown amount that becomes known fills the terms; one that changes makes new terms.

use super::fit::{WHOLE, amounts, each_amount, fit};
use super::times::Untimed;
use super::{Copy, Heard, Place, Report, anomalies};
use crate::decide::Context;
use crate::placement::{PlacedItem, PlacedShop, Placement};
use crate::tree::Anomaly;
use crate::words::AnomalyKind;
use crate::{Amount, FieldError, ItemOrder, Quantity, ShopOrder, Time, Tree, price};
use serde_json::json;

/// The tree of a report about an order that is new here.
pub(super) fn first(heard: &Heard<'_>, cx: &mut Context<'_>) -> Result<Copy, FieldError> {
    let mut placement = heard.placement.clone();
    let cuts = fit(&mut placement);
    let report = heard.report;
    let at = report.created_at.or(report.created_guess).unwrap_or(cx.at);
    let mut tree = priced(&placement, &heard.report.issuer, at)?;
    price::number(&mut tree, cx.next_id);
    tree.payment.home = heard.report.home.clone().unwrap_or_else(|| cx.seat.home());
    tree.payment.visible = heard.report.visible.unwrap_or(tree.payment.visible);
    tree.payment.terms_at = heard.report.terms_at;
    for cut in heard.left_out.iter().cloned().chain(cuts) {
        anomalies::note(&mut tree, AnomalyKind::SumMismatch, cut, cx.at);
    }
    let places = (0..tree.shops.len())
        .map(|shop| Place { shop, items: (0..tree.shops[shop].items.len()).collect() })
        .collect();
    let mut untimed = Untimed::default();
    if heard.report.created_at.is_none() {
        untimed.created();
        guess_created(&untimed, &mut tree, heard.report);
    }
    Ok(Copy { tree, untimed, places, payments: Vec::new() })
}

/// The order was there by the moment its source guesses, and by any cancel, which a later report may overrule.
fn guess_created(untimed: &Untimed, tree: &mut Tree, report: &Report) {
    let cancels = report.shops.iter().filter_map(|shop| shop.cancelled_at);
    for guess in report.created_guess.into_iter().chain(cancels) {
        untimed.guess_created(tree, guess);
    }
}

/// A known tree with the lines and amounts of a report joined in.
pub(super) fn join(
    known: &Tree,
    heard: &Heard<'_>,
    cx: &mut Context<'_>,
) -> Result<Copy, FieldError> {
    let mut tree = known.clone();
    let mut untimed = Untimed::of(known);
    if let Some(at) = heard.report.created_at {
        untimed.created_at(&mut tree, at);
    }
    guess_created(&untimed, &mut tree, heard.report);
    let mut mine = placement_of(&tree);
    let places = find_places(&tree, &mut mine, &heard.placement);
    texts(&mut tree, &heard.placement, &places);
    let lines_before = tree.lines().count();
    let lines_now = mine.shops.iter().map(|shop| shop.items.len()).sum::<usize>();
    let same_currency = known.payment.currency == heard.placement.currency;
    let told = if same_currency && is_credible(known) {
        told_amounts(&mine, &heard.placement, &places)
    } else {
        told_quantities(&mine, &heard.placement, &places)
    };
    if !same_currency {
        let detail =
            json!({"reported": heard.placement.currency, "currency": known.payment.currency});
        anomalies::note(&mut tree, AnomalyKind::CurrencyMismatch, detail, cx.at);
    }

    let mut joined = mine.clone();
    overlay(&mut joined, &told);
    let cuts = fit(&mut joined);
    let added = lines_now > lines_before;
    let changed = added || changes(&mine, &told, &joined);
    if changed || amounts(&mine) != amounts(&joined) {
        let priced = priced(&joined, &tree.payment.issuer, tree.payment.created_at)?;
        take_over(&mut tree, priced, cx);
    }
    for cut in heard.left_out.iter().cloned().chain(cuts) {
        anomalies::note(&mut tree, AnomalyKind::SumMismatch, cut, cx.at);
    }
    if changed {
        tree.payment.terms_at = Some(cx.at);
        tree.payment.terms_version = tree.payment.terms_version.saturating_add(1);
        let detail = json!({"terms_version": tree.payment.terms_version});
        anomalies::note(&mut tree, AnomalyKind::TermsChanged, detail, cx.at);
    }
    Ok(Copy { tree, untimed, places, payments: Vec::new() })
}

/// Prices what was fitted.
pub(super) fn priced(placement: &Placement, issuer: &str, at: Time) -> Result<Tree, FieldError> {
    price::assemble(placement, issuer, at).map_err(|refusal| FieldError {
        field: "shops".to_owned(),
        code: "not_an_order",
        message: refusal.to_string(),
    })
}

/// Fills texts that were not known; what was known stays.
fn texts(tree: &mut Tree, told: &Placement, places: &[Place]) {
    let payment = &mut tree.payment;
    fill(&mut payment.buyer_id, told.buyer_id.as_ref());
    fill(&mut payment.channel, told.channel.as_ref());
    fill(&mut payment.external_id, told.external_id.as_ref());
    fill(&mut payment.client_token, told.client_token.as_ref());
    fill(&mut payment.source, told.source.as_ref());
    fill(&mut payment.extra, told.extra.as_ref());
    add_tags(&mut payment.tags, &told.tags);
    for (place, told) in places.iter().zip(&told.shops) {
        let Some(shop) = tree.shops.get_mut(place.shop) else { continue };
        shop.has_ship_to |= told.has_ship_to;
        fill(&mut shop.buyer_comment, told.buyer_comment.as_ref());
        fill(&mut shop.promotions, told.promotions.as_ref());
        add_tags(&mut shop.tags, &told.tags);
        for (index, told) in place.items.iter().zip(&told.items) {
            let Some(item) = shop.items.get_mut(*index) else { continue };
            fill(&mut item.item_id, told.item_id.as_ref());
            fill(&mut item.title, told.title.as_ref());
            fill(&mut item.image, told.image.as_ref());
            fill(&mut item.attributes, told.attributes.as_ref());
            fill(&mut item.deliver_area_id, told.deliver_area_id.as_ref());
            fill(&mut item.deliver_code, told.deliver_code.as_ref());
            fill(&mut item.extra, told.extra.as_ref());
        }
    }
}

fn fill<T: Clone>(known: &mut Option<T>, told: Option<&T>) {
    if known.is_none() {
        *known = told.cloned();
    }
}

fn add_tags(known: &mut Vec<String>, told: &[String]) {
    for tag in told {
        if !known.contains(tag) {
            known.push(tag.clone());
        }
    }
}

/// What of the tree its price depends on, as a placement. What was dropped costs nothing in it.
pub(super) fn placement_of(tree: &Tree) -> Placement {
    let payment = &tree.payment;
    Placement {
        buyer_id: None,
        currency: payment.currency,
        order_type: payment.order_type,
        market: payment.market,
        platform: payment.platform,
        channel: None,
        external_id: None,
        client_token: None,
        source: None,
        extra: None,
        tags: Vec::new(),
        expected_total: None,
        platform_discount: payment.platform_discount,
        coins: payment.coins,
        third_party_discount: payment.third_party_discount,
        tax: payment.tax,
        shops: tree.shops.iter().map(placed_shop).collect(),
        coupons: Vec::new(),
    }
}

fn placed_shop(shop: &ShopOrder) -> PlacedShop {
    let zero_if_dropped = |amount| if shop.dropped_at.is_some() { Amount::ZERO } else { amount };
    PlacedShop {
        shop_id: shop.shop_id.clone(),
        place: shop.place.clone(),
        fulfilment: shop.fulfilment,
        shop_discount: zero_if_dropped(shop.shop_discount),
        freight: zero_if_dropped(shop.freight),
        freight_tax: zero_if_dropped(shop.freight_tax),
        has_ship_to: shop.has_ship_to,
        buyer_comment: None,
        promotions: None,
        tags: Vec::new(),
        items: shop.items.iter().map(|item| placed_item(shop, item)).collect(),
    }
}

fn placed_item(shop: &ShopOrder, item: &ItemOrder) -> PlacedItem {
    let dropped = is_dropped(shop, item);
    let zero_if_dropped = |amount| if dropped { Amount::ZERO } else { amount };
    PlacedItem {
        sku_id: item.sku_id.clone(),
        item_id: None,
        title: None,
        image: None,
        attributes: None,
        deliver_area_id: None,
        deliver_code: None,
        extra: None,
        quantity: item.quantity,
        list_price: zero_if_dropped(item.list_price),
        item_discount: zero_if_dropped(item.item_discount),
        tax: zero_if_dropped(item.tax),
        weighed: item.weighed,
    }
}

const fn is_dropped(shop: &ShopOrder, item: &ItemOrder) -> bool {
    shop.dropped_at.is_some() || item.dropped_at.is_some()
}

/// Finds every shop order and line of a report in `mine`: the n-th of a shop, the n-th of a SKU in it. What is
/// not there is added at the end, its amounts unknown. A dropped node is not found again: a source that still
/// names it has sold it anew.
fn find_places(tree: &Tree, mine: &mut Placement, told: &Placement) -> Vec<Place> {
    let mut taken = Vec::new();
    let mut places = Vec::with_capacity(told.shops.len());
    for told in &told.shops {
        let old = |at: usize| tree.shops.get(at);
        let free = |(at, shop): (usize, &PlacedShop)| {
            let dropped = old(at).is_some_and(|shop| shop.dropped_at.is_some());
            (shop.shop_id == told.shop_id && !dropped && !taken.contains(&at)).then_some(at)
        };
        let shop = mine.shops.iter().enumerate().find_map(free).unwrap_or_else(|| {
            mine.shops.push(PlacedShop {
                shop_discount: Amount::UNKNOWN,
                freight: Amount::UNKNOWN,
                freight_tax: Amount::UNKNOWN,
                items: Vec::new(),
                ..told.clone()
            });
            mine.shops.len() - 1
        });
        taken.push(shop);
        places.push(Place { shop, items: find_items(old(shop), &mut mine.shops[shop], told) });
    }
    places
}

fn find_items(shop: Option<&ShopOrder>, mine: &mut PlacedShop, told: &PlacedShop) -> Vec<usize> {
    let mut taken = Vec::with_capacity(told.items.len());
    for told in &told.items {
        let free = |(at, item): (usize, &PlacedItem)| {
            let old = shop.and_then(|shop| shop.items.get(at));
            let dropped = old.is_some_and(|item| item.dropped_at.is_some());
            (item.sku_id == told.sku_id && !dropped && !taken.contains(&at)).then_some(at)
        };
        let item = mine.items.iter().enumerate().find_map(free).unwrap_or_else(|| {
            mine.items.push(PlacedItem {
                list_price: Amount::UNKNOWN,
                item_discount: Amount::UNKNOWN,
                tax: Amount::UNKNOWN,
                ..told.clone()
            });
            mine.items.len() - 1
        });
        taken.push(item);
    }
    taken
}

/// What the report says, in the shape of `mine`: unknown where it says nothing.
fn told_amounts(mine: &Placement, told: &Placement, places: &[Place]) -> Placement {
    let mut shaped = told_quantities(mine, told, places);
    shaped.platform_discount = told.platform_discount;
    shaped.coins = told.coins;
    shaped.third_party_discount = told.third_party_discount;
    // A source that tells no tax says nothing of where it stands.
    if carries_tax(told) {
        shaped.tax = told.tax;
    }
    for (place, told) in places.iter().zip(&told.shops) {
        let shop = &mut shaped.shops[place.shop];
        shop.shop_discount = told.shop_discount;
        shop.freight = told.freight;
        shop.freight_tax = told.freight_tax;
        for (index, told) in place.items.iter().zip(&told.items) {
            shop.items[*index].list_price = told.list_price;
            shop.items[*index].item_discount = told.item_discount;
            shop.items[*index].tax = told.tax;
        }
    }
    shaped
}

fn carries_tax(placement: &Placement) -> bool {
    let lines = placement.shops.iter().flat_map(|shop| &shop.items).map(|item| item.tax);
    let freights = placement.shops.iter().map(|shop| shop.freight_tax);
    !lines.chain(freights).all(|tax| tax.is_zero())
}

/// Of what the report says the quantities alone: its amounts are in another currency, or not credible.
fn told_quantities(mine: &Placement, told: &Placement, places: &[Place]) -> Placement {
    let mut shaped = mine.clone();
    each_amount(&mut shaped, &mut |amount, _| *amount = Amount::UNKNOWN);
    for (place, told) in places.iter().zip(&told.shops) {
        for (index, told) in place.items.iter().zip(&told.items) {
            shaped.shops[place.shop].items[*index].quantity = told.quantity;
        }
    }
    shaped
}

/// Where reports gave more than an order may come to, no further one fills the amounts that were given up.
pub(super) fn is_credible(tree: &Tree) -> bool {
    let gave_up = |a: &Anomaly| a.kind == AnomalyKind::SumMismatch && a.detail["field"] == WHOLE;
    !tree.payment.anomalies.iter().any(gave_up)
}

/// Lets what is told stand over what was known.
fn overlay(joined: &mut Placement, told: &Placement) {
    joined.tax = told.tax;
    let mut values = amounts(told).into_iter();
    each_amount(joined, &mut |amount, _| {
        let told = values.next().unwrap_or(Amount::UNKNOWN);
        if told.known().is_some() {
            *amount = told;
        }
    });
    for (mine, told) in joined.shops.iter_mut().zip(&told.shops) {
        for (mine, told) in mine.items.iter_mut().zip(&told.items) {
            mine.quantity = told.quantity;
        }
    }
}

/// Whether the report changes what was known, rather than filling what was not. A value that fitting brings
/// back to what is known is no change: the same report again says nothing new.
pub(super) fn changes(mine: &Placement, told: &Placement, joined: &Placement) -> bool {
    let (mine_amounts, told, now) = (amounts(mine), amounts(told), amounts(joined));
    let changed = mine_amounts.iter().zip(&told).zip(&now).any(|((mine, told), now)| {
        mine.known().is_some() && told.known().is_some() && mine != told && mine != now
    });
    changed || mine.tax != joined.tax || quantities(mine).ne(quantities(joined))
}

fn quantities(placement: &Placement) -> impl Iterator<Item = Quantity> {
    placement.shops.iter().flat_map(|shop| shop.items.iter().map(|item| item.quantity))
}

/// Takes terms and new nodes of a freshly priced tree over into `tree`, which has the same nodes in front.
pub(super) fn take_over(tree: &mut Tree, priced: Tree, cx: &mut Context<'_>) {
    tree.payment.platform_discount = priced.payment.platform_discount;
    tree.payment.coins = priced.payment.coins;
    tree.payment.third_party_discount = priced.payment.third_party_discount;
    tree.payment.tax = priced.payment.tax;
    for (index, new) in priced.shops.into_iter().enumerate() {
        let Some(shop) = tree.shops.get_mut(index) else {
            let items = new.items.into_iter().map(|item| ItemOrder { id: (cx.next_id)(), ..item });
            let items = items.collect();
            tree.shops.push(ShopOrder { id: (cx.next_id)(), items, ..new });
            continue;
        };
        if shop.dropped_at.is_some() {
            continue;
        }
        shop.shop_discount = new.shop_discount;
        shop.freight = new.freight;
        shop.freight_tax = new.freight_tax;
        shop.freight_shares = new.freight_shares;
        for (index, new) in new.items.into_iter().enumerate() {
            match shop.items.get_mut(index) {
                Some(item) if item.dropped_at.is_none() => {
                    item.list_price = new.list_price;
                    item.quantity = new.quantity;
                    item.item_discount = new.item_discount;
                    item.tax = new.tax;
                    item.shares = new.shares;
                }
                Some(_) => {}
                None => shop.items.push(ItemOrder { id: (cx.next_id)(), ..new }),
            }
        }
    }
}
