//! Callbacks of gateways, as their senders and others send them: forged, replayed, changed, for another merchant or
//! for nothing we know. None of them changes an order.

#[allow(dead_code)] // shared with the tests of faults, which place orders
mod client;
#[allow(dead_code)] // shared with the tests of payments, which need more of it
mod pay;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use docket_testkit::eventually;
use pay::Center;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// A callback as it went over the wire.
#[derive(Debug, Clone)]
struct Came {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Came {
    fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut headers = Vec::new();
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().ok()?;
            } else if !name.eq_ignore_ascii_case("host") {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Self { headers, body })
    }

    /// Sends it to a center; the status and the body of the answer.
    fn send(&self, center: &Center, gateway: &str) -> (u16, String) {
        let host = center.serve.base_url().strip_prefix("http://").expect("a URL").to_owned();
        let mut stream = TcpStream::connect(&host).expect("it listens");
        let mut head = format!(
            "POST /api/payments/callbacks/{gateway} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             content-length: {}\r\n",
            self.body.len()
        );
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").expect("a text takes all that is written");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).expect("a head");
        stream.write_all(&self.body).expect("a body");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
        (status.expect("a status"), answer)
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }
}

/// Listens in the center's place; what comes, in order.
fn eavesdropper() -> (String, Receiver<Came>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (send, came): (Sender<Came>, _) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let Some(one) = Came::read(&mut stream) else { continue };
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
            if stream.write_all(answer).is_err() || send.send(one).is_err() {
                return;
            }
        }
    });
    (url, came)
}

/// A center whose gateway calls somebody else, an order of it that nobody polls any more, and its callback.
fn overheard() -> (Center, String, Came) {
    let (url, calls) = eavesdropper();
    let center = Center::with(&[("DOCKET_PAYMENTS__SANDBOX__CALLBACK_URL", &url)]);
    let order = center.place();
    let attempt = center.start(&order);
    // From now on the gateway answers no question, so that nothing but the callback can tell.
    center.sandbox.behave_for(&attempt, "error=1000000");
    center.sandbox.pay(&attempt, &json!({}));
    let came = calls.recv_timeout(std::time::Duration::from_secs(30)).expect("a callback");
    (center, order, came)
}

fn money(center: &Center, order: &str) -> Value {
    let tree = center.tree(order);
    json!([tree["version"], tree["payments"], tree["store_status"]])
}

#[test]
fn a_callback_that_is_changed_unsigned_or_for_another_is_refused_and_changes_nothing() {
    let (center, order, came) = overheard();
    let before = money(&center, &order);
    let other_body = Came { body: b"{\"payment\":{}}".to_vec(), ..came.clone() };
    let (status, answer) = other_body.send(&center, "sandbox");
    assert_eq!(status, 403, "{answer}");
    assert!(answer.contains("callback_untrusted"), "{answer}");
    for name in ["x-sandbox-signature", "x-sandbox-nonce", "x-sandbox-merchant"] {
        assert_eq!(came.clone().without(name).send(&center, "sandbox").0, 403, "{name}");
    }
    let mut stale = came.clone();
    for (name, value) in &mut stale.headers {
        if name == "x-sandbox-timestamp" {
            *value = "1000".to_owned();
        }
    }
    assert_eq!(stale.send(&center, "sandbox").0, 403);
    assert_eq!(came.send(&center, "nobody").0, 404);
    assert_eq!(center.verdicts(), ["untrusted"; 5]);
    assert_eq!(money(&center, &order), before);
}

#[test]
fn a_callback_is_a_hint_and_its_replay_is_acknowledged_and_moot() {
    let (center, order, came) = overheard();
    let before = money(&center, &order);
    let (status, answer) = came.send(&center, "sandbox");
    assert!(status == 200 && answer.ends_with("ok"), "{answer}");
    assert_eq!(came.send(&center, "sandbox").0, 200);
    assert_eq!(center.verdicts(), ["repeated", "asked"]);
    // The gateway does not answer, so what the callback said is not believed.
    assert_eq!(money(&center, &order), before);
    let listed = &center.callbacks()[1];
    assert_eq!((&listed["told"], &listed["order_id"]), (&json!("paid"), &json!(order)));
    center.sandbox.behave_for(listed["key"].as_str().expect("a key"), "");
    center.until_status(&order, "paid");
}

#[test]
fn a_genuine_callback_about_nothing_we_know_is_acknowledged_and_taken_down() {
    let (_first, _, came) = overheard();
    let other = Center::open();
    assert_eq!(came.send(&other, "sandbox").0, 200);
    assert_eq!(other.verdicts(), ["unknown"]);
    let stranger = Center::with(&[("DOCKET_PAYMENTS__SANDBOX__MERCHANT", "somebody-else")]);
    assert_eq!(came.send(&stranger, "sandbox").0, 403);
    assert_eq!(stranger.verdicts(), ["untrusted"]);
}

#[test]
fn a_flood_of_forged_callbacks_fills_nothing() {
    let center = Center::open();
    let order = center.place();
    for at in 0..150 {
        let forged = Came { headers: vec![], body: format!("{{\"n\":{at}}}").into_bytes() };
        assert_eq!(forged.send(&center, "sandbox").0, 403);
    }
    assert_eq!(center.verdicts().len(), 100);
    let large = Came { headers: vec![], body: vec![b' '; 100 << 10] };
    assert_eq!(large.send(&center, "sandbox").0, 413);
    // What is genuine is taken all the same.
    let attempt = center.start(&order);
    center.sandbox.pay(&attempt, &json!({}));
    center.until_status(&order, "paid");
    eventually("it was taken down", || center.verdicts().contains(&"asked".to_owned()));
}

#[test]
fn callbacks_are_listed_page_by_page_for_those_who_may() {
    let center = Center::open();
    for at in 0..3 {
        let forged = Came { headers: vec![], body: format!("{at}").into_bytes() };
        forged.send(&center, "sandbox");
    }
    let first = center.get("/api/payments/callbacks?limit=2");
    let next = first["next"].as_str().expect("a cursor");
    let second = center.get(&format!("/api/payments/callbacks?limit=2&cursor={next}"));
    let count = |page: &Value| page["callbacks"].as_array().map(Vec::len);
    assert_eq!((count(&first), count(&second)), (Some(2), Some(1)));
    assert_eq!(center.get("/api/payments/callbacks?gateway=other")["callbacks"], json!([]));
}
