//! Prices: what every line costs after every share, by largest remainder, exact to the minor unit.

use crate::placement::Placement;
use crate::{Id, Refusal, Time, Tree};

/// Builds the tree of a placement with every share computed, its ids still zero.
///
/// Pure and free of ids, so it runs before the lane; [`number`] gives the ids inside it.
pub fn assemble(placement: &Placement, issuer: &str, at: Time) -> Result<Tree, Refusal> {
    let _ = (placement, issuer, at);
    todo!()
}

/// Gives every node of a freshly assembled tree its number, in tree order.
pub fn number(tree: &mut Tree, next: &mut dyn FnMut() -> Id) {
    let _ = (tree, next);
    todo!()
}
