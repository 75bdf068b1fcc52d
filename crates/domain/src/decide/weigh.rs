//! What the scales say of a line sold by weight: lighter gives the difference back, heavier changes nothing.

use super::lines::WrongLines;
use super::refund::{self, Wanted};
use super::work::{Done, Work, invalid};
use crate::operation::Asked;
use crate::quantity::QUANTITY_LIMIT;
use crate::words::{RefundKind, Status};
use crate::{Quantity, Refusal};

/// Takes down the weight of lines, each once and before anything of it is shipped.
pub(super) fn weigh(work: &mut Work<'_, '_>, lines: &[Asked]) -> Result<Done, Refusal> {
    if work.shop_was().status != Status::Paid {
        return Err(work.refuse("it must be paid and not shipped"));
    }
    if lines.is_empty() {
        return Err(invalid("lines", "required", "name the lines that were weighed"));
    }
    let (mut weights, mut wrong) = (Vec::new(), WrongLines::default());
    for (at, asked) in lines.iter().enumerate() {
        let found = work.shop().items.iter().position(|item| item.id == asked.order_id);
        let weight = asked.quantity.filter(|weight| (1..QUANTITY_LIMIT).contains(&weight.0));
        match (found, weight) {
            (Some(item), Some(weight)) => weights.push((item, weight)),
            (None, _) => wrong.no_such_line(at, asked.order_id),
            (_, None) => {
                wrong.quantity(at, "out_of_range", "the weight is above 0 and below 10^6");
            }
        }
    }
    wrong.refused()?;
    let mut lighter = Vec::new();
    let mut total = Quantity::ZERO;
    for (item, weight) in weights {
        let standing = &work.shop_was().items[item];
        let line = &work.shop().items[item];
        if !line.weighed || line.weighed_as.is_some() {
            return Err(work.refuse("the line must be sold by weight and not weighed yet"));
        }
        if standing.shipped > Quantity::ZERO || standing.status != Status::Paid {
            return Err(work.refuse("the line must be paid and not shipped"));
        }
        let missing = standing.left_to_refund.saturating_sub(weight);
        if missing > Quantity::ZERO {
            lighter.push((item, missing));
        }
        work.shop_mut().items[item].weighed_as = Some(weight);
        total += weight;
    }
    if !lighter.is_empty() {
        refund::give(work, &Wanted::goods(RefundKind::Weigh, &lighter))?;
    }
    work.say("lines", lines.len());
    work.say("weight", total.to_string());
    Ok(Done::Changed)
}
