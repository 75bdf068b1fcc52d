//! The listener: what a message is answered, and the sums for people.

use crate::{EffectBook, Refused, verify};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fmt, io};
use tokio::net::{TcpListener, TcpStream};

/// A message is smaller than this.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// How it is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What messages are signed with, as it stands in Docket's config.
    pub secret: String,
    /// The book.
    pub file: PathBuf,
    /// How many messages it keeps without answering.
    pub lose_answers: usize,
}

impl Options {
    /// Reads the words of the command line, or says which is wrong.
    pub fn of(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7400)),
            secret: String::new(),
            file: PathBuf::from("ledger.jsonl"),
            lose_answers: 0,
        };
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
            let wrong = |_| format!("{name} cannot be {value}");
            match name.as_str() {
                "--listen" => {
                    options.listen = value.parse().map_err(|error| wrong(Wrong::of(error)))?;
                }
                "--secret" => options.secret.clone_from(&value),
                "--file" => options.file = PathBuf::from(&value),
                "--lose-answers" => {
                    options.lose_answers =
                        value.parse().map_err(|error| wrong(Wrong::of(error)))?;
                }
                _ => return Err(format!("there is no {name}")),
            }
        }
        if options.secret.is_empty() { Err("--secret is missing".to_owned()) } else { Ok(options) }
    }

    /// The bytes that sign: behind `whsec_` in base64, else the text itself.
    fn key(&self) -> Vec<u8> {
        use base64::Engine as _;
        let encoded = self.secret.strip_prefix("whsec_");
        let decoded = encoded.map(|text| base64::engine::general_purpose::STANDARD.decode(text));
        match decoded {
            Some(Ok(bytes)) => bytes,
            _ => self.secret.clone().into_bytes(),
        }
    }
}

/// Any value that could not be read.
struct Wrong;

impl Wrong {
    fn of<E>(_: E) -> Self {
        Self
    }
}

/// It was told to lose this answer.
#[derive(Debug)]
struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer was lost on purpose")
    }
}

impl std::error::Error for Lost {}

struct Receiver {
    key: Vec<u8>,
    book: RefCell<EffectBook>,
    lose_answers: RefCell<usize>,
}

/// Serves until the process ends; prints `listening on http://…` when it takes messages.
pub fn serve(options: &Options) -> io::Result<()> {
    let book = RefCell::new(EffectBook::open(&options.file)?);
    let lose_answers = RefCell::new(options.lose_answers);
    let receiver = Rc::new(Receiver { key: options.key(), book, lose_answers });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let connections = tokio::task::LocalSet::new();
    connections.block_on(&runtime, async {
        let listener = TcpListener::bind(options.listen).await?;
        println!("listening on http://{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::task::spawn_local(connection(Rc::clone(&receiver), stream));
        }
    })
}

/// Serves one connection until its caller goes, or until an answer is to be lost.
async fn connection(receiver: Rc<Receiver>, stream: TcpStream) {
    let service = service_fn(move |request| answer(Rc::clone(&receiver), request));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

type Answer = Response<Full<Bytes>>;

fn json_of(status: u16, body: &Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() =
        hyper::StatusCode::from_u16(status).expect("the statuses of this file exist");
    answer
}

async fn answer(receiver: Rc<Receiver>, request: Request<Incoming>) -> Result<Answer, Lost> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return Ok(json_of(413, &json!({"error": "too large"})));
    };
    match head.method {
        Method::POST => receiver.take(&head.headers, &body.to_bytes()),
        Method::GET => Ok(json_of(200, &receiver.sums())),
        _ => Ok(json_of(405, &json!({"error": "POST effects, or GET the sums"}))),
    }
}

impl Receiver {
    fn take(&self, headers: &HeaderMap, body: &[u8]) -> Result<Answer, Lost> {
        if let Err(refused) = self.verify(headers, body) {
            return Ok(json_of(401, &json!({"error": format!("{refused:?}")})));
        }
        let message: Value = serde_json::from_slice(body).unwrap_or_default();
        let effects = message["effects"].as_array().cloned().unwrap_or_default();
        if effects.is_empty() || effects.iter().any(|effect| !effect["key"].is_string()) {
            return Ok(json_of(400, &json!({"error": "no effects with keys"})));
        }
        let kept = match self.book.borrow_mut().keep(&effects) {
            Ok(kept) => kept,
            // A disk that is full may have room again: not now.
            Err(error) => return Ok(json_of(503, &json!({"error": error.to_string()}))),
        };
        let mut lose = self.lose_answers.borrow_mut();
        if *lose > 0 {
            *lose -= 1;
            return Err(Lost);
        }
        Ok(json_of(200, &json!({"new": kept.new, "known": kept.known})))
    }

    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Refused> {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let (id, at, signatures) =
            (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
        let (Some(id), Some(at), Some(signatures)) = (id, at, signatures) else {
            return Err(Refused::Headers);
        };
        verify(&self.key, id, (at, signatures), body, now())
    }

    fn sums(&self) -> Value {
        let book = self.book.borrow();
        let sums = book
            .sums()
            .map(|(ledger, owner, sum)| json!({"ledger": ledger, "owner": owner, "sum": sum}));
        json!({ "sums": sums.collect::<Vec<_>>() })
    }
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a program of its own reads the clock in one place")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
