//! Webhooks: others are told of every change of an order, in the order in which it changed.
//!
//! `outbox` writes what is to be told with the change itself; `deliver` tells it, signed by `secrets`; `trial` tells
//! something to try whether it is heard. Here is who is told, what is told again, and what came of it.

mod deliver;
mod outbox;
mod secrets;
#[cfg(test)]
mod tests;
mod trial;

pub(crate) use outbox::{Delivery, Outbox};
pub use secrets::Rotated;
pub(crate) use trial::TestDelivery;

use crate::access::{Principal, Scope};
use crate::net::Url;
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error, Idempotency, Networks, Once};
use docket_domain::{FieldError, Id, Time, event};
use docket_store::{Delivered, NewTask, Priority, View, WebhookRow, Writes};
use docket_tasks::{Handled, Job, Outcome};
use secrets::Fresh;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Webhooks that may be live at a time: each is a row in the transaction of every change.
const LIVE_MAX: usize = 20;
/// How soon a process knows of a webhook that another one added.
const KNOW_AGAIN: Duration = Duration::from_secs(5);
/// Rows of the log that are told again in one transaction.
const TOGETHER: usize = 200;

/// What holds for all webhooks.
#[derive(Debug, Clone, Default)]
pub struct WebhookSettings {
    /// Networks that are not for everyone, and may be told of events all the same.
    pub allow: Networks,
}

/// A webhook to add.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Where events are sent.
    pub url: String,
    /// Words of the events it wants; all where empty.
    pub events: Vec<String>,
}

/// What is to be told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Everything about one order.
    Tree(Id),
    /// Everything that happened from here to there.
    Between(Time, Time),
}

/// Tells everything of a span of time again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replay {
    webhook: Id,
    from: Time,
    to: Time,
}

/// Knows anew who is to be told, until the center stops; opening it read that once.
pub(crate) async fn watch(app: App) {
    let stop = app.inner.background.stopping();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(KNOW_AGAIN) => {}
        }
        if let Err(error) = app.know_webhooks().await {
            tracing::debug!(%error, "who is to be told is not known anew");
        }
    }
}

/// The URL of a new webhook, whose words are all ours.
fn checked(new: &NewWebhook) -> Result<Url, Error> {
    let wrong = |field: String, code, message: &str| {
        Err(FieldError { field, code, message: message.to_owned() }.into())
    };
    let plain = new.url.len() <= 1024 && !new.url.contains(char::is_whitespace);
    let url = new.url.parse::<Url>().ok().filter(|_| plain);
    let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    else {
        return wrong(
            "url".to_owned(),
            "not_a_url",
            "must be an address such as https://host/path",
        );
    };
    let words = event::words();
    let unknown = new.events.iter().position(|word| !words.contains(&word.as_str()));
    match unknown {
        None => Ok(url),
        Some(at) => wrong(
            format!("events[{at}]"),
            "not_a_word",
            &format!("must be one of: {}", words.join(", ")),
        ),
    }
}

impl App {
    /// Reads anew who is to be told.
    pub(crate) async fn know_webhooks(&self) -> Result<(), Error> {
        self.inner.outbox.know(self.store().webhooks().await?);
        Ok(())
    }

    /// Adds a webhook; answers its number and the secret that signs what it is sent, which is shown this once.
    pub async fn add_webhook(
        &self,
        who: &Principal,
        new: NewWebhook,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<(Id, Option<String>)>, Error> {
        who.needs_whole(Scope::Admin)?;
        let url = checked(&new)?;
        if let Err(refused) = self.inner.net.judge(&url).await {
            let message = format!("must lead to an address that is for everyone: {refused}");
            let code = "address_not_allowed";
            return Err(FieldError { field: "url".to_owned(), code, message }.into());
        }
        let live = self.store().webhooks().await?;
        if live.iter().filter(|webhook| webhook.disabled_at.is_none()).count() >= LIVE_MAX {
            let message =
                format!("at most {LIVE_MAX} webhooks can be told at a time; end one first");
            return Err(FieldError { field: "url".to_owned(), code: "too_many", message }.into());
        }
        let Fresh { shown, sealed } = self.fresh_secret();
        let made = move |id, now| {
            let NewWebhook { url, events } = new.clone();
            let secret = sealed.clone();
            vec![
                WebhookRow {
                    id,
                    url,
                    events,
                    secret,
                    created_at: now,
                    disabled_at: None,
                    why: None,
                    old: None,
                }
                .add(),
            ]
        };
        let added = self.write_once(idempotency, None, made).await?;
        self.know_webhooks().await?;
        Ok(match added {
            Once::Now(id) => Once::Now((id, Some(shown))),
            Once::Before(id) => Once::Before((id, None)),
        })
    }

    /// Every webhook; secrets stay sealed.
    pub async fn webhooks(&self, who: &Principal) -> Result<Vec<WebhookRow>, Error> {
        who.needs_whole(Scope::Admin)?;
        Ok(self.store().webhooks().await?)
    }

    /// One webhook, also one that has ended.
    pub async fn webhook(&self, who: &Principal, id: Id) -> Result<WebhookRow, Error> {
        who.needs_whole(Scope::Admin)?;
        let found = self.store().webhook(id).await?;
        found.ok_or_else(|| Error::NotFound { what: "webhook", id: id.to_string() })
    }

    /// One page of the deliveries to a webhook that were tried, newest first.
    pub async fn webhook_deliveries(
        &self,
        who: &Principal,
        id: Id,
        before: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Delivered>, Error> {
        let webhook = self.webhook(who, id).await?;
        Ok(self.store().deliveries(webhook.id, before, limit).await?)
    }

    /// Tells a webhook nothing more; what waits for it is dropped when its turn comes. One that has ended already is
    /// forgotten.
    pub async fn remove_webhook(&self, who: &Principal, id: Id) -> Result<(), Error> {
        if self.webhook(who, id).await?.disabled_at.is_none() {
            return self.end_webhook(id, "ended by a person").await;
        }
        self.write_numbered(move |_, _| vec![WebhookRow::forget(id)]).await?;
        self.know_webhooks().await
    }

    /// Tells a webhook again what it was told, or what happened before it was there.
    pub async fn replay_webhook(&self, who: &Principal, id: Id, again: Again) -> Result<(), Error> {
        self.live_webhook(who, id).await?;
        match again {
            Again::Tree(tree) => {
                let tree = self.tree(who, tree).await?.id();
                let mut after = (0, 0);
                loop {
                    let rows = self.log_after(tree, after, TOGETHER).await?;
                    let Some(last) = rows.last() else { return Ok(()) };
                    after = (last.site, last.seq);
                    let versions = rows.iter().filter_map(|row| row.version).collect();
                    self.tell_again(id, vec![(tree, versions)]).await?;
                }
            }
            Again::Between(from, to) => {
                self.must_be_online(from, to).await?;
                let replay = Replay { webhook: id, from, to };
                let write = move |_: &View, cx: &mut docket_store::Context<'_>| {
                    let chain_key = Some(format!("{}:{id}", Replay::KIND));
                    let task = NewTask { chain_key, priority: 1, ..replay.new_task(cx) };
                    Ok((Some(Writes { tasks: vec![task], ..Writes::default() }), ()))
                };
                self.inner.lane.run(Priority::Interactive, Vec::new(), write).await
            }
        }
    }

    async fn live_webhook(&self, who: &Principal, id: Id) -> Result<WebhookRow, Error> {
        let found = self.webhook(who, id).await?;
        if found.disabled_at.is_none() {
            return Ok(found);
        }
        let message = "only a webhook that has not ended is told anything";
        Err(Error::WrongState { what: "webhook", id: id.to_string(), state: "ended", message })
    }

    /// Writes the deliveries of rows of logs, by tree.
    async fn tell_again(&self, webhook: Id, rows: Vec<(Id, Vec<u32>)>) -> Result<(), Error> {
        let write = move |_: &View, cx: &mut docket_store::Context<'_>| {
            let mut tasks = Vec::new();
            for (tree, seqs) in &rows {
                for seq in seqs {
                    tasks.push(Delivery { webhook, tree: *tree, seq: *seq }.task(cx));
                }
            }
            Ok((Some(Writes { tasks, ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Bulk, Vec::new(), write).await
    }

    /// Tells again everything of a span of time, page by page. Told twice where it is tried twice: a receiver
    /// knows an event by its id.
    async fn replay(&self, replay: Replay) -> Result<(), Error> {
        let mut after = (replay.from, Id(0), 0);
        loop {
            self.must_be_online(after.0, replay.to).await?;
            let rows = self.store().operations_after(after, replay.to, TOGETHER).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = (last.at, last.tree, last.seq);
            let rows =
                rows.iter().map(|row| (row.tree, row.version.into_iter().collect())).collect();
            self.tell_again(replay.webhook, rows).await?;
        }
    }
}

impl Task for Replay {
    const KIND: &'static str = "webhook_replay";
    const POLICY: Policy = Policy::LONG;

    async fn run(self, app: App, _: Job) -> Handled {
        match app.replay(self).await {
            Ok(()) => Outcome::Done,
            Err(error) => failed(&app, &error, 1_000),
        }
        .into()
    }
}
