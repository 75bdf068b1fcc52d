//! An object store in memory that speaks as much S3 as an archive needs: `PUT`, `GET`, `HEAD` and `DELETE` of one
//! object in one bucket, path style, every request signed by AWS Signature Version 4 in its query. A tester makes
//! it misbehave with `POST /control`: `{"behave":"down"}` (503), `damage` (one bit of what it gives is another),
//! `forget` (it takes and keeps nothing), `fine`.

mod signature;

use crate::http::Answer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use signature::verify;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The bucket that a sandbox has unless told otherwise.
pub const BUCKET: &str = "docket";
/// The region it is in.
pub const REGION: &str = "us-east-1";
/// Who may use it.
pub const ACCESS_KEY: &str = "docket";
/// That caller's secret; no secret at all, since a sandbox forgets everything when it stops.
pub const SECRET: &str = "sandbox";

/// The largest object.
const OBJECT_BYTES_MAX: usize = 128 << 20;

/// How a store is set up.
#[derive(Clone)]
pub struct Settings {
    /// Its one bucket.
    pub bucket: String,
    /// The region of it.
    pub region: String,
    /// Who may use it.
    pub access_key: String,
    /// What that caller signs with.
    pub secret: String,
    /// Where the time comes from.
    pub clock: crate::pace::Clock,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings(bucket {}, access key {})", self.bucket, self.access_key)
    }
}

/// How it misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    Fine,
    Down,
    Damage,
    Forget,
}

impl Behaviour {
    fn of(body: &[u8]) -> Option<Self> {
        let wish: serde_json::Value = serde_json::from_slice(body).ok()?;
        match wish["behave"].as_str()? {
            "fine" => Some(Self::Fine),
            "down" => Some(Self::Down),
            "damage" => Some(Self::Damage),
            "forget" => Some(Self::Forget),
            _ => None,
        }
    }
}

struct Memory {
    objects: BTreeMap<String, Bytes>,
    behaviour: Behaviour,
}

struct Depot {
    settings: Settings,
    memory: Mutex<Memory>,
}

fn answer(status: u16, body: impl Into<Bytes>) -> Answer {
    let response = Response::builder().status(status);
    response.body(Full::new(body.into())).expect("a status that stands in this file is valid")
}

/// An answer as S3 refuses: XML with a code.
fn refused(status: u16, code: &str) -> Answer {
    answer(status, format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>"))
}

/// Serves a store on `listener` until `shutdown` is ready; then drops what is under way.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let memory = Memory { objects: BTreeMap::new(), behaviour: Behaviour::Fine };
    let depot = Arc::new(Depot { settings, memory: Mutex::new(memory) });
    let handle = move |request| {
        let depot = Arc::clone(&depot);
        async move { Ok(depot.answer(request).await) }
    };
    crate::http::serve(listener, shutdown, &CancellationToken::new(), handle).await;
    Ok(())
}

impl Depot {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, OBJECT_BYTES_MAX).collect().await else {
            return refused(400, "EntityTooLarge");
        };
        let body = body.to_bytes();
        let mut memory = self.memory.lock().expect("nothing panics while it holds the objects");
        if (&head.method, head.uri.path()) == (&Method::POST, "/control") {
            let Some(behaviour) = Behaviour::of(&body) else {
                return refused(400, "UnknownBehaviour");
            };
            memory.behaviour = behaviour;
            return answer(200, "{}");
        }
        if memory.behaviour == Behaviour::Down {
            return refused(503, "SlowDown");
        }
        let host = head.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
        if let Err(code) = verify(&self.settings, &head.method, &head.uri, host) {
            return refused(403, code);
        }
        let path = head.uri.path().trim_start_matches('/');
        let Some(("", key)) =
            path.strip_prefix(&self.settings.bucket).and_then(|rest| rest.split_once('/'))
        else {
            return refused(404, "NoSuchBucket");
        };
        memory.act(&head.method, key, body)
    }
}

impl Memory {
    fn act(&mut self, method: &Method, key: &str, body: Bytes) -> Answer {
        match *method {
            Method::PUT => {
                if self.behaviour != Behaviour::Forget {
                    self.objects.insert(key.to_owned(), body);
                }
                answer(200, "")
            }
            Method::DELETE => {
                self.objects.remove(key);
                answer(204, "")
            }
            Method::GET | Method::HEAD => match self.objects.get(key) {
                None => refused(404, "NoSuchKey"),
                Some(_) if *method == Method::HEAD => answer(200, ""),
                Some(object) if self.behaviour == Behaviour::Damage => {
                    let mut object = object.to_vec();
                    let middle = object.len() / 2;
                    if let Some(byte) = object.get_mut(middle) {
                        *byte ^= 1;
                    }
                    answer(200, object)
                }
                Some(object) => answer(200, object.clone()),
            },
            _ => refused(405, "MethodNotAllowed"),
        }
    }
}
