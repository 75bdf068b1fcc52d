//! Answers: JSON, and an order as its caller may see it.

use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use docket_app::{Answer, Once, Principal, RequestOutcome, Settings};
use docket_domain::{Id, Time, Tree, status};
use docket_wire::{Access, Look, view};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use std::fmt::Display;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Room for the JSON of an order of one line; longer ones grow.
const ORDER_BYTES: usize = 6 * 1024;

/// `value` as JSON.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).expect("an answer is plain JSON");
    of_json(status, body)
}

/// Bytes that are JSON.
fn of_json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = (status, body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The answer to something that is done once: rendered alike, and marked where it was done before.
pub fn once<T>(done: Once<T>, render: impl FnOnce(T) -> Response) -> Response {
    match done {
        Once::Now(outcome) => render(outcome),
        Once::Before(outcome) => replayed(render(outcome)),
    }
}

/// Marks an answer as one that was given before.
fn replayed(mut response: Response) -> Response {
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// What of a name is written as it is in the path of an address; all else is escaped.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Says where what was made is: `name` in `collection`.
pub fn located(mut response: Response, collection: &str, name: impl Display) -> Response {
    let name = name.to_string();
    let place = format!("{collection}/{}", utf8_percent_encode(&name, PLAIN));
    let place = HeaderValue::try_from(place).expect("what is escaped is ASCII");
    response.headers_mut().insert(LOCATION, place);
    response
}

/// Whether people's data is shown in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reveal {
    /// Masked, as everyone sees it.
    Nothing,
    /// In full.
    Customer,
}

/// Which shop orders of a tree a caller may see.
pub enum Seen {
    /// All of them, and L1 whole.
    Whole,
    /// These, by their numbers: one shop may have two shop orders in a tree, at two places.
    Only(Vec<Id>),
}

impl Seen {
    /// What `who` may see of `tree`.
    pub fn by(who: &Principal, tree: &Tree) -> Self {
        if who.shops.is_empty() && tree.shops.iter().all(|shop| who.touches(shop)) {
            return Self::Whole;
        }
        let own = tree.shops.iter().filter(|shop| who.touches(shop));
        Self::Only(own.map(|shop| shop.id).collect())
    }

    /// The same, as views ask for it.
    pub fn access(&self) -> Access<'_> {
        match self {
            Self::Whole => Access::Whole,
            Self::Only(own) => Access::Only(own),
        }
    }
}

/// How `tree` is shown to whoever sees `seen` of it at `now`.
pub fn look<'a>(settings: &'a Settings, tree: &Tree, seen: &'a Seen, now: Time) -> Look<'a> {
    let rate_again = settings.deadlines.of(tree).rate_again;
    Look { access: seen.access(), rate_again, ..Look::whole(&settings.markets, now) }
}

/// The whole tree, with the status and marks of `answer`.
pub fn order(
    answer: &Answer,
    who: &Principal,
    reveal: Reveal,
    settings: &Settings,
    now: Time,
) -> Response {
    let (tree, standing) = (&*answer.tree, status::of(&answer.tree));
    let seen = Seen::by(who, tree);
    let look = look(settings, tree, &seen, now);
    let face = match reveal {
        Reveal::Nothing => answer.customer.masked(),
        Reveal::Customer => answer.customer.revealed(),
    };
    let mut body = Vec::with_capacity(ORDER_BYTES);
    serde_json::to_writer(&mut body, &view::view(tree, &standing, face, &look))
        .expect("an order is plain JSON");
    let status = match answer.outcome {
        RequestOutcome::Placed => StatusCode::CREATED,
        RequestOutcome::Changed | RequestOutcome::Rejected => StatusCode::OK,
    };
    let mut response = of_json(status, body);
    if status == StatusCode::CREATED {
        response = located(response, "/api/orders", tree.id());
    }
    if answer.replayed { replayed(response) } else { response }
}
