//! Lines, quantities and amounts of a channel order: each line the newest that was heard of it, priced anew where
//! that changes something.

use super::super::anomalies::note;
use super::super::fit::{amounts, fit};
use super::super::terms::{changes, is_credible, placement_of, priced, take_over};
use super::find;
use super::register::{Turn, stamped};
use super::report::{AmountsHeard, ChannelReport, LineHeard, OrderHeard};
use crate::decide::Context;
use crate::money::AMOUNT_LIMIT;
use crate::placement::{PlacedItem, PlacedShop, Placement};
use crate::tree::{Heard, Home, Tax};
use crate::words::{AnomalyKind, Fulfilment, OrderType};
use crate::{Amount, FieldError, ItemOrder, ShopOrder, Time, Tree, price};
use serde_json::json;

/// The tree of an order that is new here: its lines, nothing else.
pub(super) fn first(report: &ChannelReport, cx: &mut Context<'_>) -> Result<Tree, FieldError> {
    let lines = report.order.as_ref().map_or(&[][..], |order| &order.lines);
    let lines = in_order(lines);
    if lines.is_empty() {
        return Err(FieldError {
            field: "shops".to_owned(),
            code: "no_lines",
            message: "an order has at least one shop order with one line".to_owned(),
        });
    }
    let placement = Placement {
        buyer_id: None,
        currency: report.currency,
        order_type: OrderType::Goods,
        market: report.market,
        platform: report.platform,
        channel: Some(report.channel.clone()),
        external_id: Some(report.external_id.clone()),
        client_token: None,
        source: None,
        extra: None,
        tags: Vec::new(),
        expected_total: None,
        platform_discount: Amount::UNKNOWN,
        coins: Amount::ZERO,
        third_party_discount: Amount::ZERO,
        tax: Tax::Included,
        shops: vec![PlacedShop {
            shop_id: report.shop_id.clone(),
            place: report.place.clone(),
            fulfilment: Fulfilment::Parcel,
            shop_discount: Amount::UNKNOWN,
            freight: Amount::UNKNOWN,
            freight_tax: Amount::UNKNOWN,
            has_ship_to: false,
            buyer_comment: None,
            promotions: None,
            tags: Vec::new(),
            items: lines.iter().map(|line| placed(line)).collect(),
        }],
        coupons: Vec::new(),
    };
    let by =
        report.order.as_ref().map(|order| order.stamp).map(|s| s.updated_at.unwrap_or(s.read_at));
    let at = report.created_at.or(by).unwrap_or(cx.at);
    let mut tree = priced(&placement, &report.issuer, at)?;
    price::number(&mut tree, cx.next_id);
    tree.payment.home = Home::Channel(report.shop_id.clone());
    let shop = &mut tree.shops[0];
    shop.heard = Some(Heard {
        currency_guessed: true,
        created_by_then: report.created_at.is_none(),
        ..Heard::default()
    });
    for (item, line) in shop.items.iter_mut().zip(lines) {
        item.external_id = Some(line.external_id.clone());
    }
    Ok(tree)
}

/// The lines, one of each child number, in the order in which they stand in an order: that of their numbers, so that
/// shares of discounts do not depend on which line was heard of first.
fn in_order(lines: &[LineHeard]) -> Vec<&LineHeard> {
    let mut all: Vec<&LineHeard> = lines.iter().collect();
    all.sort_by(|a, b| by_number(&a.external_id).cmp(&by_number(&b.external_id)));
    all.dedup_by(|a, b| a.external_id == b.external_id);
    all
}

/// By what numbers that are texts come one after another.
const fn by_number(number: &str) -> (usize, &str) {
    (number.len(), number)
}

fn placed(line: &LineHeard) -> PlacedItem {
    let is_named = line.title.is_some();
    PlacedItem {
        sku_id: line.sku_id.clone(),
        item_id: line.item_id.clone().filter(|_| is_named),
        title: line.title.clone(),
        image: line.image.clone().filter(|_| is_named),
        attributes: line.attributes.clone().filter(|_| is_named),
        deliver_area_id: None,
        deliver_code: None,
        extra: line.extra.clone(),
        quantity: line.ordered,
        list_price: Amount::UNKNOWN,
        item_discount: Amount::UNKNOWN,
        tax: Amount::UNKNOWN,
        weighed: false,
    }
}

/// Takes down lines, quantities and amounts of the shop order at `at`.
pub(super) fn take_down(
    tree: &mut Tree,
    at: usize,
    report: &ChannelReport,
    cx: &mut Context<'_>,
) -> Result<(), FieldError> {
    let mut is_new_agreement = false;
    if let Some(order) = &report.order {
        guess_currency(tree, at, report, order);
        adopt(&mut tree.shops[at], order);
        is_new_agreement |= new_lines(tree, at, order, cx)?;
        is_new_agreement |= quantities(tree, at, order, cx)?;
    }
    if let Some(told) = &report.amounts {
        is_new_agreement |= amounts_told(tree, at, told, cx)?;
    }
    if is_new_agreement {
        tree.payment.terms_at = Some(cx.at);
        tree.payment.terms_version = tree.payment.terms_version.saturating_add(1);
        let detail = json!({"terms_version": tree.payment.terms_version});
        note(tree, AnomalyKind::TermsChanged, detail, cx.at);
    }
    Ok(())
}

/// The currency that region and site let guess counts while nothing better is known.
fn guess_currency(tree: &mut Tree, at: usize, report: &ChannelReport, order: &OrderHeard) {
    let heard = tree.shops[at].heard.unwrap_or_default();
    let turn = Turn::of(heard.order, order.stamp);
    let greater = report.currency.code() > tree.payment.currency.code();
    if heard.currency_guessed && (turn == Turn::Newer || (turn == Turn::Same && greater)) {
        tree.payment.currency = report.currency;
    }
}

/// Lines that came by another road have no child number yet: the first of the SKU gets it.
fn adopt(shop: &mut ShopOrder, order: &OrderHeard) {
    if shop.items.iter().all(|item| item.external_id.is_some()) {
        return;
    }
    for line in &order.lines {
        if find(shop, &line.external_id).is_none() {
            let unnamed =
                |item: &&mut ItemOrder| item.external_id.is_none() && item.sku_id == line.sku_id;
            if let Some(item) = shop.items.iter_mut().find(unnamed) {
                item.external_id = Some(line.external_id.clone());
            }
        }
    }
}

/// Adds the lines that were not known, their amounts unknown; whether there were any.
fn new_lines(
    tree: &mut Tree,
    at: usize,
    order: &OrderHeard,
    cx: &mut Context<'_>,
) -> Result<bool, FieldError> {
    let mut new = in_order(&order.lines);
    new.retain(|line| find(&tree.shops[at], &line.external_id).is_none());
    if new.is_empty() {
        return Ok(false);
    }
    let mut wanted = placement_of(tree);
    for line in new {
        let items = &mut tree.shops[at].items;
        let is_before = |item: &ItemOrder| {
            item.external_id
                .as_deref()
                .is_none_or(|known| by_number(known) < by_number(&line.external_id))
        };
        let place = items.partition_point(is_before);
        let item = placed(line);
        items.insert(
            place,
            ItemOrder {
                id: (cx.next_id)(),
                external_id: Some(line.external_id.clone()),
                ..price::item_order(&item)
            },
        );
        wanted.shops[at].items.insert(place, item);
    }
    let priced = priced(&wanted, &tree.payment.issuer, tree.payment.created_at)?;
    take_over(tree, priced, cx);
    Ok(true)
}

/// Ordered and cancelled quantities, each line by itself; whether one was ordered otherwise than was known.
fn quantities(
    tree: &mut Tree,
    at: usize,
    order: &OrderHeard,
    cx: &mut Context<'_>,
) -> Result<bool, FieldError> {
    let mut wanted = None;
    for line in in_order(&order.lines) {
        let Some(index) = find(&tree.shops[at], &line.external_id) else { continue };
        let item = &mut tree.shops[at].items[index];
        let mut heard = item.heard.unwrap_or_default();
        let turn = Turn::of(heard.order, order.stamp);
        let mut quantity = item.quantity;
        let other_quantity = turn.settle(&mut quantity, &line.ordered);
        let mut changed = turn.settle(&mut item.cancelled_quantity, &line.cancelled);
        changed |= turn.settle_free(&mut item.extra, line.extra.as_ref()) || other_quantity;
        let known = heard.order;
        heard.order = stamped(known, order.stamp, turn, changed);
        if heard.order != known {
            // What it is called was told with what was known.
            heard.named = heard.named.or(known);
        }
        item.heard = Some(heard);
        if other_quantity {
            let wanted: &mut Placement = wanted.get_or_insert_with(|| placement_of(tree));
            wanted.shops[at].items[index].quantity = quantity;
        }
    }
    wanted.map_or(Ok(false), |wanted| agree(tree, wanted, cx))
}

/// The amounts of one tree that a reading tells at once, and those of each line.
type Told = (Amount, Amount, Amount, Amount, Tax);

fn of_whole(tree: &Tree, at: usize) -> Told {
    let (payment, shop) = (&tree.payment, &tree.shops[at]);
    (payment.platform_discount, shop.shop_discount, shop.freight, shop.freight_tax, payment.tax)
}

const fn of_line(item: &ItemOrder) -> (Amount, Amount, Amount) {
    (item.list_price, item.item_discount, item.tax)
}

/// Amounts, each line by itself; whether one that was known is another.
fn amounts_told(
    tree: &mut Tree,
    at: usize,
    told: &AmountsHeard,
    cx: &mut Context<'_>,
) -> Result<bool, FieldError> {
    if !is_credible(tree) || !is_currency_of(tree, at, told, cx.at) {
        return Ok(false);
    }
    let mut wanted = placement_of(tree);
    let whole = Turn::of(tree.shops[at].heard.unwrap_or_default().amounts, told.read_at);
    settle(whole, &mut wanted.platform_discount, told.platform_discount);
    if let Some(tax) = told.tax
        && (whole == Turn::Newer || (whole == Turn::Same && tax == Tax::OnTop))
    {
        wanted.tax = tax;
    }
    let shop = &mut wanted.shops[at];
    settle(whole, &mut shop.shop_discount, told.shop_discount);
    settle(whole, &mut shop.freight, told.freight);
    settle(whole, &mut shop.freight_tax, told.freight_tax);
    let mut lines = Vec::with_capacity(told.lines.len());
    for line in &told.lines {
        let Some(index) = find(&tree.shops[at], &line.external_id) else { continue };
        let item = &tree.shops[at].items[index];
        let turn = Turn::of(item.heard.unwrap_or_default().amounts, told.read_at);
        let placed = &mut shop.items[index];
        settle(turn, &mut placed.list_price, line.list_price);
        settle(turn, &mut placed.item_discount, line.item_discount);
        settle(turn, &mut placed.tax, line.tax);
        lines.push((index, turn, of_line(item)));
    }
    let before = of_whole(tree, at);
    // Where nothing was known, nothing is another.
    let was_priced = is_priced(tree);
    let is_new = agree(tree, wanted, cx)? && was_priced;
    let changed = of_whole(tree, at) != before;
    let shop = &mut tree.shops[at];
    let read = |known: &mut Option<Time>, turn: Turn, changed: bool| {
        if turn == Turn::Newer && (changed || known.is_none()) {
            *known = Some(told.read_at);
        }
    };
    let heard = shop.heard.get_or_insert_default();
    heard.currency_guessed = false;
    if let Some(told_now) = told.refunded {
        let (mut amount, at) = heard.refunded.unwrap_or((-1, told.read_at));
        let turn = Turn::of(Some(at), told.read_at);
        if turn.settle(&mut amount, &told_now.clamp(0, AMOUNT_LIMIT - 1)) {
            heard.refunded = Some((amount, told.read_at));
        }
    }
    read(&mut heard.amounts, whole, changed);
    for (index, turn, before) in lines {
        let item = &mut shop.items[index];
        let changed = of_line(item) != before;
        read(&mut item.heard.get_or_insert_default().amounts, turn, changed);
    }
    Ok(is_new)
}

/// Whether amounts are told in the currency of the order. While none is known, it is theirs.
fn is_currency_of(tree: &mut Tree, at: usize, told: &AmountsHeard, now: Time) -> bool {
    let currency = tree.payment.currency;
    if currency == told.currency {
        return true;
    }
    let is_guess = tree.shops[at].heard.is_some_and(|heard| heard.currency_guessed);
    if is_guess || !is_priced(tree) {
        tree.payment.currency = told.currency;
        return true;
    }
    let detail = json!({"reported": told.currency, "currency": currency});
    note(tree, AnomalyKind::CurrencyMismatch, detail, now);
    false
}

/// Whether any amount of an order is known.
pub(super) fn is_priced(tree: &Tree) -> bool {
    let known = |amount: Amount| amount.known().is_some_and(|amount| amount != 0);
    amounts(&placement_of(tree)).into_iter().any(known)
}

/// An amount that is known wins over one that is not, whichever is newer.
fn settle(turn: Turn, known: &mut Amount, told: Amount) {
    let wins = match (known.known(), told.known(), turn) {
        (_, None, _) => false,
        (None, Some(_), _) | (_, _, Turn::Newer) => true,
        (Some(known), Some(told), Turn::Same) => told > known,
        (_, _, Turn::Older) => false,
    };
    if wins {
        *known = told;
    }
}

/// Prices what is wanted and takes it over; whether a quantity or amount that was known is another.
fn agree(tree: &mut Tree, mut wanted: Placement, cx: &mut Context<'_>) -> Result<bool, FieldError> {
    let mine = placement_of(tree);
    let cuts = fit(&mut wanted);
    for cut in cuts {
        note(tree, AnomalyKind::SumMismatch, cut, cx.at);
    }
    if mine == wanted {
        return Ok(false);
    }
    let changed = changes(&mine, &wanted, &wanted);
    let priced = priced(&wanted, &tree.payment.issuer, tree.payment.created_at)?;
    take_over(tree, priced, cx);
    Ok(changed)
}
