//! Parcels of marketplace orders: how far the search for them is, and its start by hand.

use super::InPath;
use crate::answer;
use crate::auth::{Caller, SentNothing};
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::{IDEMPOTENCY, NothingBody};
use crate::openapi::words::{EnrichStatusWord, Limit};
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{ChannelOrderRow, PackageCounts};
use docket_domain::channel::{LOOKS_THAT_MAY_FAIL, PackageState};
use docket_wire::described::PageCursor;
use docket_wire::moment::Moment;
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// The words of the states, as whoever asks by one names it.
pub const STATES: [(&str, PackageState); 4] = [
    ("waiting", PackageState::Waiting),
    ("completed", PackageState::Known),
    ("none", PackageState::Never),
    ("failed", PackageState::Failed),
];

/// The search for the parcels of one order.
#[derive(Serialize, ToSchema)]
#[schema(as = EnrichTask)]
pub struct EnrichView<'a> {
    /// The shop.
    pub shop_id: Number,
    /// The number of the order at the marketplace.
    pub parent_order_sn: &'a str,
    /// The order here; null where none was made of it.
    pub order_id: Option<Number>,
    /// `pending` until the first look, `waiting` while there is nothing yet, `completed`, `none` where there are none, or
    /// `failed`.
    #[schema(value_type = EnrichStatusWord)]
    pub status: &'static str,
    /// How often it was looked.
    pub looks: u32,
    /// Looks in a row that failed.
    pub retry_count: u32,
    /// Looks in a row that may fail.
    pub max_retries: u32,
    /// When it is looked next.
    pub next_look_at: Option<Moment>,
    /// Why the last look failed, or why there are none.
    pub error_message: Option<String>,
}

/// One page of searches.
#[derive(Serialize, ToSchema)]
pub struct EnrichPage<'a> {
    /// By number of the order.
    pub tasks: Vec<EnrichView<'a>>,
    /// The cursor of the next page; null at the end. There is one wherever a page looked at as much as it may.
    pub next: Option<String>,
}

/// How many orders stand how, of those that were created within the last seven days.
#[derive(Serialize, ToSchema)]
pub struct EnrichStatistics {
    /// Looked for, with nothing yet.
    pub waiting: u64,
    /// Known.
    pub completed: u64,
    /// Looked for long enough: there are none.
    pub none: u64,
    /// Every look failed.
    pub failed: u64,
}

/// The search was started.
#[derive(Serialize, ToSchema)]
pub struct EnrichStarted {
    /// Orders whose parcels are looked for.
    pub waiting: u64,
}

/// What was odd about an order and what its last look came to.
fn in_one_line(note: &str) -> String {
    let parts: Vec<_> = note.split('\n').filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

impl<'a> EnrichView<'a> {
    fn of(row: &'a ChannelOrderRow) -> Self {
        let word = STATES.iter().find(|(_, state)| *state == row.packages).map(|(word, _)| *word);
        let is_fresh = row.packages == PackageState::Waiting && row.looks == 0;
        Self {
            shop_id: Number(row.shop),
            parent_order_sn: &row.number,
            order_id: row.tree.map(Number),
            status: if is_fresh { "pending" } else { word.unwrap_or("pending") },
            looks: row.looks,
            retry_count: row.tries,
            max_retries: LOOKS_THAT_MAY_FAIL,
            next_look_at: row.next_look_at.map(Moment),
            error_message: row.note.as_ref().map(|note| in_one_line(note)),
        }
    }
}

/// Look for the parcels of a shop's orders
///
/// Those that were given up, or failed, are looked for again too.
#[utoipa::path(
    post, path = "/api/sync/shops/{id}/orders/enrich-details", tag = "shops", operation_id = "enrich_orders",
    params(
        ("id" = Number, Path, description = "The number of the shop"),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY),
    ),
    request_body(content = NothingBody, example = json!({})),
    responses((status = 202, description = "It is queued", body = EnrichStarted))
)]
pub async fn start(
    State(center): State<Center>,
    id: InPath,
    sent: SentNothing,
) -> Result<Response, Failure> {
    let waiting = center.app.start_looks(&sent.who, id.number("shop")?).await?;
    Ok(answer::json(StatusCode::ACCEPTED, &EnrichStarted { waiting }))
}

/// The search for the parcels of a shop's orders
#[utoipa::path(
    get, path = "/api/sync/shops/{id}/orders/enrich-tasks", tag = "shops", operation_id = "enrich_tasks",
    params(
        ("id" = Number, Path, description = "The number of the shop"),
        ("status" = Option<EnrichStatusWord>, Query, description = "Those that stand so; `pending` and `waiting` are one"),
        ("limit" = Option<Limit>, Query, description = "Orders of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, by number of the order", body = EnrichPage<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    let (state, limit, after) = query::read(&uri, |fields| {
        let words = [&[("pending", PackageState::Waiting)], &STATES[..]].concat();
        let state = fields.optional("status", query::one_of(&words));
        Some((state, query::limit(fields), query::cursor(fields, cursor::names::<1>)))
    })?;
    let after = after.map_or_else(String::new, |[number]| number);
    let page = center.app.package_page(&who, id.number("shop")?, state, after, limit).await?;
    let next = page.next.as_deref().map(|number| cursor::of_names([number]));
    let tasks = page.orders.iter().map(EnrichView::of).collect();
    Ok(answer::json(StatusCode::OK, &EnrichPage { tasks, next }))
}

/// How the orders of all shops stand with their parcels
#[utoipa::path(
    get, path = "/api/sync/orders/enrich-tasks/stats", tag = "shops", operation_id = "enrich_statistics",
    responses((status = 200, description = "Of orders created within the last seven days", body = EnrichStatistics))
)]
pub async fn statistics(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let PackageCounts { waiting, known, never, failed } =
        center.app.package_statistics(&who).await?;
    let counts = EnrichStatistics { waiting, completed: known, none: never, failed };
    Ok(answer::json(StatusCode::OK, &counts))
}
