//! The listener: calls of the open platform at one road, the tester's at another.

use super::behave::{Plan, Sight, Word};
use super::gate::{Now, check};
use super::received::Received;
use super::refusal::{self, Refusal};
use super::{Market, Memory, Settings, calls, control, opaque};
use crate::http::{self, Answer, Dropped, json};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::{Method, Request, Response};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::json;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::TcpListener;

const BODY_BYTES_MAX: usize = 8 << 20;
/// What a proxy in front of the platform shows.
const PAGE: &str = "<!doctype html><html><body><h1>Sorry</h1></body></html>";

/// Serves a marketplace on `listener` until `shutdown` is ready; then drops what is under way.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let market = Market::new(settings);
    let served = Arc::clone(&market);
    let handle = move |request| answer(Arc::clone(&served), request);
    http::serve(listener, shutdown, &market.stop, handle).await;
    market.jobs.close();
    market.jobs.wait().await;
    Ok(())
}

/// A body that may break off in its middle.
pub enum Sent {
    Whole(Full<Bytes>),
    /// What is sent before it breaks, and how long the whole was said to be.
    Cut(Option<Bytes>, u64),
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        match self.get_mut() {
            Self::Whole(whole) => {
                let polled = Pin::new(whole).poll_frame(context);
                polled.map_err(|never: Infallible| match never {})
            }
            Self::Cut(part, _) => Poll::Ready(Some(
                part.take().map_or(Err(Dropped::Closed), |part| Ok(Frame::data(part))),
            )),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Cut(_, length) => SizeHint::with_exact(*length),
        }
    }
}

async fn answer(
    market: Arc<Market>,
    request: Request<Incoming>,
) -> Result<Response<Sent>, Dropped> {
    let (head, body) = request.into_parts();
    let whole = |answer: Answer| Ok(answer.map(Sent::Whole));
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return whole(json(413, &json!({"code": "too_large"})));
    };
    let body = body.to_bytes();
    let query = head.uri.query().unwrap_or_default();
    match (&head.method, head.uri.path()) {
        (&Method::POST, "/openapi/router") => called(&market, &body).await,
        (method, path) if path.starts_with("/control") => {
            whole(control::answer(&market, method, path, query, &body))
        }
        _ => whole(json(404, &json!({"code": "no_such_path"}))),
    }
}

/// Answers a call of the open platform.
async fn called(market: &Market, body: &[u8]) -> Result<Response<Sent>, Dropped> {
    let received = Received::read(body);
    let (plan, status, said, date) = {
        let mut memory = market.memory();
        let now = Now { told: market.told(&memory), passed: market.passed() };
        let sight = received.as_ref().map(|asked| sight(&memory, asked)).unwrap_or_default();
        let plan = memory.rules.plan(&sight, now.passed);
        memory.count(&received, &sight, now);
        let (status, said) = match instead(&plan) {
            Some(instead) => instead,
            None => (200, memory.enveloped(market.settings.seed, received, &plan, now)),
        };
        (plan, status, said, date(now.told))
    };
    if let Some(late) = plan.has(Word::Stall) {
        market.pace.pass(late).await;
    }
    for (word, dropped) in [(Word::Drop, Dropped::Closed), (Word::Reset, Dropped::Reset)] {
        if plan.has(word).is_some() {
            return Err(dropped);
        }
    }
    let is_html = said.starts_with(b"<");
    let kind = if is_html { "text/html" } else { "application/json;charset=UTF-8" };
    let response =
        Response::builder().status(status).header("content-type", kind).header("date", date);
    response.body(sent(said, &plan)).map_err(|_| Dropped::Closed)
}

/// The time as HTTP writes it.
fn date(told_ms: i64) -> String {
    let time = Timestamp::from_millisecond(told_ms).unwrap_or_default();
    DateTimePrinter::new().timestamp_to_rfc9110_string(&time).unwrap_or_default()
}

/// What a rule may look at, before anything of the call is checked.
fn sight(memory: &Memory, asked: &Received) -> Sight {
    let token = asked.text("access_token").unwrap_or_default();
    let shop = memory.shops.iter().find(|shop| shop.token.text == token);
    let page = |name| asked.number(name).ok().flatten();
    Sight {
        is_push: false,
        shop: shop.map(|shop| shop.mall_id.clone()).unwrap_or_default(),
        kind: asked.text("type").unwrap_or_default(),
        page: page("pageNumber").or_else(|| page("pageNo")),
        order: asked.text("parentOrderSn"),
    }
}

/// What is answered instead of looking at the call at all.
fn instead(plan: &Plan) -> Option<(u16, Vec<u8>)> {
    let page = |status| Some((status, PAGE.as_bytes().to_vec()));
    match (plan.has(Word::Error), plan.has(Word::Html)) {
        (Some(status), _) => page(u16::try_from(status).unwrap_or(500)),
        (None, Some(_)) => page(200),
        (None, None) => None,
    }
}

/// The bytes as they go out.
fn sent(mut said: Vec<u8>, plan: &Plan) -> Sent {
    if let Some(kib) = plan.has(Word::Huge) {
        // Blanks before the last brace: the JSON stays whole and says the same.
        let end = said.pop();
        said.resize(said.len() + ((kib as usize) << 10), b' ');
        said.extend(end);
    }
    let half = said.len() / 2;
    if plan.has(Word::Truncated).is_some() {
        said.truncate(half);
    }
    if plan.has(Word::Cut).is_some() {
        let length = said.len() as u64;
        said.truncate(half);
        return Sent::Cut(Some(said.into()), length);
    }
    Sent::Whole(Full::from(said))
}

impl Memory {
    fn count(&mut self, received: &Result<Received, Refusal>, sight: &Sight, now: Now) {
        let app_key = received.as_ref().ok().and_then(|asked| asked.text("app_key"));
        if let Some(app) = app_key.and_then(|key| self.apps.get_mut(&key)) {
            app.limiter.count(&sight.kind, &sight.shop, now.passed);
        }
    }

    /// The answer to a call in its envelope.
    fn enveloped(
        &mut self,
        seed: u64,
        received: Result<Received, Refusal>,
        plan: &Plan,
        now: Now,
    ) -> Vec<u8> {
        self.requests += 1;
        let id = format!("us-{}", opaque(seed, "request", &self.requests.to_string()));
        match received.and_then(|asked| self.done(seed, &asked, plan, now)) {
            Ok(result) => {
                let mut said = format!(
                    r#"{{"success":true,"errorCode":1000000,"errorMsg":"","requestId":"{id}","result":"#
                )
                .into_bytes();
                said.extend(result);
                said.push(b'}');
                said
            }
            Err(Refusal { code, message }) => {
                json!({"success": false, "errorCode": code, "errorMsg": message, "requestId": id})
                    .to_string()
                    .into_bytes()
            }
        }
    }

    fn done(
        &mut self,
        seed: u64,
        asked: &Received,
        plan: &Plan,
        now: Now,
    ) -> Result<Vec<u8>, Refusal> {
        let passed = check(self, asked, now)?;
        let refused = [
            (Word::Throttle, refusal::THROTTLED),
            (Word::System, refusal::SYSTEM),
            (Word::NoScope, refusal::NO_SCOPE),
            (Word::Expired, refusal::DEAD_TOKEN),
        ];
        if let Some((_, refusal)) = refused.iter().find(|(word, _)| plan.has(*word).is_some()) {
            return Err(*refusal);
        }
        if let Some(code) = plan.has(Word::Code) {
            return Err(refusal::as_asked(u32::try_from(code).unwrap_or(4_000_000)));
        }
        let passed = &passed;
        calls::perform(self, &calls::Call { passed, asked, plan, seed, now })
    }
}
