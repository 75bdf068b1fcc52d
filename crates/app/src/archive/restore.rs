//! Bringing back: the rows of one order, or of all that has something of a span of time, exactly as they were.

use crate::access::{Principal, Scope};
use crate::vault::telephones;
use crate::{App, Error};
use docket_domain::time::{DAY, Millis};
use docket_domain::{Id, Time};
use docket_store::{
    Context, KeptRow, Key, Priority, Segment, SegmentKind, View, Writes, move_back,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How long what was brought back stays at least.
const STAYS: Millis = 30 * DAY;
/// Trees that come back in one transaction.
const STEP: usize = 20;
/// Trees that come back at one request.
const TREES_MAX: usize = 2_000;

/// What is to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// Everything of the order that has a node of this number.
    Order(Id),
    /// Everything of the orders to which something happened from here until before there.
    Between(Time, Time),
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Restored {
    /// Trees, each counted once a segment.
    pub trees: u64,
    /// Rows that came back, of whatever table.
    pub rows: u64,
    /// Whether there may be more: ask again.
    pub more: bool,
}

impl App {
    /// Brings rows back; asked again it brings back what is still in the archive.
    pub async fn restore_archived(&self, who: &Principal, back: Back) -> Result<Restored, Error> {
        who.needs_whole(Scope::Admin)?;
        let mut done = Restored::default();
        match back {
            Back::Order(id) => {
                let tree = self.tree(who, id).await.map(|tree| tree.id());
                let tree = tree.map_err(|error| match error {
                    Error::NotFound { .. } => Error::no_order(id),
                    error => error,
                })?;
                self.all_back(&[tree], &mut done).await?;
            }
            Back::Between(from, to) => {
                for segment in self.store().segments_between(from, to).await? {
                    let trees = self.trees_between(&segment, (from, to)).await?;
                    self.all_back(&trees, &mut done).await?;
                    if trees.len() == TREES_MAX {
                        return Ok(Restored { more: true, ..done });
                    }
                }
            }
        }
        Ok(done)
    }

    /// Brings back an order that left whole, for what goes on with it.
    pub(crate) async fn bring_back(&self, tree: Id) -> Result<(), Error> {
        self.all_back(&[tree], &mut Restored::default()).await
    }

    /// Trees that are away in a segment and of which it says something between two moments.
    async fn trees_between(
        &self,
        segment: &Segment,
        (from, to): (Time, Time),
    ) -> Result<Vec<Id>, Error> {
        let away: BTreeSet<Id> =
            self.store().trees_of_segment(segment.id).await?.into_iter().collect();
        if away.is_empty() {
            return Ok(Vec::new());
        }
        let within = |row: &KeptRow| row.at() >= from && row.at() < to;
        let trees = self.object_of(segment).await?.trees()?.into_iter();
        let trees = trees.filter(|(tree, rows)| away.contains(tree) && rows.iter().any(within));
        Ok(trees.map(|(tree, _)| tree).take(TREES_MAX).collect())
    }

    /// Brings back all of these trees, what left last first: so what is online of a log is its end at every moment,
    /// and a reader sees that the beginning is not there.
    async fn all_back(&self, trees: &[Id], done: &mut Restored) -> Result<(), Error> {
        let mut segments: BTreeMap<Id, (Segment, BTreeSet<Id>)> = BTreeMap::new();
        for tree in trees {
            for segment in self.store().segments_of(*tree).await? {
                let of = segments.entry(segment.id).or_insert_with(|| (segment, BTreeSet::new()));
                of.1.insert(*tree);
            }
        }
        for (segment, wanted) in segments.into_values().rev() {
            let mut trees = self.object_of(&segment).await?.trees()?;
            trees.retain(|(tree, _)| wanted.contains(tree));
            for step in trees.chunks(STEP) {
                self.come_back(&segment, Arc::from(step), done).await?;
            }
        }
        Ok(())
    }

    async fn come_back(
        &self,
        segment: &Segment,
        trees: Arc<[(Id, Vec<KeptRow>)]>,
        done: &mut Restored,
    ) -> Result<(), Error> {
        let (kind, id, until) = (segment.kind, segment.id, self.now().plus(STAYS));
        let whole = kind == SegmentKind::Orders;
        let (count, rows) = (trees.len(), trees.iter().map(|(_, rows)| rows.len()).sum::<usize>());
        let keys = trees.iter().filter(|_| whole).map(|(tree, _)| Key::Customer(*tree)).collect();
        let vault = self.inner.vault();
        let decide = move |view: &View, _: &mut Context<'_>| {
            let mut writes = Writes::default();
            for (tree, rows) in trees.iter() {
                writes.statements.extend(move_back(kind, id, *tree, rows, until));
                if !whole {
                    continue;
                }
                // Telephones are not in the archive: they come back from the people, if these are still there.
                let Some(sealed) = view.customer(*tree)? else { continue };
                let customer = vault.open_sealed(sealed).unwrap_or_default();
                if let Some(tree) = KeptRow::trees(rows.clone()).ok().and_then(|mut one| one.pop())
                {
                    writes.phones.extend(telephones(&tree, &vault.phones(&customer)));
                }
            }
            Ok((Some(writes), ()))
        };
        self.inner.lane.run(Priority::Bulk, keys, decide).await?;
        done.trees += count as u64;
        done.rows += rows as u64;
        Ok(())
    }
}
