//! What the process has counted and what waits, in the text form Prometheus reads.

use crate::center::{Center, Metrics};
use crate::figures::{CONTENT_TYPE, Labels, Scrape};
use crate::process::Process;
use crate::request;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use docket_app::{App, Backlog, GateFigure, GatewayFigure, LaneFigures, Pool, TaskFigures};
use docket_domain::Time;
use docket_domain::time::Millis;
use docket_domain::watch::{Alert, Measured, Severity, StreamMeasured, WorkerMeasured, health};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// What waits is read again only after so many times as long as reading took: a million tasks that wait must
/// not cost more than a twentieth of a processor, however often somebody asks.
const REST: u32 = 20;

/// How long a look at what waits may take; whoever asks is told all else then.
const PATIENCE: Duration = Duration::from_secs(5);

/// What waits in the table of tasks, as it was read last.
#[derive(Debug, Default)]
pub struct Waiting(Mutex<Option<Seen>>);

#[derive(Debug)]
struct Seen {
    backlog: Vec<Backlog>,
    until: Instant,
}

impl Waiting {
    /// What waits, read anew where that is not too soon; nothing where the database is away.
    async fn look(&self, app: &App) -> Vec<Backlog> {
        if !app.takes_writes() {
            return Vec::new();
        }
        let mut seen = self.0.lock().await;
        if let Some(seen) = &*seen
            && seen.until > Instant::now()
        {
            return seen.backlog.clone();
        }
        let began = Instant::now();
        let read = tokio::time::timeout(PATIENCE, app.task_backlog()).await;
        let backlog = read.ok().and_then(Result::ok).unwrap_or_default();
        let until = Instant::now() + began.elapsed() * REST;
        *seen = Some(Seen { backlog: backlog.clone(), until });
        backlog
    }
}

/// What was measured of the center last, with the alerts that were open then.
#[derive(Debug, Default)]
pub struct Looks(Mutex<Option<Look>>);

#[derive(Debug)]
struct Look {
    seen: (Measured, Vec<Alert>),
    until: Instant,
}

impl Looks {
    /// What is measured, anew where that is not too soon; nothing where the database is away.
    async fn look(&self, app: &App) -> Option<(Measured, Vec<Alert>)> {
        if !app.takes_writes() {
            return None;
        }
        let mut kept = self.0.lock().await;
        if let Some(look) = kept.as_ref().filter(|look| look.until > Instant::now()) {
            return Some(look.seen.clone());
        }
        let began = Instant::now();
        let read =
            async { Ok::<_, docket_app::Error>((app.measured().await?, app.open_alerts().await?)) };
        let seen = tokio::time::timeout(PATIENCE, read).await.ok()?.ok()?;
        *kept = Some(Look { seen: seen.clone(), until: Instant::now() + began.elapsed() * REST });
        Some(seen)
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
    let mut scrape = Scrape::default();
    of_the_build(&center.app, &mut scrape);
    if let Ok(Some(process)) = tokio::task::spawn_blocking(Process::look).await {
        process.tell(&mut scrape);
    }
    center.figures.tell(&mut scrape);
    of_orders(&center.app, &mut scrape);
    of_the_lane(center.app.lane_figures(), &mut scrape);
    of_the_pool(&center.app, &mut scrape);
    of_workers(center.app.task_figures(), &mut scrape);
    of_tasks(&center.waiting.look(&center.app).await, center.app.now(), &mut scrape);
    of_gateways(&center.app.gateway_figures(), &mut scrape);
    of_redis(&center.app, &mut scrape).await;
    of_the_books(&center.app, &mut scrape).await;
    if let Some((measured, alerts)) = center.looks.look(&center.app).await {
        of_shops(&measured, &mut scrape);
        of_watching(&measured, &alerts, &center.app, &mut scrape);
    }
    of_gates(&center.app, &mut scrape);
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], scrape.text()).into_response()
}

/// Which release this is, for graphs that are to show when it changed.
fn of_the_build(app: &App, scrape: &mut Scrape) {
    let about = "Always 1; its labels say what runs here.";
    let labels = [("version", env!("CARGO_PKG_VERSION")), ("database", app.database_kind())];
    scrape.gauges("docket_build_info", about, [(labels, 1_u64)]);
}

/// Connections that reads go by.
fn of_the_pool(app: &App, scrape: &mut Scrape) {
    let Pool { size, idle, max, waiting } = app.read_pool();
    scrape.gauge("docket_database_pool_size", "Reading connections that are open.", size);
    scrape.gauge("docket_database_pool_idle", "Those that nobody reads with.", idle);
    scrape.gauge("docket_database_pool_max", "Reading connections that may be open.", max);
    scrape.gauge("docket_database_pool_waiting", "Reads that wait for one.", waiting);
}

/// Orders that were asked for here.
fn of_orders(app: &App, scrape: &mut Scrape) {
    let about = "Orders that were asked for, by what became of them.";
    let orders = app.order_figures().map(|(outcome, count)| ([("outcome", outcome)], count));
    scrape.counters("docket_orders_total", about, orders);
}

fn of_the_lane(lane: LaneFigures, scrape: &mut Scrape) {
    let LaneFigures { batches, pieces, conflicts, wal_frames, writable, .. } = lane;
    let (interactive, bulk) = (lane.waiting_interactive, lane.waiting_bulk);
    scrape.counter("docket_lane_batches_total", "Transactions committed.", batches);
    scrape.counter("docket_lane_pieces_total", "Pieces of work in them.", pieces);
    scrape.counter("docket_lane_conflicts_total", "Batches decided again.", conflicts);
    scrape.gauge(
        "docket_lane_waiting_people",
        "Pieces that wait and that somebody waits for.",
        interactive as u64,
    );
    scrape.gauge("docket_lane_waiting_bulk", "Pieces of bulk work that wait.", bulk as u64);
    scrape.gauge("docket_wal_frames", "Frames in SQLite's log.", wal_frames);
    let about = "1 if the database took the last write.";
    scrape.gauge("docket_writable", about, u64::from(writable));
}

/// What the workers of this process did.
fn of_workers(figures: TaskFigures, scrape: &mut Scrape) {
    let about = "Tries of tasks in this process, by what came of them.";
    let TaskFigures { done, retried, later, dead, running } = figures;
    let tries = [("done", done), ("retried", retried), ("later", later), ("dead", dead)]
        .map(|(outcome, count)| ([("outcome", outcome)], count));
    scrape.counters("docket_worker_tasks_total", about, tries);
    scrape.gauge("docket_worker_running_tasks", "Tasks that run in this process.", running);
}

/// What stands in the table of tasks, whichever process runs it.
fn of_tasks(backlog: &[Backlog], now: Time, scrape: &mut Scrape) {
    fn labels(of: &Backlog) -> Labels<'_, 2> {
        [("kind", &of.kind), ("state", of.state.word())]
    }
    let about = "Tasks that wait, run or are halted, in all processes.";
    let waiting = backlog.iter().map(|of| (labels(of), of.count));
    scrape.gauges("docket_tasks", about, waiting);
    let about = "How long ago the oldest of them was due; 0 where none is due yet.";
    let age = |of: &Backlog| {
        let millis = now.0.saturating_sub(of.oldest_due.0).max(0);
        Duration::from_millis(millis as u64).as_secs_f64()
    };
    let ages = backlog.iter().map(|of| (labels(of), age(of)));
    scrape.gauges("docket_tasks_oldest_due_age_seconds", about, ages);
}

/// What was asked of payment gateways and came of it, callbacks included.
fn of_gateways(figures: &[GatewayFigure], scrape: &mut Scrape) {
    let about = "Requests to payment gateways and callbacks from them, by outcome.";
    let requests = figures.iter().map(|of| {
        ([("gateway", of.gateway.as_str()), ("asked", of.asked), ("outcome", of.outcome)], of.count)
    });
    scrape.counters("docket_gateway_requests_total", about, requests);
}

/// Nothing while a run is under way: then what it has not looked at yet would seem to be in order.
async fn of_the_books(app: &App, scrape: &mut Scrape) {
    let Ok(left) = app.differences_left().await else { return };
    let about = "Differences that the last run of reconcile found and did not repair.";
    let left = left.iter().map(|(class, count)| ([("class", class.as_str())], *count));
    scrape.gauges("docket_differences", about, left);
}

/// Nothing where no Redis is configured.
async fn of_redis(app: &App, scrape: &mut Scrape) {
    let Some(redis) = app.redis() else { return };
    let well = redis.is_well();
    scrape.gauge("docket_redis_up", "1 if Redis answered when it was last asked.", u64::from(well));
    if well && let Ok(backlog) = redis.backlog().await {
        let about = "Announcements in Redis that no worker has taken.";
        scrape.gauge("docket_redis_backlog", about, backlog);
    }
}

fn of_stream<'a>(id: &'a str, of: &StreamMeasured) -> Labels<'a, 2> {
    [("shop", id), ("stream", of.stream.word())]
}

/// A length of time in seconds.
fn seconds(millis: Millis) -> f64 {
    millis as f64 / 1000.0
}

/// How far the shops of marketplaces are.
fn of_shops(measured: &Measured, scrape: &mut Scrape) {
    let ids: Vec<_> = measured.shops.iter().map(|shop| (shop.id.to_string(), shop)).collect();
    let streams: Vec<_> = ids
        .iter()
        .flat_map(|(id, shop)| shop.streams.iter().map(move |stream| (id.as_str(), stream)))
        .collect();

    let since = |at: Time| seconds(measured.at.since(at));
    let about = "How long ago a shop was read to its end.";
    let ages = streams.iter().map(|(id, of)| (of_stream(id, of), since(of.read_at)));
    scrape.gauges("docket_shop_read_age_seconds", about, ages);
    let about = "How long the run of a shop has been at work; 0 where none is.";
    let runs =
        streams.iter().map(|(id, of)| (of_stream(id, of), of.running_since.map_or(0.0, since)));
    scrape.gauges("docket_shop_run_seconds", about, runs);
    let about = "Windows of a shop of which a part could not be read.";
    let gaps = streams.iter().map(|(id, of)| (of_stream(id, of), of.gaps));
    scrape.gauges("docket_shop_gaps", about, gaps);
    let about = "How long the oldest of them is missing; 0 where none is.";
    let oldest =
        streams.iter().map(|(id, of)| (of_stream(id, of), of.oldest_gap.map_or(0.0, since)));
    scrape.gauges("docket_shop_gap_age_seconds", about, oldest);
    let about = "How late a change was listed, at the most, of the newest runs.";
    let late = streams.iter().map(|(id, of)| (of_stream(id, of), seconds(of.lateness)));
    scrape.gauges("docket_shop_lateness_seconds", about, late);
    let about = "How long what a shop lets us in with is good, where that is known.";
    let tokens = ids.iter().filter_map(|(id, shop)| {
        Some(([("shop", id.as_str())], seconds(shop.token_until?.since(measured.at))))
    });
    scrape.gauges("docket_shop_token_seconds", about, tokens);
    let about = "1 where nothing is asked of a shop because its marketplace does not let us in.";
    let paused =
        ids.iter().map(|(id, shop)| ([("shop", id.as_str())], u64::from(shop.paused.is_some())));
    scrape.gauges("docket_shop_paused", about, paused);
}

/// What is wrong, and what marketplaces and workers do, as all processes see it.
fn of_watching(measured: &Measured, alerts: &[Alert], app: &App, scrape: &mut Scrape) {
    let about =
        "Calls to marketplaces within the last hour, by what came of them, of all processes.";
    let calls = measured.calls.iter().flat_map(|of| {
        let answered = of.calls.saturating_sub(of.failed + of.throttled);
        [("answered", answered), ("failed", of.failed), ("throttled", of.throttled)].map(
            |(outcome, count)| ([("channel", of.channel.as_str()), ("outcome", outcome)], count),
        )
    });
    scrape.gauges("docket_channel_calls", about, calls);
    let about = "Alerts that are open, by how bad they are.";
    let open = Severity::ALL.iter().map(|severity| {
        let count = alerts.iter().filter(|alert| alert.severity == *severity).count();
        ([("severity", severity.word())], count as u64)
    });
    scrape.gauges("docket_alerts", about, open);
    let about = "How well the center is: a hundred, less what is wrong.";
    scrape.gauge("docket_health_score", about, u64::from(health(alerts).score));
    let limits = &app.settings().alerts.thresholds;
    let patience = limits.sign.saturating_mul(i64::from(limits.silent_signs));
    let lives = |worker: &&WorkerMeasured| measured.at.since(worker.seen_at) <= patience;
    let alive = measured.workers.iter().filter(lives).count() as u64;
    let silent = measured.workers.len() as u64 - alive;
    let about = "Processes that run tasks, by whether they give signs of life.";
    let workers = [("alive", alive), ("silent", silent)];
    scrape.gauges(
        "docket_workers",
        about,
        workers.map(|(state, count)| ([("state", state)], count)),
    );
}

/// What calls to marketplaces wait for in this process, so that no more are made than may be.
fn of_gates(app: &App, scrape: &mut Scrape) {
    fn labels(of: &GateFigure) -> Labels<'_, 2> {
        [("address", of.address.as_str()), ("app", of.app_key.as_str())]
    }
    let figures = app.gate_figures();
    let about = "Calls to marketplaces that went through in this process.";
    scrape.counters(
        "docket_gate_calls_total",
        about,
        figures.iter().map(|of| (labels(of), of.calls)),
    );
    let about = "How long they waited for their turns in all, in milliseconds.";
    let waited = figures.iter().map(|of| (labels(of), of.waited));
    scrape.counters("docket_gate_waited_milliseconds_total", about, waited);
    let about = "Calls that wait for their turns now.";
    scrape.gauges("docket_gate_waiting", about, figures.iter().map(|of| (labels(of), of.waiting)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::words::TaskState;

    #[test]
    fn what_waits_is_told_by_kind_and_state_with_the_age_of_the_oldest() {
        let of = |state, count, oldest_due| {
            let kind = "a \"kind\"".to_owned();
            Backlog { kind, state, count, oldest_due: Time(oldest_due) }
        };
        let backlog = [of(TaskState::Pending, 3, 90_000), of(TaskState::Dead, 1, 7_500)];
        let mut scrape = Scrape::default();
        of_tasks(&backlog, Time(10_000), &mut scrape);
        let text = scrape.text();
        for line in [
            r#"docket_tasks{kind="a \"kind\"",state="pending"} 3"#,
            r#"docket_tasks{kind="a \"kind\"",state="dead"} 1"#,
            r#"docket_tasks_oldest_due_age_seconds{kind="a \"kind\"",state="pending"} 0.0"#,
            r#"docket_tasks_oldest_due_age_seconds{kind="a \"kind\"",state="dead"} 2.5"#,
            "# TYPE docket_tasks gauge",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
    }
}
