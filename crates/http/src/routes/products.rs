//! What SKUs cost, everywhere or at one place.

use super::InPath;
use crate::answer;
use crate::auth::{Caller, Sent};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::PriceBody;
use crate::openapi::words::Limit;
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{Price, SetPrice};
use docket_wire::described::{Identifier, PageCursor};
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::Source;
use serde::Serialize;
use utoipa::ToSchema;

/// What a SKU costs.
#[derive(Serialize, ToSchema)]
pub struct Product<'a> {
    /// The SKU.
    pub sku_id: &'a str,
    /// By place; empty where we know no price.
    pub prices: Vec<PriceView<'a>>,
}

/// What a SKU costs at one place.
#[derive(Serialize, ToSchema)]
#[schema(as = Price)]
pub struct PriceView<'a> {
    /// The SKU.
    pub sku_id: &'a str,
    /// The place; null for everywhere else.
    pub place: Option<&'a str>,
    /// ISO 4217.
    pub currency: &'a str,
    /// Minor units for one unit.
    pub price: i64,
    /// What people call it.
    pub title: Option<&'a str>,
    /// When it was set.
    pub updated_at: Moment,
}

impl<'a> PriceView<'a> {
    fn of(price: &'a Price) -> Self {
        Self {
            sku_id: &price.sku_id,
            place: Some(&*price.place).filter(|place| !place.is_empty()),
            currency: price.currency.code(),
            price: price.price,
            title: price.title.as_deref(),
            updated_at: price.updated_at.into(),
        }
    }
}

/// One page of prices.
#[derive(Serialize, ToSchema)]
pub struct PricePage<'a> {
    /// By SKU and place.
    pub prices: Vec<PriceView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

fn shown(sku_id: &str, prices: &[Price]) -> Response {
    let prices = prices.iter().map(PriceView::of).collect();
    answer::json(StatusCode::OK, &Product { sku_id, prices })
}

/// List prices
#[utoipa::path(
    get, path = "/api/products", tag = "products", operation_id = "list_prices",
    params(
        ("limit" = Option<Limit>, Query, description = "Entries of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, by SKU and place", body = PricePage<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let (limit, after) = query::read(&uri, |fields| {
        Some((query::limit(fields), query::cursor(fields, cursor::names::<2>)))
    })?;
    let [sku_id, place] = after.unwrap_or_default();
    let page = center.app.price_list(&who, (sku_id, place), limit).await?;
    let next = page.next.map(|(sku_id, place)| cursor::of_names([&sku_id, &place]));
    let prices = page.found.iter().map(PriceView::of).collect();
    Ok(answer::json(StatusCode::OK, &PricePage { prices, next }))
}

/// What a SKU costs
#[utoipa::path(
    get, path = "/api/products/{sku_id}", tag = "products", operation_id = "get_product",
    params(("sku_id" = Identifier, Path, description = "The SKU")),
    responses((status = 200, description = "By place", body = Product<'static>))
)]
pub async fn get(
    State(center): State<Center>,
    Caller(who): Caller,
    sku_id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let sku_id = sku_id.name("sku_id")?;
    Ok(shown(&sku_id, &center.app.prices(&who, &sku_id).await?))
}

/// Set what a SKU costs
///
/// From then on an order must carry this price, unless its key has the scope `prices`.
#[utoipa::path(
    put, path = "/api/products/{sku_id}", tag = "products", operation_id = "set_price",
    params(("sku_id" = Identifier, Path, description = "The SKU")),
    request_body(content = PriceBody, example = json!({"currency": "CNY", "price": 6000, "title": "Tea"})),
    responses((status = 200, description = "What it costs now", body = Product<'static>))
)]
pub async fn set(
    State(center): State<Center>,
    sku_id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let sku_id = sku_id.name("sku_id")?;
    let set = read(&sent.body, Source::Request, |fields| {
        let place = fields.optional("place", kinds::identifier).unwrap_or_default();
        let currency = fields.required("currency", kinds::currency);
        let price = fields.required_or_null("price", kinds::known_amount);
        let title = fields.optional("title", kinds::title);
        let (currency, price) = (currency?, price?);
        Some(SetPrice { sku_id: sku_id.clone(), place, currency, price, title })
    })?;
    let prices = center.app.set_price(&sent.who, set).await?;
    Ok(shown(&sku_id, &prices))
}
