//! Shops of marketplaces: connected, changed and shown.

use super::InPath;
use super::skus::sku_map;
use super::sync::{RunView, WindowView};
use crate::answer::{self, located};
use crate::auth::{Caller, Sent};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::IDEMPOTENCY;
use crate::openapi::shop_bodies::{NewShopBody, SetShopBody};
use crate::openapi::words::Limit;
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{ChannelShop, NewShop, SetShop, ShopOf, advice_on_scopes};
use docket_wire::described::PageCursor;
use docket_wire::document::Node;
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::{Reader, Source};
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// Bytes of a secret, a token or an address at most.
const LONG: usize = 1024;

/// A shop of a marketplace.
#[derive(Serialize, ToSchema)]
#[schema(as = Shop)]
pub struct ShopView<'a> {
    /// Names the shop: the `{id}` of paths below `/api/shops`, and the `shop_id` of its orders.
    pub shop_id: Number,
    /// What people call it.
    pub name: &'a str,
    /// The marketplace.
    pub channel: &'a str,
    /// The region it sells in, by the marketplace's word.
    pub region: &'a str,
    /// Which app of ours speaks for it.
    pub app_key: &'a str,
    /// Its number at the marketplace, once a token told it.
    pub external_shop_id: Option<&'a str>,
    /// Where the marketplace is; null for its usual address.
    pub base_url: Option<&'a str>,
    /// When the token ends, by the marketplace; null where it says nothing or there is none.
    pub token_expires_at: Option<Moment>,
    /// Whether it has a token.
    pub has_token: bool,
    /// What the token may ask for.
    pub scopes: &'a [String],
    /// What it was found not to allow: that is not asked for until there is another token.
    pub scopes_missing: &'a [String],
    /// What that means and what to do about it; null where nothing is missing.
    pub advice: Option<String>,
    /// Whether what happened before it was connected is told to webhooks like what happens afterwards.
    pub announce_first_pull: bool,
    /// Why nothing is asked of it for the time being; null where it is pulled.
    pub paused: Option<PauseView<'a>>,
    /// Orders created from then on take stock, once the shop has a map.
    pub stock_from: Option<Moment>,
    /// Whether it has one: whether any code of its marketplace was ever mapped to a SKU of ours.
    pub takes_stock: bool,
    /// When it was connected.
    pub created_at: Moment,
}

/// Why a shop is paused.
#[derive(Serialize, ToSchema)]
#[schema(as = ShopPause)]
pub struct PauseView<'a> {
    /// Since when.
    pub at: Moment,
    /// `person`, or the word of a fault.
    pub cause: &'a str,
    /// What happened and what to do.
    pub why: &'a str,
}

/// A shop with how far it is.
#[derive(Serialize, ToSchema)]
#[schema(as = ShopWhole)]
pub struct ShopWholeView<'a> {
    /// The shop.
    #[serde(flatten)]
    pub shop: ShopView<'a>,
    /// Until when nothing is asked of it, because its marketplace said that there were too many calls; null where it did not.
    pub waits_until: Option<Moment>,
    /// The run of its orders that runs, else the last one.
    pub orders: Option<RunView<'a>>,
    /// The run of its products that runs, else the last one.
    pub products: Option<RunView<'a>>,
    /// Windows of the time of the last change that end within the last two days, oldest first, at most 500.
    pub windows: Vec<WindowView<'a>>,
}

/// One page of shops.
#[derive(Serialize, ToSchema)]
pub struct ShopPage<'a> {
    /// In the order they were added.
    pub shops: Vec<ShopView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

impl<'a> ShopView<'a> {
    fn of(shop: &'a ChannelShop) -> Self {
        let pause = shop.more.paused.as_ref();
        Self {
            shop_id: Number(shop.id),
            name: &shop.name,
            channel: &shop.channel,
            region: &shop.more.region,
            app_key: &shop.app_key,
            external_shop_id: shop.more.mall.as_deref(),
            base_url: shop.more.base_url.as_deref(),
            token_expires_at: shop.more.token_until.map(Moment),
            has_token: shop.token.is_some(),
            scopes: &shop.more.scopes,
            scopes_missing: &shop.more.scopes_missing,
            advice: advice_on_scopes(&shop.more.scopes_missing),
            announce_first_pull: shop.more.announce_first_pull,
            paused: pause.map(|pause| PauseView {
                at: pause.at.into(),
                cause: &pause.cause,
                why: &pause.why,
            }),
            stock_from: shop.more.stock_from.map(Moment),
            takes_stock: shop.more.is_mapped,
            created_at: shop.created_at.into(),
        }
    }
}

fn whole(shop: &ShopOf) -> Response {
    let [orders, products] = &shop.runs;
    let view = ShopWholeView {
        shop: ShopView::of(&shop.shop),
        waits_until: shop.waits_until.map(Moment),
        orders: orders.as_ref().map(RunView::of),
        products: products.as_ref().map(RunView::of),
        windows: shop.windows.iter().map(WindowView::of).collect(),
    };
    answer::json(StatusCode::OK, &view)
}

/// A secret, a token or an address.
fn long(reader: &mut Reader, node: Node<'_>) -> Option<String> {
    kinds::text(reader, node, LONG)
}

/// List shops
#[utoipa::path(
    get, path = "/api/shops", tag = "shops", operation_id = "list_shops",
    params(
        ("limit" = Option<Limit>, Query, description = "Shops of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, in the order they were added", body = ShopPage<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let (limit, after) = query::read(&uri, |fields| {
        Some((query::limit(fields), query::cursor(fields, cursor::number)))
    })?;
    let listed = center.app.shops(&who, after, limit).await?;
    let last = listed.last().filter(|_| listed.len() == limit);
    let next = last.map(|last| cursor::of_number(last.id));
    let shops = listed.iter().map(ShopView::of).collect();
    Ok(answer::json(StatusCode::OK, &ShopPage { shops, next }))
}

/// Connect a shop
///
/// Where a token is given, the marketplace is asked whose it is and what it allows; one that is not let in is refused,
/// with a code of what the marketplace says: `token_dead`, `signature`, `app_dead` and others. Secrets are sealed and
/// never shown again.
#[utoipa::path(
    post, path = "/api/shops", tag = "shops", operation_id = "add_shop",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY)),
    request_body(content = NewShopBody, example = json!({
        "name": "Garden, US", "channel": "temu", "region": "us", "app_key": "…", "app_secret": "…"})),
    responses((status = 201, description = "Connected", body = ShopWholeView<'static>))
)]
pub async fn add(State(center): State<Center>, sent: Sent) -> Result<Response, Failure> {
    let new = read(&sent.body, Source::Request, |fields| {
        let name = fields.required("name", kinds::title);
        let channel = fields.required("channel", kinds::identifier);
        let region = fields.required("region", kinds::identifier);
        let app_key = fields.required("app_key", long);
        let app_secret = fields.required("app_secret", long);
        let access_token = fields.optional("access_token", long);
        let base_url = fields.optional("base_url", long);
        let announce_first_pull =
            fields.optional("announce_first_pull", kinds::yes_or_no).unwrap_or(false);
        Some(NewShop {
            name: name?,
            channel: channel?,
            region: region?,
            app_key: app_key?,
            app_secret: app_secret?,
            access_token,
            base_url,
            announce_first_pull,
        })
    })?;
    let added = center.app.add_shop(&sent.who, new, sent.idempotency).await?;
    let shop = center.app.shop_with_runs(&sent.who, added.outcome()).await?;
    Ok(answer::once(added, |id| {
        let mut response = whole(&shop);
        *response.status_mut() = StatusCode::CREATED;
        located(response, "/api/shops", id)
    }))
}

/// One shop
///
/// With its newest runs, and the windows of time that were read of late.
#[utoipa::path(
    get, path = "/api/shops/{id}", tag = "shops", operation_id = "get_shop",
    params(("id" = Number, Path, description = "The number of the shop")),
    responses((status = 200, description = "As it is now", body = ShopWholeView<'static>))
)]
pub async fn get(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    Ok(whole(&center.app.shop_with_runs(&who, id.number("shop")?).await?))
}

/// Change a shop
///
/// What is left out stays. A new token is tried at once; one of another shop is refused, one that is let in ends a
/// pause that the old one caused. Codes in `sku_map` are set, the others stay; what waits for them is taken from stock at
/// once.
#[utoipa::path(
    put, path = "/api/shops/{id}", tag = "shops", operation_id = "set_shop",
    params(("id" = Number, Path, description = "The number of the shop")),
    request_body(content = SetShopBody, example = json!({"paused": true})),
    responses((status = 200, description = "As it is now", body = ShopWholeView<'static>))
)]
pub async fn set(
    State(center): State<Center>,
    id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let id = id.number("shop")?;
    let set = read(&sent.body, Source::Request, |fields| {
        let name = fields.optional("name", kinds::title);
        let app_secret = fields.optional("app_secret", long);
        let access_token = fields.optional("access_token", long);
        let paused = fields.optional("paused", kinds::yes_or_no);
        let stock_from = fields.optional("stock_from", kinds::time);
        let skus = sku_map(fields).unwrap_or_default();
        Some(SetShop { name, app_secret, access_token, paused, stock_from, skus })
    })?;
    center.app.set_shop(&sent.who, id, set).await?;
    Ok(whole(&center.app.shop_with_runs(&sent.who, id).await?))
}
