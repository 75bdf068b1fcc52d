//! Bodies of requests: read once it is known who asks, within limits of size, time and room.
//!
//! Of someone who is known a body that is too large is read to its end, without keeping it, so that the connection can
//! be used again; what is beyond all measure closes it. What nobody reads is the business of [`crate::lent`].

use crate::failure::Failure;
use crate::room::{NoRoom, Room, Sender, Share};
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use docket_app::aside;
use docket_wire::Unreadable;
use docket_wire::reader::{self, Fields, Source};
use http_body_util::BodyExt;
use std::time::Duration;

/// The largest body of someone who is known.
const BODY_MAX: usize = 1 << 20;
/// The largest body of an import.
const IMPORT_MAX: usize = 16 << 20;
/// The largest body of someone who is not known.
const STRANGER_MAX: usize = 64 << 10;
/// So much of someone who is known is read, and thrown away, before a connection is given up.
const READ_MAX: usize = 16 << 20;
/// The first piece of room for a body that does not come at once.
const FIRST_ROOM: usize = 16 << 10;

/// What is taken from whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// One document of someone who is known.
    Document,
    /// Lines of someone who is known.
    Lines,
    /// A little of anyone.
    Open,
}

impl Door {
    const fn sender(self) -> Sender {
        match self {
            Self::Document | Self::Lines => Sender::Known,
            Self::Open => Sender::Stranger,
        }
    }

    /// The largest body that is taken.
    const fn limit(self) -> usize {
        match self {
            Self::Document => BODY_MAX,
            Self::Lines => IMPORT_MAX,
            Self::Open => STRANGER_MAX,
        }
    }

    /// The largest that is read to its end.
    const fn read_max(self) -> usize {
        match self {
            Self::Document | Self::Lines => READ_MAX,
            Self::Open => STRANGER_MAX,
        }
    }
}

/// Reads the body of a request, in `time`, of what there is of `room`.
pub async fn received(
    door: Door,
    body: Body,
    room: &Room,
    time: Duration,
) -> Result<Bytes, Failure> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if body.size_hint().lower() > door.read_max() as u64 {
        return Err(Failure::too_large(door.limit()).closing());
    }
    let come = tokio::time::timeout(time, gather(door, body, room)).await;
    let (whole, mut share) = come.unwrap_or_else(|_| {
        let detail = format!("the body did not arrive within {} s", time.as_secs());
        let title = "The body took too long";
        let failure = Failure::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", title, detail);
        Err(failure.closing())
    })?;
    // Waiting for a turn is no time of the client's.
    if door == Door::Document {
        room.turn(&mut share, whole.len()).await;
    }
    Ok(share.held_by(whole))
}

/// The whole body, and the room it takes.
async fn gather(door: Door, mut body: Body, room: &Room) -> Result<(Bytes, Share), Failure> {
    let limit = door.limit();
    let fits = body.size_hint().lower() <= limit as u64;
    let (mut kept, mut seen) = (BodyBuffer::nothing(room, door.sender()), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| broken_off())?;
        let Ok(bytes) = frame.into_data() else { continue };
        seen += bytes.len();
        if seen > door.read_max() {
            return Err(Failure::too_large(limit).closing());
        }
        if fits && seen <= limit {
            kept.keep(bytes, limit).map_err(|NoRoom| Failure::no_room().closing())?;
        } else {
            kept.clear();
        }
    }
    if seen > limit {
        return Err(Failure::too_large(limit));
    }
    let BodyBuffer { first, rest, share } = kept;
    Ok((if rest.is_empty() { first } else { rest.into() }, share))
}

/// What has come of a body, and the room it takes.
struct BodyBuffer {
    first: Bytes,
    rest: Vec<u8>,
    share: Share,
}

impl BodyBuffer {
    fn nothing(room: &Room, sender: Sender) -> Self {
        Self { first: Bytes::new(), rest: Vec::new(), share: room.share(sender) }
    }

    fn clear(&mut self) {
        (self.first, self.rest) = (Bytes::new(), Vec::new());
        self.share.clear();
    }

    /// Keeps `bytes`, which come next; all of them together are at most `limit`.
    fn keep(&mut self, bytes: Bytes, limit: usize) -> Result<(), NoRoom> {
        if self.first.is_empty() && self.rest.is_empty() {
            // Mostly all there is: kept without a copy.
            self.share.take(bytes.len())?;
            self.first = bytes;
            return Ok(());
        }
        let first = std::mem::take(&mut self.first);
        let needed = self.rest.len() + first.len() + bytes.len();
        if needed > self.rest.capacity() {
            // Room is taken for what has come, twice over, and never for what was announced.
            let wanted = (2 * needed).clamp(FIRST_ROOM, limit.max(FIRST_ROOM));
            self.share.take(wanted - self.rest.capacity())?;
            self.rest.reserve_exact(wanted - self.rest.len());
        }
        self.rest.extend_from_slice(&first);
        self.rest.extend_from_slice(&bytes);
        Ok(())
    }
}

fn broken_off() -> Failure {
    let title = "The body broke off";
    let detail = "the connection ended, or was not HTTP, before the body was complete";
    Failure::new(StatusCode::BAD_REQUEST, "body_incomplete", title, detail).closing()
}

/// What a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One JSON document; it must say so.
    Json,
    /// JSON lines, under any of their names; nobody has registered one, so none need be given.
    Lines,
}

impl Kind {
    fn takes(self, named: &str) -> bool {
        let names: &[&str] = match self {
            Self::Json => &["application/json"],
            Self::Lines => &[
                "",
                "application/x-ndjson",
                "application/ndjson",
                "application/jsonl",
                "application/x-jsonlines",
                "application/json",
            ],
        };
        names.iter().any(|name| named.eq_ignore_ascii_case(name))
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Json => "send JSON, with `Content-Type: application/json`",
            Self::Lines => "send JSON lines, with `Content-Type: application/x-ndjson`",
        }
    }
}

/// Whether the body of a request says that it is of this `kind`.
pub fn of_kind(kind: Kind, headers: &HeaderMap) -> Result<(), Failure> {
    let unsupported = |detail: &str| {
        let title = "The body is not of a kind that is taken here";
        Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", title, detail)
    };
    let named = headers.get(CONTENT_TYPE).map_or(Ok(""), |named| named.to_str());
    let named = named.unwrap_or("unreadable").split(';').next().unwrap_or_default().trim();
    if !kind.takes(named) {
        return Err(unsupported(kind.advice()));
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(unsupported("send the body as it is, without `Content-Encoding`"));
    }
    Ok(())
}

/// A JSON document as it came. A large one is read aside, and there is no other way to read it.
#[derive(Debug)]
pub struct JsonBody(pub Bytes);

impl JsonBody {
    /// Reads it with `read`.
    pub fn read_by<T>(&self, read: impl FnOnce(&[u8]) -> T) -> T {
        aside(self.0.len(), || read(&self.0))
    }
}

/// Reads a document, one object, as [`reader::read`] does.
pub fn read<T>(
    body: &JsonBody,
    source: Source,
    read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>,
) -> Result<T, Unreadable> {
    body.read_by(|bytes| reader::read(bytes, source, read))
}
