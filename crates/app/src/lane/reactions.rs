//! What follows a change of an order: one ordered list of reactions, each a function of the change and of what the
//! lane has seen, to what is written in the same transaction.
//!
//! The lane asks all of them of every change, whoever made it, so nobody can forget one. Which there are, and in which
//! order, stands in [`crate::wiring`]. A reaction says of each [`Origin`] whether it acts, and what it moves that is kept
//! at one place: then it acts there alone. The table of both stands in `docs/what-follows-a-change.md`, and a test holds
//! it.

mod coupons;
mod ledgers;
mod references;
mod stock;
mod terms;

pub(crate) use coupons::CouponCounts;
pub(crate) use ledgers::Ledgers;
pub(crate) use references::References;
pub(crate) use stock::{Sales, Stock};
pub(crate) use terms::AgreedTrees;

use crate::lane::agreed::Agreed;
use docket_domain::change::{Change, Origin};
use docket_domain::seat::Matter;
use docket_domain::{Id, LogEntry, Seat, Tree};
use docket_store::{Context, Need, TreeWrite, View, Writes, failpoint};
use std::sync::Arc;

/// A change, as what follows it sees it.
pub(crate) struct Happened<'a> {
    /// The order before it; none where it is new here.
    pub before: Option<&'a Tree>,
    /// The order after it.
    pub after: &'a Tree,
    /// Its row of the log.
    pub entry: &'a LogEntry,
    /// How it came to be here.
    pub origin: Origin,
    /// Whether nobody is to be told of it.
    pub silent: bool,
    /// Who is here.
    pub seat: &'a Seat,
    /// What was agreed, where that was made ready before the lane.
    pub agreed: Option<&'a Agreed>,
    /// What was seen of other rows.
    pub view: &'a View,
}

impl Happened<'_> {
    /// Whether `matter` of the order is kept and moved here.
    pub fn keeps(&self, matter: Matter) -> bool {
        self.seat.keeps(matter, &self.after.payment.home)
    }
}

/// One thing that follows changes.
pub(crate) trait Reaction: Send + Sync {
    /// What it writes, in words of people.
    fn name(&self) -> &'static str;

    /// What of an order it moves that is kept at one place: it acts where that is. Nothing, where it acts at any.
    fn matters(&self) -> &'static [Matter];

    /// Whether it acts on changes of `origin`.
    fn acts(&self, origin: Origin) -> bool;

    /// Adds what follows `happened` to `writes`.
    ///
    /// # Errors
    /// A row that it has to see first.
    fn react(
        &self,
        happened: &Happened<'_>,
        writes: &mut Writes,
        cx: &mut Context<'_>,
    ) -> Result<(), Need>;
}

/// What a piece of work does to orders, and what it writes beside that.
#[derive(Default)]
pub(crate) struct Changes {
    changed: Vec<Changed>,
    /// What was agreed at a placement, made ready before the lane.
    pub agreed: Option<Arc<Agreed>>,
    /// Whether nobody is to be told of them: what had happened before a channel shop was connected is no news.
    pub silent: bool,
    /// What follows from no change, such as what an idempotency key stands for.
    pub beside: Writes,
}

struct Changed {
    before: Option<Arc<Tree>>,
    after: Arc<Tree>,
    entry: LogEntry,
    origin: Origin,
}

impl From<Writes> for Changes {
    /// Writes that change no order.
    fn from(beside: Writes) -> Self {
        debug_assert!(beside.trees.is_empty(), "orders are changed by `Changes::add` alone");
        Self { beside, ..Self::default() }
    }
}

impl Changes {
    /// One change of the order that was `before`, none where it is new here.
    pub fn one(before: Option<&Arc<Tree>>, change: Change) -> (Self, Arc<Tree>) {
        let mut changes = Self::default();
        let after = changes.add(before, change);
        (changes, after)
    }

    /// Adds a change of the order that was `before`; answers the order after it.
    pub fn add(&mut self, before: Option<&Arc<Tree>>, change: Change) -> Arc<Tree> {
        let Change { tree, entry, origin } = change;
        let after = Arc::new(tree);
        let before = before.cloned();
        self.changed.push(Changed { before, after: Arc::clone(&after), entry, origin });
        after
    }

    /// Whether any order changes.
    pub const fn changes_something(&self) -> bool {
        !self.changed.is_empty()
    }

    /// The order `id` after the last of these changes of it.
    pub fn newest(&self, id: Id) -> Option<&Arc<Tree>> {
        let mut changed = self.changed.iter().rev();
        changed.find(|changed| changed.after.id() == id).map(|changed| &changed.after)
    }
}

/// Everything that follows changes, in order.
pub(crate) struct Reactions(pub Vec<Box<dyn Reaction>>);

impl Reactions {
    /// What `changes` come to: the orders with their rows of the log, and all that follows.
    ///
    /// # Errors
    /// Rows that a reaction has to see first.
    pub fn writes(
        &self,
        changes: Changes,
        view: &View,
        cx: &mut Context<'_>,
    ) -> Result<Writes, Need> {
        let Changes { changed, agreed, silent, beside: mut writes } = changes;
        for Changed { before, after, entry, origin } in changed {
            failpoint::note("", entry.kind.word());
            let happened = Happened {
                before: before.as_deref(),
                after: &after,
                entry: &entry,
                origin,
                silent,
                seat: cx.seat,
                agreed: agreed.as_deref(),
                view,
            };
            for reaction in self.0.iter().filter(|reaction| concerns(&***reaction, &happened)) {
                tracing::trace!(order = %after.id(), follows = reaction.name());
                reaction.react(&happened, &mut writes, cx)?;
            }
            writes.trees.push(TreeWrite { tree: after, entry });
        }
        Ok(writes)
    }
}

fn concerns(reaction: &dyn Reaction, happened: &Happened<'_>) -> bool {
    let matters = reaction.matters();
    reaction.acts(happened.origin)
        && (matters.is_empty() || matters.iter().any(|matter| happened.keeps(*matter)))
}
