//! Sends one message to whoever keeps a ledger, signed by Standard Webhooks, until it is acknowledged.
//!
//! The receiver knows each effect by its key: a message whose answer was lost is sent again. A receiver that is
//! down is no failure of the message's; one that refuses it is.

use super::message::Message;
use crate::App;
use crate::webhooks::signed;
use docket_tasks::{Job, Outcome};

/// Runs the task of a message.
pub async fn handle(app: App, job: Job) -> Outcome {
    let Ok(message) = serde_json::from_str::<Message>(&job.payload) else {
        return Outcome::Dead(format!("it says nothing that {} understands", super::KIND));
    };
    app.send_to_ledger(&message).await
}

impl App {
    async fn send_to_ledger(&self, message: &Message) -> Outcome {
        let settings = &self.inner.settings.ledgers;
        let Some(receiver) = settings.receivers.get(&message.ledger) else {
            let ledger = message.ledger;
            return Outcome::Dead(format!("ledger.{ledger} has no url any more; set it and retry"));
        };
        let (patience, name) = (&self.inner.patience, receiver.name());
        let now = self.now();
        if let Err(later) = patience.may_ask(name, now) {
            return Outcome::Later(later);
        }
        let body = serde_json::to_vec(&message.body).expect("a message is plain JSON");
        let headers = signed(&receiver.secret, &message.key, now, &body);
        let reply = match self.inner.net.post(&receiver.url, headers, body).await {
            Ok(reply) => reply,
            Err(no_reply) => {
                tracing::debug!(%no_reply, url = receiver.url, "a ledger does not answer");
                return Outcome::Later(patience.is_down(name, self.now(), None));
            }
        };
        match reply.status {
            200..=299 => {
                patience.is_up(name);
                Outcome::Done
            }
            429 | 500..=599 => {
                let asked = reply.retry_after.map(|seconds| seconds.saturating_mul(1000));
                let asked = asked.map(|wait| i64::try_from(wait).unwrap_or(i64::MAX));
                Outcome::Later(patience.is_down(name, self.now(), asked))
            }
            status => {
                patience.is_up(name);
                Outcome::Retry(format!("the ledger answered {status}"))
            }
        }
    }
}
