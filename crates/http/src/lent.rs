//! Bodies that are lent to whoever answers a request, and what nobody read of them: a little that comes at once is read
//! and thrown away, so that the connection can be used again; with anything else the connection ends.

use crate::connections::Seat;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CONNECTION, EXPECT};
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// So much of a body that nobody asked for is read, and thrown away, so that the connection can be used again.
const DRAIN_MAX: usize = 64 << 10;
/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// A body that is lent to whoever answers a request. What nobody read of it comes back.
pub struct Lent {
    body: Body,
    ended: bool,
    left: Arc<Mutex<Option<Body>>>,
    seat: Option<Arc<Seat>>,
}

/// What comes back of a body, once the request is answered.
pub struct Left {
    body: Arc<Mutex<Option<Body>>>,
    /// Whether its sender waits to be asked for it.
    waits: bool,
}

/// The request with its body lent; nothing comes back where there is none.
pub fn lent(request: Request, seat: Option<&Arc<Seat>>) -> (Request, Option<Left>) {
    if request.body().is_end_stream() {
        return (request, None);
    }
    let left = Left { body: Arc::default(), waits: request.headers().contains_key(EXPECT) };
    let (slot, seat) = (Arc::clone(&left.body), seat.cloned());
    let lent = |body| Body::new(Lent { body, ended: false, left: slot, seat });
    (request.map(lent), Some(left))
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Some(seat) = &self.seat {
            if polled.is_pending() { seat.waits_for_body() } else { seat.works() }
        }
        if let Poll::Ready(None | Some(Err(_))) = polled {
            self.ended = true;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(seat) = &self.seat {
            seat.works();
        }
        if !self.ended && !self.body.is_end_stream() {
            let left = std::mem::take(&mut self.body);
            *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(left);
        }
    }
}

impl Left {
    /// Makes the connection fit for another request, or has `response` close it.
    pub async fn settle(self, response: &mut Response, seat: Option<&Arc<Seat>>) {
        let left = self.body.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(body) = left else { return };
        let headers = response.headers_mut();
        let closes = headers.get(CONNECTION).is_some_and(|connection| connection == "close");
        if closes || self.waits || !drained(body).await {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
            if let Some(seat) = seat {
                seat.will_linger();
            }
        }
    }
}

/// Reads what is left of a body, if it is little and comes soon.
async fn drained(mut body: Body) -> bool {
    let draining = async {
        let mut seen = 0;
        while body.size_hint().lower() as usize + seen <= DRAIN_MAX {
            match body.frame().await {
                None => return true,
                Some(Ok(frame)) => seen += frame.data_ref().map_or(0, Bytes::len),
                Some(Err(_)) => return false,
            }
        }
        false
    };
    tokio::time::timeout(DRAIN_TIME, draining).await.unwrap_or(false)
}
