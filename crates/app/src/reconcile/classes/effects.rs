//! An order beside what its payment and its refunds brought about: effects, gift packs and weigh slips.
//!
//! What should be there follows from the order alone, as if all of it came about in one step.

use super::{Class, Finds, Looked, Repair, Seen};
use docket_domain::ledger::{self, GiftStatus, LedgerLocation, Moves};

pub(crate) static EFFECT_MISSING: Class = Class {
    word: "effect_missing",
    sentence: [
        "Order {order} should have had the effect {subject} on a ledger and has not ({stands} of {should}).",
        "订单 {order} 缺少应有的账本变动 {subject}（现有 {stands} 项，应有 {should} 项）。",
    ],
    finds: Finds::InOrder(effects),
    repair: Repair::ByHand,
};

pub(crate) static GIFT_MISSING: Class = Class {
    word: "gift_missing",
    sentence: [
        "Order {order} should have given the pack {subject}, and no pack is kept ({stands} of {should}).",
        "订单 {order} 应已发放礼包 {subject}，但没有记录（现有 {stands} 个，应有 {should} 个）。",
    ],
    finds: Finds::InOrder(gifts),
    repair: Repair::ByHand,
};

pub(crate) static WEIGH_SLIP_MISSING: Class = Class {
    word: "weigh_slip_missing",
    sentence: [
        "Order {order} should have a weigh slip for {subject} and has none ({stands} of {should}).",
        "订单 {order} 缺少 {subject} 的称重单（现有 {stands} 张，应有 {should} 张）。",
    ],
    finds: Finds::InOrder(slips),
    repair: Repair::ByHand,
};

fn moves(looked: &Looked<'_>) -> Option<Moves> {
    Some(ledger::moves(None, looked.decided_here()?))
}

/// What of `should` is not among `there`.
fn lost(should: &[String], there: &[String]) -> Option<Seen> {
    let lost = should.iter().find(|key| !there.contains(key))?;
    let found = should.iter().filter(|key| there.contains(key)).count();
    Some(Seen::new(lost, found, should.len()))
}

fn effects(looked: &Looked<'_>) -> Option<Seen> {
    let should: Vec<_> = moves(looked)?.effects.into_iter().map(|effect| effect.key).collect();
    lost(&should, &looked.audit.effects)
}

fn gifts(looked: &Looked<'_>) -> Option<Seen> {
    let rules = &looked.decided_here()?.payment.ledgers.gifts;
    let here =
        |pack: &String| rules.iter().any(|r| r.pack_id == *pack && r.kept == LedgerLocation::Here);
    let gifts = moves(looked)?.gifts.into_iter();
    let should = gifts.filter(|gift| gift.status == GiftStatus::Issued).map(|gift| gift.pack_id);
    let should: Vec<_> = should.filter(here).collect();
    lost(&should, &looked.audit.gifts)
}

fn slips(looked: &Looked<'_>) -> Option<Seen> {
    let should = moves(looked)?.slips.into_iter().map(|slip| slip.shop_order.to_string());
    lost(&should.collect::<Vec<_>>(), &looked.audit.slips)
}
