//! Watching: what is or was wrong, who looks after it, and how well the center is.

use super::InPath;
use crate::answer;
use crate::auth::{Caller, Sent, SentNothing};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::{IDEMPOTENCY, NothingBody};
use crate::openapi::monitoring_bodies::SilenceBody;
use crate::openapi::words::{AlertKindWord, AlertStateWord, Limit, SeverityWord};
use crate::{cursor, query};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::AlertState;
use docket_domain::story::Language;
use docket_domain::watch::{
    Alert, AlertKind, Deduction, Severity, alert_text, health as health_of,
};
use docket_wire::described::PageCursor;
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::Source;
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// A sentence in both languages.
#[derive(Serialize, ToSchema)]
#[schema(as = BothLanguages)]
pub struct BothView {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

/// Something that is or was wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = Alert)]
pub struct AlertView<'a> {
    /// Names the alert: the `{id}` of paths below `/api/sync/monitoring/alerts`.
    pub alert_id: Number,
    /// What is wrong.
    #[schema(value_type = AlertKindWord)]
    pub kind: AlertKind,
    /// Of what: the number of a shop, with its stream where it is of one, a kind of task, a process, a marketplace.
    pub subject: &'a str,
    /// How bad it was at its worst.
    #[schema(value_type = SeverityWord)]
    pub severity: Severity,
    /// What is wrong, in a sentence.
    pub what: BothView,
    /// What to do about it.
    pub advice: BothView,
    /// Since when.
    pub opened_at: Moment,
    /// When its cause was last seen.
    pub seen_at: Moment,
    /// When it was last told.
    pub told_at: Option<Moment>,
    /// How often it was told.
    pub told: u32,
    /// Until when; null while it is open.
    pub closed_at: Option<Moment>,
    /// Since when somebody looks after it.
    pub acknowledged_at: Option<Moment>,
    /// Who does.
    pub acknowledged_by: Option<&'a str>,
    /// Until when nothing of it is told.
    pub silenced_until: Option<Moment>,
}

impl<'a> AlertView<'a> {
    fn of(alert: &'a Alert) -> Self {
        let text = |language| alert_text(alert.kind, &alert.facts, language);
        let (en, zh) = (text(Language::En), text(Language::Zh));
        let acknowledged = alert.acknowledged.as_ref();
        Self {
            alert_id: Number(alert.id),
            kind: alert.kind,
            subject: &alert.subject,
            severity: alert.severity,
            what: BothView { en: en.what, zh: zh.what },
            advice: BothView { en: en.advice.to_owned(), zh: zh.advice.to_owned() },
            opened_at: alert.opened_at.into(),
            seen_at: alert.seen_at.into(),
            told_at: alert.told_at.map(Moment),
            told: alert.told,
            closed_at: alert.closed_at.map(Moment),
            acknowledged_at: acknowledged.map(|one| one.at.into()),
            acknowledged_by: acknowledged.map(|one| one.by.as_str()),
            silenced_until: alert.silenced_until.map(Moment),
        }
    }
}

/// One page of alerts.
#[derive(Serialize, ToSchema)]
pub struct AlertPage<'a> {
    /// The newest first.
    pub alerts: Vec<AlertView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// What one alert takes off the score.
#[derive(Serialize, ToSchema)]
#[schema(as = Deduction)]
pub struct DeductionView<'a> {
    /// How much.
    pub points: u32,
    /// For what.
    pub alert: AlertView<'a>,
}

/// How well the center is.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthView<'a> {
    /// A hundred, less every deduction, and at least 0; 0 while nobody looks.
    pub score: u32,
    /// What was taken off, the most first.
    pub deductions: Vec<DeductionView<'a>>,
    /// For how many seconds no process has looked, where that is longer than it may be: the deductions are as old.
    pub unwatched_seconds: Option<u64>,
}

/// List alerts
///
/// What is wrong now, and what was within the last 90 days. The center is looked at once a minute; an alert opens once,
/// and closes by itself when its cause has been gone for five minutes.
#[utoipa::path(
    get, path = "/api/sync/monitoring/alerts", tag = "operation", operation_id = "list_alerts",
    params(
        ("state" = Option<AlertStateWord>, Query, description = "`open`, `past`, or `any`, which is meant where it is left out"),
        ("limit" = Option<Limit>, Query, description = "Alerts of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, the newest first", body = AlertPage<'static>))
)]
pub async fn alerts(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let states = [("any", AlertState::Any), ("open", AlertState::Open), ("past", AlertState::Past)];
    let (state, limit, before) = query::read(&uri, |fields| {
        let state = fields.optional("state", query::one_of(&states)).unwrap_or_default();
        Some((state, query::limit(fields), query::cursor(fields, cursor::number)))
    })?;
    let page = center.app.alerts(&who, state, before, limit).await?;
    let next = page.next.map(cursor::of_number);
    let alerts = page.alerts.iter().map(AlertView::of).collect();
    Ok(answer::json(StatusCode::OK, &AlertPage { alerts, next }))
}

/// One alert
#[utoipa::path(
    get, path = "/api/sync/monitoring/alerts/{id}", tag = "operation", operation_id = "get_alert",
    params(("id" = Number, Path, description = "The number of the alert")),
    responses((status = 200, description = "Open or over", body = AlertView<'static>))
)]
pub async fn alert(
    State(center): State<Center>,
    Caller(who): Caller,
    id: InPath,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let alert = center.app.alert(&who, id.number("alert")?).await?;
    Ok(answer::json(StatusCode::OK, &AlertView::of(&alert)))
}

/// Look after an alert
///
/// It is not told again while it is no worse. Who said so first stays.
#[utoipa::path(
    post, path = "/api/sync/monitoring/alerts/{id}/acknowledge", tag = "operation", operation_id = "acknowledge_alert",
    params(
        ("id" = Number, Path, description = "The number of the alert"),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY),
    ),
    request_body(content = NothingBody, example = json!({})),
    responses((status = 200, description = "As it is now", body = AlertView<'static>))
)]
pub async fn acknowledge(
    State(center): State<Center>,
    id: InPath,
    sent: SentNothing,
) -> Result<Response, Failure> {
    let id = id.number("alert")?;
    let done = center.app.acknowledge_alert(&sent.who, id, sent.idempotency).await?;
    Ok(answer::once(done, |alert| answer::json(StatusCode::OK, &AlertView::of(&alert))))
}

/// Silence an alert
///
/// Nothing of it, nor of a later one of its kind and subject, is told until then; what is still wrong then is told. A
/// time that has passed ends the silence.
#[utoipa::path(
    post, path = "/api/sync/monitoring/alerts/{id}/silence", tag = "operation", operation_id = "silence_alert",
    params(
        ("id" = Number, Path, description = "The number of the alert"),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY),
    ),
    request_body(content = SilenceBody, example = json!({"until": "2026-11-21T08:00:00Z"})),
    responses((status = 200, description = "As it is now", body = AlertView<'static>))
)]
pub async fn silence(
    State(center): State<Center>,
    id: InPath,
    sent: Sent,
) -> Result<Response, Failure> {
    let id = id.number("alert")?;
    let until = read(&sent.body, Source::Request, |fields| fields.required("until", kinds::time))?;
    let done = center.app.silence_alert(&sent.who, id, until, sent.idempotency).await?;
    Ok(answer::once(done, |alert| answer::json(StatusCode::OK, &AlertView::of(&alert))))
}

/// How well the center is
///
/// A hundred, less what is wrong: 25 for what is critical, 10 for a warning, 2 for a notice.
#[utoipa::path(
    get, path = "/api/sync/monitoring/health", tag = "operation", operation_id = "health",
    responses((status = 200, description = "The score with its causes", body = HealthView<'static>))
)]
pub async fn health(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let known = center.app.health(&who).await?;
    let well = health_of(&known.open);
    let view = HealthView {
        score: if known.unwatched.is_some() { 0 } else { well.score },
        deductions: well
            .deductions
            .iter()
            .map(|Deduction { points, alert }| DeductionView {
                points: *points,
                alert: AlertView::of(alert),
            })
            .collect(),
        unwatched_seconds: known.unwatched.map(|millis| millis.unsigned_abs() / 1000),
    };
    Ok(answer::json(StatusCode::OK, &view))
}
