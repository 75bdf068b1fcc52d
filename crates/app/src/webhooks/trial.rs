//! A test event: whether a receiver hears and believes us, before something happens that it should hear.
//!
//! It is told once. What came of it stands among the deliveries; it is no failure of the center's.

use super::deliver::{Sent, json};
use crate::access::Principal;
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error, Idempotency, Once};
use docket_domain::Id;
use docket_store::Writes;
use docket_tasks::{Handled, Job, Outcome};
use docket_wire::view::Number;
use serde::{Deserialize, Serialize};

/// The word of the event.
const EVENT: &str = "webhook.test";

/// Sends a test event to a receiver.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct TestDelivery {
    webhook: Id,
}

/// What the event says beside its word.
#[derive(Serialize)]
struct TestData {
    webhook_id: Number,
}

impl Task for TestDelivery {
    const KIND: &'static str = "webhook_test";
    const POLICY: Policy = Policy { attempts: 1, concurrency: 4, ..Policy::EXCHANGE };

    async fn run(self, app: App, job: Job) -> Handled {
        match app.try_webhook(self.webhook, job.id).await {
            Ok(handled) => handled,
            Err(error) => failed(&app, &error, 1_000).into(),
        }
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
            let task = TestDelivery { webhook };
            let writes =
                move |id, now| Writes { tasks: vec![task.task_of(id, now)], ..Writes::default() };
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
        let said = TestData { webhook_id: Number(webhook) };
        let body = json(&id, EVENT, (Id(0), 0), self.now(), &said);
        let sent = Sent { tree: Id(0), seq: 0, word: EVENT, id: &id, body };
        let told = self.tell_webhook(&row, (delivery, 1), sent).await?;
        told.log();
        Ok(Handled { outcome: Outcome::Done, also: vec![told.row.put()] })
    }
}
