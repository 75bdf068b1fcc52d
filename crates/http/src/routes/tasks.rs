//! Durable tasks and schedules: what waits, what is halted, and what a person does about it.

use super::InPath;
use crate::answer;
use crate::auth::{Caller, Sent, SentNothing};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::{IDEMPOTENCY, NothingBody, RetryBody, RetryTasksBody};
use crate::openapi::words::{ChainKey, Limit, TaskStateWord};
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{Scheduled, TaskFilter, TaskRow};
use docket_domain::words::TaskState;
use docket_wire::described::{Identifier, PageCursor};
use docket_wire::document::Node;
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::{Reader, Source};
use docket_wire::view::Number;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A task.
#[derive(Serialize, ToSchema)]
#[schema(as = Task)]
pub struct TaskView<'a> {
    /// Names the task: the `{id}` of paths below `/api/tasks`.
    pub task_id: Number,
    /// Which handler runs it.
    pub kind: &'a str,
    /// `pending`, `running`, `done`, `dead` or `parked`.
    #[schema(value_type = TaskStateWord)]
    pub state: &'static str,
    /// Unique among unfinished tasks; null once it is done.
    pub unique_key: Option<&'a str>,
    /// Tasks of one chain run one after another.
    pub chain_key: Option<&'a str>,
    /// 0 is ordinary; each step more waits 30 s longer behind others.
    pub priority: u8,
    /// What the handler is told.
    #[schema(value_type = serde_json::Value)]
    pub payload: &'a RawValue,
    /// Times a worker took it.
    pub claims: u32,
    /// Failures that were charged.
    pub attempts: u32,
    /// Charged failures after which it is dead.
    pub max_attempts: u32,
    /// Not before.
    pub due_at: Moment,
    /// The worker that has it, or had it last.
    pub claimed_by: Option<&'a str>,
    /// Until when the worker has it.
    pub lease_until: Option<Moment>,
    /// Why it failed last.
    pub last_error: Option<&'a str>,
    /// Its last ten failures, the newest last.
    pub errors: Vec<TaskErrorView<'a>>,
    /// The dead task of its chain that it is parked behind.
    pub parked_by: Option<Number>,
    /// When it was caused.
    pub created_at: Moment,
    /// When it was done, dropped or given up.
    pub finished_at: Option<Moment>,
}

/// A failure of a task.
#[derive(Serialize, ToSchema)]
#[schema(as = TaskError)]
pub struct TaskErrorView<'a> {
    /// When the try ended.
    pub at: Moment,
    /// What went wrong, as the handler told it.
    pub why: &'a str,
}

impl<'a> TaskView<'a> {
    fn of(task: &'a TaskRow) -> Self {
        Self {
            task_id: Number(task.id),
            kind: &task.kind,
            state: task.state.word(),
            unique_key: task.unique_key.as_deref(),
            chain_key: task.chain_key.as_deref(),
            priority: task.priority,
            // Ours are JSON; one that is not is shown as nothing rather than not at all.
            payload: serde_json::from_str(&task.payload).unwrap_or(RawValue::NULL),
            claims: task.claims,
            attempts: task.attempts,
            max_attempts: task.max_attempts,
            due_at: task.due_at.into(),
            claimed_by: task.claimed_by.as_deref(),
            lease_until: task.lease_until.map(Moment),
            last_error: task.errors.last().map(|error| &*error.why),
            errors: task
                .errors
                .iter()
                .map(|error| TaskErrorView { at: error.at.into(), why: &error.why })
                .collect(),
            parked_by: task.parked_by.map(Number),
            created_at: task.created_at.into(),
            finished_at: task.finished_at.map(Moment),
        }
    }
}

/// One page of tasks.
#[derive(Serialize, ToSchema)]
pub struct TaskPage<'a> {
    /// Newest first.
    pub tasks: Vec<TaskView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// How many tasks run again.
#[derive(Serialize, ToSchema)]
pub struct Retried {
    /// How many tasks run again.
    pub retried: usize,
}

/// A schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = Schedule)]
pub struct ScheduleView<'a> {
    /// What people call it.
    pub name: &'a str,
    /// The kind of its tasks.
    pub kind: &'a str,
    /// A cron expression with its time zone, or an interval.
    pub every: &'a str,
    /// The slot it last ran for.
    pub last: Option<Moment>,
    /// The slot it runs for next.
    pub next: Option<Moment>,
}

/// Every schedule.
#[derive(Serialize, ToSchema)]
pub struct ScheduleList<'a> {
    /// In no particular order.
    pub schedules: Vec<ScheduleView<'a>>,
}

/// List tasks
///
/// Finished ones are kept for seven days.
#[utoipa::path(
    get, path = "/api/tasks", tag = "tasks", operation_id = "list_tasks",
    params(
        ("kind" = Option<Identifier>, Query, description = "Of this kind"),
        ("state" = Option<TaskStateWord>, Query, description = "`pending`, `running`, `done`, `dead` or `parked`"),
        ("chain" = Option<ChainKey>, Query, description = "Of this chain"),
        ("limit" = Option<Limit>, Query, description = "Entries of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, newest first", body = TaskPage<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let states: Vec<_> = TaskState::ALL.iter().map(|state| (state.word(), *state)).collect();
    let filter = query::read(&uri, |fields| {
        Some(TaskFilter {
            kind: fields.optional("kind", kinds::identifier),
            state: fields.optional("state", query::one_of(&states)),
            chain: fields.optional("chain", |reader, node| kinds::text(reader, node, 160)),
            before: query::cursor(fields, cursor::number),
            limit: query::limit(fields),
        })
    })?;
    let page = center.app.tasks(&who, &filter).await?;
    let next = page.next.map(cursor::of_number);
    let tasks = page.tasks.iter().map(TaskView::of).collect();
    Ok(answer::json(StatusCode::OK, &TaskPage { tasks, next }))
}

/// One task
#[utoipa::path(
    get, path = "/api/tasks/{id}", tag = "tasks", operation_id = "get_task",
    params(("id" = Number, Path, description = "The number of the task")),
    responses((status = 200, description = "With its failures", body = TaskView<'static>))
)]
pub async fn get(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let task = center.app.task(&who, id.number("task")?).await?;
    Ok(answer::json(StatusCode::OK, &TaskView::of(&task)))
}

/// Run a failed task again
///
/// A dead one with all its attempts; one that waits for its next try runs now, with the attempts it has left. With
/// another payload if one is sent. Those parked behind it follow.
#[utoipa::path(
    post, path = "/api/tasks/{id}/retry", tag = "tasks", operation_id = "retry_task",
    params(
        ("id" = Number, Path, description = "The number of the task"),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY),
    ),
    request_body(content = RetryBody, example = json!({})),
    responses((status = 200, description = "It waits again", body = TaskView<'static>))
)]
pub async fn retry(
    State(center): State<Center>,
    id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let payload =
        read(&sent.body, Source::Request, |fields| Some(fields.optional("payload", payload)))?;
    let id = id.number("task")?;
    let retried = center.app.retry_task(&sent.who, id, payload, sent.idempotency).await?;
    Ok(answer::once(retried, |task| answer::json(StatusCode::OK, &TaskView::of(&task))))
}

/// What a handler is told: an object, whatever is in it.
fn payload(reader: &mut Reader, node: Node<'_>) -> Option<String> {
    match node {
        Node::Object(_) => kinds::extra(reader, node).map(|payload| payload.to_string()),
        other => reader.wrong_type(&other, "an object"),
    }
}

/// Run all failed tasks of a kind again
///
/// Dead ones, and those that wait for their next try.
#[utoipa::path(
    post, path = "/api/tasks/retry", tag = "tasks", operation_id = "retry_tasks",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY)),
    request_body(content = RetryTasksBody, example = json!({"kind": "webhook"})),
    responses((status = 200, description = "How many", body = Retried))
)]
pub async fn retry_all(State(center): State<Center>, sent: Sent) -> Result<Response, Failure> {
    let kind =
        read(&sent.body, Source::Request, |fields| fields.required("kind", kinds::identifier))?;
    let retried = center.app.retry_tasks(&sent.who, &kind, sent.idempotency).await?;
    Ok(answer::once(retried, |retried| answer::json(StatusCode::OK, &Retried { retried })))
}

/// Drop a task
///
/// One that waits or is halted; it counts as done and says by whom it was dropped.
#[utoipa::path(
    post, path = "/api/tasks/{id}/drop", tag = "tasks", operation_id = "drop_task",
    params(
        ("id" = Number, Path, description = "The number of the task"),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY),
    ),
    request_body(content = NothingBody, example = json!({})),
    responses((status = 200, description = "Dropped", body = TaskView<'static>))
)]
pub async fn drop(
    State(center): State<Center>,
    id: InPath,
    sent: SentNothing,
) -> Result<Response, Failure> {
    let id = id.number("task")?;
    let dropped = center.app.drop_task(&sent.who, id, sent.idempotency).await?;
    Ok(answer::once(dropped, |task| answer::json(StatusCode::OK, &TaskView::of(&task))))
}

/// List schedules
#[utoipa::path(
    get, path = "/api/schedules", tag = "tasks", operation_id = "list_schedules",
    responses((status = 200, description = "Every schedule", body = ScheduleList<'static>))
)]
pub async fn schedules(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let schedules = center.app.schedules(&who).await?;
    let shown = schedules.iter().map(|Scheduled { name, kind, every, last, next }| ScheduleView {
        name,
        kind,
        every,
        last: last.map(Moment),
        next: next.map(Moment),
    });
    Ok(answer::json(StatusCode::OK, &ScheduleList { schedules: shown.collect() }))
}
