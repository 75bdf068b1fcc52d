//! What is to be told is a task in the transaction of the change: one for each row of the log and each webhook
//! that wants it, in a chain of its own for each webhook and tree.

use crate::tasks::Task;
use docket_domain::{Id, event};
use docket_store::{Context, NewTask, TreeWrite, WebhookRow, Writes};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, RwLock};

/// Who wants to be told, as this process knows it: read again every few seconds.
#[derive(Debug, Default)]
pub struct Outbox {
    wanting: RwLock<Arc<Vec<Wanting>>>,
}

#[derive(Debug)]
struct Wanting {
    webhook: Id,
    /// Words of events; all where empty.
    events: Vec<String>,
}

/// Delivers one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// To whom.
    pub webhook: Id,
    /// Of which order.
    pub tree: Id,
    /// Which row of its log.
    pub seq: u32,
}

impl Delivery {
    /// The task of it.
    pub fn task(self, cx: &mut Context<'_>) -> NewTask {
        let chain_key = format!("{}:{}:{}", Self::KIND, self.webhook, self.tree);
        NewTask { chain_key: Some(chain_key), ..self.new_task(cx) }
    }
}

impl Outbox {
    /// Takes note of who wants to be told.
    pub fn know(&self, webhooks: Vec<WebhookRow>) {
        let live = webhooks.into_iter().filter(|webhook| webhook.disabled_at.is_none());
        let wanting = live.map(|webhook| Wanting { webhook: webhook.id, events: webhook.events });
        let wanting = Arc::new(wanting.collect());
        *self.wanting.write().expect("nobody panics while it is held") = wanting;
    }

    /// Adds the deliveries of what `writes` says.
    pub fn add(&self, writes: &mut Writes, cx: &mut Context<'_>) {
        if writes.trees.is_empty() {
            return;
        }
        let wanting = Arc::clone(&self.wanting.read().expect("nobody panics while it is held"));
        if wanting.is_empty() {
            return;
        }
        for TreeWrite { tree, entry } in &writes.trees {
            let Some(version) = entry.version else { continue };
            let Some(event) = event::of(entry, tree) else { continue };
            for wanting in wanting.iter().filter(|wanting| wanting.wants(event)) {
                let delivery =
                    Delivery { webhook: wanting.webhook, tree: entry.tree, seq: version };
                writes.tasks.push(delivery.task(cx));
            }
        }
    }
}

impl Wanting {
    fn wants(&self, event: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|wanted| wanted == event)
    }
}
