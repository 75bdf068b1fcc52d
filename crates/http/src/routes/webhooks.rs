//! Webhooks: who is told of every change of an order, what is told again, and what came of it.

use super::InPath;
use crate::answer::{self, located};
use crate::auth::{Caller, Sent, SentNothing};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::{IDEMPOTENCY, NewWebhookBody, NothingBody, ReplayBody};
use crate::openapi::words::{Limit, TaskStateWord};
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use docket_app::{Again, Delivered, NewWebhook, Rotated, WebhookRow};
use docket_domain::{Id, Time};
use docket_wire::described::PageCursor;
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
    /// Names the webhook: the `{id}` of paths below `/api/webhooks`.
    pub webhook_id: Number,
    /// Where events are sent.
    pub url: &'a str,
    /// The events it is told of; empty means all.
    pub events: &'a [String],
    /// What signs them, by Standard Webhooks; shown when it is added, and never again.
    pub secret: Option<String>,
    /// When it was made.
    pub created_at: Option<Moment>,
    /// When it was ended; null while it is told.
    pub disabled_at: Option<Moment>,
    /// Why it was ended.
    pub why: Option<&'a str>,
    /// Until when the secret before this one signs too; null where there is none that does.
    pub old_secret_until: Option<Moment>,
}

impl<'a> WebhookView<'a> {
    fn of(row: &'a WebhookRow, now: Time) -> Self {
        let old = row.old.as_ref().map(|old| old.until).filter(|until| *until > now);
        Self {
            webhook_id: Number(row.id),
            url: &row.url,
            events: &row.events,
            secret: None,
            created_at: Some(row.created_at.into()),
            disabled_at: row.disabled_at.map(Moment),
            why: row.why.as_deref(),
            old_secret_until: old.map(Moment),
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
    let now = center.app.now();
    let webhooks = rows.iter().map(|row| WebhookView::of(row, now)).collect();
    Ok(answer::json(StatusCode::OK, &WebhookList { webhooks }))
}

/// One webhook
#[utoipa::path(
    get, path = "/api/webhooks/{id}", tag = "webhooks", operation_id = "get_webhook",
    params(("id" = Number, Path, description = "The number of the webhook")),
    responses((status = 200, description = "Also where it has ended", body = WebhookView<'static>))
)]
pub async fn get(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let row = center.app.webhook(&who, id.number("webhook")?).await?;
    Ok(answer::json(StatusCode::OK, &WebhookView::of(&row, center.app.now())))
}

/// Add a webhook
///
/// Each row of the log of each order is one event, sent as `POST` with `webhook-id`, `webhook-timestamp` and
/// `webhook-signature` (Standard Webhooks, `v1`): `{id, type, tree, seq, at, data}`. Events of one order come one
/// after another, without a gap in `seq` where all are wanted; `data` has the row of the log and the order as it
/// was right after it, without people's data. What is not answered with 2xx is tried again for about two days;
/// 410 ends the webhook. No redirect is followed.
///
/// Addresses that are not for everyone (loopback, private, link-local, of a cloud's metadata and others like them)
/// are refused with `address_not_allowed`, now and whenever an event is sent, but for networks that the operator
/// names in `[webhooks] allow`.
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
            old_secret_until: None,
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

/// A secret that took another's place.
#[derive(Serialize, ToSchema)]
#[schema(as = RotatedWebhook)]
pub struct RotatedView {
    /// The number of the webhook.
    pub webhook_id: Number,
    /// What signs from now on; shown now, and never again.
    pub secret: Option<String>,
    /// Until when the one before signs too.
    pub old_secret_until: Moment,
}

/// Give a webhook another secret
///
/// For a day both sign: `webhook-signature` then has two signatures with a blank between, the new one first, as
/// Standard Webhooks says. Change it twice within a day, and the first signs no more.
#[utoipa::path(
    post, path = "/api/webhooks/{id}/rotate", tag = "webhooks", operation_id = "rotate_webhook",
    params(
        ("id" = Number, Path, description = "The number of the webhook"),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY),
    ),
    request_body(content = NothingBody, example = json!({})),
    responses((status = 200, description = "The new secret", body = RotatedView))
)]
pub async fn rotate(
    State(center): State<Center>,
    id: InPath,
    sent: SentNothing,
) -> Result<Response, Failure> {
    let id = id.number("webhook")?;
    let rotated = center.app.rotate_webhook(&sent.who, id, sent.idempotency).await?;
    Ok(answer::once(rotated, |Rotated { secret, old_until }| {
        let old_secret_until = old_until.into();
        let shown = RotatedView { webhook_id: Number(id), secret, old_secret_until };
        answer::json(StatusCode::OK, &shown)
    }))
}

/// A test event that is on its way.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookTest)]
pub struct TestView {
    /// Names the delivery among those of the webhook.
    pub delivery_id: Number,
    /// The `id` of the event.
    pub event_id: String,
    /// Where to see what came of it.
    pub deliveries: String,
}

/// Send a test event
///
/// `webhook.test`, signed like every event, whatever events the webhook is told of; it is of no order: its `tree` is
/// `"0"`. It is sent once. What came of it stands among the deliveries.
#[utoipa::path(
    post, path = "/api/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(
        ("id" = Number, Path, description = "The number of the webhook"),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY),
    ),
    request_body(content = NothingBody, example = json!({})),
    responses((status = 202, description = "It is on its way", body = TestView,
        headers(("Location" = String, description = "Where to see what came of it"))))
)]
pub async fn test(
    State(center): State<Center>,
    id: InPath,
    sent: SentNothing,
) -> Result<Response, Failure> {
    let id = id.number("webhook")?;
    let tested = center.app.test_webhook(&sent.who, id, sent.idempotency).await?;
    Ok(answer::once(tested, |delivery| {
        let webhook = format!("/api/webhooks/{id}");
        let shown = TestView {
            delivery_id: Number(delivery),
            event_id: format!("test-{delivery}"),
            deliveries: format!("{webhook}/deliveries"),
        };
        located(answer::json(StatusCode::ACCEPTED, &shown), &webhook, "deliveries")
    }))
}

/// A delivery that was tried.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct DeliveryView<'a> {
    /// Names the delivery, and its task too.
    pub delivery_id: Number,
    /// The `id` of the event.
    pub event_id: String,
    /// The order; null for a test.
    pub order_id: Option<Number>,
    /// The word of the event.
    pub r#type: &'a str,
    /// When it was last tried.
    pub at: Moment,
    /// How often it was.
    pub tries: u32,
    /// Whether the receiver took it: it answered with 2xx.
    pub delivered: bool,
    /// How far its task is: `pending` (it is tried again), `running`, `done`, `dead` or `parked`.
    #[schema(value_type = TaskStateWord)]
    pub state: &'static str,
    /// When it is tried again; null where it is not.
    pub next_try_at: Option<Moment>,
    /// The status that the receiver answered with; null where it did not answer.
    pub status: Option<u16>,
    /// The beginning of what it said, or why there was no answer.
    pub answer: &'a str,
}

impl<'a> DeliveryView<'a> {
    fn of(delivered: &'a Delivered) -> Self {
        let Delivered { row, state, next_try_at } = delivered;
        let order = Some(row.tree).filter(|tree| *tree != Id(0));
        Self {
            delivery_id: Number(row.task),
            event_id: match order {
                Some(tree) => format!("{tree}-{}", row.seq),
                None => format!("test-{}", row.task),
            },
            order_id: order.map(Number),
            r#type: &row.event,
            at: row.at.into(),
            tries: row.tries,
            delivered: row.status.is_some_and(|status| (200..300).contains(&status)),
            state: state.word(),
            next_try_at: next_try_at.map(Moment),
            status: row.status,
            answer: &row.answer,
        }
    }
}

/// One page of deliveries.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDeliveryPage)]
pub struct DeliveryPage<'a> {
    /// Newest first.
    pub deliveries: Vec<DeliveryView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// What a receiver answered
///
/// The deliveries that were tried, each with its last try; they are kept for seven days. What was not tried yet waits
/// at `/api/tasks?kind=webhook&state=pending`.
#[utoipa::path(
    get, path = "/api/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "list_webhook_deliveries",
    params(
        ("id" = Number, Path, description = "The number of the webhook"),
        ("limit" = Option<Limit>, Query, description = "Entries of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, newest first", body = DeliveryPage<'static>))
)]
pub async fn deliveries(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    let (before, limit) = query::read(&uri, |fields| {
        Some((query::cursor(fields, cursor::number), query::limit(fields)))
    })?;
    let id = id.number("webhook")?;
    let rows = center.app.webhook_deliveries(&who, id, before, limit).await?;
    let last = rows.last().filter(|_| rows.len() == limit);
    let next = last.map(|last| cursor::of_number(last.row.task));
    let deliveries = rows.iter().map(DeliveryView::of).collect();
    Ok(answer::json(StatusCode::OK, &DeliveryPage { deliveries, next }))
}
