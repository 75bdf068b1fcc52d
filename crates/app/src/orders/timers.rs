//! Deadlines: due orders are claimed by index and each is decided again from its current state.
//!
//! Nothing is trusted but the tree: an order that was paid a moment ago has nothing due any more. There is
//! no ceiling an hour; what is due drains at the lane's speed, in the bulk queue, behind people.

use crate::lane::deciding::deciding;
use crate::lane::reactions::Changes;
use crate::{App, Error};
use docket_domain::{Id, decide};
use docket_store::{Context, Key, Priority, View};
use std::sync::Arc;
use std::time::Duration;

/// Due orders taken at a time.
const CLAIMED_MAX: usize = 256;
/// How often it looks when nothing is due.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs deadlines until the center stops.
pub async fn run(app: App) {
    let stop = app.inner.background.stopping();
    loop {
        let pause = match app.run_due().await {
            Ok(CLAIMED_MAX) => Duration::ZERO,
            Ok(_) => PAUSE,
            Err(error) => {
                tracing::debug!(%error, "deadlines wait");
                PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl App {
    /// Does what is due now, one batch of it; answers how many orders were due.
    pub async fn run_due(&self) -> Result<usize, Error> {
        let due = self.store().due(self.now(), CLAIMED_MAX).await?;
        let mut waiting = tokio::task::JoinSet::new();
        for id in &due {
            waiting.spawn(self.clone().run_timer(*id));
        }
        let mut failed = None;
        while let Some(done) = waiting.join_next().await {
            match done {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failed = Some(error),
                Err(error) => failed = Some(Error::Internal(error.to_string())),
            }
        }
        failed.map_or(Ok(due.len()), Err)
    }

    /// Lets the timer decide on one order, again and again until nothing is due on it.
    pub(crate) async fn run_timer(self, id: Id) -> Result<(), Error> {
        let deadlines = Arc::clone(&self.inner.settings.deadlines);
        let work = move |view: &View, cx: &mut Context<'_>| {
            let Some(tree) = view.tree(id)? else { return Ok((None, false)) };
            let due = deciding(cx, id.gene(), &deadlines.of(tree), |cx| decide::due(tree, cx));
            let Some(change) = due else { return Ok((None, false)) };
            let (changes, _) = Changes::one(Some(tree), change);
            Ok((Some(changes), true))
        };
        while self.inner.lane.run(Priority::Bulk, vec![Key::Tree(id)], work.clone()).await? {}
        Ok(())
    }
}
