//! The map of a channel shop: which SKU of ours a code of its marketplace is, and what waits for a code.

use super::InPath;
use crate::answer;
use crate::auth::Caller;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::words::Limit;
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{CODES_AT_ONCE, Mapping, SetSku, SkuMapping, UnmappedCode};
use docket_domain::Quantity;
use docket_wire::described::PageCursor;
use docket_wire::document::Node;
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::placement::DEFAULT_PLACE;
use docket_wire::reader::{Fields, Reader};
use docket_wire::view::{HowMuch, Number};
use serde::Serialize;
use utoipa::ToSchema;

/// Bytes of a code at most.
pub const CODE_BYTES_MAX: usize = 255;
/// Codes of a page of those that are waited for, where no number is asked for.
const UNMAPPED: usize = 50;

/// What one code is.
#[derive(Serialize, ToSchema)]
#[schema(as = SkuMapping)]
pub struct SkuView<'a> {
    /// The seller's own code, or the marketplace's number of the SKU.
    pub code: &'a str,
    /// The SKU of ours.
    pub sku_id: &'a str,
    /// Where it is taken from.
    pub place: &'a str,
    /// How much of it one piece takes.
    pub per_piece: HowMuch,
    /// Since when.
    pub at: Moment,
    /// Who says so: number and name of the key or user.
    pub actor: &'a str,
}

/// One page of a map.
#[derive(Serialize, ToSchema)]
pub struct SkuPage<'a> {
    /// By code.
    pub skus: Vec<SkuView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// A code that sales wait for.
#[derive(Serialize, ToSchema)]
#[schema(as = UnmappedSku)]
pub struct UnmappedView<'a> {
    /// The seller's own code, or the marketplace's number of the SKU.
    pub code: &'a str,
    /// What was sold by it, as a buyer saw it.
    pub title: Option<&'a str>,
    /// Orders that wait; 1000 where there are as many or more.
    pub orders: u64,
    /// Since when the first of them waits.
    pub since: Moment,
}

/// One page of codes that sales wait for.
#[derive(Serialize, ToSchema)]
pub struct UnmappedPage<'a> {
    /// By code.
    pub unmapped: Vec<UnmappedView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

impl<'a> SkuView<'a> {
    fn of(row: &'a SkuMapping) -> Self {
        Self {
            code: &row.code,
            sku_id: &row.is.sku_id,
            place: &row.is.place,
            per_piece: HowMuch(row.is.per_piece),
            at: row.at.into(),
            actor: &row.actor,
        }
    }
}

impl<'a> UnmappedView<'a> {
    fn of(waiting: &'a UnmappedCode) -> Self {
        Self {
            code: &waiting.code,
            title: waiting.title.as_deref(),
            orders: waiting.orders,
            since: waiting.since.into(),
        }
    }
}

/// Reads what codes of a shop are from now on.
pub fn sku_map(fields: &mut Fields<'_, '_>) -> Option<Vec<SetSku>> {
    fields.optional("sku_map", |reader, node| {
        reader.list(node, CODES_AT_ONCE, |reader, node| reader.object(node, sku))
    })
}

fn sku(fields: &mut Fields<'_, '_>) -> Option<SetSku> {
    let code = fields.required("code", code);
    let sku_id = fields.required_or_null("sku_id", |reader, node| match node {
        Node::Null => Some(None),
        node => kinds::identifier(reader, node).map(Some),
    });
    let place = fields.optional("place", kinds::identifier);
    let per_piece = fields.optional("per_piece", kinds::quantity);
    let is = sku_id?.map(|sku_id| Mapping {
        sku_id,
        place: place.unwrap_or_else(|| DEFAULT_PLACE.to_owned()),
        per_piece: per_piece.unwrap_or(Quantity::ONE),
    });
    Some(SetSku { code: code?, is })
}

#[allow(clippy::needless_pass_by_value)] // the shape of all kinds
fn code(reader: &mut Reader, node: Node<'_>) -> Option<String> {
    let text = kinds::text(reader, node, CODE_BYTES_MAX)?;
    let bytes = text.len();
    if bytes > CODE_BYTES_MAX {
        return reader
            .wrong("too_long", format!("has {bytes} bytes; {CODE_BYTES_MAX} are allowed"));
    }
    Some(text)
}

/// The map of a shop
///
/// Which SKU of yours each code of its marketplace is. `PUT /api/shops/{id}` sets codes.
#[utoipa::path(
    get, path = "/api/shops/{id}/skus", tag = "shops", operation_id = "list_shop_skus",
    params(
        ("id" = Number, Path, description = "The number of the shop"),
        ("limit" = Option<Limit>, Query, description = "Codes of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, by code", body = SkuPage<'static>))
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
    let after = after.map_or_else(String::new, |[code]| code);
    let page = center.app.skus(&who, id.number("shop")?, &after, limit).await?;
    let next = page.last().filter(|_| page.len() == limit);
    let next = next.map(|row| cursor::of_names([row.code.as_str()]));
    let skus = page.iter().map(SkuView::of).collect();
    Ok(answer::json(StatusCode::OK, &SkuPage { skus, next }))
}

/// What sales of a shop wait for
///
/// Codes that the map does not know. Nothing is lost: what was sold by them is taken from stock once they are mapped.
#[utoipa::path(
    get, path = "/api/shops/{id}/skus/unmapped", tag = "shops", operation_id = "list_unmapped_skus",
    params(
        ("id" = Number, Path, description = "The number of the shop"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page of at most 50, by code", body = UnmappedPage<'static>))
)]
pub async fn unmapped(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    let after = query::read(&uri, |fields| Some(query::cursor(fields, cursor::names::<1>)))?;
    let after = after.map_or_else(String::new, |[code]| code);
    let page = center.app.unmapped_skus(&who, id.number("shop")?, &after, UNMAPPED).await?;
    let next = page.last().filter(|_| page.len() == UNMAPPED);
    let next = next.map(|row| cursor::of_names([row.code.as_str()]));
    let unmapped = page.iter().map(UnmappedView::of).collect();
    Ok(answer::json(StatusCode::OK, &UnmappedPage { unmapped, next }))
}
