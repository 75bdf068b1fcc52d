//! HTTP itself: methods, headers, counters, and connections that stay in order.

use crate::center::{TestCenter, example};
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Method, Request};
use docket_http::{Limits, Options};
use hyper::body::Frame;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

#[tokio::test]
async fn a_wrong_method_is_a_405_that_names_the_right_ones() {
    let center = TestCenter::start().await;
    let wrong =
        center.request(Method::DELETE, "/api/orders").body(Body::empty()).expect("a request");
    let got = center.send(wrong).await;
    let allowed = got.headers["allow"].to_str().expect("text").to_owned();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    got.problem(405, "method_not_allowed");
    let asked =
        center.request(Method::OPTIONS, "/api/orders").body(Body::empty()).expect("a request");
    let got = center.send(asked).await;
    assert_eq!(got.status, 204);
    assert!(got.headers.contains_key("allow"));
    let head = center.request(Method::HEAD, "/api/orders").body(Body::empty()).expect("a request");
    let got = center.send(head).await;
    assert_eq!((got.status, got.body), (200, serde_json::json!("")));
    let made_up = Method::from_bytes(b"BREW").expect("a method");
    let brew = center.request(made_up, "/api/orders").body(Body::empty()).expect("a request");
    center.send(brew).await.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn every_answer_carries_a_request_id() {
    let center = TestCenter::start().await;
    let with = |id: &str| {
        let request = Request::get("/api/nothing").header("x-request-id", id);
        request.body(Body::empty()).expect("a request")
    };
    assert_eq!(center.send(with("abc-123")).await.headers["x-request-id"], "abc-123");
    let long = "x".repeat(65);
    for strange in [&long, "a b", "<script>", ""] {
        assert_ne!(center.send(with(strange)).await.headers["x-request-id"], strange);
    }
    let (one, two) = (center.get("/livez").await, center.get("/livez").await);
    assert_ne!(one.headers["x-request-id"], two.headers["x-request-id"]);
}

#[tokio::test]
async fn probes_and_counters_answer_anyone() {
    let center = TestCenter::start().await;
    center.get_as("nobody", "/livez").await.ok(200);
    let ready = center.get_as("nobody", "/readyz").await.ok(200);
    assert_eq!(ready, serde_json::json!({"ready": true, "reasons": [], "degraded": []}));
    center.placed(&example()).await;
    let counters = center.get_as("nobody", "/metrics").await.ok(200);
    let counters = counters.as_str().expect("text");
    for line in [
        r#"docket_http_requests_total{route="/api/orders",method="POST",status="201"} 1"#,
        "docket_writable 1",
        "docket_lane_waiting_people 0",
        r#"docket_worker_tasks_total{outcome="done"} 0"#,
        "docket_worker_running_tasks 0",
    ] {
        assert!(counters.lines().any(|known| known == line), "{line}\n{counters}");
    }
    assert!(!counters.contains("docket_redis"), "there is none: {counters}");
    center.store.figures().writable.store(false, std::sync::atomic::Ordering::Relaxed);
    let unready = center.get_as("nobody", "/readyz").await.ok(503);
    assert_eq!(unready["reasons"], serde_json::json!(["the database takes no writes"]));
}

/// A center behind a real port.
struct Served {
    center: TestCenter,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

#[expect(clippy::disallowed_methods, reason = "the test waits for it")]
async fn served() -> Served {
    let center = TestCenter::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        let _ = stopped.await;
    };
    let server = tokio::spawn(docket_http::serve(
        listener,
        center.router.clone(),
        Limits::default(),
        shutdown,
    ));
    Served { center, address, stop, server }
}

/// Reads one answer: its head, and as much body as it says.
async fn answer(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        let byte = stream.read_u8().await.expect("more of the head");
        bytes.push(byte);
        if bytes.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let head = String::from_utf8(bytes).expect("a head is text");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
    stream.read_exact(&mut body).await.expect("the body");
    (head, body)
}

fn post(path: &str, key: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_connection_serves_on_after_every_kind_of_refusal() {
    let Served { center, address, stop, server } = served().await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let big = vec![b' '; 3 << 20];
    let order = example().to_string().into_bytes();
    for (path, key, body, status) in [
        ("/api/orders", "nobody", &order, "401"),
        ("/api/orders", &*center.key, &big, "413"),
        ("/api/nothing", &center.key, &order, "404"),
        ("/docs", &center.key, &order, "405"),
        ("/api/orders", &center.key, &b"{".to_vec(), "400"),
        ("/api/orders", &center.key, &order, "201"),
    ] {
        stream.write_all(&post(path, key, body)).await.expect("the request goes out");
        let (head, body) = answer(&mut stream).await;
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status} ")),
            "{head}{}",
            String::from_utf8_lossy(&body)
        );
        assert!(!head.contains("connection: close"), "{head}");
    }
    stop.send(()).expect("the server waits for it");
    server.await.expect("it ends").expect("without an error");
    // The idle connection was closed, and nothing listens any more.
    assert_eq!(stream.read(&mut [0; 1]).await.expect("the end"), 0);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_request_that_is_under_way_is_answered_before_the_server_ends() {
    let Served { center, address, stop, server } = served().await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let order = example().to_string().into_bytes();
    let request = String::from_utf8(post("/api/orders", &center.key, b"")).expect("text");
    let length = format!("content-length: {}\r\nexpect: 100-continue", order.len());
    let request = request.replace("content-length: 0", &length);
    stream.write_all(request.as_bytes()).await.expect("the head goes out");
    // The server has the head and waits for the body.
    assert!(answer(&mut stream).await.0.starts_with("HTTP/1.1 100 "));
    stop.send(()).expect("the server waits for it");
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(&order).await.expect("the body goes out");
    assert!(answer(&mut stream).await.0.starts_with("HTTP/1.1 201 "));
    server.await.expect("it ends").expect("without an error");
}

/// A body that never comes.
struct Never;

impl HttpBody for Never {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_a_408() {
    let mut hasty = TestCenter::start().await;
    let options = Options { body_time: Duration::from_millis(10), ..Options::default() };
    hasty.router = docket_http::router(hasty.app.clone(), options);
    let request =
        hasty.request(Method::POST, "/api/orders").header("content-type", "application/json");
    let got = hasty.send(request.body(Body::new(Never)).expect("a request")).await;
    assert_eq!(got.headers["connection"], "close");
    got.problem(408, "request_timeout");
}

#[tokio::test]
async fn a_body_beyond_all_measure_closes_its_connection() {
    let Served { center, address, stop, server } = served().await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head = format!(
        "POST /api/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 99999999\r\n\r\n",
        center.key
    );
    stream.write_all(head.as_bytes()).await.expect("the request goes out");
    let (head, _) = answer(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 413 ") && head.contains("connection: close"), "{head}");
    stop.send(()).expect("the server waits for it");
    server.await.expect("it ends").expect("without an error");
}

#[tokio::test]
async fn bodies_in_chunks_are_read_too_and_a_head_has_its_limit() {
    let Served { center, address, stop, server } = served().await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let order = example().to_string();
    let (one, two) = order.split_at(order.len() / 2);
    let head = format!(
        "POST /api/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n",
        center.key,
        one.len()
    );
    stream.write_all(head.as_bytes()).await.expect("the first half goes out");
    let rest = format!("{:x}\r\n{two}\r\n0\r\n\r\n", two.len());
    stream.write_all(rest.as_bytes()).await.expect("the second half goes out");
    assert!(answer(&mut stream).await.0.starts_with("HTTP/1.1 201 "));
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head =
        format!("GET /livez HTTP/1.1\r\nhost: x\r\nx-padding: {}\r\n\r\n", "x".repeat(40_000));
    stream.write_all(head.as_bytes()).await.expect("the request goes out");
    assert!(answer(&mut stream).await.0.starts_with("HTTP/1.1 431 "));
    stop.send(()).expect("the server waits for it");
    server.await.expect("it ends").expect("without an error");
}

#[tokio::test]
async fn a_head_that_cannot_be_read_is_answered_with_a_problem_too() {
    let Served { address, stop, server, .. } = served().await;
    let long = format!("GET /livez HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(40 << 10));
    for (sent, status, code) in [
        ("nonsense\r\n\r\n", 400, "malformed_request"),
        ("GET /livez HTTP/1.1\r\nno colon\r\n\r\n", 400, "malformed_request"),
        (&*long, 431, "head_too_large"),
    ] {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(sent.as_bytes()).await.expect("the request goes out");
        let (head, body) = answer(&mut stream).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(head.contains("\r\nx-request-id: "), "{head}");
        assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("a problem");
        assert_eq!((&problem["code"], &problem["status"]), (&code.into(), &status.into()));
    }
    stop.send(()).expect("the server waits for it");
    server.await.expect("it ends").expect("without an error");
}

#[tokio::test]
async fn a_request_names_one_host() {
    let Served { address, stop, server, .. } = served().await;
    for (sent, status) in [
        ("GET /livez HTTP/1.1\r\n\r\n", 400),
        ("GET /livez HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400),
        ("GET /livez HTTP/1.1\r\nhost: a\r\nHOST: b\r\n\r\n", 400),
        ("GET /livez HTTP/1.1\r\nhost: a b\r\n\r\n", 400),
        ("GET /livez HTTP/1.1\r\nhost: a/b\r\n\r\n", 400),
        ("GET /livez HTTP/1.1\r\nhost: who@a\r\n\r\n", 400),
        ("GET /livez HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n", 400),
        ("GET /livez HTTP/1.1\r\nhost: a:7300\r\n\r\n", 200),
        ("GET /livez HTTP/1.1\r\nhost: [::1]:7300\r\n\r\n", 200),
        ("GET /livez HTTP/1.1\r\nhost:\r\n\r\n", 200),
        ("GET /livez HTTP/1.0\r\n\r\n", 200),
    ] {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(sent.as_bytes()).await.expect("the request goes out");
        let (head, body) = answer(&mut stream).await;
        assert_eq!(head.split(' ').nth(1), Some(&*status.to_string()), "{sent}{head}");
        if status == 400 {
            let problem: serde_json::Value = serde_json::from_slice(&body).expect("a problem");
            assert_eq!(problem["code"], "malformed_request");
        }
    }
    stop.send(()).expect("the server waits for it");
    server.await.expect("it ends").expect("without an error");
}

#[tokio::test]
async fn who_sends_what_nobody_reads_has_an_answer_all_the_same() {
    let Served { center, address, stop, server } = served().await;
    let big = vec![b' '; 8 << 20];
    for (path, key, status) in [
        ("/api/orders", "nobody", 401),
        ("/api/login", &*center.key, 413),
        ("/api/payments/callbacks/x", "nobody", 413),
        ("/nowhere", &*center.key, 404),
        ("/livez", &*center.key, 405),
    ] {
        let stream = TcpStream::connect(address).await.expect("a connection");
        let (mut reads, mut writes) = stream.into_split();
        let request = post(path, key, &big);
        let (sent, head) = tokio::join!(writes.write_all(&request), async {
            let mut bytes = Vec::new();
            reads.read_to_end(&mut bytes).await.expect("an answer to its end");
            String::from_utf8(bytes).expect("text")
        });
        sent.expect("all of it goes out");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {head}");
        assert!(head.contains("connection: close\r\n"), "{head}");
    }
    stop.send(()).expect("the server waits for it");
    server.await.expect("it ends").expect("without an error");
}

#[tokio::test]
async fn who_waits_to_be_asked_for_a_body_is_not_asked_before_it_is_known_who_that_is() {
    let Served { address, stop, server, .. } = served().await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = String::from_utf8(post("/api/orders", "nobody", b"")).expect("text");
    let request = request.replace("content-length: 0", "content-length: 9\r\nexpect: 100-continue");
    stream.write_all(request.as_bytes()).await.expect("the head goes out");
    let (head, _) = answer(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 401 ") && head.contains("connection: close"), "{head}");
    stop.send(()).expect("the server waits for it");
    server.await.expect("it ends").expect("without an error");
}
