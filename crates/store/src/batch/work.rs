//! A piece of work as a closure: decided by the writer, answered after the commit. It may run several times;
//! only its last run counts. Work that was accepted runs even if its caller has gone.

use crate::Store;
use crate::batch::{Cause, Context, Piece, Priority, QueueFull, Refused};
use crate::tables::lane::view::Need;
use crate::tables::lane::{Key, View, Writes};
use tokio::sync::oneshot;

/// What a piece decides: what is to be written, if anything, and what its caller hears.
pub type Verdict<T> = Result<(Option<Writes>, T), Need>;

/// Why a piece was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// No room in the queue.
    #[error(transparent)]
    Full(#[from] QueueFull),
    /// The writer says why.
    #[error(transparent)]
    Refused(#[from] Refused),
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

impl Store {
    /// Has `decide` decided and written, and answers what it said. `keys` are what it will need to see, as
    /// far as that is known.
    pub async fn run<T: Send + 'static>(
        &self,
        priority: Priority,
        keys: Vec<Key>,
        decide: impl FnMut(&View, &mut Context<'_>) -> Verdict<T> + Send + 'static,
    ) -> Result<T, NotDone> {
        let (reply, answered) = oneshot::channel();
        self.submit(priority, Box::new(Work { keys, decide, answer: None, reply }))?;
        match answered.await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(NotDone::Refused(Refused {
                cause: Cause::Broken,
                message: "the writer ended before it answered".to_owned(),
            })),
        }
    }
}
