//! The look: the center is measured, what is wrong is found, and what becomes of the alerts is written.

use super::signs::hour_of;
use super::{OPEN_MAX, send};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_domain::story::Language;
use docket_domain::time::DAY;
use docket_domain::watch::{Severity, Telling, Turn, alert_text, findings, turn};
use docket_domain::{Gene, Id, Time};
use docket_store::{
    AlertRow, CallsRow, Context, Priority, Statement, TaskCountRow, View, WorkerRow, Writes,
};
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};

/// How long a process that gave no sign is remembered.
const WORKERS: i64 = DAY;
/// How many hours of counts are kept.
const HOURS: i64 = 48;
/// How long alerts that are over are kept.
const PAST: i64 = 90 * DAY;

/// Looks at the center once.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Watch {}

impl Task for Watch {
    const KIND: &'static str = "watch";
    const POLICY: Policy = Policy { concurrency: 1, ..Policy::USUAL };

    async fn run(self, app: App, _: Job) -> Handled {
        match app.watch().await {
            Ok(()) => Outcome::Done,
            Err(error) => failed(&app, &error, 1_000),
        }
        .into()
    }
}

impl App {
    /// Looks at the center, and writes what becomes of the alerts.
    async fn watch(&self) -> Result<(), Error> {
        let settings = self.settings().alerts.clone();
        let (open, now) = (self.store().open_alerts(OPEN_MAX).await?, self.now());
        let silences = self.store().silences(now, OPEN_MAX).await?;
        let mut found = findings(&self.measure().await?, &settings.thresholds);
        // Those that are worst, where there are more than anybody can read.
        found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        found.truncate(OPEN_MAX);
        let turns = turn(&open, found, &silences, settings.pace, now);
        let media: Vec<_> = settings.media.all().collect();
        let work = move |_: &View, cx: &mut Context<'_>| {
            let (mut statements, mut turns) = (forget(cx.now), turns.clone());
            for turn in &mut turns {
                statements.extend(written(turn, cx));
            }
            let tasks = send::messages(&turns, &media, cx);
            Ok((Some(Writes { statements, tasks, ..Writes::default() }), turns))
        };
        let turns = self.inner.lane.run(Priority::Bulk, Vec::new(), work).await?;
        turns.iter().for_each(log);
        Ok(())
    }
}

/// What is written of a turn; an alert that is new has a number afterwards.
fn written(turn: &mut Turn, cx: &mut Context<'_>) -> Vec<Statement> {
    let alert = &mut turn.alert;
    if alert.id == Id(0) {
        alert.id = cx.ids.next(cx.now, Gene(0));
        return vec![AlertRow(alert.clone()).open()];
    }
    let worse = turn.telling == Some(Telling::Worse);
    let worse = worse.then(|| AlertRow::unacknowledge(alert.id));
    worse.into_iter().chain([AlertRow(alert.clone()).follow()]).collect()
}

/// Forgets what is old.
fn forget(now: Time) -> Vec<Statement> {
    vec![
        WorkerRow::forget(now.plus(-WORKERS)),
        TaskCountRow::forget(hour_of(now) - HOURS),
        CallsRow::forget(hour_of(now) - HOURS),
        AlertRow::forget(Id::newest_at(now.plus(-PAST))),
    ]
}

/// One line for what is told.
fn log(turn: &Turn) {
    let Some(telling) = turn.telling else { return };
    let alert = &turn.alert;
    let text = alert_text(alert.kind, &alert.facts, Language::En);
    let (id, kind, subject) = (alert.id, alert.kind.word(), alert.subject.as_str());
    let (told, what, advice) = (telling.word(), text.what, text.advice);
    match (telling, alert.severity) {
        (Telling::Closed, _) => {
            tracing::info!(alert = %id, kind, subject, what, "what was wrong is over");
        }
        (_, Severity::Critical) => {
            tracing::error!(alert = %id, kind, subject, told, what, advice, "something is wrong");
        }
        _ => tracing::warn!(alert = %id, kind, subject, told, what, advice, "something is wrong"),
    }
}
