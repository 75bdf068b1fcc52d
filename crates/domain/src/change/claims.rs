//! The payment references that a change claims for its order.

use crate::Tree;
use crate::tree::Payment;

/// A payment reference that becomes this tree's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PaymentClaim {
    /// The tender, or for cash the issuer behind `cash`.
    pub scope: String,
    /// The reference.
    pub reference: String,
}

impl PaymentClaim {
    /// The claim of a payment: cash is unique per issuer, everything else per tender.
    pub fn of(tender: &str, reference: &str, issuer: &str) -> Self {
        // No tender holds a control character, so none looks like an issuer's cash.
        let scope =
            if tender == "cash" { format!("cash\u{1f}{issuer}") } else { tender.to_owned() };
        Self { scope, reference: reference.to_owned() }
    }
}

/// The references that `after` claims and `before`, none at placement, did not: unique keys of the store.
pub fn claims(before: Option<&Tree>, after: &Tree) -> Vec<PaymentClaim> {
    let known = before.map_or(&[][..], |tree| &tree.payment.payments);
    let payments = after.payment.payments.iter();
    let new =
        payments.filter(|payment| known.iter().all(|known| known.payment_id != payment.payment_id));
    let claim = |payment: &Payment| {
        let issuer = payment.issuer.as_deref().unwrap_or_default();
        PaymentClaim::of(&payment.tender, &payment.reference, issuer)
    };
    new.map(claim).collect()
}
