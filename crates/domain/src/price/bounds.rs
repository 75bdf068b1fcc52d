//! The bounds of amounts and quantities: each by itself, and all of an order together.

use crate::money::AMOUNT_LIMIT;
use crate::placement::Placement;
use crate::quantity::QUANTITY_LIMIT;
use crate::tree::Tax;
use crate::{Amount, FieldError, Quantity};

/// What is said of an order whose sums pass the bound of amounts.
pub const WHOLE_TOO_LARGE: &str = "lines, freights and taxes of an order come to less than 10^12";

/// Everything at list price with its freight and the tax on top, or all of the tax inside where that is more: no sum
/// of the order is larger. What is unknown counts nothing. 500 lines of 10¹² × 10⁹ stay far inside 128 bits.
pub fn whole(placement: &Placement) -> i128 {
    let known = |amount: Amount| i128::from(amount.known().unwrap_or(0));
    let (mut goods, mut taxes) = (0, 0);
    for shop in &placement.shops {
        goods += known(shop.freight);
        taxes += known(shop.freight_tax);
        for item in &shop.items {
            goods += (known(item.list_price) * i128::from(item.quantity.0) + 500) / 1000;
            taxes += known(item.tax);
        }
    }
    match placement.tax {
        Tax::Included => goods.max(taxes),
        Tax::OnTop => goods + taxes,
    }
}

/// What is wrong with the amounts and quantities, all of it at once.
pub(super) fn wrong(placement: &Placement) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut amount = |field: &dyn Fn() -> String, amount: Amount| {
        let wrong = match amount.known() {
            Some(minor) if minor < 0 => ("negative", "an amount is at least 0"),
            Some(minor) if minor >= AMOUNT_LIMIT => ("too_large", "an amount is below 10^12"),
            _ => return,
        };
        errors.push(FieldError { field: field(), code: wrong.0, message: wrong.1.to_owned() });
    };
    amount(&|| "platform_discount".to_owned(), placement.platform_discount);
    amount(&|| "coins".to_owned(), placement.coins);
    amount(&|| "third_party_discount".to_owned(), placement.third_party_discount);
    for (s, shop) in placement.shops.iter().enumerate() {
        amount(&|| format!("shops[{s}].shop_discount"), shop.shop_discount);
        amount(&|| format!("shops[{s}].freight"), shop.freight);
        amount(&|| format!("shops[{s}].freight_tax"), shop.freight_tax);
        for (i, item) in shop.items.iter().enumerate() {
            amount(&|| format!("shops[{s}].items[{i}].list_price"), item.list_price);
            amount(&|| format!("shops[{s}].items[{i}].item_discount"), item.item_discount);
            amount(&|| format!("shops[{s}].items[{i}].tax"), item.tax);
        }
    }
    if placement.shops.is_empty() {
        errors.push(without_lines("shops".to_owned()));
    }
    for (s, shop) in placement.shops.iter().enumerate() {
        if shop.items.is_empty() {
            errors.push(without_lines(format!("shops[{s}].items")));
        }
        for (i, item) in shop.items.iter().enumerate() {
            errors
                .extend(wrong_quantity(&format!("shops[{s}].items[{i}].quantity"), item.quantity));
        }
    }
    if errors.is_empty() && whole(placement) >= i128::from(AMOUNT_LIMIT) {
        let message = WHOLE_TOO_LARGE.to_owned();
        errors.push(FieldError { field: String::new(), code: "too_large", message });
    }
    errors
}

fn without_lines(field: String) -> FieldError {
    FieldError { field, code: "no_lines", message: "an order has at least one line".to_owned() }
}

fn wrong_quantity(field: &str, quantity: Quantity) -> Option<FieldError> {
    let (code, message) = match quantity.0 {
        ..=0 => ("not_positive", "a quantity is above 0"),
        QUANTITY_LIMIT.. => ("too_large", "a quantity is below 10^6"),
        _ => return None,
    };
    Some(FieldError { field: field.to_owned(), code, message: message.to_owned() })
}
