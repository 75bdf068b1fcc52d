//! Whether the books agree: a run is begun, and its findings are read.

use crate::auth::{Caller, Sent};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::{IDEMPOTENCY, ReconcileBody};
use crate::openapi::words::{FindingStateWord, Limit, RunState};
use crate::{answer, cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{Finding, FindingState, Mending, Reconcile, Reconciled};
use docket_domain::Id;
use docket_wire::described::PageCursor;
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::Source;
use docket_wire::view::Number;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Classes one run can name.
const CLASSES_MAX: usize = 64;

/// A run that was begun.
#[derive(Serialize, ToSchema)]
pub struct RunBegun {
    /// Names the run.
    pub run_id: Number,
}

/// A run.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconcileRun)]
pub struct RunView<'a> {
    /// Its number; null where none ever ran.
    pub run_id: Option<Number>,
    /// `running`, `done`, `failed`, or `lost` where its process ended with it.
    #[schema(value_type = RunState)]
    pub state: &'a str,
    /// What it was asked for.
    #[schema(value_type = serde_json::Value)]
    pub asked: &'a RawValue,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub finished_at: Option<Moment>,
    /// Orders there were when it began.
    pub orders: i64,
    /// Orders it has looked at.
    pub looked_at: i64,
    /// Why it ended early.
    pub error: Option<&'a str>,
    /// What it found, by class.
    pub classes: Vec<ClassView<'a>>,
    /// One page of its findings, in the order they were found.
    pub findings: Vec<FindingView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// How many differences of one class a run found.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconcileClass)]
pub struct ClassView<'a> {
    /// The word of the class, as a run takes it in `classes`.
    pub class: &'a str,
    /// Found, and nobody asked for their repair.
    pub found: u64,
    /// Whose repair waits as a task.
    pub queued: u64,
    /// Repaired.
    pub repaired: u64,
    /// Not to be repaired by a program.
    pub stays: u64,
    /// Noted: nothing is to be done about them.
    pub noted: u64,
}

/// One difference.
#[derive(Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingView<'a> {
    /// Names the finding.
    pub finding_id: Number,
    /// The word of its class.
    pub class: &'a str,
    /// The order, if it is one of an order.
    pub order_id: Option<Number>,
    /// What differs.
    pub subject: &'a str,
    /// As it stands.
    pub stands: &'a str,
    /// As it should be.
    pub should: &'a str,
    /// `found`, `queued`, `repaired`, `stays` or `noted`.
    #[schema(value_type = FindingStateWord)]
    pub state: &'static str,
    /// What it means, in English.
    pub en: &'a str,
    /// What it means, in Chinese.
    pub zh: &'a str,
    /// When it was found.
    pub at: Moment,
}

impl<'a> FindingView<'a> {
    fn of(finding: &'a Finding) -> Self {
        let [en, zh] = &finding.explained;
        Self {
            finding_id: Number(finding.row.id),
            class: &finding.row.class,
            order_id: finding.row.tree.map(Number),
            subject: &finding.row.subject,
            stands: &finding.stands,
            should: &finding.should,
            state: finding.row.state.word(),
            en,
            zh,
            at: finding.row.at.into(),
        }
    }
}

fn by_class(counted: &[(String, FindingState, u64)]) -> Vec<ClassView<'_>> {
    let mut classes = Vec::<ClassView<'_>>::new();
    for (class, state, count) in counted {
        if classes.last().is_none_or(|last| last.class != class) {
            classes.push(ClassView { class, found: 0, queued: 0, repaired: 0, stays: 0, noted: 0 });
        }
        let last = classes.last_mut().expect("one was just pushed");
        *match state {
            FindingState::Found => &mut last.found,
            FindingState::Queued => &mut last.queued,
            FindingState::Repaired => &mut last.repaired,
            FindingState::Stays => &mut last.stays,
            FindingState::Noted => &mut last.noted,
        } = *count;
    }
    classes
}

/// Begin a run
///
/// It compares orders with their logs, columns and deadlines, ledgers with the orders that move them, and shops of
/// marketplaces with what was told of them, and goes on behind the answer; one run at a time. What it finds is looked
/// at again where nothing is in flight, so a center at work has no findings. With `repair` it repairs what a program can
/// repair safely; what differs from a marketplace it reads again.
#[utoipa::path(
    post, path = "/api/reconcile", tag = "operation", operation_id = "reconcile",
    params(("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY)),
    request_body(content = ReconcileBody, example = json!({"repair": true, "classes": ["stock_held_differs"]})),
    responses((status = 202, description = "It runs", body = RunBegun))
)]
pub async fn begin(State(center): State<Center>, sent: Sent) -> Result<Response, Failure> {
    let asked = read(&sent.body, Source::Request, |fields| {
        let repair = fields.optional("repair", kinds::yes_or_no).unwrap_or_default();
        let classes = fields
            .optional("classes", |reader, node| reader.list(node, CLASSES_MAX, kinds::identifier));
        Some(Reconcile {
            mending: if repair { Mending::Repair } else { Mending::Tell },
            classes: classes.unwrap_or_default(),
            since: fields.optional("since", kinds::time),
        })
    })?;
    let begun = center.app.reconcile(&sent.who, asked, sent.idempotency).await?;
    Ok(answer::once(begun, |run| {
        answer::json(StatusCode::ACCEPTED, &RunBegun { run_id: Number(run) })
    }))
}

/// The last run
///
/// How far it is, and what it found.
#[utoipa::path(
    get, path = "/api/reconcile", tag = "operation", operation_id = "reconciled",
    params(
        ("limit" = Option<Limit>, Query, description = "Findings of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "The run with one page of its findings", body = RunView<'static>))
)]
pub async fn get(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let (after, limit) = query::read(&uri, |fields| {
        let after = query::cursor(fields, cursor::number).unwrap_or(Id(0));
        Some((after, query::limit(fields)))
    })?;
    let Some(Reconciled { run, state, counted }) = center.app.reconciled(&who).await? else {
        return Ok(answer::json(StatusCode::OK, &none_yet()));
    };
    let found = center.app.findings(&who, run.id, after, limit).await?;
    let last = found.last().filter(|_| found.len() == limit);
    let view = RunView {
        run_id: Some(Number(run.id)),
        state,
        asked: serde_json::from_str(&run.asked).unwrap_or(RawValue::NULL),
        started_at: Some(run.started_at.into()),
        finished_at: run.finished_at.map(Moment),
        orders: run.orders,
        looked_at: run.looked_at,
        error: run.error.as_deref(),
        classes: by_class(&counted),
        next: last.map(|last| cursor::of_number(last.row.id)),
        findings: found.iter().map(FindingView::of).collect(),
    };
    Ok(answer::json(StatusCode::OK, &view))
}

fn none_yet() -> RunView<'static> {
    RunView {
        run_id: None,
        state: "never",
        asked: RawValue::NULL,
        started_at: None,
        finished_at: None,
        orders: 0,
        looked_at: 0,
        error: None,
        classes: Vec::new(),
        findings: Vec::new(),
        next: None,
    }
}
