//! Orders: placed, priced, read, changed.

use super::{InPath, payments};
use crate::answer::{self, Reveal, Seen};
use crate::auth::{Caller, Patience, Sent};
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::{self, OperationBody, PlacementBody};
use crate::openapi::words::RevealWord;
use crate::query;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::Answer;
use docket_domain::status;
use docket_wire::described::Time;
use docket_wire::view::Number;
use docket_wire::{Face, Ids, Look, PaymentView, kinds, operation, placement, view};

/// Place an order
///
/// Decides at once. The same `Idempotency-Key`, or the same `client_token` of the same issuer, with the same
/// body answers the order that was placed before, as it is now.
///
/// With `Prefer: respond-async` and an `Idempotency-Key` it is accepted (202) and decided a moment later: ask
/// `Location` how far it is.
#[utoipa::path(
    post, path = "/api/orders", tag = "orders", operation_id = "place_order",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = bodies::IDEMPOTENCY),
        ("Prefer" = Option<String>, Header, description = "`respond-async`, with an `Idempotency-Key`: do not wait"),
    ),
    request_body(content = PlacementBody, example = json!(bodies::placement_example())),
    responses(
        (status = 201, description = "Placed: the whole tree", body = PaymentView<'static>,
         headers(("Location" = String, description = "Where the order is read"))),
        (status = 200, description = "Placed before under this client token: the tree as it is now",
         body = PaymentView<'static>),
        (status = 202, description = "Accepted, with `Prefer: respond-async`; or rejected since, under this key",
         body = payments::PlacementState<'static>,
         headers(("Location" = String, description = "Where it is told how far it is"))),
    )
)]
pub async fn place(State(center): State<Center>, sent: Sent) -> Result<Response, Failure> {
    let markets = &center.app.settings().markets;
    let placed = sent.body.read_by(|body| placement::read(body, markets))?;
    if let (Patience::AsksAgain, Some(given), Some(key)) =
        (sent.patience, sent.idempotency, &sent.key)
    {
        let accepted = center.app.place_later(&sent.who, &sent.body.0, given).await?;
        return Ok(payments::accepted(&accepted, key));
    }
    match (center.app.place(&sent.who, placed, sent.idempotency).await, sent.idempotency, &sent.key)
    {
        (Err(docket_app::Error::RejectedLater), Some(given), Some(key)) => {
            Ok(payments::accepted(&center.app.placed_later(given).await?, key))
        }
        (answer, ..) => Ok(whole(&center, &sent.who, &answer?)),
    }
}

/// The answer to one order, for `who`.
pub fn whole(center: &Center, who: &docket_app::Principal, answer: &Answer) -> Response {
    answer::order(answer, who, Reveal::Nothing, center.app.settings(), center.app.now())
}

/// Price an order
///
/// Answers every share of every line without placing anything: the tree, without numbers.
#[utoipa::path(
    post, path = "/api/quotes", tag = "orders", operation_id = "quote_order",
    params(("Idempotency-Key" = Option<String>, Header, description = bodies::IDEMPOTENCY)),
    request_body(content = PlacementBody, example = json!(bodies::placement_example())),
    responses((status = 200, description = "The priced tree", body = PaymentView<'static>))
)]
pub async fn quote(State(center): State<Center>, sent: Sent) -> Result<Response, Failure> {
    let markets = &center.app.settings().markets;
    let placed = sent.body.read_by(|body| placement::read(body, markets))?;
    let quote = center.app.quote(&sent.who, placed).await?;
    let standing = status::of(&quote.tree);
    let seen = Seen::by(&sent.who, &quote.tree);
    let look = answer::look(center.app.settings(), &quote.tree, &seen, center.app.now());
    let look = Look { ids: Ids::LeftOut, ..look };
    let shown = view::view(&quote.tree, &standing, Face::Masked(&quote.customer), &look);
    Ok(answer::json(StatusCode::OK, &shown))
}

/// Read an order
///
/// Any number of the tree will do; the answer is the whole tree.
#[utoipa::path(
    get, path = "/api/orders/{id}", tag = "orders", operation_id = "get_order",
    params(
        ("id" = Number, Path, description = "Any number of the tree"),
        ("reveal" = Option<RevealWord>, Query, description = bodies::REVEAL),
        ("at" = Option<Time>, Query, description = "The tree as it was at this time (RFC 3339)"),
    ),
    responses((status = 200, description = "The whole tree", body = PaymentView<'static>))
)]
pub async fn get(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    let (reveal, at) = query::read(&uri, |fields| {
        let reveal = fields.optional("reveal", query::one_of(&[("person", Reveal::Customer)]));
        let at = fields.optional("at", kinds::time);
        if reveal.is_some() && at.is_some() {
            return fields.wrong(
                "reveal",
                "not_together",
                "cannot be asked for together with `at`",
            );
        }
        Some((reveal.unwrap_or(Reveal::Nothing), at))
    })?;
    let id = id.number("order")?;
    let answer = match (at, reveal) {
        (Some(at), _) => center.app.order_at(&who, id, at).await?,
        (None, Reveal::Customer) => center.app.reveal(&who, id).await?,
        (None, Reveal::Nothing) => center.app.order(&who, id).await?,
    };
    let moment = at.unwrap_or(center.app.now());
    Ok(answer::order(&answer, &who, reveal, center.app.settings(), moment))
}

/// Change an order
///
/// One request; every operation there is. It is decided from the state the order has then.
#[utoipa::path(
    post, path = "/api/orders/{id}/operations", tag = "orders", operation_id = "operate",
    params(
        ("id" = Number, Path, description = "The node to act on; one above it will do where that leaves no doubt"),
        ("Accept-Language" = Option<String>, Header, description = "The language of `remark`"),
        ("Idempotency-Key" = Option<String>, Header, description = bodies::IDEMPOTENCY),
    ),
    request_body(content = OperationBody),
    responses((status = 200, description = "Done: the whole tree", body = PaymentView<'static>))
)]
pub async fn operate(
    State(center): State<Center>,
    id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let posted = {
        let id = id.number("order")?;
        sent.body.read_by(|body| operation::read(body, id, sent.language))?
    };
    let answer = center.app.operate(&sent.who, posted, sent.idempotency).await?;
    Ok(whole(&center, &sent.who, &answer))
}
