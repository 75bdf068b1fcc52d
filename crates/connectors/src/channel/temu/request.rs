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
/// Without these words only what the seller sends himself is listed.
const FULFILMENTS: [&str; 2] = ["fulfillBySeller", "fulfillByCooperativeWarehouse"];

/// The signed request of a call, by the marketplace's clock `at`.
pub fn build(call: &Call, credentials: &Credentials, at: Time) -> Result<Request, Unbuildable> {
    let (kind, own) = own_fields(call)?;
    let Value::Object(mut body) = own else { return Err(unsupported(call)) };
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

/// The word of a call at Temu, and the fields that only it has.
fn own_fields(call: &Call) -> Result<(&'static str, Value), Unbuildable> {
    Ok(match call {
        Call::Orders(asked) => ("bg.order.list.v2.get", orders(asked)?),
        Call::OrdersByNumber(numbers) => {
            within("orders", numbers.len(), NUMBERS_MAX)?;
            let all = json!({
                "pageNumber": 1, "pageSize": PAGE_SIZE_MAX, "parentOrderSnList": numbers,
                "fulfillmentTypeList": FULFILMENTS,
            });
            ("bg.order.list.v2.get", all)
        }
        Call::OrderDetail { order } => (
            "bg.order.detail.v2.get",
            json!({"parentOrderSn": order, "fulfillmentTypeList": FULFILMENTS}),
        ),
        Call::UnshippedPackages { orders, page } => {
            let mut own = json!({"pageNumber": number(page)?, "pageSize": PAGE_SIZE_MAX});
            name_orders(&mut own, orders)?;
            ("bg.order.unshipped.package.get", own)
        }
        Call::Shipments { order, line } => {
            ("bg.logistics.shipment.v2.get", json!({"parentOrderSn": order, "orderSn": line}))
        }
        Call::Amounts { order } => ("bg.order.amount.query", json!({"parentOrderSn": order})),
        Call::Products(asked) => ("bg.local.goods.list.query", products(asked)?),
        Call::Aftersales(asked) => ("bg.aftersales.parentaftersales.list.get", aftersales(asked)?),
        Call::AftersaleGoods { numbers, page } => {
            within("aftersales", numbers.len(), NUMBERS_MAX)?;
            let (page, size) = (number(page)?, PAGE_SIZE_MAX);
            let own = json!({"pageNo": page, "pageSize": size, "parentAfterSalesSnList": numbers});
            ("bg.aftersales.aftersales.list.get", own)
        }
        Call::Cancels { orders, page, size: rows } => {
            let mut own = json!({"pageNo": number(page)?, "pageSize": size(*rows)?});
            name_orders(&mut own, orders)?;
            ("bg.aftersales.cancel.list.get", own)
        }
        Call::TokenInfo => ("bg.open.accesstoken.info.get", json!({})),
        // A token of Temu ends, and a person fetches the next.
        Call::RefreshToken { .. } => return Err(unsupported(call)),
        Call::ExchangeCode { code } => {
            ("bg.open.accesstoken.create", json!({"code": code.reveal()}))
        }
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

fn unsupported(call: &Call) -> Unbuildable {
    Unbuildable::Unsupported { channel: "temu", call: call.word() }
}
