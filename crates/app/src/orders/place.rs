//! Placing an order, and pricing one without placing it.

use crate::access::{Principal, Scope};
use crate::idempotency::Idempotency;
use crate::lane::Verdict;
use crate::lane::agreed::Agreed;
use crate::lane::deadlines::Deadlines;
use crate::lane::deciding::deciding;
use crate::lane::holds::hold_stock;
use crate::lane::reactions::Changes;
use crate::lane::redeem::{Redeeming, Taking};
use crate::lane::unique::{external_key, token_key};
use crate::ledgers::Agreeing;
use crate::vault::telephones;
use crate::{Answer, App, Error};
use docket_domain::coupon::Definitions;
use docket_domain::decide;
use docket_domain::operation::{By, OperationKind};
use docket_domain::placement::Placement;
use docket_domain::refusal::WrongPrice;
use docket_domain::{Actor, ActorKind, Coupon, FieldError, Gene, Id, Refusal, Time, Tree, price};
use docket_store::{Context, Key, Need, Priority, RequestOutcome, Sealed, View};
use docket_wire::{Person, Placed, ShipTo};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// How often a placement is prepared whose coupons keep changing.
const PREPARED_MAX: usize = 5;

/// A priced order that was not placed.
#[derive(Debug, Clone)]
pub struct Quote {
    /// The tree, without numbers.
    pub tree: Tree,
    /// Its people, as given.
    pub customer: Person,
}

/// What became of a placement in the lane.
pub(crate) enum Placing {
    Placed(Arc<Tree>),
    /// It was placed before; the tree is read again after the lane.
    Before {
        tree: Id,
        outcome: RequestOutcome,
    },
    /// A coupon changed since the placement was prepared.
    Changed,
    Refused(Error),
}

/// Everything about a placement that is computed before the lane.
pub(crate) struct Prepared {
    tree: Tree,
    actor: Actor,
    issuer: String,
    sets_prices: bool,
    agreed: Arc<Agreed>,
    /// Of everything the caller sent, people included.
    fingerprint: [u8; 32],
    sealed: Option<Sealed>,
    phones: Vec<(i64, i64)>,
    gene: Gene,
    idempotency: Option<Idempotency>,
    deadlines: Arc<Deadlines>,
    /// Its coupons, if it names any.
    redeeming: Option<Box<Redeeming>>,
    ledgers: Agreeing,
    /// About when it is placed: which gift packs there are then.
    about: Time,
}

/// Whose hash an order's shard is: the buyer's, else the external id's, else the token's, else its time's.
pub(crate) fn gene_of(placement: &Placement, now: Time) -> Gene {
    let own = placement.buyer_id.as_ref().or(placement.external_id.as_ref());
    match own.or(placement.client_token.as_ref()) {
        Some(owner) => Gene::of(owner),
        None => Gene::of(&now.0.to_string()),
    }
}

impl App {
    /// Prices an order without placing it: every share of every line.
    pub async fn quote(&self, who: &Principal, placed: Placed) -> Result<Quote, Error> {
        who.needs(Scope::OrdersRead)?;
        within_limits(who, &placed.placement)?;
        let found = self.coupons_of(&placed.placement).await?;
        let known = Definitions { coupons: &found, at: self.now() };
        let placement = &placed.placement;
        let mut tree = price::assemble_with(placement, &who.issuer, self.now(), known)?;
        tree.payment.created_at = self.now();
        Ok(Quote { tree, customer: placed.person })
    }

    /// Places an order. Everything that needs no database is done before the lane.
    pub async fn place(
        &self,
        who: &Principal,
        placed: Placed,
        idempotency: Option<Idempotency>,
    ) -> Result<Answer, Error> {
        let became = self.place_or_refuse(who, placed, idempotency).await;
        self.inner.outcomes.counted(became)
    }

    async fn place_or_refuse(
        &self,
        who: &Principal,
        placed: Placed,
        idempotency: Option<Idempotency>,
    ) -> Result<Answer, Error> {
        who.needs(Scope::OrdersWrite)?;
        for _ in 0..PREPARED_MAX {
            let found = self.coupons_of(&placed.placement).await?;
            let mut prepared = self.prepare(who, &placed, found, idempotency)?;
            let keys = prepared.keys(self.now());
            let work = move |view: &View, cx: &mut Context<'_>| prepared.place(view, cx);
            match self.inner.lane.run(Priority::Interactive, keys, work).await? {
                Placing::Placed(tree) => {
                    let customer = placed.person.into();
                    return Ok(Answer {
                        tree,
                        customer,
                        replayed: false,
                        outcome: RequestOutcome::Placed,
                    });
                }
                Placing::Before { outcome: RequestOutcome::Rejected, .. } => {
                    return Err(Error::RejectedLater);
                }
                Placing::Before { tree, outcome } => {
                    return self.answer_again(who, tree, outcome).await;
                }
                Placing::Changed => {}
                Placing::Refused(error) => return Err(error),
            }
        }
        Err(Error::Busy)
    }

    /// What was done under this idempotency key already; the lane asks again.
    pub(crate) async fn done_before(
        &self,
        given: Option<Idempotency>,
    ) -> Result<Option<Id>, Error> {
        let Some(given) = given else { return Ok(None) };
        match self.store().idempotency(given.hash).await? {
            Some(kept) if kept.fingerprint == given.fingerprint => Ok(Some(kept.tree)),
            Some(_) => Err(Error::IdempotencyKeyReused),
            None => Ok(None),
        }
    }

    /// The current tree as the answer to something that was done before.
    pub(crate) async fn answer_again(
        &self,
        who: &Principal,
        id: Id,
        outcome: RequestOutcome,
    ) -> Result<Answer, Error> {
        // Whoever was given this answer is given it again, also without the scope to read others.
        let (tree, customer) = self.whole(who, id).await?;
        Ok(Answer { tree: Arc::new(tree), customer, replayed: true, outcome })
    }

    fn prepare(
        &self,
        who: &Principal,
        placed: &Placed,
        found: Vec<Coupon>,
        idempotency: Option<Idempotency>,
    ) -> Result<Prepared, Error> {
        let Placed { placement, person: customer, actor } = placed;
        let actor = who.actor(actor.clone(), OperationKind::Place)?;
        if !OperationKind::Place.definition().who.contains(&actor.kind) {
            let refused = Refusal::Actor { actor: actor.kind, operation: OperationKind::Place };
            return Err(refused.into());
        }
        within_limits(who, placement)?;
        if actor.kind == ActorKind::Till && placement.client_token.is_none() {
            return Err(no_token().into());
        }
        let sets_prices = who.scopes.has(Scope::Prices);
        if !sets_prices && gives_discounts(placement) {
            return Err(Refusal::Scope { scope: Scope::Prices.word() }.into());
        }
        let (mut tree, asked) = if placement.coupons.is_empty() {
            (price::assemble(placement, &who.issuer, Time(0))?, None)
        } else {
            let (tree, asked, redeeming) = self.redeem(placement, found, &who.issuer, customer)?;
            (tree, Some((asked, Box::new(redeeming))))
        };
        tree.payment.home = self.seat().home();
        let agreed = Agreed::of(&tree);
        let (mut whole, redeeming) = match asked {
            None => (Sha256::new_with_prefix(&agreed.json), None),
            Some((asked, redeeming)) => (asked, Some(redeeming)),
        };
        // Of one moment: newer keys may be taken in meanwhile.
        let vault = self.inner.vault();
        let sealed = (!customer.is_empty()).then(|| vault.seal(customer));
        if sealed.is_some() {
            whole.update(serde_json::to_vec(&customer).expect("a person is plain JSON"));
        }
        Ok(Prepared {
            gene: gene_of(placement, self.now()),
            tree,
            actor,
            issuer: who.issuer.clone(),
            sets_prices,
            agreed: Arc::new(agreed),
            fingerprint: whole.finalize().into(),
            sealed,
            phones: vault.phones(customer),
            idempotency,
            deadlines: Arc::clone(&self.inner.settings.deadlines),
            redeeming,
            ledgers: self.inner.ledgers.agreeing(sets_prices),
            about: self.now(),
        })
    }
}

/// A till that does not hear our answer asks again; its token tells that it is the same order.
fn no_token() -> FieldError {
    let message = "is required of tills, so that the same order is not placed twice".to_owned();
    FieldError { field: "client_token".to_owned(), code: "required", message }
}

/// A key limited to shops or places places and prices orders of those alone.
fn within_limits(who: &Principal, placement: &Placement) -> Result<(), Error> {
    let mut errors = Vec::new();
    for (index, shop) in placement.shops.iter().enumerate() {
        for (field, limit, value) in
            [("shop_id", &who.shops, &shop.shop_id), ("place", &who.places, &shop.place)]
        {
            if !limit.is_empty() && !limit.contains(value) {
                errors.push(FieldError {
                    field: format!("shops[{index}].{field}"),
                    code: "not_allowed",
                    message: format!("this key may not touch {value}"),
                });
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Refusal::Invalid(errors).into()) }
}

/// Coins aside: a buyer's account vouches for them, and whether there is one is seen in the lane.
fn gives_discounts(placement: &Placement) -> bool {
    let of_lines = placement.shops.iter().flat_map(|shop| {
        shop.items.iter().map(|item| item.item_discount).chain([shop.shop_discount])
    });
    let of_order = [placement.platform_discount, placement.third_party_discount];
    of_lines.chain(of_order).any(|discount| !discount.is_zero())
}

impl Prepared {
    /// Everything the decision will look at.
    fn keys(&self, now: Time) -> Vec<Key> {
        let mut keys: Vec<_> =
            self.idempotency.iter().map(|given| Key::Idempotency(given.hash)).collect();
        keys.extend(self.unique_keys().into_iter().map(|(name, _)| Key::Unique(name)));
        for (shop, item) in self.tree.lines() {
            keys.push(Key::Stock { place: shop.place.clone(), sku_id: item.sku_id.clone() });
            if !self.sets_prices {
                keys.push(Key::Product(item.sku_id.clone()));
            }
        }
        keys.extend(self.redeeming.iter().flat_map(|coupons| coupons.keys(&self.tree, now)));
        keys.extend(self.ledgers.keys(&self.tree, self.about));
        keys
    }

    /// The unique keys this order takes, each with whether it is the client token's.
    fn unique_keys(&self) -> Vec<(String, Unique)> {
        let order = &self.tree.payment;
        let token = order
            .client_token
            .as_ref()
            .map(|token| (token_key(&self.issuer, token), Unique::ClientToken));
        let external = order.external_id.as_ref().map(|id| {
            (external_key(order.channel.as_deref(), &self.issuer, id), Unique::ExternalId)
        });
        token.into_iter().chain(external).collect()
    }

    /// The piece of work: pure, repeatable.
    fn place(&mut self, view: &View, cx: &mut Context<'_>) -> Verdict<Placing> {
        if let Some(given) = self.idempotency {
            match given.earlier(view)? {
                Some(Ok(found)) => {
                    return Ok((
                        None,
                        Placing::Before { tree: found.tree, outcome: found.outcome },
                    ));
                }
                Some(Err(error)) => return Ok((None, Placing::Refused(error))),
                None => {}
            }
        }
        for (name, unique) in self.unique_keys() {
            if let Some(taken) = view.unique(&name)? {
                return Ok((None, self.taken(unique, taken.tree, taken.fingerprint)));
            }
        }
        let mut tree = self.tree.clone();
        if let Err(refusal) = self.check_prices(&tree, view)? {
            return Ok((None, Placing::Refused(refusal.into())));
        }
        if let Err(refusal) = hold_stock(&mut tree, view)? {
            return Ok((None, Placing::Refused(refusal.into())));
        }
        if let Err(refusal) = self.ledgers.agree(&mut tree, view, self.about)? {
            return Ok((None, Placing::Refused(refusal.into())));
        }
        if let Some(redeeming) = &self.redeeming {
            match redeeming.take(&mut tree, view, cx.now)? {
                Taking::Taken => {}
                Taking::Changed => return Ok((None, Placing::Changed)),
                Taking::Refused(refusal) => return Ok((None, Placing::Refused(refusal.into()))),
            }
        }
        Ok(self.decide(tree, cx))
    }

    fn decide(&self, mut tree: Tree, cx: &mut Context<'_>) -> (Option<Changes>, Placing) {
        let (now, gene) = (cx.now, self.gene);
        price::number(&mut tree, &mut || cx.ids.next(now, gene));
        tree.payment.created_at = now;
        tree.payment.updated_at = now;
        for shop in &mut tree.shops {
            shop.created_at = now;
            shop.updated_at = now;
        }
        let policy = self.deadlines.of(&tree);
        let by = By { actor: &self.actor, issuer: &self.issuer, may_refund_settled: false };
        let placed = deciding(cx, gene, &policy, |cx| decide::place(tree, by, cx));
        let change = match placed {
            Ok(change) => change,
            Err(refusal) => return (None, Placing::Refused(refusal.into())),
        };
        let (mut changes, tree) = Changes::one(None, change);
        changes.agreed = Some(self.agreed.clone());
        let writes = &mut changes.beside;
        let id = tree.id();
        let unique = self.unique_keys().into_iter();
        writes
            .unique
            .extend(unique.map(|(name, kind)| (name, id, kind.fingerprint(self.fingerprint))));
        writes.idempotency =
            self.idempotency.map(|given| given.kept(RequestOutcome::Placed, id, now));
        writes.customers = self.sealed.iter().map(|sealed| (id, sealed.clone())).collect();
        writes.phones = telephones(&tree, &self.phones);
        (Some(changes), Placing::Placed(tree))
    }

    fn taken(&self, unique: Unique, order: Id, fingerprint: Option<[u8; 32]>) -> Placing {
        match unique {
            Unique::ClientToken if fingerprint == Some(self.fingerprint) => {
                Placing::Before { tree: order, outcome: RequestOutcome::Changed }
            }
            Unique::ClientToken => Placing::Refused(Error::ClientTokenReused { order }),
            Unique::ExternalId => Placing::Refused(Error::ExternalIdTaken { order }),
        }
    }

    /// A SKU whose price we know must carry it, unless the caller may set prices.
    fn check_prices(&self, tree: &Tree, view: &View) -> Result<Result<(), Refusal>, Need> {
        if self.sets_prices {
            return Ok(Ok(()));
        }
        let mut wrong = Vec::new();
        for (s, shop) in tree.shops.iter().enumerate() {
            for (i, item) in shop.items.iter().enumerate() {
                let prices = view.prices(&item.sku_id)?;
                let at = |place: &str| prices.iter().find(|price| price.place == place);
                let Some(known) = at(&shop.place).or_else(|| at("")) else { continue };
                let given = item.list_price.known().unwrap_or(-1);
                if known.price != given || known.currency != tree.payment.currency {
                    wrong.push(WrongPrice {
                        field: format!("shops[{s}].items[{i}].list_price"),
                        sku: item.sku_id.clone(),
                        current: known.price,
                        currency: known.currency,
                        given,
                    });
                }
            }
        }
        Ok(if wrong.is_empty() { Ok(()) } else { Err(Refusal::PriceMismatch(wrong)) })
    }
}

/// Which unique key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unique {
    ClientToken,
    ExternalId,
}

impl Unique {
    /// Only a client token is answered again with the same body.
    fn fingerprint(self, fingerprint: [u8; 32]) -> Option<[u8; 32]> {
        (self == Self::ClientToken).then_some(fingerprint)
    }
}

/// The ship-to of one shop order put into a person.
pub(crate) fn set_ship_to(customer: &mut Person, position: usize, ship_to: ShipTo) {
    if customer.ship_to.len() <= position {
        customer.ship_to.resize(position + 1, None);
    }
    customer.ship_to[position] = Some(ship_to);
}
