//! The one way out: requests to servers that are not this process.
//!
//! No redirect is followed, and everything has an end: each call says how long its whole exchange may take and how
//! long the body of the reply may be, inflated where it comes as gzip. A longer one is refused, never cut. Whoever
//! asks here is a task that is tried again, or a command. Gateways, ledgers and the archive stand in the config:
//! where they are is the operator's matter. Where events are sent is said by whoever may add a webhook, and limited
//! in `targets`.

pub(crate) mod mail;
mod networks;
pub(crate) mod standard_webhooks;
pub mod targets;

pub use mail::{is_mailbox, is_server as is_mail_server};
pub use networks::{Networks, NotANetwork};

use std::sync::{Arc, OnceLock};
use std::time::Duration;
use targets::{Guard, Refused};

pub use reqwest::{Method, StatusCode, Url};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// What one exchange may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the look-up of the name to the last byte of the reply.
    pub time: Duration,
    /// Bytes of the reply's body, inflated.
    pub bytes: usize,
}

impl Limits {
    /// A message that is acknowledged or answered in a few words.
    pub const MESSAGE: Self = Self { time: Duration::from_secs(15), bytes: 64 << 10 };

    /// An object that is moved, in either direction, and at most `bytes` that come back.
    pub const fn object(bytes: usize) -> Self {
        Self { time: Duration::from_mins(5), bytes }
    }
}

/// What others answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status of HTTP.
    pub status: u16,
    /// Seconds it asks to wait.
    pub retry_after: Option<u64>,
    /// Its headers that are text: names in lower case, and their values.
    pub headers: Vec<(String, String)>,
    /// All that it says, or that this is more than was asked for: the status alone may be answer enough.
    pub body: Result<Vec<u8>, TooLong>,
}

/// The body of a reply is longer than its reader allows, or grows beyond that when it is inflated. Nothing of it is
/// handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is longer than {limit} bytes")]
pub struct TooLong {
    /// How many are allowed.
    pub limit: usize,
}

/// Why there was no answer: one sentence for the memory of a task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReply {
    /// There is nobody, or nobody we trust: nothing was asked.
    #[error("{0}")]
    Unreached(String),
    /// The time ran out. It may have heard.
    #[error("no answer in time")]
    Late,
    /// The exchange broke off, or was not as HTTP is. It may have heard.
    #[error("{0}")]
    Broken(String),
}

/// What all clients have in common: TLS with what the system trusts, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
fn builder() -> reqwest::ClientBuilder {
    // A process may have several centers, in tests; the first installs what all use.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("docket/", env!("CARGO_PKG_VERSION")))
}

/// Headers of a request.
pub type Headers = Vec<(&'static str, String)>;

/// The way of a command to its center: past every proxy, for it is this machine or one that was named.
#[derive(Debug, Clone)]
pub struct Direct(reqwest::Client);

impl Direct {
    /// A way to `center` and whatever else is at its address.
    pub fn to(center: &Url) -> Self {
        let builder = builder().no_proxy();
        // Whom the system trusts is read from hundreds of files; plain HTTP asks nobody.
        let builder = if center.scheme() == "https" { builder } else { builder.tls_certs_only([]) };
        Self(builder.build().expect("a client of fixed settings can be built"))
    }

    /// Sends a request as it is.
    pub async fn send(
        &self,
        method: Method,
        url: Url,
        headers: Headers,
        body: Vec<u8>,
        limits: Limits,
    ) -> Result<Reply, NoReply> {
        exchange(with(self.0.request(method, url).body(body), headers), limits).await
    }
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
        headers: Headers,
        body: Vec<u8>,
        limits: Limits,
    ) -> Result<Reply, NoReply> {
        let unfit = |why: String| NoReply::Unreached(why);
        let url: Url = url.parse().map_err(|_| unfit("its URL cannot be read".to_owned()))?;
        targets::judge_literal(&url, &self.allowed).map_err(|why| unfit(why.to_string()))?;
        let request = self.guarded().post(url).body(body);
        exchange(with(request, json(headers)), limits).await
    }

    /// Sends `body` as JSON.
    pub async fn post(
        &self,
        url: &str,
        headers: Headers,
        body: Vec<u8>,
        limits: Limits,
    ) -> Result<Reply, NoReply> {
        self.send(Method::POST, url, json(headers), body, limits).await
    }

    /// Sends a request as it is.
    pub async fn send<N: AsRef<str>>(
        &self,
        method: Method,
        url: &str,
        headers: Vec<(N, String)>,
        body: Vec<u8>,
        limits: Limits,
    ) -> Result<Reply, NoReply> {
        exchange(with(self.client().request(method, url).body(body), headers), limits).await
    }
}

/// The headers of a body that is JSON.
fn json(mut headers: Headers) -> Headers {
    headers.push(("content-type", "application/json".to_owned()));
    headers
}

fn with<N: AsRef<str>>(
    request: reqwest::RequestBuilder,
    headers: Vec<(N, String)>,
) -> reqwest::RequestBuilder {
    headers.into_iter().fold(request, |request, (name, value)| request.header(name.as_ref(), value))
}

/// Sends a request and reads what is answered, in the time there is for both.
async fn exchange(request: reqwest::RequestBuilder, limits: Limits) -> Result<Reply, NoReply> {
    let asked = async { read(request.send().await.map_err(|error| told(&error))?, limits).await };
    tokio::time::timeout(limits.time, asked).await.unwrap_or(Err(NoReply::Late))
}

async fn read(mut response: reqwest::Response, limits: Limits) -> Result<Reply, NoReply> {
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
        if body.len() + chunk.len() > limits.bytes {
            let too_long = TooLong { limit: limits.bytes };
            return Ok(Reply { status, retry_after, headers, body: Err(too_long) });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, retry_after, headers, body: Ok(body) })
}

/// The innermost cause says what happened; those around it say that it did.
fn told(error: &reqwest::Error) -> NoReply {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let why = cause.to_string();
    match (error.is_connect() || error.is_builder(), error.is_timeout()) {
        (true, true) => NoReply::Unreached("no answer in time".to_owned()),
        (true, false) => NoReply::Unreached(why),
        (false, true) => NoReply::Late,
        (false, false) => NoReply::Broken(why),
    }
}

#[cfg(test)]
mod tests;
