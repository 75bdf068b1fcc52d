//! For the cluster: whether the process lives, whether it can take orders, what it has counted.

use crate::answer;
use crate::center::{Center, Metrics};
use crate::request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::fmt::Write as _;
use std::sync::atomic::Ordering::Relaxed;
use utoipa::ToSchema;

/// Whether orders can be taken.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// Whether they can.
    pub ready: bool,
    /// Why not.
    pub reasons: Vec<String>,
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
    match center.app.ready().await {
        Ok(()) => answer::json(StatusCode::OK, &Readiness { ready: true, reasons: Vec::new() }),
        Err(error) => {
            let reason = match &error {
                // Says what is wrong with the database; nothing secret is in it.
                docket_app::Error::Unavailable(cause) => cause.clone(),
                other => other.to_string(),
            };
            let readiness = Readiness { ready: false, reasons: vec![reason] };
            answer::json(StatusCode::SERVICE_UNAVAILABLE, &readiness)
        }
    }
}

/// Counters, in the text form Prometheus reads
#[utoipa::path(
    get, path = "/metrics", tag = "operation", operation_id = "metrics", security(()),
    responses((status = 200, description = "Counters", body = String, content_type = "text/plain"))
)]
pub async fn metrics(State(center): State<Center>) -> Response {
    if center.options.metrics == Metrics::Hidden {
        return request::unknown_path().await.into_response();
    }
    let mut text = String::with_capacity(8 * 1024);
    center.figures.write(&mut text);
    let (store, mut one) =
        (center.app.store(), |name: &str, kind: &str, help: &str, value: u64| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        });
    let figures = store.figures();
    let (people, bulk) = store.waiting();
    one(
        "docket_lane_batches_total",
        "counter",
        "Transactions committed.",
        figures.batches.load(Relaxed),
    );
    one(
        "docket_lane_pieces_total",
        "counter",
        "Pieces of work in them.",
        figures.pieces.load(Relaxed),
    );
    one(
        "docket_lane_conflicts_total",
        "counter",
        "Batches decided again.",
        figures.conflicts.load(Relaxed),
    );
    one("docket_lane_waiting_people", "gauge", "Pieces of people's that wait.", people as u64);
    one("docket_lane_waiting_bulk", "gauge", "Pieces of bulk work that wait.", bulk as u64);
    one("docket_wal_frames", "gauge", "Frames in SQLite's log.", figures.wal_frames.load(Relaxed));
    let writable = u64::from(figures.writable.load(Relaxed));
    one("docket_writable", "gauge", "1 if the database took the last write.", writable);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
