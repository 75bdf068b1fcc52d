//! A plain HTTP client for tests: one connection, requests one after another.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

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
        let more: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: docket\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let gone = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(gone)?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| gone())?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
        Ok(Got { status, body: serde_json::from_slice(&body).unwrap_or_else(|_| text()) })
    }
}
