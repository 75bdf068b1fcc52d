//! Goods that come back.

use super::lines::{WrongLines, is_fraction};
use super::money_back;
use super::refund::waits_for_goods;
use super::work::{Done, Work, invalid};
use crate::operation::Asked;
use crate::status::is_agreed;
use crate::tree::{Line, Refund};
use crate::{Id, Quantity, Refusal, ShopOrder};

/// What becomes of goods that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goods {
    /// Back on the shelf.
    Restocked,
    /// Not fit to be sold.
    WrittenOff,
}

impl Goods {
    pub const fn of(restock: bool) -> Self {
        if restock { Self::Restocked } else { Self::WrittenOff }
    }
}

/// Takes down that shipped goods of a refund came back; money that waits for the last of them flows.
pub(super) fn receive(
    work: &mut Work<'_, '_>,
    id: Id,
    lines: Option<&[Asked]>,
    goods: Goods,
) -> Result<Done, Refusal> {
    let at = work.shop().refunds.iter().position(|refund| refund.refund_id == id);
    let at = at.ok_or(Refusal::NoSuchPart { what: "refund", id })?;
    let refund = &work.shop().refunds[at];
    if !is_agreed(refund) {
        return Err(work.refuse("the refund must be agreed"));
    }
    let back = came_back(work.shop(), refund, lines)?;
    if back.is_empty() {
        return Err(work.refuse("nothing shipped of this refund is still out"));
    }
    let waited = waits_for_goods(refund);
    let amount = refund.amount;
    work.say("refund_id", id.to_string());
    work.say("lines", back.len());
    work.say("quantity", back.iter().map(|line| line.quantity).sum::<Quantity>().to_string());
    work.say("restock", goods == Goods::Restocked);
    let refund = &mut work.shop_mut().refunds[at];
    if goods == Goods::Restocked {
        add(&mut refund.restocked, &back);
    }
    add(&mut refund.returned, &back);
    if waited && !waits_for_goods(refund) {
        work.say("amount", amount);
        work.shop_mut().refunds[at].parts = money_back::parts(&work.tree, amount, &[]);
    }
    Ok(Done::Changed)
}

/// Adds `more` to `lines`, each line once.
fn add(lines: &mut Vec<Line>, more: &[Line]) {
    for line in more {
        match lines.iter_mut().find(|known| known.order_id == line.order_id) {
            Some(known) => known.quantity += line.quantity,
            None => lines.push(*line),
        }
    }
}

/// What came back of the refund, each line once; all that is still out if no lines are named.
fn came_back(
    shop: &ShopOrder,
    refund: &Refund,
    lines: Option<&[Asked]>,
) -> Result<Vec<Line>, Refusal> {
    let out = |order_id: Id| -> Quantity {
        let shipped = refund.lines.iter().filter(|line| line.order_id == order_id);
        let returned = refund.returned.iter().filter(|line| line.order_id == order_id);
        let shipped: Quantity = shipped.map(|line| line.shipped).sum();
        shipped.saturating_sub(returned.map(|line| line.quantity).sum())
    };
    let Some(lines) = lines else {
        let all = refund
            .lines
            .iter()
            .map(|line| Line { order_id: line.order_id, quantity: out(line.order_id) });
        return Ok(all.filter(|line| line.quantity > Quantity::ZERO).collect());
    };
    if lines.is_empty() {
        return Err(invalid("lines", "required", "name at least one line, or leave `lines` out"));
    }
    let (mut back, mut wrong): (Vec<Line>, _) = (Vec::new(), WrongLines::default());
    for (at, asked) in lines.iter().enumerate() {
        let order_id = asked.order_id;
        if !refund.lines.iter().any(|line| line.order_id == order_id) {
            wrong.no_such_line(at, order_id);
            continue;
        }
        let left = out(order_id);
        let quantity = asked.quantity.unwrap_or(left);
        if asked.quantity.is_some_and(|quantity| quantity <= Quantity::ZERO) {
            wrong.quantity(at, "out_of_range", "a quantity is above 0");
            continue;
        }
        let item = shop.items.iter().find(|item| item.id == order_id);
        if item.is_some_and(|item| is_fraction(item, quantity, left)) {
            wrong.not_whole(at);
            continue;
        }
        let known = back.iter().position(|line| line.order_id == order_id);
        let sum = quantity + known.map_or(Quantity::ZERO, |known| back[known].quantity);
        if sum > left || quantity == Quantity::ZERO {
            wrong.too_much(at, asked.quantity.map(|_| sum), left);
        }
        match known {
            Some(known) => back[known].quantity = sum,
            None => back.push(Line { order_id, quantity }),
        }
    }
    wrong.refused()?;
    Ok(back)
}
