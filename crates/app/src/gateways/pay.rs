//! Looking after one attempt: it is started at its gateway, and asked after until it has ended there. When it has
//! ended here first, it is asked after once more: money may have come all the same.

use super::{GATEWAY, Gate, Trouble, attempt, due, pause, weigh};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_connectors::{Closing, Fault, MerchantKey, Paid, Payment, PaymentState, Start, Started};
use docket_domain::operation::{Operation, PaymentReport};
use docket_domain::tree::Attempt;
use docket_domain::words::AttemptStatus;
use docket_domain::{Id, Refusal, Time, Tree, time};
use docket_store::GatewayPayment;
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};

/// The longest title that a gateway is told, in characters.
const TITLE_MAX: usize = 100;
/// How long a payer has where an order has no end to pay by.
const NO_END: time::Millis = time::DAY;

/// Looks after an attempt at its gateway until it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowAttempt {
    /// The payment order's number.
    pub tree: Id,
    /// Which attempt of it; the gateway knows the payment by this number.
    pub attempt: Id,
}

/// The unique key of the task of an attempt.
pub fn key(attempt: Id) -> String {
    format!("{}:{attempt}", FollowAttempt::KIND)
}

/// An attempt as its gateway knows it.
pub fn payment_of(tree: &Tree, attempt: &Attempt) -> Payment {
    Payment {
        key: MerchantKey::from(attempt.attempt_id),
        order: MerchantKey::from(tree.id()),
        amount: attempt.amount,
        currency: tree.payment.currency,
    }
}

impl Task for FollowAttempt {
    const KIND: &'static str = "gateway_payment";
    const POLICY: Policy = GATEWAY;

    async fn run(self, app: App, job: Job) -> Handled {
        app.look_after(&job, self).await.unwrap_or_else(|error| failed(&app, &error, 1_000)).into()
    }
}

/// An attempt at its gateway, as a task has it before it.
pub struct OpenAttempt<'a> {
    pub gate: &'a Gate,
    pub tree: &'a Tree,
    pub attempt: &'a Attempt,
    pub began: Time,
    /// The word of how it stood there when that was last noted.
    pub noted: Option<&'a str>,
}

impl OpenAttempt<'_> {
    fn is_open(&self) -> bool {
        self.attempt.status == AttemptStatus::Open
    }

    fn payment(&self) -> Payment {
        payment_of(self.tree, self.attempt)
    }

    /// What is to be noted of it.
    fn said(&self, state: &str, at: Time) -> GatewayPayment {
        GatewayPayment {
            attempt: self.attempt.attempt_id,
            tree: self.tree.id(),
            gateway: self.gate.name.clone(),
            state: state.to_owned(),
            reference: None,
            pay_url: None,
            trouble: None,
            at,
        }
    }
}

/// What the payer reads: the first line of the order.
fn title(tree: &Tree) -> String {
    let named = tree.lines().find_map(|(_, item)| item.title.clone());
    let title = named.unwrap_or_else(|| tree.id().to_string());
    title.chars().filter(|sign| !sign.is_control()).take(TITLE_MAX).collect()
}

impl App {
    async fn look_after(&self, job: &Job, told: FollowAttempt) -> Result<Outcome, Error> {
        let Some(tree) = self.store().tree(told.tree).await? else { return Ok(Outcome::Done) };
        let Some(attempt) = attempt(&tree, told.attempt) else { return Ok(Outcome::Done) };
        let gateway = attempt.gateway.as_deref().unwrap_or_default();
        let Some(gate) = self.inner.gateways.gate(gateway) else {
            return Ok(Outcome::Dead(format!("the gateway {gateway} is not configured")));
        };
        let known = self.store().gateway_payment(told.attempt).await?;
        // Its task is as old as an attempt that was begun here. Another came with an import, or from before the
        // gateway was ours to speak to: it has a payment there already, under a key of somebody else's.
        if known.is_none() && job.created_at != attempt.created_at {
            return Ok(Outcome::Done);
        }
        let noted = known.as_ref().map(|known| &*known.state);
        let here = OpenAttempt { gate, tree: &tree, attempt, began: job.created_at, noted };
        let started = known.as_ref().is_some_and(|known| known.reference.is_some());
        let state = if here.is_open() && !started && due::unwanted(&tree).is_none() {
            if known.is_none() {
                let now = self.now();
                self.note(vec![GatewayPayment::begin(told.attempt, told.tree, gateway, now)])
                    .await?;
            }
            match self.start_there(&here).await? {
                Ok(Started::Ended(state)) => Ok(state),
                Ok(Started::Open { .. }) => {
                    return Ok(Outcome::Later(self.now().plus(super::SOON)));
                }
                Err(trouble) => Err(trouble),
            }
        } else if known.is_none() && !here.is_open() {
            return Ok(Outcome::Done);
        } else {
            self.query(&here).await
        };
        match state {
            Ok(state) => self.follow(&here, state).await,
            Err(trouble) => self.troubled(&here, &trouble).await,
        }
    }

    /// Starts it there. What refuses it for good has not started it: that is a payment that failed.
    async fn start_there(&self, here: &OpenAttempt<'_>) -> Result<Result<Started, Trouble>, Error> {
        let payment = here.payment();
        let start = Start {
            title: title(here.tree),
            callback_url: self.callback_url(here.gate),
            expires_at: here.tree.payment.pay_by.unwrap_or_else(|| self.now().plus(NO_END)),
        };
        let asked = self.ask(
            here.gate,
            "start",
            |connector, stamp| connector.start(&payment, &start, stamp),
            |connector, reply| connector.started(&payment, reply),
            |started| match started {
                Started::Open { .. } => "open",
                Started::Ended(state) => state.word(),
            },
        );
        match asked.await {
            Ok(Started::Open { reference, pay_url }) => {
                let said = GatewayPayment {
                    reference: Some(reference.clone()),
                    pay_url: Some(pay_url.clone()),
                    ..here.said("waiting", self.now())
                };
                self.note(vec![said.told()]).await?;
                Ok(Ok(Started::Open { reference, pay_url }))
            }
            Err(Trouble::Fault(Fault::Refused { code })) => match self.query(here).await {
                Ok(PaymentState::Unknown) => {
                    Ok(Ok(Started::Ended(PaymentState::Failed { reason: code })))
                }
                Ok(state) => Ok(Ok(Started::Ended(state))),
                Err(trouble) => Ok(Err(trouble)),
            },
            other => Ok(other),
        }
    }

    /// Asks how it stands there.
    pub(super) async fn query(&self, here: &OpenAttempt<'_>) -> Result<PaymentState, Trouble> {
        let payment = here.payment();
        self.ask(
            here.gate,
            "query",
            |connector, stamp| connector.query(&payment, stamp),
            |connector, reply| connector.queried(&payment, reply),
            PaymentState::word,
        )
        .await
    }

    /// Does what follows from how it stands there.
    pub(super) async fn follow(
        &self,
        here: &OpenAttempt<'_>,
        state: PaymentState,
    ) -> Result<Outcome, Error> {
        let now = self.now();
        let attempt_id = Some(here.attempt.attempt_id);
        let again = Outcome::Later(now.plus(pause(now.since(here.began))));
        let said = here.said(state.word(), now);
        match state {
            PaymentState::Paid(paid) => self.paid(here, paid).await,
            PaymentState::Failed { reason } => {
                let reason = Some(reason);
                self.note(vec![GatewayPayment { trouble: reason.clone(), ..said }.told()]).await?;
                let operation = Operation::PaymentFailed { attempt_id, reason };
                self.ended(here, operation).await
            }
            PaymentState::Closed => {
                self.note(vec![said.told()]).await?;
                let operation = Operation::AttemptClosed { attempt_id, reason: None };
                self.ended(here, operation).await
            }
            PaymentState::Waiting if here.is_open() => {
                // Nothing is written down look by look while nothing happens.
                if here.noted != Some(&*said.state) {
                    self.note(vec![said.told()]).await?;
                }
                Ok(again)
            }
            // It has ended here, so nobody may pay it there.
            PaymentState::Waiting => match self.close_there(here).await {
                Ok(Closing::Closed | Closing::NotFound) => {
                    self.note(vec![here.said("closed", now).told()]).await?;
                    Ok(Outcome::Done)
                }
                Ok(Closing::AlreadyPaid | Closing::TryLater) => Ok(again),
                Err(trouble) => self.troubled(here, &trouble).await,
            },
            PaymentState::Unknown if here.is_open() => {
                // It was started, and the gateway has lost it: the same key starts it again. What comes of that
                // is seen at the next look.
                if due::unwanted(here.tree).is_none() {
                    drop(self.start_there(here).await?);
                }
                Ok(again)
            }
            PaymentState::Unknown => Ok(Outcome::Done),
        }
    }

    /// An attempt that is open here has ended there.
    async fn ended(&self, here: &OpenAttempt<'_>, operation: Operation) -> Result<Outcome, Error> {
        if here.is_open() {
            match self.gateway_says(here.gate, here.tree.id(), operation).await {
                // Something else ended it meanwhile.
                Ok(()) | Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Outcome::Done)
    }

    /// The money came.
    async fn paid(&self, here: &OpenAttempt<'_>, paid: Paid) -> Result<Outcome, Error> {
        let reference = Some(paid.reference.clone());
        let said = GatewayPayment { reference, ..here.said("paid", self.now()) };
        self.note(vec![said.told()]).await?;
        let attempt = here.attempt;
        let operation = Operation::PaymentSucceeded(PaymentReport {
            tender: attempt.tender.clone(),
            reference: paid.reference,
            amount: paid.amount,
            paid_at: Some(paid.paid_at),
            terms_version: Some(attempt.terms_version),
            attempt_id: Some(attempt.attempt_id),
        });
        match self.gateway_says(here.gate, here.tree.id(), operation).await {
            Ok(()) => Ok(Outcome::Done),
            Err(Error::Refused(refusal)) => {
                let refusal: Refusal = *refusal;
                Ok(Outcome::Dead(format!("the money came and cannot be taken down: {refusal}")))
            }
            Err(error) => Err(error),
        }
    }

    /// Notes trouble where people see it, and weighs it.
    pub(super) async fn troubled(
        &self,
        here: &OpenAttempt<'_>,
        trouble: &Trouble,
    ) -> Result<Outcome, Error> {
        let now = self.now();
        let said =
            GatewayPayment { trouble: Some(trouble.to_string()), ..here.said(trouble.word(), now) };
        self.note(vec![said.told()]).await?;
        Ok(weigh(trouble, here.began, now))
    }

    /// Where the callbacks of a gateway go.
    fn callback_url(&self, gate: &Gate) -> String {
        let base = gate.callback_url.clone().or_else(|| {
            let known = self.inner.gateways.base.lock();
            known.expect("nothing panics while it holds it").clone()
        });
        let base = base.unwrap_or_else(|| "http://127.0.0.1:7300".to_owned());
        format!("{}/api/payments/callbacks/{}", base.trim_end_matches('/'), gate.name)
    }
}
