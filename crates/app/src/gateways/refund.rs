//! Giving money back at the gateway it came through: one task for each payment that a refund draws on, and for each
//! refund due.
//!
//! Which try it is, and so its key there, is written down before the gateway is asked: whoever is killed in between
//! asks again under the same key, and the money goes back once. A key that failed never works again; the next try
//! has its own.

use super::{GATEWAY, Gate, Trouble, pause, weigh};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_connectors::{Fault, MerchantKey, Refund, RefundState};
use docket_domain::operation::Operation;
use docket_domain::time::Millis;
use docket_domain::words::RefundStatus;
use docket_domain::{Currency, Id, Tree};
use docket_store::GatewayRefund;
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};

/// Tries under keys of their own, before it has failed.
const TRIES: u32 = 3;
/// Between two of them, in milliseconds, times how many there were.
const BETWEEN: Millis = 1_000;

pub const ASKED: &str = "asked";
pub const DONE: &str = "done";
pub const FAILED: &str = "failed";

/// Gives money of one payment back, and looks after that until it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveBack {
    /// The payment order's number.
    pub tree: Id,
    /// The refund, or the refund due.
    pub refund: Id,
    /// The payment that gives it.
    pub payment: Id,
    /// Which drawing of the refund; 0 for a refund due, which is drawn once.
    pub round: u32,
}

/// The unique key of its task.
pub fn key(GiveBack { refund, payment, round, .. }: GiveBack) -> String {
    format!("{}:{refund}:{payment}:{round}", GiveBack::KIND)
}

/// The key of one try at the gateway.
fn key_there(row: &GatewayRefund) -> String {
    format!("{}-{}-{}", row.refund, row.payment, row.try_no)
}

/// A try as its gateway knows it: it draws on the money of `attempt`.
pub fn refund_of(row: &GatewayRefund, attempt: Id, currency: Currency) -> Result<Refund, Error> {
    let text = key_there(row);
    Ok(Refund {
        key: MerchantKey::new(&text).map_err(|wrong| Error::Internal(wrong.to_string()))?,
        payment: MerchantKey::from(attempt),
        order: MerchantKey::from(row.tree),
        amount: row.amount,
        currency,
        reason: "refund".to_owned(),
    })
}

/// The refund, payment and try of a key.
pub fn of_key(key: &str) -> Option<(Id, Id, u32)> {
    let mut parts = key.split('-');
    let ids =
        (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(ids)
}

/// What `payment` has still to give for a refund that is under way.
fn under_way(tree: &Tree, told: GiveBack) -> Option<i64> {
    let due = tree.payment.refunds_due.iter().find(|due| due.refund_id == told.refund);
    if let Some(due) = due {
        return (due.status == RefundStatus::Refunding).then_some(due.amount);
    }
    let mut refunds = tree.shops.iter().flat_map(|shop| &shop.refunds);
    let refund = refunds.find(|r| r.refund_id == told.refund && r.round == told.round)?;
    let mut parts = refund.parts.iter();
    let mine = |part: &&docket_domain::tree::RefundPart| {
        part.payment_id == told.payment && part.status == RefundStatus::Refunding
    };
    parts.find(mine).map(|part| part.amount)
}

/// Whether the order knows of the try in `row` already, so that what is under way is another part.
fn was_told(tree: &Tree, row: &GatewayRefund) -> bool {
    let refunds = tree.shops.iter().flat_map(|shop| &shop.refunds);
    let refunds = refunds.filter(|refund| refund.refund_id == row.refund);
    // Also one whose money came back since: it is not given back under its key again.
    let mut parts = refunds.flat_map(|refund| refund.parts.iter().chain(&refund.former));
    row.state == DONE
        && parts.any(|part| {
            part.payment_id == row.payment
                && part.status == RefundStatus::Refunded
                && part.reference == row.reference
        })
}

impl Task for GiveBack {
    const KIND: &'static str = "gateway_refund";
    const POLICY: Policy = GATEWAY;

    async fn run(self, app: App, job: Job) -> Handled {
        app.give_back(&job, self).await.unwrap_or_else(|error| failed(&app, &error, 1_000)).into()
    }
}

/// What a step makes of what is written down.
enum Step {
    /// Begin, with this first try.
    Begin(GatewayRefund),
    /// The next try, over the number of the one before.
    Next(GatewayRefund, u32),
    /// This try may be on its way, or have arrived.
    Asked(GatewayRefund),
    /// It has ended, and the order was not told yet.
    Ended(GatewayRefund),
}

/// Whether a key was at the gateway before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Never,
    Perhaps,
}

/// What is to be done now for the round of `fresh`, where `known` is written down and `tree` is the order.
fn step(tree: &Tree, known: Option<GatewayRefund>, fresh: GatewayRefund) -> Step {
    let Some(known) = known else { return Step::Begin(fresh) };
    let is_mine = known.round == fresh.round;
    let tries = known.try_no + 1 - known.round_from;
    match &*known.state {
        ASKED => Step::Asked(known),
        DONE if !was_told(tree, &known) => Step::Ended(known),
        FAILED if is_mine && tries >= TRIES => Step::Ended(known),
        _ => {
            let try_no = known.try_no + 1;
            let round_from = if is_mine { known.round_from } else { try_no };
            Step::Next(GatewayRefund { try_no, round_from, ..fresh }, known.try_no)
        }
    }
}

impl App {
    async fn give_back(&self, job: &Job, told: GiveBack) -> Result<Outcome, Error> {
        let Some(tree) = self.store().tree(told.tree).await? else { return Ok(Outcome::Done) };
        let Some(amount) = under_way(&tree, told) else { return Ok(Outcome::Done) };
        let payment = tree.payment.payments.iter().find(|p| p.payment_id == told.payment);
        let through =
            payment.and_then(|p| Some((p.gateway.as_deref()?, p.attempt_id?, p.currency)));
        let Some((gateway, attempt, currency)) = through else { return Ok(Outcome::Done) };
        let Some(gate) = self.inner.gateways.gate(gateway) else {
            return Ok(Outcome::Dead(format!("the gateway {gateway} is not configured")));
        };
        let now = self.now();
        let fresh = GatewayRefund {
            refund: told.refund,
            payment: told.payment,
            tree: told.tree,
            gateway: gateway.to_owned(),
            amount,
            try_no: 1,
            round: told.round,
            round_from: 1,
            state: ASKED.to_owned(),
            reference: None,
            trouble: None,
            at: now,
        };
        let known = self.store().gateway_refund(told.refund, told.payment).await?;
        let (row, sent) = match step(&tree, known, fresh) {
            Step::Ended(row) => return self.tell(gate, &row).await,
            Step::Asked(row) => (row, Sent::Perhaps),
            Step::Begin(row) => {
                self.note(vec![row.clone().begin()]).await?;
                (row, Sent::Never)
            }
            Step::Next(row, over) => {
                self.note(vec![row.clone().follow(over)]).await?;
                (row, Sent::Never)
            }
        };
        let refund = refund_of(&row, attempt, currency)?;
        match self.refund_there(gate, &refund, sent).await {
            Ok(state) => self.refund_stands(gate, (job, told), row, state).await,
            Err(trouble) => Ok(weigh(&trouble, job.created_at, self.now())),
        }
    }

    /// Does what follows from how a try stands there.
    async fn refund_stands(
        &self,
        gate: &Gate,
        (job, told): (&Job, GiveBack),
        row: GatewayRefund,
        state: RefundState,
    ) -> Result<Outcome, Error> {
        match state {
            RefundState::Done { reference } => {
                let row = GatewayRefund { reference: Some(reference), ..row };
                self.tell(gate, &self.refund_ended(row, DONE).await?).await
            }
            RefundState::Failed { reason } => {
                let row = GatewayRefund { trouble: Some(reason), ..row };
                let row = self.refund_ended(row, FAILED).await?;
                let tries = row.try_no + 1 - row.round_from;
                if row.round == told.round && tries >= TRIES {
                    return self.tell(gate, &row).await;
                }
                Ok(Outcome::Later(self.now().plus(BETWEEN * Millis::from(tries))))
            }
            RefundState::Waiting | RefundState::Unknown => {
                let now = self.now();
                let until = now.plus(pause(now.since(job.created_at)));
                Ok(Outcome::PutOff(until, super::UNDECIDED.to_owned()))
            }
        }
    }

    /// Writes down how a try ended.
    pub(super) async fn refund_ended(
        &self,
        row: GatewayRefund,
        state: &str,
    ) -> Result<GatewayRefund, Error> {
        let row = GatewayRefund { state: state.to_owned(), at: self.now(), ..row };
        self.note(vec![row.clone().follow(row.try_no)]).await?;
        Ok(row)
    }

    /// Tells the order how it ended.
    async fn tell(&self, gate: &Gate, row: &GatewayRefund) -> Result<Outcome, Error> {
        let (refund_id, payment_id) = (row.refund, Some(row.payment));
        let operation = if row.state == DONE {
            Operation::RefundSucceeded { refund_id, payment_id, reference: row.reference.clone() }
        } else {
            let (reference, reason) = (None, row.trouble.clone());
            Operation::RefundFailed { refund_id, payment_id, reference, reason }
        };
        self.gateway_says(gate, row.tree, operation).await?;
        Ok(Outcome::Done)
    }

    /// Gives the money back there, or asks what became of it where that was asked for before.
    async fn refund_there(
        &self,
        gate: &Gate,
        refund: &Refund,
        sent: Sent,
    ) -> Result<RefundState, Trouble> {
        if sent == Sent::Perhaps {
            match self.query_refund(gate, refund).await? {
                RefundState::Unknown => {}
                state => return Ok(state),
            }
        }
        let asked = self.ask(
            gate,
            "refund",
            |connector, stamp| connector.refund(refund, stamp),
            |connector, reply| connector.refunded(refund, reply),
            RefundState::word,
        );
        match asked.await {
            // Refused for good, unless it was done under this key before.
            Err(Trouble::Fault(Fault::Refused { code })) => {
                match self.query_refund(gate, refund).await? {
                    RefundState::Unknown => Ok(RefundState::Failed { reason: code }),
                    state => Ok(state),
                }
            }
            other => other,
        }
    }

    pub(super) async fn query_refund(
        &self,
        gate: &Gate,
        refund: &Refund,
    ) -> Result<RefundState, Trouble> {
        self.ask(
            gate,
            "query_refund",
            |connector, stamp| connector.query_refund(refund, stamp),
            |connector, reply| connector.refund_queried(refund, reply),
            RefundState::word,
        )
        .await
    }
}
