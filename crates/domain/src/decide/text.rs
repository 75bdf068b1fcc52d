//! Words, labels, ratings and what the buyer sees: nothing here moves goods or money.

use super::target::Node;
use super::work::{Done, Work, invalid};
use crate::change::Remark;
use crate::limits::{self, TooMany};
use crate::placement::ID_BYTES_MAX;
use crate::tree::Rate;
use crate::words::{Status, Visible};
use crate::{ActorKind, Refusal};

/// A first rating, and one more.
const RATES_MAX: usize = 2;

/// Keeps a remark in the log; a seller's or store's remark on a shop order is its seller comment as well.
pub(super) fn note(work: &mut Work<'_, '_>, remark: &Remark) -> Result<Done, Refusal> {
    let words = remark.en.as_ref().or(remark.cn.as_ref()).filter(|words| !words.is_empty());
    let Some(words) = words else {
        return Err(invalid("text", "required", "a note has words"));
    };
    let had = work.tree.payment.notes;
    limits::below(had as usize, work.cx.limits.notes, TooMany::Notes)?;
    work.tree.payment.notes = had + 1;
    let selling = matches!(work.by.actor.kind, ActorKind::Seller | ActorKind::Store);
    if let (Node::Shop(shop), true) = (work.node, selling) {
        work.tree.shops[shop].seller_comment = Some(words.clone());
    }
    Ok(Done::Changed)
}

/// Puts labels on the order or a shop order, and takes others off. A line's labels are its shop order's.
pub(super) fn tag(
    work: &mut Work<'_, '_>,
    add: &[String],
    remove: &[String],
) -> Result<Done, Refusal> {
    let wrong = |tag: &String| tag.is_empty() || tag.len() > ID_BYTES_MAX;
    if let Some(at) = add.iter().position(wrong) {
        return Err(invalid(&format!("add[{at}]"), "out_of_range", "a tag has 1 to 64 bytes"));
    }
    let tags = match work.node {
        Node::Tree => &mut work.tree.payment.tags,
        Node::Shop(shop) | Node::Line(shop, _) => &mut work.tree.shops[shop].tags,
    };
    let before = tags.clone();
    tags.retain(|tag| !remove.contains(tag));
    for tag in add {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    if *tags == before {
        return Ok(Done::Already);
    }
    if tags.len() > before.len() {
        limits::below(tags.len() - 1, work.cx.limits.tags, TooMany::Tags)?;
    }
    work.say("add", add.to_vec());
    work.say("remove", remove.to_vec());
    Ok(Done::Changed)
}

/// Rates a line: once, and once more within the time for it.
pub(super) fn rate(
    work: &mut Work<'_, '_>,
    score: u8,
    text: Option<&str>,
) -> Result<Done, Refusal> {
    if !(1..=5).contains(&score) {
        return Err(invalid("score", "out_of_range", "it is 1 to 5"));
    }
    let Node::Line(shop, item) = work.node else {
        return Err(work.refuse("a rating is of one line"));
    };
    let standing = &work.was.shops[shop].items[item];
    let received = matches!(standing.status, Status::Received | Status::Completed);
    let Some(received_at) = standing.times.received_at.filter(|_| received) else {
        return Err(work.refuse("it must be received"));
    };
    let at = work.at();
    let rates = &work.tree.shops[shop].items[item].rates;
    if rates.len() >= RATES_MAX || at.since(received_at) > work.cx.policy.rate_again {
        return Err(work.refuse("its ratings are closed"));
    }
    let rate = Rate { score, text: text.map(ToOwned::to_owned), at };
    work.tree.shops[shop].items[item].rates.push(rate);
    work.say("score", score);
    Ok(Done::Changed)
}

/// The buyer does not want to see it for now.
pub(super) fn hide(work: &mut Work<'_, '_>) -> Result<Done, Refusal> {
    show(work, &[Visible::Yes], Visible::Deleted)
}

/// The buyer does not want to see it ever again.
pub(super) fn delete(work: &mut Work<'_, '_>) -> Result<Done, Refusal> {
    show(work, &[Visible::Yes, Visible::Deleted], Visible::Purged)
}

/// The buyer wants to see it again.
pub(super) fn restore(work: &mut Work<'_, '_>) -> Result<Done, Refusal> {
    show(work, &[Visible::Deleted], Visible::Yes)
}

fn show(work: &mut Work<'_, '_>, from: &[Visible], to: Visible) -> Result<Done, Refusal> {
    // Finished is received or later; what was cancelled was never received.
    let finished = matches!(work.was.status, Status::Received | Status::Completed | Status::Closed);
    if !finished {
        return Err(work.refuse("it must be received, closed or completed"));
    }
    if work.tree.payment.visible == to {
        return Ok(Done::Already);
    }
    if !from.contains(&work.tree.payment.visible) {
        return Err(work.refuse("what was deleted stays deleted"));
    }
    work.tree.payment.visible = to;
    work.say("visible", to.word());
    Ok(Done::Changed)
}
