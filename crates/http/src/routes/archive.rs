//! The archive: what is in it, what is due, and a person who moves things there, brings them back or looks whether
//! they are still right. Each call does one step of bounded size; whoever wants all of it asks again.

use super::InPath;
use crate::answer;
use crate::auth::{Caller, Sent, SentNothing};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::{NothingBody, RestoreArchivedBody};
use crate::openapi::words::{Limit, SegmentKindWord, SegmentStateWord, Verdict};
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::Segment;
use docket_app::archive::{Back, Counted, DueFor, Verified};
use docket_domain::Time;
use docket_wire::described::PageCursor;
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::Source;
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// One object of the archive.
#[derive(Serialize, ToSchema)]
#[schema(as = Segment)]
pub struct SegmentView<'a> {
    /// Names the segment; it never changes.
    pub segment_id: Number,
    /// `log`, `snapshots` or `orders`.
    #[schema(value_type = SegmentKindWord)]
    pub kind: &'static str,
    /// The name of the object, below the folder or prefix of the archive.
    pub name: &'a str,
    /// When the first of what it says happened.
    pub from: Moment,
    /// When the last did.
    pub to: Moment,
    /// Orders it has rows of.
    pub orders: u32,
    /// Those of them whose rows did not come back.
    pub away: u32,
    /// Rows in it.
    pub rows: u32,
    /// Bytes of the object.
    pub bytes: u64,
    /// SHA-256 of the object, hexadecimal.
    pub sha256: String,
    /// `moving` while rows leave for it, then `kept`.
    #[schema(value_type = SegmentStateWord)]
    pub state: &'static str,
    /// When it was made.
    pub created_at: Moment,
}

impl<'a> SegmentView<'a> {
    fn of(segment: &'a Segment) -> Self {
        Self {
            segment_id: Number(segment.id),
            kind: segment.kind.word(),
            name: &segment.name,
            from: segment.from.into(),
            to: segment.to.into(),
            orders: segment.trees,
            away: segment.away,
            rows: segment.rows,
            bytes: segment.bytes,
            sha256: hex::encode(segment.sha256),
            state: segment.state.word(),
            created_at: segment.created_at.into(),
        }
    }
}

/// One page of segments.
#[derive(Serialize, ToSchema)]
pub struct SegmentPage<'a> {
    /// Newest first.
    pub segments: Vec<SegmentView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// What is due of one kind.
#[derive(Serialize, ToSchema)]
#[schema(as = ArchiveDue)]
pub struct DueView {
    /// `log`, `snapshots` or `orders`.
    #[schema(value_type = SegmentKindWord)]
    pub kind: &'static str,
    /// Orders that something is due of.
    pub orders: u64,
    /// Rows that would leave with them, of whatever table.
    pub rows: u64,
}

/// What is due.
#[derive(Serialize, ToSchema)]
pub struct DueList {
    /// What was counted, by kind, in the order in which they leave; a kind that was not looked at is left out.
    pub due: Vec<DueView>,
    /// The cursor with which counting goes on; null at the end. All that is due is the sum of the answers.
    pub next: Option<String>,
}

/// What one step moved away.
#[derive(Serialize, ToSchema)]
#[schema(as = ArchiveMoved)]
pub struct MovedView<'a> {
    /// The segment; null where nothing was due any more.
    pub segment: Option<SegmentView<'a>>,
}

/// What one step brought back.
#[derive(Serialize, ToSchema)]
#[schema(as = ArchiveRestored)]
pub struct RestoredView {
    /// Orders, each counted once a segment.
    pub orders: u64,
    /// Rows that came back, of whatever table.
    pub rows: u64,
    /// Whether there may be more: ask again.
    pub more: bool,
}

/// What was seen of one segment.
#[derive(Serialize, ToSchema)]
#[schema(as = ArchiveVerified)]
pub struct VerifiedView<'a> {
    /// `right`, `damaged` or `unreachable`.
    #[schema(value_type = Verdict)]
    pub verdict: &'static str,
    /// What is wrong.
    pub why: Option<&'a str>,
}

/// List what the archive has
#[utoipa::path(
    get, path = "/api/archive", tag = "operation", operation_id = "list_segments",
    params(
        ("limit" = Option<Limit>, Query, description = "Entries of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, newest first", body = SegmentPage<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let (before, limit) = query::read(&uri, |fields| {
        Some((query::cursor(fields, cursor::number), query::limit(fields)))
    })?;
    let segments = center.app.segments(&who, before, limit).await?;
    let last = segments.last().filter(|_| segments.len() == limit);
    let next = last.map(|last| cursor::of_number(last.id));
    let segments = segments.iter().map(SegmentView::of).collect();
    Ok(answer::json(StatusCode::OK, &SegmentPage { segments, next }))
}

/// What is due for the archive
///
/// Counts a bounded number of rows. Asked again with `next` until that is null, all of it is counted.
#[utoipa::path(
    get, path = "/api/archive/due", tag = "operation", operation_id = "archive_due",
    params(("cursor" = Option<String>, Query, description = "The `next` of the answer before")),
    responses((status = 200, description = "What was counted, by kind", body = DueList))
)]
pub async fn due(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let cursor = query::read(&uri, |fields| Some(query::cursor(fields, cursor::due)))?;
    let Counted { due, next } = center.app.archive_due(&who, cursor).await?;
    let view = |due: DueFor| DueView { kind: due.kind.word(), orders: due.trees, rows: due.rows };
    let (due, next) = (due.into_iter().map(view).collect(), next.map(cursor::of_due));
    Ok(answer::json(StatusCode::OK, &DueList { due, next }))
}

/// How many orders the archive has
#[derive(Serialize, ToSchema)]
#[schema(as = ArchivedCount)]
pub struct CountView {
    /// Orders that left whole.
    pub orders: u64,
}

/// Count the orders of the archive
#[utoipa::path(
    get, path = "/api/archive/count", tag = "operation", operation_id = "count_archived_orders",
    responses((status = 200, description = "How many left whole", body = CountView))
)]
pub async fn count(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let orders = center.app.archived_orders(&who).await?;
    Ok(answer::json(StatusCode::OK, &CountView { orders }))
}

/// Move the next segment to the archive
///
/// At most 8 MiB of rows. Asked again until `segment` is null, all that is due has left; a nightly task does the
/// same.
#[utoipa::path(
    post, path = "/api/archive/run", tag = "operation", operation_id = "archive_run",
    request_body(content = NothingBody, example = json!({})),
    responses((status = 200, description = "The segment", body = MovedView<'static>))
)]
pub async fn run(State(center): State<Center>, sent: SentNothing) -> Result<Response, Failure> {
    let moved = center.app.archive(&sent.who).await?;
    let segment = moved.as_ref().map(|moved| SegmentView::of(&moved.segment));
    Ok(answer::json(StatusCode::OK, &MovedView { segment }))
}

/// Bring rows back from the archive
///
/// Everything of one order (`order_id`), or of all orders to which something happened from `from` until before `to`.
/// Asked again while `more` is true. What came back stays for at least 30 days.
#[utoipa::path(
    post, path = "/api/archive/restore", tag = "operation", operation_id = "archive_restore",
    request_body(content = RestoreArchivedBody, example = json!({"order_id": "391320997262786815"})),
    responses((status = 200, description = "What came back", body = RestoredView))
)]
pub async fn restore(State(center): State<Center>, sent: Sent) -> Result<Response, Failure> {
    let back = read(&sent.body, Source::Request, |fields| {
        let order = fields.optional("order_id", kinds::id);
        let from = fields.optional("from", kinds::time);
        let to = fields.optional("to", kinds::time);
        match (order, from) {
            (Some(order), _) => Some(Back::Order(order)),
            (None, Some(from)) => Some(Back::Between(from, to.unwrap_or(Time(i64::MAX)))),
            (None, None) => fields.wrong("order_id", "required", "give an `order_id`, or `from`"),
        }
    })?;
    let docket_app::archive::Restored { trees, rows, more } =
        center.app.restore_archived(&sent.who, back).await?;
    Ok(answer::json(StatusCode::OK, &RestoredView { orders: trees, rows, more }))
}

/// Look whether a segment is still right
#[utoipa::path(
    post, path = "/api/archive/{id}/verify", tag = "operation", operation_id = "verify_segment",
    params(("id" = Number, Path, description = "The number of the segment")),
    request_body(content = NothingBody, example = json!({})),
    responses((status = 200, description = "What was seen", body = VerifiedView<'static>))
)]
pub async fn verify(
    State(center): State<Center>,
    id: InPath,
    sent: SentNothing,
) -> Result<Response, Failure> {
    let verified = center.app.verify_segment(&sent.who, id.number("segment")?).await?;
    let (verdict, why) = match &verified {
        Verified::Right => ("right", None),
        Verified::Damaged(why) => ("damaged", Some(why.as_str())),
        Verified::Unreachable(why) => ("unreachable", Some(why.as_str())),
    };
    Ok(answer::json(StatusCode::OK, &VerifiedView { verdict, why }))
}
