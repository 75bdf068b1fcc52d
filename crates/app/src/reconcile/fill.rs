//! Columns of an order that do not say what its facts say are written anew, by a task of their own: however many
//! orders there are, the run that finds them does not wait for each.

use super::classes;
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_domain::Id;
use docket_store::{Context, FindingRow, FindingState, Key, NewTask, Priority, View, Writes};
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};

/// Writes the columns of one order anew.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct FillColumns {
    tree: Id,
}

/// The task that fills the order `tree`.
pub(super) fn task(tree: Id, cx: &mut Context<'_>) -> NewTask {
    let unique_key = Some(format!("{}:{tree}", FillColumns::KIND));
    NewTask { unique_key, priority: 1, ..FillColumns { tree }.new_task(cx) }
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

impl Task for FillColumns {
    const KIND: &'static str = "fill";
    const POLICY: Policy = Policy { concurrency: 32, ..Policy::USUAL };

    async fn run(self, app: App, _: Job) -> Handled {
        match app.fill(self.tree).await {
            Ok(()) => Outcome::Done,
            Err(error) => failed(&app, &error, 1_000),
        }
        .into()
    }
}
