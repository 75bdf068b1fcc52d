//! `docket alerts` beside a running serve: what is wrong is listed with what to do, looked after, silenced, and over.

mod run;

use docket_testkit::{Serve, ServeCommand, within};
use run::{DOCKET, docket};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// A center that looks every second and asks for so much room on its disk.
fn serve(data: &Path, percent: &str) -> Serve {
    let serve = ServeCommand::new(DOCKET, data).env("DOCKET_ALERTS__EVERY", "1s");
    serve.env("DOCKET_ALERTS__CALM", "1s").env("DOCKET_ALERTS__DISK_PERCENT", percent).start()
}

/// The alert of the disk in a list, once it is there.
fn of_disk(data: &Path, state: &str) -> Value {
    let look = || {
        let page = docket(data, &["alerts", "list", "--state", state, "--json"]).json();
        let alerts = page["alerts"].as_array().expect("a list").clone();
        alerts.into_iter().find(|alert| alert["kind"] == "disk_full")
    };
    within(Duration::from_mins(1), look).expect("the alert of the disk")
}

#[test]
fn what_is_wrong_is_listed_looked_after_silenced_and_over() {
    let data = tempfile::tempdir().expect("a temporary folder can be made");
    let data = data.path();
    let none = docket(data, &["alerts", "list"]).refused(1);
    assert!(none.contains("there is no center"), "{none}");
    let center = serve(data, "100");
    let alert = of_disk(data, "open");
    let id = alert["alert_id"].as_str().expect("a number");
    let listed = docket(data, &["alerts", "list", "--lang", "zh"]);
    assert!(listed.stdout.contains("存放数据库的磁盘剩余"), "{listed:?}");
    assert!(listed.stderr.contains(&format!("{id}: 请腾出空间")), "{listed:?}");
    let health = docket(data, &["alerts", "health"]).fine();
    assert!(health.starts_with("health: ") && health.contains(" are free where "), "{health}");
    let score = docket(data, &["alerts", "health", "--json"]).json();
    assert!(score["score"].as_u64() < Some(100), "{score}");
    let taken = docket(data, &["alerts", "ack", id]);
    assert!(taken.stderr.contains("looks after alert"), "{taken:?}");
    let silent = docket(data, &["alerts", "silence", id, "--for", "1h", "--json"]).json();
    assert!(silent["silenced_until"].is_string(), "{silent}");
    docket(data, &["alerts", "silence", id, "--for", "soon"]).refused(2);
    docket(data, &["alerts", "ack", "7"]).refused(1);
    drop(center);
    // There is enough room now.
    let _center = serve(data, "0");
    let over = of_disk(data, "past");
    assert_eq!(over["alert_id"], alert["alert_id"]);
    let again = docket(data, &["alerts", "ack", id]).refused(1);
    assert!(again.contains("only an alert that is open can be looked after"), "{again}");
}

#[test]
fn a_medium_that_lacks_what_it_needs_is_refused_at_the_start() {
    let data = tempfile::tempdir().expect("a temporary folder can be made");
    let set = |text: &str| std::fs::write(data.path().join("docket.toml"), text).expect("written");
    set("[alerts]\nsmtp_url = \"smtp://127.0.0.1:2525\"\nmail_from = \"a@example.com\"\n");
    let said = docket(data.path(), &["check"]).refused(1);
    assert!(said.contains("alerts.mail_to is not set"), "{said}");
    set("[alerts]\nwebhook_url = \"https://example.com/\"\nwebhook_secret = \"short\"\n");
    let said = docket(data.path(), &["check"]).refused(1);
    assert!(said.contains("alerts.webhook_secret") && !said.contains("short"), "{said}");
    // As the page for operators has it.
    let page = include_str!("../../../docs/operations.md");
    let block = page.split("```toml\n[alerts]\n").nth(1).expect("a block of the page");
    let block = block.split("```").next().expect("its end");
    for (file, text) in [
        ("alerts.secret", "sixteen-or-more-of-them"),
        ("smtp.url", "smtp://user:hush@mail.example.com:587?tls=required"),
        ("robot.url", "https://robot.example.com/send?access_token=hush"),
    ] {
        std::fs::write(data.path().join(file), text).expect("written");
    }
    set(&format!("[alerts]\n{block}"));
    let listed = docket(data.path(), &["check", "--json"]);
    assert!(!listed.stdout.contains("hush"), "{listed:?}");
    assert!(listed.stdout.contains("ops@example.com"), "{listed:?}");
}
