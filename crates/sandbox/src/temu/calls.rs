//! What a call gets that may be made: the table of calls, and what all their answers share.

mod aftersales;
mod goods;
mod orders;
mod packages;
mod tokens;

use super::Memory;
use super::behave::{Plan, Word};
use super::gate::{Now, Passed};
use super::received::Received;
use super::refusal::{BAD_PARAMS, Refusal, TOO_MANY_UPDATES};
use super::shop::Shop;
use serde::Serialize;
use serde_json::json;

/// How many rows a page has unless asked otherwise.
const PAGE_SIZE: i64 = 10;
/// How many events a seller can have an app told of.
const EVENTS_MAX: usize = 20;
/// How long after one change of its events a shop can make the next, in milliseconds.
const EVENTS_PAUSE_MS: i64 = 1000;

/// The calls that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    OrderList,
    OrderDetail,
    OrderAmount,
    CombinedShipments,
    ShippingInfo,
    UnshippedPackages,
    Shipments,
    Goods,
    Cancels,
    Aftersales,
    AftersaleGoods,
    Events,
    TokenInfo,
    TokenCreate,
}

const KINDS: [(Kind, &str); 14] = [
    (Kind::OrderList, "bg.order.list.v2.get"),
    (Kind::OrderDetail, "bg.order.detail.v2.get"),
    (Kind::OrderAmount, "bg.order.amount.query"),
    (Kind::CombinedShipments, "bg.order.combinedshipment.list.get"),
    (Kind::ShippingInfo, "bg.order.shippinginfo.v2.get"),
    (Kind::UnshippedPackages, "bg.order.unshipped.package.get"),
    (Kind::Shipments, "bg.logistics.shipment.v2.get"),
    (Kind::Goods, "bg.local.goods.list.query"),
    (Kind::Cancels, "bg.aftersales.cancel.list.get"),
    (Kind::Aftersales, "bg.aftersales.parentaftersales.list.get"),
    (Kind::AftersaleGoods, "bg.aftersales.aftersales.list.get"),
    (Kind::Events, "bg.tmc.message.update"),
    (Kind::TokenInfo, "bg.open.accesstoken.info.get"),
    (Kind::TokenCreate, "bg.open.accesstoken.create"),
];

/// The types of all calls that there are.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(_, name)| *name)
}

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

/// A call that may be made, with all that it can look at.
pub struct Call<'a> {
    pub passed: &'a Passed,
    pub asked: &'a Received,
    pub plan: &'a Plan,
    pub seed: u64,
    pub now: Now,
}

/// Makes the call; gives its `result` in JSON.
pub fn perform(memory: &mut Memory, call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let Some(place) = call.passed.shop else { return tokens::create(memory, call) };
    let shop = &mut memory.shops[place];
    shop.ripen(call.now.seconds());
    let asked = call.asked;
    match call.passed.kind {
        Kind::OrderList => orders::list(shop, call),
        Kind::OrderDetail => orders::detail(shop, asked),
        Kind::OrderAmount => Ok(written(&orders::amount(shop, orders::named(shop, asked)?))),
        Kind::CombinedShipments => Ok(written(&orders::combined(shop))),
        Kind::ShippingInfo => Ok(written(&orders::address(orders::named(shop, asked)?))),
        Kind::UnshippedPackages => packages::unshipped(shop, call),
        Kind::Shipments => packages::shipments(shop, asked),
        Kind::Goods => goods::list(shop, call),
        Kind::Cancels => aftersales::cancels(shop, call),
        Kind::Aftersales => aftersales::aftersales(shop, call),
        Kind::AftersaleGoods => aftersales::goods(shop, call),
        Kind::Events => events(shop, call),
        Kind::TokenInfo => Ok(written(&tokens::info(shop))),
        Kind::TokenCreate => Err(BAD_PARAMS),
    }
}

fn written(result: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(result).expect("keys are texts, and writing into memory does not fail")
}

/// A page of a list, from 1, and how many rows it may have.
#[derive(Debug, Clone, Copy)]
struct Paging {
    page: usize,
    size: usize,
}

impl Paging {
    /// Reads it; the member with the page's number has one of two names, and the other is ignored without a word.
    fn of(call: &Call<'_>, page: &str, most: i64) -> Result<Self, Refusal> {
        let size = call.asked.number("pageSize")?.unwrap_or(PAGE_SIZE);
        let page = call.asked.number(page)?.unwrap_or(1);
        if !(1..=most).contains(&size) || page < 1 {
            return Err(BAD_PARAMS);
        }
        let page = if call.plan.has(Word::PageIgnored).is_some() { 1 } else { page };
        Ok(Self { page: page as usize, size: size as usize })
    }

    /// How many rows stand before the page.
    const fn skipped(self) -> usize {
        (self.page - 1).saturating_mul(self.size)
    }

    /// The rows of the page.
    fn of_rows<T>(self, rows: Vec<T>) -> Vec<T> {
        rows.into_iter().skip(self.skipped()).take(self.size).collect()
    }
}

/// Which events the app is told of.
fn events(shop: &mut Shop, call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let codes: Vec<String> = call.asked.member("permitEventCodeList")?.ok_or(BAD_PARAMS)?;
    if codes.len() > EVENTS_MAX {
        return Err(BAD_PARAMS);
    }
    let before = shop.events_changed_at.replace(call.now.passed);
    if before.is_some_and(|before| call.now.passed < before + EVENTS_PAUSE_MS) {
        return Err(TOO_MANY_UPDATES);
    }
    shop.events = codes.into_iter().collect();
    Ok(written(&json!({"success": true})))
}
