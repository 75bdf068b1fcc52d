//! Watching over the API: an alert opens, is looked after or silenced, and closes by itself; health says what is wrong.

use crate::center::{TestCenter, text};
use docket_app::Scope;
use docket_domain::Gene;
use docket_domain::time::{DAY, HOUR, MINUTE};
use docket_store::{Context, NewTask, Priority, Surroundings, WorkerRow, Writes};
use serde_json::{Value, json};
use std::time::Duration;

const ALERTS: &str = "/api/sync/monitoring/alerts";
const HEALTH: &str = "/api/sync/monitoring/health";

/// A center at work that finds more than two waiting tasks of a kind too many.
async fn center() -> TestCenter {
    let center = TestCenter::start_with(|settings| {
        let limits = &mut settings.alerts.thresholds;
        limits.backlog = 2;
        // The clock of the test runs ahead of that by which signs are given: they come often, and many may be missed.
        (limits.sign, limits.silent_signs) = (20, 30_000);
    })
    .await;
    center.app.start();
    center
}

/// Adds tasks that nobody runs.
async fn add_tasks(center: &TestCenter, count: usize) {
    let work = move |_: &docket_store::View, cx: &mut Context<'_>| {
        let task = |cx: &mut Context<'_>| NewTask {
            id: cx.ids.next(cx.now, Gene(0)),
            kind: "nobody",
            unique_key: None,
            chain_key: None,
            priority: 0,
            payload: "{}".to_owned(),
            max_attempts: 1,
            due_at: cx.now,
            created_at: cx.now,
            subject: None,
        };
        let tasks = (0..count).map(|_| task(cx)).collect();
        Ok((Some(Writes { tasks, ..Writes::default() }), ()))
    };
    center.store.run(Priority::Bulk, Vec::new(), work).await.expect("tasks are added");
}

async fn drop_tasks(center: &TestCenter) {
    let waiting = center.get("/api/tasks?kind=nobody&state=pending").await.ok(200);
    for task in waiting["tasks"].as_array().expect("a list") {
        let path = format!("/api/tasks/{}/drop", text(&task["task_id"]));
        center.post(&path, &json!({})).await.ok(200);
    }
}

/// Moves the clock on, minute by minute, until the alerts are as asked.
async fn until(center: &TestCenter, is_so: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..200 {
        let page = center.get(ALERTS).await.ok(200);
        if is_so(&page) {
            return page;
        }
        center.clock.advance(20_000);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:#}", center.get(ALERTS).await.ok(200));
}

fn of_backlog(page: &Value) -> Option<&Value> {
    page["alerts"].as_array()?.iter().find(|alert| alert["kind"] == "backlog")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_opens_names_what_to_do_and_closes_by_itself() {
    let center = center().await;
    let well = center.get(HEALTH).await.ok(200);
    assert_eq!((&well["score"], &well["deductions"]), (&json!(100), &json!([])));
    add_tasks(&center, 3).await;
    let page = until(&center, |page| of_backlog(page).is_some()).await;
    let alert = of_backlog(&page).expect("it is open");
    assert_eq!((&alert["subject"], &alert["severity"]), (&json!("nobody"), &json!("warning")));
    assert_eq!(text(&alert["what"]["en"]), "3 tasks of the kind nobody wait; 2 may.");
    assert_eq!(text(&alert["what"]["zh"]), "有 3 个 nobody 任务在等待，上限为 2 个。");
    assert_eq!((&alert["closed_at"], &alert["told"]), (&Value::Null, &json!(1)));
    let ill = center.get(HEALTH).await.ok(200);
    let of = |deduction: &Value| deduction["alert"]["alert_id"] == alert["alert_id"];
    let deductions = ill["deductions"].as_array().expect("a list");
    let deduction = deductions.iter().find(|one| of(one)).expect("it is deducted");
    assert_eq!(deduction["points"], 10);
    let all: u64 = deductions.iter().filter_map(|one| one["points"].as_u64()).sum();
    assert_eq!(ill["score"], json!(100 - all));
    drop_tasks(&center).await;
    let id = alert["alert_id"].clone();
    let page =
        until(&center, |page| of_backlog(page).is_some_and(|one| !one["closed_at"].is_null()))
            .await;
    assert_eq!(of_backlog(&page).expect("it is over")["alert_id"], id);
    let open = center.get(&format!("{ALERTS}?state=open")).await.ok(200);
    assert!(of_backlog(&open).is_none());
    let past = center.get(&format!("{ALERTS}?state=past&limit=1")).await.ok(200);
    assert_eq!(past["alerts"].as_array().map(Vec::len), Some(1));
    let path = format!("{ALERTS}/{}/acknowledge", text(&id));
    center.post(&path, &json!({})).await.problem(409, "wrong_state");
    // A second one of its kind is another alert.
    add_tasks(&center, 3).await;
    let again = |one: &Value| one["alert_id"] != id && one["closed_at"].is_null();
    until(&center, |page| of_backlog(page).is_some_and(again)).await;
    center.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_looks_after_an_alert_and_silences_it() {
    let center = center().await;
    add_tasks(&center, 3).await;
    let page = until(&center, |page| of_backlog(page).is_some()).await;
    let id = text(&of_backlog(&page).expect("it is open")["alert_id"]).to_owned();
    let (acknowledge, silence) =
        (format!("{ALERTS}/{id}/acknowledge"), format!("{ALERTS}/{id}/silence"));
    let reader = center.key(&[Scope::OrdersRead], &[], &[]).await;
    center.get_as(&reader, ALERTS).await.ok(200);
    center.get_as(&reader, HEALTH).await.ok(200);
    center.post_as(&reader, &acknowledge, &json!({})).await.problem(403, "scope_missing");
    let of_shop = center.key(&[Scope::OrdersRead], &[], &["11"]).await;
    center.get_as(&of_shop, ALERTS).await.problem(403, "not_allowed");
    let looked_after = center.post(&acknowledge, &json!({})).await.ok(200);
    assert_eq!(looked_after["acknowledged_by"], "all");
    let at = looked_after["acknowledged_at"].clone();
    center.clock.advance(1_000);
    assert_eq!(center.post(&acknowledge, &json!({})).await.ok(200)["acknowledged_at"], at);
    let moment =
        |ahead| json!({"until": docket_wire::moment::Moment(center.app.now().plus(ahead))});
    let silent = center.post(&silence, &moment(HOUR)).await.ok(200);
    assert!(silent["silenced_until"].is_string());
    let told = silent["told"].clone();
    center.post(&silence, &moment(91 * DAY)).await.wrong_fields(&[("until", "out_of_range")]);
    center.post(&silence, &json!({})).await.wrong_fields(&[("until", "required")]);
    center.post(&format!("{ALERTS}/7/silence"), &moment(HOUR)).await.problem(404, "not_found");
    center.get(&format!("{ALERTS}/seven")).await.problem(404, "not_found");
    center.get(&format!("{ALERTS}?state=closed")).await.wrong_fields(&[("state", "not_a_word")]);
    // It goes away and comes back within the silence: nothing is told.
    drop_tasks(&center).await;
    until(&center, |page| of_backlog(page).is_some_and(|one| !one["closed_at"].is_null())).await;
    let over = center.get(&format!("{ALERTS}/{id}")).await.ok(200);
    assert_eq!(over["told"], told);
    center.post(&silence, &moment(HOUR)).await.ok(200);
    add_tasks(&center, 3).await;
    let page =
        until(&center, |page| of_backlog(page).is_some_and(|one| one["closed_at"].is_null())).await;
    let again = of_backlog(&page).expect("it is open");
    assert_eq!((&again["told"], &again["told_at"]), (&json!(0), &Value::Null));
    center.app.stop().await;
}

/// Leaves the row of a process that has just given a sign of life, and gives no more.
async fn leave_a_worker(center: &TestCenter) {
    let sign = WorkerRow {
        process: "1:1".to_owned(),
        host: "killed".to_owned(),
        started_at: center.app.now(),
        seen_at: center.app.now(),
        surroundings: Surroundings::default(),
    };
    let work = move |_: &docket_store::View, _: &mut Context<'_>| {
        let statements = vec![sign.clone().sign()];
        Ok((Some(Writes { statements, ..Writes::default() }), ()))
    };
    center.store.run(Priority::Bulk, Vec::new(), work).await.expect("it is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_killed_is_told_and_forgotten_when_it_is_long_gone() {
    let center = center().await;
    // What stood there before a process began is known to have ended, on a file.
    while center.store.workers(10).await.expect("workers").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    leave_a_worker(&center).await;
    center.clock.advance(11 * MINUTE);
    let silent = |page: &Value| {
        let alerts = page["alerts"].as_array().into_iter().flatten();
        let of = |alert: &&Value| alert["subject"] == "1:1";
        alerts.clone().find(of).map(|alert| alert["closed_at"].is_null())
    };
    until(&center, |page| silent(page) == Some(true)).await;
    center.clock.advance(DAY);
    until(&center, |page| silent(page) == Some(false)).await;
    center.app.stop().await;
}

#[tokio::test]
async fn where_nobody_looks_health_says_so() {
    let center = TestCenter::start().await;
    assert_eq!(center.get(HEALTH).await.ok(200)["unwatched_seconds"], Value::Null);
    leave_a_worker(&center).await;
    center.clock.advance(45_000);
    assert_eq!(center.get(HEALTH).await.ok(200)["unwatched_seconds"], Value::Null);
    center.clock.advance(15_000);
    let unwatched = center.get(HEALTH).await.ok(200);
    assert_eq!((&unwatched["score"], &unwatched["unwatched_seconds"]), (&json!(0), &json!(60)));
}
