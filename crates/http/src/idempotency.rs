//! `Idempotency-Key`: what a caller names a request by, so that sending it twice does it once.

use crate::failure::Failure;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use docket_app::Idempotency;
use docket_domain::Id;
use sha2::{Digest, Sha256};

/// The name of the header, as errors name it.
const HEADER: &str = "Idempotency-Key";
/// The longest key.
const KEY_BYTES_MAX: usize = 64;

/// The key of a request of `credential`, with the fingerprint of what it asks.
pub fn given(parts: &Parts, credential: Id, body: &[u8]) -> Result<Option<Idempotency>, Failure> {
    let mut keys = parts.headers.get_all(HEADER).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    if keys.next().is_some() {
        return Err(Failure::field(HEADER, "duplicate", "is given twice"));
    }
    let hash = hash(credential, key.as_bytes())?;
    let mut asked = Sha256::new();
    let path = parts.uri.path_and_query().map_or(parts.uri.path(), PathAndQuery::as_str);
    for part in [parts.method.as_str(), "\n", path, "\n"] {
        asked.update(part);
    }
    docket_app::aside(body.len(), || asked.update(body));
    Ok(Some(Idempotency { hash, fingerprint: asked.finalize().into() }))
}

/// The key of a request as its caller wrote it; whether it is one is told by [`given`].
pub fn key(parts: &Parts) -> Option<String> {
    let key = parts.headers.get(HEADER)?.to_str().ok()?;
    Some(key.to_owned())
}

/// What a key is stored by: it belongs to its credential.
pub fn hash(credential: Id, key: &[u8]) -> Result<[u8; 32], Failure> {
    let visible = key.iter().all(u8::is_ascii_graphic);
    // The last part of a path may be neither of them: no `Location` could name such a key.
    let steps = matches!(key, b"." | b"..");
    if key.is_empty() || key.len() > KEY_BYTES_MAX || !visible || steps {
        let message = format!(
            "must have 1 to {KEY_BYTES_MAX} visible ASCII characters, other than `.` and `..`"
        );
        return Err(Failure::field(HEADER, "not_a_key", message));
    }
    Ok(Sha256::new().chain_update(credential.0.to_be_bytes()).chain_update(key).finalize().into())
}
