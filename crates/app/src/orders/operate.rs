//! Changing an order: one request, decided by the domain, written by the lane.

use crate::access::{Principal, Scope};
use crate::idempotency::Idempotency;
use crate::lane::Verdict;
use crate::lane::deadlines::Deadlines;
use crate::lane::holds::{can_hold, can_retake};
use crate::lane::reactions::Changes;
use crate::lane::redeem::{CouponSettings, can_count, keys_to_hold};
use crate::lane::unique::claim_key;
use crate::orders::place::set_ship_to;
use crate::vault::{Closed, Vault, telephones};
use crate::{Answer, App, Error};
use docket_domain::change::{Change, PaymentClaim};
use docket_domain::decide::{self, Context as Deciding, Decided};
use docket_domain::operation::{By, Operation, OperationKind, Request};
use docket_domain::words::Settlement;
use docket_domain::{Actor, Amount, Id, Limits, Refusal, Tree, ledger, status};
use docket_store::{
    Context, Idempotent, Key, Need, Priority, RequestOutcome, Sealed, View, Writes,
};
use docket_wire::{Person, Posted, ShipTo};
use std::sync::Arc;

/// What became of a request in the lane.
enum Operating {
    /// Done, or so already: the tree and its sealed customers' data as they are then.
    Done(Arc<Tree>, Option<Sealed>),
    /// It was done before under this idempotency key.
    Before { tree: Id, outcome: RequestOutcome },
    /// The number is not that of a payment order.
    NotARoot,
    /// Refused; at most an anomaly was noted.
    Refused(Error),
}

/// A request with everything the piece of work needs.
struct Work {
    request: Request,
    root: Id,
    actor: Actor,
    who: Principal,
    ship_to: Option<ShipTo>,
    idempotency: Option<Idempotency>,
    deadlines: Arc<Deadlines>,
    limits: Arc<Limits>,
    vault: Arc<Vault>,
    coupons: CouponSettings,
    claim: Option<PaymentClaim>,
}

impl App {
    /// Decides `posted` and answers the whole tree, whichever of its numbers was named.
    pub async fn operate(
        &self,
        who: &Principal,
        posted: Posted,
        idempotency: Option<Idempotency>,
    ) -> Result<Answer, Error> {
        let kind = posted.request.operation.kind();
        who.may_ask_for(kind)?;
        self.knows_gateway(&posted.request.operation)?;
        let actor = who.actor(posted.actor.clone(), kind)?;
        let node = posted.request.node;
        match self.try_operate(who, &posted, &actor, node, idempotency).await? {
            Operating::NotARoot => {}
            done => return self.operated(who, done).await,
        }
        let Some(root) = self.store().root_of(node).await? else {
            // What left whole can be read, by those who could before, and not changed.
            return Err(Error::Archived { order: self.tree(who, node).await?.id() });
        };
        let done = self.try_operate(who, &posted, &actor, root, idempotency).await?;
        self.operated(who, done).await
    }

    async fn operated(&self, who: &Principal, done: Operating) -> Result<Answer, Error> {
        match done {
            Operating::Refused(error) => Err(error),
            Operating::Done(tree, sealed) => {
                let customer = self.customer(tree.id(), sealed.as_ref());
                Ok(Answer { tree, customer, replayed: false, outcome: RequestOutcome::Changed })
            }
            Operating::Before { tree, outcome } => self.answer_again(who, tree, outcome).await,
            Operating::NotARoot => Err(Error::Internal("a root is not a root".to_owned())),
        }
    }

    async fn try_operate(
        &self,
        who: &Principal,
        posted: &Posted,
        actor: &Actor,
        root: Id,
        idempotency: Option<Idempotency>,
    ) -> Result<Operating, Error> {
        let mut claim = None;
        if let Operation::PaymentSucceeded(paid) = &posted.request.operation {
            claim = Some(PaymentClaim::of(&paid.tender, &paid.reference, &who.issuer));
        }
        let work = Work {
            request: posted.request.clone(),
            root,
            actor: actor.clone(),
            who: who.clone(),
            ship_to: posted.ship_to.clone(),
            idempotency,
            deadlines: Arc::clone(&self.inner.settings.deadlines),
            limits: Arc::clone(&self.inner.settings.limits),
            vault: self.inner.vault(),
            coupons: self.inner.settings.coupons.clone(),
            claim,
        };
        // The people too: they are shown as they are at the moment of the change.
        let mut keys = vec![Key::Tree(root), Key::Customer(root)];
        keys.extend(idempotency.map(|given| Key::Idempotency(given.hash)));
        keys.extend(work.claim.as_ref().map(|claim| Key::Unique(claim_key(claim))));
        let work = move |view: &View, cx: &mut Context<'_>| work.operate(view, cx);
        self.inner.lane.run(Priority::Interactive, keys, work).await
    }
}

impl Work {
    /// The piece of work: pure, repeatable.
    fn operate(&self, view: &View, cx: &mut Context<'_>) -> Verdict<Operating> {
        if let Some(given) = self.idempotency {
            match given.earlier(view)? {
                Some(Ok(found)) => {
                    return Ok((
                        None,
                        Operating::Before { tree: found.tree, outcome: found.outcome },
                    ));
                }
                Some(Err(error)) => return Ok((None, Operating::Refused(error))),
                None => {}
            }
        }
        let Some(tree) = view.tree(self.root)? else { return Ok((None, Operating::NotARoot)) };
        if !self.who.sees(tree) || !self.may_touch(tree) {
            return Ok((None, Operating::Refused(Error::no_order(self.request.node))));
        }
        if let Some(claim) = &self.claim
            && let Some(taken) = view.unique(&claim_key(claim))?
            && taken.tree != self.root
        {
            return self.reference_taken(tree, taken.tree, claim, view, cx);
        }
        if let Some(refusal) = self.raises_discounts(tree) {
            return Ok((None, Operating::Refused(refusal.into())));
        }
        require_holds(tree, &self.request.operation, view)?;
        match self.decide(tree, view, cx) {
            Ok(Decided::Already) => {
                let customer = view.customer(self.root)?.cloned();
                Ok((self.kept_alone(cx), Operating::Done(Arc::clone(tree), customer)))
            }
            // A number inside the request may lead above the node it was asked of.
            Ok(Decided::Change(change)) if !self.may_write(&change) => {
                Ok((None, Operating::Refused(Error::no_order(self.request.node))))
            }
            Ok(Decided::Change(change)) => self.write(tree, *change, view, cx),
            Err(Refusal::PaymentReferenceTaken { order }) => {
                let reference = self.claim.as_ref().map_or("", |claim| &claim.reference);
                let noted = self.note(tree, reference, order, cx).map(|change| (tree, change));
                Ok(Self::refused_but_noted(noted.into_iter().collect(), order))
            }
            Err(refusal) => Ok((None, Operating::Refused(self.explained(refusal, tree)))),
        }
    }

    /// A key limited to shops changes its own shop orders alone: of a tree with others' it may name no number
    /// above them.
    fn may_touch(&self, tree: &Tree) -> bool {
        let node = self.request.node;
        let mut named = tree.shops.iter().filter(|shop| {
            node == tree.id() || shop.id == node || shop.items.iter().any(|item| item.id == node)
        });
        named.all(|shop| self.who.touches(shop))
    }

    /// Whether the node that changes is the caller's: of a tree it shares with others, its own shop orders.
    fn may_write(&self, change: &Change) -> bool {
        let (tree, node) = (&change.tree, change.entry.node);
        node != tree.id() || tree.shops.iter().all(|shop| self.who.touches(shop))
    }

    /// Discounts given as amounts need the scope `prices`, at placement and afterwards.
    fn raises_discounts(&self, tree: &Tree) -> Option<Refusal> {
        let Operation::Drop { platform_discount, third_party_discount, .. } =
            &self.request.operation
        else {
            return None;
        };
        let order = &tree.payment;
        let raised = |asked: &Option<i64>, now: Amount| {
            asked.is_some_and(|asked| now.known().is_none_or(|now| asked > now))
        };
        let raises = raised(platform_discount, order.platform_discount)
            || raised(third_party_discount, order.third_party_discount);
        (raises && !self.who.scopes.has(Scope::Prices))
            .then(|| Refusal::Scope { scope: Scope::Prices.word() })
    }

    /// After settlement a refund needs a scope of its own, and the refusal names it.
    fn explained(&self, refusal: Refusal, tree: &Tree) -> Error {
        let settled = || {
            let standing = status::of(tree);
            standing.shops.iter().any(|shop| shop.settlement == Settlement::Settled)
        };
        let refund = self.request.operation.kind() == OperationKind::RefundByStore;
        match refusal {
            Refusal::State { .. }
                if refund && !self.who.scopes.has(Scope::Refunds) && settled() =>
            {
                Error::Forbidden(Scope::Refunds)
            }
            refusal => refusal.into(),
        }
    }

    fn by(&self) -> By<'_> {
        By {
            actor: &self.actor,
            issuer: &self.who.issuer,
            may_refund_settled: self.who.scopes.has(Scope::Refunds),
        }
    }

    fn decide(&self, tree: &Tree, view: &View, cx: &mut Context<'_>) -> Result<Decided, Refusal> {
        let (now, gene, seat) = (cx.now, tree.id().gene(), cx.seat);
        let mut deciding = Deciding {
            at: now,
            policy: &self.deadlines.of(tree),
            limits: &self.limits,
            next_id: &mut || cx.ids.next(now, gene),
            seat,
            can_hold: &|holds| {
                can_hold(view, holds)
                    && can_retake(view, tree)
                    && can_count(view, holds, &self.coupons)
            },
        };
        decide::decide(tree, &self.request, self.by(), &mut deciding)
    }

    fn note(
        &self,
        tree: &Tree,
        reference: &str,
        other: Id,
        cx: &mut Context<'_>,
    ) -> Option<Change> {
        let (now, gene, seat) = (cx.now, tree.id().gene(), cx.seat);
        let mut deciding = Deciding {
            at: now,
            policy: &self.deadlines.of(tree),
            limits: &self.limits,
            next_id: &mut || cx.ids.next(now, gene),
            seat,
            can_hold: &|_| false,
        };
        decide::note_reference_taken(tree, reference, other, self.by(), &mut deciding)
    }

    /// The reference belongs to another tree: refused, and noted on both.
    fn reference_taken(
        &self,
        tree: &Arc<Tree>,
        other: Id,
        claim: &PaymentClaim,
        view: &View,
        cx: &mut Context<'_>,
    ) -> Verdict<Operating> {
        let noted = self.note(tree, &claim.reference, other, cx);
        let mut changes = Vec::from_iter(noted.map(|change| (tree, change)));
        if let Some(there) = view.tree(other)? {
            let noted = self.note(there, &claim.reference, tree.id(), cx);
            changes.extend(noted.map(|change| (there, change)));
        }
        Ok(Self::refused_but_noted(changes, other))
    }

    /// Nothing changed, but the idempotency key is kept all the same.
    fn kept_alone(&self, cx: &Context<'_>) -> Option<Changes> {
        let idempotency = Some(self.kept(cx)?);
        Some(Writes { idempotency, ..Writes::default() }.into())
    }

    fn kept(&self, cx: &Context<'_>) -> Option<([u8; 32], Idempotent)> {
        Some(self.idempotency?.kept(RequestOutcome::Changed, self.root, cx.now))
    }

    fn write(
        &self,
        before: &Arc<Tree>,
        change: Change,
        view: &View,
        cx: &mut Context<'_>,
    ) -> Verdict<Operating> {
        let customer = match &self.ship_to {
            None => None,
            Some(ship_to) => {
                let before = match view.customer(self.root)? {
                    Some(sealed) => match self.vault.open_sealed(sealed) {
                        Ok(customer) => customer,
                        // Its key may come back, and with it the people of the other shop orders.
                        Err(closed @ Closed::NoKey(_)) => {
                            return Ok((None, Operating::Refused(closed.into())));
                        }
                        // What cannot be opened any more is replaced: the new address is whole in itself.
                        Err(Closed::Lost(_) | Closed::NotOurs(_)) => Person::default(),
                    },
                    None => Person::default(),
                };
                let mut after = before.clone();
                let node = change.entry.node;
                let position = change.tree.shops.iter().position(|shop| shop.id == node);
                set_ship_to(&mut after, position.unwrap_or(0), ship_to.clone());
                Some((before, after))
            }
        };
        let (mut changes, tree) = Changes::one(Some(before), change);
        let writes = &mut changes.beside;
        writes.idempotency = self.kept(cx);
        let customer = match customer {
            None => view.customer(self.root)?.cloned(),
            Some((before, after)) => {
                let sealed = self.vault.seal(&after);
                writes.phones_gone = telephones(&tree, &self.vault.phones_gone(&before));
                writes.phones = telephones(&tree, &self.vault.phones(&after));
                writes.customers = vec![(self.root, sealed.clone())];
                Some(sealed)
            }
        };
        Ok((Some(changes), Operating::Done(tree, customer)))
    }

    /// A payment reference that is another's: refused, and what is new about it noted.
    fn refused_but_noted(
        noted: Vec<(&Arc<Tree>, Change)>,
        order: Id,
    ) -> (Option<Changes>, Operating) {
        let refused = Operating::Refused(Refusal::PaymentReferenceTaken { order }.into());
        let mut changes = Changes::default();
        for (before, change) in noted {
            changes.add(Some(before), change);
        }
        (changes.changes_something().then_some(changes), refused)
    }
}

/// Late money may revive a revoked order: then the stock of its lines and its accounts must be known.
fn require_holds(tree: &Tree, operation: &Operation, view: &View) -> Result<(), Need> {
    if !matches!(operation, Operation::PaymentSucceeded(_)) {
        return Ok(());
    }
    if matches!(tree.payment.revoke, docket_domain::tree::Revoke::Revoked { .. }) {
        let held = tree.lines().filter(|(_, item)| item.holds_stock);
        let keys = held.map(|(shop, item)| Key::Stock {
            place: shop.place.clone(),
            sku_id: item.sku_id.clone(),
        });
        let keys = keys.chain(keys_to_hold(tree));
        let retaken = ledger::retaken(tree).into_iter();
        let accounts =
            retaken.map(|moved| Key::Account { ledger: moved.ledger, owner: moved.owner });
        let missing: Vec<_> = keys.chain(accounts).filter(|key| !view.knows(key)).collect();
        if !missing.is_empty() {
            return Err(Need(missing));
        }
    }
    Ok(())
}
