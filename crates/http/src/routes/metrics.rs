//! What the process has counted and what waits, in the text form Prometheus reads.

use crate::center::{Center, Metrics};
use crate::figures::Text;
use crate::process::Process;
use crate::request;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use docket_app::{App, Backlog, GatewayFigure, Pool, TaskFigures};
use docket_domain::Time;
use std::sync::atomic::Ordering::Relaxed;
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
        if !app.store().figures().writable.load(Relaxed) {
            return Vec::new();
        }
        let mut seen = self.0.lock().await;
        if let Some(seen) = &*seen
            && seen.until > Instant::now()
        {
            return seen.backlog.clone();
        }
        let began = Instant::now();
        let read = tokio::time::timeout(PATIENCE, app.store().task_backlog()).await;
        let backlog = read.ok().and_then(Result::ok).unwrap_or_default();
        let until = Instant::now() + began.elapsed() * REST;
        *seen = Some(Seen { backlog: backlog.clone(), until });
        backlog
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
    let mut text = Text::default();
    of_the_build(&center.app, &mut text);
    if let Ok(Some(process)) = tokio::task::spawn_blocking(Process::look).await {
        process.write(&mut text);
    }
    center.figures.write(&mut text);
    of_orders(&center.app, &mut text);
    of_the_lane(&center.app, &mut text);
    of_the_pool(&center.app, &mut text);
    of_workers(center.app.task_figures(), &mut text);
    of_tasks(&center.waiting.look(&center.app).await, center.app.now(), &mut text);
    of_gateways(&center.app.gateway_figures(), &mut text);
    of_redis(&center.app, &mut text).await;
    of_the_books(&center.app, &mut text).await;
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text.done()).into_response()
}

/// Which release this is, for graphs that are to show when it changed.
fn of_the_build(app: &App, text: &mut Text) {
    let name = "docket_build_info";
    text.begin(name, "gauge", "Always 1; its labels say what runs here.");
    let labels = [("version", env!("CARGO_PKG_VERSION")), ("database", app.store().kind())];
    text.value(name, &labels, 1);
}

/// Connections that reads go by.
fn of_the_pool(app: &App, text: &mut Text) {
    let Pool { size, idle, max, waiting } = app.store().pool();
    text.gauge("docket_database_pool_size", "Reading connections that are open.", size);
    text.gauge("docket_database_pool_idle", "Those that nobody reads with.", idle);
    text.gauge("docket_database_pool_max", "Reading connections that may be open.", max);
    text.gauge("docket_database_pool_waiting", "Reads that wait for one.", waiting);
}

/// Orders that were asked for here.
fn of_orders(app: &App, text: &mut Text) {
    let name = "docket_orders_total";
    text.begin(name, "counter", "Orders that were asked for, by what became of them.");
    for (outcome, count) in app.order_figures() {
        text.value(name, &[("outcome", outcome)], count);
    }
}

fn of_the_lane(app: &App, text: &mut Text) {
    let (figures, (people, bulk)) = (app.store().figures(), app.store().waiting());
    let batches = figures.batches.load(Relaxed);
    text.counter("docket_lane_batches_total", "Transactions committed.", batches);
    let pieces = figures.pieces.load(Relaxed);
    text.counter("docket_lane_pieces_total", "Pieces of work in them.", pieces);
    let conflicts = figures.conflicts.load(Relaxed);
    text.counter("docket_lane_conflicts_total", "Batches decided again.", conflicts);
    text.gauge("docket_lane_waiting_people", "Pieces of people's that wait.", people as u64);
    text.gauge("docket_lane_waiting_bulk", "Pieces of bulk work that wait.", bulk as u64);
    text.gauge("docket_wal_frames", "Frames in SQLite's log.", figures.wal_frames.load(Relaxed));
    let writable = u64::from(figures.writable.load(Relaxed));
    text.gauge("docket_writable", "1 if the database took the last write.", writable);
}

/// What the workers of this process did.
fn of_workers(figures: TaskFigures, text: &mut Text) {
    let name = "docket_worker_tasks_total";
    text.begin(name, "counter", "Tries of tasks in this process, by what came of them.");
    let TaskFigures { done, retried, later, dead, running } = figures;
    for (outcome, count) in [("done", done), ("retried", retried), ("later", later), ("dead", dead)]
    {
        text.value(name, &[("outcome", outcome)], count);
    }
    text.gauge("docket_worker_running_tasks", "Tasks that run in this process.", running);
}

/// What stands in the table of tasks, whichever process runs it.
fn of_tasks(backlog: &[Backlog], now: Time, text: &mut Text) {
    let name = "docket_tasks";
    text.begin(name, "gauge", "Tasks that wait, run or are halted, in all processes.");
    for Backlog { kind, state, count, .. } in backlog {
        text.value(name, &[("kind", kind), ("state", state.word())], *count);
    }
    let name = "docket_tasks_oldest_due_age_seconds";
    text.begin(name, "gauge", "How long ago the oldest of them was due; 0 where none is due yet.");
    for Backlog { kind, state, oldest_due, .. } in backlog {
        let age = Duration::from_millis(now.0.saturating_sub(oldest_due.0).max(0) as u64);
        text.value(name, &[("kind", kind), ("state", state.word())], age.as_secs_f64());
    }
}

/// What was asked of payment gateways and came of it, callbacks included.
fn of_gateways(figures: &[GatewayFigure], text: &mut Text) {
    let name = "docket_gateway_requests_total";
    text.begin(
        name,
        "counter",
        "Requests to payment gateways and callbacks from them, by outcome.",
    );
    for GatewayFigure { gateway, asked, outcome, count } in figures {
        let labels = [("gateway", &**gateway), ("asked", *asked), ("outcome", *outcome)];
        text.value(name, &labels, *count);
    }
}

/// Nothing while a run is under way: then what it has not looked at yet would seem to be in order.
async fn of_the_books(app: &App, text: &mut Text) {
    let Ok(left) = app.differences_left().await else { return };
    let name = "docket_differences";
    text.begin(
        name,
        "gauge",
        "Differences that the last run of reconcile found and did not repair.",
    );
    for (class, count) in &left {
        text.value(name, &[("class", class)], *count);
    }
}

/// Nothing where no Redis is configured.
async fn of_redis(app: &App, text: &mut Text) {
    let Some(redis) = app.redis() else { return };
    let well = redis.is_well();
    text.gauge("docket_redis_up", "1 if Redis answered when it was last asked.", u64::from(well));
    if well && let Ok(backlog) = redis.backlog().await {
        let about = "Announcements in Redis that no worker has taken.";
        text.gauge("docket_redis_backlog", about, backlog);
    }
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
        let mut text = Text::default();
        of_tasks(&backlog, Time(10_000), &mut text);
        let text = text.done();
        for line in [
            r#"docket_tasks{kind="a \"kind\"",state="pending"} 3"#,
            r#"docket_tasks{kind="a \"kind\"",state="dead"} 1"#,
            r#"docket_tasks_oldest_due_age_seconds{kind="a \"kind\"",state="pending"} 0"#,
            r#"docket_tasks_oldest_due_age_seconds{kind="a \"kind\"",state="dead"} 2.5"#,
            "# TYPE docket_tasks gauge",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
    }
}
