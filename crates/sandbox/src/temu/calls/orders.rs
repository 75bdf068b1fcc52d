//! Orders: their lists, one in detail, and what its buyer paid.

use super::{Call, Paging, written};
use crate::temu::behave::Word;
use crate::temu::changes::churn;
use crate::temu::money::{Money, left};
use crate::temu::order::{Child, Order};
use crate::temu::received::Received;
use crate::temu::refusal::{BAD_PARAMS, Refusal, UNKNOWN_ORDER};
use crate::temu::render::{Rendered, Told, View};
use crate::temu::seeded::status;
use crate::temu::shop::{By, Condition, Listing, Shop};
use serde::Serialize;
use serde_json::{Value, json};

/// How many rows a page may have.
const PAGE_SIZE_MAX: i64 = 100;
/// How many orders one list call may name.
const NAMED_MAX: usize = 20;

/// Without a word, only what the seller ships is told.
fn told(asked: &Received) -> Result<Told, Refusal> {
    let kinds: Vec<String> = asked.member("fulfillmentTypeList")?.unwrap_or_default();
    let has = |kind: &str| kinds.iter().any(|named| named == kind);
    Ok(Told {
        seller: kinds.is_empty() || has("fulfillBySeller"),
        co_warehouse: has("fulfillByCooperativeWarehouse"),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderPage<'a> {
    total_item_num: usize,
    page_items: Vec<Rendered<'a>>,
}

pub fn list(shop: &mut Shop, call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let Call { asked, plan, .. } = *call;
    let Paging { page, size } = Paging::of(call, "pageNumber", PAGE_SIZE_MAX)?;
    let told = told(asked)?;
    let by = match asked.text("sortby").as_deref() {
        None | Some("createTime") => By::Creation,
        Some("updateTime") => By::Update,
        Some(_) => return Err(BAD_PARAMS),
    };
    let created = asked.range("createAfter", "createBefore")?;
    let updated = asked.range("updateAtStart", "updateAtEnd")?;
    if let Some(count) = plan.has(Word::Churn) {
        let late = plan.has(Word::Late);
        churn(shop, call.seed, count, updated, late, call.now.seconds());
    }
    let listing = Listing { by, created, updated, also: also(shop, asked, told)?, page, size };
    let mut found = shop.page(&listing);
    if let Some(missing) = plan.has(Word::Short) {
        found.orders.truncate(found.orders.len().saturating_sub(missing as usize));
    }
    let orders = found.orders.iter().map(|&place| &shop.orders[place as usize]);
    let page_items = orders.map(|order| Rendered::of(shop, order, told, View::List)).collect();
    Ok(written(&OrderPage { total_item_num: found.total, page_items }))
}

/// What must hold of a listed order besides its times; nothing where all kinds of lines are asked for and nothing else.
fn also<'a>(
    shop: &'a Shop,
    asked: &Received,
    told: Told,
) -> Result<Option<Condition<'a>>, Refusal> {
    let status = asked.number("parentOrderStatus")?.filter(|status| *status != 0);
    let numbers: Vec<String> = asked.member("parentOrderSnList")?.unwrap_or_default();
    if numbers.len() > NAMED_MAX {
        return Err(BAD_PARAMS);
    }
    let confirmed = asked.range("parentConfirmTimeStart", "parentConfirmTimeEnd")?;
    let sku = asked.number("skuId")?;
    let region = asked.number("regionId")?.map(|region| region == i64::from(shop.region.id()));
    let is_all = told == Told::ALL && status.is_none() && numbers.is_empty();
    if is_all && confirmed.is_none() && sku.is_none() && region != Some(false) {
        return Ok(None);
    }
    Ok(Some(Box::new(move |order: &Order| {
        let is_sold = |sku: i64| {
            let product = |place: u32| shop.products[place as usize].sku_id as i64;
            order.children.iter().any(|child| product(child.product) == sku)
        };
        region != Some(false)
            && status.is_none_or(|status| i64::from(order.status) == status)
            && (numbers.is_empty() || numbers.iter().any(|number| **number == *order.number))
            && confirmed.is_none_or(|range| (range.from..=range.to).contains(&order.confirmed_at))
            && sku.is_none_or(is_sold)
            && order.children.iter().any(|child| told.has(child))
    })))
}

/// The order that a call names.
pub fn named<'a>(shop: &'a Shop, asked: &Received) -> Result<&'a Order, Refusal> {
    let number = asked.text("parentOrderSn").ok_or(BAD_PARAMS)?;
    shop.order(&number).ok_or(UNKNOWN_ORDER)
}

pub fn detail(shop: &Shop, asked: &Received) -> Result<Vec<u8>, Refusal> {
    let told = told(asked)?;
    Ok(written(&Rendered::of(shop, named(shop, asked)?, told, View::Detail)))
}

/// The money of an order as the call tells it: whole minor units.
pub fn amount(shop: &Shop, order: &Order) -> Value {
    let of = Money::of(shop, order);
    let money = |amount: i64| json!({"currency": shop.currency, "amount": amount});
    let price = |child: &Child| shop.products[child.product as usize].price;
    let lines = order.children.iter().map(|child| {
        json!({
            "orderSn": child.number,
            "quantity": left(child),
            "unitBasePrice": money(price(child)),
            "basePrice": money(price(child) * left(child)),
            "unitRetailPrice": money(price(child) * 2),
        })
    });
    json!({
        "parentOrderMap": {
            "parentOrderSn": order.number,
            "basePriceTotal": money(of.goods),
            "shippingAmountTotal": money(of.freight),
            "taxTotal": money(of.tax),
            "discountFromSeller": money(of.seller_discount),
            "discountFromTEMU": money(of.channel_discount),
            "refundsTotal": money(of.refunded),
            "estimatedRevenue": money(of.goods + of.freight - of.seller_discount),
            "retailPriceTotal": money(of.goods * 2),
            "customerPaid": money(of.paid),
            "signOnDelivery": null,
        },
        "orderList": lines.collect::<Vec<_>>(),
        "warning": [],
    })
}

/// Orders of one buyer that may go in one parcel: of those that wait, every fifth and the one behind it.
pub fn combined(shop: &Shop) -> Value {
    let waits = |order: &&Order| order.status == status::UNSHIPPED;
    let waiting: Vec<&Order> = shop.orders.iter().filter(waits).collect();
    let member = |order: &Order| {
        json!({
            "parentOrderSn": order.number,
            "parentOrderStatus": order.status,
            "parentOrderTime": order.created_at,
            "mallId": shop.mall_number(),
            "semiUniqueId": format!("SU-{}", order.number),
        })
    };
    let groups = waiting.chunks_exact(2).step_by(5).map(|group| {
        let members: Vec<Value> = group.iter().map(|order| member(order)).collect();
        json!({"combinedShippingGroup": members})
    });
    json!({"combinedShippingGroups": groups.collect::<Vec<_>>()})
}

/// An address of nobody: those who sync orders have no use for it, and a test looks for it where it must not be.
pub fn address(order: &Order) -> Value {
    json!({
        "parentOrderSn": order.number,
        "receiptName": "Jane Sandbox",
        "mobile": "+1 555 0100",
        "mail": "jane@example.com",
        "regionName1": "United States",
        "regionName2": "California",
        "regionName3": "Los Angeles",
        "regionName4": "",
        "addressLine1": "1 Sandbox Street",
        "addressLine2": "",
        "addressLine3": "",
        "postCode": "90001",
        "warning": {"isRestriction": false, "reason": null},
    })
}
