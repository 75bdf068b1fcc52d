//! Money that came and money that goes back.

use super::{Class, Finds, Looked, Repair, Seen, shown};
use crate::lane::unique::claim_key;
use docket_domain::change::PaymentClaim;
use docket_domain::story::{Language, money};
use docket_domain::tree::RefundPart;
use docket_domain::words::RefundStatus;
use docket_domain::{Time, Tree, time};

/// Money that was promised to go back and has not for so long needs a person.
const STUCK: time::Millis = 3 * time::DAY;

pub(crate) static UNIQUE_KEY_MISSING: Class = Class {
    word: "unique_key_missing",
    sentence: [
        "Order {order} has the payment {subject}, but the reference is nobody's: the same money could pay for another \
         order as well.",
        "订单 {order} 有付款 {subject}，但该流水号未被登记：同一笔钱可能再支付另一订单。",
    ],
    finds: Finds::InOrder(unclaimed),
    repair: Repair::Claim,
};

pub(crate) static REFUND_STUCK: Class = Class {
    word: "refund_stuck",
    sentence: [
        "Of order {order} money goes back since {stands} and has not arrived ({subject}).",
        "订单 {order} 的退款自 {stands} 起一直未完成（{subject}）。",
    ],
    finds: Finds::InOrder(stuck),
    repair: Repair::ByHand,
};

/// The references of an order's payments, with the names of their unique keys.
pub(crate) fn references(tree: &Tree) -> Vec<(String, String)> {
    let claim = |payment: &docket_domain::tree::Payment| {
        let issuer = payment.issuer.as_deref().unwrap_or_default();
        let claim = PaymentClaim::of(&payment.tender, &payment.reference, issuer);
        (claim_key(&claim), format!("{} {}", payment.tender, payment.reference))
    };
    tree.payment.payments.iter().map(claim).collect()
}

fn unclaimed(looked: &Looked<'_>) -> Option<Seen> {
    let references = references(looked.at_home()?);
    let lost = references.iter().find(|(name, _)| matches!(looked.owners.get(name), Some(None)))?;
    Some(Seen::new(&lost.1, "nobody's", looked.audit.id))
}

fn stuck(looked: &Looked<'_>) -> Option<Seen> {
    let tree = looked.decided_here()?;
    let long_ago = |since: &Time| looked.now.since(*since) > STUCK;
    let due = tree.payment.refunds_due.iter();
    let due = due.filter(|due| due.status == RefundStatus::Refunding);
    let due = due.map(|due| (due.created_at, due.refund_id, due.amount));
    let refunds = tree.shops.iter().flat_map(|shop| &shop.refunds);
    // One that waits for goods has no parts yet: it waits for the buyer. One whose money came back stands on the
    // order as an anomaly: it waits for somebody who gives it again.
    let flowing = refunds.filter(|r| r.status == RefundStatus::Refunding && !r.parts.is_empty());
    let any = |parts: &[RefundPart], status| parts.iter().any(|part| part.status == status);
    let flowing = flowing.filter(|refund| {
        any(&refund.parts, RefundStatus::Refunding) || !any(&refund.former, RefundStatus::Refunded)
    });
    let flowing = flowing.map(|r| (r.answered_at.unwrap_or(r.created_at), r.refund_id, r.amount));
    let (since, refund, amount) = due.chain(flowing).find(|(since, ..)| long_ago(since))?;
    let amount = money(amount, Some(tree.payment.currency), Language::En);
    let subject = format!("refund {refund}, {amount}");
    Some(Seen::new(subject, shown(since), "refunded"))
}
