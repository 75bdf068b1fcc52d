//! The requests of all calls: which fields each has, what all have, and the signature.

use super::sign::signature;
use crate::channel::{
    AftersalesCall, Call, Credentials, OrdersCall, Page, ProductsCall, TimeField, Unbuildable,
    Window,
};
use crate::exchange::{Method, Request};
use docket_domain::Time;
use serde_json::{Map, Value, json};

const PATH: &str = "/openapi/router";
/// The most rows a page can have.
pub const PAGE_SIZE_MAX: usize = 100;
/// The most orders that one call can name.
pub const NUMBERS_MAX: usize = 20;
/// What of a shop is pushed.
const EVENTS: [&str; 4] = [
    "bg_order_status_change_event",
    "bg_cancel_order_status_change",
    "bg_trade_logistics_address_changed",
    "bg_aftersales_status_change",
];
/// Without these words only what the seller sends himself is listed.
const FULFILMENTS: [&str; 2] = ["fulfillBySeller", "fulfillByCooperativeWarehouse"];

/// The signed request of a call, by the marketplace's clock `at`.
pub fn build(call: &Call, credentials: &Credentials, at: Time) -> Result<Request, Unbuildable> {
    let unsupported = || Unbuildable::Unsupported { channel: "temu", call: call.word() };
    let kind = kind(call).ok_or_else(unsupported)?;
    let Value::Object(mut body) = own_fields(call)? else { return Err(unsupported()) };
    let token = credentials.access_token.reveal();
    let secret = credentials.app_secret.reveal();
    let needed = [("app_key", credentials.app_key.as_str()), ("app_secret", secret)];
    for (name, value) in needed {
        if value.is_empty() {
            return Err(Unbuildable::MissingCredential(name));
        }
    }
    // A code is exchanged for the token, so there is none yet.
    match (call, token.is_empty()) {
        (Call::ExchangeCode { .. }, _) => {}
        (_, true) => return Err(Unbuildable::MissingCredential("access_token")),
        (_, false) => put(&mut body, "access_token", token),
    }
    put(&mut body, "app_key", credentials.app_key.as_str());
    put(&mut body, "data_type", "JSON");
    put(&mut body, "timestamp", seconds(at));
    put(&mut body, "type", kind);
    let sign = signature(secret, &body);
    put(&mut body, "sign", sign);
    Ok(Request {
        method: Method::Post,
        path: PATH.to_owned(),
        headers: vec![("content-type", "application/json".to_owned())],
        // The order of names does not matter, the bytes of nested values do: they are those that were signed.
        body: Value::Object(body).to_string().into_bytes(),
    })
}

fn put(body: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    body.insert(name.to_owned(), value.into());
}

/// The word of a call at Temu. Tokens allow calls by these words too.
fn kind(call: &Call) -> Option<&'static str> {
    Some(match call {
        Call::Orders(_) | Call::OrdersByNumber(_) => "bg.order.list.v2.get",
        Call::OrderDetail { .. } => "bg.order.detail.v2.get",
        Call::UnshippedPackages { .. } => "bg.order.unshipped.package.get",
        Call::Shipments { .. } => "bg.logistics.shipment.v2.get",
        Call::Amounts { .. } => "bg.order.amount.query",
        Call::Products(_) => "bg.local.goods.list.query",
        Call::Aftersales(_) => "bg.aftersales.parentaftersales.list.get",
        Call::AftersaleGoods { .. } => "bg.aftersales.aftersales.list.get",
        Call::Cancels { .. } => "bg.aftersales.cancel.list.get",
        Call::PermitPushes => "bg.tmc.message.update",
        Call::TokenInfo => "bg.open.accesstoken.info.get",
        Call::ExchangeCode { .. } => "bg.open.accesstoken.create",
        // A token of Temu ends, and a person fetches the next.
        Call::RefreshToken { .. } => return None,
    })
}

/// What a token must allow for a call. Any token may be asked about, and a code comes before one.
pub fn scope(call: &Call) -> Option<&'static str> {
    match call {
        Call::TokenInfo | Call::ExchangeCode { .. } => None,
        _ => kind(call),
    }
}

/// The fields that only this call has.
fn own_fields(call: &Call) -> Result<Value, Unbuildable> {
    Ok(match call {
        Call::Orders(asked) => orders(asked)?,
        Call::OrdersByNumber(numbers) => {
            within("orders", numbers.len(), NUMBERS_MAX)?;
            json!({
                "pageNumber": 1, "pageSize": PAGE_SIZE_MAX, "parentOrderSnList": numbers,
                "fulfillmentTypeList": FULFILMENTS,
            })
        }
        Call::OrderDetail { order } => {
            json!({"parentOrderSn": order, "fulfillmentTypeList": FULFILMENTS})
        }
        Call::UnshippedPackages { orders, page } => {
            let mut own = json!({"pageNumber": number(page)?, "pageSize": PAGE_SIZE_MAX});
            name_orders(&mut own, orders)?;
            own
        }
        Call::Shipments { order, line } => json!({"parentOrderSn": order, "orderSn": line}),
        Call::Amounts { order } => json!({"parentOrderSn": order}),
        Call::Products(asked) => products(asked)?,
        Call::Aftersales(asked) => aftersales(asked)?,
        Call::AftersaleGoods { numbers, page } => {
            within("aftersales", numbers.len(), NUMBERS_MAX)?;
            let (page, size) = (number(page)?, PAGE_SIZE_MAX);
            json!({"pageNo": page, "pageSize": size, "parentAfterSalesSnList": numbers})
        }
        Call::Cancels { orders, page, size: rows } => {
            let mut own = json!({"pageNo": number(page)?, "pageSize": size(*rows)?});
            name_orders(&mut own, orders)?;
            own
        }
        Call::PermitPushes => json!({ "permitEventCodeList": EVENTS }),
        Call::TokenInfo | Call::RefreshToken { .. } => json!({}),
        Call::ExchangeCode { code } => json!({"code": code.reveal()}),
    })
}

/// Keeps a list to some orders; to none if none are named.
fn name_orders(own: &mut Value, orders: &[String]) -> Result<(), Unbuildable> {
    if !orders.is_empty() {
        within("orders", orders.len(), NUMBERS_MAX)?;
        own["parentOrderSnList"] = json!(orders);
    }
    Ok(())
}

fn orders(asked: &OrdersCall) -> Result<Value, Unbuildable> {
    let (from, to) = ends(&asked.window)?;
    let (first, last, sort) = match asked.window.by {
        TimeField::Updated => ("updateAtStart", "updateAtEnd", "updateTime"),
        TimeField::Created => ("createAfter", "createBefore", "createTime"),
    };
    Ok(json!({
        "pageNumber": number(&asked.page)?, "pageSize": size(asked.size)?, "sortby": sort,
        "fulfillmentTypeList": FULFILMENTS, first: from, last: to,
    }))
}

/// Pages of products are counted by another name than those of orders; the wrong one is ignored without a word.
fn products(asked: &ProductsCall) -> Result<Value, Unbuildable> {
    let known = super::CAPABILITIES.product_buckets.contains(&asked.bucket.as_str());
    // As a number: in quotes it is refused.
    let bucket: u8 = asked
        .bucket
        .parse()
        .ok()
        .filter(|_| known)
        .ok_or_else(|| Unbuildable::UnknownBucket(asked.bucket.clone()))?;
    let mut own = json!({
        "pageNo": number(&asked.page)?, "pageSize": size(asked.size)?, "goodsSearchType": bucket,
    });
    if let Some(window) = &asked.window {
        let (from, to) = ends(window)?;
        let (first, last) = match window.by {
            TimeField::Updated => ("goodsStatusChangeTimeFrom", "goodsStatusChangeTimeTo"),
            TimeField::Created => ("crtFrom", "crtTo"),
        };
        // These are in milliseconds, unlike those of orders.
        (own[first], own[last]) = (json!(from * 1000), json!(to * 1000 + 999));
    }
    Ok(own)
}

fn aftersales(asked: &AftersalesCall) -> Result<Value, Unbuildable> {
    let (from, to) = ends(&asked.window)?;
    let (first, last) = match asked.window.by {
        TimeField::Updated => ("updateAtStart", "updateAtEnd"),
        TimeField::Created => ("createAtStart", "createAtEnd"),
    };
    Ok(json!({
        "pageNo": number(&asked.page)?, "pageSize": size(asked.size)?, first: from, last: to,
    }))
}

/// Both ends in seconds; one alone is refused.
fn ends(window: &Window) -> Result<(i64, i64), Unbuildable> {
    let ends = (seconds(window.from), seconds(window.to));
    if ends.0 < 0 || ends.0 > ends.1 { Err(Unbuildable::InvertedWindow) } else { Ok(ends) }
}

fn seconds(time: Time) -> i64 {
    time.0.div_euclid(1000)
}

fn number(page: &Page) -> Result<u32, Unbuildable> {
    page.number().filter(|number| *number > 0).ok_or(Unbuildable::WrongPage)
}

fn size(size: u16) -> Result<u16, Unbuildable> {
    within("rows a page", usize::from(size), PAGE_SIZE_MAX).map(|()| size)
}

fn within(of: &'static str, asked: usize, most: usize) -> Result<(), Unbuildable> {
    let fits = (1..=most).contains(&asked);
    if fits { Ok(()) } else { Err(Unbuildable::OutOfBounds { of, asked, most }) }
}
