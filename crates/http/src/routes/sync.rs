//! Runs of shops: started, stopped and watched.

use super::InPath;
use crate::answer;
use crate::auth::{Caller, Sent};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::IDEMPOTENCY;
use crate::openapi::shop_bodies::StartRunBody;
use crate::openapi::words::{RunModeWord, ShopRunStateWord, StreamWord, WindowStateWord};
use crate::query;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{RunOf, RunRecord, Started, WindowRow};
use docket_domain::channel::{RunMode, RunState, Stream, WindowState};
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::Source;
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// A run of a shop.
#[derive(Serialize, ToSchema)]
#[schema(as = Run)]
pub struct RunView<'a> {
    /// Its number.
    pub run_id: Number,
    /// What it reads.
    #[schema(value_type = StreamWord)]
    pub stream: Stream,
    /// How much of it.
    #[schema(value_type = RunModeWord)]
    pub mode: RunMode,
    /// How far it is.
    #[schema(value_type = ShopRunStateWord)]
    pub state: RunState,
    /// What it is at.
    pub phase: &'a str,
    /// Rows that were read.
    pub done: u64,
    /// Rows that there are, as far as that is known.
    pub total: Option<u64>,
    /// New orders or products.
    pub new: u64,
    /// Those that changed.
    pub changed: u64,
    /// Rows a second since it started; null until then.
    pub rate: Option<f64>,
    /// How long it will take still, where that is known.
    pub seconds_left: Option<u64>,
    /// Rows that could not be taken, and are kept aside.
    pub refused: u64,
    /// Windows of which a part could not be read.
    pub gaps: u64,
    /// Requests to the marketplace.
    pub calls: u64,
    /// The greatest time between a change there and its first sight here, in milliseconds.
    pub lateness_ms: i64,
    /// When a worker took it up.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// Why it failed.
    pub error: Option<&'a str>,
}

/// A window of time.
#[derive(Serialize, ToSchema)]
#[schema(as = Window)]
pub struct WindowView<'a> {
    /// Its first moment.
    pub from: Moment,
    /// Its last moment.
    pub to: Moment,
    /// Whether everything of it is here.
    #[schema(value_type = WindowStateWord)]
    pub state: WindowState,
    /// How many orders the marketplace said there are; null where it said nothing.
    pub theirs: Option<u64>,
    /// How many came.
    pub ours: u64,
    /// When it is tried again.
    pub next_try_at: Option<Moment>,
    /// Why a part of it could not be read.
    pub reason: Option<&'a str>,
}

/// A run was started.
#[derive(Serialize, ToSchema)]
#[schema(as = RunStarted)]
pub struct StartedView {
    /// The number of the run.
    pub run_id: Number,
}

impl<'a> RunView<'a> {
    /// A run as it is.
    pub fn of(run: &'a RunRecord) -> Self {
        let progress = &run.progress;
        Self {
            run_id: Number(run.id),
            stream: run.stream,
            mode: run.mode,
            state: run.state,
            phase: &progress.phase,
            done: progress.done,
            total: progress.total,
            new: progress.new,
            changed: progress.changed,
            rate: None,
            seconds_left: None,
            refused: progress.refused,
            gaps: progress.gaps,
            calls: progress.calls,
            lateness_ms: progress.lateness,
            started_at: run.started_at.map(Moment),
            ended_at: run.ended_at.map(Moment),
            error: progress.error.as_deref(),
        }
    }

    /// The same with how fast it goes.
    fn with_rate(of: &'a RunOf) -> Self {
        let rate = of.rate.map(|rate| (rate * 10.0).round() / 10.0);
        Self { rate, seconds_left: of.seconds_left, ..Self::of(&of.run) }
    }
}

impl<'a> WindowView<'a> {
    /// A window as it is.
    pub fn of(window: &'a WindowRow) -> Self {
        Self {
            from: window.from.into(),
            to: window.to.into(),
            state: window.state,
            theirs: window.theirs,
            ours: window.ours,
            next_try_at: window.next_try_at.map(Moment),
            reason: window.reason.as_deref(),
        }
    }
}

async fn start(
    center: &Center,
    id: InPath,
    sent: Sent,
    stream: Stream,
) -> Result<Response, Failure> {
    let id = id.number("shop")?;
    let mode = read(&sent.body, Source::Request, |fields| {
        Some(fields.optional("mode", kinds::word::<RunMode>).unwrap_or(RunMode::Incremental))
    })?;
    let started = center.app.start_run(&sent.who, id, stream, mode, sent.idempotency).await?;
    match started.outcome() {
        Started::Running(run) => Err(Failure::run_in_progress(run)),
        Started::Now(run) => Ok(answer::once(started, |_| {
            answer::json(StatusCode::ACCEPTED, &StartedView { run_id: Number(run) })
        })),
    }
}

async fn stop(
    center: &Center,
    who: &docket_app::Principal,
    id: InPath,
    uri: &Uri,
    stream: Stream,
) -> Result<Response, Failure> {
    query::none(uri)?;
    let run = center.app.stop_run(who, id.number("shop")?, stream).await?;
    Ok(answer::json(StatusCode::OK, &StartedView { run_id: Number(run) }))
}

async fn progress(
    center: &Center,
    who: &docket_app::Principal,
    id: InPath,
    uri: &Uri,
    stream: Stream,
) -> Result<Response, Failure> {
    query::none(uri)?;
    let id = id.number("shop")?;
    let run = center.app.run_progress(who, id, stream).await?;
    let run =
        run.ok_or_else(|| Failure::not_found("run", format!("of the {stream} of shop {id}")))?;
    Ok(answer::json(StatusCode::OK, &RunView::with_rate(&run)))
}

/// Pull the orders of a shop
///
/// `incremental` reads what has changed since the last run, `full` all that was created within the last days. One run a
/// shop at a time: while one runs, 409 `run_in_progress` names it.
#[utoipa::path(
    post, path = "/api/sync/shops/{id}/orders", tag = "shops", operation_id = "pull_orders",
    params(
        ("id" = Number, Path, description = "The number of the shop"),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY),
    ),
    request_body(content = StartRunBody, example = json!({"mode": "incremental"})),
    responses((status = 202, description = "It is queued", body = StartedView))
)]
pub async fn pull_orders(
    State(center): State<Center>,
    id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    start(&center, id, sent, Stream::Orders).await
}

/// Stop pulling the orders of a shop
///
/// What is under way is finished and counts for nothing; the next run goes on where the last window was whole.
#[utoipa::path(
    delete, path = "/api/sync/shops/{id}/orders", tag = "shops", operation_id = "stop_orders",
    params(("id" = Number, Path, description = "The number of the shop")),
    responses((status = 200, description = "The run that was stopped", body = StartedView))
)]
pub async fn stop_orders(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    stop(&center, &who, id, &uri, Stream::Orders).await
}

/// How far the orders of a shop are
///
/// The run that runs, else the last one.
#[utoipa::path(
    get, path = "/api/sync/shops/{id}/orders/progress", tag = "shops", operation_id = "orders_progress",
    params(("id" = Number, Path, description = "The number of the shop")),
    responses((status = 200, description = "As it is now", body = RunView<'static>))
)]
pub async fn orders_progress(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    progress(&center, &who, id, &uri, Stream::Orders).await
}
