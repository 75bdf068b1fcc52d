//! The payment references that an order claims: each is one order's.

use super::{Happened, Reaction};
use crate::lane::unique::claim_key;
use docket_domain::change::{self, Origin};
use docket_domain::seat::Matter;
use docket_store::{Context, Need, Writes};

/// Which payment references become the order's.
pub(crate) struct References;

impl Reaction for References {
    fn name(&self) -> &'static str {
        "the references of its payments, as its own"
    }

    fn matters(&self) -> &'static [Matter] {
        &[Matter::Money]
    }

    fn acts(&self, origin: Origin) -> bool {
        match origin {
            Origin::Decided | Origin::Recorded | Origin::Merged => true,
            // A copy claims nothing.
            Origin::Followed => false,
        }
    }

    /// A reference that is another order's stays its; whoever decides or records notes that on both.
    fn react(
        &self,
        happened: &Happened<'_>,
        writes: &mut Writes,
        _: &mut Context<'_>,
    ) -> Result<(), Need> {
        for claim in change::claims(happened.before, happened.after) {
            let key = claim_key(&claim);
            if happened.view.unique(&key)?.is_none() {
                writes.unique.push((key, happened.after.id(), None));
            }
        }
        Ok(())
    }
}
