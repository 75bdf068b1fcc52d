//! What an order costs: a function of its lines and its number, so that whoever reads it can be held against it.

use super::order::{AftersaleKind, Child, Order};
use super::shop::{Region, Shop};

/// The money of an order in whole minor units. What was cancelled before shipment costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    pub goods: i64,
    pub freight: i64,
    pub tax: i64,
    pub seller_discount: i64,
    pub channel_discount: i64,
    /// What the buyer paid. In Europe prices have their tax inside, elsewhere it comes on top.
    pub paid: i64,
    /// What went back of that, of all refunds that were granted after delivery: what the goods cost.
    pub refunded: i64,
}

/// Units of a line that were not cancelled.
pub fn left(child: &Child) -> i64 {
    i64::from(child.ordered.saturating_sub(child.cancelled))
}

impl Money {
    pub fn of(shop: &Shop, order: &Order) -> Self {
        let price = |child: &Child| shop.products[child.product as usize].price;
        let goods: i64 = order.children.iter().map(|child| price(child) * left(child)).sum();
        let by_number = order.number.bytes().map(i64::from).sum::<i64>();
        let part = |every: i64, percent: i64| {
            if by_number % every == 0 { goods * percent / 100 } else { 0 }
        };
        let freight = if by_number % 2 == 0 && goods > 0 { 299 } else { 0 };
        let (seller_discount, channel_discount) = (part(3, 10), part(5, 5));
        let net = goods - seller_discount - channel_discount;
        let tax = net / 20;
        let on_top = if shop.region == Region::Eu { 0 } else { tax };
        let paid = net + freight + on_top;
        let refunded = Self::refunded(shop, order);
        Self { goods, freight, tax, seller_discount, channel_discount, paid, refunded }
    }

    fn refunded(shop: &Shop, order: &Order) -> i64 {
        let Some(place) = shop.place(&order.number) else { return 0 };
        let granted = shop.aftersales.iter().filter(|aftersale| {
            aftersale.order as usize == place
                && aftersale.kind == AftersaleKind::Refund
                && aftersale.is_granted()
        });
        let cost = granted.map(|aftersale| {
            let child = &order.children[aftersale.child as usize];
            shop.products[child.product as usize].price * i64::from(aftersale.units)
        });
        cost.sum()
    }
}
