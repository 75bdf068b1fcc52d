//! A refund that has ended, and of which its gateway says otherwise later: money that came back, or went through after
//! all. Nobody is believed for saying so; the gateway is asked again how that very try stands, and the order is told.

use super::refund::{self, DONE, FAILED};
use super::{GATEWAY, Gate, pause, weigh};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_connectors::RefundState;
use docket_domain::Id;
use docket_domain::operation::Operation;
use docket_domain::time::Millis;
use docket_store::GatewayRefund;
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};

/// How long a try may be under way again there before nobody looks any more.
const PATIENCE: Millis = docket_domain::time::DAY;

/// Looks again at a try of a refund that had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondLook {
    /// The refund, or the refund due.
    pub refund: Id,
    /// The payment that gave it.
    pub payment: Id,
    /// Which try of giving it.
    pub try_no: u32,
}

/// The unique key of its task: one for what is written down of the refund now.
pub fn key(told: SecondLook, known: &GatewayRefund) -> String {
    let SecondLook { refund, payment, try_no } = told;
    format!("{}:{refund}:{payment}:{try_no}:{}", SecondLook::KIND, known.at.0)
}

/// Whether what is said of a try is another end than the one that is written down.
pub fn is_news(told: SecondLook, said: &RefundState, known: &GatewayRefund) -> bool {
    let is_last = told.try_no == known.try_no;
    match said {
        RefundState::Done { .. } if is_last => known.state == FAILED,
        RefundState::Done { .. } => told.try_no < known.try_no,
        RefundState::Failed { .. } => is_last && known.state == DONE,
        RefundState::Waiting | RefundState::Unknown => false,
    }
}

impl Task for SecondLook {
    const KIND: &'static str = "gateway_refund_look";
    const POLICY: Policy = Policy { concurrency: 8, ..GATEWAY };

    async fn run(self, app: App, job: Job) -> Handled {
        app.look_at_refund(&job, self)
            .await
            .unwrap_or_else(|error| failed(&app, &error, 1_000))
            .into()
    }
}

impl App {
    async fn look_at_refund(&self, job: &Job, told: SecondLook) -> Result<Outcome, Error> {
        let known = self.store().gateway_refund(told.refund, told.payment).await?;
        let Some(known) = known else { return Ok(Outcome::Done) };
        let Some(tree) = self.store().tree(known.tree).await? else { return Ok(Outcome::Done) };
        let payment = tree.payment.payments.iter().find(|p| p.payment_id == told.payment);
        let through = payment.and_then(|payment| Some((payment.attempt_id?, payment.currency)));
        let Some((attempt, currency)) = through else { return Ok(Outcome::Done) };
        let Some(gate) = self.inner.gateways.gate(&known.gateway) else {
            return Ok(Outcome::Dead(format!("the gateway {} is not configured", known.gateway)));
        };
        let there = GatewayRefund { try_no: told.try_no, ..known.clone() };
        let asked = refund::refund_of(&there, attempt, currency)?;
        let state = match self.query_refund(gate, &asked).await {
            Ok(state) => state,
            Err(trouble) => return Ok(weigh(&trouble, job.created_at, self.now())),
        };
        if matches!(state, RefundState::Waiting) {
            let waited = self.now().since(job.created_at);
            let until = self.now().plus(pause(waited));
            let later = Outcome::PutOff(until, super::UNDECIDED.to_owned());
            return Ok(if waited < PATIENCE { later } else { Outcome::Done });
        }
        if is_news(told, &state, &known) {
            self.tell_other_end(gate, told, known, state).await?;
        }
        Ok(Outcome::Done)
    }

    /// Tells the order the other end, and writes it down where it is the one of the last try.
    async fn tell_other_end(
        &self,
        gate: &Gate,
        told: SecondLook,
        known: GatewayRefund,
        state: RefundState,
    ) -> Result<(), Error> {
        let (refund_id, payment_id, tree) = (told.refund, Some(told.payment), known.tree);
        let (end, operation, row) = match state {
            RefundState::Done { reference } => {
                let reference = Some(reference);
                let told = reference.clone();
                let operation =
                    Operation::RefundSucceeded { refund_id, payment_id, reference: told };
                (DONE, operation, GatewayRefund { reference, ..known })
            }
            RefundState::Failed { reason } => {
                let (reference, reason) = (known.reference.clone(), Some(reason));
                let trouble = reason.clone();
                let operation =
                    Operation::RefundFailed { refund_id, payment_id, reference, reason };
                (FAILED, operation, GatewayRefund { trouble, ..known })
            }
            RefundState::Waiting | RefundState::Unknown => return Ok(()),
        };
        // The order first: a look that is cut off in between is the same look again.
        self.gateway_says(gate, tree, operation).await?;
        if told.try_no == row.try_no {
            self.refund_ended(row, end).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::Time;

    #[test]
    fn only_another_end_than_the_one_that_is_known_is_news() {
        let known = |state: &str| GatewayRefund {
            refund: Id(1),
            payment: Id(2),
            tree: Id(3),
            gateway: "pay".to_owned(),
            amount: 5,
            try_no: 2,
            round: 1,
            round_from: 1,
            state: state.to_owned(),
            reference: None,
            trouble: None,
            at: Time(9),
        };
        let done = RefundState::Done { reference: "r".to_owned() };
        let not = RefundState::Failed { reason: "f".to_owned() };
        let told = |try_no| SecondLook { refund: Id(1), payment: Id(2), try_no };
        let cases = [
            (2, &done, DONE, false),
            (2, &done, FAILED, true),
            (2, &not, DONE, true),
            (2, &not, FAILED, false),
            (1, &done, DONE, true),
            (1, &not, DONE, false),
            (2, &done, refund::ASKED, false),
            (3, &done, DONE, false),
            (2, &RefundState::Unknown, DONE, false),
        ];
        for (try_no, said, state, news) in cases {
            let case = format!("{try_no} {said:?} {state}");
            assert_eq!(is_news(told(try_no), said, &known(state)), news, "{case}");
        }
    }
}
