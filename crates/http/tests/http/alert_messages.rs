//! Alerts are told by a signed webhook, by mail and by a gateway of messages, each of them a real server; when they open
//! and when they are over. One that is away holds no other up.

use crate::center::{TestCenter, text};
use crate::mailbox::Mailbox;
use crate::receiver::Receiver;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use docket_app::{AlertMail, AlertMedia, AlertWebhook, MessageGateway, Secret, net};
use docket_domain::Gene;
use docket_domain::story::Language;
use docket_store::{Context, NewTask, Priority, Writes};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::Duration;

const SECRET: &[u8] = b"a secret of sixteen or more";
const KINDS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

fn webhook(url: &str) -> AlertWebhook {
    let secret = format!("whsec_{}", BASE64.encode(SECRET));
    AlertWebhook { url: Secret::new(url), secret: Secret::new(secret) }
}

fn mail(server: &str) -> AlertMail {
    let to = vec!["ada@example.com".to_owned(), "Bob <bob@example.com>".to_owned()];
    AlertMail { server: Secret::new(server), from: "Docket <docket@example.com>".to_owned(), to }
}

fn gateway(url: &str) -> MessageGateway {
    let body = r#"{"msgtype":"text","text":{"content":"{subject} {text}"},"how":"{severity}"}"#;
    let json = ("Content-Type".to_owned(), Secret::new("application/json"));
    let key = ("X-Key".to_owned(), Secret::new("hush"));
    MessageGateway {
        url: Secret::new(format!("{url}?kind={{kind}}")),
        method: net::Method::POST,
        headers: vec![json, key],
        body: Secret::new(body),
    }
}

/// A center at work that finds more than two waiting tasks of a kind too many, and little else.
async fn center(media: AlertMedia) -> TestCenter {
    let center = TestCenter::start_with(|settings| {
        let limits = &mut settings.alerts.thresholds;
        (limits.backlog, limits.disk_percent, limits.failed_least) = (2, 0, 10_000);
        // The clock of the test runs ahead of that by which signs are given: they come often, and many may be missed.
        (limits.sign, limits.silent_signs) = (20, 3_000_000);
        settings.alerts.media = media;
    })
    .await;
    center.app.start();
    center
}

/// Adds three tasks of each kind, which nobody runs.
async fn add_tasks(center: &TestCenter, kinds: &'static [&'static str]) {
    let work = move |_: &docket_store::View, cx: &mut Context<'_>| {
        let mut tasks = Vec::new();
        for kind in kinds.iter().flat_map(|kind| [*kind; 3]) {
            tasks.push(NewTask {
                id: cx.ids.next(cx.now, Gene(0)),
                kind,
                unique_key: None,
                chain_key: None,
                priority: 0,
                payload: "{}".to_owned(),
                max_attempts: 1,
                due_at: cx.now,
                created_at: cx.now,
                subject: None,
            });
        }
        Ok((Some(Writes { tasks, ..Writes::default() }), ()))
    };
    center.store.run(Priority::Bulk, Vec::new(), work).await.expect("tasks are added");
}

async fn drop_tasks(center: &TestCenter, kind: &str) {
    let waiting = center.get(&format!("/api/tasks?kind={kind}&state=pending")).await.ok(200);
    for task in waiting["tasks"].as_array().expect("a list") {
        let path = format!("/api/tasks/{}/drop", text(&task["task_id"]));
        center.post(&path, &json!({})).await.ok(200);
    }
}

/// Moves the clock on until `count` messages came.
async fn until_told(center: &TestCenter, receiver: &Receiver, count: usize) {
    for _ in 0..300 {
        if receiver.told().len() >= count {
            return;
        }
        center.clock.advance(20_000);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:#?}", receiver.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_medium_is_told_when_an_alert_opens_and_when_it_is_over() {
    let (hooks, gate) = (Receiver::start(|_| 204).await, Receiver::start(|_| 200).await);
    let letters = Mailbox::start().await;
    let media = AlertMedia {
        language: Language::Zh,
        webhook: Some(webhook(&hooks.url)),
        mail: Some(mail(&letters.url)),
        gateway: Some(gateway(&gate.url)),
    };
    let center = center(media).await;
    add_tasks(&center, &["nobody"]).await;
    until_told(&center, &hooks, 1).await;
    let (hook, message) = (hooks.wait_for(1).await.remove(0), gate.wait_for(1).await.remove(0));
    assert_eq!(hook.body["type"], "alert.opened");
    let alert = &hook.body["data"]["alerts"][0];
    assert_eq!((&alert["kind"], &alert["subject"]), (&json!("backlog"), &json!("nobody")));
    assert_eq!(text(&alert["what"]["en"]), "3 tasks of the kind nobody wait; 2 may.");
    let [id, at] = ["webhook-id", "webhook-timestamp"].map(|name| &hook.headers[name]);
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET).expect("any length");
    mac.update(format!("{id}.{at}.{}", hook.text).as_bytes());
    let signed = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
    assert_eq!((&hook.headers["webhook-signature"], &hook.body["id"]), (&signed, &json!(id)));
    let said = text(&message.body["text"]["content"]);
    assert!(said.starts_with("Docket 警告：有 3 个 nobody 任务在等待"), "{said}");
    assert_eq!((&message.body["how"], &*message.headers["x-key"]), (&json!("warning"), "hush"));
    let letter = letters.wait_for(1).await.remove(0);
    assert!(letter.from.contains("docket@example.com"), "{letter:?}");
    assert_eq!(letter.to.len(), 2);
    assert!(letter.data.contains("To: ada@example.com, Bob <bob@example.com>"), "{}", letter.data);
    drop_tasks(&center, "nobody").await;
    until_told(&center, &hooks, 2).await;
    assert_eq!(hooks.wait_for(2).await[1].body["type"], "alert.closed");
    assert!(hooks.told()[1].body["data"]["alerts"][0]["closed_at"].is_string());
    let over = gate.wait_for(2).await.remove(1);
    assert!(text(&over.body["text"]["content"]).starts_with("Docket 已恢复："), "{over:?}");
    letters.wait_for(2).await;
    center.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_medium_that_is_away_holds_no_other_up_and_what_comes_at_once_is_one_message() {
    let hooks = Receiver::start(|_| 204).await;
    let ill = Receiver::start(|_| 500).await;
    let media = AlertMedia {
        language: Language::En,
        webhook: Some(webhook(&hooks.url)),
        // Nobody listens there.
        mail: Some(mail("smtp://127.0.0.1:9")),
        gateway: Some(gateway(&ill.url)),
    };
    let center = center(media).await;
    add_tasks(&center, &KINDS).await;
    until_told(&center, &hooks, 1).await;
    let told = hooks.wait_for(1).await;
    let data = &told[0].body["data"];
    assert_eq!((&data["count"], data["alerts"].as_array().map(Vec::len)), (&json!(12), Some(10)));
    let content = ill.told().first().map(|one| one.body["text"]["content"].clone());
    let content = content.expect("it was asked too");
    assert!(text(&content).contains("And 2 more: `docket alerts list`."), "{content}");
    for kind in KINDS {
        drop_tasks(&center, kind).await;
    }
    until_told(&center, &hooks, 2).await;
    assert_eq!(hooks.wait_for(2).await[1].body["type"], "alert.closed");
    let waiting = center.get("/api/tasks?kind=alert_message").await.ok(200);
    let left: Vec<&Value> = waiting["tasks"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|task| task["state"] != "done")
        .map(|task| &task["payload"]["medium"])
        .collect();
    assert!(!left.is_empty() && !left.contains(&&json!("webhook")), "{left:?}");
    center.app.stop().await;
}
