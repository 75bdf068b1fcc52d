//! Webhooks: who is told of every change of an order, and what is told again.

use super::InPath;
use crate::answer::{self, located};
use crate::auth::{Caller, Sent};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::{IDEMPOTENCY, NewWebhookBody, ReplayBody};
use crate::query;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use docket_app::{Again, NewWebhook, WebhookRow};
use docket_domain::Time;
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::Source;
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// Events one webhook can name.
const EVENTS_MAX: usize = 64;

/// A webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView<'a> {
    /// Its number.
    pub webhook_id: Number,
    /// Where events are sent.
    pub url: &'a str,
    /// The events it is told of; empty means all.
    pub events: &'a [String],
    /// What signs them, by Standard Webhooks; shown when it is added, and never again.
    pub secret: Option<String>,
    /// Since when.
    pub created_at: Option<Moment>,
    /// When it was ended; null while it is told.
    pub disabled_at: Option<Moment>,
    /// Why it was ended.
    pub why: Option<&'a str>,
}

impl<'a> WebhookView<'a> {
    fn of(row: &'a WebhookRow) -> Self {
        Self {
            webhook_id: Number(row.id),
            url: &row.url,
            events: &row.events,
            secret: None,
            created_at: Some(row.created_at.into()),
            disabled_at: row.disabled_at.map(Moment),
            why: row.why.as_deref(),
        }
    }
}

/// Every webhook.
#[derive(Serialize, ToSchema)]
pub struct WebhookList<'a> {
    /// Oldest first.
    pub webhooks: Vec<WebhookView<'a>>,
}

/// List webhooks
#[utoipa::path(
    get, path = "/api/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    responses((status = 200, description = "Every webhook", body = WebhookList<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let rows = center.app.webhooks(&who).await?;
    let webhooks = rows.iter().map(WebhookView::of).collect();
    Ok(answer::json(StatusCode::OK, &WebhookList { webhooks }))
}

/// Add a webhook
///
/// Each row of the log of each order is one event, sent as `POST` with `webhook-id`, `webhook-timestamp` and
/// `webhook-signature` (Standard Webhooks, `v1`): `{id, type, tree, seq, at, data}`. Events of one order come one
/// after another, without a gap in `seq` where all are wanted; `data` has the row of the log and the order as it
/// was right after it, without people's data. What is not answered with 2xx is tried again for about two days;
/// 410 ends the webhook.
#[utoipa::path(
    post, path = "/api/webhooks", tag = "webhooks", operation_id = "add_webhook",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY)),
    request_body(content = NewWebhookBody, example = json!({"url": "https://example.com/docket", "events": ["order.paid"]})),
    responses((status = 201, description = "Added, with the secret that signs", body = WebhookView<'static>))
)]
pub async fn add(State(center): State<Center>, sent: Sent) -> Result<Response, Failure> {
    let new = read(&sent.body, Source::Request, |fields| {
        let url = fields.required("url", |reader, node| kinds::text(reader, node, 1024));
        let events = fields
            .optional("events", |reader, node| reader.list(node, EVENTS_MAX, kinds::identifier));
        Some(NewWebhook { url: url?, events: events.unwrap_or_default() })
    })?;
    let added = center.app.add_webhook(&sent.who, new.clone(), sent.idempotency).await?;
    Ok(answer::once(added, |(id, secret)| {
        let shown = WebhookView {
            webhook_id: Number(id),
            url: &new.url,
            events: &new.events,
            secret,
            created_at: None,
            disabled_at: None,
            why: None,
        };
        located(answer::json(StatusCode::CREATED, &shown), "/api/webhooks", id)
    }))
}

/// End a webhook
#[utoipa::path(
    delete, path = "/api/webhooks/{id}", tag = "webhooks", operation_id = "end_webhook",
    params(("id" = Number, Path, description = "The number of the webhook")),
    responses((status = 204, description = "Told nothing more"))
)]
pub async fn remove(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    center.app.remove_webhook(&who, id.number("webhook")?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Tell a webhook again
///
/// Everything about one order (`order_id`), or everything that happened from `from` to `to`, whether it was told
/// before or not. Events keep their ids.
#[utoipa::path(
    post, path = "/api/webhooks/{id}/replay", tag = "webhooks", operation_id = "replay_webhook",
    params(("id" = Number, Path, description = "The number of the webhook")),
    request_body(content = ReplayBody, example = json!({"order_id": "391320997262786815"})),
    responses((status = 202, description = "It will be told"))
)]
pub async fn replay(
    State(center): State<Center>,
    id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let again = read(&sent.body, Source::Request, |fields| {
        let order = fields.optional("order_id", kinds::id);
        let from = fields.optional("from", kinds::time);
        let to = fields.optional("to", kinds::time);
        match (order, from) {
            (Some(tree), _) => Some(Again::Tree(tree)),
            (None, Some(from)) => Some(Again::Between(from, to.unwrap_or(Time(i64::MAX)))),
            (None, None) => fields.wrong("order_id", "required", "give an `order_id`, or `from`"),
        }
    })?;
    center.app.replay_webhook(&sent.who, id.number("webhook")?, again).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}
