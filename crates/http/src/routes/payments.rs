//! Paying: starting an attempt, and what stands of an order's money, for polling. Also what became of a
//! placement, by the caller's own key.

use super::{InPath, orders};
use crate::answer::{self, Seen, located};
use crate::auth::{Caller, Sent};
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::{self, StartPaymentBody};
use crate::openapi::words::PlacementStatus;
use crate::{idempotency, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{Accepted, GatewayPayment};
use docket_domain::{Json, status};
use docket_wire::moment::Moment;
use docket_wire::view::{AttemptView, Number, PaymentFactView, RefundDueView};
use docket_wire::word::{PaymentWord, RevokeWord, StatusWord};
use docket_wire::{Face, Look, PaymentView, Shape, operation, view};
use serde::Serialize;
use utoipa::ToSchema;

/// What stands of an order's money.
#[derive(Serialize, ToSchema)]
pub struct PaymentState<'a> {
    /// The payment order.
    pub order_id: Number,
    /// The main status of the payment order.
    pub status: StatusWord,
    /// The payment axis.
    pub payment_status: PaymentWord,
    /// The revoke axis.
    pub revoke_status: RevokeWord,
    /// ISO 4217; every amount is in its minor units.
    pub currency: &'a str,
    /// The terms to be paid under.
    pub terms_version: u32,
    /// What is to pay in money.
    pub payable: Option<i64>,
    /// Money received that is not due back.
    pub paid: i64,
    /// What the shop orders gave back.
    pub refunded: i64,
    /// Until when it is to be paid; null once it need not be.
    pub expire_at: Option<Moment>,
    /// Payments. Left out for keys that are limited to shops.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payments: Option<Vec<PaymentFactView<'a>>>,
    /// Attempts to pay. Left out like `payments`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attempts: Option<Vec<AttemptState<'a>>>,
    /// Money that goes back. Left out like `payments`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refunds_due: Option<Vec<RefundDueView<'a>>>,
}

/// An attempt to pay, with what its gateway said of it.
#[derive(Serialize, ToSchema)]
pub struct AttemptState<'a> {
    /// The attempt.
    #[serde(flatten)]
    pub attempt: AttemptView<'a>,
    /// Where the payer pays, once the gateway has said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pay_url: Option<String>,
    /// The gateway's number of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reference: Option<String>,
    /// How it stood there last: `starting`, `waiting`, `paid`, `failed`, `closed`, or the word of what was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub gateway_state: Option<String>,
    /// What was wrong with the gateway's last answer, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trouble: Option<String>,
}

impl<'a> AttemptState<'a> {
    fn of(attempt: AttemptView<'a>, said: &[GatewayPayment]) -> Self {
        let said = said.iter().find(|said| said.attempt == attempt.attempt_id.0).cloned();
        let (pay_url, reference, gateway_state, trouble) = said
            .map_or((None, None, None, None), |said| {
                (said.pay_url, said.reference, Some(said.state), said.trouble)
            });
        Self { attempt, pay_url, reference, gateway_state, trouble }
    }
}

/// How far a placement is.
#[derive(Serialize, ToSchema)]
pub struct PlacementState<'a> {
    /// `creating`, `placed` or `rejected`.
    #[schema(value_type = PlacementStatus)]
    pub status: &'static str,
    /// The payment order, once it is placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub order_id: Option<Number>,
    /// Why it was rejected, if it was: the problem that would have been answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<docket_wire::Problem>, nullable = false)]
    pub reason: Option<&'a Json>,
}

impl<'a> PlacementState<'a> {
    const fn of(accepted: &'a Accepted) -> Self {
        match accepted {
            Accepted::Creating => Self { status: "creating", order_id: None, reason: None },
            Accepted::Placed(id) => {
                Self { status: "placed", order_id: Some(Number(*id)), reason: None }
            }
            Accepted::Rejected(why) => {
                Self { status: "rejected", order_id: None, reason: Some(why) }
            }
        }
    }
}

/// A placement that is decided later: how far it is, and where to ask again.
pub fn accepted(accepted: &Accepted, key: &str) -> Response {
    let answer = answer::json(StatusCode::ACCEPTED, &PlacementState::of(accepted));
    located(answer, "/api/placements", key)
}

/// What stands of an order's money
#[utoipa::path(
    get, path = "/api/orders/{id}/payments", tag = "payments", operation_id = "get_payments",
    params(("id" = Number, Path, description = "Any number of the tree")),
    responses((status = 200, description = "The state, for polling", body = PaymentState<'static>))
)]
pub async fn get(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let (tree, said) = center.app.payments(&who, id.number("order")?).await?;
    let (tree, standing) = (&tree, status::of(&tree));
    let seen = Seen::by(&who, tree);
    let look = answer::look(center.app.settings(), tree, &seen, center.app.now());
    let look = Look { shape: Shape::Row, ..look };
    let view = view::view(tree, &standing, Face::None, &look);
    let attempts = view.attempts.map(|attempts| {
        attempts.into_iter().map(|attempt| AttemptState::of(attempt, &said)).collect()
    });
    Ok(answer::json(
        StatusCode::OK,
        &PaymentState {
            order_id: Number(tree.id()),
            status: view.status,
            payment_status: view.payment_status,
            revoke_status: view.revoke_status,
            currency: view.currency,
            terms_version: view.terms_version,
            payable: view.payable,
            paid: view.paid,
            refunded: view.refunded,
            expire_at: view.expire_at,
            payments: view.payments,
            attempts,
            refunds_due: view.refunds_due,
        },
    ))
}

/// Start to pay
///
/// Opens an attempt. With a `gateway` it is started there; `GET` tells where to pay (`pay_url`) and what became of
/// it. With `terms_version`, only if those are still the terms. Needs the scope `payments` or
/// `orders.write`.
#[utoipa::path(
    post, path = "/api/orders/{id}/payments", tag = "payments", operation_id = "start_payment",
    params(
        ("id" = Number, Path, description = "Any number of the tree"),
        ("Idempotency-Key" = Option<String>, Header, description = bodies::IDEMPOTENCY),
    ),
    request_body(content = StartPaymentBody, example = json!({"tender": "card", "terms_version": 1})),
    responses((status = 200, description = "Started: the whole tree", body = PaymentView<'static>))
)]
pub async fn start(
    State(center): State<Center>,
    id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let posted = {
        let id = id.number("order")?;
        sent.body.read_by(|body| operation::read_start_payment(body, id))?
    };
    let answer = center.app.operate(&sent.who, posted, sent.idempotency).await?;
    Ok(orders::whole(&center, &sent.who, &answer))
}

/// What became of a placement
///
/// By the `Idempotency-Key` the caller sent with it, for as long as that is kept (24 hours).
#[utoipa::path(
    get, path = "/api/placements/{key}", tag = "orders", operation_id = "get_placement",
    params(("key" = String, Path, description = "The caller's own Idempotency-Key")),
    responses((status = 200, description = "How far it is", body = PlacementState<'static>))
)]
pub async fn placement(
    State(center): State<Center>,
    Caller(who): Caller,
    key: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let unknown = || Failure::not_found("placement", "under this key");
    let hash = idempotency::hash(who.id, key.0.as_bytes()).map_err(|_| unknown())?;
    let accepted = center.app.placement(&who, hash).await?.ok_or_else(unknown)?;
    Ok(answer::json(StatusCode::OK, &PlacementState::of(&accepted)))
}
