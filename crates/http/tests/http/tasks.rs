//! Durable tasks over HTTP: what waits and what is halted is found, and run again or dropped by a person.

use crate::center::{NOW, TestCenter, every_actor, text};
use docket_app::{Scope, TaskRow};
use docket_domain::{Gene, Id};
use docket_store::{Failed, NewTask, Priority, Stamp, Statement, Writes};
use serde_json::{Value, json};

/// Puts a task of `kind` in.
pub async fn task(center: &TestCenter, kind: &'static str) -> Id {
    chained(center, kind, None).await
}

async fn chained(center: &TestCenter, kind: &'static str, chain: Option<&str>) -> Id {
    let chain = chain.map(str::to_owned);
    let put = center.store.run(Priority::Interactive, Vec::new(), move |_, cx| {
        let task = NewTask {
            id: cx.ids.next(cx.now, Gene(0)),
            kind,
            unique_key: None,
            chain_key: chain.clone(),
            priority: 0,
            payload: r#"{"to":"a"}"#.to_owned(),
            max_attempts: 5,
            due_at: cx.now,
            created_at: cx.now,
            subject: None,
        };
        let id = task.id;
        Ok((Some(Writes { tasks: vec![task], ..Writes::default() }), id))
    });
    put.await.expect("a task")
}

async fn write(center: &TestCenter, statements: Vec<Statement>) {
    let write = center.store.run(Priority::Interactive, Vec::new(), move |_, _| {
        Ok((Some(Writes { statements: statements.clone(), ..Writes::default() }), ()))
    });
    write.await.expect("written");
}

pub async fn row(center: &TestCenter, id: Id) -> TaskRow {
    center.store.task(id).await.expect("the table").expect("the task")
}

/// Lets a worker take it.
async fn take(center: &TestCenter, id: Id) -> Stamp {
    let stamp = Stamp(format!("worker:{id}"));
    write(center, stamp.claim(&[id], NOW, NOW.plus(60_000))).await;
    stamp
}

/// Lets a worker give it up.
async fn kill(center: &TestCenter, id: Id) {
    let (stamp, task) = (take(center, id).await, row(center, id).await);
    let why = "the gateway says no".to_owned();
    write(center, stamp.fail(&task, &Failed::Dead { why, attempts: 1, skipped: false }, NOW)).await;
}

async fn dead(center: &TestCenter, kind: &'static str) -> Id {
    let id = task(center, kind).await;
    kill(center, id).await;
    id
}

/// Puts a task of `kind` in that has failed once and is tried again in an hour.
async fn failed(center: &TestCenter, kind: &'static str) -> Id {
    let id = task(center, kind).await;
    wait_an_hour(center, id, 1, "nobody listens").await;
    id
}

/// Lets a worker take it and let it wait.
async fn wait_an_hour(center: &TestCenter, id: Id, attempts: u32, why: &str) {
    let (stamp, task) = (take(center, id).await, row(center, id).await);
    let again = Failed::Again { due_at: NOW.plus(3_600_000), attempts, why: Some(why.to_owned()) };
    write(center, stamp.fail(&task, &again, NOW)).await;
}

/// The numbers of the tasks on a page.
fn ids(page: &Value) -> Vec<String> {
    let tasks = page["tasks"].as_array().expect("tasks");
    tasks.iter().map(|task| text(&task["task_id"]).to_owned()).collect()
}

fn of(tasks: &[Id]) -> Vec<String> {
    tasks.iter().map(Id::to_string).collect()
}

async fn state(center: &TestCenter, id: Id) -> String {
    let task = center.get(&format!("/api/tasks/{id}")).await.ok(200);
    text(&task["state"]).to_owned()
}

async fn ask(center: &TestCenter, path: String, body: Value) -> crate::center::Got {
    center.post(&format!("/api/tasks/{path}"), &body).await
}

#[tokio::test]
async fn tasks_are_found_by_kind_state_and_chain_newest_first() {
    let center = TestCenter::start().await;
    let waits = task(&center, "webhook").await;
    let ended = dead(&center, "webhook").await;
    let mail = chained(&center, "mail", Some("order:7 & 8")).await;
    let runs = chained(&center, "mail", None).await;
    take(&center, runs).await;
    let done = task(&center, "mail").await;
    let stamp = take(&center, done).await;
    write(&center, stamp.finish(&[done], NOW)).await;
    for (filter, found) in [
        ("", vec![done, runs, mail, ended, waits]),
        ("kind=webhook", vec![ended, waits]),
        ("kind=nothing", vec![]),
        ("state=pending", vec![mail, waits]),
        ("state=running", vec![runs]),
        ("state=done", vec![done]),
        ("state=dead", vec![ended]),
        ("state=parked", vec![]),
        ("kind=mail&state=pending", vec![mail]),
        ("kind=mail&state=dead", vec![]),
        ("chain=order%3A7%20%26%208", vec![mail]),
        ("chain=order%3A7", vec![]),
    ] {
        let page = center.get(&format!("/api/tasks?{filter}")).await.ok(200);
        assert_eq!(ids(&page), of(&found), "{filter}");
        assert_eq!(page["next"], Value::Null, "{filter}");
    }
    let wrong = "/api/tasks?state=lost&limit=201&cursor=!&colour=red";
    center.get(wrong).await.wrong_fields(&[
        ("state", "not_a_word"),
        ("limit", "too_large"),
        ("cursor", "not_a_cursor"),
        ("colour", "unknown_field"),
    ]);
}

#[tokio::test]
async fn pages_of_tasks_join_without_gap_or_repetition() {
    let center = TestCenter::start().await;
    let (mut all, mut halted) = (Vec::new(), Vec::new());
    for n in 0..9 {
        let id = if n % 2 == 0 {
            task(&center, "webhook").await
        } else {
            let id = dead(&center, "mail").await;
            halted.insert(0, id);
            id
        };
        all.insert(0, id);
    }
    for (filter, wanted) in [("", all), ("state=dead", halted.clone()), ("kind=mail", halted)] {
        for limit in 1..=10 {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("/api/tasks?limit={limit}&{filter}{cursor}");
                let page = center.get(path.trim_end_matches('&')).await.ok(200);
                assert!(ids(&page).len() <= limit);
                seen.extend(ids(&page));
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(seen, of(&wanted), "{filter} by {limit}");
        }
    }
}

#[tokio::test]
async fn a_task_is_shown_with_why_it_failed() {
    let center = TestCenter::start().await;
    let id = chained(&center, "webhook", Some("order:7")).await;
    kill(&center, id).await;
    let shown = center.get(&format!("/api/tasks/{id}")).await.ok(200);
    let wanted = json!({
        "task_id": id.to_string(), "kind": "webhook", "state": "dead", "unique_key": null,
        "chain_key": "order:7", "priority": 0, "payload": {"to": "a"}, "claims": 1, "attempts": 1,
        "max_attempts": 5, "due_at": "2026-11-20T10:00:00.000Z", "claimed_by": format!("worker:{id}"),
        "lease_until": null, "last_error": "the gateway says no",
        "errors": [{"at": "2026-11-20T10:00:00.000Z", "why": "the gateway says no"}],
        "parked_by": null, "created_at": "2026-11-20T10:00:00.000Z",
        "finished_at": "2026-11-20T10:00:00.000Z",
    });
    assert_eq!(shown, wanted);
    let listed = center.get("/api/tasks").await.ok(200);
    assert_eq!(listed["tasks"], json!([wanted]));
}

#[tokio::test]
async fn a_dead_task_runs_again_with_what_it_is_told_now_and_its_chain_follows() {
    let center = TestCenter::start().await;
    let first = chained(&center, "webhook", Some("order:7")).await;
    let second = chained(&center, "webhook", Some("order:7")).await;
    kill(&center, first).await;
    assert_eq!(state(&center, second).await, "parked");
    let parked = center.get("/api/tasks?state=parked").await.ok(200);
    assert_eq!(parked["tasks"][0]["parked_by"], first.to_string());

    let again = ask(&center, format!("{first}/retry"), json!({"payload": {"to": "b"}})).await;
    let again = again.ok(200);
    assert_eq!((&again["state"], &again["payload"]), (&json!("pending"), &json!({"to": "b"})));
    assert_eq!((&again["attempts"], &again["finished_at"]), (&json!(0), &Value::Null));
    assert_eq!(again["last_error"], "the gateway says no", "it is remembered");
    assert_eq!(state(&center, second).await, "pending");

    // Told nothing new, it is told what it was told before.
    kill(&center, first).await;
    let again = ask(&center, format!("{first}/retry"), json!({})).await.ok(200);
    assert_eq!(again["payload"], json!({"to": "b"}));
    for wrong in [json!({"payload": "b"}), json!({"payload": {}, "kind": "mail"}), json!([])] {
        ask(&center, format!("{first}/retry"), wrong).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn all_dead_tasks_of_a_kind_run_again_and_no_others() {
    let center = TestCenter::start().await;
    let hooks = [dead(&center, "webhook").await, dead(&center, "webhook").await];
    let mail = dead(&center, "mail").await;
    let counted = center.post("/api/tasks/retry", &json!({"kind": "webhook"})).await.ok(200);
    assert_eq!(counted, json!({"retried": 2}));
    for id in hooks {
        assert_eq!(state(&center, id).await, "pending");
    }
    assert_eq!(state(&center, mail).await, "dead");
    let none = center.post("/api/tasks/retry", &json!({"kind": "webhook"})).await.ok(200);
    assert_eq!(none, json!({"retried": 0}));
    center.post("/api/tasks/retry", &json!({})).await.wrong_fields(&[("kind", "required")]);
}

#[tokio::test]
async fn a_task_that_waits_for_its_next_try_runs_now_with_the_attempts_it_has_left() {
    let center = TestCenter::start().await;
    let [one, other] = [failed(&center, "webhook").await, failed(&center, "webhook").await];
    let (fresh, mail) = (task(&center, "webhook").await, failed(&center, "mail").await);
    let due = async |id| center.get(&format!("/api/tasks/{id}")).await.ok(200)["due_at"].clone();
    let (later, waits) = (due(other).await, due(fresh).await);
    let hurried =
        ask(&center, format!("{one}/retry"), json!({"payload": {"to": "c"}})).await.ok(200);
    assert_eq!((&hurried["state"], &hurried["attempts"]), (&json!("pending"), &json!(1)));
    assert_eq!(hurried["payload"], json!({"to": "c"}));
    assert_eq!(hurried["due_at"], "2026-11-20T10:00:00.000Z", "now");
    assert_eq!(due(other).await, later, "another one waits on");

    let counted = center.post("/api/tasks/retry", &json!({"kind": "webhook"})).await.ok(200);
    assert_eq!(counted, json!({"retried": 1}), "the first is due already");
    assert_eq!(due(other).await, "2026-11-20T10:00:00.000Z");
    assert_eq!(due(fresh).await, waits, "one that never failed is left alone");
    assert_ne!(due(mail).await, "2026-11-20T10:00:00.000Z", "and so is another kind");
}

#[tokio::test]
async fn a_task_that_was_put_off_at_no_charge_is_hurried_and_says_once_why_it_waits() {
    let center = TestCenter::start().await;
    let [one, other] = [task(&center, "webhook").await, task(&center, "webhook").await];
    for id in [one, other] {
        wait_an_hour(&center, id, 0, "it asked for time").await;
    }
    let hurried = ask(&center, format!("{one}/retry"), json!({})).await.ok(200);
    assert_eq!((&hurried["attempts"], &hurried["due_at"]), (&json!(0), &hurried["created_at"]));
    let counted = center.post("/api/tasks/retry", &json!({"kind": "webhook"})).await.ok(200);
    assert_eq!(counted, json!({"retried": 1}), "the other one");
    wait_an_hour(&center, one, 0, "it asked for time").await;
    let put_off = center.get(&format!("/api/tasks/{one}")).await.ok(200);
    assert_eq!(put_off["last_error"], "it asked for time");
    assert_eq!(put_off["errors"].as_array().map(Vec::len), Some(1), "{put_off}");
}

#[tokio::test]
async fn a_dropped_task_counts_as_done_says_by_whom_and_its_chain_goes_on() {
    let center = TestCenter::start().await;
    let first = chained(&center, "webhook", Some("order:7")).await;
    let second = chained(&center, "webhook", Some("order:7")).await;
    kill(&center, first).await;
    let dropped = ask(&center, format!("{first}/drop"), json!({})).await.ok(200);
    assert_eq!(
        (&dropped["state"], &dropped["last_error"]),
        (&json!("done"), &json!("dropped by all"))
    );
    assert_eq!(dropped["finished_at"], "2026-11-20T10:00:00.000Z");
    assert_eq!(state(&center, second).await, "pending");
    let dropped = ask(&center, format!("{second}/drop"), json!({})).await.ok(200);
    assert_eq!(dropped["state"], "done", "one that waits is dropped too");
    let spoken = ask(&center, format!("{second}/drop"), json!({"why": "because"})).await;
    spoken.wrong_fields(&[("why", "unknown_field")]);
}

#[tokio::test]
async fn what_the_state_of_a_task_forbids_is_refused_with_that_state() {
    let center = TestCenter::start().await;
    let (waits, runs) = (task(&center, "webhook").await, task(&center, "webhook").await);
    let done = task(&center, "webhook").await;
    take(&center, runs).await;
    ask(&center, format!("{done}/drop"), json!({})).await.ok(200);
    for (id, asked, wanted) in [
        (
            waits,
            "retry",
            format!("only a task that was tried before can be retried; task {waits} is pending"),
        ),
        (
            runs,
            "retry",
            format!("only a task that was tried before can be retried; task {runs} is running"),
        ),
        (
            runs,
            "drop",
            format!("only a task that waits or is halted can be dropped; task {runs} is running"),
        ),
        (
            done,
            "drop",
            format!("only a task that waits or is halted can be dropped; task {done} is done"),
        ),
    ] {
        let refused = ask(&center, format!("{id}/{asked}"), json!({})).await;
        assert_eq!(refused.problem(409, "wrong_state")["detail"], wanted);
    }
    assert_eq!(state(&center, runs).await, "running");
}

#[tokio::test]
async fn an_unknown_task_is_not_found() {
    let center = TestCenter::start().await;
    for (id, said) in [("7", "7"), ("x", "x"), ("..", ".."), ("a%2Fb", "a/b"), ("%00", "")] {
        let missing = center.get(&format!("/api/tasks/{id}")).await.problem(404, "not_found");
        assert_eq!(missing["detail"], format!("there is no task {said}"));
        for asked in ["retry", "drop"] {
            let missing = ask(&center, format!("{id}/{asked}"), json!({})).await;
            missing.problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn tasks_and_schedules_are_for_keys_of_the_whole_installation_with_their_scope() {
    let center = TestCenter::start().await;
    let id = dead(&center, "webhook").await;
    let scopes: Vec<_> =
        Scope::ALL.iter().copied().filter(|scope| *scope != Scope::Tasks).collect();
    let without = center.key(&scopes, &every_actor(), &[]).await;
    let limited = center.key(Scope::ALL, &every_actor(), &["11"]).await;
    let allowed = center.key(&[Scope::Tasks], &[], &[]).await;
    for (key, code) in [(&without, "scope_missing"), (&limited, "not_allowed")] {
        for path in
            ["/api/tasks".to_owned(), format!("/api/tasks/{id}"), "/api/schedules".to_owned()]
        {
            center.get_as(key, &path).await.problem(403, code);
            center.get_as(&allowed, &path).await.ok(200);
        }
        let kind = json!({"kind": "webhook"});
        center.post_as(key, "/api/tasks/retry", &kind).await.problem(403, code);
        for asked in ["retry", "drop"] {
            let path = format!("/api/tasks/{id}/{asked}");
            center.post_as(key, &path, &json!({})).await.problem(403, code);
        }
    }
    assert_eq!(state(&center, id).await, "dead");
    center.post_as(&allowed, &format!("/api/tasks/{id}/retry"), &json!({})).await.ok(200);
}

#[tokio::test]
async fn what_is_asked_of_tasks_twice_under_a_key_is_done_once() {
    let center = TestCenter::start().await;
    let send = async |path: &str, body: Value, key: &str, replayed: bool| {
        let headers = [("idempotency-key", key)];
        let got = center.post_with(&center.key, path, &body, &headers).await;
        assert_eq!(got.headers.contains_key("idempotent-replayed"), replayed, "{:#}", got.body);
        got.ok(200)
    };
    let id = dead(&center, "webhook").await;
    let retry = format!("/api/tasks/{id}/retry");
    send(&retry, json!({}), "k-1", false).await;
    kill(&center, id).await;
    let again = send(&retry, json!({}), "k-1", true).await;
    assert_eq!(again["state"], "dead", "it is not run a third time");
    let other = json!({"payload": {}});
    let reused = center.post_with(&center.key, &retry, &other, &[("idempotency-key", "k-1")]);
    reused.await.problem(422, "idempotency_key_reused");

    let all = json!({"kind": "webhook"});
    let counted = send("/api/tasks/retry", all.clone(), "k-2", false).await;
    assert_eq!(counted, json!({"retried": 1}));
    kill(&center, id).await;
    let again = send("/api/tasks/retry", all, "k-2", true).await;
    assert_eq!(again, counted, "the first answer is given again");
    assert_eq!(state(&center, id).await, "dead");

    let drop = format!("/api/tasks/{id}/drop");
    let dropped = send(&drop, json!({}), "k-3", false).await;
    assert_eq!(send(&drop, json!({}), "k-3", true).await, dropped);
    // A refused request leaves its key free.
    let other = task(&center, "webhook").await;
    let early = format!("/api/tasks/{other}/retry");
    let key = [("idempotency-key", "k-4")];
    let refused = center.post_with(&center.key, &early, &json!({}), &key).await;
    refused.problem(409, "wrong_state");
    kill(&center, other).await;
    send(&early, json!({}), "k-4", false).await;
}

#[tokio::test]
async fn calls_at_once_under_one_key_retry_once() {
    let center = TestCenter::start().await;
    let id = dead(&center, "webhook").await;
    let (path, body) = (format!("/api/tasks/{id}/retry"), json!({"payload": {"to": "c"}}));
    let key = [("idempotency-key", "k-1")];
    let call = || center.post_with(&center.key, &path, &body, &key);
    let (a, b, c) = tokio::join!(call(), call(), call());
    let replayed = [a, b, c].map(|got| {
        let replayed = got.headers.contains_key("idempotent-replayed");
        assert_eq!(got.ok(200)["payload"], json!({"to": "c"}));
        replayed
    });
    assert_eq!(replayed.iter().filter(|replayed| !**replayed).count(), 1);
}

#[tokio::test]
async fn figures_tell_what_waits_and_what_is_halted() {
    let center = TestCenter::start().await;
    task(&center, "webhook").await;
    dead(&center, "webhook").await;
    center.clock.advance(2_500);
    let figures = center.get_as("nobody", "/metrics").await.ok(200);
    let figures = text(&figures);
    for line in [
        r#"docket_tasks{kind="webhook",state="pending"} 1"#,
        r#"docket_tasks{kind="webhook",state="dead"} 1"#,
        r#"docket_tasks_oldest_due_age_seconds{kind="webhook",state="pending"} 2.5"#,
    ] {
        assert!(figures.lines().any(|known| known == line), "{line}\n{figures}");
    }
}
