//! The lane: the one door for every change to orders and to what they hold.
//!
//! A piece of work is a pure, repeatable closure over a view of the rows it names; how it is decided, written
//! and answered is the store's batch engine. Here is where what it answers becomes an answer of ours.

use crate::Error;
use crate::gateways::Gateways;
use crate::mirror::Keeper;
use crate::webhooks::Outbox;
use docket_store::{Context, Key, Priority, Store, View, failpoint};
use std::sync::Arc;

pub use docket_store::Verdict;

/// The way to the writer.
pub(crate) struct Lane {
    store: Arc<Store>,
    outbox: Arc<Outbox>,
    gateways: Arc<Gateways>,
    keeper: Keeper,
}

impl Lane {
    /// The lane of `store`; what changes an order is noted in `outbox` and for the mirror too, and what its money
    /// wants of gateways becomes a task, so that nobody can forget it.
    pub const fn new(
        store: Arc<Store>,
        outbox: Arc<Outbox>,
        gateways: Arc<Gateways>,
        keeper: Keeper,
    ) -> Self {
        Self { store, outbox, gateways, keeper }
    }

    /// Has `decide` decided and written, and answers what it said. `keys` are what it will need to see, as
    /// far as that is known.
    pub async fn run<T: Send + 'static>(
        &self,
        priority: Priority,
        keys: Vec<Key>,
        mut decide: impl FnMut(&View, &mut Context<'_>) -> Verdict<T> + Send + 'static,
    ) -> Result<T, Error> {
        let (outbox, gateways) = (Arc::clone(&self.outbox), Arc::clone(&self.gateways));
        let keeper = self.keeper;
        let told = move |view: &View, cx: &mut Context<'_>| {
            let (mut writes, answer) = decide(view, cx)?;
            if let Some(writes) = &mut writes {
                for write in &writes.trees {
                    failpoint::note("", write.entry.kind.word());
                }
                outbox.add(writes, cx);
                gateways.add(writes, cx);
                keeper.add(writes, cx);
            }
            Ok((writes, answer))
        };
        Ok(self.store.run(priority, keys, told).await?)
    }
}
