//! Heads of requests that the HTTP library refuses by itself, before anything of ours sees them: their answers
//! are made problems like all others, on their way out.
//!
//! The library offers no place to do that but the connection itself, so its bytes are looked at. Every answer of
//! ours carries `x-request-id`; a head that is a whole answer without one is the library's own.

use crate::request::Ids;
use axum::http::StatusCode;
use docket_app::Peer;
use docket_wire::{Problem, problem};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tracing::field::display;

/// A connection on which refused heads are answered with problems.
pub struct Answering<S> {
    stream: S,
    ids: Arc<Ids>,
    peer: Peer,
    /// A problem on its way, and how much of it has gone.
    problem: Option<(Vec<u8>, usize)>,
}

impl<S: AsyncWrite + Unpin> Answering<S> {
    /// Looks at what is written to `stream`.
    pub const fn on(stream: S, ids: Arc<Ids>, peer: Peer) -> Self {
        Self { stream, ids, peer, problem: None }
    }

    /// Sends what is left of a problem.
    fn poll_problem(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((bytes, sent)) = &mut self.problem {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[*sent..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *sent += written;
            if *sent == bytes.len() {
                self.problem = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The status of an answer that is the library's own.
fn refused(written: &[u8]) -> Option<StatusCode> {
    let head = written.strip_prefix(b"HTTP/1.1 4").filter(|head| head.ends_with(b"\r\n\r\n"))?;
    let head = std::str::from_utf8(head).ok()?.to_ascii_lowercase();
    if head.contains("\r\nx-request-id:") || !head.contains("\r\ncontent-length: 0\r\n") {
        return None;
    }
    StatusCode::from_u16(400 + head.get(..2)?.parse::<u16>().ok()?).ok()
}

/// The whole answer that is sent instead.
fn answer(status: StatusCode, id: &str) -> Vec<u8> {
    let (code, title, detail) = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            let detail = "the request line and headers come to more than is taken";
            ("head_too_large", "The head of the request is too large", detail)
        }
        StatusCode::URI_TOO_LONG => {
            ("uri_too_long", "The path is too long", "the path and query are longer than is taken")
        }
        _ => {
            let detail = "the request line or a header cannot be read";
            ("malformed_request", "The request is not HTTP", detail)
        }
    };
    let body = Problem::new(status.as_u16(), code, title, detail.to_owned());
    let body = serde_json::to_string(&body).expect("a problem is plain JSON");
    let (kind, length) = (problem::MEDIA_TYPE, body.len());
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nx-request-id: {id}\r\n\
         content-language: en\r\nvary: accept-language\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Answering<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_problem(cx))?;
        if let Some(status) = refused(bytes) {
            let id = this.ids.fresh();
            // What it says of its client cannot be read: the other end of the connection is all there is.
            let client = this.peer.0.map(display);
            tracing::info!(
                status = status.as_u16(),
                id,
                client,
                "the head of a request was refused"
            );
            this.problem = Some((answer(status, &id), 0));
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut this.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = slices {
            return self.poll_write(cx, only);
        }
        let this = self.get_mut();
        ready!(this.poll_problem(cx))?;
        Pin::new(&mut this.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_problem(cx))?;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_problem(cx))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Answering<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_answer_without_an_id_is_the_librarys_own() {
        let own =
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        assert_eq!(refused(own), Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        for ours in [
            &b"HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n"[..],
            b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 7\r\n\r\n",
            b"HTTP/1.1 400 in the middle of a body",
        ] {
            assert_eq!(refused(ours), None);
        }
    }
}
