//! The connector to the sandbox gateway (`docket sandbox pay`): JSON over HTTP, each message signed both ways.
//! The signature stands in `seal`, the JSON in `body`.

mod body;
mod seal;

use crate::exchange::{Acknowledgement, Message, Method, Reply, Request, Stamp};
use crate::fault::{Distrust, Fault};
use crate::gateway::Gateway;
use crate::payment::{Closing, Hint, Payment, PaymentState, Refund, RefundState, Start, Started};
use docket_domain::Time;
use docket_domain::time::{MINUTE, Millis};
use serde::Serialize;
use std::fmt;

/// How far the time of a signature may lie from the clock of who reads it, in milliseconds.
pub const REPLAY_WINDOW: Millis = 5 * MINUTE;
/// A longer body is nothing that the gateway sends.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long to wait where the gateway does not say, and how long at most, in milliseconds.
const WAIT: Millis = 1_000;
const WAIT_MAX: Millis = 3_600_000;

/// Who we are at the gateway, and how strict we are.
#[derive(Clone)]
pub struct Config {
    /// The number of the merchant.
    pub merchant: String,
    /// The secret that both sides sign with.
    pub secret: String,
    /// How far the time of a signature may lie from our clock, in milliseconds; usually [`REPLAY_WINDOW`].
    pub replay_window: Millis,
}

/// The secret stays out of logs.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Config(merchant {})", self.merchant)
    }
}

/// The connector.
#[derive(Debug, Clone)]
pub struct Sandbox {
    config: Config,
}

/// What a trusted reply has.
enum SignedReply<'a> {
    Body(&'a [u8]),
    NotFound,
}

impl Sandbox {
    /// A connector for the merchant of `config`.
    pub const fn new(config: Config) -> Self {
        Self { config }
    }

    fn post(&self, path: &'static str, body: &impl Serialize, stamp: Stamp) -> Request {
        let body = serde_json::to_vec(body).expect("what we ask is plain JSON");
        let purpose = format!("{} {path}", Method::Post.word());
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(seal::headers(&self.config, &purpose, stamp, &body));
        Request { method: Method::Post, path: path.to_owned(), headers, body }
    }

    /// Sorts out what is no answer, and believes nothing that is not signed for this very request.
    fn open<'a>(&self, reply: &Reply<'a>) -> Result<SignedReply<'a>, Fault> {
        let body = reply.message.body;
        match reply.status {
            429 => return Err(Fault::Throttled { retry_after: retry_after(&reply.message) }),
            401 | 403 => return Err(Fault::Untrusted(Distrust::OfUs)),
            status @ 500.. => return Err(Fault::Unavailable { status }),
            _ => {}
        }
        if body.len() > BODY_BYTES_MAX {
            return Err(Fault::Garbage { part: "length" });
        }
        let purpose = format!("reply {}", reply.status);
        let nonce = seal::verify(&self.config, &purpose, &reply.message, reply.came_at)?;
        if nonce != reply.asked.nonce_text() {
            return Err(Fault::Untrusted(Distrust::OtherRequest));
        }
        match reply.status {
            200 => Ok(SignedReply::Body(body)),
            400..=499 => match body::code(body)? {
                code if code == "not_found" => Ok(SignedReply::NotFound),
                code => Err(Fault::Refused { code }),
            },
            _ => Err(Fault::Garbage { part: "status" }),
        }
    }
}

/// What a gateway asks us to wait, held within a second and an hour.
fn retry_after(message: &Message<'_>) -> Millis {
    let seconds = message.header("retry-after").and_then(|text| text.trim().parse::<u32>().ok());
    seconds.map_or(WAIT, |seconds| Millis::from(seconds) * 1_000).clamp(WAIT, WAIT_MAX)
}

impl Gateway for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn start(&self, payment: &Payment, start: &Start, stamp: Stamp) -> Request {
        self.post("/v1/payments/start", &body::Starting::of(payment, start), stamp)
    }

    fn started(&self, payment: &Payment, reply: &Reply<'_>) -> Result<Started, Fault> {
        match self.open(reply)? {
            SignedReply::Body(bytes) => body::PaymentTold::read(bytes)?.started(payment),
            // A payment that is being started cannot be missed.
            SignedReply::NotFound => Err(Fault::Refused { code: "not_found".to_owned() }),
        }
    }

    fn query(&self, payment: &Payment, stamp: Stamp) -> Request {
        self.post("/v1/payments/query", &body::PaymentAsked::of(payment), stamp)
    }

    fn queried(&self, payment: &Payment, reply: &Reply<'_>) -> Result<PaymentState, Fault> {
        match self.open(reply)? {
            SignedReply::Body(bytes) => body::PaymentTold::read(bytes)?.state_of(payment),
            SignedReply::NotFound => Ok(PaymentState::Unknown),
        }
    }

    fn close(&self, payment: &Payment, stamp: Stamp) -> Request {
        self.post("/v1/payments/close", &body::PaymentAsked::of(payment), stamp)
    }

    fn closed(&self, payment: &Payment, reply: &Reply<'_>) -> Result<Closing, Fault> {
        match self.open(reply)? {
            SignedReply::Body(bytes) => body::PaymentTold::read(bytes)?.closing(payment),
            SignedReply::NotFound => Ok(Closing::NotFound),
        }
    }

    fn refund(&self, refund: &Refund, stamp: Stamp) -> Request {
        self.post("/v1/refunds/start", &body::Refunding::of(refund), stamp)
    }

    fn refunded(&self, refund: &Refund, reply: &Reply<'_>) -> Result<RefundState, Fault> {
        match self.open(reply)? {
            SignedReply::Body(bytes) => body::RefundTold::read(bytes)?.state_of(refund),
            // Here it is the payment that is missed.
            SignedReply::NotFound => Err(Fault::Refused { code: "not_found".to_owned() }),
        }
    }

    fn query_refund(&self, refund: &Refund, stamp: Stamp) -> Request {
        self.post("/v1/refunds/query", &body::RefundAsked::of(refund), stamp)
    }

    fn refund_queried(&self, refund: &Refund, reply: &Reply<'_>) -> Result<RefundState, Fault> {
        match self.open(reply)? {
            SignedReply::Body(bytes) => body::RefundTold::read(bytes)?.state_of(refund),
            SignedReply::NotFound => Ok(RefundState::Unknown),
        }
    }

    fn callback(&self, message: &Message<'_>, came_at: Time) -> Result<Hint, Fault> {
        if message.body.len() > BODY_BYTES_MAX {
            return Err(Fault::Garbage { part: "length" });
        }
        seal::verify(&self.config, "callback", message, came_at)?;
        body::hint(message.body)
    }

    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement { status: 200, content_type: "text/plain", body: "ok" }
    }
}
