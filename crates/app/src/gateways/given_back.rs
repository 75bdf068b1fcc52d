//! Money that goes back here beside the same at its gateway: for those who check the books.

use super::{UnderWay, refund};
use crate::{App, Error};
use docket_channels::RefundState;
use docket_domain::words::RefundStatus;
use docket_domain::{Id, Time, Tree};
use docket_store::{Context, GatewayRefund, TaskRow, Writes};

/// The last try of giving money back, and how it stands at its gateway.
#[derive(Debug, Clone)]
pub(crate) struct GivenBack {
    row: GatewayRefund,
    state: RefundState,
}

/// What `payment` gives for `refund`, as the order has it.
#[derive(Debug, Clone, Copy)]
struct Given<'a> {
    refund: Id,
    payment: Id,
    status: RefundStatus,
    reference: Option<&'a str>,
}

fn given(tree: &Tree) -> Vec<Given<'_>> {
    let dues = tree.payment.refunds_due.iter().map(|due| Given {
        refund: due.refund_id,
        payment: due.payment_id,
        status: due.status,
        reference: due.reference.as_deref(),
    });
    let refunds = tree.shops.iter().flat_map(|shop| &shop.refunds);
    let parts = refunds.flat_map(|refund| {
        refund.parts.iter().map(|part| Given {
            refund: refund.refund_id,
            payment: part.payment_id,
            status: part.status,
            reference: part.reference.as_deref(),
        })
    });
    dues.chain(parts).collect()
}

impl GivenBack {
    /// What the difference is of.
    pub fn subject(&self) -> String {
        format!("{} of payment {}", self.row.refund, self.row.payment)
    }

    /// The unique key of the task that looks after it.
    pub fn key_of_task(&self) -> String {
        let GatewayRefund { tree, refund, payment, round, .. } = self.row;
        refund::key(refund::Told { tree, refund, payment, round })
    }

    /// How it stands here and there, where the two differ.
    pub fn apart(&self, tree: &Tree) -> Option<(String, String)> {
        let is_mine =
            |one: &Given<'_>| (one.refund, one.payment) == (self.row.refund, self.row.payment);
        let mine: Vec<_> = given(tree).into_iter().filter(is_mine).collect();
        let back = |reference: Option<&str>| {
            let is_back = |one: &&Given<'_>| {
                one.status == RefundStatus::Refunded && one.reference == reference
            };
            mine.iter().find(is_back)
        };
        let stands = |one: &Given<'_>| one.status.word().to_owned();
        match &self.state {
            RefundState::Done { reference } if back(Some(reference)).is_none() => {
                Some((stands(mine.last()?), format!("done {reference}")))
            }
            RefundState::Done { .. } => None,
            state => {
                let reference = self.row.reference.as_deref();
                let one = reference.and_then(|reference| back(Some(reference)))?;
                Some((stands(one), state.word().to_owned()))
            }
        }
    }
}

impl App {
    /// Tries of giving money of `tree` back at gateways that we speak to, last heard of in this time.
    pub(crate) async fn tries_between(
        &self,
        tree: &Tree,
        from: Time,
        to: Time,
    ) -> Result<Vec<GatewayRefund>, Error> {
        let mut wanted: Vec<_> =
            given(tree).into_iter().map(|one| (one.refund, one.payment)).collect();
        wanted.dedup();
        wanted.retain(|(_, payment)| self.inner.gateways.came_here(tree, *payment));
        let mut found = Vec::new();
        for (refund, payment) in wanted {
            let row = self.store().gateway_refund(refund, payment).await?;
            found.extend(row.filter(|row| (from..to).contains(&row.at)));
        }
        Ok(found)
    }

    /// Asks its gateway how a try stands there; nothing where it does not say.
    pub(crate) async fn given_back(
        &self,
        tree: &Tree,
        row: GatewayRefund,
    ) -> Result<Option<GivenBack>, Error> {
        let payment = tree.payment.payments.iter().find(|p| p.payment_id == row.payment);
        let through = payment.and_then(|payment| Some((payment.attempt_id?, payment.currency)));
        let gate = self.inner.gateways.gate(&row.gateway);
        let (Some((attempt, currency)), Some(gate)) = (through, gate) else { return Ok(None) };
        let refund = refund::refund_of(&row, attempt, currency)?;
        match self.query_refund(gate, &refund).await {
            Ok(state) => Ok(Some(GivenBack { row, state })),
            Err(trouble) => {
                tracing::debug!(%trouble, "a gateway does not say how a refund stands");
                Ok(None)
            }
        }
    }
}

impl super::Gateways {
    /// Has the task of what differs look again now; nothing where nothing is under way for it here.
    pub fn give_back_again(
        &self,
        tree: &Tree,
        differs: &GivenBack,
        cx: &mut Context<'_>,
    ) -> Option<Writes> {
        let row = &differs.row;
        let is_mine = |one: &UnderWay| matches!(one, UnderWay::Refund(told) if (told.refund, told.payment) == (row.refund, row.payment));
        let one = self.under_way(tree).into_iter().find(is_mine)?;
        let statements = vec![TaskRow::wake(&one.key(), cx.now)];
        Some(Writes { statements, tasks: vec![one.task(cx)], ..Writes::default() })
    }
}
