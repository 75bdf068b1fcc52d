//! Who asks: the bearer token of a request, resolved.

use crate::body::{self, Door, JsonBody, Kind};
use crate::center::Center;
use crate::failure::Failure;
use crate::idempotency;
use crate::language;
use crate::query;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use docket_app::{Idempotency, Principal};
use docket_domain::story::Language;
use docket_wire::reader::Source;
use std::sync::Arc;

/// The caller of a request.
pub struct Caller(pub Arc<Principal>);

/// A request with a JSON body, from a known caller.
pub struct Sent {
    /// Who sent it.
    pub who: Arc<Principal>,
    /// What.
    pub body: JsonBody,
    /// Under which idempotency key, if any.
    pub idempotency: Option<Idempotency>,
    /// The key itself, as it was given.
    pub key: Option<String>,
    /// In which language plain remarks are.
    pub language: Language,
    /// Whether the caller would rather ask again than wait (`Prefer: respond-async`).
    pub patience: Patience,
}

/// How a caller wants to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Once it is decided.
    Waits,
    /// At once; the caller asks again.
    AsksAgain,
}

/// A request that says all by where it goes, from a known caller: its body is an empty object, or is left out.
pub struct SentNothing {
    /// Who sent it.
    pub who: Arc<Principal>,
    /// Under which idempotency key, if any.
    pub idempotency: Option<Idempotency>,
}

/// A request with a body of JSON lines, from a known caller.
pub struct SentLines {
    /// Who sent it.
    pub who: Arc<Principal>,
    /// What.
    pub lines: Bytes,
    /// Under which idempotency key, if any.
    pub idempotency: Option<Idempotency>,
}

/// A JSON body from someone who is not known yet.
pub struct Unsigned(pub JsonBody);

/// A body of whatever kind from someone who proves in it who he is.
pub struct Called(pub Bytes);

/// The key or the token of a login that a request is made with; whose it is, another extractor finds out.
pub struct Bearer(pub String);

/// The token that a request is made with.
fn token(parts: &Parts) -> Result<&str, Failure> {
    let given = parts.headers.get(AUTHORIZATION).and_then(|given| given.to_str().ok());
    let Some(given) = given else {
        return Err(Failure::unauthenticated("send `Authorization: Bearer` with a token or a key"));
    };
    match given.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(Failure::unauthenticated("`Authorization` must be `Bearer` and a token")),
    }
}

async fn caller(parts: &Parts, center: &Center) -> Result<Arc<Principal>, Failure> {
    let principal = center.app.authenticate(token(parts)?).await?;
    tracing::Span::current().record("who", &*principal.name);
    Ok(principal)
}

/// What `Prefer` says (RFC 7240).
fn patience(parts: &Parts) -> Patience {
    let preferred = parts.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut words = preferred.flat_map(|value| value.split(',')).map(str::trim);
    let asks_again = words.any(|word| word.eq_ignore_ascii_case("respond-async"));
    if asks_again { Patience::AsksAgain } else { Patience::Waits }
}

impl FromRequestParts<Center> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, center: &Center) -> Result<Self, Failure> {
        caller(parts, center).await.map(Self)
    }
}

impl FromRequestParts<Center> for Bearer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Center) -> Result<Self, Failure> {
        token(parts).map(|token| Self(token.to_owned()))
    }
}

/// The body of a request.
async fn received(door: Door, body: Body, center: &Center) -> Result<Bytes, Failure> {
    body::received(door, body, &center.room, center.options.body_time).await
}

impl FromRequest<Center> for Sent {
    type Rejection = Failure;

    async fn from_request(request: Request, center: &Center) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let who = caller(&parts, center).await?;
        query::none(&parts.uri)?;
        let body = received(Door::Document, body, center).await?;
        body::of_kind(Kind::Json, &parts.headers)?;
        let idempotency = idempotency::given(&parts, who.id, &body)?;
        let language = language::accepted(&parts.headers);
        let (patience, key) = (patience(&parts), idempotency::key(&parts));
        Ok(Self { who, body: JsonBody(body), idempotency, key, language, patience })
    }
}

impl FromRequest<Center> for SentNothing {
    type Rejection = Failure;

    async fn from_request(request: Request, center: &Center) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let who = caller(&parts, center).await?;
        query::none(&parts.uri)?;
        let mut body = received(Door::Document, body, center).await?;
        if body.is_empty() {
            body = Bytes::from_static(b"{}");
        } else {
            body::of_kind(Kind::Json, &parts.headers)?;
        }
        let idempotency = idempotency::given(&parts, who.id, &body)?;
        body::read(&JsonBody(body), Source::Request, |_| Some(()))?;
        Ok(Self { who, idempotency })
    }
}

impl FromRequest<Center> for SentLines {
    type Rejection = Failure;

    async fn from_request(request: Request, center: &Center) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let who = caller(&parts, center).await?;
        let lines = received(Door::Lines, body, center).await?;
        body::of_kind(Kind::Lines, &parts.headers)?;
        let idempotency = idempotency::given(&parts, who.id, &lines)?;
        Ok(Self { who, lines, idempotency })
    }
}

impl FromRequest<Center> for Unsigned {
    type Rejection = Failure;

    async fn from_request(request: Request, center: &Center) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        query::none(&parts.uri)?;
        let body = received(Door::Open, body, center).await?;
        body::of_kind(Kind::Json, &parts.headers)?;
        Ok(Self(JsonBody(body)))
    }
}

impl FromRequest<Center> for Called {
    type Rejection = Failure;

    async fn from_request(request: Request, center: &Center) -> Result<Self, Failure> {
        received(Door::Open, request.into_body(), center).await.map(Self)
    }
}
