//! The lane: the one door for every change to orders and to what they hold.
//!
//! A piece of work is a pure, repeatable closure over a view of the rows it names. It may run several times;
//! only its last run counts, and its answer is given after the commit. Work that was accepted runs even if
//! its caller has gone.

use crate::Error;
use docket_store::{Context, Key, Need, Piece, Priority, Refused, Store, View, Writes};
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a piece decides: what is to be written, if anything, and what its caller hears.
pub type Verdict<T> = Result<(Option<Writes>, T), Need>;

/// The way to the writer.
pub struct Lane {
    store: Arc<Store>,
}

struct Work<T, F> {
    keys: Vec<Key>,
    decide: F,
    answer: Option<T>,
    reply: oneshot::Sender<Result<T, Refused>>,
}

impl<T, F> Piece for Work<T, F>
where
    T: Send,
    F: FnMut(&View, &mut Context<'_>) -> Verdict<T> + Send,
{
    fn keys(&self) -> Vec<Key> {
        self.keys.clone()
    }

    fn decide(&mut self, view: &View, cx: &mut Context<'_>) -> Result<Option<Writes>, Need> {
        let (writes, answer) = (self.decide)(view, cx)?;
        self.answer = Some(answer);
        Ok(writes)
    }

    fn settle(self: Box<Self>, outcome: Result<(), Refused>) {
        let Self { answer, reply, .. } = *self;
        let answer = outcome.map(|()| answer.expect("a piece that was committed has decided"));
        // The caller may have gone; the work stands all the same.
        let _ = reply.send(answer);
    }
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
        let (reply, answered) = oneshot::channel();
        self.store.submit(priority, Box::new(Work { keys, decide, answer: None, reply }))?;
        match answered.await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Error::Internal("the writer ended before it answered".to_owned())),
        }
    }
}
