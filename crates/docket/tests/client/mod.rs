//! A plain HTTP client for tests: one connection, requests one after another. Every answer is held against the
//! document of the API.

use docket_testkit::contract::{Contract, Exchange};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::Duration;

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    Contract::of(serde_json::from_str(&docket_http::document()).expect("the document is JSON"))
});

/// One connection to a server, with a token.
pub struct Client {
    stream: BufReader<TcpStream>,
    token: String,
}

/// What was answered.
#[derive(Debug)]
pub struct Got {
    /// The status.
    pub status: u16,
    /// The body; a text where it is no JSON.
    pub body: Value,
}

impl Client {
    /// Connects to `base` (`http://…`).
    pub fn new(base: &str, token: &str) -> std::io::Result<Self> {
        let address = base.strip_prefix("http://").unwrap_or(base).trim_end_matches('/');
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), token: token.to_owned() })
    }

    pub fn post(&mut self, path: &str, body: &Value) -> std::io::Result<Got> {
        self.send("POST", path, &body.to_string())
    }

    pub fn put(&mut self, path: &str, body: &Value) -> std::io::Result<Got> {
        self.send("PUT", path, &body.to_string())
    }

    pub fn get(&mut self, path: &str) -> std::io::Result<Got> {
        self.send("GET", path, "")
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> std::io::Result<Got> {
        self.send_with(method, path, &[], body)
    }

    /// Sends a request with more headers than the usual ones.
    pub fn send_with(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> std::io::Result<Got> {
        let (token, length) = (&self.token, body.len());
        let more = headers
            .iter()
            .fold(String::new(), |more, (name, value)| more + name + ": " + value + "\r\n");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: docket\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let gone = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(gone)?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(Ok(0), |(_, value)| value.parse()).map_err(|_| gone())?;
        let mut answered = vec![0; length];
        self.stream.read_exact(&mut answered)?;
        let asked = Some(body.as_bytes());
        let exchange = Exchange {
            method,
            target: path,
            asked,
            status,
            headers: &headers,
            answered: &answered,
        };
        // Sandboxes are spoken to as well; theirs is another interface.
        let is_ours = ["/api/", "/livez", "/readyz", "/metrics"];
        let is_ours = is_ours.iter().any(|start| path.starts_with(start));
        let breaches = if is_ours { CONTRACT.breaches(&exchange) } else { Vec::new() };
        assert!(breaches.is_empty(), "{method} {path} is not as the document says: {breaches:#?}");
        let text = || Value::String(String::from_utf8_lossy(&answered).into_owned());
        Ok(Got { status, body: serde_json::from_slice(&answered).unwrap_or_else(|_| text()) })
    }
}
