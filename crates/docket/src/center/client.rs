//! A small HTTP/1.1 client for JSON: one connection, kept, and made again when it was closed. No TLS: it is for
//! a center on this machine or in this network.

use crate::failure::Failure;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

pub use hyper::Method;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_mins(2);

/// A way to one server.
pub struct Client {
    /// `host:port`.
    host: String,
    /// What stands before every path; empty or `/…` without a slash at its end.
    prefix: String,
    authorization: HeaderValue,
    line: Mutex<Line>,
}

/// The connection, and what drives it; dropped together.
#[derive(Default)]
struct Line {
    sender: Option<SendRequest<Full<Bytes>>>,
    _driver: JoinSet<()>,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// Its body as JSON; null where there is none.
    pub fn json(&self) -> Result<Value, Failure> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|_| {
            Failure::new(format!(
                "the server answered {} with something that is not JSON",
                self.status
            ))
            .next("Check that --server names a Docket.")
        })
    }

    /// The body of a success, or why it is none.
    pub fn success(&self) -> Result<Value, Failure> {
        if self.status.is_success() {
            self.json()
        } else {
            Err(failure(self.status, &self.json()?))
        }
    }
}

impl Client {
    /// A client of the server at `url` that speaks with `token`.
    pub fn new(url: &str, token: &str) -> Result<Self, Failure> {
        let wrong =
            |what: String| Failure::usage(what).next("Give a URL such as http://127.0.0.1:7300.");
        if url.starts_with("https://") {
            return Err(wrong(format!("{url}: this command speaks plain HTTP, not TLS")));
        }
        let rest =
            url.strip_prefix("http://").ok_or_else(|| wrong(format!("{url} is no http:// URL")))?;
        let (host, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if host.is_empty() {
            return Err(wrong(format!("{url} names no host")));
        }
        let with_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authorization = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut authorization = authorization.map_err(|_| {
            Failure::usage("the key has characters that no key has").next("Copy it whole.")
        })?;
        authorization.set_sensitive(true);
        Ok(Self {
            host: if with_port { host.to_owned() } else { format!("{host}:80") },
            prefix: prefix.trim_end_matches('/').to_owned(),
            authorization,
            line: Mutex::default(),
        })
    }

    /// Another connection to the same server, which speaks with `token`.
    pub fn with_token(&self, token: &str) -> Result<Self, Failure> {
        Self::new(&format!("http://{}{}", self.host, self.prefix), token)
    }

    /// Asks with JSON and answers the JSON of a success.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        self.send(method, path, &[], body).await?.success()
    }

    /// Sends one request and answers whatever comes back.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.prefix));
        request = request.header(HOST, &self.host).header(AUTHORIZATION, &self.authorization);
        if !body.is_empty() && !headers.iter().any(|(name, _)| name == CONTENT_TYPE) {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).map_err(|error| {
            Failure::new(format!("{path} cannot be asked for: {error}"))
                .next("Check the names in it.")
        })?;
        match tokio::time::timeout(LIMIT, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::new(format!(
                "{} did not answer within {} s",
                self.host,
                LIMIT.as_secs()
            ))
            .next("Look at its log; what was asked may still be done.")),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let lost = |error: hyper::Error| {
            Failure::new(format!("the connection to {} broke: {error}", self.host))
                .next("Ask again with the same Idempotency-Key, or look whether it was done.")
        };
        let mut line = self.line.lock().await;
        let fit = match &mut line.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !fit {
            *line = self.connect().await?;
        }
        let sender = line.sender.as_mut().expect("a line that was connected has a sender");
        let (parts, body) = sender.send_request(request).await.map_err(lost)?.into_parts();
        let body = body.collect().await.map_err(lost)?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    async fn connect(&self) -> Result<Line, Failure> {
        let away = |error: &dyn std::fmt::Display| {
            Failure::new(format!("{} cannot be reached: {error}", self.host))
                .next("Check the address, and that `docket serve` is running there.")
        };
        let stream = TcpStream::connect(&self.host).await.map_err(|error| away(&error))?;
        // A small request must not wait for the acknowledgement of the one before.
        stream.set_nodelay(true).map_err(|error| away(&error))?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| away(&error))?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // How it ended is heard by whoever waits for an answer.
            let _ = connection.await;
        });
        Ok(Line { sender: Some(sender), _driver: driver })
    }
}

/// A problem of the server as a failure of the command.
fn failure(status: StatusCode, problem: &Value) -> Failure {
    let text = |name: &str| problem[name].as_str().filter(|text| !text.is_empty());
    let reason = status.canonical_reason().unwrap_or("no success").to_lowercase();
    let mut message = text("detail").or_else(|| text("title")).map_or(reason, str::to_owned);
    for error in problem["errors"].as_array().into_iter().flatten() {
        let (field, what) = (error["field"].as_str(), error["message"].as_str());
        if let (Some(field), Some(what)) = (field, what) {
            message = format!("{message}; {field}: {what}");
        }
    }
    let next = match status.as_u16() {
        401 => "Check the key: it may be wrong, revoked, or of another center.".to_owned(),
        403 => "Use a key that may do this; `docket key add` makes one.".to_owned(),
        404 => "Check the number or name.".to_owned(),
        429 | 503 => "Try again in a moment.".to_owned(),
        500 => "Its log says more.".to_owned(),
        _ => format!(
            "The server answered {}, code {}.",
            status.as_u16(),
            text("code").unwrap_or("unknown")
        ),
    };
    Failure::new(message).next(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_host_and_may_have_port_and_prefix() {
        let read = |url: &str| Client::new(url, "k").map(|client| (client.host, client.prefix));
        let fine = |host: &str, prefix: &str| (host.to_owned(), prefix.to_owned());
        assert_eq!(read("http://a:7300").ok(), Some(fine("a:7300", "")));
        assert_eq!(read("http://a/docket/").ok(), Some(fine("a:80", "/docket")));
        assert_eq!(read("http://[::1]:7300/").ok(), Some(fine("[::1]:7300", "")));
        assert_eq!(read("http://[::1]").ok(), Some(fine("[::1]:80", "")));
        for wrong in ["https://a", "a:7300", "http://", "ftp://a", ""] {
            assert_eq!(read(wrong).err().map(|failure| failure.code), Some(2), "{wrong}");
        }
    }

    #[test]
    fn a_problem_becomes_a_sentence_with_its_wrong_fields() {
        let problem = serde_json::json!({
            "title": "Invalid", "code": "invalid", "detail": "one field is wrong",
            "errors": [{"field": "name", "code": "empty", "message": "must not be empty"}],
        });
        let said = failure(StatusCode::UNPROCESSABLE_ENTITY, &problem);
        assert_eq!(said.message, "one field is wrong; name: must not be empty");
        assert_eq!(said.next.as_deref(), Some("The server answered 422, code invalid."));
        assert_eq!(failure(StatusCode::BAD_GATEWAY, &Value::Null).message, "bad gateway");
    }
}
