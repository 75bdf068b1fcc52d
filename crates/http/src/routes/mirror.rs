//! The old table that is kept alive: how it is, its filling from history, and its comparison row by row.

use crate::auth::{Caller, Sent};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::{BackfillBody, VerifyBody};
use crate::openapi::words::MirrorClass;
use crate::{answer, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::mirror::{MirrorDifference, MirrorPage, MirrorRepair, MirrorState};
use docket_domain::Id;
use docket_wire::kinds;
use docket_wire::reader::Source;
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// How the mirror is.
#[derive(Serialize, ToSchema)]
#[schema(as = Mirror)]
pub struct StateView {
    /// The table of the other system that is kept alive.
    pub table: String,
    /// Whether it can be used now.
    pub reachable: bool,
    /// Why it cannot be used now; null where it can.
    pub error: Option<String>,
    /// Writes that wait or run.
    pub waiting: u64,
    /// Writes that were given up; `docket tasks` says why.
    pub dead: u64,
}

/// One page of a backfill or a comparison.
#[derive(Serialize, ToSchema)]
#[schema(as = MirrorPage)]
pub struct PageView<'a> {
    /// Orders looked at.
    pub looked_at: u64,
    /// Where the next page goes on; null at the end.
    pub next: Option<Number>,
    /// What differs.
    pub differences: Vec<DifferenceView<'a>>,
}

/// One row of theirs that differs.
#[derive(Serialize, ToSchema)]
#[schema(as = MirrorDifference)]
pub struct DifferenceView<'a> {
    /// `mirror_missing`, `mirror_status_missing` or `mirror_differs`.
    #[schema(value_type = MirrorClass)]
    pub class: &'a str,
    /// The order.
    pub order_id: Number,
    /// What the row has, or would have, in its key column.
    pub key: &'a str,
    /// The column; empty where the row is missing.
    pub column: &'a str,
    /// As it stands there.
    pub stands: Option<&'a str>,
    /// As it should be.
    pub should: Option<&'a str>,
    /// Whether its row is written anew.
    pub queued: bool,
}

fn page(page: &MirrorPage) -> Response {
    let differences = page.differences.iter().map(DifferenceView::of).collect();
    let MirrorPage { looked_at, next, .. } = *page;
    answer::json(StatusCode::OK, &PageView { looked_at, next: next.map(Number), differences })
}

impl<'a> DifferenceView<'a> {
    fn of(found: &'a MirrorDifference) -> Self {
        Self {
            class: found.class,
            order_id: Number(found.tree),
            key: &found.key,
            column: &found.column,
            stands: found.stands.as_deref(),
            should: found.should.as_deref(),
            queued: found.queued,
        }
    }
}

/// How the mirror is
#[utoipa::path(
    get, path = "/api/mirror", tag = "operation", operation_id = "mirror",
    responses((status = 200, description = "What waits, and whether their database answers", body = StateView))
)]
pub async fn state(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let MirrorState { table, error, waiting, dead } = center.app.mirror_state(&who).await?;
    let view = StateView { table, reachable: error.is_none(), error, waiting, dead };
    Ok(answer::json(StatusCode::OK, &view))
}

/// Fill one page of their table
///
/// Writes the next orders as they are; a row of theirs that is newer stays, so it can be done again.
#[utoipa::path(
    post, path = "/api/mirror/backfill", tag = "operation", operation_id = "backfill_mirror",
    request_body(content = BackfillBody, example = json!({})),
    responses((status = 200, description = "Written", body = PageView<'static>))
)]
pub async fn backfill(State(center): State<Center>, sent: Sent) -> Result<Response, Failure> {
    let after = read(&sent.body, Source::Request, |fields| {
        Some(fields.optional("after", kinds::id).unwrap_or(Id(0)))
    })?;
    Ok(page(&center.app.mirror_backfill(&sent.who, after).await?))
}

/// Compare one page of their table
///
/// An order whose write is on its way does not differ. With `repair` rows that differ are written anew.
#[utoipa::path(
    post, path = "/api/mirror/verify", tag = "operation", operation_id = "verify_mirror",
    request_body(content = VerifyBody, example = json!({"repair": true})),
    responses((status = 200, description = "What differs", body = PageView<'static>))
)]
pub async fn verify(State(center): State<Center>, sent: Sent) -> Result<Response, Failure> {
    let (after, repair) = read(&sent.body, Source::Request, |fields| {
        let after = fields.optional("after", kinds::id).unwrap_or(Id(0));
        let repair = fields.optional("repair", kinds::yes_or_no).unwrap_or_default();
        Some((after, if repair { MirrorRepair::Queue } else { MirrorRepair::None }))
    })?;
    Ok(page(&center.app.mirror_verify(&sent.who, after, repair).await?))
}
