//! Writing what stands beside orders: statements of the store's tables, once under an idempotency key.

use crate::{App, Error, Idempotency};
use docket_domain::{Gene, Id, Time};
use docket_store::{Context, Key, Priority, RequestOutcome, Statement, View, Writes};

impl App {
    /// Writes statements that need a fresh number, and answers it.
    pub(crate) async fn write_numbered(
        &self,
        statements: impl Fn(Id, Time) -> Vec<Statement> + Send + 'static,
    ) -> Result<Id, Error> {
        self.write_once(None, None, statements).await.map(Once::outcome)
    }

    /// Writes `statements` once under an idempotency key. They are given the number that the key stands for from
    /// then on: `about`, or a fresh one.
    pub(crate) async fn write_once(
        &self,
        idempotency: Option<Idempotency>,
        about: Option<Id>,
        statements: impl Fn(Id, Time) -> Vec<Statement> + Send + 'static,
    ) -> Result<Once<Id>, Error> {
        let writes = move |id, now| Writes { statements: statements(id, now), ..Writes::default() };
        self.write_all_once(idempotency, about, writes).await
    }

    /// The same of anything that is written.
    pub(crate) async fn write_all_once(
        &self,
        idempotency: Option<Idempotency>,
        about: Option<Id>,
        writes: impl Fn(Id, Time) -> Writes + Send + 'static,
    ) -> Result<Once<Id>, Error> {
        let keys = idempotency.iter().map(|given| Key::Idempotency(given.hash)).collect();
        let work = move |view: &View, cx: &mut Context<'_>| {
            if let Some(given) = idempotency
                && let Some(earlier) = given.earlier(view)?
            {
                return Ok((None, earlier.map(|kept| Once::Before(kept.tree))));
            }
            let id = about.unwrap_or_else(|| cx.ids.next(cx.now, Gene(0)));
            let writes = Writes {
                idempotency: idempotency
                    .map(|given| given.kept(RequestOutcome::Changed, id, cx.now)),
                ..writes(id, cx.now)
            };
            Ok((Some(writes), Ok(Once::Now(id))))
        };
        self.inner.lane.run(Priority::Interactive, keys, work).await?
    }
}

/// What was asked for once: done now, or before under the same idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Once<T> {
    /// Now.
    Now(T),
    /// Before; nothing was done again.
    Before(T),
}

impl<T> Once<T> {
    /// The outcome, whenever it came about.
    pub fn outcome(self) -> T {
        match self {
            Self::Now(outcome) | Self::Before(outcome) => outcome,
        }
    }

    /// The same of what `next` makes of the outcome.
    pub(crate) fn map<U>(self, next: impl FnOnce(T) -> U) -> Once<U> {
        match self {
            Self::Now(outcome) => Once::Now(next(outcome)),
            Self::Before(outcome) => Once::Before(next(outcome)),
        }
    }
}
