//! The body of `POST /api/orders` and `POST /api/quotes`: an order to place.
//!
//! The same readers serve a recorded tree ([`crate::record`]), where amounts may be unknown. Prices, stock
//! and whether the caller may set them are the domain's to judge.

use crate::document::Node;
use crate::kinds;
use crate::market::Markets;
use crate::person::{self, Person, ShipTo};
use crate::reader::{Fields, Reader, Source, Unreadable};
use docket_domain::coupon::COUPONS_MAX;
use docket_domain::money::AMOUNT_LIMIT;
use docket_domain::placement::{
    LINES_MAX, NOT_WHOLE, PlacedCoupon, PlacedItem, PlacedShop, SHOPS_MAX,
};
use docket_domain::tree::Tax;
use docket_domain::words::{OrderType, Platform};
use docket_domain::{Actor, ActorKind, Amount, Placement, price};

/// The place of a shop order that names none.
pub const DEFAULT_PLACE: &str = "main";

/// A placement as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The order, without people's data.
    pub placement: Placement,
    /// People's data, to be sealed.
    pub person: Person,
    /// Who places it, where the caller says so.
    pub actor: Option<Actor>,
}

/// Reads a placement; `markets` are the words `market` may have.
pub fn read(body: &[u8], markets: &Markets) -> Result<Placed, Unreadable> {
    crate::reader::read(body, Source::Request, |fields| {
        let actor = fields.optional("actor", actor);
        let (placement, person) = tree(fields, markets, |fields, kind| {
            fields.required("shops", |reader, node| {
                reader.list(node, SHOPS_MAX, |reader, node| {
                    reader.object(node, |fields| {
                        let items = fields.required("items", |reader, node| {
                            reader.list(node, LINES_MAX, |reader, node| reader.object(node, item))
                        });
                        if items.as_ref().is_some_and(Vec::is_empty) {
                            fields.wrong::<()>("items", "empty", "needs at least one line");
                        }
                        shop(fields, kind, items)
                    })
                })
            })
        })?;
        if placement.shops.is_empty() {
            return fields.wrong("shops", "empty", "needs at least one shop");
        }
        Some(Placed { placement, person, actor })
    })
}

/// A shop order with its ship-to, as it was read.
pub(crate) type ShopRead = (PlacedShop, Option<ShipTo>);

/// Reads the fields of L1 that a placement and a recorded tree share. `shops` reads the shop orders, told the
/// type of the order.
pub(crate) fn tree<'a>(
    fields: &mut Fields<'_, 'a>,
    markets: &Markets,
    shops: impl FnOnce(&mut Fields<'_, 'a>, OrderType) -> Option<Vec<ShopRead>>,
) -> Option<(Placement, Person)> {
    // Everything is read before anything is given up, so that all wrong fields are told at once.
    let currency = fields.required("currency", kinds::currency);
    let order_type = fields.optional("type", kinds::word).unwrap_or(OrderType::Goods);
    let market = fields.optional("market", |reader, node| kinds::market(reader, node, markets));
    let platform = fields.optional("platform", kinds::word);
    let buyer_id = fields.optional("buyer_id", kinds::identifier);
    let buyer = person::buyer(fields);
    let channel = fields.optional("channel", kinds::identifier);
    let external_id = fields.optional("external_id", kinds::identifier);
    let client_token = fields.optional("client_token", kinds::identifier);
    let source = fields.optional("source", kinds::free);
    let extra = fields.optional("extra", kinds::extra);
    let tags = fields.optional("tags", kinds::tags);
    let expected_total = fields.nullable("expected_total", kinds::amount).and_then(Amount::known);
    let platform_discount = amount(fields, "platform_discount");
    let coins = amount(fields, "coins");
    let third_party_discount = amount(fields, "third_party_discount");
    let tax_included = fields.optional("tax_included", kinds::yes_or_no);
    let coupons = coupons(fields);
    let shops = shops(fields, order_type);
    let (shops, ship_to) = shops?.into_iter().unzip();
    let placement = Placement {
        buyer_id,
        currency: currency?,
        order_type,
        market: market.unwrap_or(0),
        platform: platform.unwrap_or(Platform::All),
        channel,
        external_id,
        client_token,
        source,
        extra,
        tags: tags.unwrap_or_default(),
        expected_total,
        platform_discount,
        coins,
        third_party_discount,
        tax: tax_included.map_or(Tax::Included, Tax::from),
        shops,
        coupons,
    };
    check_size(fields, &placement)?;
    Some((placement, Person { buyer, ship_to }))
}

/// Reads the fields of a shop order that a placement and a recorded tree share.
pub(crate) fn shop(
    fields: &mut Fields<'_, '_>,
    order_type: OrderType,
    items: Option<Vec<PlacedItem>>,
) -> Option<ShopRead> {
    let shop_id = fields.required("shop_id", kinds::identifier);
    let ship_to = fields.optional("ship_to", ShipTo::read);
    let fulfilment = fields.optional("fulfilment", kinds::word);
    let place = fields.optional("place", kinds::identifier);
    let mut shop = PlacedShop {
        shop_id: String::new(),
        place: place.unwrap_or_else(|| DEFAULT_PLACE.to_owned()),
        fulfilment: fulfilment.unwrap_or_else(|| order_type.default_fulfilment()),
        shop_discount: amount(fields, "shop_discount"),
        freight: amount(fields, "freight"),
        freight_tax: amount(fields, "freight_tax"),
        has_ship_to: ship_to.is_some(),
        buyer_comment: fields.optional("buyer_comment", kinds::words),
        promotions: fields.optional("promotions", kinds::free),
        tags: fields.optional("tags", kinds::tags).unwrap_or_default(),
        items: Vec::new(),
    };
    shop.shop_id = shop_id?;
    shop.items = items?;
    Some((shop, ship_to))
}

/// Reads the fields of a line that a placement and a recorded tree share.
pub(crate) fn item(fields: &mut Fields<'_, '_>) -> Option<PlacedItem> {
    let sku_id = fields.required("sku_id", kinds::identifier);
    let quantity = fields.required("quantity", kinds::quantity);
    let list_price = list_price(fields);
    let rest = PlacedItem {
        sku_id: String::new(),
        item_id: fields.optional("item_id", kinds::identifier),
        title: fields.optional("title", kinds::title),
        image: fields.optional("image", kinds::words),
        attributes: fields.optional("attributes", kinds::free),
        deliver_area_id: fields.optional("deliver_area_id", kinds::identifier),
        deliver_code: fields.optional("deliver_code", kinds::identifier),
        extra: fields.optional("extra", kinds::extra),
        quantity: docket_domain::Quantity::ZERO,
        list_price: Amount::ZERO,
        item_discount: amount(fields, "item_discount"),
        tax: amount(fields, "tax"),
        weighed: fields.optional("weighed", kinds::yes_or_no).unwrap_or_default(),
    };
    // What was recorded elsewhere is as it is.
    let is_asked = fields.source() == Source::Request;
    if is_asked && !rest.weighed && quantity.is_some_and(|quantity| !quantity.is_whole()) {
        return fields.wrong("quantity", NOT_WHOLE.0, NOT_WHOLE.1);
    }
    Some(PlacedItem { sku_id: sku_id?, quantity: quantity?, list_price: list_price?, ..rest })
}

/// The unit price, which must be there; in a record it may be `null` or left out, unknown.
fn list_price(fields: &mut Fields<'_, '_>) -> Option<Amount> {
    match fields.source() {
        Source::Record => {
            Some(fields.nullable("list_price", kinds::amount).unwrap_or(Amount::UNKNOWN))
        }
        Source::Request => fields.required_or_null("list_price", kinds::amount),
    }
}

/// Reads an amount that is 0 where it is left out.
pub(crate) fn amount(fields: &mut Fields<'_, '_>, name: &'static str) -> Amount {
    fields.nullable(name, kinds::amount).unwrap_or_default()
}

/// Reads who asks. Kinds that cannot be claimed are `actor_not_allowed`.
pub fn actor(reader: &mut Reader, node: Node<'_>) -> Option<Actor> {
    reader.object(node, |fields| {
        let kind = fields.required("kind", |reader, node| {
            let kind: ActorKind = kinds::word(reader, node)?;
            if matches!(kind, ActorKind::Timer | ActorKind::System) {
                return reader.wrong(
                    "actor_not_allowed",
                    format!("`{kind}` acts by itself; nobody may claim it"),
                );
            }
            Some(kind)
        });
        let id = fields.optional("id", kinds::identifier);
        let name = fields.optional("name", kinds::title);
        Some(Actor { kind: kind?, id, name })
    })
}

/// Reads the coupons; none where they are left out. In a record each says what it came to.
fn coupons(fields: &mut Fields<'_, '_>) -> Vec<PlacedCoupon> {
    let is_record = fields.source() == Source::Record;
    let read = fields.optional("coupons", |reader, node| {
        reader.list(node, COUPONS_MAX, |reader, node| {
            reader.object(node, |fields| {
                let code = fields.required("code", kinds::identifier);
                let shop_id = fields.optional("shop_id", kinds::identifier);
                let amount = if is_record {
                    Some(fields.required_or_null("amount", kinds::known_amount)?)
                } else {
                    None
                };
                Some(PlacedCoupon { code: code?, shop_id, amount })
            })
        })
    });
    let coupons = read.unwrap_or_default();
    for (at, coupon) in coupons.iter().enumerate() {
        if coupons[..at].iter().any(|before| before.code == coupon.code) {
            let field = format!("coupons[{at}].code");
            fields.wrong::<()>(&field, "duplicate", "is named before; a coupon is used once");
        }
    }
    coupons
}

/// Refuses more lines than an order may have, and totals no amount may reach.
fn check_size(fields: &mut Fields<'_, '_>, placement: &Placement) -> Option<()> {
    let lines: usize = placement.shops.iter().map(|shop| shop.items.len()).sum();
    if lines > LINES_MAX {
        return fields.wrong(
            "shops",
            "too_many",
            format!("has {lines} lines; {LINES_MAX} are allowed"),
        );
    }
    if price::whole(placement) >= i128::from(AMOUNT_LIMIT) {
        return fields.wrong("shops", "too_large", "adds up to 10¹² minor units or more");
    }
    Some(())
}
