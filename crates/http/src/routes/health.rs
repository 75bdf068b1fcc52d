//! For the cluster: whether the process lives, and whether it can take orders.

use crate::answer;
use crate::center::Center;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use docket_app::App;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether orders can be taken.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// Whether they can.
    pub ready: bool,
    /// Why not.
    pub reasons: Vec<String>,
    /// Parts that are away without which all goes on, only slower.
    pub degraded: Vec<Degraded>,
}

/// A part that is away.
#[derive(Serialize, ToSchema)]
pub struct Degraded {
    /// Which: `redis`.
    pub part: &'static str,
    /// What that means until it is back.
    pub says: &'static str,
}

/// The parts that are away. They come back by themselves.
fn degraded(app: &App) -> Vec<Degraded> {
    let away = app.redis().is_some_and(|redis| !redis.is_well());
    let redis = Degraded {
        part: "redis",
        says: "Redis does not answer; tasks of other processes start some seconds later until it is back",
    };
    away.then_some(redis).into_iter().collect()
}

/// Whether the process lives
#[utoipa::path(
    get, path = "/livez", tag = "operation", operation_id = "livez", security(()),
    responses((status = 200, description = "It does"))
)]
pub async fn livez() -> &'static str {
    "ok\n"
}

/// Whether orders can be taken
#[utoipa::path(
    get, path = "/readyz", tag = "operation", operation_id = "readyz", security(()),
    responses(
        (status = 200, description = "They can", body = Readiness),
        (status = 503, description = "Not now", body = Readiness),
    )
)]
pub async fn readyz(State(center): State<Center>) -> Response {
    let degraded = degraded(&center.app);
    let (status, reasons) = match center.app.ready().await {
        Ok(()) => (StatusCode::OK, Vec::new()),
        Err(error) => {
            let reason = match &error {
                // Says what is wrong with the database; nothing secret is in it.
                docket_app::Error::Unavailable(cause) => cause.clone(),
                other => other.to_string(),
            };
            (StatusCode::SERVICE_UNAVAILABLE, vec![reason])
        }
    };
    answer::json(status, &Readiness { ready: reasons.is_empty(), reasons, degraded })
}
