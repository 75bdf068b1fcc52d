//! The one place that knows which status a failure has.
//!
//! Every failure is a problem (RFC 9457) with a stable code. What went wrong on our side is logged here,
//! once, inside the span of its request, and told to the caller without details.

use crate::language;
use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use docket_app::{CallbackRefused, Error};
use docket_domain::story::Language;
use docket_domain::{FieldError, Id, Refusal};
use docket_wire::view::Number;
use docket_wire::{Problem, Unreadable, problem};
use std::sync::Arc;

/// A request that was not done.
#[derive(Debug)]
pub struct Failure {
    problem: Box<Problem>,
    /// Seconds after which another try makes sense.
    retry_after: Option<u64>,
    connection: Connection,
}

/// What becomes of the connection after the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    /// It takes further requests.
    Kept,
    /// The rest of the request was not read, so it cannot.
    Closed,
}

/// How long to wait where nothing better is known.
const SOON_S: u64 = 1;

impl Failure {
    /// A problem of its own: status, code, title, sentence.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let problem = Problem::new(status.as_u16(), code, title, detail.into());
        Self { problem: Box::new(problem), retry_after: None, connection: Connection::Kept }
    }

    /// One wrong field: 422.
    pub fn field(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        let error = FieldError { field: field.to_owned(), code, message: message.into() };
        Unreadable::Wrong(vec![error]).into()
    }

    /// There is nothing under this number or name.
    pub fn not_found(what: &'static str, id: impl Into<String>) -> Self {
        Error::NotFound { what, id: id.into() }.into()
    }

    /// A body above its limit, in bytes.
    pub fn too_large(limit: usize) -> Self {
        let (size, unit) =
            if limit < 1 << 20 { (limit >> 10, "KiB") } else { (limit >> 20, "MiB") };
        let detail = format!("the body is larger than {size} {unit}");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large", detail)
    }

    /// Bodies under way take all the room there is.
    pub fn no_room() -> Self {
        let detail =
            "the bodies of other requests take all the room there is; send it again in a moment";
        Self::unavailable("no_room", "There is no room for the body", detail.to_owned())
    }

    /// As many connections as may be open are at work.
    pub fn too_many_connections() -> Self {
        let detail = "as many connections as may be open are at work; come again in a moment";
        let title = "Too many connections are open";
        Self::unavailable("too_many_connections", title, detail.to_owned()).closing()
    }

    /// The head of a request is not what HTTP asks for.
    pub fn malformed_request(detail: impl Into<String>) -> Self {
        let (status, title) = (StatusCode::BAD_REQUEST, "The request is not HTTP");
        Self::new(status, "malformed_request", title, detail)
    }

    /// The same, after which the connection cannot be used any more.
    #[must_use]
    pub const fn closing(mut self) -> Self {
        self.connection = Connection::Closed;
        self
    }

    /// No credentials, or bad ones.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        let status = StatusCode::UNAUTHORIZED;
        Self::new(status, "unauthenticated", "It is not known who asks", detail)
    }

    /// A run of this shop has not ended.
    pub fn run_in_progress(run: Id) -> Self {
        let detail = format!("run {run} has not ended; wait for it, or stop it");
        let failure = Self::conflict("run_in_progress", "A run is in progress", detail);
        let problem = Problem { run_id: Some(Number(run)), ..*failure.problem };
        Self { problem: Box::new(problem), ..failure }
    }

    /// What was asked for needs something that is not configured.
    fn off(code: &'static str, title: &'static str, detail: String) -> Self {
        Self::new(StatusCode::CONFLICT, code, title, detail)
    }

    /// What failed at somebody else whom the center speaks to, or is nobody's because none is configured.
    fn of_others(error: &Error, detail: String) -> Self {
        match error {
            Error::ArchiveOff => Self::off("archive_off", "No archive is configured", detail),
            Error::MirrorOff => Self::off("mirror_off", "No mirror is configured", detail),
            Error::ArchiveDamaged(_) => {
                Self::damaged("archive_damaged", "The archive is damaged", detail)
            }
            Error::ArchiveUnreachable(_) => {
                Self::unavailable("archive_unreachable", "The archive cannot be reached", detail)
            }
            _ => {
                let title = "The marketplace does not answer";
                Self::unavailable("marketplace_unreachable", title, detail)
            }
        }
    }

    fn unavailable(code: &'static str, title: &'static str, detail: String) -> Self {
        let failure = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, title, detail);
        Self { retry_after: Some(SOON_S), ..failure }
    }
}

/// The status of a refusal: 403 where another caller could, 422 where the request is wrong whatever the
/// state, 409 where the state forbids it.
const fn status(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::Actor { .. } | Refusal::Scope { .. } => 403,
        Refusal::Invalid(_)
        | Refusal::WrongLevel { .. }
        | Refusal::DiscountTooLarge(_)
        | Refusal::NoSuchPart { .. }
        | Refusal::NoSuchLine(_)
        | Refusal::TooMuch(_) => 422,
        Refusal::State { .. }
        | Refusal::NotHome { .. }
        | Refusal::NotHere { .. }
        | Refusal::VersionConflict { .. }
        | Refusal::TermsConflict { .. }
        | Refusal::TotalMismatch { .. }
        | Refusal::PaymentOpen { .. }
        | Refusal::PaymentReferenceTaken { .. }
        | Refusal::RefundReferenceTaken { .. }
        | Refusal::OutOfStock { .. }
        | Refusal::NotEnoughCoins { .. }
        | Refusal::AmountUnknown { .. }
        | Refusal::PriceMismatch(_)
        | Refusal::TooMany(_)
        | Refusal::Coupons(_) => 409,
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let status = status(&refusal);
        let problem = Box::new(Problem::refused(refusal, status));
        Self { problem, retry_after: None, connection: Connection::Kept }
    }
}

impl From<Unreadable> for Failure {
    fn from(why: Unreadable) -> Self {
        let claimed = matches!(&why, Unreadable::Wrong(errors)
            if errors.iter().all(|error| error.code == "actor_not_allowed"));
        let mut problem = Problem::unreadable(why);
        if claimed {
            // Nothing is wrong with the request but who it claims to be.
            let errors = std::mem::take(&mut problem.errors);
            let detail = errors.first().map_or_else(String::new, |error| error.message.clone());
            problem = Problem { errors, ..not_allowed(detail) };
        }
        Self { problem: Box::new(problem), retry_after: None, connection: Connection::Kept }
    }
}

fn not_allowed(detail: String) -> Problem {
    Problem::new(403, "actor_not_allowed", "The key may not speak for this actor", detail)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        log_cause(&error);
        let detail = error.to_string();
        match error {
            Error::Refused(refusal) => (*refusal).into(),
            Error::NotFound { .. } => {
                Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing", detail)
            }
            Error::Unauthenticated(_) => Self::unauthenticated(detail),
            Error::Forbidden(_) => {
                Self::forbidden("scope_missing", "The key may not do this", detail)
            }
            Error::NotAllowed(_) => {
                Self::forbidden("not_allowed", "The key may not do this", detail)
            }
            Error::ActorNotAllowed(_) => {
                let problem = Box::new(not_allowed(detail));
                Self { problem, retry_after: None, connection: Connection::Kept }
            }
            Error::IdempotencyKeyReused => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                let title = "The idempotency key belongs to another request";
                Self::new(status, "idempotency_key_reused", title, detail)
            }
            Error::ClientTokenReused { .. } => {
                let title = "The client token belongs to another order";
                Self::conflict("client_token_reused", title, detail)
            }
            Error::ExternalIdTaken { .. } => {
                let title = "The external id belongs to another order";
                Self::conflict("external_id_taken", title, detail)
            }
            Error::Taken { .. } => Self::conflict("name_taken", "The name is taken", detail),
            // The one who places answers a placement that was rejected later by where to ask for it.
            Error::WrongState { .. } | Error::RejectedLater => {
                Self::conflict("wrong_state", "Not in this state", detail)
            }
            Error::CouponNotGivenBack { why, .. } => {
                Self::conflict(why.code(), "The coupon does not come back", detail)
            }
            Error::Archived { .. } | Error::InArchive(_) => {
                Self::conflict("archived", "It is in the archive", detail)
            }
            Error::ArchiveOff
            | Error::MirrorOff
            | Error::Marketplace(_)
            | Error::ArchiveUnreachable(_)
            | Error::ArchiveDamaged(_) => Self::of_others(&error, detail),
            Error::TooManyTries { seconds } => {
                let status = StatusCode::TOO_MANY_REQUESTS;
                let failure = Self::new(status, "too_many_tries", "Too many tries", detail);
                Self { retry_after: Some(seconds), ..failure }
            }
            Error::Callback(CallbackRefused::Untrusted, _) => {
                Self::forbidden("callback_untrusted", "The callback is not believed", detail)
            }
            Error::Callback(CallbackRefused::Unreadable, _) => {
                let title = "The callback cannot be read";
                Self::new(StatusCode::BAD_REQUEST, "callback_unreadable", title, detail)
            }
            Error::Busy => Self::unavailable("busy", "Too much work is waiting", detail),
            Error::TooSlow => Self::unavailable("too_slow", "It took too long", detail),
            Error::Unavailable(_) => {
                Self::unavailable("unavailable", "The database cannot be used", detail)
            }
            Error::Moved(_) => {
                let title = "The database file is not in its place";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_moved", title, detail)
            }
            Error::Damaged(_) => Self::damaged("damaged", "The database is damaged", detail),
            Error::Sealed(_) => {
                Self::conflict("sealed", "People's data cannot be opened here", detail)
            }
            Error::Internal(_) => Self::internal(),
        }
    }
}

/// Says in the log what is no fault of the caller's.
fn log_cause(error: &Error) {
    match error {
        Error::ArchiveDamaged(cause) => tracing::error!(%cause, "the archive is damaged"),
        Error::TooSlow => tracing::warn!("a read took longer than it may, and was broken off"),
        Error::Unavailable(cause) => tracing::warn!(%cause, "the database cannot be used"),
        Error::Moved(_) => {
            tracing::error!(cause = %error, "the database file is not in its place");
        }
        Error::Damaged(cause) => tracing::error!(%cause, "the database is damaged"),
        Error::Internal(cause) => tracing::error!(%cause, "a request failed"),
        _ => {}
    }
}

impl Failure {
    /// Whoever asks may not.
    fn forbidden(code: &'static str, title: &'static str, detail: String) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, title, detail)
    }

    /// What is stored is not as it was written.
    fn damaged(code: &'static str, title: &'static str, detail: String) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, title, detail)
    }

    /// It does not fit how things stand.
    fn conflict(code: &'static str, title: &'static str, detail: String) -> Self {
        Self::new(StatusCode::CONFLICT, code, title, detail)
    }

    /// A fault of ours. Whoever makes it has logged it.
    pub fn internal() -> Self {
        let (status, detail) = (StatusCode::INTERNAL_SERVER_ERROR, Error::Internal(String::new()));
        Self::new(status, "internal", "Something went wrong", detail.to_string())
    }
}

/// The problem that a response tells, so that it can be told in another language on its way out.
#[derive(Clone)]
struct AttachedProblem(Arc<Problem>);

/// `response` in `language`, where it is a problem: its code and status stay what they are.
pub fn in_language(mut response: Response, language: Language) -> Response {
    let Some(AttachedProblem(problem)) = response.extensions_mut().remove() else {
        return response;
    };
    if language == Language::Zh {
        let mut body = serde_json::to_value(&*problem).expect("a problem is plain JSON");
        problem::in_chinese(&mut body);
        *response.body_mut() = Body::from(body.to_string());
        // It was of the other text.
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    language::told_in(&mut response, language);
    response
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self { problem, retry_after, connection } = self;
        let status = StatusCode::from_u16(problem.status).expect("a status of this file");
        let body = serde_json::to_vec(&problem).expect("a problem is plain JSON");
        let mut response = (status, body).into_response();
        response.extensions_mut().insert(AttachedProblem(Arc::from(problem)));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(problem::MEDIA_TYPE));
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"docket\""));
        }
        if connection == Connection::Closed {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
