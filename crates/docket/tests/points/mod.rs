//! A ledger of points that somebody else keeps: it takes down what it is told, and acknowledges it.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

/// Somebody else's ledger of points: what it was told under each key, acknowledged.
pub struct Ledger {
    /// Where effects are sent.
    pub url: String,
    kept: Arc<Mutex<BTreeMap<String, Value>>>,
}

impl Ledger {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/effects", listener.local_addr().expect("an address"));
        let kept = Arc::<Mutex<BTreeMap<String, Value>>>::default();
        let book = Arc::clone(&kept);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let book = Arc::clone(&book);
                thread::spawn(move || hear(&mut BufReader::new(stream), &book));
            }
        });
        Self { url, kept }
    }

    /// What it keeps of `order`, by key.
    pub fn of(&self, order: &str) -> Vec<Value> {
        let kept = self.kept.lock().expect("the book");
        let own = format!("{order}:");
        kept.iter()
            .filter(|(key, _)| key.starts_with(&own))
            .map(|(_, effect)| effect.clone())
            .collect()
    }
}

/// Takes down what comes on one connection. The same key says the same whenever it comes.
fn hear(
    stream: &mut BufReader<std::net::TcpStream>,
    book: &Mutex<BTreeMap<String, Value>>,
) -> Option<()> {
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        let message: Value = serde_json::from_slice(&body).expect("JSON");
        for effect in message["effects"].as_array().expect("effects") {
            let key = effect["key"].as_str().expect("a key").to_owned();
            let before = book.lock().expect("the book").insert(key, effect.clone());
            assert!(before.is_none_or(|before| before == *effect), "the same key says the same");
        }
        stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()?;
    }
}
