//! Money that goes back here beside the same at its gateway: for those who check the books.

use super::{UnderWay, due, refund, second_look};
use crate::{App, Error};
use docket_connectors::RefundState;
use docket_domain::seat::Matter;
use docket_domain::tree::RefundPart;
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
    /// Whether it stands so; otherwise it was heard, and something else since.
    stands: bool,
}

impl<'a> Given<'a> {
    fn of(refund: Id, part: &'a RefundPart, stands: bool) -> Self {
        let (payment, reference) = (part.payment_id, part.reference.as_deref());
        Self { refund, payment, status: part.status, reference, stands }
    }
}

fn given(tree: &Tree) -> Vec<Given<'_>> {
    let dues = tree.payment.refunds_due.iter().flat_map(|due| {
        let own = Given {
            refund: due.refund_id,
            payment: due.payment_id,
            status: due.status,
            reference: due.reference.as_deref(),
            stands: true,
        };
        let former = due.former.iter().map(|part| Given::of(due.refund_id, part, false));
        former.chain([own]).chain(due.again.iter().map(|part| Given::of(due.refund_id, part, true)))
    });
    let refunds = tree.shops.iter().flat_map(|shop| &shop.refunds);
    let parts = refunds.flat_map(|refund| {
        let of = |part, stands| Given::of(refund.refund_id, part, stands);
        let former = refund.former.iter().map(move |part| of(part, false));
        former.chain(refund.parts.iter().map(move |part| of(part, true)))
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
        refund::key(refund::GiveBack { tree, refund, payment, round })
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
            // Money that came back since was heard of; its gateway need not know that it did.
            RefundState::Done { reference } if back(Some(reference)).is_none() => {
                Some((stands(mine.last()?), format!("done {reference}")))
            }
            RefundState::Done { .. } => None,
            state => {
                let reference = self.row.reference.as_deref();
                let one = reference.and_then(|reference| back(Some(reference)))?;
                let one = Some(one).filter(|one| one.stands)?;
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
        if !self.seat().keeps(Matter::Money, &tree.payment.home) {
            return Ok(Vec::new());
        }
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
    /// Has the task of what differs look again now. Where nothing is under way for it here, it had ended: if it has
    /// another end there, the order is told; what a gateway does not know stays.
    pub fn give_back_again(
        &self,
        tree: &Tree,
        differs: &GivenBack,
        cx: &mut Context<'_>,
    ) -> Option<Writes> {
        let row = &differs.row;
        let is_mine = |one: &UnderWay| matches!(one, UnderWay::Refund(told) if (told.refund, told.payment) == (row.refund, row.payment));
        let Some(one) = self.under_way(tree, cx.seat).into_iter().find(is_mine) else {
            let (refund, payment, try_no) = (row.refund, row.payment, row.try_no);
            let told = second_look::SecondLook { refund, payment, try_no };
            let key = second_look::key(told, row);
            let task = || due::task(key, &told, cx);
            let news = second_look::is_news(told, &differs.state, row).then(task)?;
            return Some(Writes { tasks: vec![news], ..Writes::default() });
        };
        let statements = vec![TaskRow::wake(&one.key(), cx.now)];
        Some(Writes { statements, tasks: vec![one.task(cx)], ..Writes::default() })
    }
}
