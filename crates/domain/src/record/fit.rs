//! What a report told, cut to what is possible: where its parts contradict each other (a discount above what is
//! left), the part is cut and an anomaly says what was told, so the shares of a tree always add up.

use crate::money::AMOUNT_LIMIT;
use crate::placement::{PlacedItem, Placement};
use crate::price::whole;
use crate::quantity::QUANTITY_LIMIT;
use crate::{Amount, Json, Quantity};
use serde_json::json;

/// The field of the anomaly that gives every amount of an order up.
pub(super) const WHOLE: &str = "shops";

/// Visits every amount with its path, in one fixed order.
pub(super) fn each_amount(
    placement: &mut Placement,
    visit: &mut dyn FnMut(&mut Amount, &dyn Fn() -> String),
) {
    visit(&mut placement.platform_discount, &|| "platform_discount".to_owned());
    visit(&mut placement.coins, &|| "coins".to_owned());
    visit(&mut placement.third_party_discount, &|| "third_party_discount".to_owned());
    for (s, shop) in placement.shops.iter_mut().enumerate() {
        visit(&mut shop.shop_discount, &|| format!("shops[{s}].shop_discount"));
        visit(&mut shop.freight, &|| format!("shops[{s}].freight"));
        visit(&mut shop.freight_tax, &|| format!("shops[{s}].freight_tax"));
        for (i, item) in shop.items.iter_mut().enumerate() {
            visit(&mut item.list_price, &|| format!("shops[{s}].items[{i}].list_price"));
            visit(&mut item.item_discount, &|| format!("shops[{s}].items[{i}].item_discount"));
            visit(&mut item.tax, &|| format!("shops[{s}].items[{i}].tax"));
        }
    }
}

/// Every amount, in the order of [`each_amount`].
pub(super) fn amounts(placement: &Placement) -> Vec<Amount> {
    let mut all = Vec::new();
    each_amount(&mut placement.clone(), &mut |amount, _| all.push(*amount));
    all
}

/// Cuts a placement to what is possible: no number out of range, no discount above what is left. Answers what
/// was cut. Over an unknown nothing is cut: nobody knows what is left.
pub(super) fn fit(placement: &mut Placement) -> Vec<Json> {
    let mut cuts = Vec::new();
    each_amount(placement, &mut |amount, path| {
        let kept = match amount.known() {
            Some(told) if told < 0 => Amount::ZERO,
            Some(told) if told >= AMOUNT_LIMIT => Amount::UNKNOWN,
            _ => *amount,
        };
        cut(amount, kept, path, &mut cuts);
    });
    for (s, shop) in placement.shops.iter_mut().enumerate() {
        for (i, item) in shop.items.iter_mut().enumerate() {
            fit_quantity(item, &|| format!("shops[{s}].items[{i}].quantity"), &mut cuts);
        }
    }
    too_much_in_all(placement, &mut cuts);
    let mut all_left = Amount::ZERO;
    // Freights, and the tax on top of them and of lines.
    let mut beside = Amount::ZERO;
    for (s, shop) in placement.shops.iter_mut().enumerate() {
        let mut left = Amount::ZERO;
        for (i, item) in shop.items.iter_mut().enumerate() {
            beside = beside + placement.tax.on_top(item.tax);
            let gross = Amount(gross(item).and_then(|gross| i64::try_from(gross).ok()));
            let path = || format!("shops[{s}].items[{i}].item_discount");
            left = left + fit_discount(&mut item.item_discount, gross, &path, &mut cuts);
        }
        let path = || format!("shops[{s}].shop_discount");
        all_left = all_left + fit_discount(&mut shop.shop_discount, left, &path, &mut cuts);
        beside = beside + shop.freight + placement.tax.on_top(shop.freight_tax);
    }
    let path = || "platform_discount".to_owned();
    let left = fit_discount(&mut placement.platform_discount, all_left, &path, &mut cuts) + beside;
    let left = fit_discount(&mut placement.coins, left, &|| "coins".to_owned(), &mut cuts);
    let path = || "third_party_discount".to_owned();
    fit_discount(&mut placement.third_party_discount, left, &path, &mut cuts);
    let of_money = cuts.iter_mut().filter(|cut| cut["reported"].is_number());
    of_money.for_each(|cut| cut["currency"] = json!(placement.currency));
    cuts
}

/// Nothing known of an order that comes to more than an order may: its amounts are not credible.
fn too_much_in_all(placement: &mut Placement, cuts: &mut Vec<Json>) {
    let all = whole(placement);
    if all >= i128::from(AMOUNT_LIMIT) {
        cuts.push(json!({"field": WHOLE, "reported": all.to_string(), "kept": null}));
        each_amount(placement, &mut |amount, _| *amount = Amount::UNKNOWN);
    }
}

/// List price times quantity, rounded half up once; none where the price is unknown.
fn gross(item: &PlacedItem) -> Option<i128> {
    let list = item.list_price.known()?;
    Some((i128::from(list) * i128::from(item.quantity.0) + 500) / 1000)
}

fn fit_quantity(item: &mut PlacedItem, path: &dyn Fn() -> String, cuts: &mut Vec<Json>) {
    let kept = Quantity(item.quantity.0.min(QUANTITY_LIMIT - 1));
    if kept != item.quantity {
        let (told, kept_text) = (item.quantity.to_string(), kept.to_string());
        cuts.push(json!({"field": path(), "reported": told, "kept": kept_text}));
        item.quantity = kept;
    }
}

/// Cuts a discount to what is left; answers what is left after it.
fn fit_discount(
    discount: &mut Amount,
    left: Amount,
    path: &dyn Fn() -> String,
    cuts: &mut Vec<Json>,
) -> Amount {
    if let (Some(told), Some(most)) = (discount.known(), left.known())
        && told > most
    {
        cut(discount, left, path, cuts);
    }
    left - *discount
}

fn cut(amount: &mut Amount, kept: Amount, path: &dyn Fn() -> String, cuts: &mut Vec<Json>) {
    if *amount != kept {
        cuts.push(json!({"field": path(), "reported": *amount, "kept": kept}));
        *amount = kept;
    }
}
