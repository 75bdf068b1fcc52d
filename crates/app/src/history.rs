//! The log of an order, its story, its agreed versions, and the tree as it was at a past moment.

use crate::access::{Principal, Scope};
use crate::operate::no_order;
use crate::vault::People;
use crate::{Answer, App, Error};
use docket_domain::operation::Class;
use docket_domain::{Id, Json, LogEntry, OperationKind, Time, Tree, change};
use docket_store::{OperationFilter, OperationPage, Snapshot};
use std::sync::Arc;

/// The whole story of an order.
#[derive(Debug, Clone)]
pub struct Story {
    /// The tree, at the moment asked for.
    pub tree: Tree,
    /// Its log up to then, from its placement on.
    pub entries: Vec<LogEntry>,
}

/// What was agreed of an order.
#[derive(Debug, Clone)]
pub struct Agreements {
    /// The order as it is now.
    pub tree: Tree,
    /// Its agreed versions, oldest first.
    pub versions: Vec<AgreedTree>,
}

/// An agreed tree, opened.
#[derive(Debug, Clone)]
pub struct AgreedTree {
    /// As it is kept.
    pub snapshot: Snapshot,
    /// The JSON that was agreed.
    pub json: String,
}

impl App {
    /// The log of an order.
    pub async fn operations(&self, who: &Principal, id: Id) -> Result<Vec<LogEntry>, Error> {
        who.needs(Scope::OrdersRead)?;
        let (tree, _, log) = self.whole_with_log(who, id).await?;
        Ok(self.visible(who, &tree, log))
    }

    /// One page of the log across orders; keys limited to shops or places may not ask.
    pub async fn operations_across(
        &self,
        who: &Principal,
        filter: &OperationFilter,
    ) -> Result<OperationPage, Error> {
        who.needs(Scope::OrdersRead)?;
        if !who.shops.is_empty() || !who.places.is_empty() {
            let refused = "a key limited to shops or places reads the log of one order at a time";
            return Err(Error::NotAllowed(refused));
        }
        Ok(self.store().operations_across(filter).await?)
    }

    /// The agreed versions of an order, oldest first. They show the whole tree, so a key limited to shops
    /// sees none of them: coins stand in them.
    pub async fn snapshots(&self, who: &Principal, id: Id) -> Result<Agreements, Error> {
        who.needs(Scope::OrdersRead)?;
        let (tree, agreed) = self.tree_with_agreed(who, id).await?;
        if !who.shops.is_empty() || !tree.shops.iter().all(|shop| who.touches(shop)) {
            return Err(no_order(id));
        }
        let versions = agreed.into_iter().map(|snapshot| {
            let damaged = |what: &dyn std::fmt::Display| {
                Error::Internal(format!("agreed tree {} of {}: {what}", snapshot.terms_version, id))
            };
            let json = zstd::decode_all(&snapshot.body[..]).map_err(|error| damaged(&error))?;
            let json = String::from_utf8(json).map_err(|error| damaged(&error))?;
            if crate::access::hash(&json) != snapshot.sha256 {
                return Err(damaged(&"its checksum does not match"));
            }
            Ok(AgreedTree { snapshot, json })
        });
        let versions = versions.collect::<Result<_, _>>()?;
        Ok(Agreements { tree, versions })
    }

    /// The order with its whole story, as of `at` where given.
    pub async fn story(&self, who: &Principal, id: Id, at: Option<Time>) -> Result<Story, Error> {
        who.needs(Scope::OrdersRead)?;
        let (tree, _, entries) = self.whole_with_log(who, id).await?;
        let Story { tree, entries } = rewound(tree, entries, at)?.ok_or_else(|| no_order(id))?;
        let entries = self.visible(who, &tree, entries);
        Ok(Story { tree, entries })
    }

    /// The order as it was at `at`.
    pub async fn order_at(&self, who: &Principal, id: Id, at: Time) -> Result<Answer, Error> {
        who.needs(Scope::OrdersRead)?;
        let (tree, person, entries) = self.whole_with_log(who, id).await?;
        // People's data has no history: an address that was changed since is not shown as if it were older.
        let changed = entries.iter().any(|e| e.at > at && e.kind == OperationKind::ChangeAddress);
        let person = if changed { People::None } else { person };
        let Story { tree, .. } = rewound(tree, entries, Some(at))?.ok_or_else(|| no_order(id))?;
        Ok(Answer { tree: Arc::new(tree), person, replayed: false, status: 200 })
    }

    /// The rows a caller limited to some shop orders may read: those of its own nodes.
    #[allow(clippy::unused_self)] // reads as a question to the center
    fn visible(&self, who: &Principal, tree: &Tree, entries: Vec<LogEntry>) -> Vec<LogEntry> {
        if who.shops.is_empty() && tree.shops.iter().all(|shop| who.touches(shop)) {
            return entries;
        }
        let shops = tree.shops.iter().filter(|shop| who.touches(shop));
        let own = shops
            .flat_map(|shop| shop.items.iter().map(|item| item.id).chain(std::iter::once(shop.id)));
        let own: Vec<Id> = own.collect();
        let entries = entries.into_iter().filter(|entry| own.contains(&entry.node));
        entries.map(|entry| narrowed(entry, &own)).collect()
    }
}

/// A row without what it says of nodes other than `own`: a price that changes for one shop order moves the shares
/// of the others, and the coins of the whole.
fn narrowed(mut entry: LogEntry, own: &[Id]) -> LogEntry {
    for image in [&mut entry.before, &mut entry.after] {
        if let Json::Object(nodes) = image {
            nodes.retain(|id, _| id.parse().is_ok_and(|id| own.contains(&id)));
        }
    }
    if entry.kind.rule().class == Class::Terms {
        entry.parameters.remove("coins");
    }
    entry
}

/// Undoes every row after `at`, newest first. `None` where the order was not placed yet.
fn rewound(
    mut tree: Tree,
    mut entries: Vec<LogEntry>,
    at: Option<Time>,
) -> Result<Option<Story>, Error> {
    let Some(at) = at else { return Ok(Some(Story { tree, entries })) };
    while entries.last().is_some_and(|entry| entry.at > at) {
        let Some(entry) = entries.pop() else { break };
        let broken = |error: change::BrokenLog| Error::Internal(error.to_string());
        match change::undo(&tree, &entry).map_err(broken)? {
            Some(before) => tree = before,
            None => return Ok(None),
        }
    }
    Ok(Some(Story { tree, entries }))
}
