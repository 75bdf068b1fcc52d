//! Pushes of marketplaces: taken without a token, verified by their signatures.

use super::InPath;
use crate::auth::Called;
use crate::center::Center;
use crate::failure::Failure;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use docket_app::Pushed;
use docket_wire::described::Identifier;

/// Bytes of a push at most.
const BYTES: usize = 64 << 10;

async fn taken(
    center: &Center,
    channel: InPath,
    headers: &HeaderMap,
    uri: &Uri,
    body: &[u8],
) -> Result<Response, Failure> {
    if body.len() > BYTES {
        return Err(Failure::too_large(BYTES));
    }
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let pushed = Pushed {
        channel: channel.0,
        headers: headers.iter().filter_map(text).collect(),
        body: body.to_vec(),
        query: uri.query().unwrap_or_default().to_owned(),
        path: uri.path().to_owned(),
    };
    let taken = center.app.take_push(pushed).await?;
    let status = StatusCode::from_u16(taken.status).unwrap_or(StatusCode::OK);
    Ok((status, [(CONTENT_TYPE, taken.content_type)], taken.body).into_response())
}

/// Push of a marketplace
///
/// Verified by its signature, written down and acknowledged, in the words of the marketplace; what it is about is then read
/// back. What is not believed, or is of a shop that is not connected, is refused and changes nothing.
#[utoipa::path(
    post, path = "/api/channels/{channel}/push", tag = "shops", operation_id = "take_push",
    security(()),
    params(("channel" = Identifier, Path, description = "The marketplace")),
    request_body(
        content = String, content_type = "application/octet-stream",
        description = "As the marketplace sends it, of whatever media type, at most 64 KiB",
    ),
    responses((status = 200, description = "Taken, in the words of the marketplace", body = String, content_type = "text/plain"))
)]
pub async fn take(
    State(center): State<Center>,
    channel: InPath,
    headers: HeaderMap,
    uri: Uri,
    Called(body): Called,
) -> Result<Response, Failure> {
    taken(&center, channel, &headers, &uri, &body).await
}

/// Push of a marketplace that pushes without a body
#[utoipa::path(
    get, path = "/api/channels/{channel}/push", tag = "shops", operation_id = "take_push_without_body",
    security(()),
    params(("channel" = Identifier, Path, description = "The marketplace")),
    responses((status = 200, description = "Taken, in the words of the marketplace", body = String, content_type = "text/plain"))
)]
pub async fn take_without_body(
    State(center): State<Center>,
    channel: InPath,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Failure> {
    taken(&center, channel, &headers, &uri, &[]).await
}
