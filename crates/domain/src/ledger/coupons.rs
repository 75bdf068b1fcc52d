//! Coupons: used up by the payment of the order that holds them, each with what it took off. What is counted of
//! their limits stands in the change itself ([`crate::coupon`]); here is only the effect.

use super::{Effect, EffectKind, Ledger, Moves, Step};
use crate::Json;
use crate::coupon;

pub(super) fn add(moves: &mut Moves, step: &Step<'_>) {
    if !step.pays() {
        return;
    }
    let redeemed = coupon::applied(step.after).filter_map(|applied| {
        let counted = applied.counted.as_ref()?;
        Some(Effect {
            key: format!("coupon.redeem:{}", applied.code),
            ledger: Ledger::Coupons,
            kept: counted.kept,
            kind: EffectKind::Redeem,
            owner: step.after.payment.buyer_id.clone(),
            amount: applied.amount,
            detail: Json::Null,
        })
    });
    moves.effects.extend(redeemed);
}
