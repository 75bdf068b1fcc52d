//! Answering what is archived, some rows at a time. Whether a tree has anything there shows in what is online: a log
//! begins at 1, agreed versions too. Only where they do not go on from where somebody has read to, or a tree is not
//! there, is anything looked up; then one object is read at a time, and of it the rows of that tree are kept.

use super::object::Object;
use crate::{App, Error};
use docket_domain::{Id, LogEntry, Time, Tree};
use docket_store::{KeptRow, Segment, SegmentKind, Snapshot};
use std::collections::BTreeMap;

/// A row of the log of an order: its site, and its number there.
pub(crate) type LogPlace = (u8, u32);

impl App {
    /// Rows of the log of a tree behind `after`, oldest first, wherever they are: at most `limit`.
    pub(crate) async fn log_after(
        &self,
        tree: Id,
        after: LogPlace,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        let online = self.store().log_after(tree, after, limit).await?;
        let next = (after.0, after.1.saturating_add(1));
        if online.first().is_some_and(|entry| (entry.site, entry.seq) == next) {
            return Ok(online);
        }
        let segments = self.segments_with(tree, SegmentKind::Log).await?;
        let mut found = BTreeMap::<LogPlace, LogEntry>::new();
        for segment in &segments {
            for entry in self.log_in(segment, tree).await? {
                if (entry.site, entry.seq) > after {
                    found.insert((entry.site, entry.seq), entry);
                }
            }
            // Only the first of them are answered.
            while found.len() > limit {
                found.pop_last();
            }
        }
        // What was there may have come back, and what was online may have left meanwhile.
        let online = self.store().log_after(tree, after, limit).await?;
        found.extend(online.into_iter().map(|entry| ((entry.site, entry.seq), entry)));
        Ok(found.into_values().take(limit).collect())
    }

    /// Agreed trees of an order behind a terms version, oldest first, wherever they are: at most `limit`.
    pub(crate) async fn agreed_after(
        &self,
        tree: Id,
        after: u32,
        limit: usize,
    ) -> Result<Vec<Snapshot>, Error> {
        let online = self.store().snapshots_after(tree, after, limit).await?;
        if online.first().is_some_and(|snapshot| snapshot.terms_version == after.saturating_add(1))
        {
            return Ok(online);
        }
        let mut found = BTreeMap::<u32, Snapshot>::new();
        for segment in self.segments_with(tree, SegmentKind::Snapshots).await? {
            for agreed in KeptRow::snapshots(self.object_of(&segment).await?.of_tree(tree)?)? {
                if agreed.terms_version > after {
                    found.insert(agreed.terms_version, agreed);
                }
            }
            while found.len() > limit {
                found.pop_last();
            }
        }
        let online = self.store().snapshots_after(tree, after, limit).await?;
        found.extend(online.into_iter().map(|snapshot| (snapshot.terms_version, snapshot)));
        Ok(found.into_values().take(limit).collect())
    }

    /// Rows of the log that one segment has of a tree.
    pub(crate) async fn log_in(&self, segment: &Segment, tree: Id) -> Result<Vec<LogEntry>, Error> {
        Ok(KeptRow::entries(self.object_of(segment).await?.of_tree(tree)?)?)
    }

    /// The segments that hold rows of `kind` of a tree, oldest first.
    pub(crate) async fn segments_with(
        &self,
        tree: Id,
        kind: SegmentKind,
    ) -> Result<Vec<Segment>, Error> {
        let mut segments = self.store().segments_of(tree).await?;
        segments.retain(|segment| segment.kind == kind || segment.kind == SegmentKind::Orders);
        Ok(segments)
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
}
