//! Imports: the road of `docket import` through a running server.

use crate::answer;
use crate::auth::SentLines;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::IDEMPOTENCY;
use crate::openapi::report::Report;
use crate::query;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::ImportOptions;
use docket_wire::described::Identifier;
use docket_wire::kinds;

/// Take down orders that were placed elsewhere
///
/// The body is JSON lines, each an order as a list shows it with `expand=tree`; amounts may be null, unknown.
/// What a line tells has happened and is taken whatever it says; what contradicts becomes an anomaly. An order
/// whose `external_id` is here already is skipped, so the same lines can be sent again; a line without one is known
/// by the `order_id` it shows. Numbers are compared within their channel shop or channel, and without a channel over
/// the whole center. A line that cannot be read is told in the answer and never stops the others.
#[utoipa::path(
    post, path = "/api/imports", tag = "orders", operation_id = "import_orders",
    params(
        ("live" = Option<bool>, Query, description = "`true`: the orders get deadlines from now on"),
        ("dry_run" = Option<bool>, Query, description = "`true`: everything is checked, nothing written"),
        ("update" = Option<bool>, Query, description = "`true`: orders that were recorded here get what is new of them"),
        ("again" = Option<bool>, Query, description = "`true`: orders without a channel whose number another issuer or channel told are taken too"),
        ("issuer" = Option<Identifier>, Query, description = "Who vouches for the orders; the key's issuer where left out"),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY),
    ),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((
        status = 200, description = "What became of the lines", body = Report,
    ))
)]
pub async fn take(
    State(center): State<Center>,
    uri: Uri,
    sent: SentLines,
) -> Result<Response, Failure> {
    let options = query::read(&uri, |fields| {
        Some(ImportOptions {
            live: fields.optional("live", query::yes_or_no).unwrap_or_default(),
            dry_run: fields.optional("dry_run", query::yes_or_no).unwrap_or_default(),
            update: fields.optional("update", query::yes_or_no).unwrap_or_default(),
            again: fields.optional("again", query::yes_or_no).unwrap_or_default(),
            issuer: fields.optional("issuer", kinds::identifier),
        })
    })?;
    let SentLines { who, lines, idempotency } = sent;
    let done = Box::pin(center.app.import_once(&who, &lines, &options, idempotency)).await?;
    Ok(answer::once(done, |report| answer::json(StatusCode::OK, &report)))
}
