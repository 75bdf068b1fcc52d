//! Products of marketplace shops: read, stopped, watched and listed.

use super::InPath;
use super::sync::{RunView, StartedView, progress, start, stop};
use crate::answer;
use crate::auth::{Caller, Sent};
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::IDEMPOTENCY;
use crate::openapi::shop_bodies::StartRunBody;
use crate::openapi::words::Limit;
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::ChannelProductRow;
use docket_domain::channel::Stream;
use docket_wire::described::PageCursor;
use docket_wire::moment::Moment;
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// A product of a marketplace shop.
#[derive(Serialize, ToSchema)]
#[schema(as = ShopProduct)]
pub struct ProductView<'a> {
    /// Its number at the marketplace.
    pub product_id: &'a str,
    /// What it is called.
    pub title: Option<&'a str>,
    /// The seller's own code of it.
    pub code: Option<&'a str>,
    /// The marketplace's own word of its state.
    pub status: Option<&'a str>,
    /// Which of the marketplace's lists it stands in.
    pub list: &'a str,
    /// What it costs, in minor units; null where that is not told.
    pub price: Option<i64>,
    /// ISO 4217; null where that is not told.
    pub currency: Option<&'a str>,
    /// How many there are, as the marketplace has it.
    pub quantity: Option<i64>,
    /// What is sold of it.
    pub skus: Vec<SkuView<'a>>,
    /// A picture.
    pub image: Option<&'a str>,
    /// When it was made there.
    pub created_at: Option<Moment>,
    /// When its state changed last there; edits do not show in it.
    pub status_changed_at: Option<Moment>,
    /// When it was first seen here.
    pub first_seen_at: Moment,
    /// When what is shown here was read: since then it is the same.
    pub read_at: Moment,
    /// When it was found that no list has it any more; null while one has.
    pub gone_at: Option<Moment>,
}

/// One thing that is sold of a product.
#[derive(Serialize, ToSchema)]
#[schema(as = ShopSku)]
pub struct SkuView<'a> {
    /// The marketplace's number of it.
    pub sku_id: &'a str,
    /// The seller's own code of it.
    pub code: Option<&'a str>,
}

/// One page of products of a shop.
#[derive(Serialize, ToSchema)]
pub struct ShopProductPage<'a> {
    /// By number.
    pub products: Vec<ProductView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

impl<'a> ProductView<'a> {
    fn of(row: &'a ChannelProductRow) -> Self {
        let more = &row.more;
        let price = more.price.as_ref();
        let sku = |(sku_id, code): &'a (String, Option<String>)| SkuView {
            sku_id,
            code: code.as_deref(),
        };
        Self {
            product_id: &row.number,
            title: more.title.as_deref(),
            code: more.code.as_deref(),
            status: row.status.as_deref(),
            list: &row.bucket,
            price: price.map(|(amount, _)| *amount),
            currency: price.and_then(|(_, currency)| currency.as_deref()),
            quantity: more.quantity,
            skus: more.skus.iter().map(sku).collect(),
            image: more.image.as_deref(),
            created_at: more.created_at.map(Moment),
            status_changed_at: more.changed_at.map(Moment),
            first_seen_at: row.seen_at.into(),
            read_at: row.read_at.into(),
            gone_at: row.gone_at.map(Moment),
        }
    }
}

/// Pull the products of a shop
///
/// `incremental` reads what moved from one list to another since the last run, in one call a list where nothing did; edits
/// of prices and texts are seen by `full`, which reads all of them and finds those that are gone. The first run reads all
/// of them. One run a shop at a time: while one runs, 409 `run_in_progress` names it.
#[utoipa::path(
    post, path = "/api/sync/shops/{id}/products", tag = "shops", operation_id = "pull_products",
    params(
        ("id" = Number, Path, description = "The number of the shop"),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY),
    ),
    request_body(content = StartRunBody, example = json!({"mode": "full"})),
    responses((status = 202, description = "It is queued", body = StartedView))
)]
pub async fn pull(
    State(center): State<Center>,
    id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    start(&center, id, sent, Stream::Products).await
}

/// Stop pulling the products of a shop
///
/// What was read stays; a pass that was stopped calls nothing gone.
#[utoipa::path(
    delete, path = "/api/sync/shops/{id}/products", tag = "shops", operation_id = "stop_products",
    params(("id" = Number, Path, description = "The number of the shop")),
    responses((status = 200, description = "The run that was stopped", body = StartedView))
)]
pub async fn end(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    stop(&center, &who, id, &uri, Stream::Products).await
}

/// How far the products of a shop are
///
/// The run that runs, else the last one.
#[utoipa::path(
    get, path = "/api/sync/shops/{id}/products/progress", tag = "shops", operation_id = "products_progress",
    params(("id" = Number, Path, description = "The number of the shop")),
    responses((status = 200, description = "As it is now", body = RunView<'static>))
)]
pub async fn how_far(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    progress(&center, &who, id, &uri, Stream::Products).await
}

/// List the products of a shop
///
/// As the marketplace told of them; those that no list has any more stay, with the time at which that was found.
#[utoipa::path(
    get, path = "/api/sync/shops/{id}/products", tag = "shops", operation_id = "shop_products",
    params(
        ("id" = Number, Path, description = "The number of the shop"),
        ("limit" = Option<Limit>, Query, description = "Products of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, by number", body = ShopProductPage<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    let (limit, after) = query::read(&uri, |fields| {
        Some((query::limit(fields), query::cursor(fields, cursor::names::<1>)))
    })?;
    let after = after.map_or_else(String::new, |[number]| number);
    let shop = id.number("shop")?;
    let mut rows = center.app.products_of_shop(&who, shop, &after, limit + 1).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more);
    let next = last.map(|row| cursor::of_names([&row.number]));
    let products = rows.iter().map(ProductView::of).collect();
    Ok(answer::json(StatusCode::OK, &ShopProductPage { products, next }))
}
