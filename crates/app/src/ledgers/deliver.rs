//! Sends one message to whoever keeps a ledger, signed by Standard Webhooks, until it is acknowledged.
//!
//! The receiver knows each effect by its key: a message whose answer was lost is sent again. A receiver that is
//! down is no failure of the message's; one that refuses it is.

use super::Ledgers;
use super::message::LedgerMessage;
use crate::net::standard_webhooks::signed;
use crate::net::{Limits, Net};
use crate::tasks::{Policy, Task};
use crate::{App, Clock};
use docket_tasks::{Handled, Job, Outcome};

impl Task for LedgerMessage {
    const KIND: &'static str = "ledger";
    /// Twelve charged failures: for about two days. A receiver that is down is not charged.
    const POLICY: Policy = Policy { attempts: 12, ..Policy::EXCHANGE };

    async fn run(self, app: App, _: Job) -> Handled {
        let inner = &app.inner;
        inner.ledgers.send(&self, &inner.net, &inner.clock).await.into()
    }
}

/// One line for each message that was sent and not taken; those that wait for a ledger that is down are not sent.
fn failed(message: &LedgerMessage, status: Option<u16>, why: &str) {
    let (ledger, effect) = (message.ledger, &message.key);
    tracing::warn!(%ledger, effect, status, why, "a delivery failed");
}

impl Ledgers {
    /// Sends `message` once, if its receiver is not known to be down.
    async fn send(&self, message: &LedgerMessage, net: &Net, clock: &Clock) -> Outcome {
        let Some(receiver) = self.settings.receivers.get(&message.ledger) else {
            let ledger = message.ledger;
            return Outcome::Dead(format!("ledger.{ledger} has no url any more; set it and retry"));
        };
        let (breaker, name) = (&self.circuit_breaker, receiver.name());
        let now = clock.now();
        if let Err(later) = breaker.may_ask(name, now) {
            return Outcome::Later(later);
        }
        let body = serde_json::to_vec(&message.body).expect("a message is plain JSON");
        let headers = signed(&[&receiver.secret], &message.key, now, &body);
        let reply = match net.post(&receiver.url, headers, body, Limits::MESSAGE).await {
            Ok(reply) => reply,
            Err(no_reply) => {
                failed(message, None, &no_reply.to_string());
                let until = breaker.is_down(name, clock.now(), None);
                return Outcome::PutOff(until, no_reply.to_string());
            }
        };
        match reply.status {
            200..=299 => {
                breaker.is_up(name);
                Outcome::Done
            }
            status @ (429 | 500..=599) => {
                failed(message, Some(status), "it is down");
                let asked = reply.retry_after.map(|seconds| seconds.saturating_mul(1000));
                let asked = asked.map(|wait| i64::try_from(wait).unwrap_or(i64::MAX));
                let until = breaker.is_down(name, clock.now(), asked);
                Outcome::PutOff(until, format!("the ledger answered {status}"))
            }
            status => {
                breaker.is_up(name);
                failed(message, Some(status), "it refuses");
                Outcome::Retry(format!("the ledger answered {status}"))
            }
        }
    }
}
