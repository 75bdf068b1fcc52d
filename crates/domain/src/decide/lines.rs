//! Lines and quantities as a request names them, against what each line has left.

use super::work::{Work, invalid};
use crate::operation::Asked;
use crate::quantity::QUANTITY_LIMIT;
use crate::status::ItemStanding;
use crate::{Quantity, Refusal};

/// The lines of the shop order that are meant, by position, each once with its quantity.
///
/// `None` means all that is left, which may be nothing. A line asked for without a quantity means all that is
/// left of it.
pub(super) fn asked(
    work: &Work<'_, '_>,
    lines: Option<&[Asked]>,
    left: fn(&ItemStanding) -> Quantity,
) -> Result<Vec<(usize, Quantity)>, Refusal> {
    let left: Vec<Quantity> = work.shop_was().items.iter().map(left).collect();
    let Some(lines) = lines else {
        let all = left.into_iter().enumerate();
        return Ok(all.filter(|(_, left)| *left > Quantity::ZERO).collect());
    };
    if lines.is_empty() {
        return Err(invalid("lines", "required", "name at least one line, or leave `lines` out"));
    }
    let mut sums = vec![Quantity::ZERO; left.len()];
    for (at, asked) in lines.iter().enumerate() {
        let item = work.shop().items.iter().position(|item| item.id == asked.order_id);
        let item = item.ok_or(Refusal::NoSuchPart { what: "line", id: asked.order_id })?;
        let quantity = asked.quantity.unwrap_or(left[item]);
        if asked.quantity.is_some_and(|q| !(1..QUANTITY_LIMIT).contains(&q.0)) {
            let field = format!("lines[{at}].quantity");
            return Err(invalid(&field, "out_of_range", "a quantity is above 0 and below 10^6"));
        }
        sums[item] += quantity;
        if sums[item] > left[item] || quantity == Quantity::ZERO {
            let asked = sums[item].max(Quantity(1));
            return Err(Refusal::TooMuch {
                line: work.shop().items[item].id,
                asked,
                left: left[item],
            });
        }
    }
    Ok(sums.into_iter().enumerate().filter(|(_, sum)| *sum > Quantity::ZERO).collect())
}

/// What a refund may still ask for of every line, counted in the tree as it becomes.
pub(super) fn still_left(work: &Work<'_, '_>) -> Vec<(usize, Quantity)> {
    let shop = work.shop();
    let left = |item| crate::status::goods(shop, item, None).left_to_refund();
    let all = shop.items.iter().map(left).enumerate();
    all.filter(|(_, left)| *left > Quantity::ZERO).collect()
}
