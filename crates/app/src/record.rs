//! Taking down what happened elsewhere: imports now, channels and branches later.

use crate::access::{Principal, Scope};
use crate::agreed::Agreed;
use crate::lane::Verdict;
use crate::operate::claim_key;
use crate::place::{external_key, gene_of};
use crate::{App, Error};
use docket_domain::change::PaymentClaim;
use docket_domain::decide::Context as Deciding;
use docket_domain::record::{self, Report};
use docket_domain::{FieldError, Id, Tree};
use docket_store::{Context, Key, Priority, TreeWrite, View, Writes};
use docket_wire::Person;
use std::sync::Arc;

/// One order to take down.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What the source reports.
    pub report: Report,
    /// People's data, to be sealed.
    pub person: Person,
    /// Whether it gets deadlines from now on.
    pub live: bool,
}

/// What became of it.
#[derive(Debug)]
pub enum Recorded {
    /// It is new here.
    New(Arc<Tree>),
    /// It was here already; nothing was taken.
    Known(Id),
    /// It cannot be taken: no lines, no number of its own.
    Refused(FieldError),
}

impl App {
    /// Takes down one order of an import. An `external_id` that is here already is skipped.
    pub async fn record(&self, who: &Principal, taken: Taken) -> Result<Recorded, Error> {
        who.needs(Scope::Admin)?;
        let Taken { report, person, live } = taken;
        let placement = &report.placement;
        let Some(external_id) = &placement.external_id else {
            return Ok(Recorded::Refused(no_external_id()));
        };
        let name = external_key(placement.channel.as_deref(), &report.issuer, external_id);
        let gene = gene_of(placement, self.now());
        let sealed = (!person.is_empty()).then(|| self.inner.vault.seal(&person));
        let phones = person.phones();
        let phones: Vec<_> =
            phones.iter().filter_map(|phone| self.inner.vault.phone(phone)).collect();
        let deadlines = Arc::clone(&self.inner.settings.deadlines);
        // All at once: a payment that is asked for by itself costs a round of loading, and rounds are few.
        let payments = report.payments.iter();
        let claims = payments.map(|p| PaymentClaim::of(&p.tender, &p.reference, &report.issuer));
        let claims = claims.map(|claim| Key::Unique(claim_key(&claim)));
        let keys = std::iter::once(Key::Unique(name.clone())).chain(claims).collect();
        let work = move |view: &View, cx: &mut Context<'_>| -> Verdict<Recorded> {
            if let Some(known) = view.unique(&name)? {
                return Ok((None, Recorded::Known(known.tree)));
            }
            let now = cx.now;
            let policy = deadlines.default;
            let mut deciding = Deciding {
                at: now,
                policy: &policy,
                next_id: &mut || cx.ids.next(now, gene),
                can_hold: &|_| false,
            };
            let change = match record::record(None, &report, live, &mut deciding) {
                Ok(Some(change)) => change,
                Ok(None) => return Ok((None, Recorded::Refused(nothing_said()))),
                Err(error) => return Ok((None, Recorded::Refused(error))),
            };
            let tree = Arc::new(change.tree);
            let id = tree.id();
            let mut writes = Writes {
                snapshots: vec![Agreed::of(&tree).snapshot(id, tree.payment.terms_version, now)],
                persons: sealed.iter().map(|sealed| (id, sealed.clone())).collect(),
                phones: phones.iter().map(|(last4, phone)| (id, *last4, *phone)).collect(),
                unique: vec![(name.clone(), id, None)],
                trees: vec![TreeWrite { tree: Arc::clone(&tree), entry: change.entry }],
                ..Writes::default()
            };
            for claim in &change.claims {
                // A reference that is another order's stays its: history cannot be refused.
                if view.unique(&claim_key(claim))?.is_none() {
                    writes.unique.push((claim_key(claim), id, None));
                }
            }
            Ok((Some(writes), Recorded::New(tree)))
        };
        self.inner.lane.run(Priority::Bulk, keys, work).await
    }
}

/// Why an order without a number of its own is not taken.
pub(crate) fn no_external_id() -> FieldError {
    let message = "an imported order needs a number of its own, so that it is not taken twice";
    FieldError { field: "external_id".to_owned(), code: "required", message: message.to_owned() }
}

/// Why a report that says nothing is not taken.
pub(crate) fn nothing_said() -> FieldError {
    FieldError { field: String::new(), code: "empty", message: "it says nothing".to_owned() }
}
