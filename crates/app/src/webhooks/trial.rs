//! A test event: whether a receiver hears and believes us, before something happens that it should hear.
//!
//! It is told once. What came of it stands among the deliveries; it is no failure of the center's.

use super::TEST;
use super::deliver::{Sent, json};
use crate::access::Principal;
use crate::{App, Error, Idempotency, Once};
use docket_domain::Id;
use docket_store::{NewTask, Writes};
use docket_tasks::{Handled, Job, Outcome};
use docket_wire::view::Number;
use serde::{Deserialize, Serialize};

/// The word of the event.
const EVENT: &str = "webhook.test";

/// What a test is told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Trial {
    webhook: Id,
}

/// What the event says beside its word.
#[derive(Serialize)]
struct Said {
    webhook_id: Number,
}

/// Runs a test.
pub async fn handle(app: App, job: Job) -> Handled {
    let Ok(Trial { webhook }) = serde_json::from_str(&job.payload) else {
        return Outcome::Dead(format!("it says nothing that {TEST} understands")).into();
    };
    match app.try_webhook(webhook, job.id).await {
        Ok(handled) => handled,
        Err(_) => Outcome::Later(app.now().plus(1_000)).into(),
    }
}

impl App {
    /// Sends a test event; answers the number of the delivery. It is a task like any other delivery, but where nobody
    /// runs tasks it is sent at once.
    pub async fn test_webhook(
        &self,
        who: &Principal,
        webhook: Id,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<Id>, Error> {
        self.live_webhook(who, webhook).await?;
        if self.has_workers() {
            let task = move |id, now| NewTask {
                id,
                kind: TEST,
                unique_key: None,
                chain_key: None,
                priority: 0,
                payload: serde_json::to_string(&Trial { webhook }).expect("a number is JSON"),
                max_attempts: 1,
                due_at: now,
                created_at: now,
            };
            let writes = move |id, now| Writes { tasks: vec![task(id, now)], ..Writes::default() };
            return self.write_all_once(idempotency, None, writes).await;
        }
        if let Some(before) = self.done_before(idempotency).await? {
            return Ok(Once::Before(before));
        }
        let delivery = self.write_numbered(|_, _| Vec::new()).await?;
        let Handled { also, .. } = self.try_webhook(webhook, delivery).await?;
        self.write_once(idempotency, Some(delivery), move |_, _| also.clone()).await
    }

    /// Tells the receiver, and takes down what it says.
    async fn try_webhook(&self, webhook: Id, delivery: Id) -> Result<Handled, Error> {
        let row = self.store().webhook(webhook).await?;
        let Some(row) = row.filter(|row| row.disabled_at.is_none()) else {
            return Ok(Outcome::Done.into());
        };
        let id = format!("test-{delivery}");
        let said = Said { webhook_id: Number(webhook) };
        let body = json(&id, EVENT, (Id(0), 0), self.now(), &said);
        let sent = Sent { tree: Id(0), seq: 0, word: EVENT, id: &id, body };
        let told = self.tell_webhook(&row, (delivery, 1), sent).await?;
        told.log();
        Ok(Handled { outcome: Outcome::Done, also: vec![told.row.put()] })
    }
}
