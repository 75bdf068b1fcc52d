//! Callbacks of payment gateways: taken without a token, verified by their signatures, and listed.

use super::InPath;
use crate::answer;
use crate::auth::{Called, Caller};
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::words::{CallbackAbout, CallbackVerdict, Limit};
use crate::{cursor, query};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use docket_app::{Callback, CallbackFilter, CallbackRow};
use docket_wire::described::{Identifier, PageCursor};
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// A callback that came.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayCallback)]
pub struct CallbackView<'a> {
    /// Our number for it.
    pub callback_id: Number,
    /// The gateway at whose address it came.
    pub gateway: &'a str,
    /// When it arrived here.
    pub came_at: Moment,
    /// `payment`, `refund`, or `nothing` where it could not be read.
    #[schema(value_type = CallbackAbout)]
    pub about: &'a str,
    /// Our number of that, as it was told.
    pub key: &'a str,
    /// How it is said to stand.
    pub told: &'a str,
    /// What was made of it: `asked` and `other_amount` (the gateway was asked how it stands), `known` (nothing
    /// new), `repeated`, `unknown` (no such payment or refund), `untrusted`, `garbage`.
    #[schema(value_type = CallbackVerdict)]
    pub verdict: &'a str,
    /// The order, where there is one.
    pub order_id: Option<Number>,
}

impl<'a> CallbackView<'a> {
    fn of(row: &'a CallbackRow) -> Self {
        Self {
            callback_id: Number(row.id),
            gateway: &row.gateway,
            came_at: row.came_at.into(),
            about: &row.about,
            key: &row.key,
            told: &row.told,
            verdict: &row.verdict,
            order_id: row.tree.map(Number),
        }
    }
}

/// One page of callbacks.
#[derive(Serialize, ToSchema)]
pub struct CallbackPage<'a> {
    /// Newest first.
    pub callbacks: Vec<CallbackView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// Callback of a gateway
///
/// Verified by its signature, written down, and a hint only: what it is about is asked after at the gateway. What
/// is not believed is refused and changes nothing; of it at most a hundred an hour are written down.
#[utoipa::path(
    post, path = "/api/payments/callbacks/{gateway}", tag = "payments", operation_id = "take_callback",
    security(()),
    params(("gateway" = Identifier, Path, description = "The name of the gateway in the config")),
    request_body(
        content = String, content_type = "application/octet-stream",
        description = "As the gateway sends it, of whatever media type",
    ),
    responses((status = 200, description = "Taken, in the words of the gateway", body = String, content_type = "text/plain"))
)]
pub async fn take(
    State(center): State<Center>,
    gateway: InPath,
    headers: HeaderMap,
    Called(body): Called,
) -> Result<Response, Failure> {
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let came = Callback {
        gateway: gateway.0,
        headers: headers.iter().filter_map(text).collect(),
        body: body.to_vec(),
    };
    let taken = center.app.callback(came).await?;
    let status = StatusCode::from_u16(taken.status).unwrap_or(StatusCode::OK);
    Ok((status, [(CONTENT_TYPE, taken.content_type)], taken.body).into_response())
}

/// List callbacks
///
/// They are kept for thirty days.
#[utoipa::path(
    get, path = "/api/payments/callbacks", tag = "payments", operation_id = "list_callbacks",
    params(
        ("gateway" = Option<Identifier>, Query, description = "Of this gateway"),
        ("limit" = Option<Limit>, Query, description = "Entries of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, newest first", body = CallbackPage<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let filter = query::read(&uri, |fields| {
        Some(CallbackFilter {
            gateway: fields.optional("gateway", kinds::identifier),
            before: query::cursor(fields, cursor::number),
            limit: query::limit(fields),
        })
    })?;
    let page = center.app.callbacks(&who, &filter).await?;
    let next = page.next.flatten().map(cursor::of_number);
    let callbacks = page.found.iter().map(CallbackView::of).collect();
    Ok(answer::json(StatusCode::OK, &CallbackPage { callbacks, next }))
}
