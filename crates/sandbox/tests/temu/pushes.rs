//! What apps are told without asking.

use crate::stage::{NOW, Stage};
use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use docket_connectors::Message;
use docket_connectors::channel::temu::Temu;
use docket_connectors::channel::{
    AppSecret, AppSecrets, Connector, Push, PushEvent, PushKind, PushRefused, Secret,
};
use docket_domain::Time;
use docket_sandbox::temu;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const ORDER: &str = "bg_order_status_change_event";
const MINUTE_MS: u64 = 60_000;

/// A push as it came.
struct Heard {
    headers: BTreeMap<String, String>,
    body: Bytes,
    data: String,
}

impl Heard {
    fn event(&self) -> Value {
        serde_json::from_str(&self.data).expect("JSON")
    }

    /// What the connector to Temu makes of it.
    fn verified(&self) -> Result<Vec<PushEvent>, PushRefused> {
        let headers: Vec<(String, String)> =
            self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let message = Message { headers: &headers, body: &self.body };
        let (app_key, app_secret) = (temu::APP_KEY.to_owned(), Secret::new(temu::APP_SECRET));
        let secrets = AppSecrets(vec![AppSecret { app_key, app_secret }]);
        let push = Push { message, query: "", url: "http://here/push", came_at: Time(NOW) };
        Temu.verify_push(&push, &secrets)
    }

    /// Whether it is signed by the app: names and values in the order of the names.
    fn is_signed(&self) -> bool {
        let names = ["x-tm-app-key", "x-tm-event-code", "x-tm-ext-param", "x-tm-timestamp"];
        let mut base = format!("eventData{}", self.data);
        for name in names {
            if let Some(value) = self.headers.get(name) {
                base.push_str(name);
                base.push_str(value);
            }
        }
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(temu::APP_SECRET.as_bytes())
            .expect("a key of any length");
        mac.update(base.as_bytes());
        self.headers.get("x-tm-signature") == Some(&hex::encode(mac.finalize().into_bytes()))
    }
}

fn decrypted(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).expect("JSON");
    let mut sealed = STANDARD.decode(body["eventData"].as_str().expect("a text")).expect("base64");
    let key: [u8; 16] = temu::APP_SECRET.as_bytes()[..16].try_into().expect("16 bytes");
    let cipher = cbc::Decryptor::<Aes128>::new(&key.into(), &key.into());
    let data = cipher.decrypt_padded::<Pkcs7>(&mut sealed).expect("its own padding");
    String::from_utf8(data.to_vec()).expect("a text")
}

/// An app: hears pushes, and refuses or leaves unanswered the first of them.
struct App {
    url: String,
    heard: mpsc::UnboundedReceiver<Heard>,
    refusals: Arc<AtomicUsize>,
    silences: Arc<AtomicUsize>,
    _server: JoinSet<()>,
}

impl App {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (tell, heard) = mpsc::unbounded_channel();
        let (refusals, silences) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut server = JoinSet::new();
        server.spawn(serve(listener, tell, Arc::clone(&refusals), Arc::clone(&silences)));
        let url = format!("http://{address}/push");
        Self { url, heard, refusals, silences, _server: server }
    }

    async fn next(&mut self) -> Heard {
        let next = tokio::time::timeout(Duration::from_mins(1), self.heard.recv()).await;
        next.expect("a push comes").expect("the app hears")
    }
}

async fn serve(
    listener: TcpListener,
    tell: mpsc::UnboundedSender<Heard>,
    refusals: Arc<AtomicUsize>,
    silences: Arc<AtomicUsize>,
) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (tell, refusals, silences) = (tell.clone(), refusals.clone(), silences.clone());
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let (tell, refusals, silences) = (tell.clone(), refusals.clone(), silences.clone());
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await?.to_bytes();
                let header =
                    |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
                        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                    };
                let headers = head.headers.iter().map(header).collect();
                // A test that is over hears no more.
                let _ = tell.send(Heard { headers, data: decrypted(&body), body });
                let takes = |count: &AtomicUsize| {
                    let less = |left: usize| left.checked_sub(1);
                    count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
                };
                if takes(&silences) {
                    std::future::pending::<()>().await;
                }
                let status = if takes(&refusals) { 503 } else { 200 };
                let answer = hyper::Response::builder().status(status);
                let answer = answer.body(Full::new(Bytes::from("{}"))).expect("an answer");
                Ok::<_, hyper::Error>(answer)
            }
        });
        connections.spawn(async move {
            let http = hyper::server::conn::http1::Builder::new();
            // How it ends is nobody's concern.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// A marketplace whose first shop tells an app of its orders.
async fn set() -> (Stage, App) {
    let stage = Stage::set().await;
    let app = App::start().await;
    let ask = json!({"permitEventCodeList": [ORDER]});
    stage.call("bg.tmc.message.update", 0, ask).await;
    stage.control(json!({"push_url": app.url})).await;
    (stage, app)
}

fn insert(stage: &Stage, count: usize) -> Value {
    let shop = &stage.shops[0].mall_id;
    json!({"orders": [{"does": "insert", "shop": shop, "status": 2, "count": count}]})
}

async fn pushes(stage: &Stage) -> Vec<Value> {
    let path = format!("/control/truth/pushes?shop={}", stage.shops[0].mall_id);
    let heard = stage.send("GET", &path, String::new()).await.expect("an answer");
    let told: Value = serde_json::from_slice(&heard.body).expect("JSON");
    told["rows"].as_array().expect("rows").clone()
}

/// Waits until every push has reached its end, or the next try.
async fn settled(stage: &Stage, waiting: usize) {
    stage
        .until("pushes settle", |truth| {
            truth["under_way"] == json!(waiting) && truth["waiting"] == json!(waiting)
        })
        .await;
}

#[tokio::test]
async fn a_new_order_is_told_encrypted_and_signed_one_push_for_each_line() {
    let (stage, mut app) = set().await;
    let truth = stage.control(insert(&stage, 1)).await;
    let heard = app.next().await;
    assert!(heard.is_signed());
    assert_eq!(heard.headers["x-tm-event-code"], ORDER);
    assert_eq!(heard.headers["x-tm-timestamp"], NOW.to_string());
    let event = heard.event();
    assert_eq!(event["parentOrderSn"], truth["changed"][0]);
    assert_eq!(event["mallId"].to_string(), stage.shops[0].mall_id);
    assert_eq!((&event["orderStatus"], &event["updateTime"]), (&json!(2), &json!(NOW / 1000)));
    settled(&stage, 0).await;
    let told = pushes(&stage).await;
    assert_eq!(told[0]["state"], json!("acknowledged"));
    assert_eq!(told[0]["acknowledged_after_ms"], json!(0));
}

#[tokio::test]
async fn nothing_is_told_that_the_seller_did_not_permit_or_that_changed_in_silence() {
    let (stage, mut app) = set().await;
    let order = stage.control(insert(&stage, 1)).await["changed"][0].clone();
    app.next().await;
    settled(&stage, 0).await;
    let before = pushes(&stage).await.len();
    let shop = &stage.shops[0].mall_id;
    stage
        .control(json!({"orders": [
            {"does": "move", "shop": shop, "order": order, "to": 4, "silent": true},
            {"does": "want_back", "shop": shop, "order": order, "kind": "refund", "group": 1},
        ]}))
        .await;
    settled(&stage, 0).await;
    let told = pushes(&stage).await;
    assert_eq!(told.len(), before + 1);
    assert_eq!(told[before]["state"], json!("unwanted"));
    stage.control(json!({"push_test": shop})).await;
    let heard = loop {
        let heard = app.next().await;
        if heard.headers["x-tm-event-code"] != ORDER {
            break heard;
        }
    };
    assert_eq!(heard.headers["x-tm-event-code"], "bg_open_event_test");
}

#[tokio::test]
async fn what_is_not_taken_comes_again_on_a_ladder_of_hours_and_is_given_up() {
    let (stage, mut app) = set().await;
    app.refusals.store(usize::MAX, Ordering::SeqCst);
    stage.control(json!({"behave": "", "push_test": stage.shops[0].mall_id})).await;
    for minutes in [2, 10, 30, 60, 60, 60, 720, 720] {
        app.next().await;
        settled(&stage, 1).await;
        let tries = pushes(&stage).await[0]["tries"].as_array().unwrap().len();
        stage.control(json!({"skip_ms": (minutes - 1) * MINUTE_MS})).await;
        settled(&stage, 1).await;
        assert_eq!(pushes(&stage).await[0]["tries"].as_array().unwrap().len(), tries);
        stage.control(json!({"skip_ms": MINUTE_MS})).await;
    }
    app.next().await;
    settled(&stage, 0).await;
    let told = pushes(&stage).await;
    assert_eq!(told[0]["state"], json!("given_up"));
    assert_eq!(told[0]["tries"].as_array().unwrap().len(), 9);
}

#[tokio::test]
async fn an_acknowledgement_behind_the_deadline_is_none() {
    let (stage, mut app) = set().await;
    app.silences.store(1, Ordering::SeqCst);
    stage.control(json!({"push_test": stage.shops[0].mall_id})).await;
    app.next().await;
    settled(&stage, 1).await;
    stage.control(json!({"skip_ms": 2 * MINUTE_MS})).await;
    app.next().await;
    settled(&stage, 0).await;
    let told = &pushes(&stage).await[0];
    assert_eq!(told["tries"][0][0], Value::Null);
    assert_eq!((&told["tries"][1][0], &told["state"]), (&json!(200), &json!("acknowledged")));
    assert_eq!(told["acknowledged_after_ms"], json!(2 * MINUTE_MS));
}

#[tokio::test]
async fn a_push_may_come_twice_forged_unsigned_unextended_or_from_a_stranger() {
    let (stage, mut app) = set().await;
    let test = |words: &str| json!({"behave": words, "for": {"calls": 1}, "push_test": stage.shops[0].mall_id});
    stage.control(test("duplicate=3")).await;
    for _ in 0..3 {
        assert!(app.next().await.is_signed());
    }
    stage.control(test("forged")).await;
    assert!(!app.next().await.is_signed());
    stage.control(test("unsigned")).await;
    assert!(!app.next().await.headers.contains_key("x-tm-signature"));
    stage.control(test("unextended")).await;
    let heard = app.next().await;
    assert!(heard.is_signed() && !heard.headers.contains_key("x-tm-ext-param"));
    stage.control(test("stranger")).await;
    assert_eq!(app.next().await.headers["x-tm-app-key"], "nobody");
}

#[tokio::test]
async fn the_connector_believes_what_the_app_signed_and_nothing_else() {
    let (stage, mut app) = set().await;
    let truth = stage.control(insert(&stage, 1)).await;
    let heard = app.next().await;
    let events = heard.verified().expect("it is believed");
    assert_eq!(events[0].kind, PushKind::OrderChanged);
    assert_eq!(events[0].order.as_deref(), truth["changed"][0].as_str());
    assert_eq!(events[0].shop.as_ref(), Some(&stage.shops[0].mall_id));
    assert_eq!(events[0].happened_at, Some(Time(NOW)));
    settled(&stage, 0).await;
    while app.heard.try_recv().is_ok() {}
    for (words, refused) in [
        ("unextended", None),
        ("forged", Some(PushRefused::WrongSignature)),
        ("unsigned", Some(PushRefused::Unsigned)),
        ("stranger", Some(PushRefused::UnknownApp)),
    ] {
        let test = json!({
            "behave": words, "for": {"calls": 1}, "push_test": stage.shops[0].mall_id,
        });
        stage.control(test).await;
        assert_eq!(app.next().await.verified().err(), refused, "{words}");
    }
}

#[tokio::test]
async fn pushes_may_come_out_of_order_or_be_lost() {
    let (stage, mut app) = set().await;
    stage.control(json!({"behave": "shuffle=60000"})).await;
    let order = stage.control(insert(&stage, 20)).await["changed"].clone();
    let count = pushes(&stage).await.len();
    settled(&stage, count).await;
    let mut came = vec![];
    for skipped in 1..=60 {
        stage.control(json!({"skip_ms": 1_000})).await;
        // All that are due by now come before the next second is skipped.
        let late = |told: &Value| told["late_ms"].as_u64().expect("a number");
        let due = pushes(&stage).await.iter().filter(|told| late(told) <= skipped * 1_000).count();
        while came.len() < due {
            came.push(app.next().await.event()["parentOrderSn"].clone());
        }
    }
    settled(&stage, 0).await;
    assert_eq!(came.len(), count);
    came.dedup();
    assert_ne!(&came, order.as_array().expect("numbers"));
    stage.control(json!({"fine": true, "behave": "lost"})).await;
    stage.control(insert(&stage, 1)).await;
    let told = pushes(&stage).await;
    assert_eq!(told[count]["state"], json!("lost"));
    settled(&stage, 0).await;
    assert!(app.heard.try_recv().is_err());
}
