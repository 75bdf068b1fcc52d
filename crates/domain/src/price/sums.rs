//! What nodes of a tree amount to: the definitions of price, freight and what is to pay, level by level.
//!
//! A dropped node is worth nothing and stands outside every sum.

use crate::tree::Tax;
use crate::{Amount, ItemOrder, Quantity, ShopOrder, Tree};

/// List price times quantity, rounded half up once.
pub fn gross(list_price: Amount, quantity: Quantity) -> Amount {
    let product = |list: i64| (i128::from(list) * i128::from(quantity.0) + 500).div_euclid(1000);
    Amount(list_price.known().and_then(|list| i64::try_from(product(list)).ok()))
}

/// L3: list price times quantity less the item discount.
pub fn line_price(item: &ItemOrder) -> Amount {
    if item.dropped_at.is_some() {
        return Amount::ZERO;
    }
    gross(item.list_price, item.quantity) - item.item_discount
}

/// L3: what the line costs in money after every share, with its tax where that comes on top.
pub fn line_to_pay(item: &ItemOrder, tax: Tax) -> Amount {
    let shares = item.shares;
    let whole = line_price(item) + tax.on_top(item.tax);
    whole - shares.shop - shares.platform - shares.coins - shares.third_party
}

/// L2: the lines' prices less the shop discount.
pub fn shop_price(shop: &ShopOrder) -> Amount {
    shop.items.iter().map(line_price).sum::<Amount>() - shop.shop_discount
}

/// L2: what the freight costs in money after coins and third party, with its tax where that comes on top.
pub fn freight_to_pay(shop: &ShopOrder, tax: Tax) -> Amount {
    let whole = shop.freight + tax.on_top(shop.freight_tax);
    whole - shop.freight_shares.coins - shop.freight_shares.third_party
}

/// L2: lines and freight in money after every share.
pub fn shop_to_pay(shop: &ShopOrder, tax: Tax) -> Amount {
    let lines: Amount = shop.items.iter().map(|item| line_to_pay(item, tax)).sum();
    lines + freight_to_pay(shop, tax)
}

/// L2: the tax of every line and of the freight.
pub fn shop_tax(shop: &ShopOrder) -> Amount {
    shop.items.iter().map(|item| item.tax).sum::<Amount>() + shop.freight_tax
}

/// L1: the shop orders' prices less the platform discount.
pub fn tree_price(tree: &Tree) -> Amount {
    tree.shops.iter().map(shop_price).sum::<Amount>() - tree.payment.platform_discount
}

/// L1: every freight.
pub fn tree_freight(tree: &Tree) -> Amount {
    tree.shops.iter().map(|shop| shop.freight).sum()
}

/// L1: every tax.
pub fn tree_tax(tree: &Tree) -> Amount {
    tree.shops.iter().map(shop_tax).sum()
}

/// L1: price, freight and tax on top, less coins and third-party discount.
pub fn payable(tree: &Tree) -> Amount {
    let order = &tree.payment;
    let whole = tree_price(tree) + tree_freight(tree) + order.tax.on_top(tree_tax(tree));
    whole - order.coins - order.third_party_discount
}
