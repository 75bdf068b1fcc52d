//! An attempt here beside the same payment at its gateway: for those who check the books.

use super::{Trouble, attempt, due, pay};
use crate::{App, Error};
use docket_connectors::{Fault, PaymentState};
use docket_domain::seat::Matter;
use docket_domain::tree::Attempt;
use docket_domain::words::AttemptStatus;
use docket_domain::{Id, Time, Tree};
use docket_store::{Context, NewTask};

/// What a gateway said of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GatewayStanding {
    /// It has this much under this reference.
    Paid { amount: i64, reference: String },
    /// It has another payment under the key, as it says itself.
    Other(String),
    /// No money came: the word of how it stands.
    NotPaid(&'static str),
}

/// How an attempt and its payment differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apart {
    PaidThere,
    PaidHere,
    Amount,
    OpenHere,
}

impl GatewayStanding {
    /// How it differs from what `tree` says of the attempt; with both sides.
    pub fn apart(&self, tree: &Tree, id: Id) -> Option<(Apart, String, String)> {
        let here = attempt(tree, id)?;
        let status = here.status.word().to_owned();
        let said = |how, there: String| Some((how, status.clone(), there));
        match self {
            Self::Other(why) => said(Apart::Amount, why.clone()),
            Self::Paid { amount, reference } => {
                let mut payments = tree.payment.payments.iter();
                match payments.find(|p| p.reference == *reference && p.tender == here.tender) {
                    None => said(Apart::PaidThere, format!("paid {amount}")),
                    Some(known) if known.amount != *amount => {
                        Some((Apart::Amount, known.amount.to_string(), amount.to_string()))
                    }
                    Some(_) => None,
                }
            }
            Self::NotPaid(word) => match here.status {
                AttemptStatus::Succeeded => said(Apart::PaidHere, (*word).to_owned()),
                AttemptStatus::Open if *word != "waiting" => {
                    said(Apart::OpenHere, (*word).to_owned())
                }
                AttemptStatus::Open | AttemptStatus::Closed | AttemptStatus::Failed => None,
            },
        }
    }
}

/// The unique key of the task that looks after an attempt.
pub(crate) fn key_of_task(attempt: Id) -> String {
    pay::key(attempt)
}

/// The task that looks after an attempt, once more.
pub(crate) fn look_again(tree: Id, attempt: Id, cx: &mut Context<'_>) -> NewTask {
    due::task(pay::key(attempt), &pay::FollowAttempt { tree, attempt }, cx)
}

impl App {
    /// Attempts of `tree` at gateways that we speak to, begun in this time.
    pub(crate) fn attempts_between(&self, tree: &Tree, from: Time, to: Time) -> Vec<Id> {
        let spoken_to = |attempt: &&Attempt| {
            let gateway = attempt.gateway.as_deref();
            gateway.is_some_and(|name| self.inner.gateways.gate(name).is_some())
        };
        let ours = self.seat().keeps(Matter::Money, &tree.payment.home);
        let within = |attempt: &&Attempt| ours && (from..to).contains(&attempt.created_at);
        let attempts = tree.payment.attempts.iter().filter(spoken_to).filter(within);
        attempts.map(|attempt| attempt.attempt_id).collect()
    }

    /// Asks the gateway of an attempt how it stands there; nothing where it does not say.
    pub(crate) async fn there(
        &self,
        tree: &Tree,
        id: Id,
    ) -> Result<Option<GatewayStanding>, Error> {
        let Some(attempt) = attempt(tree, id) else { return Ok(None) };
        let gate = self.inner.gateways.gate(attempt.gateway.as_deref().unwrap_or_default());
        let Some(gate) = gate else { return Ok(None) };
        let here = pay::OpenAttempt { gate, tree, attempt, began: self.now(), noted: None };
        Ok(match self.query(&here).await {
            Ok(PaymentState::Paid(paid)) => {
                Some(GatewayStanding::Paid { amount: paid.amount, reference: paid.reference })
            }
            Ok(state) => Some(GatewayStanding::NotPaid(state.word())),
            Err(Trouble::Fault(fault @ Fault::Mismatch(_))) => {
                Some(GatewayStanding::Other(fault.to_string()))
            }
            Err(trouble) => {
                tracing::debug!(%trouble, "a gateway does not say how an attempt stands");
                None
            }
        })
    }
}
