//! Columns of an order that do not say what its facts say are written anew, by a task of their own: however many
//! orders there are, the run that finds them does not wait for each.

use super::{FILL, classes};
use crate::{App, Error};
use docket_domain::{Gene, Id};
use docket_store::{Context, FindingRow, FindingState, Key, NewTask, Priority, View, Writes};
use docket_tasks::{Job, Outcome};
use serde::{Deserialize, Serialize};

/// What a fill is told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Fill {
    tree: Id,
}

/// The task that fills the order `tree`.
pub(super) fn task(tree: Id, cx: &mut Context<'_>) -> NewTask {
    NewTask {
        id: cx.ids.next(cx.now, Gene(0)),
        kind: FILL,
        unique_key: Some(format!("{FILL}:{tree}")),
        chain_key: None,
        priority: 1,
        payload: serde_json::to_string(&Fill { tree }).expect("a number is plain JSON"),
        max_attempts: 5,
        due_at: cx.now,
        created_at: cx.now,
    }
}

impl App {
    /// Writes the columns of `tree` anew where they still differ, and says so to the findings that wait for it.
    async fn fill(&self, tree: Id) -> Result<(), Error> {
        let work = move |view: &View, cx: &mut Context<'_>| {
            let Some(audit) = view.audit(tree)? else { return Ok((None, ())) };
            let readable = audit.tree.is_ok();
            let mut statements =
                if audit.stale.is_empty() { Vec::new() } else { audit.fill(cx.seat) };
            let became = if readable { FindingState::Repaired } else { FindingState::Stays };
            let word = classes::of_word("status_stale").map_or("", |class| class.word);
            statements.push(FindingRow::queued_becomes(tree, word, became));
            Ok((Some(Writes { statements, ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Bulk, vec![Key::Audit(tree)], work).await
    }
}

/// Runs one.
pub(crate) async fn handle(app: App, job: Job) -> Outcome {
    let Ok(fill) = serde_json::from_str::<Fill>(&job.payload) else {
        return Outcome::Dead(format!("it says nothing that {FILL} understands"));
    };
    match app.fill(fill.tree).await {
        Ok(()) => Outcome::Done,
        Err(Error::Unavailable(_) | Error::Busy) => Outcome::Later(app.now().plus(1_000)),
        Err(error) => Outcome::Retry(error.to_string()),
    }
}
