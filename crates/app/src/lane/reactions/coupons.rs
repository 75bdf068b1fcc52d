//! How often coupons are used: the difference of what an order counts before and after.

use super::{Happened, Reaction};
use crate::lane::redeem::{self, CouponSettings};
use docket_domain::change::Origin;
use docket_domain::coupon;
use docket_domain::seat::Matter;
use docket_store::{Context, Need, Writes};

/// What moves of coupon counts, by these settings.
pub(crate) struct CouponCounts(pub CouponSettings);

impl Reaction for CouponCounts {
    fn name(&self) -> &'static str {
        "how often its coupons are used"
    }

    fn matters(&self) -> &'static [Matter] {
        &[Matter::Coupons]
    }

    fn acts(&self, origin: Origin) -> bool {
        match origin {
            Origin::Decided | Origin::Merged => true,
            // Whoever took its coupons counted them.
            Origin::Recorded | Origin::Followed => false,
        }
    }

    fn react(
        &self,
        happened: &Happened<'_>,
        writes: &mut Writes,
        _: &mut Context<'_>,
    ) -> Result<(), Need> {
        let moves = coupon::moves(happened.before, happened.after);
        writes.counts.extend(redeem::counted(moves, happened.view, &self.0)?);
        Ok(())
    }
}
