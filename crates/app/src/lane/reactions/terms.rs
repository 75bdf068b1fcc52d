//! What both sides agreed to: kept once for each version of the terms.

use super::{Happened, Reaction};
use crate::lane::agreed::Agreed;
use docket_domain::change::{self, Origin};
use docket_domain::seat::Matter;
use docket_store::{Context, Need, Writes};

/// What was agreed anew.
pub(crate) struct AgreedTrees;

impl Reaction for AgreedTrees {
    fn name(&self) -> &'static str {
        "the agreed tree of new terms"
    }

    fn matters(&self) -> &'static [Matter] {
        &[]
    }

    fn acts(&self, origin: Origin) -> bool {
        match origin {
            Origin::Decided | Origin::Recorded | Origin::Followed | Origin::Merged => true,
        }
    }

    fn react(
        &self,
        happened: &Happened<'_>,
        writes: &mut Writes,
        _: &mut Context<'_>,
    ) -> Result<(), Need> {
        let Happened { before, after, entry, .. } = happened;
        if change::new_terms(*before, after) {
            let (id, terms) = (after.id(), after.payment.terms_version);
            writes.snapshots.push(match happened.agreed {
                Some(agreed) => agreed.snapshot(id, terms, entry.at),
                None => Agreed::of(after).snapshot(id, terms, entry.at),
            });
        }
        Ok(())
    }
}
