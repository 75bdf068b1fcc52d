//! What goes over the wire, as plain values: requests, replies, callbacks. How they are sent is not known here.

use docket_domain::Time;
use std::fmt;

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
}

impl Method {
    /// As it stands in the first line of a request.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// When a request was made, and a number that no other request has. Every sending needs a fresh one, the second
/// try of the same thing too: a gateway takes a number once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// By the caller's clock.
    pub at: Time,
    /// From a source that nobody can guess.
    pub nonce: u128,
}

impl Stamp {
    /// The number as 32 hexadecimal digits.
    pub fn nonce_text(&self) -> String {
        format!("{:032x}", self.nonce)
    }
}

/// A request that is ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Where, below the base URL of the gateway; begins with a slash.
    pub path: String,
    /// Names in lower case, and their values.
    pub headers: Vec<(&'static str, String)>,
    /// The body; what was signed, so no byte of it may be changed.
    pub body: Vec<u8>,
}

/// Bodies and headers may hold what must not stand in a log.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {}, {} bytes)", self.method.word(), self.path, self.body.len())
    }
}

/// A head and a body that came in.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Names in any case, and their values.
    pub headers: &'a [(String, String)],
    /// The body as it came.
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// The value of a header that came once. A header that came twice says nothing: nobody knows which is meant.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut found = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value.as_str())
    }
}

/// What came back for a request.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// The HTTP status.
    pub status: u16,
    /// Headers and body.
    pub message: Message<'a>,
    /// The stamp of the request that this answers.
    pub asked: Stamp,
    /// When it came, by the caller's clock.
    pub came_at: Time,
}

/// What to answer to a callback that was taken, so that the gateway does not send it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The HTTP status.
    pub status: u16,
    /// The `content-type`.
    pub content_type: &'static str,
    /// What the gateway takes for an acknowledgement, whole.
    pub body: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_came_twice_says_nothing() {
        let headers = [("X-A", "1"), ("x-b", "2"), ("X-B", "3")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let message = Message { headers: &headers, body: b"" };
        assert_eq!(message.header("x-a"), Some("1"));
        assert_eq!(message.header("x-b"), None);
        assert_eq!(message.header("x-c"), None);
    }

    #[test]
    fn a_request_is_logged_without_its_contents() {
        let (path, body) = ("/v1".to_owned(), b"secret".to_vec());
        let request = Request { method: Method::Post, path, headers: vec![], body };
        assert_eq!(format!("{request:?}"), "Request(POST /v1, 6 bytes)");
    }
}
