//! One delivery: the event is made from the log, signed by Standard Webhooks, and sent.
//!
//! The same row of the log makes the same event whenever it is sent: the tree is shown as it was right after
//! it, so a delivery that was late, or is replayed, says nothing else.

use super::outbox::Delivery;
use super::{KIND, SECRET};
use crate::net::Reply;
use crate::{App, Error};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use docket_domain::{Id, LogEntry, Time, Tree, change, event, status, time};
use docket_store::{Priority, WebhookRow, Writes};
use docket_tasks::{Job, Outcome};
use docket_wire::log::LogView;
use docket_wire::moment::Moment;
use docket_wire::view::{Number, PaymentView, view};
use docket_wire::{Face, Look};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;

/// The longest that a receiver can ask us to wait.
const PATIENCE: time::Millis = time::HOUR;

/// An event as it is sent.
#[derive(Serialize)]
struct Event<'a> {
    /// The same whenever and to whomever it is sent: what a receiver knows it by.
    id: &'a str,
    r#type: &'a str,
    tree: Number,
    seq: u32,
    at: Moment,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    operation: LogView<'a>,
    order: PaymentView<'a>,
}

/// Runs a delivery.
pub async fn handle(app: App, job: Job) -> Outcome {
    let Ok(delivery) = serde_json::from_str::<Delivery>(&job.payload) else {
        return Outcome::Dead(format!("it says nothing that {KIND} understands"));
    };
    match app.deliver(delivery).await {
        Ok(outcome) => outcome,
        // The database or the archive: no fault of the receiver's.
        Err(Error::Unavailable(_) | Error::Busy | Error::ArchiveUnreachable(_)) => {
            Outcome::Later(app.now().plus(10_000))
        }
        Err(error) => Outcome::Retry(error.to_string()),
    }
}

/// What a reply means. Gone is gone: nobody wants to be told any more.
fn outcome(reply: &Reply, now: Time) -> Result<Outcome, Gone> {
    match reply.status {
        200..=299 => Ok(Outcome::Done),
        410 => Err(Gone),
        429 | 503 if reply.retry_after.is_some() => {
            let asked = reply.retry_after.map_or(0, |seconds| seconds.saturating_mul(1000));
            let wait = i64::try_from(asked).unwrap_or(i64::MAX);
            Ok(Outcome::Later(now.plus(wait.clamp(1000, PATIENCE))))
        }
        status => Ok(Outcome::Retry(format!("the receiver answered {status}"))),
    }
}

/// The receiver answered 410.
struct Gone;

/// The signature of Standard Webhooks, version 1.
fn signature(secret: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret);
    let mut mac = mac.expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
}

/// The headers of Standard Webhooks for `body`, sent at `now` under `id`.
pub fn signed(secret: &[u8], id: &str, now: Time, body: &[u8]) -> Vec<(&'static str, String)> {
    let seconds = now.0.div_euclid(1000);
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signature(secret, id, seconds, body)),
    ]
}

/// The tree right after the row `seq` of its log, and that row.
fn as_it_was(
    mut tree: Tree,
    mut entries: Vec<LogEntry>,
    seq: u32,
) -> Result<Option<(Tree, LogEntry)>, change::BrokenLog> {
    while let Some(entry) = entries.pop() {
        if entry.seq == seq {
            return Ok(Some((tree, entry)));
        }
        match change::undo(&tree, &entry)? {
            Some(before) => tree = before,
            None => return Ok(None),
        }
    }
    Ok(None)
}

impl App {
    async fn deliver(&self, delivery: Delivery) -> Result<Outcome, Error> {
        let webhook = self.store().webhook(delivery.webhook).await?;
        let Some(webhook) = webhook.filter(|webhook| webhook.disabled_at.is_none()) else {
            return Ok(Outcome::Done);
        };
        let mut tree = self.store().tree(delivery.tree).await?;
        if tree.is_none() {
            tree = self.archived_tree(delivery.tree).await?;
        }
        let Some(tree) = tree else {
            return Ok(Outcome::Dead("its order is not there".to_owned()));
        };
        let entries = self.log_behind(&tree).await?;
        let broken = |error: change::BrokenLog| Error::Internal(error.to_string());
        let Some((tree, entry)) = as_it_was(tree, entries, delivery.seq).map_err(broken)? else {
            return Ok(Outcome::Dead(format!("row {} is not in the log", delivery.seq)));
        };
        let Some(word) = event::of(&entry, &tree) else { return Ok(Outcome::Done) };
        let id = format!("{}-{}", delivery.tree, delivery.seq);
        let body = self.event(&id, word, &tree, &entry);
        let secret = self.inner.vault.open_for(SECRET, &webhook.secret)?;
        let now = self.now();
        let headers = signed(&secret, &id, now, &body);
        let reply = match self.inner.net.post(&webhook.url, headers, body).await {
            Ok(reply) => reply,
            Err(no_reply) => return Ok(Outcome::Retry(no_reply.to_string())),
        };
        if let Ok(outcome) = outcome(&reply, now) {
            return Ok(outcome);
        }
        self.end_webhook(webhook.id, "the receiver answered 410").await?;
        Ok(Outcome::Done)
    }

    /// The body of an event. No person stands in it: who may read people asks for them.
    fn event(&self, id: &str, word: &str, tree: &Tree, entry: &LogEntry) -> Vec<u8> {
        let standing = status::of(tree);
        let look = Look::whole(&self.inner.settings.markets, entry.at);
        let event = Event {
            id,
            r#type: word,
            tree: Number(entry.tree),
            seq: entry.seq,
            at: entry.at.into(),
            data: Data {
                operation: LogView::of(entry),
                order: view(tree, &standing, Face::None, &look),
            },
        };
        docket_wire::view::json(&event)
    }

    /// Sends nothing more to a webhook.
    pub(crate) async fn end_webhook(&self, id: Id, why: &'static str) -> Result<(), Error> {
        let write = move |_: &docket_store::View, cx: &mut docket_store::Context<'_>| {
            let statements = vec![WebhookRow::disable(id, why, cx.now)];
            Ok((Some(Writes { statements, ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::People, Vec::new(), write).await?;
        self.know_webhooks().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // The example of the Standard Webhooks libraries.
        let secret = BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(
            signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_receiver_may_ask_for_time_and_no_more_than_an_hour() {
        let reply =
            |status, retry_after| Reply { status, retry_after, headers: vec![], body: vec![] };
        let says = |status, wait| outcome(&reply(status, wait), Time(0)).ok();
        assert_eq!(says(204, None), Some(Outcome::Done));
        assert_eq!(says(429, Some(7)), Some(Outcome::Later(Time(7_000))));
        assert_eq!(says(503, Some(u64::MAX)), Some(Outcome::Later(Time(PATIENCE))));
        assert_eq!(says(410, None), None);
        assert!(matches!(says(301, None), Some(Outcome::Retry(_))), "no redirect is followed");
        assert!(matches!(says(503, None), Some(Outcome::Retry(_))));
    }
}
