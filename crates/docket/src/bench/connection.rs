//! One kept-alive connection to the server: one request out, one answer in. Lean, because the client runs on
//! the server's cores and must not be what is measured.

use super::answer::{self, Head};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Where the server is and who asks.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its address.
    pub address: SocketAddr,
    /// A key for it.
    pub key: String,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `GET`, `PUT` or `POST`.
    pub method: &'static str,
    /// Path and query.
    pub path: &'a str,
    /// An `Idempotency-Key`, where there is one.
    pub idempotency_key: Option<&'a str>,
    /// A JSON body; empty means none.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// A question.
    pub const fn get(path: &'a str) -> Self {
        Self { method: "GET", path, idempotency_key: None, body: &[] }
    }
}

/// What was answered; it lives until the connection's next request.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The body where the status is `expected`, else an error with what was said.
    pub fn expect(&self, expected: u16, request: &str) -> io::Result<&[u8]> {
        if self.status == expected {
            return Ok(self.body);
        }
        let said = String::from_utf8_lossy(&self.body[..self.body.len().min(1_000)]);
        let message =
            format!("{request} was answered {} instead of {expected}: {said}", self.status);
        Err(io::Error::other(message))
    }
}

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    host: String,
    authorization: String,
    out: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects to `target`.
    pub async fn open(target: &Target) -> io::Result<Self> {
        let stream = TcpStream::connect(target.address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            host: target.address.to_string(),
            authorization: target.key.clone(),
            out: Vec::with_capacity(4 << 10),
            answer: Vec::with_capacity(16 << 10),
        })
    }

    /// Sends `request` and waits for its answer.
    pub async fn ask(&mut self, request: Request<'_>) -> io::Result<Answer<'_>> {
        self.out.clear();
        write_request(&request, &self.host, &self.authorization, &mut self.out)?;
        self.stream.write_all(&self.out).await?;
        self.answer.clear();
        let head = self.receive().await?;
        Ok(Answer { status: head.status, body: &self.answer[head.length..] })
    }

    async fn receive(&mut self) -> io::Result<Head> {
        let mut known = None;
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server hung up"));
            }
            if known.is_none() {
                known = answer::head(&self.answer).map_err(io::Error::other)?;
            }
            if let Some(head) = known.filter(|head| self.answer.len() >= head.length + head.body) {
                return Ok(head);
            }
        }
    }
}

fn write_request(
    request: &Request<'_>,
    host: &str,
    key: &str,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let Request { method, path, idempotency_key, body } = request;
    write!(out, "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n")?;
    if let Some(key) = idempotency_key {
        write!(out, "idempotency-key: {key}\r\n")?;
    }
    if !body.is_empty() {
        let length = body.len();
        write!(out, "content-type: application/json\r\ncontent-length: {length}\r\n")?;
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_carries_key_length_and_body() {
        let mut out = Vec::new();
        let idempotency_key = Some("k-1");
        let request = Request { method: "POST", path: "/api/orders", idempotency_key, body: b"{}" };
        write_request(&request, "127.0.0.1:7", "secret", &mut out).unwrap();
        let expected = "POST /api/orders HTTP/1.1\r\nhost: 127.0.0.1:7\r\n\
            authorization: Bearer secret\r\nidempotency-key: k-1\r\n\
            content-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_wrong_status_shows_what_was_said() {
        let answer = Answer { status: 409, body: b"out of stock" };
        assert_eq!(answer.expect(409, "x").unwrap(), b"out of stock");
        let error = answer.expect(201, "placing").unwrap_err().to_string();
        assert_eq!(error, "placing was answered 409 instead of 201: out of stock");
    }
}
