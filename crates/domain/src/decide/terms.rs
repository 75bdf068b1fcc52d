//! What was agreed, changed before it is paid: lines, discounts, freight, address. Each change of money is a
//! new terms version, priced anew; an open attempt to pay forbids it.

use super::lines::WrongLines;
use super::work::{Done, Work, invalid};
use crate::coupon;
use crate::money::AMOUNT_LIMIT;
use crate::operation::{Asked, PriceAsked, TaxAsked};
use crate::price::{self, Coins, Part, sums};
use crate::tree::{FreightShares, Shares};
use crate::words::{AttemptStatus, PaymentStatus, RevokeStatus, Status};
use crate::{Amount, ItemOrder, Quantity, Refusal};

/// Sets shop discount, freight and taxes of a shop order to absolute values.
pub(super) fn adjust_price(work: &mut Work<'_, '_>, asked: &PriceAsked) -> Result<Done, Refusal> {
    must_be_unpaid(work)?;
    let current = work.tree.payment.terms_version;
    let expected = asked.expected_terms_version;
    if let Some(expected) = expected.filter(|expected| *expected != current) {
        return Err(Refusal::TermsConflict { expected, current });
    }
    let PriceAsked { shop_discount, freight, freight_tax, .. } = *asked;
    let none = shop_discount.or(freight).or(freight_tax).is_none() && asked.taxes.is_empty();
    if none {
        let message = "give `shop_discount`, `freight`, `freight_tax` or `lines`";
        return Err(invalid("", "required", message));
    }
    in_range("shop_discount", shop_discount)?;
    in_range("freight", freight)?;
    in_range("freight_tax", freight_tax)?;
    let taxes = lines_to_tax(work, &asked.taxes)?;
    let shop = work.shop_mut();
    let before = shop.clone();
    shop.shop_discount = shop_discount.map_or(shop.shop_discount, Amount::of);
    shop.freight = freight.map_or(shop.freight, Amount::of);
    shop.freight_tax = freight_tax.map_or(shop.freight_tax, Amount::of);
    for (item, tax) in taxes {
        shop.items[item].tax = Amount::of(tax);
    }
    if before == *shop {
        return Ok(Done::Already);
    }
    // A coupon stays in use; of a smaller discount it is a smaller part.
    coupon::fit(&mut shop.coupons, shop.shop_discount);
    let tax =
        sums::shop_tax(shop).known().filter(|_| sums::shop_tax(&before) != sums::shop_tax(shop));
    work.say_if("shop_discount", shop_discount);
    work.say_if("freight", freight);
    work.say_if("tax", tax);
    price_anew(work)
}

/// The positions of the lines whose tax is told, each with it.
fn lines_to_tax(work: &Work<'_, '_>, taxes: &[TaxAsked]) -> Result<Vec<(usize, i64)>, Refusal> {
    let (items, mut wrong) = (&work.shop().items, WrongLines::default());
    let mut found = Vec::with_capacity(taxes.len());
    for (at, TaxAsked { order_id, tax }) in taxes.iter().enumerate() {
        in_range(&format!("lines[{at}].tax"), Some(*tax))?;
        let is_open = |item: &ItemOrder| item.id == *order_id && item.dropped_at.is_none();
        match items.iter().position(is_open) {
            Some(item) => found.push((item, *tax)),
            None => wrong.no_such_line(at, *order_id),
        }
    }
    wrong.refused()?;
    Ok(found)
}

/// Another ship-to; with another freight or tax of it while nothing is paid, alone once it is paid.
pub(super) fn change_address(
    work: &mut Work<'_, '_>,
    freight: Option<i64>,
    freight_tax: Option<i64>,
) -> Result<Done, Refusal> {
    in_range("freight", freight)?;
    in_range("freight_tax", freight_tax)?;
    let nothing_shipped = work.shop_was().items.iter().all(|i| i.shipped == Quantity::ZERO);
    let left = work.shop_was().items.iter().any(|i| i.left_to_ship > Quantity::ZERO);
    let paid = work.shop_was().status == Status::Paid && nothing_shipped && left;
    match freight.or(freight_tax) {
        None if paid || is_unpaid(work) => {}
        None => return Err(work.refuse("it must be unpaid, or paid and nothing of it shipped")),
        Some(_) => must_be_unpaid(work)?,
    }
    work.shop_mut().has_ship_to = true;
    work.say_if("freight", freight);
    let shop = work.shop_mut();
    let before = (shop.freight, shop.freight_tax);
    shop.freight = freight.map_or(shop.freight, Amount::of);
    shop.freight_tax = freight_tax.map_or(shop.freight_tax, Amount::of);
    if before == (shop.freight, shop.freight_tax) {
        return Ok(Done::Changed);
    }
    price_anew(work)
}

/// Takes lines, or the whole shop order, out of the order; with new discounts of L1 where they are given.
pub(super) fn drop(
    work: &mut Work<'_, '_>,
    lines: Option<&[Asked]>,
    platform_discount: Option<i64>,
    third_party_discount: Option<i64>,
) -> Result<Done, Refusal> {
    must_be_unpaid(work)?;
    in_range("platform_discount", platform_discount)?;
    in_range("third_party_discount", third_party_discount)?;
    let dropped = lines_to_drop(work, lines)?;
    let discounts = platform_discount.is_some() || third_party_discount.is_some();
    if dropped.is_empty() && !discounts {
        return Err(invalid("lines", "required", "name lines, or leave `lines` out to drop all"));
    }
    let open = work.tree.lines().filter(|(_, item)| item.dropped_at.is_none()).count();
    if dropped.len() == open {
        return Err(work.refuse("its last open line cannot be dropped; revoke the order"));
    }
    take_out(work, &dropped);
    if let Some(discount) = platform_discount {
        let order = &mut work.tree.payment;
        order.platform_discount = Amount::of(discount);
        coupon::fit(&mut order.coupons, order.platform_discount);
    }
    if let Some(discount) = third_party_discount {
        work.tree.payment.third_party_discount = Amount::of(discount);
    }
    work.say("lines", dropped.len());
    work.say_if("platform_discount", platform_discount);
    work.say_if("third_party_discount", third_party_discount);
    price_anew(work)
}

/// The positions of the lines to drop: each whole, since a dropped line is worth nothing.
fn lines_to_drop(work: &Work<'_, '_>, lines: Option<&[Asked]>) -> Result<Vec<usize>, Refusal> {
    let items = &work.shop().items;
    let is_open = |at: &usize| items[*at].dropped_at.is_none();
    let Some(lines) = lines else { return Ok((0..items.len()).filter(is_open).collect()) };
    let (mut dropped, mut wrong) = (Vec::new(), WrongLines::default());
    for (at, asked) in lines.iter().enumerate() {
        let Some(item) = items.iter().position(|item| item.id == asked.order_id) else {
            wrong.no_such_line(at, asked.order_id);
            continue;
        };
        if asked.quantity.is_some_and(|quantity| quantity != items[item].quantity) {
            wrong.quantity(at, "not_whole", "a line is dropped whole");
        }
        if !dropped.contains(&item) {
            dropped.push(item);
        }
    }
    wrong.refused()?;
    if !dropped.iter().all(is_open) {
        return Err(work.refuse("the line is dropped already"));
    }
    Ok(dropped)
}

/// A dropped node stays with amounts of zero; a shop order without open lines is dropped with them.
fn take_out(work: &mut Work<'_, '_>, dropped: &[usize]) {
    let (at, by) = (work.at(), work.by.actor.kind);
    let shop = work.shop_mut();
    for item in dropped {
        let item = &mut shop.items[*item];
        item.dropped_at = Some(at);
        item.item_discount = Amount::ZERO;
        item.tax = Amount::ZERO;
        item.shares = Shares::default();
    }
    if shop.items.iter().all(|item| item.dropped_at.is_some()) {
        shop.dropped_at = Some(at);
        shop.dropped_by = Some(by);
        shop.shop_discount = Amount::ZERO;
        shop.coupons.clear();
        shop.freight = Amount::ZERO;
        shop.freight_tax = Amount::ZERO;
        shop.freight_shares = FreightShares::default();
    }
}

fn is_unpaid(work: &Work<'_, '_>) -> bool {
    work.shop_was().status == Status::Created
        && matches!(work.was.payment_status, PaymentStatus::Unpaid | PaymentStatus::Failed)
        && work.was.revoke_status == RevokeStatus::None
}

/// Terms may change only while nothing is paid and nobody is paying.
fn must_be_unpaid(work: &Work<'_, '_>) -> Result<(), Refusal> {
    let open = work.tree.payment.attempts.iter().find(|a| a.status == AttemptStatus::Open);
    if let Some(attempt) = open
        && work.shop_was().status == Status::Created
        && work.was.revoke_status == RevokeStatus::None
    {
        return Err(Refusal::PaymentOpen { attempt: attempt.attempt_id });
    }
    if !is_unpaid(work) {
        return Err(work.refuse("it must be open and unpaid"));
    }
    if work.was.payable == Amount::UNKNOWN {
        return Err(Refusal::AmountUnknown { operation: work.operation });
    }
    Ok(())
}

fn in_range(field: &str, amount: Option<i64>) -> Result<(), Refusal> {
    match amount {
        Some(minor) if !(0..AMOUNT_LIMIT).contains(&minor) => {
            Err(invalid(field, "out_of_range", "an amount is at least 0 and below 10^12"))
        }
        _ => Ok(()),
    }
}

/// Computes every share anew under a new terms version. Coins are cut to what is left for them.
fn price_anew(work: &mut Work<'_, '_>) -> Result<Done, Refusal> {
    let own = work.shop_at();
    price::spread(&mut work.tree, Coins::Cut).map_err(|errors| {
        price::too_large(&errors, |part| match part {
            Part::Shop { shop } if shop == own => part.field().to_owned(),
            _ => part.path(),
        })
    })?;
    let payable = sums::payable(&work.tree);
    let (freight, taxes) = (sums::tree_freight(&work.tree), sums::tree_tax(&work.tree));
    let whole = sums::tree_price(&work.tree) + freight + work.tree.payment.tax.on_top(taxes);
    let passes = |sum: Amount| sum.known().is_none_or(|sum| sum >= AMOUNT_LIMIT);
    if passes(whole) || taxes.known().is_some_and(|_| passes(taxes)) {
        return Err(invalid("freight", "too_large", price::WHOLE_TOO_LARGE));
    }
    let at = work.at();
    work.tree.payment.terms_version += 1;
    work.tree.payment.terms_at = Some(at);
    work.say("terms_version", work.tree.payment.terms_version);
    work.say_if("payable", payable.known());
    work.say_if("coins", work.tree.payment.coins.known());
    Ok(Done::Changed)
}
