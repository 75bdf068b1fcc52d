//! What someone asks for here: a change, or a refusal. Pure; the lane calls it.

use crate::change::{Change, StockMove};
use crate::deadline::Policy;
use crate::operation::{By, Request};
use crate::{Id, Refusal, Time, Tree};

/// What `decide` may use besides the tree and the request.
pub struct Context<'a> {
    /// Now, by our clock.
    pub at: Time,
    /// The lengths of deadlines that apply to this order.
    pub policy: &'a Policy,
    /// The next id of the tree's gene.
    pub next_id: &'a mut dyn FnMut() -> Id,
    /// Whether these holds could be taken now; asked only when late money would revive a revoked order.
    pub can_hold: &'a dyn Fn(&[StockMove]) -> bool,
}

/// The answer to a request that was not refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Decided {
    /// Do this.
    Change(Box<Change>),
    /// It is so already (the same payment reported again); nothing to write.
    Already,
}

/// Decides `request` of `by` on `tree`. Total: every state, operation and actor has an answer.
pub fn decide(
    tree: &Tree,
    request: &Request,
    by: By<'_>,
    cx: &mut Context<'_>,
) -> Result<Decided, Refusal> {
    let _ = (tree, request, by, cx);
    todo!()
}

/// The first change of a numbered tree: the log row, the holds, pay-by; paid at once if nothing is to pay.
pub fn place(tree: Tree, by: By<'_>, cx: &mut Context<'_>) -> Result<Change, Refusal> {
    let _ = (tree, by, cx);
    todo!()
}

/// What the timer does on `tree` at `cx.at`, if any deadline has passed: one operation at a time.
pub fn due(tree: &Tree, cx: &mut Context<'_>) -> Option<Change> {
    let _ = (tree, cx);
    todo!()
}

/// Notes on `tree` that a payment reference was claimed by it and by `other` as well.
pub fn note_reference_taken(
    tree: &Tree,
    reference: &str,
    other: Id,
    by: By<'_>,
    cx: &mut Context<'_>,
) -> Change {
    let _ = (tree, reference, other, by, cx);
    todo!()
}
