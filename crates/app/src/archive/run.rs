//! Moving away, one segment at a time.
//!
//! Announce, write the object, read it back and compare, let rows leave in small transactions, say that it is done:
//! whoever dies between two of these is followed by one who finishes the segment that was announced, from its
//! object alone. Nothing leaves that was not read back just before.

use super::ArchiveSettings;
use super::depot::Depot;
use super::object::{Draft, Object, Unread};
use crate::access::{Principal, Scope};
use crate::vault::telephones;
use crate::{App, Error};
use docket_domain::status::{self, Standing};
use docket_domain::words::{AttemptStatus, RefundAxis, RefundStatus};
use docket_domain::{Gene, Id, Time, Tree};
use docket_store::{
    Context, KeptRow, Key, Priority, Segment, SegmentKind, View, Writes, failpoint, move_away,
};
use docket_tasks::Outcome;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The kind of task that archives, and its schedule.
pub(crate) const KIND: &str = "archive";
/// Index entries looked at in one go.
const PAGE: usize = 500;
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
    /// Their rows.
    pub rows: u64,
}

/// Runs the task: moves away all that is due.
pub(crate) async fn handle(app: App) -> Outcome {
    loop {
        match app.archive_next().await {
            Ok(Some(_)) => {}
            // Nothing is left, or the archive was turned off since.
            Ok(None) | Err(Error::ArchiveOff) => return Outcome::Done,
            Err(Error::Unavailable(_) | Error::Busy) => {
                return Outcome::Later(app.now().plus(60_000));
            }
            Err(error) => return Outcome::Retry(error.to_string()),
        }
        if app.inner.stop.is_cancelled() {
            return Outcome::Later(app.now());
        }
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
    /// Moves the next segment away, if anything is due.
    pub async fn archive(&self, who: &Principal) -> Result<Option<Moved>, Error> {
        who.needs_whole(Scope::Admin)?;
        self.archive_next().await
    }

    /// What would leave now, by kind.
    pub async fn archive_due(&self, who: &Principal) -> Result<Vec<DueFor>, Error> {
        who.needs_whole(Scope::Admin)?;
        let settings = self.inner.settings.archive.as_ref().ok_or(Error::ArchiveOff)?;
        let mut found = Vec::new();
        let mut leave_whole = BTreeSet::new();
        for kind in SegmentKind::ALL {
            let mut due = DueFor { kind, trees: 0, rows: 0 };
            let mut after = None;
            let mut counted = BTreeSet::new();
            loop {
                let (trees, next) = self.look(settings, kind, after).await?;
                for tree in trees.into_iter().filter(|tree| !leave_whole.contains(tree)) {
                    if counted.insert(tree) {
                        due.trees += 1;
                        due.rows += self.store().kept_rows(kind, tree).await?.len() as u64;
                    }
                }
                after = next;
                if after.is_none() {
                    break;
                }
            }
            if kind == SegmentKind::Orders {
                leave_whole = counted;
            }
            found.push(due);
        }
        Ok(found)
    }

    pub(super) async fn archive_next(&self) -> Result<Option<Moved>, Error> {
        let settings = self.inner.settings.archive.as_ref().ok_or(Error::ArchiveOff)?;
        let _alone = self.inner.archiving.try_lock().map_err(|_| Error::Busy)?;
        let depot = self.depot()?;
        depot.prepare().await?;
        self.remove_gone().await?;
        if let Some(begun) = self.store().segments_moving().await?.into_iter().next()
            && let Some(moved) = self.finish(&depot, begun).await?
        {
            return Ok(Some(moved));
        }
        for kind in SegmentKind::ALL {
            let draft = self.draft(settings, kind).await?;
            if draft.trees == 0 {
                continue;
            }
            let (segment, object) = draft.finish()?;
            let segment = self.announce(segment).await?;
            failpoint::reach("archive", "announced");
            depot.put(&segment.name, object).await?;
            failpoint::reach("archive", "written");
            return match self.finish(&depot, segment).await? {
                Some(moved) => Ok(Some(moved)),
                None => Err(Error::ArchiveDamaged("it does not give back what it took".to_owned())),
            };
        }
        self.write_numbered(|_, now| vec![KeptRow::forget_holds(now)]).await?;
        Ok(None)
    }

    /// One look at what may leave.
    async fn look(
        &self,
        settings: &ArchiveSettings,
        kind: SegmentKind,
        after: Option<(Time, Id)>,
    ) -> Result<(Vec<Id>, Option<(Time, Id)>), Error> {
        let now = self.now();
        let until = settings.until(kind, now);
        let found = self.store().archivable(kind, until, now, after, PAGE).await?;
        let mut trees = found.trees;
        if kind == SegmentKind::Orders {
            let whole = self.store().trees(&trees).await?;
            let resting: BTreeSet<Id> =
                whole.iter().filter(|tree| at_rest(tree)).map(Tree::id).collect();
            trees.retain(|tree| resting.contains(tree));
        }
        Ok((trees, found.next))
    }

    /// Collects the rows of one segment.
    async fn draft(&self, settings: &ArchiveSettings, kind: SegmentKind) -> Result<Draft, Error> {
        let mut draft = Draft::new(kind)?;
        let mut after = None;
        let mut taken = BTreeSet::new();
        loop {
            let (trees, next) = self.look(settings, kind, after).await?;
            for tree in trees {
                if !taken.insert(tree) {
                    continue;
                }
                let rows = self.store().kept_rows(kind, tree).await?;
                if !rows.is_empty() {
                    draft.add(&rows)?;
                }
                if draft.is_full() {
                    return Ok(draft);
                }
            }
            after = next;
            if after.is_none() {
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
        let keys = keys.flat_map(|(tree, _)| [Key::Tree(*tree), Key::Person(*tree)]).collect();
        let vault = Arc::clone(&self.inner.vault);
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
                    if let Some(sealed) = view.person(*tree)? {
                        let person = vault.open_sealed(sealed).unwrap_or_default();
                        writes.phones_gone.extend(telephones(now, &vault.phones_gone(&person)));
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
