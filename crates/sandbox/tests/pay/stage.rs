//! A sandbox on a free port, a merchant that hears its callbacks, and between them the connector: what it builds
//! is sent over real HTTP, and what comes back it reads.

use docket_connectors::sandbox::{Config, REPLAY_WINDOW, Sandbox};
use docket_connectors::{
    Closing, Fault, Gateway, Hint, MerchantKey, Message, Payment, PaymentState, Refund,
    RefundState, Reply, Request, Stamp, Start, Started,
};
use docket_domain::{Currency, Time};
use docket_sandbox::pay;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// The clock stands still: whatever passes was skipped.
pub const NOW: Time = Time(1_800_000_000_000);
const PATIENCE: Duration = Duration::from_mins(1);

/// What came over the wire.
pub struct Heard {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

pub struct Stage {
    pub gateway: SocketAddr,
    pub merchant: SocketAddr,
    pub connector: Sandbox,
    callbacks: mpsc::UnboundedReceiver<Heard>,
    /// How many callbacks the merchant answers with 503 before it takes one.
    pub refusals: Arc<AtomicUsize>,
    nonces: AtomicU64,
    _servers: JoinSet<()>,
}

pub fn key(text: &str) -> MerchantKey {
    MerchantKey::new(text).expect("the test names a key")
}

pub fn payment(id: &str) -> Payment {
    Payment { key: key(id), order: key("o-1"), amount: 11_500, currency: cny() }
}

pub fn refund(id: &str, payment: &str, amount: i64) -> Refund {
    let (key, payment, order) = (key(id), key(payment), key("o-1"));
    Refund { key, payment, order, amount, currency: cny(), reason: "asked for".to_owned() }
}

fn cny() -> Currency {
    Currency::in_use("CNY").expect("a currency")
}

pub fn connector(secret: &str) -> Sandbox {
    let (merchant, secret) = (pay::MERCHANT.to_owned(), secret.to_owned());
    Sandbox::new(Config { merchant, secret, replay_window: REPLAY_WINDOW })
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    (listener, address)
}

impl Stage {
    pub async fn set() -> Self {
        Self::seeded(1).await
    }

    pub async fn seeded(seed: u64) -> Self {
        let mut servers = JoinSet::new();
        let (listener, gateway) = listen().await;
        let (merchant, secret) = (pay::MERCHANT.to_owned(), pay::SECRET.to_owned());
        let settings = pay::Settings { seed, merchant, secret, clock: Arc::new(|| NOW.0) };
        servers.spawn(async move {
            pay::serve(listener, settings, std::future::pending()).await.expect("it serves");
        });
        let (listener, merchant) = listen().await;
        let (tell, callbacks) = mpsc::unbounded_channel();
        let refusals = Arc::new(AtomicUsize::new(0));
        servers.spawn(hear(listener, tell, refusals.clone()));
        let (connector, nonces) = (connector(pay::SECRET), AtomicU64::new(0));
        Self { gateway, merchant, connector, callbacks, refusals, nonces, _servers: servers }
    }

    /// Sends a request; nothing where the connection dropped.
    pub async fn send(&self, request: &Request) -> Option<Heard> {
        let mut built = hyper::Request::builder().method(request.method.word()).uri(&request.path);
        for (name, value) in &request.headers {
            built = built.header(*name, value);
        }
        let built = built.header("host", self.gateway.to_string());
        let built = built.body(Full::new(Bytes::from(request.body.clone()))).expect("a request");
        let stream = TcpStream::connect(self.gateway).await.expect("the sandbox listens");
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.expect("it speaks HTTP");
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        heard(sender.send_request(built).await.ok()?).await
    }

    fn stamp(&self) -> Stamp {
        Stamp { at: NOW, nonce: self.nonces.fetch_add(1, Ordering::SeqCst).into() }
    }

    /// Builds, sends and reads; nothing where the connection dropped.
    pub async fn ask<T>(
        &self,
        build: impl Fn(&Sandbox, Stamp) -> Request,
        read: impl Fn(&Sandbox, &Reply<'_>) -> Result<T, Fault>,
    ) -> Option<Result<T, Fault>> {
        let asked = self.stamp();
        let Heard { status, headers, body } = self.send(&build(&self.connector, asked)).await?;
        let message = Message { headers: &headers, body: &body };
        Some(read(&self.connector, &Reply { status, message, asked, came_at: NOW }))
    }

    pub async fn try_start(
        &self,
        payment: &Payment,
        title: &str,
    ) -> Option<Result<Started, Fault>> {
        let start = Start {
            title: title.to_owned(),
            callback_url: format!("http://{}/callbacks/sandbox", self.merchant),
            expires_at: NOW.plus(1_800_000),
        };
        self.ask(
            |to, stamp| to.start(payment, &start, stamp),
            |to, reply| to.started(payment, reply),
        )
        .await
    }

    pub async fn start(&self, payment: &Payment, title: &str) -> Result<Started, Fault> {
        self.try_start(payment, title).await.expect("an answer")
    }

    pub async fn query(&self, payment: &Payment) -> Result<PaymentState, Fault> {
        let asked =
            self.ask(|to, stamp| to.query(payment, stamp), |to, reply| to.queried(payment, reply));
        asked.await.expect("an answer")
    }

    pub async fn close(&self, payment: &Payment) -> Result<Closing, Fault> {
        let asked =
            self.ask(|to, stamp| to.close(payment, stamp), |to, reply| to.closed(payment, reply));
        asked.await.expect("an answer")
    }

    pub async fn refund(&self, refund: &Refund) -> Result<RefundState, Fault> {
        let asked =
            self.ask(|to, stamp| to.refund(refund, stamp), |to, reply| to.refunded(refund, reply));
        asked.await.expect("an answer")
    }

    pub async fn query_refund(&self, refund: &Refund) -> Result<RefundState, Fault> {
        let asked = self.ask(
            |to, stamp| to.query_refund(refund, stamp),
            |to, reply| to.refund_queried(refund, reply),
        );
        asked.await.expect("an answer")
    }

    /// Posts JSON without a signature, as payers and testers do.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let (method, path) = (docket_connectors::Method::Post, path.to_owned());
        let request = Request { method, path, headers: vec![], body: body.to_string().into() };
        let heard = self.send(&request).await.expect("an answer");
        (heard.status, serde_json::from_slice(&heard.body).expect("JSON"))
    }

    /// The payer pays.
    pub async fn pay(&self, payment: &Payment) {
        let (status, said) =
            self.post(&format!("/pay/{}", payment.key), &serde_json::json!({})).await;
        assert_eq!(status, 200, "{said}");
    }

    /// The tester's wish; the truth after it.
    pub async fn control(&self, wish: Value) -> Value {
        let (status, truth) = self.post("/control", &wish).await;
        assert_eq!(status, 200, "{truth}");
        truth
    }

    /// Looks at the truth until `holds`.
    pub async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let look = async {
            loop {
                let truth = self.control(serde_json::json!({})).await;
                if holds(&truth) {
                    return truth;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("in vain: {what}"))
    }

    /// The next callback as the connector reads it.
    pub async fn callback(&mut self) -> Result<Hint, Fault> {
        let next = tokio::time::timeout(PATIENCE, self.callbacks.recv()).await;
        let heard = next.expect("a callback comes").expect("the merchant hears");
        self.connector.callback(&Message { headers: &heard.headers, body: &heard.body }, NOW)
    }

    /// The word of the next callback, which must be about `payment`.
    pub async fn told(&mut self, payment: &Payment) -> &'static str {
        match self.callback().await {
            Ok(Hint::Payment { key, told }) if key == payment.key => told.word(),
            other => panic!("{other:?}"),
        }
    }
}

/// The merchant: tells of each callback and answers it.
async fn hear(
    listener: TcpListener,
    tell: mpsc::UnboundedSender<Heard>,
    refusals: Arc<AtomicUsize>,
) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (tell, refusals) = (tell.clone(), refusals.clone());
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let (tell, refusals) = (tell.clone(), refusals.clone());
            async move {
                let (head, body) = request.into_parts();
                let heard = of(200, &head.headers, body).await.expect("a whole callback");
                let less = |left: usize| left.checked_sub(1);
                let refused =
                    refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
                let taken = connector(pay::SECRET).acknowledgement();
                let answer =
                    hyper::Response::builder().status(if refused { 503 } else { taken.status });
                let answer = answer.body(Full::new(Bytes::from(taken.body))).expect("an answer");
                // A test that is over hears no more.
                let _ = tell.send(heard);
                Ok::<_, Infallible>(answer)
            }
        });
        connections.spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}

async fn heard(answer: hyper::Response<Incoming>) -> Option<Heard> {
    let (head, body) = answer.into_parts();
    of(head.status.as_u16(), &head.headers, body).await
}

async fn of(status: u16, headers: &hyper::HeaderMap, body: Incoming) -> Option<Heard> {
    let text =
        |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    Some(Heard { status, headers, body: body.collect().await.ok()?.to_bytes().into() })
}
