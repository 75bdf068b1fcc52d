//! Stock: what stands where, counted and adjusted by hand, and the book of it.

use super::InPath;
use crate::answer;
use crate::auth::{Caller, Sent};
use crate::body::{JsonBody, read};
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::{self, AdjustmentBody, CountBody};
use crate::openapi::words::{Limit, StockLineKind};
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{Adjustment, StockChange, StockChangeKind, StockOf};
use docket_domain::Quantity;
use docket_wire::described::{Identifier, PageCursor};
use docket_wire::document::Node;
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::placement::DEFAULT_PLACE;
use docket_wire::reader::{Reader, Source};
use docket_wire::view::{HowMuch, Number};
use serde::Serialize;
use utoipa::ToSchema;

/// A count or an adjustment is smaller than this: 10⁹ units, in thousandths.
const STOCK_LIMIT: i64 = 1_000_000_000_000;

/// What stands of one SKU.
#[derive(Serialize, ToSchema)]
#[schema(as = Stock)]
pub struct StockView<'a> {
    /// The SKU.
    pub sku_id: &'a str,
    /// By place; empty where the SKU is not tracked.
    pub places: Vec<PlaceView<'a>>,
}

/// What stands at one place.
#[derive(Serialize, ToSchema)]
#[schema(as = PlaceStock)]
pub struct PlaceView<'a> {
    /// Where the stock stands: the name of a place.
    pub place: &'a str,
    /// What is there.
    pub on_hand: HowMuch,
    /// What of it is promised to orders.
    pub held: HowMuch,
    /// What may be promised; negative where less was counted than is held.
    pub available: HowMuch,
}

impl<'a> StockView<'a> {
    fn of(stock: &'a StockOf) -> Self {
        let places = stock.places.iter().map(|(place, stock)| PlaceView {
            place,
            on_hand: HowMuch(stock.on_hand),
            held: HowMuch(stock.held),
            available: HowMuch(stock.available()),
        });
        Self { sku_id: &stock.sku_id, places: places.collect() }
    }
}

/// One page of stock.
#[derive(Serialize, ToSchema)]
pub struct StockPage<'a> {
    /// By SKU.
    pub stock: Vec<StockView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// One count or adjustment.
#[derive(Serialize, ToSchema)]
#[schema(as = Adjustment)]
pub struct AdjustmentView<'a> {
    /// Names this line of the history.
    pub adjustment_id: Number,
    /// Where the stock stands: the name of a place.
    pub place: &'a str,
    /// `count` or `adjustment`.
    #[schema(value_type = StockLineKind)]
    pub kind: &'static str,
    /// What was counted, or what was added.
    pub quantity: HowMuch,
    /// What was there afterwards.
    pub on_hand: HowMuch,
    /// Why, in the words of whoever did it.
    pub reason: &'a str,
    /// Who: number and name of the key or user.
    pub actor: &'a str,
    /// When it was done.
    pub at: Moment,
}

impl<'a> AdjustmentView<'a> {
    fn of(line: &'a Adjustment) -> Self {
        Self {
            adjustment_id: Number(line.id),
            place: &line.place,
            kind: if line.counted { "count" } else { "adjustment" },
            quantity: HowMuch(line.quantity),
            on_hand: HowMuch(line.on_hand),
            reason: &line.reason,
            actor: &line.actor,
            at: line.at.into(),
        }
    }
}

/// The book of a SKU.
#[derive(Serialize, ToSchema)]
#[schema(as = Book)]
pub struct StockBook<'a> {
    /// The SKU.
    pub sku_id: &'a str,
    /// Newest first, at most 200.
    pub adjustments: Vec<AdjustmentView<'a>>,
}

/// A quantity of stock, of any sign.
#[allow(clippy::needless_pass_by_value)] // the shape of every kind
fn signed(reader: &mut Reader, node: Node<'_>) -> Option<Quantity> {
    let Node::Text(text) = &node else {
        return reader.wrong_type(&node, "a decimal number written as a text, such as \"50\"");
    };
    match text.parse::<Quantity>() {
        Ok(quantity) if quantity.0.abs() < STOCK_LIMIT => Some(quantity),
        Ok(_) => reader.wrong("too_large", "must be below 1000000000"),
        Err(error) => reader.wrong("not_a_quantity", error.to_string()),
    }
}

fn counted(reader: &mut Reader, node: Node<'_>) -> Option<Quantity> {
    match signed(reader, node)? {
        negative if negative < Quantity::ZERO => reader.wrong("too_small", "must be at least 0"),
        quantity => Some(quantity),
    }
}

fn added(reader: &mut Reader, node: Node<'_>) -> Option<Quantity> {
    match signed(reader, node)? {
        Quantity::ZERO => reader.wrong("too_small", "must not be 0"),
        quantity => Some(quantity),
    }
}

/// Reads the body of a count or an adjustment.
fn read_change(
    sku_id: String,
    body: &JsonBody,
    kind: StockChangeKind,
) -> Result<StockChange, Failure> {
    let change = read(body, Source::Request, |fields| {
        let place = fields.optional("place", kinds::identifier);
        let quantity = match kind {
            StockChangeKind::Count => fields.required("on_hand", counted),
            StockChangeKind::Adjust => fields.required("delta", added),
        };
        let reason = fields.required("reason", kinds::words);
        Some(StockChange {
            sku_id,
            place: place.unwrap_or_else(|| DEFAULT_PLACE.to_owned()),
            quantity: quantity?,
            kind,
            reason: reason?,
        })
    });
    Ok(change?)
}

async fn changed(
    center: &Center,
    sent: Sent,
    sku_id: InPath,
    kind: StockChangeKind,
) -> Result<Response, Failure> {
    let change = read_change(sku_id.name("sku_id")?, &sent.body, kind)?;
    let done = center.app.change_stock_once(&sent.who, change, sent.idempotency).await?;
    Ok(answer::once(done, |stock| answer::json(StatusCode::OK, &StockView::of(&stock))))
}

/// List stock
///
/// A page looks at a bounded number of places: one that a key sees little of may be short and have a `next`, and a SKU
/// that stands at very many places may go on in the next page.
#[utoipa::path(
    get, path = "/api/stock", tag = "stock", operation_id = "list_stock",
    params(
        ("limit" = Option<Limit>, Query, description = "SKUs of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, by SKU", body = StockPage<'static>))
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
    let page = center.app.stock_list(&who, (sku_id, place), limit).await?;
    let next = page.next.map(|(sku_id, place)| cursor::of_names([&sku_id, &place]));
    let page = StockPage { stock: page.found.iter().map(StockView::of).collect(), next };
    Ok(answer::json(StatusCode::OK, &page))
}

/// What stands of a SKU
#[utoipa::path(
    get, path = "/api/stock/{sku_id}", tag = "stock", operation_id = "get_stock",
    params(("sku_id" = Identifier, Path, description = "The SKU")),
    responses((status = 200, description = "By place", body = StockView<'static>))
)]
pub async fn get(
    State(center): State<Center>,
    Caller(who): Caller,
    sku_id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let stock = center.app.stock(&who, &sku_id.name("sku_id")?).await?;
    Ok(answer::json(StatusCode::OK, &StockView::of(&stock)))
}

/// Count a SKU
///
/// Sets what is there, and starts tracking it. A count below what is held is taken: nothing is available then.
#[utoipa::path(
    put, path = "/api/stock/{sku_id}", tag = "stock", operation_id = "count_stock",
    params(("sku_id" = Identifier, Path, description = "The SKU")),
    request_body(content = CountBody, example = json!({"place": "main", "on_hand": "50", "reason": "count"})),
    responses((status = 200, description = "What stands now", body = StockView<'static>))
)]
pub async fn count(
    State(center): State<Center>,
    sku_id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    changed(&center, sent, sku_id, StockChangeKind::Count).await
}

/// Adjust a SKU
///
/// Adds to what is there, or takes from it.
#[utoipa::path(
    post, path = "/api/stock/{sku_id}/adjustments", tag = "stock", operation_id = "adjust_stock",
    params(
        ("sku_id" = Identifier, Path, description = "The SKU"),
        ("Idempotency-Key" = Option<String>, Header, description = bodies::IDEMPOTENCY),
    ),
    request_body(content = AdjustmentBody, example = json!({"place": "main", "delta": "-2", "reason": "broken"})),
    responses((status = 200, description = "What stands now", body = StockView<'static>))
)]
pub async fn adjust(
    State(center): State<Center>,
    sku_id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    changed(&center, sent, sku_id, StockChangeKind::Adjust).await
}

/// The book of a SKU
#[utoipa::path(
    get, path = "/api/stock/{sku_id}/adjustments", tag = "stock", operation_id = "list_adjustments",
    params(("sku_id" = Identifier, Path, description = "The SKU")),
    responses((status = 200, description = "Counts and adjustments, newest first", body = StockBook<'static>))
)]
pub async fn book(
    State(center): State<Center>,
    Caller(who): Caller,
    sku_id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let sku_id = sku_id.name("sku_id")?;
    let lines = center.app.adjustments(&who, &sku_id).await?;
    let adjustments = lines.iter().map(AdjustmentView::of).collect();
    Ok(answer::json(StatusCode::OK, &StockBook { sku_id: &sku_id, adjustments }))
}
