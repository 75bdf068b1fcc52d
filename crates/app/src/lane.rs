//! The lane: the one door for every change to orders and to what they hold.
//!
//! A piece of work is a pure, repeatable closure over a view of the rows it names; how it is decided, written
//! and answered is the store's batch engine. Here is where what it answers becomes an answer of ours.

use crate::Error;
use docket_store::{Context, Key, Priority, Store, View};
use std::sync::Arc;

pub use docket_store::Verdict;

/// The way to the writer.
pub struct Lane {
    store: Arc<Store>,
}

impl Lane {
    /// The lane of `store`.
    pub const fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// Has `decide` decided and written, and answers what it said. `keys` are what it will need to see, as
    /// far as that is known.
    pub async fn run<T: Send + 'static>(
        &self,
        priority: Priority,
        keys: Vec<Key>,
        decide: impl FnMut(&View, &mut Context<'_>) -> Verdict<T> + Send + 'static,
    ) -> Result<T, Error> {
        Ok(self.store.run(priority, keys, decide).await?)
    }
}
