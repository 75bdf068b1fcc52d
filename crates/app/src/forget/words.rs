//! What a forgotten buyer wrote: taken out of the archive first, then of what is online, so that a log is always
//! undone over words that are the same on both sides of the line between them.

use super::Forgotten;
use crate::access::Principal;
use crate::lane::Verdict;
use crate::lane::agreed::Agreed;
use crate::lane::reactions::Changes;
use crate::orders::asynchronous_placement;
use crate::{App, Error, Idempotency};
use docket_domain::change::{Change, Happening, Origin, Remark};
use docket_domain::{Actor, ActorKind, Id, LogEntry, OperationKind, Tree, forget, status};
use docket_store::{Context, Key, Priority, Sealed, Snapshot, View};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How often an order is read again that keeps changing.
const READ_MAX: usize = 5;
/// Placements looked at together.
const PAGE: usize = 100;

/// What was read of an order, without the words of its buyer.
struct Without {
    id: Id,
    /// The version at which it was read.
    version: u32,
    actor: Actor,
    entries: Vec<LogEntry>,
    snapshots: Vec<Snapshot>,
}

/// What became of it in the lane.
enum Took {
    /// It is done.
    Out,
    /// The order changed since it was read.
    Changed,
}

impl App {
    /// Takes the words out of these orders; answers which had some.
    pub(super) async fn forget_words(
        &self,
        who: &Principal,
        online: &[Id],
        archived: &[Id],
        done: &mut Forgotten,
    ) -> Result<BTreeSet<Id>, Error> {
        let mut taken = self.forget_in_archive(online.iter().chain(archived), done).await?;
        for id in online {
            if done.unreached.contains(id) || done.damaged.contains(id) {
                // Its log must stay one that can be undone: all of it, or nothing for now.
                self.judge(*id, done).await?;
            } else if self.forget_words_of(who, *id, done).await? {
                taken.insert(*id);
            }
        }
        Ok(taken)
    }

    async fn forget_in_archive(
        &self,
        orders: impl Iterator<Item = &Id>,
        done: &mut Forgotten,
    ) -> Result<BTreeSet<Id>, Error> {
        let mut by_segment = BTreeMap::<Id, BTreeSet<Id>>::new();
        for id in orders {
            for segment in self.store().segments_with(*id).await? {
                by_segment.entry(segment).or_default().insert(*id);
            }
        }
        let mut taken = BTreeSet::new();
        for (segment, trees) in by_segment {
            match self.forget_in_segment(segment, &trees).await {
                Ok(found) => {
                    for (tree, of_tree) in found {
                        if of_tree.had_words {
                            taken.insert(tree);
                        }
                        done.add_left(tree, of_tree.left);
                    }
                }
                // Whatever keeps the archive from us: the people are out already, and the answer says what is not.
                Err(error) => {
                    tracing::warn!(%error, "a part of the archive keeps the words of a forgotten buyer");
                    match error {
                        Error::ArchiveDamaged(_) | Error::Damaged(_) => done.damaged.extend(trees),
                        _ => done.unreached.extend(trees),
                    }
                }
            }
        }
        // What another run could not remove; the next one, or the archive's own, tries again.
        if let Err(error) = self.remove_gone().await {
            tracing::warn!(%error, "an object of the archive that was replaced is still there");
        }
        Ok(taken)
    }

    async fn judge(&self, id: Id, done: &mut Forgotten) -> Result<(), Error> {
        let tree = self.store().tree(id).await?;
        let log = self.store().operations(id).await?;
        done.add_left(id, forget::left_to_judge(tree.as_ref(), &log));
        Ok(())
    }

    /// Takes the words out of one order that is online; says whether there were any.
    async fn forget_words_of(
        &self,
        who: &Principal,
        id: Id,
        done: &mut Forgotten,
    ) -> Result<bool, Error> {
        for _ in 0..READ_MAX {
            let Some(tree) = self.store().tree(id).await? else { return Ok(false) };
            let log = self.store().operations(id).await?;
            let agreed = self.store().snapshots(id).await?;
            let now = self.now();
            let without = Without {
                id,
                version: tree.payment.version,
                actor: Actor {
                    kind: ActorKind::System,
                    id: Some(who.id.to_string()),
                    name: Some(who.name.clone()),
                },
                entries: log.iter().filter_map(forget::entry).collect(),
                snapshots: agreed
                    .iter()
                    .filter_map(|one| Agreed::without_words(one, now))
                    .collect(),
            };
            done.add_left(id, forget::left_to_judge(Some(&tree), &log));
            let nothing = without.entries.is_empty() && without.snapshots.is_empty();
            if nothing && forget::tree(&tree).is_none() {
                return Ok(false);
            }
            let decide = move |view: &View, cx: &mut Context<'_>| without.take_out(view, cx);
            match self.inner.lane.run(Priority::Bulk, vec![Key::Tree(id)], decide).await {
                Ok(Took::Out) => return Ok(true),
                // A part of it may have left for the archive meanwhile, which the next round sees.
                Ok(Took::Changed) | Err(Error::Busy) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Busy)
    }

    /// Rejects the placements of `buyer` that wait to be decided: what was asked goes with them.
    pub(super) async fn forget_placements(&self, buyer: &str) -> Result<usize, Error> {
        let (mut after, mut rejected) = ([0; 32], 0);
        loop {
            let rows = self.store().placements_open(after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(rejected) };
            after = last.hash;
            for row in rows {
                let Some(sealed) = &row.request else { continue };
                if asynchronous_placement::buyer_of(&self.inner.vault(), sealed).as_deref()
                    == Some(buyer)
                {
                    let given = Idempotency { hash: row.hash, fingerprint: row.fingerprint };
                    self.reject_forgotten(given).await?;
                    rejected += 1;
                }
            }
        }
    }
}

impl Without {
    /// The piece of work: pure, repeatable.
    fn take_out(&self, view: &View, cx: &mut Context<'_>) -> Verdict<Took> {
        let Some(tree) = view.tree(self.id)? else { return Ok((None, Took::Changed)) };
        if tree.payment.version != self.version {
            return Ok((None, Took::Changed));
        }
        let before = forget::tree(tree).unwrap_or_else(|| Tree::clone(tree));
        let mut after = before.clone();
        after.payment.version += 1;
        after.payment.updated_at = cx.now;
        let standing = status::of(&after).status;
        let what = Happening {
            kind: OperationKind::Note,
            node: self.id,
            actor: self.actor.clone(),
            from_status: Some(standing),
            to_status: standing,
            parameters: serde_json::Map::from_iter([("forgotten".to_owned(), true.into())]),
            remark: Remark {
                en: Some("The words of the buyer were taken out.".to_owned()),
                cn: Some("已清除买家写下的文字。".to_owned()),
            },
            at: cx.now,
            happened_at: None,
        };
        let entry = LogEntry::between(Some(&before), &after, what, cx.seat);
        let change = Change { tree: after, entry, origin: Origin::Decided };
        let (mut changes, _) = Changes::one(Some(&Arc::new(before)), change);
        let writes = &mut changes.beside;
        writes.statements.extend(self.entries.iter().map(Sealed::without_words));
        writes.statements.extend(self.snapshots.iter().cloned().map(Snapshot::without_words));
        Ok((Some(changes), Took::Out))
    }
}

impl Forgotten {
    fn add_left(&mut self, order: Id, fields: Vec<&'static str>) {
        if !fields.is_empty() {
            self.left.entry(order).or_default().extend(fields);
        }
    }
}
