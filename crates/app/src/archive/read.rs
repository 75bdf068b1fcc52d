//! Answering what is archived. Whether a tree has anything there shows in what is online: a log begins at 1, agreed
//! versions too. Only where they do not, or a tree is not there, is anything looked up.

use super::object::Object;
use crate::access::Principal;
use crate::operate::no_order;
use crate::vault::People;
use crate::{App, Error};
use docket_domain::{Id, LogEntry, Time, Tree};
use docket_store::{KeptRow, Segment, SegmentKind, Snapshot, Whole};

/// The rows of a log that led to `tree`.
fn up_to(tree: &Tree, mut entries: Vec<LogEntry>) -> Vec<LogEntry> {
    entries.retain(|entry| entry.site != 0 || entry.seq <= tree.payment.version);
    entries
}

impl App {
    /// The log of a tree from its placement on, wherever its rows are.
    pub(crate) async fn log_of(&self, tree: Id) -> Result<Vec<LogEntry>, Error> {
        let online = self.store().operations(tree).await?;
        self.with_archived(tree, online).await
    }

    /// `online`, the rows of the log of a tree that were online, and before them those in the archive.
    async fn with_archived(&self, tree: Id, online: Vec<LogEntry>) -> Result<Vec<LogEntry>, Error> {
        if online.first().is_some_and(|entry| entry.seq == 1) {
            return Ok(online);
        }
        let Some(rows) = self.archived_rows(tree, SegmentKind::Log).await? else {
            // Nothing is archived, or it came back meanwhile.
            return Ok(self.store().operations(tree).await?);
        };
        let mut entries = KeptRow::entries(rows)?;
        entries.extend(online);
        entries.sort_by_key(|entry| (entry.site, entry.seq));
        entries.dedup_by_key(|entry| (entry.site, entry.seq));
        Ok(entries)
    }

    /// The log that led to `tree` as it was read: rows that were written since are left out.
    pub(crate) async fn log_behind(&self, tree: &Tree) -> Result<Vec<LogEntry>, Error> {
        Ok(up_to(tree, self.log_of(tree.id()).await?))
    }

    /// An order the caller may see, with its people and the log that led to it, all of one moment but for what is
    /// in the archive and does not change.
    pub(crate) async fn whole_with_log(
        &self,
        who: &Principal,
        id: Id,
    ) -> Result<(Tree, People, Vec<LogEntry>), Error> {
        let Some((Whole { tree, person }, online)) = self.store().whole_with_log(id).await? else {
            let (tree, person) = self.whole(who, id).await?;
            let log = self.log_behind(&tree).await?;
            return Ok((tree, person, log));
        };
        if !who.sees(&tree) {
            return Err(no_order(id));
        }
        let log = up_to(&tree, self.with_archived(tree.id(), online).await?);
        let person = self.people(tree.id(), person.as_ref());
        Ok((tree, person, log))
    }

    /// An order the caller may see, and its agreed trees, wherever they are; of one moment but for what is in the
    /// archive and does not change.
    pub(crate) async fn tree_with_agreed(
        &self,
        who: &Principal,
        id: Id,
    ) -> Result<(Tree, Vec<Snapshot>), Error> {
        let (tree, online) = match self.store().whole_with_agreed(id).await? {
            Some((whole, online)) => (whole.tree, online),
            None => (self.tree(who, id).await?, Vec::new()),
        };
        if !who.sees(&tree) {
            return Err(no_order(id));
        }
        if online.first().is_some_and(|snapshot| snapshot.terms_version == 1) {
            return Ok((tree, online));
        }
        let Some(rows) = self.archived_rows(tree.id(), SegmentKind::Snapshots).await? else {
            // Nothing is archived, or it came back meanwhile.
            let online = self.store().snapshots(tree.id()).await?;
            return Ok((tree, online));
        };
        let mut agreed = KeptRow::snapshots(rows)?;
        agreed.extend(online);
        agreed.sort_by_key(|snapshot| snapshot.terms_version);
        agreed.dedup_by_key(|snapshot| snapshot.terms_version);
        Ok((tree, agreed))
    }

    /// The order that left whole and has a node of this number.
    pub(crate) async fn archived_tree(&self, id: Id) -> Result<Option<Tree>, Error> {
        let Some(archived) = self.store().archived_order(id).await? else { return Ok(None) };
        let Some(segment) = self.store().segment(archived.segment).await? else { return Ok(None) };
        let rows = self.object_of(&segment).await?.of_tree(archived.tree)?;
        Ok(KeptRow::trees(rows)?.pop())
    }

    /// Refuses what needs every row of the log from `from` until before `to` to be online.
    pub(crate) async fn must_be_online(&self, from: Time, to: Time) -> Result<(), Error> {
        let there = self.store().segments_between(from, to).await?;
        if there.iter().all(|segment| segment.kind == SegmentKind::Snapshots) {
            return Ok(());
        }
        let message = "a part of what happened then is in the archive; \
                       `docket archive restore --from … --to …` brings it back";
        Err(Error::InArchive(message.to_owned()))
    }

    pub(super) async fn object_of(&self, segment: &Segment) -> Result<Object, Error> {
        Ok(Object::read(&self.depot()?, segment).await?)
    }

    /// The rows of `tree` in segments that hold some of `kind`, oldest segment first; nothing where there is none.
    async fn archived_rows(
        &self,
        tree: Id,
        kind: SegmentKind,
    ) -> Result<Option<Vec<KeptRow>>, Error> {
        let mut segments = self.store().segments_of(tree).await?;
        segments.retain(|segment| segment.kind == kind || segment.kind == SegmentKind::Orders);
        if segments.is_empty() {
            return Ok(None);
        }
        let mut rows = Vec::new();
        for segment in segments {
            rows.extend(self.object_of(&segment).await?.of_tree(tree)?);
        }
        Ok(Some(rows))
    }
}
