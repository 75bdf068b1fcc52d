//! Strangers who send much, send half, take nothing or hold on: what they cost is counted, in bytes and connections,
//! and everyone else is served meanwhile. And how a process stops.

#[allow(dead_code)] // shared with tests of commands, which need more of it
mod client;
#[allow(dead_code)] // the same
mod run;

use client::Client;
use docket_testkit::{Serve, ServeCommand, eventually};
use run::{DOCKET, docket};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const MIB: usize = 1 << 20;
/// Connections that may be open beyond the cap, for a short answer each.
const SPARE: usize = docket_http::SPARE;

/// A center in a process of its own.
struct Center {
    serve: Serve,
    data: TempDir,
}

impl Center {
    /// One with these settings of `[server]`.
    fn start(settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut command = ServeCommand::new(DOCKET, data.path());
        for (name, value) in settings {
            command = command.env(&format!("DOCKET_SERVER__{name}"), value);
        }
        Self { serve: command.start(), data }
    }

    fn key(&self) -> String {
        let words =
            ["key", "add", "k", "--scopes", "orders.read,orders.write", "--actors", "buyer"];
        docket(self.data.path(), &words).fine().trim().to_owned()
    }

    /// A connection to it.
    fn connect(&self) -> TcpStream {
        let address = self.serve.base_url().trim_start_matches("http://");
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a timeout");
        stream
    }

    /// The connections it has open; what it listens on is none.
    fn sockets(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.serve.pid());
        let files = std::fs::read_dir(folder).expect("it runs").filter_map(Result::ok);
        let is_socket = |path: std::path::PathBuf| path.to_string_lossy().starts_with("socket:");
        files
            .filter_map(|file| file.path().read_link().ok())
            .filter(|to| is_socket(to.clone()))
            .count()
    }

    /// The most memory it ever had, in bytes.
    fn most_memory(&self) -> usize {
        let path = format!("/proc/{}/status", self.serve.pid());
        let status = std::fs::read_to_string(path).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a figure");
        1024 * line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number")
    }

    /// Asks it to stop and does not wait.
    fn ask_to_stop(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.serve.pid().to_string()]).status();
        assert!(sent.expect("kill can be run").success());
    }

    /// The status of what is at `path`, asked on a connection of its own; none where it is not answered.
    fn status(&self, path: &str) -> Option<u16> {
        Client::new(self.serve.base_url(), "")
            .and_then(|mut client| client.get(path))
            .ok()
            .map(|got| got.status)
    }
}

/// The head of a request that announces so many bytes.
fn head(path: &str, token: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: docket\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// The status and all else that comes until the connection ends.
fn answer(mut stream: &TcpStream) -> (Option<u16>, Vec<u8>) {
    let mut bytes = Vec::new();
    // A connection that is broken off has told what it had to.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let status = text.split(' ').nth(1).and_then(|word| word.parse().ok());
    (status, bytes)
}

/// Whether the other side has ended the connection.
fn has_ended(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("a socket");
    match stream.peek(&mut [0]) {
        Ok(length) => length == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

/// An order that costs nothing to place.
fn order() -> Value {
    json!({
        "buyer_id": "1", "currency": "CNY", "type": "goods", "platform": "h5", "actor": {"kind": "buyer"},
        "shops": [{"shop_id": "1", "fulfilment": "counter",
            "items": [{"sku_id": "1", "title": "Tea", "quantity": "1", "list_price": 100}]}]
    })
}

#[test]
fn three_hundred_strangers_with_sixteen_mebibytes_each_take_no_memory() {
    let center = Center::start(&[]);
    assert_eq!(center.status("/livez"), Some(200));
    let before = center.most_memory();
    let piece = vec![b' '; MIB];
    let mut open = Vec::new();
    for path in [
        "/api/orders",
        "/api/imports",
        "/api/login",
        "/api/payments/callbacks/x",
        "/nowhere",
        "/livez",
    ] {
        for _ in 0..50 {
            let mut stream = center.connect();
            stream.write_all(head(path, "nobody", 16 * MIB).as_bytes()).expect("a head goes out");
            stream.set_write_timeout(Some(Duration::from_secs(1))).expect("a timeout");
            // It may be refused before all of it has gone out.
            let _ = stream.write_all(&piece);
            open.push(stream);
        }
    }
    let grown = center.most_memory() - before;
    assert!(grown < 48 * MIB, "{grown} bytes for {} strangers", open.len());
    for stream in &open {
        let (status, _) = answer(stream);
        assert!(matches!(status, Some(401 | 404 | 405 | 413)), "{status:?}");
    }
}

#[test]
fn bodies_that_stay_half_sent_find_no_more_room_than_there_is_and_take_none_of_others() {
    // One mebibyte of it for strangers.
    let center = Center::start(&[("BODY_ROOM", "16MiB"), ("BODY_TIME", "2s")]);
    let key = center.key();
    let (sent, whole) = (60_000, 64_000);
    let open: Vec<_> = (0..60)
        .map(|_| {
            let mut stream = center.connect();
            stream.write_all(head("/api/login", "", whole).as_bytes()).expect("a head goes out");
            let _ = stream.write_all(&vec![b' '; sent]);
            stream
        })
        .collect();
    let mut client = Client::new(center.serve.base_url(), &key).expect("a connection");
    assert_eq!(client.post("/api/orders", &order()).expect("an answer").status, 201);
    let answers: Vec<_> = open.iter().map(answer).collect();
    let of = |wanted: u16| answers.iter().filter(move |(status, _)| *status == Some(wanted));
    let (held, refused) = (of(408).count(), of(503).count());
    assert_eq!(held + refused, open.len());
    assert!(held * sent <= MIB, "{held} bodies were held");
    for (_, bytes) in of(503) {
        let text = String::from_utf8_lossy(bytes);
        assert!(text.contains("\"no_room\"") && text.contains("retry-after: 1"), "{text}");
    }
    // All of it came back.
    let mut stream = center.connect();
    stream.write_all(head("/api/login", "", 2).as_bytes()).expect("a head goes out");
    stream.write_all(b"{}").expect("a body goes out");
    stream.shutdown(std::net::Shutdown::Write).expect("half a connection");
    eventually("room for others", || center.status("/readyz") == Some(200));
}

#[test]
fn connections_that_do_nothing_give_way_and_whether_we_live_is_answered() {
    let most = 20;
    let center =
        Center::start(&[("MAX_CONNECTIONS", "20"), ("IDLE_TIME", "10m"), ("HEAD_TIME", "10m")]);
    let key = center.key();
    let silent: Vec<_> = (0..2 * (most + SPARE)).map(|_| center.connect()).collect();
    assert_eq!(center.status("/livez"), Some(200));
    eventually("those beyond the cap are gone", || {
        silent.iter().filter(|stream| !has_ended(stream)).count() <= most + SPARE
    });
    // Those of the database and the listener are not counted by us.
    assert!(center.sockets() <= most + SPARE + 16, "{} sockets", center.sockets());
    eventually("an order is placed", || {
        let client = Client::new(center.serve.base_url(), &key);
        let got = client.and_then(|mut client| client.post("/api/orders", &order()));
        got.is_ok_and(|got| got.status == 201)
    });
}

#[test]
fn whoever_keeps_us_waiting_is_gone_after_a_time() {
    let center = Center::start(&[
        ("HEAD_TIME", "1s"),
        ("IDLE_TIME", "1s"),
        ("BODY_TIME", "1s"),
        ("ANSWER_TIME", "1s"),
    ]);
    let before = center.sockets();
    let silent = center.connect();
    let mut half_a_head = center.connect();
    half_a_head
        .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nx-half: ")
        .expect("half a head goes out");
    let mut half_a_body = center.connect();
    half_a_body.write_all(head("/api/login", "", 100).as_bytes()).expect("a head goes out");
    let mut idle = center.connect();
    idle.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").expect("a request goes out");
    let (asked, one) = (1_000, b"GET /api/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut greedy = center.connect();
    greedy.set_write_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    let _ = greedy.write_all(&one.repeat(asked));
    eventually("all of them are there", || center.sockets() >= before + 5);
    eventually("all of them are gone", || center.sockets() <= before);
    assert_eq!(answer(&silent), (None, Vec::new()));
    assert_eq!(answer(&half_a_head), (None, Vec::new()));
    assert_eq!(answer(&half_a_body).0, Some(408));
    let (status, bytes) = answer(&idle);
    assert!(status == Some(200) && bytes.ends_with(b"ok\n"), "and no more than that");
    let (status, bytes) = answer(&greedy);
    let document = docket_http::document().len();
    assert!(
        status.is_none_or(|status| status == 200) && bytes.len() < asked * document / 2,
        "{status:?}, {} of {asked} times {document}",
        bytes.len()
    );
}

#[test]
fn a_process_that_is_to_stop_says_so_before_its_listener_closes() {
    let mut center = Center::start(&[("DRAIN", "3s")]);
    let key = center.key();
    assert_eq!(center.status("/readyz"), Some(200));
    center.ask_to_stop();
    eventually("it is not ready", || center.status("/readyz") == Some(503));
    // Who has not heard yet is served, on a new connection too.
    let mut client = Client::new(center.serve.base_url(), &key).expect("it listens still");
    assert_eq!(client.get("/livez").expect("an answer").status, 200);
    assert_eq!(client.post("/api/orders", &order()).expect("an answer").status, 201);
    let reasons = client.get("/readyz").expect("an answer").body["reasons"].clone();
    assert_eq!(reasons, json!(["this process is about to stop"]));
    assert!(center.serve.wait().success(), "{}", center.serve.stderr());
    let said = center.serve.stderr();
    let line = said.lines().find(|line| line.contains("stopping: ")).expect("it says what it does");
    assert!(line.contains("closes_in_s=3") && line.contains("requests_have_s=20"), "{line}");
    assert!(Client::new(center.serve.base_url(), &key).is_err(), "nothing listens any more");
}

#[test]
fn who_asks_twice_to_stop_is_not_kept_waiting() {
    let mut center = Center::start(&[("DRAIN", "1h")]);
    center.ask_to_stop();
    eventually("it is not ready", || center.status("/readyz") == Some(503));
    assert_eq!(center.serve.terminate().code(), Some(1), "{}", center.serve.stderr());
    assert!(center.serve.stderr().contains("stopped at once"), "{}", center.serve.stderr());
}
