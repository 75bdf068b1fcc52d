//! One delivery: the event is made from the log, signed by Standard Webhooks, and sent.
//!
//! The same row of the log makes the same event whenever it is sent: the tree is shown as it was right after
//! it, so a delivery that was late, or is replayed, says nothing else.

use super::outbox::Delivery;
use crate::net::standard_webhooks::signed;
use crate::net::{Limits, Reply};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_domain::{Id, LogEntry, Time, Tree, event, status, time};
use docket_store::{DeliveryRow, Priority, WebhookRow, Writes};
use docket_tasks::{Handled, Job, Outcome};
use docket_wire::log::LogView;
use docket_wire::moment::Moment;
use docket_wire::view::{Number, PaymentView, view};
use docket_wire::{Face, Look};
use serde::Serialize;

/// The longest that a receiver can ask us to wait.
const PATIENCE: time::Millis = time::HOUR;

/// How long a delivery waits for a database or an archive that is away, in milliseconds.
const LATER: time::Millis = 10_000;

/// Characters of what a receiver said that are kept.
const ANSWER_CHARS: usize = 256;

/// An event as it is sent.
#[derive(Serialize)]
struct Event<'a, D> {
    /// The same whenever and to whomever it is sent: what a receiver knows it by.
    id: &'a str,
    r#type: &'a str,
    tree: Number,
    seq: u32,
    at: Moment,
    data: &'a D,
}

#[derive(Serialize)]
struct Data<'a> {
    operation: LogView<'a>,
    order: PaymentView<'a>,
}

/// An event that is ready to be sent.
pub struct Sent<'a> {
    /// Of which order; 0 of none.
    pub tree: Id,
    /// Which row of its log.
    pub seq: u32,
    /// The type of the event, such as `order.paid`.
    pub word: &'static str,
    /// What the receiver knows the event by: the order's number and the row of its log.
    pub id: &'a str,
    /// Its JSON.
    pub body: Vec<u8>,
}

/// What came of sending an event.
pub struct DeliveryResult {
    /// As it is taken down.
    pub row: DeliveryRow,
    /// What the receiver answered, if it did.
    reply: Option<Reply>,
}

/// The JSON of an event.
pub fn json<D: Serialize>(
    id: &str,
    word: &str,
    (tree, seq): (Id, u32),
    at: Time,
    data: &D,
) -> Vec<u8> {
    let event = Event { id, r#type: word, tree: Number(tree), seq, at: at.into(), data };
    docket_wire::view::json(&event)
}

impl Task for Delivery {
    const KIND: &'static str = "webhook";
    /// Twelve tries: for about two days.
    const POLICY: Policy = Policy { attempts: 12, ..Policy::EXCHANGE };

    async fn run(self, app: App, job: Job) -> Handled {
        match app.deliver(self, &job).await {
            Ok(handled) => handled,
            // No fault of the receiver's.
            Err(Error::ArchiveUnreachable(_)) => Outcome::Later(app.now().plus(LATER)).into(),
            Err(error) => failed(&app, &error, LATER).into(),
        }
    }
}

impl DeliveryResult {
    /// One line where the receiver did not hear.
    pub fn log(&self) {
        let DeliveryRow { webhook, tree, seq, event, tries, status, answer, .. } = &self.row;
        if !self.is_heard() {
            let why = answer.as_str();
            tracing::warn!(%webhook, order = %tree, seq, event, tries, status, why, "a delivery failed");
        }
    }

    fn is_heard(&self) -> bool {
        self.row.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// The beginning of what a receiver said, without what would do something to a terminal.
fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let plain = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign });
    plain.take(ANSWER_CHARS).collect::<String>().trim().to_owned()
}

/// What a reply means. Gone is gone: nobody wants to be told any more.
fn outcome(reply: &Reply, now: Time) -> Result<Outcome, Gone> {
    match reply.status {
        200..=299 => Ok(Outcome::Done),
        410 => Err(Gone),
        429 | 503 if reply.retry_after.is_some() => {
            let asked = reply.retry_after.map_or(0, |seconds| seconds.saturating_mul(1000));
            let wait = i64::try_from(asked).unwrap_or(i64::MAX);
            let until = now.plus(wait.clamp(1000, PATIENCE));
            Ok(Outcome::PutOff(
                until,
                format!("the receiver answered {} and asked for time", reply.status),
            ))
        }
        status => Ok(Outcome::Retry(format!("the receiver answered {status}"))),
    }
}

/// The receiver answered 410.
struct Gone;

impl App {
    async fn deliver(&self, delivery: Delivery, job: &Job) -> Result<Handled, Error> {
        let webhook = self.store().webhook(delivery.webhook).await?;
        let Some(webhook) = webhook.filter(|webhook| webhook.disabled_at.is_none()) else {
            return Ok(Outcome::Done.into());
        };
        let mut tree = self.store().tree(delivery.tree).await?;
        if tree.is_none() {
            tree = self.archived_tree(delivery.tree).await?;
        }
        let Some(tree) = tree else {
            return Ok(Outcome::Dead("its order is not there".to_owned()).into());
        };
        let Delivery { tree: order, seq, .. } = delivery;
        let then = self.undone(tree, |entry| entry.version <= Some(seq)).await?;
        let Some((tree, entry)) = then.filter(|(_, entry)| entry.version == Some(seq)) else {
            return Ok(Outcome::Dead(format!("row {seq} is not in the log")).into());
        };
        let Some(word) = event::of(&entry, &tree) else { return Ok(Outcome::Done.into()) };
        let id = format!("{order}-{seq}");
        let body = self.event(&id, word, &tree, &entry);
        let sent = Sent { tree: order, seq, word, id: &id, body };
        let result = self.tell_webhook(&webhook, (job.id, job.attempt), sent).await?;
        result.log();
        let outcome = match &result.reply {
            None => Ok(Outcome::Retry(result.row.answer.clone())),
            Some(reply) => outcome(reply, result.row.at),
        };
        let outcome = if let Ok(outcome) = outcome {
            outcome
        } else {
            self.end_webhook(webhook.id, "the receiver answered 410").await?;
            Outcome::Done
        };
        Ok(Handled { outcome, also: vec![result.row.put()] })
    }

    /// Sends an event, and waits for what its receiver says.
    pub(super) async fn tell_webhook(
        &self,
        webhook: &WebhookRow,
        (task, tries): (Id, u32),
        sent: Sent<'_>,
    ) -> Result<DeliveryResult, Error> {
        let Sent { tree, seq, word, id, body } = sent;
        let at = self.now();
        let headers = signed(&self.secrets_of(webhook, at)?, id, at, &body);
        let told = self.inner.net.tell(&webhook.url, headers, body, Limits::MESSAGE).await;
        let (reply, answer) = match told {
            Ok(reply) => {
                let answer = match &reply.body {
                    Ok(body) => beginning(body),
                    // Whether it heard is said by its status.
                    Err(too_long) => too_long.to_string(),
                };
                (Some(reply), answer)
            }
            Err(no_reply) => (None, no_reply.to_string()),
        };
        let status = reply.as_ref().map(|reply| reply.status);
        let (webhook, event) = (webhook.id, word.to_owned());
        let row = DeliveryRow { webhook, task, tree, seq, event, at, tries, status, answer };
        Ok(DeliveryResult { row, reply })
    }

    /// The body of an event. No person stands in it: who may read people asks for them.
    fn event(&self, id: &str, word: &str, tree: &Tree, entry: &LogEntry) -> Vec<u8> {
        let standing = status::of(tree);
        let look = Look::whole(&self.inner.settings.markets, entry.at);
        let data =
            Data { operation: LogView::of(entry), order: view(tree, &standing, Face::None, &look) };
        json(id, word, (entry.tree, entry.seq), entry.at, &data)
    }

    /// Sends nothing more to a webhook.
    pub(crate) async fn end_webhook(&self, id: Id, why: &'static str) -> Result<(), Error> {
        let write = move |_: &docket_store::View, cx: &mut docket_store::Context<'_>| {
            let statements = vec![WebhookRow::disable(id, why, cx.now)];
            Ok((Some(Writes { statements, ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Interactive, Vec::new(), write).await?;
        self.know_webhooks().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_receiver_said_a_short_plain_beginning_is_kept() {
        assert_eq!(beginning(b"no\r\nsuch\x1b[31m order\xff"), "no  such [31m order\u{fffd}");
        assert_eq!(beginning("茶".repeat(9_999).as_bytes()).chars().count(), ANSWER_CHARS);
    }

    #[test]
    fn a_receiver_may_ask_for_time_and_no_more_than_an_hour() {
        let reply =
            |status, retry_after| Reply { status, retry_after, headers: vec![], body: Ok(vec![]) };
        let says = |status, wait| outcome(&reply(status, wait), Time(0)).ok();
        assert_eq!(says(204, None), Some(Outcome::Done));
        let put_off = |until, why: &str| Some(Outcome::PutOff(Time(until), why.to_owned()));
        let why = "the receiver answered 429 and asked for time";
        assert_eq!(says(429, Some(7)), put_off(7_000, why));
        let why = "the receiver answered 503 and asked for time";
        assert_eq!(says(503, Some(u64::MAX)), put_off(PATIENCE, why));
        assert_eq!(says(410, None), None);
        assert!(matches!(says(301, None), Some(Outcome::Retry(_))), "no redirect is followed");
        assert!(matches!(says(503, None), Some(Outcome::Retry(_))));
    }
}
