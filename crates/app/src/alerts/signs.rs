//! What each process that runs tasks says of itself: that it lives, what it counted and what it knows of its
//! surroundings. It is written beside everything else, so that whoever watches needs the database alone.

use crate::App;
use docket_domain::Time;
use docket_domain::time::HOUR;
use docket_domain::watch::{RefusedMeasured, WaitMeasured};
use docket_store::{Statement, Surroundings, TaskCountRow, WorkerRow};
use docket_tasks::Tries;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many signs a process may have missed when another begins on its machine, for that one to take its place.
const MISSED: i64 = 3;

/// Tries of each kind of task, as they were counted when the present hour began.
struct Hour {
    hour: i64,
    before: BTreeMap<String, Tries>,
}

/// What was known at the sign before.
struct Before {
    hour: Hour,
    /// Calls at each limit, and how long they had waited.
    waited: BTreeMap<String, (u64, u64)>,
    /// Pushes that were refused until the present hour began.
    refused: BTreeMap<String, u64>,
}

/// Gives signs of life until the center stops, and takes its leave then.
pub(crate) async fn run(app: App) {
    let stop = app.inner.background.stopping();
    let every = app.settings().alerts.thresholds.sign;
    let pause = Duration::from_millis(every.max(1).unsigned_abs());
    let (host, started_at) = (host(), app.now());
    let hour = Hour { hour: hour_of(started_at), before: BTreeMap::new() };
    let mut before = Before { hour, waited: BTreeMap::new(), refused: BTreeMap::new() };
    let began = beginning(&app, &host, started_at.plus(-MISSED * every));
    let mut first = Some(began);
    loop {
        let mut statements = first.take().unwrap_or_default();
        statements.extend(sign(&app, &host, started_at, &mut before));
        let signed = app.write_numbered(move |_, _| statements.clone()).await;
        if let Err(error) = signed.and(app.store_calls().await) {
            tracing::debug!(%error, "a sign of life waits");
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    let process = app.store().process().to_owned();
    if let Err(error) = app.write_numbered(move |_, _| vec![WorkerRow::leave(&process)]).await {
        tracing::debug!(%error, "this process did not take its leave");
    }
}

/// Takes the place of processes that are known to have ended.
fn beginning(app: &App, host: &str, silent_since: Time) -> Vec<Statement> {
    let others = app.store().take_over_workers();
    let replaced = (!host.is_empty()).then(|| WorkerRow::replace(host, silent_since));
    others.into_iter().chain(replaced).collect()
}

/// What this process says of itself now.
fn sign(app: &App, host: &str, started_at: Time, before: &mut Before) -> Vec<Statement> {
    let (now, process) = (app.now(), app.store().process().to_owned());
    let (waited, refused) = (waited(app), refused(app));
    let surroundings = Surroundings {
        clocks: app.inner.channels.clocks(),
        disk: app.store().disk(),
        waits: waits(&before.waited, &waited),
        refused: refused_since(&before.refused, &refused),
    };
    before.waited = waited;
    let hour = &mut before.hour;
    let worker = WorkerRow {
        process: process.clone(),
        host: host.to_owned(),
        started_at,
        seen_at: now,
        surroundings,
    };
    let kinds = app.tries_of_tasks();
    let mut statements = vec![worker.sign()];
    statements.extend(hour.counts(&process, &kinds).map(TaskCountRow::put));
    if hour_of(now) != hour.hour {
        // What was counted until now belongs to the hour that is over.
        *hour = Hour { hour: hour_of(now), before: kinds };
        before.refused = refused;
    }
    statements
}

/// Pushes that were refused since this process began, by the marketplace.
fn refused(app: &App) -> BTreeMap<String, u64> {
    let mut refused = BTreeMap::new();
    for figure in app.push_figures().into_iter().filter(|figure| figure.outcome != "taken") {
        *refused.entry(figure.channel).or_default() += figure.count;
    }
    refused
}

/// Those of the present hour.
fn refused_since(
    before: &BTreeMap<String, u64>,
    now: &BTreeMap<String, u64>,
) -> Vec<RefusedMeasured> {
    let of = now.iter().map(|(channel, count)| RefusedMeasured {
        channel: channel.clone(),
        count: count - before.get(channel).copied().unwrap_or_default(),
    });
    of.filter(|refused| refused.count > 0).collect()
}

/// Calls to marketplaces at each limit, and how long they waited in all.
fn waited(app: &App) -> BTreeMap<String, (u64, u64)> {
    let figures = app.gate_figures().into_iter();
    figures.map(|of| (format!("{} {}", of.address, of.app_key), (of.calls, of.waited))).collect()
}

/// How long calls waited on average, of those that went through since.
fn waits(
    before: &BTreeMap<String, (u64, u64)>,
    now: &BTreeMap<String, (u64, u64)>,
) -> Vec<WaitMeasured> {
    let of = now.iter().filter_map(|(whose, (calls, waited))| {
        let (calls_before, waited_before) = before.get(whose).copied().unwrap_or_default();
        let millis = (waited - waited_before).checked_div(calls - calls_before)?;
        Some(WaitMeasured { whose: whose.clone(), millis: millis as i64 })
    });
    of.collect()
}

impl Hour {
    /// What was counted since it began.
    fn counts(
        &self,
        process: &str,
        kinds: &BTreeMap<String, Tries>,
    ) -> impl Iterator<Item = TaskCountRow> {
        kinds.iter().filter_map(move |(kind, tries)| {
            let before = self.before.get(kind).copied().unwrap_or_default();
            let (done, failed) = (tries.done - before.done, tries.failed - before.failed);
            (done + failed > 0).then(|| TaskCountRow {
                hour: self.hour,
                kind: kind.clone(),
                process: process.to_owned(),
                done,
                failed,
            })
        })
    }
}

/// Hours since 1970.
pub(super) fn hour_of(at: Time) -> i64 {
    at.0.div_euclid(HOUR)
}

/// The name of this machine; empty where it says none.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_that_of_the_calls_since_the_sign_before() {
        let figures = |calls, waited| BTreeMap::from([("a key".to_owned(), (calls, waited))]);
        let wait = |before, now| waits(&before, &now).first().map(|wait| wait.millis);
        assert_eq!(wait(BTreeMap::new(), figures(10, 500)), Some(50));
        assert_eq!(wait(figures(10, 500), figures(12, 60_500)), Some(30_000));
        assert_eq!(wait(figures(10, 500), figures(10, 500)), None, "nothing was asked");
    }

    #[test]
    fn an_hour_counts_what_was_tried_in_it_alone() {
        let tries = |done, failed| Tries { done, failed };
        let before = BTreeMap::from([("a".to_owned(), tries(5, 1))]);
        let hour = Hour { hour: 7, before };
        let kinds = BTreeMap::from([
            ("a".to_owned(), tries(8, 1)),
            ("b".to_owned(), tries(0, 2)),
            ("c".to_owned(), tries(0, 0)),
        ]);
        let counted: Vec<_> = hour
            .counts("p", &kinds)
            .map(|row| (row.hour, row.kind, row.done, row.failed))
            .collect();
        assert_eq!(counted, [(7, "a".to_owned(), 3, 0), (7, "b".to_owned(), 0, 2)]);
    }
}
