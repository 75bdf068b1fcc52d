//! The lane: the one door for every change to orders and to what they hold.
//!
//! A piece of work is a pure, repeatable closure over a view of the rows it names; how it is decided, written
//! and answered is the store's batch engine. What follows the changes of a piece ([`crate::lane::reactions`]) is added here,
//! so that nobody can forget it.

pub(crate) mod agreed;
pub(crate) mod deadlines;
pub(crate) mod deciding;
pub(crate) mod holds;
pub(crate) mod reactions;
pub(crate) mod redeem;
pub(crate) mod unique;

use crate::Error;
use crate::lane::reactions::{Changes, Reactions};
use docket_store::{Context, Key, Need, Priority, Store, View};
use std::sync::Arc;

/// What a piece of work comes to: changes or plain writes, none where nothing is to be written, and its answer.
pub(crate) type Verdict<T, W = Changes> = Result<(Option<W>, T), Need>;

/// The way to the writer.
pub(crate) struct Lane {
    store: Arc<Store>,
    reactions: Arc<Reactions>,
}

impl Lane {
    /// The lane of `store`.
    pub const fn new(store: Arc<Store>, reactions: Arc<Reactions>) -> Self {
        Self { store, reactions }
    }

    /// Has `decide` decided and written, and answers what it said. `keys` are what it will need to see, as
    /// far as that is known.
    pub async fn run<T: Send + 'static, W: Into<Changes>>(
        &self,
        priority: Priority,
        keys: Vec<Key>,
        mut decide: impl FnMut(&View, &mut Context<'_>) -> Verdict<T, W> + Send + 'static,
    ) -> Result<T, Error> {
        let reactions = Arc::clone(&self.reactions);
        let work = move |view: &View, cx: &mut Context<'_>| {
            let (changes, answer) = decide(view, cx)?;
            let writes = changes.map(|changes| reactions.writes(changes.into(), view, cx));
            Ok((writes.transpose()?, answer))
        };
        Ok(self.store.run(priority, keys, work).await?)
    }
}
