//! A marketplace on a free port and a caller that signs as the documents of the platform say, with code of its own.

use docket_sandbox::temu;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use md5::{Digest, Md5};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The clock stands still unless a test moves it: whatever passes was skipped. Milliseconds.
pub const NOW: i64 = 1_800_000_000_000;
/// The same in seconds.
pub const SECONDS: i64 = NOW / 1000;
const PATIENCE: Duration = Duration::from_mins(1);

pub const LIST: &str = "bg.order.list.v2.get";
pub const DETAIL: &str = "bg.order.detail.v2.get";

pub struct Stage {
    pub address: SocketAddr,
    pub shops: Vec<temu::Key>,
    /// How far the caller's clock has gone, in seconds.
    pub ahead: AtomicI64,
    /// Of apps other than the first.
    secrets: BTreeMap<String, &'static str>,
    _servers: JoinSet<()>,
}

/// What came back.
#[derive(Debug)]
pub struct Heard {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Heard {
    /// The time of the marketplace, as it was told.
    pub fn date(&self) -> &str {
        let date = self.headers.iter().find(|(name, _)| name == "date");
        date.map_or("", |(_, value)| value.as_str())
    }
}

/// The members of an object.
pub fn members(value: &Value) -> Map<String, Value> {
    value.as_object().expect("the test gives an object").clone()
}

/// Signs as step 1 to 5 of the documents say.
pub fn signed(mut asked: Map<String, Value>, secret: &str) -> Map<String, Value> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut pairs: Vec<(&String, String)> =
        asked.iter().map(|(name, value)| (name, text(value))).collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}{value}")).collect();
    let pairs = pairs.concat();
    let sign = hex::encode_upper(Md5::digest(format!("{secret}{pairs}{secret}")));
    asked.insert("sign".to_owned(), sign.into());
    asked
}

impl Stage {
    /// Three shops of 200 orders, without a limit of calls: the clock stands still.
    pub async fn set() -> Self {
        Self::of(|settings| settings.limit = 0).await
    }

    pub async fn of(change: impl FnOnce(&mut temu::Settings)) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let mut settings = temu::Settings::new(1, Arc::new(|| NOW));
        change(&mut settings);
        let shops = temu::keys(&settings);
        let mut servers = JoinSet::new();
        servers.spawn(async move {
            temu::serve(listener, settings, std::future::pending()).await.expect("it serves");
        });
        let (ahead, secrets) = (AtomicI64::new(0), BTreeMap::new());
        Self { address, shops, ahead, secrets, _servers: servers }
    }

    /// Sends a request; nothing where the connection broke before the whole answer was there.
    pub async fn send(&self, method: &str, path: &str, body: String) -> Option<Heard> {
        let request = hyper::Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .expect("a request");
        let stream = TcpStream::connect(self.address).await.expect("the sandbox listens");
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.expect("it speaks HTTP");
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let (head, body) = sender.send_request(request).await.ok()?.into_parts();
        let text = |value: &hyper::header::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        let headers = headers.collect();
        let body = body.collect().await.ok()?.to_bytes();
        Some(Heard { status: head.status.as_u16(), headers, body })
    }

    /// The members that every call of a shop has.
    pub fn common(&self, kind: &str, shop: usize) -> Map<String, Value> {
        members(&json!({
            "type": kind,
            "app_key": self.shops[shop].app_key,
            "access_token": self.shops[shop].access_token,
            "timestamp": SECONDS + self.ahead.load(Ordering::SeqCst),
            "data_type": "JSON",
        }))
    }

    /// Gives the call of a shop that opened later a place among the others.
    pub fn learn(&mut self, truth: &Value, secret: &'static str) {
        let told = &truth["shops"][self.shops.len()];
        let text = |name: &str| told[name].as_str().expect("a text").to_owned();
        let region = ["us", "eu", "global"].into_iter().find(|region| told["region"] == *region);
        self.shops.push(temu::Key {
            mall_id: text("mall_id"),
            name: text("name"),
            app_key: text("app_key"),
            access_token: text("access_token"),
            region: region.expect("a region"),
        });
        self.secrets.insert(text("app_key"), secret);
    }

    /// Sends a call that is signed already, or is not.
    pub async fn raw(&self, asked: Map<String, Value>) -> Option<Heard> {
        self.send("POST", "/openapi/router", Value::from(asked).to_string()).await
    }

    /// Calls for a shop and gives what was heard.
    pub async fn heard(&self, kind: &str, shop: usize, params: &Value) -> Option<Heard> {
        let mut asked = self.common(kind, shop);
        asked.extend(members(params));
        let secret = self.secrets.get(&self.shops[shop].app_key).unwrap_or(&temu::APP_SECRET);
        self.raw(signed(asked, secret)).await
    }

    /// Calls for a shop and gives the envelope.
    pub async fn envelope(&self, kind: &str, shop: usize, params: Value) -> Value {
        let heard = self.heard(kind, shop, &params).await.expect("an answer");
        assert_eq!(heard.status, 200);
        serde_json::from_slice(&heard.body).expect("JSON")
    }

    /// Calls for a shop and gives the result.
    pub async fn call(&self, kind: &str, shop: usize, params: Value) -> Value {
        let mut said = self.envelope(kind, shop, params).await;
        assert_eq!(
            (&said["success"], &said["errorCode"]),
            (&json!(true), &json!(1_000_000)),
            "{said}"
        );
        said["result"].take()
    }

    /// The code with which a call is refused.
    pub async fn refused(&self, kind: &str, shop: usize, params: Value) -> i64 {
        let said = self.envelope(kind, shop, params).await;
        assert_eq!(said["success"], json!(false), "{said}");
        said["errorCode"].as_i64().expect("a code")
    }

    /// The tester's wish; the truth after it.
    pub async fn control(&self, wish: Value) -> Value {
        let heard = self.send("POST", "/control", wish.to_string()).await.expect("an answer");
        let truth: Value = serde_json::from_slice(&heard.body).expect("JSON");
        assert_eq!(heard.status, 200, "{truth}");
        truth
    }

    /// Lets time pass for both sides.
    pub async fn pass(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
        self.control(json!({"skip_ms": seconds * 1000})).await;
    }

    /// Looks at the truth until `holds`.
    pub async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let look = async {
            loop {
                let truth = self.control(json!({})).await;
                if holds(&truth) {
                    return truth;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("in vain: {what}"))
    }
}

/// All kinds of lines.
pub fn both() -> Value {
    json!(["fulfillBySeller", "fulfillByCooperativeWarehouse"])
}

/// A list call for a page of 100, by time of update, of all kinds of lines.
pub fn page(number: usize) -> Value {
    json!({
        "pageNumber": number, "pageSize": 100, "sortby": "updateTime", "fulfillmentTypeList": both(),
    })
}

/// The numbers of the orders of a page, in order.
pub fn numbers(page: &Value) -> Vec<String> {
    let items = page["pageItems"].as_array().expect("a page");
    let number = |item: &Value| item["parentOrderMap"]["parentOrderSn"].as_str().map(str::to_owned);
    items.iter().map(|item| number(item).expect("a number")).collect()
}
