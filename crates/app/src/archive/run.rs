//! Moving away, one segment at a time.
//!
//! Announce, write the object, read it back and compare, let rows leave in small transactions, say that it is done:
//! whoever dies between two of these is followed by one who finishes the segment that was announced, from its
//! object alone. Nothing leaves that was not read back just before.

use super::ArchiveSettings;
use super::depot::Depot;
use super::object::{Draft, Object, Unread};
use crate::access::{Principal, Scope};
use crate::tasks::{Policy, Task, failed};
use crate::vault::telephones;
use crate::{App, Error};
use docket_domain::status::{self, Standing};
use docket_domain::words::{AttemptStatus, RefundAxis, RefundStatus};
use docket_domain::{Gene, Id, Tree};
use docket_store::{
    Context, KeptRow, Key, Position, Priority, Segment, SegmentKind, View, Writes, failpoint,
    move_away,
};
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Index entries looked at in one go.
const PAGE: usize = 500;
/// Such goes for one answer of what is due.
const PAGES: usize = 20;
/// Trees whose rows are read in one go.
const READ: usize = 50;
/// Trees that leave in one transaction: a step that nobody feels.
const STEP: usize = 20;

/// One segment that was moved away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The segment; its trees are those that left.
    pub segment: Segment,
}

/// What is due now of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueFor {
    /// Of which kind.
    pub kind: SegmentKind,
    /// Trees.
    pub trees: u64,
    /// Rows that would leave with them, of whatever table.
    pub rows: u64,
}

/// Where counting what is due goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueCursor {
    /// With which kind.
    pub kind: SegmentKind,
    /// Behind what; from its beginning where nothing is named.
    pub after: Option<Position>,
}

/// What was counted of what is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// By kind; a kind that was not looked at is left out.
    pub due: Vec<DueFor>,
    /// Where the next answer goes on; nothing at the end.
    pub next: Option<DueCursor>,
}

/// How far moving away has come: what leaves next is looked for from there on and not from the beginning again.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    reached: BTreeMap<SegmentKind, Position>,
    /// Whether anything left since it began: then something may be due that was passed by.
    moved: bool,
}

/// Moves away all that is due.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct MoveToArchive {}

impl Task for MoveToArchive {
    const KIND: &'static str = "archive";
    const POLICY: Policy = Policy::LONG;

    async fn run(self, app: App, _: Job) -> Handled {
        app.move_all_to_archive().await.into()
    }
}

/// Whether nothing is under way in a finished order: no money that may come or go, no refund that is open.
fn at_rest(tree: &Tree) -> bool {
    let standing: Standing = status::of(tree);
    let open_refund = |axis| matches!(axis, RefundAxis::Applied | RefundAxis::Refunding);
    let refunds = standing.shops.iter().any(|shop| open_refund(shop.refund_status));
    let attempts = tree.payment.attempts.iter().any(|a| a.status == AttemptStatus::Open);
    let owed = |status| matches!(status, RefundStatus::Applied | RefundStatus::Refunding);
    let due = tree.payment.refunds_due.iter().any(|due| owed(due.status));
    !refunds && !attempts && !due && tree.due_at().is_none()
}

impl App {
    async fn move_all_to_archive(&self) -> Outcome {
        loop {
            match self.archive_next().await {
                Ok(Some(_)) => {}
                // Nothing is left, or the archive was turned off since.
                Ok(None) | Err(Error::ArchiveOff) => return Outcome::Done,
                Err(error) => return failed(self, &error, 60_000),
            }
            if self.inner.background.is_stopping() {
                return Outcome::Later(self.now());
            }
        }
    }

    /// Moves the next segment away, if anything is due.
    pub async fn archive(&self, who: &Principal) -> Result<Option<Moved>, Error> {
        who.needs_whole(Scope::Admin)?;
        self.archive_next().await
    }

    /// Counts what would leave now, a bounded number of rows at a time: whoever wants all of it asks again from
    /// `next`, and sums up.
    pub async fn archive_due(
        &self,
        who: &Principal,
        cursor: Option<DueCursor>,
    ) -> Result<Counted, Error> {
        who.needs_whole(Scope::Admin)?;
        let settings = self.inner.settings.archive.as_ref().ok_or(Error::ArchiveOff)?;
        let [first, ..] = SegmentKind::ALL;
        let mut at = cursor.unwrap_or(DueCursor { kind: first, after: None });
        let mut due: Vec<DueFor> = Vec::new();
        for _ in 0..PAGES {
            let (trees, rows, next) = self.count(settings, at).await?;
            match due.last_mut().filter(|last| last.kind == at.kind) {
                Some(last) => (last.trees, last.rows) = (last.trees + trees, last.rows + rows),
                None => due.push(DueFor { kind: at.kind, trees, rows }),
            }
            let mut later = SegmentKind::ALL.into_iter().skip_while(|kind| *kind != at.kind);
            let next = match next {
                Some(after) => Some(DueCursor { kind: at.kind, after: Some(after) }),
                None => later.nth(1).map(|kind| DueCursor { kind, after: None }),
            };
            match next {
                Some(next) => at = next,
                None => return Ok(Counted { due, next: None }),
            }
        }
        Ok(Counted { due, next: Some(at) })
    }

    /// Trees and rows that one look finds due. What leaves whole takes its log and agreed trees along, and is not
    /// counted with them again.
    async fn count(
        &self,
        settings: &ArchiveSettings,
        DueCursor { kind, after }: DueCursor,
    ) -> Result<(u64, u64, Option<Position>), Error> {
        let (now, store) = (self.now(), self.store());
        let found = store.archivable(kind, settings.until(kind, now), now, after, PAGE).await?;
        let all: Vec<Id> = found.trees.iter().map(|due| due.tree).collect();
        if kind == SegmentKind::Orders {
            let leave = self.resting(&all).await?;
            let ids: Vec<Id> = leave.iter().map(Tree::id).collect();
            let nodes: u64 = leave.iter().map(KeptRow::nodes_of).sum();
            let rows = nodes + store.history_rows(kind, &ids).await?;
            return Ok((ids.len() as u64, rows, found.next));
        }
        let whole = SegmentKind::Orders;
        let finished = store.quiet(whole, &all, settings.until(whole, now), now).await?;
        let finished: Vec<Id> = finished.into_iter().collect();
        let leave: BTreeSet<Id> = self.resting(&finished).await?.iter().map(Tree::id).collect();
        let own = found.trees.iter().filter(|due| !leave.contains(&due.tree));
        let own: Vec<_> = own.collect();
        if kind == SegmentKind::Log {
            let trees = own.iter().filter(|due| due.newest).count();
            let rows = own.iter().map(|due| due.met).sum();
            return Ok((trees as u64, rows, found.next));
        }
        let ids: Vec<Id> = own.iter().map(|due| due.tree).collect();
        Ok((ids.len() as u64, store.history_rows(kind, &ids).await?, found.next))
    }

    pub(super) async fn archive_next(&self) -> Result<Option<Moved>, Error> {
        let settings = self.inner.settings.archive.as_ref().ok_or(Error::ArchiveOff)?;
        let mut progress = self.inner.archiving.try_lock().map_err(|_| Error::Busy)?;
        let depot = self.depot()?;
        depot.prepare().await?;
        self.remove_gone().await?;
        if let Some(begun) = self.store().segments_moving().await?.into_iter().next()
            && let Some(moved) = self.finish(&depot, begun).await?
        {
            return Ok(Some(moved));
        }
        loop {
            for kind in SegmentKind::ALL {
                let draft = self.draft(settings, kind, &mut progress).await?;
                if draft.trees == 0 {
                    continue;
                }
                progress.moved = true;
                let (segment, object) = draft.finish()?;
                let segment = self.announce(segment).await?;
                failpoint::reach("archive", "announced");
                depot.put(&segment.name, object).await?;
                failpoint::reach("archive", "written");
                return if let Some(moved) = self.finish(&depot, segment).await? {
                    Ok(Some(moved))
                } else {
                    let what = "it does not give back what it took".to_owned();
                    Err(Error::ArchiveDamaged(what))
                };
            }
            // What was passed by while other things left is looked for once more, from the beginning.
            if !std::mem::take(&mut *progress).moved {
                break;
            }
        }
        self.write_numbered(|_, now| vec![KeptRow::forget_holds(now)]).await?;
        Ok(None)
    }

    /// Those of finished orders in which nothing is under way.
    async fn resting(&self, trees: &[Id]) -> Result<Vec<Tree>, Error> {
        let mut whole = self.store().trees(trees).await?;
        whole.retain(at_rest);
        Ok(whole)
    }

    /// Collects the rows of one segment, from where the last one ended.
    async fn draft(
        &self,
        settings: &ArchiveSettings,
        kind: SegmentKind,
        progress: &mut Progress,
    ) -> Result<Draft, Error> {
        let now = self.now();
        let until = settings.until(kind, now);
        let mut draft = Draft::new(kind)?;
        let mut taken = BTreeSet::new();
        let mut after = progress.reached.get(&kind).copied();
        loop {
            let found = self.store().archivable(kind, until, now, after, PAGE).await?;
            let mut trees: Vec<Id> = found.trees.iter().map(|due| due.tree).collect();
            if kind == SegmentKind::Orders {
                trees = self.resting(&trees).await?.iter().map(Tree::id).collect();
            }
            trees.retain(|tree| taken.insert(*tree));
            for trees in trees.chunks(READ) {
                for (_, rows) in self.store().kept_rows_of(kind, trees).await? {
                    draft.add(&rows)?;
                    if draft.is_full() {
                        // The rest of this look is looked at again.
                        progress.reached.extend(after.map(|after| (kind, after)));
                        return Ok(draft);
                    }
                }
            }
            after = found.last.or(after);
            if found.next.is_none() {
                progress.reached.extend(after.map(|after| (kind, after)));
                return Ok(draft);
            }
        }
    }

    async fn announce(&self, segment: Segment) -> Result<Segment, Error> {
        let write = move |_: &View, cx: &mut Context<'_>| {
            let id = cx.ids.next(cx.now, Gene(0));
            let segment = Segment { id, created_at: cx.now, ..segment.clone() };
            let statements = vec![segment.announce()];
            Ok((Some(Writes { statements, ..Writes::default() }), segment))
        };
        self.inner.lane.run(Priority::Bulk, Vec::new(), write).await
    }

    /// Lets the rows of an announced segment leave, as its object has them. An announcement without a right object
    /// for which nothing has left yet is taken back: then there is nothing to finish.
    async fn finish(&self, depot: &Depot<'_>, segment: Segment) -> Result<Option<Moved>, Error> {
        let left: BTreeSet<Id> =
            self.store().trees_of_segment(segment.id).await?.into_iter().collect();
        let object = match Object::read(depot, &segment).await {
            Ok(object) => object,
            Err(Unread::Damaged(what)) if left.is_empty() => {
                tracing::warn!(what, "an object of the archive is not as it was written");
                let id = segment.id;
                self.write_numbered(move |_, _| vec![Segment::take_back(id)]).await?;
                return Ok(None);
            }
            Err(unread) => return Err(unread.into()),
        };
        failpoint::reach("archive", "verified");
        let trees: Vec<_> =
            object.trees()?.into_iter().filter(|(tree, _)| !left.contains(tree)).collect();
        for step in trees.chunks(STEP) {
            self.leave(&segment, Arc::from(step)).await?;
            failpoint::reach("archive", "left");
        }
        let id = segment.id;
        self.write_numbered(move |_, _| vec![Segment::keep(id)]).await?;
        let kept = self.store().segment(id).await?;
        Ok(kept.map(|segment| Moved { segment }))
    }

    /// Lets the rows of some trees leave, all or nothing. A tree that changed since it was read stays.
    async fn leave(
        &self,
        segment: &Segment,
        trees: Arc<[(Id, Vec<KeptRow>)]>,
    ) -> Result<(), Error> {
        let (kind, id) = (segment.kind, segment.id);
        let whole = kind == SegmentKind::Orders;
        let keys = trees.iter().filter(|_| whole);
        let keys = keys.flat_map(|(tree, _)| [Key::Tree(*tree), Key::Customer(*tree)]).collect();
        let vault = self.inner.vault();
        let decide = move |view: &View, _: &mut Context<'_>| {
            let mut writes = Writes::default();
            let mut leaving = 0;
            for (tree, rows) in trees.iter() {
                if whole {
                    let version = rows.iter().find_map(KeptRow::version);
                    let now = view.tree(*tree)?;
                    let Some(now) = now.filter(|now| version == Some(now.payment.version.into()))
                    else {
                        continue;
                    };
                    if let Some(sealed) = view.customer(*tree)? {
                        let customer = vault.open_sealed(sealed).unwrap_or_default();
                        writes.phones_gone.extend(telephones(now, &vault.phones_gone(&customer)));
                    }
                }
                writes.statements.extend(move_away(kind, id, *tree, rows));
                leaving += 1;
            }
            if leaving > 0 {
                writes.statements.push(Segment::fill(id, leaving));
            }
            Ok((Some(writes), ()))
        };
        self.inner.lane.run(Priority::Bulk, keys, decide).await
    }
}
