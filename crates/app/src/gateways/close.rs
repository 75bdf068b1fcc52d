//! Closing an attempt at its gateway, because the order is being revoked or was paid otherwise. The money may be
//! faster; and what cannot be closed fails a revoke, which is tried again.

use super::pay::OpenAttempt;
use super::{GATEWAY, Trouble, attempt, due};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_connectors::{Closing, Fault, PaymentState};
use docket_domain::Id;
use docket_domain::operation::Operation;
use docket_domain::time::Millis;
use docket_domain::tree::Revoke;
use docket_domain::words::AttemptStatus;
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};

/// How long a revoke waits for a close before it has failed for now.
const PATIENCE: Millis = 15_000;
/// Between two tries at least and at most.
const AGAIN: (Millis, Millis) = (1_000, 60_000);

/// Closes an attempt at its gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseAttempt {
    /// The payment order's number.
    pub tree: Id,
    /// Which attempt of it.
    pub attempt: Id,
}

impl Task for CloseAttempt {
    const KIND: &'static str = "gateway_close";
    const POLICY: Policy = GATEWAY;

    async fn run(self, app: App, job: Job) -> Handled {
        app.close_attempt(&job, self)
            .await
            .unwrap_or_else(|error| failed(&app, &error, 1_000))
            .into()
    }
}

impl App {
    async fn close_attempt(&self, job: &Job, told: CloseAttempt) -> Result<Outcome, Error> {
        let Some(tree) = self.store().tree(told.tree).await? else { return Ok(Outcome::Done) };
        let Some(attempt) = attempt(&tree, told.attempt) else { return Ok(Outcome::Done) };
        if attempt.status != AttemptStatus::Open || due::unwanted(&tree).is_none() {
            return Ok(Outcome::Done);
        }
        let gateway = attempt.gateway.as_deref().unwrap_or_default();
        let Some(gate) = self.inner.gateways.gate(gateway) else {
            return Ok(Outcome::Dead(format!("the gateway {gateway} is not configured")));
        };
        let here = OpenAttempt { gate, tree: &tree, attempt, began: job.created_at, noted: None };
        let trouble = match self.close_there(&here).await {
            Ok(Closing::Closed | Closing::NotFound) => {
                return self.follow(&here, PaymentState::Closed).await;
            }
            Ok(Closing::AlreadyPaid) => match self.query(&here).await {
                Ok(PaymentState::Waiting | PaymentState::Unknown) => {
                    Trouble::NoReply("the gateway says that it is paid, and that it is not".into())
                }
                Ok(state) => return self.follow(&here, state).await,
                Err(trouble) => trouble,
            },
            Ok(Closing::TryLater) => Trouble::NoReply("the payer is paying".to_owned()),
            Err(trouble) => trouble,
        };
        self.close_again(&here, &trouble).await
    }

    /// Asks its gateway to take no money for it.
    pub(super) async fn close_there(&self, here: &OpenAttempt<'_>) -> Result<Closing, Trouble> {
        let payment = super::pay::payment_of(here.tree, here.attempt);
        self.ask(
            here.gate,
            "close",
            |connector, stamp| connector.close(&payment, stamp),
            |connector, reply| connector.closed(&payment, reply),
            |closing| closing.word(),
        )
        .await
    }

    /// Tries again soon. A revoke is not held up for long: it fails, and its timer tries it anew.
    async fn close_again(
        &self,
        here: &OpenAttempt<'_>,
        trouble: &Trouble,
    ) -> Result<Outcome, Error> {
        let now = self.now();
        let passes = match trouble {
            Trouble::NoReply(_) => true,
            Trouble::Fault(fault) => fault.is_passing(),
        };
        let elapsed = now.since(here.began);
        let revoking = matches!(here.tree.payment.revoke, Revoke::Revoking { .. });
        if revoking && (!passes || elapsed >= PATIENCE) {
            let attempt_id = Some(here.attempt.attempt_id);
            let operation =
                Operation::AttemptStuck { attempt_id, reason: Some(trouble.to_string()) };
            return match self.gateway_says(here.gate, here.tree.id(), operation).await {
                Ok(()) | Err(Error::Refused(_)) => Ok(Outcome::Done),
                Err(error) => Err(error),
            };
        }
        if !passes {
            return self.troubled(here, trouble).await;
        }
        let asked = match trouble {
            Trouble::Fault(Fault::Throttled { retry_after }) => *retry_after,
            _ => 0,
        };
        let wait = (elapsed / 2).max(asked).clamp(AGAIN.0, AGAIN.1);
        Ok(Outcome::Later(now.plus(wait)))
    }
}
