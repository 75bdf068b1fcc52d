//! The task that writes one order into their table.

use super::Mirror;
use crate::lane::reactions::{Happened, Reaction};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_domain::change::Origin;
use docket_domain::seat::Matter;
use docket_domain::{Id, time};
use docket_store::{Context, Need, NewTask, TaskRow, Writes};
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};

/// How soon a database of theirs that is away is tried again.
const AGAIN: time::Millis = 5_000;

/// Writes one order into their table, as it is then.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct MirrorOrder {
    tree: Id,
}

/// Adds the write of what changed to what a change writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// A mirror is set.
    Keeps,
    /// None is.
    Idle,
}

impl Keeper {
    /// Of the mirror that is set, if there is one.
    pub(crate) const fn of(mirror: Option<&Mirror>) -> Self {
        if mirror.is_some() { Self::Keeps } else { Self::Idle }
    }
}

impl Reaction for Keeper {
    fn name(&self) -> &'static str {
        "the write into the table of another system"
    }

    fn matters(&self) -> &'static [Matter] {
        &[]
    }

    fn acts(&self, origin: Origin) -> bool {
        match origin {
            Origin::Decided | Origin::Recorded | Origin::Followed | Origin::Merged => true,
        }
    }

    fn react(
        &self,
        happened: &Happened<'_>,
        writes: &mut Writes,
        cx: &mut Context<'_>,
    ) -> Result<(), Need> {
        if *self == Self::Keeps {
            writes.tasks.push(task(happened.after.id(), cx));
        }
        Ok(())
    }
}

/// Writes of one order run one after another.
pub(super) fn chain(tree: Id) -> String {
    format!("{}:{tree}", MirrorOrder::KIND)
}

/// The write of one order: not twice among those that wait.
pub(super) fn task(tree: Id, cx: &mut Context<'_>) -> NewTask {
    let (unique_key, chain_key) = (Some(chain(tree)), Some(chain(tree)));
    NewTask { unique_key, chain_key, ..MirrorOrder { tree }.new_task(cx) }
}

/// Writes `tree` as it is now.
pub(super) async fn write(app: &App, mirror: Option<&Mirror>, tree: Id) -> Result<(), Error> {
    let Some(mirror) = mirror else { return Ok(()) };
    let rows = app.store().trees(&[tree]).await?.iter().flat_map(|t| mirror.rows(t)).collect();
    Ok(mirror.foreign.write(rows).await?)
}

impl Task for MirrorOrder {
    const KIND: &'static str = "mirror";
    const POLICY: Policy =
        Policy { attempts: 8, concurrency: 8, skips_dead: true, ..Policy::USUAL };

    async fn run(self, app: App, job: Job) -> Handled {
        let mirror = app.mirror().cloned();
        // First the key goes back, then the order is read: a change in between has a task of its own.
        let given = app.write_numbered(move |_, _| vec![TaskRow::give_key_back(job.id)]).await;
        let written = match given {
            Ok(_) => write(&app, mirror.as_deref(), self.tree).await,
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => Outcome::Done,
            Err(error) => failed(&app, &error, AGAIN),
        }
        .into()
    }
}
