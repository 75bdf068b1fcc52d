//! Callbacks to merchants: signed, sent again until they are taken, and sent late, twice or with a wrong signature
//! where the payment was told so.

use super::behave::{Plan, Word};
use super::book::{Payment, Refund};
use super::{Gateway, seal};
use crate::chance;
use crate::http::post;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How long a merchant may take over one callback.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before each further try of a callback that was not taken, in milliseconds.
const AGAIN: [u64; 5] = [1_000, 5_000, 30_000, 300_000, 1_800_000];
/// How many callbacks are remembered.
const CALLED_MAX: usize = 10_000;

/// A callback that is to be sent.
#[derive(Debug)]
pub struct Call {
    url: String,
    about: &'static str,
    id: String,
    said: &'static str,
    body: Value,
    /// How often it is sent; 0 for a silent gateway.
    times: u64,
    delay: u64,
    is_forged: bool,
}

/// A callback that was sent, for the tester.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Called {
    about: &'static str,
    id: String,
    said: &'static str,
    /// The status of the merchant's answer; none where there was no answer.
    answer: Option<u16>,
}

impl Call {
    /// Tells how a payment stands.
    pub fn of_payment(payment: &Payment, plan: &Plan) -> Self {
        let (id, said) = (payment.asked.payment_id.clone(), payment.standing.word());
        let body = json!({"payment": payment.told(None)});
        Self::of("payment", id, said, payment, plan, body)
    }

    /// Tells how a refund of `payment` stands.
    pub fn of_refund(refund: &Refund, payment: &Payment, plan: &Plan) -> Self {
        let (id, said) = (refund.asked.refund_id.clone(), refund.standing.word());
        Self::of("refund", id, said, payment, plan, json!({"refund": refund.told()}))
    }

    fn of(
        about: &'static str,
        id: String,
        said: &'static str,
        payment: &Payment,
        plan: &Plan,
        body: Value,
    ) -> Self {
        let is_silent = plan.has(Word::Silent).is_some();
        let times = if is_silent { 0 } else { plan.has(Word::Duplicate).unwrap_or(1) };
        let (delay, is_forged) =
            (plan.has(Word::Late).unwrap_or(0), plan.has(Word::Forged).is_some());
        let url = payment.asked.callback_url.clone();
        Self { url, about, id, said, body, times, delay, is_forged }
    }
}

impl Gateway {
    /// Sends a callback, in time.
    pub fn call(self: &Arc<Self>, call: Call) {
        let gateway = self.clone();
        self.run(async move {
            gateway.pace.pass(call.delay).await;
            for _ in 0..call.times {
                gateway.deliver(&call).await;
            }
        });
    }

    /// Runs `work` beside all else, until it is done or the gateway stops.
    pub fn run(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.jobs.spawn(self.stop.clone().run_until_cancelled_owned(work));
    }

    /// Sends it until it is taken, or too often.
    async fn deliver(&self, call: &Call) {
        for wait in AGAIN.into_iter().map(Some).chain([None]) {
            let (headers, body) = self.callback(call);
            let sent = tokio::time::timeout(PATIENCE, post(&call.url, &headers, body)).await;
            let answer = sent.ok().and_then(Result::ok);
            self.remember(call, answer);
            match wait {
                Some(wait) if answer != Some(200) => self.pace.pass(wait).await,
                _ => return,
            }
        }
    }

    fn remember(&self, call: &Call, answer: Option<u16>) {
        let Call { about, said, .. } = *call;
        let mut memory = self.memory();
        if memory.called.len() < CALLED_MAX {
            memory.called.push(Called { about, id: call.id.clone(), said, answer });
        }
    }

    /// Head and body of the next callback; each has a nonce of its own.
    fn callback(&self, call: &Call) -> (Vec<(&'static str, String)>, Bytes) {
        let seed = self.settings.seed;
        let which = {
            let mut memory = self.memory();
            let sent = memory.sent.entry(call.id.clone()).or_default();
            *sent += 1;
            format!("{} {sent}", call.id)
        };
        let half = |part| chance::number(seed, part, &which);
        let nonce = format!("{:016x}{:016x}", half(call.about), half("nonce"));
        let body = Bytes::from(call.body.to_string());
        let mut settings = self.settings.clone();
        if call.is_forged {
            settings.secret.push('?');
        }
        let headers = seal::headers(&settings, "callback", self.now(), &nonce, &body);
        (headers.into(), body)
    }
}
