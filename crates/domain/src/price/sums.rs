//! What nodes of a tree amount to: the definitions of price, freight and what is to pay, level by level.
//!
//! A dropped node is worth nothing and stands outside every sum.

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

/// L3: what the line costs in money after every share.
pub fn line_to_pay(item: &ItemOrder) -> Amount {
    let shares = item.shares;
    line_price(item) - shares.shop - shares.platform - shares.coins - shares.third_party
}

/// L2: the lines' prices less the shop discount.
pub fn shop_price(shop: &ShopOrder) -> Amount {
    shop.items.iter().map(line_price).sum::<Amount>() - shop.shop_discount
}

/// L2: what the freight costs in money after coins and third party.
pub fn freight_to_pay(shop: &ShopOrder) -> Amount {
    shop.freight - shop.freight_shares.coins - shop.freight_shares.third_party
}

/// L2: lines and freight in money after every share.
pub fn shop_to_pay(shop: &ShopOrder) -> Amount {
    shop.items.iter().map(line_to_pay).sum::<Amount>() + freight_to_pay(shop)
}

/// L1: the shop orders' prices less the platform discount.
pub fn tree_price(tree: &Tree) -> Amount {
    tree.shops.iter().map(shop_price).sum::<Amount>() - tree.payment.platform_discount
}

/// L1: every freight.
pub fn tree_freight(tree: &Tree) -> Amount {
    tree.shops.iter().map(|shop| shop.freight).sum()
}

/// L1: price and freight less coins and third-party discount.
pub fn payable(tree: &Tree) -> Amount {
    tree_price(tree) + tree_freight(tree) - tree.payment.coins - tree.payment.third_party_discount
}
