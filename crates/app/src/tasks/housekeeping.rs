//! What keeps the center in order: the node's lease, which cannot wait, and what is forgotten once an hour.

use crate::App;
use crate::tasks::{Policy, Task, failed};
use docket_domain::{Id, time};
use docket_store::{
    CallbackRow, CallsRow, DeliveryRow, Idempotent, PlacementRow, Priority, PushRow, RunRecord,
    RunRow, SessionRow, TaskRow, Writes,
};
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Well within the minute that a lease lasts.
const LEASE: Duration = Duration::from_secs(15);
/// How long an idempotency key lives.
const IDEMPOTENCY: time::Millis = time::DAY;
/// How long a finished task is kept.
const FINISHED: time::Millis = 7 * time::DAY;
/// How long a callback of a gateway is kept, a push of a marketplace, and a run that pulled a shop.
const CALLBACKS: time::Millis = 30 * time::DAY;
/// How long calls to marketplaces are counted.
const CALLS: time::Millis = 2 * time::DAY;
/// How long what a run of reconcile found is kept.
const FOUND: time::Millis = 90 * time::DAY;
/// Finished tasks removed in one transaction: a step that nobody feels.
const STEP: usize = 256;

/// Leases that are renewed before it is noted which keys were used.
const NOTED_EVERY: u32 = 4;

/// Renews the node's lease until the center stops, and notes once a minute which keys were used.
pub async fn renew(app: App) {
    let stop = app.inner.background.stopping();
    for round in 0_u32.. {
        let mut writes = vec![app.store().renew_node(app.now())];
        if round % NOTED_EVERY == 0 {
            let used = app.inner.access.take_used();
            writes.extend(used.map(|(key, at)| docket_store::KeyRow::used(key, at)));
        }
        if let Err(error) = app.write_numbered(move |_, _| writes.clone()).await {
            tracing::debug!(%error, "the node's lease waits");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LEASE) => {}
        }
    }
}

/// Forgets idempotency keys past their day, sessions that ran out, and tasks that were finished long ago.
#[derive(Default, Serialize, Deserialize)]
pub struct Housekeeping {}

impl Task for Housekeeping {
    const KIND: &'static str = "housekeeping";
    const POLICY: Policy = Policy { concurrency: 1, ..Policy::USUAL };

    async fn run(self, app: App, _: Job) -> Handled {
        match app.forget().await {
            Ok(()) => Outcome::Done,
            Err(error) => failed(&app, &error, 1_000),
        }
        .into()
    }
}

impl App {
    async fn forget(&self) -> Result<(), crate::Error> {
        self.write_numbered(|_, now| {
            vec![
                Idempotent::forget_before(now.plus(-IDEMPOTENCY)),
                PlacementRow::forget_before(now.plus(-IDEMPOTENCY)),
                SessionRow::forget_before(now),
                CallbackRow::forget_before(now.plus(-CALLBACKS)),
                CallsRow::forget(now.plus(-CALLS).0.div_euclid(time::HOUR)),
                PushRow::forget(Id::newest_at(now.plus(-CALLBACKS))),
                RunRecord::forget(Id::newest_at(now.plus(-CALLBACKS))),
            ]
            .into_iter()
            .chain(RunRow::forget_before(now.plus(-FOUND)))
            .collect()
        })
        .await?;
        self.forget_deliveries().await?;
        let before = self.now().plus(-FINISHED);
        let mut after = Id(0);
        loop {
            let ids = self.store().tasks_finished_before(before, after, STEP).await?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = *last;
            let forget = move |_: &docket_store::View, _: &mut docket_store::Context<'_>| {
                Ok((Some(Writes { statements: TaskRow::forget(&ids), ..Writes::default() }), ()))
            };
            self.inner.lane.run(Priority::Bulk, Vec::new(), forget).await?;
        }
    }

    /// Forgets what receivers of webhooks said of tasks that are as old as those that are forgotten.
    async fn forget_deliveries(&self) -> Result<(), crate::Error> {
        let until = Id::newest_at(self.now().plus(-FINISHED));
        for webhook in self.store().webhooks().await? {
            let webhook = webhook.id;
            while let Some(last) = self.store().delivery_to_forget(webhook, until, STEP).await? {
                let forget = DeliveryRow::forget(webhook, last);
                self.write_numbered(move |_, _| vec![forget.clone()]).await?;
            }
        }
        Ok(())
    }
}
