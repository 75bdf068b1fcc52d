//! The item order (L3): one SKU line with its share of every discount.

use super::refund::is_nothing;
use super::{DeadlineView, HowMuch, Look, Number, ReceiveBy, TimesView};
use crate::described::ItemLevel;
use crate::moment::Moment;
use crate::word::{LevelWord, Shown, StatusWord};
use docket_domain::status::{ItemStanding, rate_status};
use docket_domain::tree::{Allocation, Rate, Shares};
use docket_domain::words::Level;
use docket_domain::{Amount, ItemOrder, Json, Quantity, ShopOrder};
use serde::Serialize;
use utoipa::ToSchema;

/// One SKU line: the smallest part of the order.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ItemOrder)]
pub struct ItemView<'a> {
    /// Its number; left out of quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub order_id: Option<Number>,
    /// `item`.
    #[schema(value_type = ItemLevel)]
    pub level: LevelWord,
    /// The SKU.
    pub sku_id: &'a str,
    /// The number its marketplace gives the line; left out where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub external_id: Option<&'a str>,
    /// The article the SKU belongs to.
    pub item_id: Option<&'a str>,
    /// What the buyer saw.
    pub title: Option<&'a str>,
    /// Where its picture is: an address or a path of the caller's, never fetched.
    pub image: Option<&'a str>,
    /// Its attributes, as the caller told them.
    #[schema(value_type = serde_json::Value)]
    pub attributes: Option<&'a Json>,
    /// Where it is delivered from.
    pub deliver_area_id: Option<&'a str>,
    /// By which code.
    pub deliver_code: Option<&'a str>,
    /// Free extension.
    #[schema(value_type = serde_json::Value)]
    pub extra: Option<&'a Json>,
    /// The main status of the line.
    pub status: StatusWord,
    /// How much was ordered.
    pub quantity: HowMuch,
    /// How much of that its marketplace says was cancelled before it was shipped; left out where nothing was.
    #[serde(skip_serializing_if = "is_nothing")]
    pub cancelled_quantity: HowMuch,
    /// What one unit takes of stock, of a sale in a marketplace shop that is mapped; left out where it takes none by that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allocations: Vec<AllocationView<'a>>,
    /// Unit price before any discount; null where unknown.
    pub list_price: Option<i64>,
    /// Discount for the whole line.
    pub item_discount: Option<i64>,
    /// The tax of the whole line, as it was given; null where unknown.
    pub tax: Option<i64>,
    /// List price × quantity less the item discount.
    pub price: Option<i64>,
    /// Price of one unit after the item discount, rounded half up; shown only, never added up.
    pub now_price: Option<i64>,
    /// Its share of every discount above it.
    pub shares: SharesView,
    /// What it costs in money after every share, with its tax where that comes on top.
    pub to_pay: Option<i64>,
    /// Money given back.
    pub refunded: i64,
    /// How much of it was given back.
    pub refunded_quantity: HowMuch,
    /// Whether it is sold by weight.
    pub weighed: bool,
    /// What the scales said; null until then.
    pub weighed_as: Option<HowMuch>,
    /// 0 until received, 1 may be rated, 2 may be rated again, 3 closed.
    pub rate_status: u8,
    /// Ratings; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<RateView<'a>>,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub times: TimesView,
    /// Always null today: a line has no deadline of its own.
    pub deadline: Option<DeadlineView>,
    /// When it was dropped from the order; left out where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dropped_at: Option<Moment>,
}

impl<'a> ItemView<'a> {
    pub(super) fn of(
        item: &'a ItemOrder,
        standing: &'a ItemStanding,
        shop: &ShopOrder,
        receive_by: ReceiveBy,
        look: &Look<'_>,
    ) -> Self {
        Self {
            order_id: Number::unless_left_out(item.id, look.ids),
            level: Shown::coded(Level::Item, look.codes),
            sku_id: &item.sku_id,
            external_id: item.external_id.as_deref(),
            item_id: item.item_id.as_deref(),
            title: item.title.as_deref(),
            image: item.image.as_deref(),
            attributes: item.attributes.as_ref(),
            deliver_area_id: item.deliver_area_id.as_deref(),
            deliver_code: item.deliver_code.as_deref(),
            extra: item.extra.as_ref(),
            status: Shown::coded(standing.status, look.codes),
            quantity: HowMuch(item.quantity),
            cancelled_quantity: HowMuch(item.cancelled_quantity),
            allocations: item.allocations.iter().map(AllocationView::of).collect(),
            list_price: item.list_price.known(),
            item_discount: item.item_discount.known(),
            tax: item.tax.known(),
            price: standing.price.known(),
            now_price: now_price(standing.price, item.quantity),
            shares: SharesView::of(&item.shares),
            to_pay: standing.to_pay.known(),
            refunded: standing.refunded,
            refunded_quantity: HowMuch(standing.refunded_quantity),
            weighed: item.weighed,
            weighed_as: item.weighed_as.map(HowMuch),
            rate_status: rate_status(standing, item.rates.len(), look.rate_again, look.now),
            rates: item.rates.iter().map(RateView::of).collect(),
            times: TimesView::of(&standing.times, shop.created_at, shop.updated_at, receive_by),
            deadline: None,
            dropped_at: item.dropped_at.map(Moment),
        }
    }
}

/// What one unit of a line takes of one SKU.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Allocation)]
pub struct AllocationView<'a> {
    /// The SKU of yours.
    pub sku_id: &'a str,
    /// The place that it is taken from.
    pub place: &'a str,
    /// How much of it one unit takes.
    pub per_unit: HowMuch,
}

impl<'a> AllocationView<'a> {
    fn of(allocation: &'a Allocation) -> Self {
        let Allocation { sku_id, place, per_unit } = allocation;
        Self { sku_id, place, per_unit: HowMuch(*per_unit) }
    }
}

/// What one unit costs after the item discount, rounded half up.
fn now_price(price: Amount, quantity: Quantity) -> Option<i64> {
    let (price, quantity) = (i128::from(price.known()?), i128::from(quantity.0));
    if quantity <= 0 {
        return None;
    }
    i64::try_from((price * 2000 + quantity).div_euclid(2 * quantity)).ok()
}

/// A line's share of the discounts of the levels above it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Shares)]
pub struct SharesView {
    /// Of the shop discount.
    pub shop: Option<i64>,
    /// Of the platform discount.
    pub platform: Option<i64>,
    /// Of the coins.
    pub coins: Option<i64>,
    /// Of the third-party discount.
    pub third_party: Option<i64>,
}

impl SharesView {
    const fn of(shares: &Shares) -> Self {
        Self {
            shop: shares.shop.known(),
            platform: shares.platform.known(),
            coins: shares.coins.known(),
            third_party: shares.third_party.known(),
        }
    }
}

/// One rating.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Rate)]
pub struct RateView<'a> {
    /// 1 to 5.
    pub score: u8,
    /// In the buyer's words.
    pub text: Option<&'a str>,
    /// When the buyer gave it.
    pub at: Moment,
}

impl<'a> RateView<'a> {
    fn of(rate: &'a Rate) -> Self {
        Self { score: rate.score, text: rate.text.as_deref(), at: rate.at.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_of_a_unit_is_rounded_half_up_and_unknown_stays_unknown() {
        assert_eq!(now_price(Amount::of(11_800), Quantity(2000)), Some(5900));
        assert_eq!(now_price(Amount::of(3), Quantity(2000)), Some(2));
        assert_eq!(now_price(Amount::of(1000), Quantity(1250)), Some(800));
        assert_eq!(now_price(Amount::UNKNOWN, Quantity::ONE), None);
        assert_eq!(now_price(Amount::of(1), Quantity::ZERO), None);
    }
}
