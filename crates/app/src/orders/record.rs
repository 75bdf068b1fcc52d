//! Taking down what happened elsewhere: imports now, channels and branches later.

use crate::access::{Principal, Scope};
use crate::lane::Verdict;
use crate::lane::deadlines::Deadlines;
use crate::lane::deciding::deciding;
use crate::lane::reactions::Changes;
use crate::lane::unique::{claim_key, external_key, shop_key};
use crate::orders::outcomes::Became;
use crate::orders::place::gene_of;
use crate::vault::telephones;
use crate::{App, Error};
use docket_domain::change::{self, Change, PaymentClaim};
use docket_domain::decide;
use docket_domain::operation::By;
use docket_domain::record::{self, Report};
use docket_domain::seat::Matter;
use docket_domain::tree::{Anomaly, Home};
use docket_domain::words::AnomalyKind;
use docket_domain::{Actor, ActorKind, FieldError, Gene, Id, Seat, Time, Tree};
use docket_store::{Context, CopyNote, Key, Need, Priority, Sealed, View};
use docket_wire::Person;
use std::sync::Arc;

/// One order to take down.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What the source reports.
    pub report: Report,
    /// Customers' data, to be sealed.
    pub customer: Person,
    /// Whether it gets deadlines from now on.
    pub live: bool,
    /// With which orders it is compared.
    pub compared: Compared,
    /// Whether the order that is here already gets what is new.
    pub update: bool,
    /// The recorded order that it is joined onto.
    pub onto: Option<Id>,
}

/// With which orders of a center the number of an order is compared that names no channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// With those of its own issuer.
    Named,
    /// With all of them, whoever told them.
    Everywhere,
}

/// By what an order is known to be here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownBy {
    /// By its number in its channel, or under its issuer.
    Name,
    /// By its number alone: another issuer or a channel told it.
    Number,
}

/// What became of it.
#[derive(Debug)]
pub enum Recorded {
    /// It is new here.
    New(Arc<Tree>),
    /// It was here already, and got what was new.
    Updated,
    /// It was here already; nothing was taken.
    Known {
        /// Which one it is.
        tree: Id,
        /// How that is known.
        by: KnownBy,
    },
    /// It cannot be taken: no lines, no number of its own.
    Refused(FieldError),
}

impl App {
    /// Takes down what a source reports of one order. An order of ours with this `external_id` is left as it is; a copy
    /// of an order that is at home there gets what is new, and nothing is written where nothing is.
    pub async fn record(&self, who: &Principal, taken: Taken) -> Result<Recorded, Error> {
        who.needs(Scope::Admin)?;
        if let Some(tree) = taken.onto {
            return self.join(tree, taken).await;
        }
        let Taken { report, customer, live, compared, .. } = taken;
        let placement = &report.placement;
        let Some(external_id) = &placement.external_id else {
            return Ok(Recorded::Refused(no_external_id()));
        };
        if let Ok(own) = external_id.parse()
            && self.inner.settings.archive.is_some()
            && let Some(tree) = self.archived_tree(own).await?
            && is_own(&tree, &report)
        {
            return Ok(Recorded::Known { tree: own, by: KnownBy::Name });
        }
        let taking = Taking {
            name: name_of(&report, external_id),
            older: older_name_of(&report, external_id),
            number: is_compared(compared, &report).then(|| external_id.clone()),
            gene: gene_of(placement, self.now()),
            sealed: (!customer.is_empty()).then(|| self.inner.vault().seal(&customer)),
            phones: self.inner.vault().phones(&customer),
            deadlines: Arc::clone(&self.inner.settings.deadlines),
            report,
            live,
        };
        let keys = taking.keys();
        let work = move |view: &View, cx: &mut Context<'_>| taking.take(view, cx);
        let recorded = self.inner.lane.run(Priority::Bulk, keys, work).await?;
        if matches!(recorded, Recorded::New(_)) {
            self.inner.outcomes.count(Became::Recorded);
        }
        Ok(recorded)
    }

    /// Joins a report onto an order that was recorded.
    async fn join(&self, tree: Id, taken: Taken) -> Result<Recorded, Error> {
        let Taken { report, live, .. } = taken;
        let taking = Taking {
            name: String::new(),
            older: None,
            number: None,
            gene: tree.gene(),
            sealed: None,
            phones: Vec::new(),
            deadlines: Arc::clone(&self.inner.settings.deadlines),
            report,
            live,
        };
        let keys = taking.claims().chain([Key::Tree(tree)]).collect();
        let work = move |view: &View, cx: &mut Context<'_>| taking.join(tree, view, cx);
        self.inner.lane.run(Priority::Bulk, keys, work).await
    }
}

/// One order to take down, with everything the piece of work needs.
struct Taking {
    /// The unique key of its external id.
    name: String,
    /// The one that an older docket gave it.
    older: Option<String>,
    /// Its external id, where that is compared with every order of the center.
    number: Option<String>,
    gene: Gene,
    report: Report,
    live: bool,
    sealed: Option<Sealed>,
    phones: Vec<(i64, i64)>,
    deadlines: Arc<Deadlines>,
}

impl Taking {
    /// The order of this center that the report may be of: one that was exported here has its number of here.
    fn own(&self) -> Option<Id> {
        self.report.placement.external_id.as_deref()?.parse().ok()
    }

    /// All at once: a payment that is asked for by itself costs a round of loading, and rounds are few.
    fn keys(&self) -> Vec<Key> {
        let own = self.own().map(Key::Tree);
        let number = self.number.clone().map(Key::Number);
        let names = self.older.iter().chain([&self.name]).cloned().map(Key::Unique);
        names.chain(number).chain(own).chain(self.claims()).collect()
    }

    /// The references of its payments.
    fn claims(&self) -> impl Iterator<Item = Key> {
        let payments = self.report.payments.iter();
        let claims =
            payments.map(|p| PaymentClaim::of(&p.tender, &p.reference, &self.report.issuer));
        claims.map(|claim| Key::Unique(claim_key(&claim)))
    }

    /// The piece of work: pure, repeatable.
    fn take(&self, view: &View, cx: &mut Context<'_>) -> Verdict<Recorded> {
        if let Some(known) = view.unique(&self.name)? {
            // What its home reports of a copy, the copy gets.
            if is_from_elsewhere(&self.report, cx.seat)
                && view.tree(known.tree)?.is_some_and(|tree| is_of_home(&self.report, tree))
            {
                return self.join(known.tree, view, cx);
            }
            return Ok((None, Recorded::Known { tree: known.tree, by: KnownBy::Name }));
        }
        if let Some(older) = &self.older
            && let Some(known) = view.unique(older)?
            && view
                .tree(known.tree)?
                .is_none_or(|tree| Some(&tree.payment.home) == self.report.home.as_ref())
        {
            return Ok((None, Recorded::Known { tree: known.tree, by: KnownBy::Name }));
        }
        if let Some(own) = self.own()
            && view.tree(own)?.is_some_and(|tree| is_own(tree, &self.report))
        {
            return Ok((None, Recorded::Known { tree: own, by: KnownBy::Name }));
        }
        if let Some(number) = &self.number
            && let Some(tree) = view.number(number)?.first()
        {
            return Ok((None, Recorded::Known { tree: *tree, by: KnownBy::Number }));
        }
        let recorded = deciding(cx, self.gene, &self.deadlines.default, |cx| {
            record::record(None, &self.report, self.live, cx)
        });
        let change = match recorded {
            Ok(Some(change)) => change,
            Ok(None) => return Ok((None, Recorded::Refused(nothing_said()))),
            Err(error) => return Ok((None, Recorded::Refused(error))),
        };
        let (tree, mut changes) = self.noted(None, change, view, cx)?;
        let (id, writes) = (tree.id(), &mut changes.beside);
        writes.unique.push((self.name.clone(), id, None));
        writes.customers = self.sealed.iter().map(|sealed| (id, sealed.clone())).collect();
        writes.phones = telephones(&tree, &self.phones);
        Ok((Some(changes), Recorded::New(tree)))
    }

    /// The piece of work that joins the report onto `known`. Customers' data stays as it is: what was forgotten must
    /// not come back with an old report.
    fn join(&self, known: Id, view: &View, cx: &mut Context<'_>) -> Verdict<Recorded> {
        let there = || Recorded::Known { tree: known, by: KnownBy::Name };
        // What left for the archive is as it was.
        let Some(tree) = view.tree(known)? else { return Ok((None, there())) };
        let mut report = self.report.clone();
        report.placement.shops.iter_mut().for_each(|shop| shop.has_ship_to = false);
        let joined = deciding(cx, self.gene, &self.deadlines.default, |cx| {
            record::record(Some(tree), &report, self.live, cx)
        });
        match joined {
            Ok(Some(change)) => {
                let (_, changes) = self.noted(Some(tree), change, view, cx)?;
                Ok((Some(changes), Recorded::Updated))
            }
            Ok(None) => Ok((None, there())),
            Err(error) => Ok((None, Recorded::Refused(error))),
        }
    }

    /// The order after `change`, and all that changes: references of payments that are another order's are noted on
    /// both, and beside what is a copy.
    fn noted(
        &self,
        known: Option<&Arc<Tree>>,
        change: Change,
        view: &View,
        cx: &mut Context<'_>,
    ) -> Result<(Arc<Tree>, Changes), Need> {
        let claims = change::claims(known.map(|tree| &**tree), &change.tree);
        require_others(change.tree.id(), &claims, view)?;
        let claims_money = cx.seat.keeps(Matter::Money, &change.tree.payment.home);
        let (mut changes, mut tree) = Changes::one(known, change);
        let id = tree.id();
        for claim in claims {
            // A reference that is another order's stays its: history cannot be refused, only noted.
            let other = view.unique(&claim_key(&claim))?.filter(|other| other.tree != id);
            let Some(other) = other else { continue };
            self.note(&mut changes, &claim, (id, other.tree), view, cx)?;
            self.note(&mut changes, &claim, (other.tree, id), view, cx)?;
            if !claims_money {
                let note = taken_as_well(id, &claim, other.tree, cx.now);
                changes.beside.copy_notes.push(note);
            }
            if let Some(newest) = changes.newest(id) {
                tree = Arc::clone(newest);
            }
        }
        Ok((tree, changes))
    }

    /// Notes on the first of two orders, as it is after `changes`, that the second claims a payment of it as well.
    fn note(
        &self,
        changes: &mut Changes,
        claim: &PaymentClaim,
        (on, other): (Id, Id),
        view: &View,
        cx: &mut Context<'_>,
    ) -> Result<(), Need> {
        let tree = match changes.newest(on) {
            Some(tree) => Some(tree),
            None => view.tree(on)?,
        };
        let Some(tree) = tree.cloned() else { return Ok(()) };
        let actor = Actor { id: Some(self.report.issuer.clone()), ..Actor::of(ActorKind::System) };
        let by = By { actor: &actor, issuer: &self.report.issuer, may_refund_settled: false };
        let noted = deciding(cx, self.gene, &self.deadlines.default, |cx| {
            decide::note_reference_taken(&tree, &claim.reference, other, by, cx)
        });
        if let Some(change) = noted {
            changes.add(Some(&tree), change);
        }
        Ok(())
    }
}

/// The orders that claim payments of `own` as well, all at once: rounds of loading are few, and history is not refused.
fn require_others(own: Id, claims: &[PaymentClaim], view: &View) -> Result<(), Need> {
    let mut missing = Vec::new();
    for claim in claims {
        if let Some(other) = view.unique(&claim_key(claim))?
            && other.tree != own
            && !view.knows(&Key::Tree(other.tree))
        {
            missing.push(Key::Tree(other.tree));
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(Need(missing)) }
}

/// What is to be said of the copy `tree`: an order of ours claims one of its payments.
fn taken_as_well(tree: Id, claim: &PaymentClaim, other: Id, at: Time) -> CopyNote {
    let detail = serde_json::json!({ "reference": claim.reference, "other": other });
    let anomaly = Anomaly { kind: AnomalyKind::PaymentReferenceTaken, at, detail };
    CopyNote { tree, subject: claim_key(claim), anomaly }
}

/// Whether `report` is of an order that is at home elsewhere than at `seat`: of those of ours no tree has to be looked at,
/// they are joined where that is asked for.
pub(crate) fn is_from_elsewhere(report: &Report, seat: &Seat) -> bool {
    report.home.as_ref().is_some_and(|home| !seat.is_home_of(home))
}

/// Whether `report` comes from the home of `tree`.
pub(crate) fn is_of_home(report: &Report, tree: &Tree) -> bool {
    report.home.as_ref() == Some(&tree.payment.home)
}

/// The unique key of the number that a report gives its order: in its channel shop, in its channel, or of its
/// issuer.
pub(crate) fn name_of(report: &Report, external_id: &str) -> String {
    match &report.home {
        Some(Home::Channel(shop)) => shop_key(shop, external_id),
        _ => external_key(report.placement.channel.as_deref(), &report.issuer, external_id),
    }
}

/// The unique key that the orders of channel shops had before each shop had numbers of its own.
pub(crate) fn older_name_of(report: &Report, external_id: &str) -> Option<String> {
    let channel = report.placement.channel.as_deref();
    matches!(report.home, Some(Home::Channel(_)))
        .then(|| external_key(channel, &report.issuer, external_id))
}

/// Whether the number of an order is compared with every order of the center: where a channel gave it, others have
/// it too.
pub(crate) fn is_compared(compared: Compared, report: &Report) -> bool {
    compared == Compared::Everywhere && report.placement.channel.is_none()
}

/// Whether a report is of this very order: it was exported from this center and comes back, with the number it
/// has here. A number of another center that happens to be one of here was given at another moment.
pub(crate) fn is_own(tree: &Tree, report: &Report) -> bool {
    let (order, placement) = (&tree.payment, &report.placement);
    order.external_id.is_none()
        && order.client_token == placement.client_token
        && order.buyer_id == placement.buyer_id
        && order.currency == placement.currency
        && report.created_at.is_none_or(|at| at == order.created_at)
}

/// Why an order without a number of its own is not taken.
pub(crate) fn no_external_id() -> FieldError {
    let message = "an imported order needs a number (`external_id`, or the `order_id` of the center it comes from), so that it \
         is not taken twice";
    FieldError { field: "external_id".to_owned(), code: "required", message: message.to_owned() }
}

/// Why a report that says nothing is not taken.
pub(crate) fn nothing_said() -> FieldError {
    FieldError { field: String::new(), code: "empty", message: "it says nothing".to_owned() }
}
