//! The money of an order of Temu: whole minor units with their currency.

use super::envelope::Opened;
use super::lists::{number_of, units};
use crate::channel::json::{Object, cut, integer, list, text};
use crate::channel::private::without_people;
use crate::channel::{Amounts, Fault, LineAmounts, Price};
use docket_domain::money::AMOUNT_LIMIT;

/// Reads it. An amount that is not told, or makes no sense, stays unknown; it is never nought.
pub fn read(order: &str, opened: &Opened<'_>) -> Result<Amounts, Fault> {
    let result = opened.object()?;
    let head = result.object("parentOrderMap");
    let head = head.ok_or_else(|| opened.garbled("it has no parentOrderMap"))?;
    // A reply need not name the order; one that names another is none.
    if number_of(&head, "parentOrderSn").is_some_and(|number| number != order) {
        return Err(opened.garbled("the amounts are of another order"));
    }
    let lines = result.get("orderList").and_then(list).unwrap_or_default();
    let line = |row: &str| {
        let row = Object::read(row)?;
        Some(LineAmounts {
            number: number_of(&row, "orderSn")?,
            price: price(&row, "basePrice"),
            unit_price: price(&row, "unitBasePrice"),
            units: units(&row, "quantity"),
        })
    };
    Ok(Amounts {
        order: order.to_owned(),
        goods: price(&head, "basePriceTotal"),
        freight: price(&head, "shippingAmountTotal"),
        tax: price(&head, "taxTotal"),
        seller_discount: price(&head, "discountFromSeller"),
        channel_discount: price(&head, "discountFromTEMU"),
        refunded: price(&head, "refundsTotal"),
        paid: price(&head, "customerPaid"),
        revenue: price(&head, "estimatedRevenue"),
        lines: lines.into_iter().filter_map(|row| line(row.get())).collect(),
        payload: without_people(opened.result),
    })
}

fn price(object: &Object<'_>, field: &str) -> Option<Price> {
    let told = object.object(field)?;
    let amount = told.get("amount").and_then(integer)?;
    let currency = told.get("currency").and_then(text).map(|code| cut(&code, 3).to_owned());
    (-AMOUNT_LIMIT..=AMOUNT_LIMIT).contains(&amount).then_some(Price { amount, currency })
}
