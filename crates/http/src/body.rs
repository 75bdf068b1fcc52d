//! Bodies of requests: read whole before anything is decided, within limits of size and time.
//!
//! A body is read to its end even where the answer is a refusal, so that the connection can be used again;
//! what is beyond all measure closes it.

use crate::failure::Failure;
use crate::routes::IMPORTS;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use bytes::BytesMut;
use http_body_util::BodyExt;
use std::time::Duration;

/// The largest body of a request.
const BODY_MAX: usize = 1 << 20;
/// The largest body of an import.
const IMPORT_MAX: usize = 16 << 20;
/// So much is read, and thrown away, before a connection is given up.
const READ_MAX: usize = 16 << 20;

/// The largest body that `route` takes.
pub fn limit(route: &str) -> usize {
    if route == IMPORTS { IMPORT_MAX } else { BODY_MAX }
}

/// The request with its body, of at most `limit` bytes, read.
pub async fn received(request: Request, limit: usize, time: Duration) -> Result<Request, Failure> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    if request.body().size_hint().lower() > READ_MAX as u64 {
        return Err(Failure::too_large(limit).closing());
    }
    let (parts, body) = request.into_parts();
    let Ok(read) = tokio::time::timeout(time, read(body, limit)).await else {
        let detail = format!("the body did not arrive within {} s", time.as_secs());
        let title = "The body took too long";
        let failure = Failure::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", title, detail);
        return Err(failure.closing());
    };
    Ok(Request::from_parts(parts, Body::from(read?)))
}

async fn read(mut body: Body, limit: usize) -> Result<Bytes, Failure> {
    let expected = body.size_hint().lower() as usize;
    let (mut first, mut rest, mut seen) = (Bytes::new(), BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| broken_off())?;
        let Ok(bytes) = frame.into_data() else { continue };
        seen += bytes.len();
        if seen > READ_MAX {
            return Err(Failure::too_large(limit).closing());
        }
        if seen > limit {
            (first, rest) = (Bytes::new(), BytesMut::new());
        } else if first.is_empty() {
            // Mostly all there is: kept without a copy.
            first = bytes;
        } else {
            if rest.is_empty() {
                rest.reserve(expected.clamp(seen, limit));
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&bytes);
        }
    }
    if seen > limit {
        return Err(Failure::too_large(limit));
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

fn broken_off() -> Failure {
    let title = "The body broke off";
    let detail = "the connection ended, or was not HTTP, before the body was complete";
    Failure::new(StatusCode::BAD_REQUEST, "body_incomplete", title, detail).closing()
}

/// What a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One JSON document; it must say so.
    Json,
    /// JSON lines, under any of their names; nobody has registered one, so none need be given.
    Lines,
}

impl Kind {
    fn takes(self, named: &str) -> bool {
        let names: &[&str] = match self {
            Self::Json => &["application/json"],
            Self::Lines => &[
                "",
                "application/x-ndjson",
                "application/ndjson",
                "application/jsonl",
                "application/x-jsonlines",
                "application/json",
            ],
        };
        names.iter().any(|name| named.eq_ignore_ascii_case(name))
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Json => "send JSON, with `Content-Type: application/json`",
            Self::Lines => "send JSON lines, with `Content-Type: application/x-ndjson`",
        }
    }
}

/// The body of a request, which must be of this `kind`.
pub async fn of_kind(kind: Kind, headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
    let unsupported = |detail: &str| {
        let title = "The body is not of a kind that is taken here";
        Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", title, detail)
    };
    let named = headers.get(CONTENT_TYPE).map_or(Ok(""), |named| named.to_str());
    let named = named.unwrap_or("unreadable").split(';').next().unwrap_or_default().trim();
    if !kind.takes(named) {
        return Err(unsupported(kind.advice()));
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(unsupported("send the body as it is, without `Content-Encoding`"));
    }
    let collected = body.collect().await.map_err(|_| broken_off())?;
    Ok(collected.to_bytes())
}
