//! What merchants ask: five signed requests, each done or refused, told with a signature, and before and after
//! that whatever the payment was told to do wrong.

use super::behave::{Plan, Word};
use super::book::{Refund, RefundStanding, Refunding, Standing, Starting, is_key};
use super::calls::Call;
use super::{Answer, Dropped, Gateway, Memory, Refusal, json, seal};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// How long a throttled merchant is told to wait, in seconds.
const RETRY_AFTER: &str = "1";

#[derive(Deserialize)]
struct Which {
    payment_id: String,
}

#[derive(Deserialize)]
struct WhichRefund {
    refund_id: String,
    payment_id: String,
}

enum MerchantRequest {
    Start(Starting),
    Query(Which),
    Close(Which),
    Refund(Refunding),
    QueryRefund(WhichRefund),
}

impl MerchantRequest {
    fn read(path: &str, body: &[u8]) -> Result<Self, Refusal> {
        fn of<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
            serde_json::from_slice(body).map_err(|_| Refusal::of(400, "malformed"))
        }
        let asked = match path {
            "/v1/payments/start" => Self::Start(of(body)?),
            "/v1/payments/query" => Self::Query(of(body)?),
            "/v1/payments/close" => Self::Close(of(body)?),
            "/v1/refunds/start" => Self::Refund(of(body)?),
            "/v1/refunds/query" => Self::QueryRefund(of(body)?),
            _ => return Err(Refusal::of(404, "no_such_path")),
        };
        let is_fine = is_key(asked.payment_id());
        if is_fine { Ok(asked) } else { Err(Refusal::of(422, "payment_id")) }
    }

    fn payment_id(&self) -> &str {
        match self {
            Self::Start(asked) => &asked.payment_id,
            Self::Query(asked) | Self::Close(asked) => &asked.payment_id,
            Self::Refund(asked) => &asked.payment_id,
            Self::QueryRefund(asked) => &asked.payment_id,
        }
    }
}

/// What happens to a request before it is looked at.
enum Before {
    Nothing,
    Drop,
    Error,
    Throttle,
}

/// Answers a request to `path`; `host` is what the merchant calls this server.
pub async fn answer(
    gateway: &Arc<Gateway>,
    path: &str,
    headers: &HeaderMap,
    host: &str,
    body: &[u8],
) -> Result<Answer, Dropped> {
    // A stranger is answered without a signature: there is no secret to sign with.
    let stranger = |code: &str| Ok(json(401, &json!({"code": code})));
    let (at, nonce) = match seal::verify(&gateway.settings, &format!("POST {path}"), headers, body)
    {
        Ok(stamp) => stamp,
        Err(code) => return stranger(code),
    };
    if !gateway.memory().seen.is_new(at, nonce, gateway.now()) {
        return stranger("replayed");
    }
    let asked = match MerchantRequest::read(path, body) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(signed(gateway, nonce, refusal.status, &refusal.body())),
    };
    let payment_id = asked.payment_id().to_owned();
    let before = match gateway.memory().before(gateway.settings.seed, &asked) {
        Ok(before) => before,
        Err(refusal) => return Ok(signed(gateway, nonce, refusal.status, &refusal.body())),
    };
    match before {
        Before::Nothing => {}
        Before::Drop => return Err(Dropped::Closed),
        Before::Error => return Ok(json(500, &json!({"code": "internal"}))),
        Before::Throttle => return Ok(throttled()),
    }
    let (status, told) = match perform(gateway, asked, host) {
        Ok(told) => (200, told),
        Err(refusal) => (refusal.status, refusal.body()),
    };
    let (drops, slow) = {
        let mut memory = gateway.memory();
        match memory.plans.get_mut(&payment_id) {
            Some(plan) => (plan.takes(Word::DropAfter), plan.has(Word::Slow).unwrap_or(0)),
            None => (false, 0),
        }
    };
    gateway.pace.pass(slow).await;
    if drops { Err(Dropped::Closed) } else { Ok(signed(gateway, nonce, status, &told)) }
}

impl Memory {
    /// Makes the plan of a payment that is heard of for the first time, and looks what it says of this request.
    fn before(&mut self, seed: u64, asked: &MerchantRequest) -> Result<Before, Refusal> {
        let payment_id = asked.payment_id();
        if let MerchantRequest::Start(start) = asked
            && !self.plans.contains_key(payment_id)
        {
            let title = Plan::of_title(&start.title);
            let title = title.map_err(|_| Refusal::of(422, "unknown_behaviour"))?;
            self.plans.insert(payment_id.to_owned(), self.usual.over(title, seed, payment_id));
        }
        let Some(plan) = self.plans.get_mut(payment_id) else { return Ok(Before::Nothing) };
        Ok(match () {
            () if plan.takes(Word::Drop) => Before::Drop,
            () if plan.takes(Word::Error) => Before::Error,
            () if plan.takes(Word::Throttle) => Before::Throttle,
            () => Before::Nothing,
        })
    }
}

/// Does what is asked and gives what is told of it.
fn perform(gateway: &Arc<Gateway>, asked: MerchantRequest, host: &str) -> Result<Value, Refusal> {
    let url = |reference: &str| Some(format!("http://{host}/pay/{reference}"));
    match asked {
        MerchantRequest::Start(asked) => {
            let payment = start(gateway, asked)?;
            Ok(payment.told(url(&payment.reference)))
        }
        MerchantRequest::Query(asked) => {
            let mut memory = gateway.memory();
            let payment = memory.book.payment(&asked.payment_id, gateway.later())?;
            Ok(payment.told(url(&payment.reference)))
        }
        MerchantRequest::Close(asked) => close(gateway, &asked.payment_id),
        MerchantRequest::Refund(asked) => Ok(refund(gateway, asked)?.told()),
        MerchantRequest::QueryRefund(asked) => {
            let mut memory = gateway.memory();
            Ok(memory.book.refund_of(&asked.payment_id, &asked.refund_id)?.told())
        }
    }
}

fn start(gateway: &Arc<Gateway>, asked: Starting) -> Result<super::book::Payment, Refusal> {
    let mut memory = gateway.memory();
    let (payment, is_new) = memory.book.start(asked, gateway.later())?;
    let plan = memory.plan(&payment.asked.payment_id);
    if is_new && plan.has(Word::Lying).is_some() {
        let mut lie = payment.clone();
        lie.standing = Standing::Paid { amount: payment.asked.amount, at: gateway.now() };
        gateway.call(Call::of_payment(&lie, &plan));
    }
    Ok(payment)
}

fn close(gateway: &Arc<Gateway>, payment_id: &str) -> Result<Value, Refusal> {
    let now = gateway.now();
    let mut memory = gateway.memory();
    let mut plan = memory.plan(payment_id);
    let payment = memory.book.payment(payment_id, gateway.later())?;
    let amount = paid_amount(payment.asked.amount, &plan);
    let closing = match payment.standing {
        Standing::Waiting if plan.takes(Word::TryLater) => "try_later",
        Standing::Waiting if plan.has(Word::PaidWhileClosing).is_some() => {
            payment.pay(amount, now)?;
            gateway.call(Call::of_payment(payment, &plan));
            "already_paid"
        }
        Standing::Waiting => {
            payment.standing = Standing::Closed;
            "closed"
        }
        Standing::Paid { .. } => "already_paid",
        Standing::Failed | Standing::Closed => "closed",
    };
    let mut told = payment.told(None);
    told["closing"] = closing.into();
    if payment.standing == Standing::Closed && plan.has(Word::PaidAfterClose).is_some() {
        payment.standing = Standing::Paid { amount, at: now };
        gateway.call(Call::of_payment(payment, &plan));
    }
    memory.plans.insert(payment_id.to_owned(), plan);
    Ok(told)
}

/// What the payer pays where `asked` was asked.
pub fn paid_amount(asked: i64, plan: &Plan) -> i64 {
    let less = plan.has(Word::WrongAmount).unwrap_or(0);
    asked.saturating_sub_unsigned(less).max(1)
}

fn refund(gateway: &Arc<Gateway>, asked: Refunding) -> Result<Refund, Refusal> {
    let mut memory = gateway.memory();
    let plan = memory.plan(&asked.payment_id);
    let fails = plan.has(Word::RefundFails).is_some();
    let end = if fails { RefundStanding::Failed } else { RefundStanding::Done };
    let wait = plan.has(Word::RefundSlow);
    let first = if wait.is_some() { RefundStanding::Waiting } else { end };
    let (refund, is_new) = memory.book.refund(asked, first)?;
    if is_new {
        let (gateway_then, mut ended) = (gateway.clone(), refund.clone());
        gateway.run(async move {
            gateway_then.pace.pass(wait.unwrap_or(0)).await;
            ended.standing = end;
            let mut memory = gateway_then.memory();
            memory.book.refunds.insert(ended.asked.refund_id.clone(), ended.clone());
            let payment = &memory.book.payments[&ended.asked.payment_id];
            gateway_then.call(Call::of_refund(&ended, payment, &plan));
        });
    }
    Ok(refund)
}

fn signed(gateway: &Gateway, nonce: &str, status: u16, body: &Value) -> Answer {
    let body = Bytes::from(body.to_string());
    let purpose = format!("reply {status}");
    let headers = seal::headers(&gateway.settings, &purpose, gateway.now(), nonce, &body);
    let mut response =
        Response::builder().status(status).header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Full::from(body)).expect("the headers are of plain signs: the nonce came in one")
}

fn throttled() -> Answer {
    let mut answer = json(429, &json!({"code": "throttled"}));
    answer
        .headers_mut()
        .insert("retry-after", hyper::header::HeaderValue::from_static(RETRY_AFTER));
    answer
}
