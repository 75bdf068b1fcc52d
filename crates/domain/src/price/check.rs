//! The law of a tree's amounts, checked whenever one is built or loaded: every component of L1 is the sum of
//! its parts, and nothing is below zero. A sum over an unknown is not compared.

use super::sums;
use crate::tree::Tax;
use crate::{Amount, ItemOrder, ShopOrder, Tree};

/// A tree's amounts do not add up: somebody wrote past the lane, or a rule has a hole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{component} of order {order} is {whole:?}, but its parts come to {parts:?}")]
pub struct BrokenPrice {
    /// Which component.
    pub component: &'static str,
    /// The node that holds it.
    pub order: crate::Id,
    /// As the node says.
    pub whole: Option<i64>,
    /// As its parts say.
    pub parts: Option<i64>,
}

/// Checks the amounts of `tree`.
pub fn check(tree: &Tree) -> Result<(), BrokenPrice> {
    let payment = &tree.payment;
    let at_top = |component,
                  whole: Amount,
                  line: fn(&ItemOrder) -> Amount,
                  shop: fn(&ShopOrder) -> Amount| {
        let lines: Amount = tree.lines().map(|(_, item)| line(item)).sum();
        let parts = lines + tree.shops.iter().map(shop).sum();
        equal(component, payment.id, whole, parts)
    };
    at_top(
        "platform_discount",
        payment.platform_discount,
        |i| i.shares.platform,
        |_| Amount::ZERO,
    )?;
    at_top("coins", payment.coins, |i| i.shares.coins, |s| s.freight_shares.coins)?;
    at_top(
        "third_party_discount",
        payment.third_party_discount,
        |i| i.shares.third_party,
        |s| s.freight_shares.third_party,
    )?;
    let to_pay = tree.shops.iter().map(|shop| sums::shop_to_pay(shop, payment.tax)).sum();
    equal("payable", payment.id, sums::payable(tree), to_pay)?;
    for shop in &tree.shops {
        let shares = shop.items.iter().map(|item| item.shares.shop).sum();
        equal("shop_discount", shop.id, shop.shop_discount, shares)?;
        not_negative("freight", shop.id, shop.freight)?;
        not_negative("freight_tax", shop.id, shop.freight_tax)?;
        not_negative("freight to pay", shop.id, sums::freight_to_pay(shop, payment.tax))?;
        not_negative("freight_shares", shop.id, shop.freight_shares.coins)?;
        not_negative("freight_shares", shop.id, shop.freight_shares.third_party)?;
        shop.items.iter().try_for_each(|item| check_line(item, payment.tax))?;
    }
    Ok(())
}

fn check_line(item: &ItemOrder, tax: Tax) -> Result<(), BrokenPrice> {
    let shares = item.shares;
    not_negative("item_discount", item.id, item.item_discount)?;
    for share in [shares.shop, shares.platform, shares.coins, shares.third_party] {
        not_negative("shares", item.id, share)?;
    }
    not_negative("tax", item.id, item.tax)?;
    not_negative("price", item.id, sums::line_price(item))?;
    not_negative("to_pay", item.id, sums::line_to_pay(item, tax))?;
    if item.dropped_at.is_some() {
        equal("item_discount", item.id, item.item_discount, Amount::ZERO)?;
        equal("tax", item.id, item.tax, Amount::ZERO)?;
    }
    Ok(())
}

fn equal(
    component: &'static str,
    order: crate::Id,
    whole: Amount,
    parts: Amount,
) -> Result<(), BrokenPrice> {
    match (whole.known(), parts.known()) {
        (Some(a), Some(b)) if a != b => {
            Err(BrokenPrice { component, order, whole: Some(a), parts: Some(b) })
        }
        _ => Ok(()),
    }
}

fn not_negative(
    component: &'static str,
    order: crate::Id,
    amount: Amount,
) -> Result<(), BrokenPrice> {
    match amount.known() {
        Some(minor) if minor < 0 => {
            Err(BrokenPrice { component, order, whole: Some(minor), parts: None })
        }
        _ => Ok(()),
    }
}
