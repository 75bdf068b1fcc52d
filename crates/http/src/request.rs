//! What is done around every request: its id, what is left of its body, its line in the log, its count, its headers.

use crate::center::Center;
use crate::connections::Seat;
use crate::failure::{self, Failure};
use crate::language;
use crate::lent::lent;
use crate::{client, trace};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, CONNECTION, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use docket_app::vault;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;
use tracing::Instrument as _;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id taken from a caller.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Gives ids to requests that bring none.
#[derive(Debug)]
pub struct Ids {
    /// Drawn at start, so that two processes do not give the same.
    prefix: String,
    given: AtomicU64,
}

impl Ids {
    pub fn new() -> Self {
        Self { prefix: hex::encode(vault::random::<6>()), given: AtomicU64::new(0) }
    }

    /// The id of a request: the caller's, if it is plain, else a new one.
    fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let plain = |id: &&HeaderValue| {
            let bytes = id.as_bytes();
            let known = |byte: &u8| byte.is_ascii_alphanumeric() || b"._:/+=-".contains(byte);
            (1..=REQUEST_ID_BYTES_MAX).contains(&bytes.len()) && bytes.iter().all(known)
        };
        if let Some(id) = headers.get(REQUEST_ID).filter(plain) {
            return id.clone();
        }
        HeaderValue::try_from(self.fresh()).expect("hexadecimal digits are a header value")
    }

    /// A new id.
    pub fn fresh(&self) -> String {
        format!("{}{:08x}", self.prefix, self.given.fetch_add(1, Relaxed))
    }
}

/// Runs one request inside its frame.
pub async fn framed(State(center): State<Center>, mut request: Request, next: Next) -> Response {
    client::found_out(&mut request, &center.options.trusted_proxies);
    let started = Instant::now();
    let id = center.ids.of(request.headers());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("", MatchedPath::as_str);
    let method = request.method().clone();
    let is_api = request.uri().path().starts_with("/api/");
    let spoken = language::accepted(request.headers());
    let request_id = id.to_str().unwrap_or_default();
    let span = trace::span(&request, route, request_id);
    let seat = request.extensions().get::<Arc<Seat>>().cloned();
    let (request, left) = lent(request, seat.as_ref());
    let answered = async {
        match turned_away(&request, seat.as_deref()) {
            None => next.run(request).await,
            Some(failure) => {
                drop(request);
                failure.into_response()
            }
        }
    };
    let mut response = answered.instrument(span.clone()).await;
    if let Some(left) = left {
        left.settle(&mut response, seat.as_ref()).await;
    }
    let mut response = failure::in_language(response, spoken);
    let took = started.elapsed();
    center.figures.count(route, &method, response.status().as_u16(), took);
    trace::answered(&span, &method, route, &response, took);
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    if seat.is_some_and(|seat| seat.is_spare()) {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if is_api {
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

/// Why a request is not looked at any further, whatever it asks.
fn turned_away(request: &Request, seat: Option<&Seat>) -> Option<Failure> {
    if seat.is_some_and(|seat| seat.turns_away(request.uri())) {
        return Some(Failure::too_many_connections());
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host.as_bytes()) => None,
        (None, _) if request.version() < Version::HTTP_11 => None,
        (None, _) => Some(Failure::malformed_request("a request names its `Host`")),
        (Some(_), Some(_)) => Some(Failure::malformed_request("a request names one `Host`")),
        (Some(_), None) => {
            Some(Failure::malformed_request("`Host` is a name or an address, with a port or not"))
        }
    }
}

/// Whether it is a host with a port or not (RFC 9110, 7.2); it may be empty.
fn is_host(host: &[u8]) -> bool {
    host.is_empty() || (!host.contains(&b'@') && Authority::try_from(host).is_ok())
}

/// A path that leads nowhere.
pub async fn unknown_path() -> Failure {
    let (title, detail) = ("There is no such thing", "nothing is at this path; see /docs");
    Failure::new(StatusCode::NOT_FOUND, "not_found", title, detail)
}

/// A method the path does not have. The router adds which it has.
pub async fn wrong_method(method: Method, uri: Uri) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let detail = format!("{} takes no {method}", uri.path());
    let status = StatusCode::METHOD_NOT_ALLOWED;
    Failure::new(status, "method_not_allowed", "The path has no such method", detail)
        .into_response()
}

/// A handler that panicked; the panic hook has told where.
#[allow(clippy::needless_pass_by_value)] // the shape the layer asks for
pub fn panicked(what: Box<dyn Any + Send>) -> Response {
    let text = what.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| what.downcast_ref::<&str>().copied()).unwrap_or("no text");
    tracing::error!(panic = text, "a request panicked");
    Failure::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_as_a_fault_of_ours_without_its_text() {
        let response = panicked(Box::new("secret"));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
}
