//! Just enough HTTP/1.1 to read what `docket serve` answers: a status, a length, a body. No network here.

use std::fmt;

/// The head of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// Bytes of the head, the empty line included.
    pub length: usize,
    /// Bytes of the body that follows.
    pub body: usize,
}

/// What is no answer of a kind this reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(&'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server's answer {}", self.0)
    }
}

impl std::error::Error for Malformed {}

/// Reads the head at the start of `bytes`; `None` while more bytes are to come.
pub fn head(bytes: &[u8]) -> Result<Option<Head>, Malformed> {
    let Some(end) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let mut lines = bytes[..end].split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let status = first.strip_prefix(b"HTTP/1.1 ").and_then(|rest| number(rest.get(..3)?));
    let status = status.ok_or(Malformed("does not begin with an HTTP/1.1 status"))? as u16;
    let length = lines.find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        name.eq_ignore_ascii_case(b"content-length").then(|| number(value))
    });
    let body = match length {
        Some(Some(body)) => body,
        Some(None) => return Err(Malformed("has a content-length that is no number")),
        None if status == 204 || status == 304 => 0,
        None => return Err(Malformed("has no content-length")),
    };
    Ok(Some(Head { status, length: end + 4, body }))
}

/// The id of the payment order that an answer shows: it stands on top, so its is the first.
pub fn order_id(body: &[u8]) -> Option<i64> {
    const NAME: &[u8] = b"\"order_id\":\"";
    let start = find(body, NAME)? + NAME.len();
    let digits = body[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    number(&body[start..start + digits]).and_then(|id| i64::try_from(id).ok())
}

/// The value of an unlabelled counter in a text of metrics.
pub fn counter(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let answer = b"HTTP/1.1 201 Created\r\nX-Other: 1\r\nContent-Length: 17\r\n\r\n{\"order";
        for partial in 0..answer.len() - 8 {
            assert_eq!(head(&answer[..partial]), Ok(None), "{partial} bytes");
        }
        let length = answer.len() - 7;
        assert_eq!(head(answer), Ok(Some(Head { status: 201, length, body: 17 })));
    }

    #[test]
    fn what_cannot_be_read_is_not_guessed_at() {
        let bad = [
            "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n",
            "HTTP/1.1 abc\r\ncontent-length: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        ];
        for answer in bad {
            assert!(head(answer.as_bytes()).is_err(), "{answer}");
        }
        let empty = b"HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(head(empty), Ok(Some(Head { status: 204, length: empty.len(), body: 0 })));
    }

    #[test]
    fn the_order_is_the_one_on_top() {
        let body =
            br#"{"order_id":"4611686018427387905","level":"payment","shops":[{"order_id":"7"}]}"#;
        assert_eq!(order_id(body), Some(4_611_686_018_427_387_905));
        assert_eq!(order_id(b"{}"), None);
        assert_eq!(order_id(br#"{"order_id":"x"}"#), None);
    }

    #[test]
    fn a_counter_is_told_by_its_whole_name() {
        let text = "# TYPE a_total counter\na_total_more 1\na_total 25\n";
        assert_eq!(counter(text, "a_total"), Some(25));
        assert_eq!(counter(text, "a"), None);
    }
}
