//! Runs of shops: started, stopped and watched.

use super::InPath;
use crate::answer;
use crate::auth::{Caller, Sent};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::IDEMPOTENCY;
use crate::openapi::shop_bodies::StartRunBody;
use crate::openapi::words::{DayWord, RunModeWord, ShopRunStateWord, StreamWord, WindowStateWord};
use crate::query;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{Completeness, Day, RunOf, RunRecord, Started, StatusCount, WindowRow};
use docket_domain::Time;
use docket_domain::channel::{RunMode, RunState, Stream, WindowState};
use docket_domain::time::DAY;
use docket_wire::document::Node;
use docket_wire::kinds;
use docket_wire::moment::{self, Moment};
use docket_wire::reader::{Reader, Source};
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// Letters of a date.
const DATE: usize = 10;

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
    /// The greatest time between a change there and its first sight here, of those that were listed late, in milliseconds.
    pub lateness_ms: i64,
    /// When a worker took it up.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// Products that no list has any more.
    pub gone: u64,
    /// What is to be said beforehand, such as that it will take longer than its share of the night.
    pub note: Option<&'a str>,
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
            gone: progress.gone,
            note: progress.note.as_deref(),
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

pub(super) async fn start(
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

pub(super) async fn stop(
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

pub(super) async fn progress(
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

/// What is there and what is here.
#[derive(Serialize, ToSchema)]
#[schema(as = Completeness)]
pub struct CompletenessView<'a> {
    /// The shop.
    pub shop_id: Number,
    /// The full pass that `theirs` is from; null where there was none yet.
    pub run_id: Option<Number>,
    /// When that pass began: what changed since shows in `ours` alone.
    pub read_from: Option<Moment>,
    /// Until when it read, by the marketplace's clock: what is younger by two minutes may not be listed yet.
    pub read_to: Option<Moment>,
    /// Rows that it could not take and that are kept aside.
    pub aside: Option<u64>,
    /// Before this nothing was asked for.
    pub since: Moment,
    /// Whether all that the marketplace listed is here, nothing is kept aside, and no window has a gap; null where there was no full pass yet.
    pub complete: Option<bool>,
    /// Days, the oldest first.
    pub days: Vec<DayView<'a>>,
    /// Windows of which a part could not be read.
    pub gaps: Vec<WindowView<'a>>,
}

/// One day of creation, in UTC.
#[derive(Serialize, ToSchema)]
#[schema(as = CompletenessDay)]
pub struct DayView<'a> {
    /// The day, such as 2026-11-29.
    pub day: String,
    /// Orders that the marketplace listed; null where the pass does not tell of the day.
    pub theirs: Option<u64>,
    /// Orders that are here and that a list has.
    pub ours: u64,
    /// Orders that are here, were told of otherwise, and that no list has.
    pub hidden: u64,
    /// The same by the marketplace's own status.
    pub statuses: Vec<StatusView<'a>>,
}

/// Orders of one status.
#[derive(Serialize, ToSchema)]
#[schema(as = CompletenessStatus)]
pub struct StatusView<'a> {
    /// The marketplace's own code; empty for rows that could not be read.
    pub status: &'a str,
    /// Orders that the marketplace listed.
    pub theirs: u64,
    /// Orders that are here and that a list has.
    pub ours: u64,
}

impl<'a> DayView<'a> {
    fn of(day: &'a Day) -> Self {
        let status = |StatusCount { status, theirs, ours }: &'a StatusCount| StatusView {
            status,
            theirs: *theirs,
            ours: *ours,
        };
        Self {
            day: date(day.day),
            theirs: day.theirs,
            ours: day.ours,
            hidden: day.hidden,
            statuses: day.statuses.iter().map(status).collect(),
        }
    }
}

/// The date of a day since 1970.
fn date(day: i64) -> String {
    let moment = serde_json::to_value(Moment(Time(day * DAY))).unwrap_or_default();
    moment.as_str().unwrap_or_default().chars().take(DATE).collect()
}

/// A date, as days since 1970.
fn day_of(reader: &mut Reader, node: Node<'_>) -> Option<i64> {
    let text = kinds::text(reader, node, DATE)?;
    match moment::parse(&format!("{text}T00:00:00Z")) {
        Some(day) => Some(day.0.div_euclid(DAY)),
        None => reader.wrong("not_a_date", "must be a day such as 2026-11-29"),
    }
}

fn is_complete(found: &Completeness) -> Option<bool> {
    let aside = found.pass?.aside;
    let missing = |day: &Day| day.theirs.is_some_and(|theirs| theirs > day.ours);
    Some(aside == 0 && found.gaps.is_empty() && !found.days.iter().any(missing))
}

/// What of a shop is here
///
/// Theirs beside ours, by day of creation and the marketplace's own status: what it listed in the last full pass, and what
/// is here now. It says that nothing which the marketplace tells of is missing, and no more than that.
#[utoipa::path(
    get, path = "/api/sync/shops/{id}/completeness", tag = "shops", operation_id = "shop_completeness",
    params(
        ("id" = Number, Path, description = "The number of the shop"),
        ("day" = Option<DayWord>, Query, description = "One day of creation, in UTC, such as 2026-11-29; all where left out"),
    ),
    responses((status = 200, description = "As it is now", body = CompletenessView<'static>))
)]
pub async fn completeness(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    let day = query::read(&uri, |fields| Some(fields.optional("day", day_of)))?;
    let shop = id.number("shop")?;
    let found = center.app.completeness(&who, shop, day).await?;
    let view = CompletenessView {
        shop_id: Number(shop),
        run_id: found.pass.map(|pass| Number(pass.run)),
        read_from: found.pass.map(|pass| Moment(pass.began)),
        read_to: found.pass.map(|pass| Moment(pass.read_to)),
        aside: found.pass.map(|pass| pass.aside),
        since: found.since.into(),
        complete: is_complete(&found),
        days: found.days.iter().map(DayView::of).collect(),
        gaps: found.gaps.iter().map(WindowView::of).collect(),
    };
    Ok(answer::json(StatusCode::OK, &view))
}
