//! Gift packs: which there are, and what they are given for.

use super::InPath;
use crate::answer;
use crate::auth::{Caller, Sent};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::ledger_bodies::GiftPackBody;
use crate::openapi::words::GiftStatusWord;
use crate::query;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{GiftPack, GiftRow, SetPack};
use docket_domain::Time;
use docket_domain::money::AMOUNT_LIMIT;
use docket_wire::described::Identifier;
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::Source;
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// A gift pack.
#[derive(Serialize, ToSchema)]
#[schema(as = GiftPack)]
pub struct PackView<'a> {
    /// The caller's own id of the pack, as it stands in the path.
    pub pack_id: &'a str,
    /// What people call it.
    pub title: &'a str,
    /// ISO 4217.
    pub currency: &'a str,
    /// The least price of an order that brings it.
    pub min_price: i64,
    /// Only what this shop sells counts.
    pub shop_id: Option<&'a str>,
    /// Not for orders placed before.
    pub from: Option<Moment>,
    /// Not for orders placed at or after.
    pub until: Option<Moment>,
    /// How many are given in all.
    pub total: Option<i64>,
    /// Of a limited pack: how many were given or are promised to orders that are to be paid.
    pub taken: Option<i64>,
    /// Whether it is given at all.
    pub active: bool,
    /// When it was last set.
    pub updated_at: Moment,
}

impl<'a> PackView<'a> {
    fn of(pack: &'a GiftPack, taken: Option<i64>) -> Self {
        Self {
            pack_id: &pack.pack_id,
            title: &pack.title,
            currency: pack.currency.code(),
            min_price: pack.min_price,
            shop_id: pack.shop_id.as_deref(),
            from: pack.from.map(Moment),
            until: pack.until.map(Moment),
            total: pack.total,
            taken,
            active: pack.active,
            updated_at: pack.updated_at.into(),
        }
    }
}

/// Every gift pack.
#[derive(Serialize, ToSchema)]
pub struct PackList<'a> {
    /// By id.
    pub gift_packs: Vec<PackView<'a>>,
}

/// A gift pack that was given.
#[derive(Serialize, ToSchema)]
#[schema(as = Gift)]
pub struct GiftView<'a> {
    /// For which order.
    pub order_id: Number,
    /// The pack.
    pub pack_id: &'a str,
    /// What people call it.
    pub title: &'a str,
    /// `issued` or `taken_back`.
    #[schema(value_type = GiftStatusWord)]
    pub status: &'static str,
    /// When it was given.
    pub issued_at: Moment,
    /// When it was taken back; null until then.
    pub ended_at: Option<Moment>,
}

impl<'a> GiftView<'a> {
    pub fn of(gift: &'a GiftRow) -> Self {
        Self {
            order_id: Number(gift.tree),
            pack_id: &gift.pack_id,
            title: &gift.title,
            status: gift.status.word(),
            issued_at: gift.issued_at.into(),
            ended_at: gift.ended_at.map(Moment),
        }
    }
}

/// List gift packs
#[utoipa::path(
    get, path = "/api/gift-packs", tag = "ledgers", operation_id = "list_gift_packs",
    responses((status = 200, description = "Every gift pack, by id", body = PackList<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let packs = center.app.packs(&who).await?;
    let gift_packs = packs.iter().map(|(pack, taken)| PackView::of(pack, *taken)).collect();
    Ok(answer::json(StatusCode::OK, &PackList { gift_packs }))
}

/// One gift pack
#[utoipa::path(
    get, path = "/api/gift-packs/{pack_id}", tag = "ledgers", operation_id = "get_gift_pack",
    params(("pack_id" = Identifier, Path, description = "The pack")),
    responses((status = 200, description = "As it is now", body = PackView<'static>))
)]
pub async fn get(
    State(center): State<Center>,
    Caller(who): Caller,
    pack_id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let (pack, taken) = center.app.pack(&who, &pack_id.name("pack_id")?).await?;
    Ok(answer::json(StatusCode::OK, &PackView::of(&pack, taken)))
}

/// Set a gift pack
///
/// Orders placed from then on bring it when they are paid and meet its minimum; orders placed before keep what
/// they were promised. Of a limited pack every order that is to be paid and every gift that was given counts.
#[utoipa::path(
    put, path = "/api/gift-packs/{pack_id}", tag = "ledgers", operation_id = "set_gift_pack",
    params(("pack_id" = Identifier, Path, description = "The pack")),
    request_body(content = GiftPackBody, example = json!({"title": "Tea cup", "currency": "CNY", "min_price": 10000, "total": 500})),
    responses((status = 200, description = "As it is now", body = PackView<'static>))
)]
pub async fn set(
    State(center): State<Center>,
    pack_id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let pack_id = pack_id.name("pack_id")?;
    let set = read(&sent.body, Source::Request, |fields| {
        let title = fields.required("title", kinds::title);
        let currency = fields.required("currency", kinds::currency);
        let min_price = fields.required_or_null("min_price", kinds::known_amount);
        let shop_id = fields.optional("shop_id", kinds::identifier);
        let mut time = |name| -> Option<Time> { fields.optional(name, kinds::time) };
        let (from, until) = (time("from"), time("until"));
        let total = fields
            .optional("total", |reader, node| kinds::integer(reader, node, 0, AMOUNT_LIMIT - 1));
        let active = fields.optional("active", kinds::yes_or_no).unwrap_or(true);
        let (title, currency, min_price) = (title?, currency?, min_price?);
        Some(SetPack { pack_id, title, shop_id, min_price, currency, from, until, total, active })
    })?;
    let id = set.pack_id.clone();
    center.app.set_pack(&sent.who, set).await?;
    let (pack, taken) = center.app.pack(&sent.who, &id).await?;
    Ok(answer::json(StatusCode::OK, &PackView::of(&pack, taken)))
}
