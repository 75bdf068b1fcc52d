//! A team's old table, kept alive for as long as both must live: written after each change in its own shape and
//! codes, filled from history, and compared row by row.
//!
//! What is written is a task in the transaction of the change, one a tree: it writes the tree as it is when it
//! runs, so several changes become one write and their order does not matter. No data of people is mirrored.

mod columns;
mod keep;

pub use columns::{Field, FieldKind, MirrorColumn, MirrorLevel, TimeForm};
pub use keep::Keeper;
pub(crate) use keep::MirrorOrder;

use crate::access::{Principal, Scope};
use crate::tasks::Task;
use crate::{App, Error};
use docket_domain::words::TaskState;
use docket_domain::{Id, Tree};
use docket_store::{Foreign, ForeignRow, ForeignShape, Priority, StoreError, View, Writes};
use std::sync::Arc;

/// Orders of one page of a backfill or a comparison.
const PAGE: usize = 200;

/// What is mirrored, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorSettings {
    /// `mysql://…` or `sqlite:PATH`.
    pub url: String,
    /// The table of the other system that is kept alive.
    pub table: String,
    /// The column of its key: the number of the payment order or of the shop order.
    pub key: String,
    /// Whether a row is a payment order or a shop order.
    pub level: MirrorLevel,
    /// The columns that are written, each with what it is to say.
    pub columns: Vec<MirrorColumn>,
    /// How they write times.
    pub times: TimeForm,
}

/// Their table, opened.
pub(crate) struct Mirror {
    settings: MirrorSettings,
    foreign: Foreign,
}

/// How far a backfill or a comparison is.
#[derive(Debug, Clone, Default)]
pub struct MirrorPage {
    /// Orders looked at.
    pub looked_at: u64,
    /// Where it goes on; none at the end.
    pub next: Option<Id>,
    /// Rows that are not there, or differ from what an order says.
    pub differences: Vec<MirrorDifference>,
}

/// One row of theirs that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorDifference {
    /// `mirror_missing`, `mirror_status_missing` or `mirror_differs`.
    pub class: &'static str,
    /// The payment order's number.
    pub tree: Id,
    /// The value of the key column that the row has, or would have.
    pub key: String,
    /// The column; empty where the row is missing.
    pub column: String,
    /// As it stands there.
    pub stands: Option<String>,
    /// As it should be.
    pub should: Option<String>,
    /// Whether its row is written anew.
    pub queued: bool,
}

/// How the mirror is.
#[derive(Debug, Clone)]
pub struct MirrorState {
    /// The table of the other system that is kept alive.
    pub table: String,
    /// Why it cannot be used now.
    pub error: Option<String>,
    /// Writes that wait or run.
    pub waiting: u64,
    /// Writes that were given up.
    pub dead: u64,
}

impl MirrorSettings {
    /// Whether their table can be read, with every column that is written.
    pub async fn probe(&self) -> Result<(), StoreError> {
        Mirror::open(self)?.foreign.ping().await
    }
}

impl Mirror {
    pub fn open(settings: &MirrorSettings) -> Result<Self, StoreError> {
        let guard = settings.columns.iter().find(|column| column.field.grows());
        let Some(guard) = guard else {
            let message = "[mirror.columns] needs a column for `version` or `updated_at`: by it a late write is known";
            return Err(StoreError::Url(message.to_owned()));
        };
        let others = settings.columns.iter().filter(|column| column.name != guard.name);
        let shape = ForeignShape {
            table: settings.table.clone(),
            key: settings.key.clone(),
            guard: guard.name.clone(),
            columns: others.map(|column| column.name.clone()).collect(),
        };
        let foreign = Foreign::new(&settings.url, shape)?;
        Ok(Self { settings: settings.clone(), foreign })
    }

    /// Their rows of `tree`.
    fn rows(&self, tree: &Tree) -> Vec<ForeignRow> {
        columns::rows(&self.settings, tree)
    }

    /// Columns of the shape, in the order of a row's values.
    fn written(&self) -> impl Iterator<Item = &MirrorColumn> {
        let guard = self.settings.columns.iter().find(|column| column.field.grows());
        let guard = guard.map(|column| column.name.clone());
        self.settings.columns.iter().filter(move |column| Some(&column.name) != guard.as_ref())
    }
}

impl App {
    pub(crate) fn mirror(&self) -> Option<&Arc<Mirror>> {
        self.inner.mirror.as_ref()
    }

    fn mirrored(&self, who: &Principal) -> Result<&Arc<Mirror>, Error> {
        who.needs_whole(Scope::Tasks).or_else(|_| who.needs_whole(Scope::Admin))?;
        self.mirror().ok_or(Error::MirrorOff)
    }

    /// How the mirror is.
    pub async fn mirror_state(&self, who: &Principal) -> Result<MirrorState, Error> {
        let mirror = self.mirrored(who)?;
        let backlog = self.store().task_backlog().await?;
        let count = |states: &[TaskState]| {
            let of =
                backlog.iter().filter(|b| b.kind == MirrorOrder::KIND && states.contains(&b.state));
            of.map(|backlog| backlog.count).sum()
        };
        Ok(MirrorState {
            table: mirror.settings.table.clone(),
            error: mirror.foreign.ping().await.err().map(|error| error.to_string()),
            waiting: count(&[TaskState::Pending, TaskState::Running]),
            dead: count(&[TaskState::Dead]),
        })
    }

    /// Writes one page of orders after `after`, whatever stands there; a row that is newer stays.
    pub async fn mirror_backfill(&self, who: &Principal, after: Id) -> Result<MirrorPage, Error> {
        let mirror = Arc::clone(self.mirrored(who)?);
        let (trees, next) = self.store().trees_after(after, PAGE).await?;
        let looked_at = trees.len() as u64;
        mirror.foreign.write(trees.iter().flat_map(|tree| mirror.rows(tree)).collect()).await?;
        Ok(MirrorPage { looked_at, next, differences: Vec::new() })
    }

    /// Compares one page of orders after `after` with their rows. What a write is on its way to is no difference.
    pub async fn mirror_verify(
        &self,
        who: &Principal,
        after: Id,
        repair: MirrorRepair,
    ) -> Result<MirrorPage, Error> {
        let mirror = Arc::clone(self.mirrored(who)?);
        let (trees, next) = self.store().trees_after(after, PAGE).await?;
        let looked_at = trees.len() as u64;
        let mut differences = Vec::new();
        for tree in self.differing(&mirror, &trees).await? {
            if self.store().is_in_chain(&keep::chain(tree)).await? {
                continue;
            }
            // Read again, after it is known that nothing is on its way.
            let now = self.store().trees(&[tree]).await?;
            let mut found = mirror.compare(&now).await?;
            if repair == MirrorRepair::Queue && !found.is_empty() {
                self.queue_mirror(tree).await?;
                for difference in &mut found {
                    difference.queued = true;
                }
            }
            differences.append(&mut found);
        }
        Ok(MirrorPage { looked_at, next, differences })
    }

    async fn differing(&self, mirror: &Mirror, trees: &[Tree]) -> Result<Vec<Id>, Error> {
        let mut differing: Vec<_> =
            mirror.compare(trees).await?.into_iter().map(|found| found.tree).collect();
        differing.dedup();
        Ok(differing)
    }

    async fn queue_mirror(&self, tree: Id) -> Result<(), Error> {
        if !self.has_workers() {
            let mirror = self.mirror().map(Arc::clone);
            return keep::write(self, mirror.as_deref(), tree).await;
        }
        let queue = move |_: &View, cx: &mut docket_store::Context<'_>| {
            Ok((Some(Writes { tasks: vec![keep::task(tree, cx)], ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Bulk, Vec::new(), queue).await
    }
}

/// What a comparison does about what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MirrorRepair {
    /// It only says it.
    None,
    /// It queues the row to be written.
    Queue,
}

impl Mirror {
    /// What differs of `trees`.
    async fn compare(&self, trees: &[Tree]) -> Result<Vec<MirrorDifference>, Error> {
        let rows: Vec<_> = trees
            .iter()
            .flat_map(|tree| self.rows(tree).into_iter().map(|row| (tree.id(), row)))
            .collect();
        let keys = rows.iter().map(|(_, row)| row.key.clone()).collect();
        let there = self.foreign.read(keys).await?;
        let mut differences = Vec::new();
        for (tree, row) in rows {
            let key = row.key.text().unwrap_or_default();
            let difference = |class, column: &str, stands, should| MirrorDifference {
                class,
                tree,
                key: key.clone(),
                column: column.to_owned(),
                stands,
                should,
                queued: false,
            };
            let Some(stands) = there.get(&key) else {
                differences.push(difference("mirror_missing", "", None, None));
                continue;
            };
            for ((column, should), stands) in self.written().zip(&row.values).zip(stands) {
                let should = should.text();
                if *stands == should {
                    continue;
                }
                let empty = stands.as_ref().is_none_or(String::is_empty);
                let class = match column.field.kind() {
                    FieldKind::Word if empty => "mirror_status_missing",
                    _ => "mirror_differs",
                };
                differences.push(difference(class, &column.name, stands.clone(), should));
            }
        }
        Ok(differences)
    }
}
