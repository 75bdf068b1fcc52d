//! Coupons: used up by the payment of the order that holds them, each with what it took off, and given back
//! where its use comes back. What is counted of their limits stands in the change itself ([`crate::coupon`]);
//! here are only the effects.

use super::{Effect, EffectKind, Ledger, Moves, Step};
use crate::coupon::{self, Standing};
use crate::{AppliedCoupon, Json, status};

pub(super) fn add(moves: &mut Moves, step: &Step<'_>) {
    let after = step.after;
    let of = |applied: &AppliedCoupon, key: String, kind| {
        let counted = applied.counted.as_ref()?;
        Some(Effect {
            key,
            ledger: Ledger::Coupons,
            kept: counted.kept,
            kind,
            owner: after.payment.buyer_id.clone(),
            amount: applied.amount,
            detail: Json::Null,
        })
    };
    if step.pays() {
        moves.effects.extend(coupon::applied(after).filter_map(|applied| {
            of(applied, format!("coupon.redeem:{}", applied.code), EffectKind::Redeem)
        }));
        return;
    }
    let Some(before) = step.before.filter(|tree| coupon::applied(tree).next().is_some()) else {
        return;
    };
    let was: Vec<_> = coupon::standings(before, status::payment_of(before)).collect();
    for (applied, is) in coupon::standings(after, status::payment_of(after)) {
        let was = was.iter().find(|(one, _)| one.code == applied.code).map(|(_, was)| *was);
        let (word, kind) = match (was, is) {
            (Some(Standing::Redeemed), Standing::Released) => ("return", EffectKind::Return),
            (Some(Standing::Released), Standing::Redeemed) => ("redeem", EffectKind::Redeem),
            _ => continue,
        };
        // A refund that bounces takes back what had come back, and may do so again: the version tells which.
        let key = format!("coupon.{word}.{}:{}", after.payment.version, applied.code);
        moves.effects.extend(of(applied, key, kind));
    }
}
