//! For the cluster: whether the process lives, and whether it can take orders.

use crate::answer;
use crate::center::Center;
use crate::openapi::words::PartWord;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use docket_app::{App, SealTrouble};
use serde::Serialize;
use utoipa::ToSchema;

/// Whether orders can be taken.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// Whether orders can be taken now.
    pub ready: bool,
    /// Why not, one sentence a reason; empty where they can.
    pub reasons: Vec<String>,
    /// Parts that are away or damaged, while orders can be taken.
    pub degraded: Vec<Degraded>,
}

/// A part that is away or damaged.
#[derive(Serialize, ToSchema)]
pub struct Degraded {
    /// Which: `redis`, `keys`, `people`, `database`.
    #[schema(value_type = PartWord)]
    pub part: &'static str,
    /// What that means, and what to do where it does not come back by itself.
    pub says: String,
}

/// What keys that are not here mean.
fn of_seals(trouble: SealTrouble) -> Degraded {
    match trouble {
        SealTrouble::KeysBehind { key, fingerprint, place, file: true } => Degraded {
            part: "keys",
            says: format!(
                "the database records key {key} (fingerprint {fingerprint}), which is not in {place}; bring the newer \
                 key file there: it is taken in within seconds"
            ),
        },
        SealTrouble::KeysBehind { key, fingerprint, place, file: false } => Degraded {
            part: "keys",
            says: format!(
                "the database records key {key} (fingerprint {fingerprint}), which is not in {place}; give this process \
                 the newer keys and start it again"
            ),
        },
        SealTrouble::Closed { orders, example } => Degraded {
            part: "people",
            says: format!(
                "the people of {orders} orders seen so far cannot be opened with the keys that are here, such as those \
                 of {example}; `docket reconcile --class sealed_away` finds all of them"
            ),
        },
    }
}

/// The parts that are away or damaged.
fn degraded(app: &App) -> Vec<Degraded> {
    let away = app.redis().is_some_and(|redis| !redis.is_well());
    let redis = away.then(|| Degraded {
        part: "redis",
        says: "Redis does not answer; tasks of other processes start some seconds later until it is back".to_owned(),
    });
    let damage = app.damage().map(|damage| Degraded {
        part: "database",
        says: format!("{damage}; `docket check --deep` says how far it goes, and what to do"),
    });
    let seals = app.seal_troubles().into_iter().map(of_seals);
    redis.into_iter().chain(damage).chain(seals).collect()
}

/// Whether the process lives
#[utoipa::path(
    get, path = "/livez", tag = "operation", operation_id = "livez", security(()),
    responses((status = 200, description = "It does", body = String, content_type = "text/plain"))
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
    if center.options.leaving.is_cancelled() {
        let reasons = vec!["this process is about to stop".to_owned()];
        let readiness = Readiness { ready: false, reasons, degraded };
        return answer::json(StatusCode::SERVICE_UNAVAILABLE, &readiness);
    }
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
