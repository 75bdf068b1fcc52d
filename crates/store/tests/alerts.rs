//! Alerts, processes that run tasks and what they counted, on every database.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

#[allow(dead_code)] // shared with the tests of orders
mod suite;

use docket_domain::time::HOUR;
use docket_domain::watch::{Acknowledged, Alert, AlertKind, Facts, Severity, Silence};
use docket_domain::{Gene, Id, Time};
use docket_store::{
    AlertRow, AlertState, Context, NewTask, Store, Surroundings, TaskCountRow, WorkerRow, Writes,
};
use suite::on_every_store;

fn alert(id: i64, subject: &str) -> Alert {
    Alert {
        id: Id(id),
        kind: AlertKind::SyncGap,
        subject: subject.to_owned(),
        severity: Severity::Warning,
        facts: Facts { name: "茶 shop".to_owned(), count: 3, ..Facts::default() },
        opened_at: Time(10),
        seen_at: Time(10),
        told_at: Some(Time(10)),
        told: 1,
        closed_at: None,
        acknowledged: None,
        silenced_until: None,
    }
}

async fn ids(store: &Store, state: AlertState) -> Vec<i64> {
    let alerts = store.alerts(state, None, 10).await.unwrap();
    alerts.into_iter().map(|alert| alert.id.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_kind_and_subject_one_alert_is_open_and_what_people_did_of_it_stays() {
    on_every_store(async |store, _| {
        for row in [alert(1, "5"), alert(2, "5"), alert(3, "6")] {
            suite::statement(store, AlertRow(row).open()).await;
        }
        assert_eq!(ids(store, AlertState::Any).await, [3, 1], "the second one is open already");
        suite::statement(store, AlertRow::acknowledge(Id(1), "ada", Time(11))).await;
        suite::statement(store, AlertRow::acknowledge(Id(1), "bob", Time(12))).await;
        suite::statement(store, AlertRow::silence(Id(1), Time(500))).await;
        let seen = Alert {
            severity: Severity::Critical,
            seen_at: Time(20),
            told_at: Some(Time(20)),
            told: 2,
            ..alert(1, "5")
        };
        suite::statement(store, AlertRow(seen.clone()).follow()).await;
        let acknowledged = Some(Acknowledged { at: Time(11), by: "ada".to_owned() });
        let now = Alert { acknowledged, silenced_until: Some(Time(500)), ..seen.clone() };
        assert_eq!(store.alert(Id(1)).await.unwrap(), Some(now.clone()));
        let over = Alert { closed_at: Some(Time(30)), ..now };
        suite::statement(store, AlertRow(over.clone()).follow()).await;
        assert_eq!(store.alert(Id(1)).await.unwrap(), Some(over));
        // Whoever looked before it closed, and writes later, opens nothing.
        suite::statement(store, AlertRow(seen).follow()).await;
        assert_eq!(store.alert(Id(1)).await.unwrap().unwrap().closed_at, Some(Time(30)));
        suite::statement(store, AlertRow(alert(4, "5")).open()).await;
        assert_eq!(ids(store, AlertState::Open).await, [4, 3]);
        assert_eq!(ids(store, AlertState::Past).await, [1]);
        let silence =
            Silence { kind: AlertKind::SyncGap, subject: "5".to_owned(), until: Time(500) };
        assert_eq!(store.silences(Time(499), 10).await.unwrap(), [silence]);
        assert_eq!(store.silences(Time(500), 10).await.unwrap(), []);
        suite::statement(store, AlertRow::forget(Id(9))).await;
        assert_eq!(ids(store, AlertState::Any).await, [4, 3], "what is open is never forgotten");
        let page = store.alerts(AlertState::Any, Some(Id(4)), 10).await.unwrap();
        assert_eq!(page.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_signs_leaves_and_is_replaced_on_its_machine() {
    on_every_store(async |store, _| {
        let sign = |process: &str, host: &str, seen_at| WorkerRow {
            process: process.to_owned(),
            host: host.to_owned(),
            started_at: Time(1),
            seen_at: Time(seen_at),
            surroundings: Surroundings { disk: store.disk(), ..Surroundings::default() },
        };
        for row in
            [sign("a", "tea", 5), sign("b", "tea", 90), sign("c", "pot", 5), sign("a", "tea", 6)]
        {
            suite::statement(store, row.sign()).await;
        }
        let there = async || {
            let workers = store.workers(10).await.unwrap();
            workers.into_iter().map(|worker| (worker.process, worker.seen_at.0)).collect::<Vec<_>>()
        };
        let row = |process: &str, at| (process.to_owned(), at);
        assert_eq!(there().await, [row("c", 5), row("a", 6), row("b", 90)]);
        suite::statement(store, WorkerRow::replace("tea", Time(50))).await;
        assert_eq!(there().await, [row("c", 5), row("b", 90)]);
        suite::statement(store, WorkerRow::leave("b")).await;
        suite::statement(store, WorkerRow::forget(Time(5))).await;
        assert_eq!(there().await, [row("c", 5)]);
        let disk = store.workers(1).await.unwrap()[0].disk;
        assert_eq!(disk.is_some(), store.kind() == "sqlite", "a server keeps its own room");
        assert!(disk.is_none_or(|disk| 0 < disk.free && disk.free <= disk.size));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_counted_up_to_a_bound() {
    on_every_store(async |store, _| {
        let count = |hour, process: &str, done, failed| TaskCountRow {
            hour,
            kind: "nobody".to_owned(),
            process: process.to_owned(),
            done,
            failed,
        };
        for row in
            [count(7, "a", 1, 1), count(7, "a", 5, 2), count(7, "b", 10, 0), count(8, "a", 1, 0)]
        {
            suite::statement(store, row.put()).await;
        }
        let counted = store.task_counts(7).await.unwrap();
        assert_eq!(counted.len(), 1);
        assert_eq!((counted[0].done, counted[0].failed), (15, 2));
        let add = |_: &docket_store::View, cx: &mut Context<'_>| {
            let mut tasks = Vec::new();
            for number in 0..50 {
                // Ten of them are due later.
                let due_at = if number < 40 { cx.now } else { cx.now.plus(HOUR) };
                tasks.push(NewTask {
                    id: cx.ids.next(cx.now, Gene(0)),
                    kind: "nobody",
                    unique_key: None,
                    chain_key: None,
                    priority: 0,
                    payload: "{}".to_owned(),
                    max_attempts: 1,
                    due_at,
                    created_at: cx.now.plus(-number * HOUR),
                    subject: None,
                });
            }
            Ok((Some(Writes { tasks, ..Writes::default() }), cx.now))
        };
        let now = store.run(docket_store::Priority::Bulk, Vec::new(), add).await.unwrap();
        let waiting = async |most| store.tasks_waiting(now, most).await.unwrap();
        assert_eq!(waiting(100).await, [("nobody".to_owned(), 40)]);
        assert_eq!(waiting(7).await, [("nobody".to_owned(), 7)]);
        assert_eq!(store.tasks_dead().await.unwrap(), []);
        let old = store.tasks_overdue("nobody", now.plus(-24 * HOUR), 100).await.unwrap();
        assert_eq!((old.count, old.oldest), (25, Some(now.plus(-49 * HOUR))));
        let old = store.tasks_overdue("nobody", now.plus(-24 * HOUR), 30).await.unwrap();
        assert!(old.count <= 30);
    })
    .await;
}
