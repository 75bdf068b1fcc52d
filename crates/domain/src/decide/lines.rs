//! Lines and quantities as a request names them, against what each line has left.

use super::work::{Work, invalid};
use crate::operation::Asked;
use crate::placement::NOT_WHOLE;
use crate::quantity::QUANTITY_LIMIT;
use crate::status::ItemStanding;
use crate::{FieldError, Id, ItemOrder, Quantity, Refusal, Tree};

const NO_SUCH_LINE: &str = "no_such_part";
const TOO_MUCH: &str = "too_much";

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
    let (mut sums, mut wrong) = (vec![Quantity::ZERO; left.len()], WrongLines::default());
    for (at, asked) in lines.iter().enumerate() {
        let found = work.shop().items.iter().position(|item| item.id == asked.order_id);
        let Some(item) = found else {
            wrong.no_such_line(at, asked.order_id);
            continue;
        };
        if asked.quantity.is_some_and(|q| !(1..QUANTITY_LIMIT).contains(&q.0)) {
            wrong.quantity(at, "out_of_range", "a quantity is above 0 and below 10^6");
            continue;
        }
        if asked.quantity.is_some_and(|q| is_fraction(&work.shop().items[item], q, left[item])) {
            wrong.not_whole(at);
            continue;
        }
        let quantity = asked.quantity.unwrap_or(left[item]);
        sums[item] += quantity;
        if sums[item] > left[item] || quantity == Quantity::ZERO {
            wrong.too_much(at, asked.quantity.map(|_| sums[item]), left[item]);
        }
    }
    wrong.refused()?;
    Ok(sums.into_iter().enumerate().filter(|(_, sum)| *sum > Quantity::ZERO).collect())
}

/// Whether `asked` is a part of a unit that nobody can hand over: of what is not sold by weight, other than all that
/// is `left` of it. A line that was recorded with a fraction can be brought to its end by that.
pub(super) fn is_fraction(item: &ItemOrder, asked: Quantity, left: Quantity) -> bool {
    !item.weighed && !asked.is_whole() && asked != left
}

/// The lines of an order to be placed that have fractions of what is not sold by weight.
pub(super) fn fractions(tree: &Tree) -> Vec<FieldError> {
    let shops = tree.shops.iter().enumerate();
    let lines = shops.flat_map(|(s, shop)| shop.items.iter().enumerate().map(move |i| (s, i)));
    let fractions = lines.filter(|(_, (_, item))| is_fraction(item, item.quantity, Quantity::ZERO));
    let told = fractions.map(|(s, (i, _))| FieldError {
        field: format!("shops[{s}].items[{i}].quantity"),
        code: NOT_WHOLE.0,
        message: NOT_WHOLE.1.to_owned(),
    });
    told.collect()
}

/// What is wrong with the lines of a request, collected so that all of it is told at once.
#[derive(Default)]
pub(super) struct WrongLines(Vec<FieldError>);

impl WrongLines {
    /// The line at `at` names no line that is meant here.
    pub fn no_such_line(&mut self, at: usize, id: Id) {
        self.tell(format!("lines[{at}].order_id"), NO_SUCH_LINE, format!("there is no line {id}"));
    }

    /// The line at `at` asks for more than is `left`; without a quantity it asks for all of nothing.
    pub fn too_much(&mut self, at: usize, asked: Option<Quantity>, left: Quantity) {
        let message = match asked {
            Some(asked) => format!("the line has {left} left, not {asked}"),
            None => "the line has nothing left".to_owned(),
        };
        self.tell(format!("lines[{at}].quantity"), TOO_MUCH, message);
    }

    /// The line at `at` asks for a part of a unit that is not sold by weight.
    pub fn not_whole(&mut self, at: usize) {
        self.quantity(at, NOT_WHOLE.0, NOT_WHOLE.1);
    }

    /// The quantity of the line at `at` is wrong in itself.
    pub fn quantity(&mut self, at: usize, code: &'static str, message: &str) {
        self.tell(format!("lines[{at}].quantity"), code, message.to_owned());
    }

    fn tell(&mut self, field: String, code: &'static str, message: String) {
        self.0.push(FieldError { field, code, message });
    }

    /// The refusal of all of them, by the code they share, if anything is wrong.
    pub fn refused(self) -> Result<(), Refusal> {
        let Self(errors) = self;
        let Some(first) = errors.first().map(|error| error.code) else { return Ok(()) };
        let shared = errors.iter().all(|error| error.code == first);
        Err(match first {
            NO_SUCH_LINE if shared => Refusal::NoSuchLine(errors),
            TOO_MUCH if shared => Refusal::TooMuch(errors),
            _ => Refusal::Invalid(errors),
        })
    }
}

/// What a refund may still ask for of every line, counted in the tree as it becomes.
pub(super) fn still_left(work: &Work<'_, '_>) -> Vec<(usize, Quantity)> {
    let shop = work.shop();
    let left = |item| crate::status::goods(shop, item, None).left_to_refund();
    let all = shop.items.iter().map(left).enumerate();
    all.filter(|(_, left)| *left > Quantity::ZERO).collect()
}
