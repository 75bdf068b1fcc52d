//! What is to be told is a task in the transaction of the change: one for each row of the log and each webhook
//! that wants it, in a chain of its own for each webhook and tree.

use crate::lane::reactions::{Happened, Reaction};
use crate::tasks::Task;
use docket_domain::change::Origin;
use docket_domain::seat::Matter;
use docket_domain::{Id, event};
use docket_store::{Context, Need, NewTask, WebhookRow, Writes};
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
}

impl Reaction for Arc<Outbox> {
    fn name(&self) -> &'static str {
        "deliveries to webhooks that want to be told"
    }

    fn matters(&self) -> &'static [Matter] {
        &[]
    }

    fn acts(&self, origin: Origin) -> bool {
        match origin {
            Origin::Decided | Origin::Recorded | Origin::Followed | Origin::Merged => true,
        }
    }

    /// A row that is no version of the order here is told by none.
    fn react(
        &self,
        happened: &Happened<'_>,
        writes: &mut Writes,
        cx: &mut Context<'_>,
    ) -> Result<(), Need> {
        let wanting = Arc::clone(&self.wanting.read().expect("nobody panics while it is held"));
        let Happened { after, entry, silent, .. } = happened;
        if wanting.is_empty() || *silent {
            return Ok(());
        }
        let (Some(version), Some(event)) = (entry.version, event::of(entry, after)) else {
            return Ok(());
        };
        for wanting in wanting.iter().filter(|wanting| wanting.wants(event)) {
            let delivery = Delivery { webhook: wanting.webhook, tree: entry.tree, seq: version };
            writes.tasks.push(delivery.task(cx));
        }
        Ok(())
    }
}

impl Wanting {
    fn wants(&self, event: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|wanted| wanted == event)
    }
}
