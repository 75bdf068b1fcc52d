//! What a call gets that may be made: lists of orders, one order in detail, what a token may.

use super::Memory;
use super::behave::{Plan, Word};
use super::changes::churn;
use super::gate::{Now, Passed};
use super::received::Received;
use super::refusal::{BAD_CODE, BAD_PARAMS, Refusal, UNKNOWN_ORDER};
use super::render::{Rendered, Told, View};
use super::shop::{By, Child, Condition, Listing, Order, Shop};
use serde::Serialize;
use serde_json::json;

/// How many rows a page has unless asked otherwise, and at most.
const PAGE_SIZE: i64 = 10;
const PAGE_SIZE_MAX: i64 = 100;
/// How many orders one list call may name.
const NAMED_MAX: usize = 20;

/// The calls that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    OrderList,
    OrderDetail,
    OrderAmount,
    TokenInfo,
    TokenCreate,
}

const KINDS: [(Kind, &str); 5] = [
    (Kind::OrderList, "bg.order.list.v2.get"),
    (Kind::OrderDetail, "bg.order.detail.v2.get"),
    (Kind::OrderAmount, "bg.order.amount.query"),
    (Kind::TokenInfo, "bg.open.accesstoken.info.get"),
    (Kind::TokenCreate, "bg.open.accesstoken.create"),
];

impl Kind {
    pub fn of(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// Whether it is made in the name of a shop.
    pub const fn needs_token(self) -> bool {
        !matches!(self, Self::TokenCreate)
    }
}

/// Makes the call; gives its `result` in JSON.
pub fn perform(
    memory: &mut Memory,
    passed: &Passed,
    asked: &Received,
    plan: &Plan,
    seed: u64,
    now: Now,
) -> Result<Vec<u8>, Refusal> {
    let Some(place) = passed.shop else { return create_token(memory, passed, asked, seed, now) };
    let shop = &mut memory.shops[place];
    shop.ripen(now.seconds());
    match passed.kind {
        Kind::OrderList => list(shop, asked, plan, seed, now),
        Kind::OrderDetail => detail(shop, asked),
        Kind::OrderAmount => Ok(written(&amount(shop, named(shop, asked)?))),
        Kind::TokenInfo => Ok(written(&token_info(shop))),
        Kind::TokenCreate => Err(BAD_PARAMS),
    }
}

fn written(result: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(result).expect("keys are texts, and writing into memory does not fail")
}

/// The page that is asked for, and how long it may be.
fn paging(asked: &Received, page: &str, plan: &Plan) -> Result<(usize, usize), Refusal> {
    let size = asked.number("pageSize")?.unwrap_or(PAGE_SIZE);
    let page = asked.number(page)?.unwrap_or(1);
    if !(1..=PAGE_SIZE_MAX).contains(&size) || page < 1 {
        return Err(BAD_PARAMS);
    }
    let page = if plan.has(Word::PageIgnored).is_some() { 1 } else { page };
    Ok((page as usize, size as usize))
}

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

fn list(
    shop: &mut Shop,
    asked: &Received,
    plan: &Plan,
    seed: u64,
    now: Now,
) -> Result<Vec<u8>, Refusal> {
    let (page, size) = paging(asked, "pageNumber", plan)?;
    let told = told(asked)?;
    let by = match asked.text("sortby").as_deref() {
        None | Some("createTime") => By::Creation,
        Some("updateTime") => By::Update,
        Some(_) => return Err(BAD_PARAMS),
    };
    let created = asked.range("createAfter", "createBefore")?;
    let updated = asked.range("updateAtStart", "updateAtEnd")?;
    if let Some(count) = plan.has(Word::Churn) {
        churn(shop, seed, count, updated, now.seconds());
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
    let region = asked.number("regionId")?.map(|region| region == i64::from(shop.region_id()));
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
fn named<'a>(shop: &'a Shop, asked: &Received) -> Result<&'a Order, Refusal> {
    let number = asked.text("parentOrderSn").ok_or(BAD_PARAMS)?;
    shop.order(&number).ok_or(UNKNOWN_ORDER)
}

fn detail(shop: &Shop, asked: &Received) -> Result<Vec<u8>, Refusal> {
    let told = told(asked)?;
    Ok(written(&Rendered::of(shop, named(shop, asked)?, told, View::Detail)))
}

/// The money of an order: whole minor units.
fn amount(shop: &Shop, order: &Order) -> serde_json::Value {
    let money = |amount: i64| json!({"currency": "USD", "amount": amount});
    let price = |child: &Child| shop.products[child.product as usize].price;
    let quantity = |child: &Child| i64::from(child.ordered.saturating_sub(child.cancelled));
    let base: i64 = order.children.iter().map(|child| price(child) * quantity(child)).sum();
    let tax = base / 20;
    let lines = order.children.iter().map(|child| {
        json!({
            "orderSn": child.number,
            "quantity": quantity(child),
            "unitBasePrice": money(price(child)),
            "basePrice": money(price(child) * quantity(child)),
            "unitRetailPrice": money(price(child) * 2),
        })
    });
    json!({
        "parentOrderMap": {
            "parentOrderSn": order.number,
            "basePriceTotal": money(base),
            "shippingAmountTotal": money(0),
            "taxTotal": money(tax),
            "discountFromSeller": money(0),
            "discountFromTEMU": money(0),
            "refundsTotal": money(0),
            "estimatedRevenue": money(base),
            "retailPriceTotal": money(base * 2),
            "customerPaid": money(base + tax),
            "signOnDelivery": null,
        },
        "orderList": lines.collect::<Vec<_>>(),
        "warning": [],
    })
}

fn token_info(shop: &Shop) -> serde_json::Value {
    let scopes = KINDS.iter().map(|(_, name)| *name);
    let scopes: Vec<&str> = scopes.filter(|name| !shop.missing_scopes.contains(*name)).collect();
    json!({
        "mallId": shop.mall_id.parse::<u64>().unwrap_or_default(),
        "regionId": shop.region_id(),
        "mallType": 1,
        "expiredTime": shop.token.ends_at,
        "apiScopeList": scopes,
        "appSubscribeStatus": 1,
        "appSubscribeEventCodeList": [],
        "authEventCodeList": [],
        "associatedMallTokenList": [],
    })
}

/// A new token for a code, which a seller gets by authorising the app: here it is made at `/control`.
fn create_token(
    memory: &mut Memory,
    passed: &Passed,
    asked: &Received,
    seed: u64,
    now: Now,
) -> Result<Vec<u8>, Refusal> {
    let code = asked.text("code").ok_or(BAD_PARAMS)?;
    let (mall_id, ends_at) = memory.codes.remove(&code).ok_or(BAD_CODE)?;
    let is_of_app = |shop: &&mut Shop| shop.mall_id == mall_id && shop.app_key == passed.app_key;
    let shop = memory.shops.iter_mut().find(is_of_app).ok_or(BAD_CODE)?;
    if ends_at <= now.passed {
        return Err(BAD_CODE);
    }
    shop.renew(seed, now.seconds());
    let mut result = token_info(shop);
    result["accessToken"] = shop.token.text.clone().into();
    Ok(written(&result))
}
