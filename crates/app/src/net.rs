//! The one way out: requests to servers that are not ours.
//!
//! No redirect is followed, a reply is read to a bound, and everything has an end: whoever asks here is a task
//! that is tried again. Gateways, ledgers and the archive stand in the config: where they are is the operator's
//! matter. Where events are sent is said by whoever may add a webhook, and limited in `targets`.

pub mod targets;

use crate::Networks;
use reqwest::Url;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use targets::{Guard, Refused};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a whole exchange may take.
const EXCHANGE: Duration = Duration::from_secs(15);
/// How long moving one object may take.
const OBJECT: Duration = Duration::from_mins(5);
/// Bytes of a reply that are read; the rest is left.
const REPLY_MAX: usize = 64 * 1024;

/// What others answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Seconds it asks to wait.
    pub retry_after: Option<u64>,
    /// Its headers that are text: names in lower case, and their values.
    pub headers: Vec<(String, String)>,
    /// The beginning of what it says.
    pub body: Vec<u8>,
}

/// Why there was no answer: one sentence for the memory of a task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoReply(String);

/// What all clients have in common: TLS with what the system trusts.
fn builder() -> reqwest::ClientBuilder {
    // A process may have several centers, in tests; the first installs what all use.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(EXCHANGE)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("docket/", env!("CARGO_PKG_VERSION")))
}

/// A client for all of them and one for webhooks, made when the first is spoken to: most commands speak to nobody.
#[derive(Debug, Default)]
pub struct Net {
    client: OnceLock<reqwest::Client>,
    guarded: OnceLock<reqwest::Client>,
    allowed: Arc<Networks>,
}

impl Net {
    /// Sends events to `allowed` networks too that are not for everyone.
    pub fn new(allowed: Networks) -> Self {
        let (client, guarded) = (OnceLock::new(), OnceLock::new());
        Self { client, guarded, allowed: Arc::new(allowed) }
    }

    fn client(&self) -> &reqwest::Client {
        let made = || builder().build().expect("a client of fixed settings can be built");
        self.client.get_or_init(made)
    }

    /// A client that connects to what is allowed alone. It uses no proxy: that would look names up by itself.
    fn guarded(&self) -> &reqwest::Client {
        self.guarded.get_or_init(|| {
            let guard = Guard(Arc::clone(&self.allowed));
            let client = builder().no_proxy().dns_resolver(guard).build();
            client.expect("a client of fixed settings can be built")
        })
    }

    /// Refuses a receiver of events that may not be told now. A name that is not found in time is not refused:
    /// whoever is told is looked at again then.
    pub async fn judge(&self, url: &Url) -> Result<(), Refused> {
        let judged = targets::judge_url(url, &self.allowed);
        tokio::time::timeout(CONNECT, judged).await.unwrap_or(Ok(()))
    }

    /// Tells a receiver of events, if it may be told.
    pub async fn tell(
        &self,
        url: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<Reply, NoReply> {
        let url: Url = url.parse().map_err(|_| NoReply("its URL cannot be read".to_owned()))?;
        targets::judge_literal(&url, &self.allowed).map_err(|why| NoReply(why.to_string()))?;
        let request =
            self.guarded().post(url).header("content-type", "application/json").body(body);
        let named = |request: reqwest::RequestBuilder, (name, value)| request.header(name, value);
        read(headers.into_iter().fold(request, named), REPLY_MAX).await
    }

    /// Sends `body` as JSON.
    pub async fn post(
        &self,
        url: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<Reply, NoReply> {
        let mut headers = headers;
        headers.push(("content-type", "application/json".to_owned()));
        self.send(reqwest::Method::POST, url, headers, body).await
    }

    /// Sends a request as it is, and reads the reply to its bound.
    pub async fn send(
        &self,
        method: reqwest::Method,
        url: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<Reply, NoReply> {
        let mut request = self.client().request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        read(request, REPLY_MAX).await
    }

    /// Moves an object: `PUT` with its bytes, `GET`, `DELETE`. At most `most` bytes of an answer are read.
    pub async fn object(
        &self,
        method: reqwest::Method,
        url: &str,
        body: Vec<u8>,
        most: usize,
    ) -> Result<Reply, NoReply> {
        let request = self.client().request(method, url).timeout(OBJECT).body(body);
        read(request, most).await
    }
}

/// Sends a request and reads what is answered, to a bound.
async fn read(request: reqwest::RequestBuilder, most: usize) -> Result<Reply, NoReply> {
    let mut response = request.send().await.map_err(|error| told(&error))?;
    docket_store::failpoint::reach("net", "sent");
    let retry_after = response.headers().get("retry-after");
    let retry_after = retry_after.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    let status = response.status().as_u16();
    let text = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = response.headers().iter().filter_map(text).collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| told(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() >= most {
            body.truncate(most);
            break;
        }
    }
    Ok(Reply { status, retry_after, headers, body })
}

/// The innermost cause says what happened; those around it say that it did.
fn told(error: &reqwest::Error) -> NoReply {
    if error.is_timeout() {
        return NoReply("no answer in time".to_owned());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    NoReply(cause.to_string())
}
