//! What a forgotten buyer wrote, in objects of the archive. An object never changes: another one, without the words,
//! takes its place, is read back, and stands for its segment from then on; the old one is removed after that.

use super::object::{Draft, Object, Unread};
use crate::lane::agreed::Agreed;
use crate::{App, Error};
use docket_domain::{Id, Seat, Time, forget};
use docket_store::{KeptRow, SegmentState, StoreError, Writes};
use std::collections::{BTreeMap, BTreeSet};

/// Objects removed in one go.
const GONE: usize = 100;

/// What was found of a tree in an object.
pub(crate) struct Found {
    /// Whether the buyer had written something.
    pub had_words: bool,
    /// What only a person can judge of it there.
    pub left: Vec<&'static str>,
}

impl App {
    /// Takes the words of buyers out of what the object of `segment` has of `trees`.
    pub(crate) async fn forget_in_segment(
        &self,
        segment: Id,
        trees: &BTreeSet<Id>,
    ) -> Result<BTreeMap<Id, Found>, Error> {
        let _alone = self.inner.archiving.lock().await;
        let Some(segment) = self.store().segment(segment).await? else {
            return Ok(BTreeMap::new());
        };
        if segment.state == SegmentState::Moving {
            return Err(Error::Busy);
        }
        let depot = self.depot()?;
        let object = Object::read(&depot, &segment).await?;
        let now = self.now();
        let mut found = BTreeMap::new();
        let mut draft = Draft::new(segment.kind)?;
        for (tree, rows) in object.trees()? {
            let rows = if trees.contains(&tree) {
                let (rows, of_tree) = without_words(rows, self.seat(), now)?;
                found.insert(tree, of_tree);
                rows
            } else {
                rows
            };
            draft.add(&rows)?;
        }
        if !found.values().any(|of_tree| of_tree.had_words) {
            return Ok(found);
        }
        let (new, bytes) = draft.finish()?;
        depot.put(&new.name, bytes).await?;
        match Object::read(&depot, &new).await {
            Ok(_) => {}
            Err(Unread::Damaged(what)) => return Err(Error::ArchiveDamaged(what)),
            Err(unread) => return Err(unread.into()),
        }
        let work = move |_: &docket_store::View, _: &mut docket_store::Context<'_>| {
            let statements = segment.replace(&new).to_vec();
            Ok((Some(Writes { statements, ..Writes::default() }), ()))
        };
        self.inner.lane.run(docket_store::Priority::Bulk, Vec::new(), work).await?;
        Ok(found)
    }

    /// Removes the objects in whose place others stand.
    pub(crate) async fn remove_gone(&self) -> Result<(), Error> {
        for name in self.store().objects_gone(GONE).await? {
            self.depot()?.delete(&name).await?;
            self.write_numbered(move |_, _| vec![docket_store::Segment::removed(&name)]).await?;
        }
        Ok(())
    }
}

/// The rows of one tree without the words of its buyer, and what was found in them.
fn without_words(
    rows: Vec<KeptRow>,
    seat: &Seat,
    now: Time,
) -> Result<(Vec<KeptRow>, Found), Error> {
    let tree = KeptRow::trees(rows.clone())?.pop();
    let log = rows.iter().filter_map(|row| row.entry().transpose());
    let log = log.collect::<Result<Vec<_>, StoreError>>()?;
    let left = forget::left_to_judge(tree.as_ref(), &log);
    let without = tree.as_ref().and_then(forget::tree);
    let mut had_words = without.is_some();
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows {
        let changed = if let Some(entry) = row.entry()? {
            forget::entry(&entry).map(|entry| KeptRow::of_entry(&entry))
        } else if let Some(snapshot) = row.snapshot()? {
            Agreed::without_words(&snapshot, now).map(KeptRow::of_snapshot)
        } else {
            without.as_ref().map(|tree| row.clone().with_node_of(tree, seat))
        };
        had_words |= changed.as_ref().is_some_and(|changed| *changed != row);
        kept.push(changed.unwrap_or(row));
    }
    Ok((kept, Found { had_words, left }))
}
