//! What happened to an order: its log, its story, its agreed versions; and the log across orders.

use super::InPath;
use crate::answer;
use crate::auth::Caller;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::words::Limit;
use crate::{cursor, language, query};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use docket_app::{AgreedTree, Agreements, OperationFilter};
use docket_domain::{Json, OperationKind};
use docket_wire::described::{Identifier, Time};
use docket_wire::described::{LanguageCode, PageCursor};
use docket_wire::document::Node;
use docket_wire::moment::Moment;
use docket_wire::view::Number;
use docket_wire::word::OperationWord;
use docket_wire::{Activity, LogView, kinds, stored};
use serde::Serialize;
use utoipa::ToSchema;

/// Rows of the log.
#[derive(Serialize, ToSchema)]
pub struct LogPage<'a> {
    /// Of one order: oldest first. Across orders: newest first.
    pub operations: Vec<LogView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// The story of an order.
#[derive(Serialize, ToSchema)]
pub struct StoryView<'a> {
    /// `zh` or `en`.
    #[schema(value_type = LanguageCode)]
    pub language: &'static str,
    /// Oldest first.
    pub activities: Vec<Activity<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// The agreed versions of an order.
#[derive(Serialize, ToSchema)]
pub struct SnapshotList {
    /// Oldest first.
    pub snapshots: Vec<SnapshotView>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// What was agreed, as it was then.
#[derive(Serialize, ToSchema)]
#[schema(as = Snapshot)]
pub struct SnapshotView {
    /// Which version of the terms.
    pub terms_version: u32,
    /// When it was agreed.
    pub at: Moment,
    /// SHA-256 of the agreed tree as it is kept, in hexadecimal: it tells whether two agreements are the same.
    pub sha256: String,
    /// When what the buyer wrote was taken out of it; null where it is as it was agreed.
    pub forgotten_at: Option<Moment>,
    /// The agreed tree; fields that are zero or empty are left out.
    #[schema(value_type = Object)]
    pub agreed: Json,
}

/// The log of an order
///
/// Every change: who, when, each changed field before and after. A page may be short and have a `next`: rows of others
/// are left out for a key that is limited to some shops, and a page has 4 MiB at most.
#[utoipa::path(
    get, path = "/api/orders/{id}/operations", tag = "history", operation_id = "list_order_operations",
    params(
        ("id" = Number, Path, description = "Any number of the tree"),
        ("limit" = Option<Limit>, Query, description = "Entries of a page: 1 to 200, 200 where left out"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, oldest first", body = LogPage<'static>))
)]
pub async fn of_order(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    let (after, limit) = query::read(&uri, |fields| {
        Some((query::cursor(fields, cursor::row), query::limit_of_log(fields)))
    })?;
    let page = center.app.operations(&who, id.number("order")?, after, limit).await?;
    let operations = page.entries.iter().map(LogView::of).collect();
    Ok(answer::json(StatusCode::OK, &LogPage { operations, next: page.next.map(cursor::of_row) }))
}

/// The story of an order
///
/// The log in sentences.
#[utoipa::path(
    get, path = "/api/orders/{id}/activities", tag = "history", operation_id = "list_activities",
    params(
        ("id" = Number, Path, description = "Any number of the tree"),
        ("lang" = Option<LanguageCode>, Query, description = "`zh` or `en`; by `Accept-Language` where left out"),
        ("limit" = Option<Limit>, Query, description = "Entries of a page: 1 to 200, 200 where left out"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
        ("Accept-Language" = Option<String>, Header, description = "The language of the story"),
    ),
    responses((status = 200, description = "One page, oldest first", body = StoryView<'static>))
)]
pub async fn activities(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (said, after, limit) = query::read(&uri, |fields| {
        let said = fields.optional("lang", |reader, node| {
            let Node::Text(word) = &node else { return reader.wrong_type(&node, "a word") };
            match language::of_word(word) {
                Some(language) => Some(language),
                None => reader.wrong("not_a_word", "must be one of: zh, en"),
            }
        });
        Some((said, query::cursor(fields, cursor::row), query::limit_of_log(fields)))
    })?;
    let language = said.unwrap_or_else(|| language::accepted(&headers));
    let page = center.app.operations(&who, id.number("order")?, after, limit).await?;
    let activities = page.entries.iter().map(|entry| Activity::of(entry, language)).collect();
    let (word, next) = (language::word(language), page.next.map(cursor::of_row));
    let mut answer = answer::json(StatusCode::OK, &StoryView { language: word, activities, next });
    language::told_in(&mut answer, language);
    Ok(answer)
}

/// The agreed versions of an order
///
/// What was agreed at placement and at every change of terms, kept for good and never changed.
#[utoipa::path(
    get, path = "/api/orders/{id}/snapshots", tag = "history", operation_id = "list_snapshots",
    params(
        ("id" = Number, Path, description = "Any number of the tree"),
        ("limit" = Option<Limit>, Query, description = "Entries of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, oldest first", body = SnapshotList))
)]
pub async fn snapshots(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    let (after, limit) = query::read(&uri, |fields| {
        Some((query::cursor(fields, cursor::version), query::limit(fields)))
    })?;
    let agreed = center.app.snapshots(&who, id.number("order")?, after, limit).await?;
    let Agreements { tree, versions, next } = agreed;
    let markets = &center.app.settings().markets;
    let views = versions.iter().map(|AgreedTree { snapshot, json }| {
        let json = serde_json::from_str(json).expect("its checksum was compared: it is our JSON");
        SnapshotView {
            terms_version: snapshot.terms_version,
            at: snapshot.at.into(),
            sha256: hex::encode(snapshot.sha256),
            forgotten_at: snapshot.forgotten_at.map(Moment),
            agreed: stored::agreed(&json, &tree, snapshot.at, markets),
        }
    });
    let (snapshots, next) = (views.collect(), next.map(cursor::of_version));
    Ok(answer::json(StatusCode::OK, &SnapshotList { snapshots, next }))
}

/// The log across orders
///
/// Newest first. Keys that are limited to shops or places read the log of one order at a time.
#[utoipa::path(
    get, path = "/api/operations", tag = "history", operation_id = "list_operations",
    params(
        ("operator" = Option<Identifier>, Query, description = "The number of who asked, as the caller vouched for it. Buyers are not found by it, but by their orders"),
        ("type" = Option<OperationWord>, Query, description = "The kind of operation"),
        ("from" = Option<Time>, Query, description = "At or after this time (RFC 3339)"),
        ("to" = Option<Time>, Query, description = "Before this time"),
        ("limit" = Option<Limit>, Query, description = "Entries of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page", body = LogPage<'static>))
)]
pub async fn across(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let filter = query::read(&uri, |fields| {
        Some(OperationFilter {
            operator: fields.optional("operator", kinds::identifier),
            kind: fields.optional("type", kinds::word::<OperationKind>),
            from: fields.optional("from", kinds::time),
            to: fields.optional("to", kinds::time),
            cursor: query::cursor(fields, cursor::entry),
            limit: query::limit(fields),
        })
    })?;
    let page = center.app.operations_across(&who, &filter).await?;
    let next = page.next.map(|(at, tree, seq)| cursor::of_entry(at, tree, seq));
    let operations = page.entries.iter().map(LogView::of).collect();
    Ok(answer::json(StatusCode::OK, &LogPage { operations, next }))
}
