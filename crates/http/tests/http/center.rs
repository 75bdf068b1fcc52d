//! A center on a database of its own, called through its router as a caller from outside would.

use crate::chinese;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use docket_app::vault::Vault;
use docket_app::{App, Clock, NewKey, Principal, Scope, Settings};
use docket_domain::{ActorKind, Time};
use docket_store::Store;
use docket_testkit::contract::{Contract, Exchange};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;
use tower::ServiceExt;

/// 2026-11-20T10:00:00Z.
pub const NOW: Time = Time(1_795_168_800_000);

pub struct TestCenter {
    pub app: App,
    pub store: Arc<Store>,
    pub router: Router,
    pub clock: Clock,
    /// A key that may do everything.
    pub key: String,
    _folder: TempDir,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Got {
    /// Checks the status and gives the body.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// Checks that it is a problem of this status and code, and gives it.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, &self.body["code"]), (status, &json!(code)), "{:#}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["type"], format!("urn:docket:problem:{code}"));
        for text in ["title", "detail"] {
            assert!(self.body[text].as_str().is_some_and(|text| !text.is_empty()), "{text}");
        }
        self.body
    }

    /// Checks that it is a 422 with exactly these wrong fields.
    #[track_caller]
    pub fn wrong_fields(self, expected: &[(&str, &str)]) {
        let problem = self.problem(422, "invalid");
        let errors = problem["errors"].as_array().expect("errors");
        let mut found: Vec<_> = errors
            .iter()
            .map(|error| {
                (error["field"].as_str().expect("a field"), error["code"].as_str().expect("a code"))
            })
            .collect();
        let mut expected = expected.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{problem:#}");
    }
}

impl TestCenter {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A center with other settings than usual.
    pub async fn start_with(set: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = Clock::fixed(NOW);
        let mut settings =
            Settings::new(format!("sqlite:{}", folder.path().join("docket.db").display()));
        set(&mut settings);
        let (app, store) = App::open_with_store(settings, Vault::throw_away(), clock.clone())
            .await
            .expect("a fresh database");
        let router = docket_http::router(app.clone(), docket_http::Options::default());
        let all = NewKey {
            name: "all".to_owned(),
            scopes: Scope::ALL.to_vec(),
            actors: every_actor(),
            shops: Vec::new(),
            places: Vec::new(),
            issuer: None,
            expires_at: None,
        };
        let (_, key) = app.add_key(&Principal::local(), all).await.expect("a key");
        Self { app, store, router, clock, key, _folder: folder }
    }

    /// A key with these scopes and actors, limited to `shops`.
    pub async fn key(&self, scopes: &[Scope], actors: &[ActorKind], shops: &[&str]) -> String {
        let key = NewKey {
            name: format!("key of {}", scopes.len()),
            scopes: scopes.to_vec(),
            actors: actors.to_vec(),
            shops: shops.iter().map(|shop| (*shop).to_owned()).collect(),
            places: Vec::new(),
            issuer: None,
            expires_at: None,
        };
        self.app.add_key(&Principal::local(), key).await.expect("a key").1
    }

    pub async fn send(&self, mut request: Request<Body>) -> Got {
        let host = HeaderValue::from_static("docket.test");
        request.headers_mut().entry("host").or_insert(host);
        let (request, asked) = with_body(request).await;
        let (method, target) = (request.method().clone(), request.uri().to_string());
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let named = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let headers: Vec<_> = parts.headers.iter().map(named).collect();
        let breaches = contract().breaches(&Exchange {
            method: method.as_str(),
            target: &target,
            asked: asked.as_deref(),
            status: parts.status.as_u16(),
            headers: &headers,
            answered: &bytes,
        });
        assert!(
            breaches.is_empty(),
            "{method} {target} is not as the document says: {breaches:#?}\nasked: {}\nanswered {}: {}",
            String::from_utf8_lossy(asked.as_deref().unwrap_or_default()),
            parts.status,
            String::from_utf8_lossy(&bytes)
        );
        if headers.iter().any(|(_, value)| value == "application/problem+json") && method != "HEAD"
        {
            chinese::is_whole(&bytes);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::String(text));
        assert!(
            parts.status < StatusCode::INTERNAL_SERVER_ERROR || parts.status == 503,
            "{body:#}"
        );
        assert!(parts.headers.contains_key("x-request-id"));
        Got { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        request.header("authorization", format!("Bearer {}", self.key))
    }

    pub async fn get(&self, path: &str) -> Got {
        self.send(self.request(Method::GET, path).body(Body::empty()).expect("a request")).await
    }

    pub async fn get_as(&self, key: &str, path: &str) -> Got {
        let request = Request::get(path).header("authorization", format!("Bearer {key}"));
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Got {
        self.post_as(&self.key, path, body).await
    }

    pub async fn post_as(&self, key: &str, path: &str, body: &Value) -> Got {
        self.post_with(key, path, body, &[]).await
    }

    pub async fn post_with(
        &self,
        key: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Got {
        let mut request = Request::post(path)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    pub async fn delete(&self, path: &str) -> Got {
        let key = format!("Bearer {}", self.key);
        let request = Request::delete(path).header("authorization", key);
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    pub async fn put_as(&self, key: &str, path: &str, body: &Value) -> Got {
        let request = Request::put(path)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Got {
        let request = self.request(Method::PUT, path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    /// Posts bytes as JSON.
    pub async fn post_bytes(&self, path: &str, body: impl Into<Body>) -> Got {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        self.send(request.body(body.into()).expect("a request")).await
    }

    /// Places `order` for a buyer and gives the tree.
    pub async fn placed(&self, order: &Value) -> Value {
        self.post("/api/orders", order).await.ok(201)
    }

    /// Asks `node` for an operation.
    pub async fn operate(&self, node: &Value, operation: &Value) -> Got {
        self.post(&format!("/api/orders/{}/operations", text(node)), operation).await
    }

    /// How many orders there are.
    pub async fn orders(&self) -> i64 {
        self.store.orders_up_to(1000).await.expect("a count")
    }
}

/// The document, which every request and answer of these tests is held against.
pub fn contract() -> &'static Contract {
    static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
        Contract::of(serde_json::from_str(&docket_http::document()).expect("the document is JSON"))
    });
    &CONTRACT
}

/// A request whose body is known, where it ends and is not far too large.
async fn with_body(request: Request<Body>) -> (Request<Body>, Option<Bytes>) {
    if request.body().size_hint().exact().is_none_or(|bytes| bytes > 1 << 20) {
        return (request, None);
    }
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    (Request::from_parts(parts, Body::from(bytes.clone())), Some(bytes))
}

pub fn every_actor() -> Vec<ActorKind> {
    use ActorKind::{Buyer, Courier, Gateway, Seller, Store, Till};
    vec![Buyer, Seller, Store, Till, Courier, Gateway]
}

/// The text a JSON value is.
#[track_caller]
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}"))
}

/// The example of the contract, placed by a buyer.
pub fn example() -> Value {
    json!({
        "buyer_id": "1001", "currency": "CNY", "type": "goods", "platform": "h5", "market": "main",
        "expected_total": 11500, "platform_discount": 500, "coins": 100, "third_party_discount": 0,
        "coupons": [], "actor": {"kind": "buyer"},
        "shops": [{
            "shop_id": "11", "freight": 600, "shop_discount": 300,
            "ship_to": {
                "name": "Ada Wong", "phone": "13800000001", "province": "Zhejiang", "city": "Hangzhou",
                "district": "Xihu", "town": "Lingyin", "address": "1 Lake Road", "zip": "310000"
            },
            "items": [{
                "sku_id": "1", "item_id": "9", "title": "Tea", "quantity": "2", "list_price": 6000,
                "item_discount": 200, "weighed": false, "attributes": {}
            }]
        }]
    })
}
