//! What a decision in the lane goes by: the time and the numbers of its batch, and who is here.

use docket_domain::deadline::Policy;
use docket_domain::decide::Context as Deciding;
use docket_domain::{Gene, Limits};
use docket_store::Context;

/// Lets the domain `decide` on an order of `gene`: without limits on how much may be asked for, and with nothing to
/// hold anew.
pub(crate) fn deciding<T>(
    cx: &mut Context<'_>,
    gene: Gene,
    policy: &Policy,
    decide: impl FnOnce(&mut Deciding<'_>) -> T,
) -> T {
    let (at, seat, limits) = (cx.now, cx.seat, &Limits::NONE);
    let next_id = &mut || cx.ids.next(at, gene);
    decide(&mut Deciding { at, policy, limits, next_id, seat, can_hold: &|_| false })
}
