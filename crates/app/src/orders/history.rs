//! The log of an order, its story, its agreed versions, and the tree as it was at a past moment.

use crate::access::{Principal, Scope};
use crate::archive::LogPlace;
use crate::vault::CustomerData;
use crate::{Answer, App, Error};
use docket_domain::operation::Class;
use docket_domain::{Id, Json, LogEntry, OperationKind, Time, Tree};
use docket_store::{OperationFilter, OperationPage, RequestOutcome, Snapshot};
use std::sync::Arc;

/// One page of the log of an order.
#[derive(Debug, Clone)]
pub struct LogPage {
    /// Oldest first. Rows are left out for a key limited to some shop orders, and a page ends early where they are
    /// long: a page may be short and have a `next`.
    pub entries: Vec<LogEntry>,
    /// The row behind which the next page goes on; nothing at the end.
    pub next: Option<LogPlace>,
}

/// What was agreed of an order.
#[derive(Debug, Clone)]
pub struct Agreements {
    /// The order as it is now.
    pub tree: Tree,
    /// One page of its agreed versions, oldest first.
    pub versions: Vec<AgreedTree>,
    /// The version behind which the next page goes on; nothing at the end.
    pub next: Option<u32>,
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
    /// One page of the log of an order, from behind `after` on.
    pub async fn operations(
        &self,
        who: &Principal,
        id: Id,
        after: Option<LogPlace>,
        limit: usize,
    ) -> Result<LogPage, Error> {
        who.needs(Scope::OrdersRead)?;
        let tree = self.tree(who, id).await?;
        let mut entries = self.log_after(tree.id(), after.unwrap_or((0, 0)), limit).await?;
        // What was written since the order was read is on the page of a later one.
        entries.retain(|entry| entry.version.is_none_or(|version| version <= tree.payment.version));
        // A page may have fewer rows than it might where they are long; the log ends with the version of its order.
        let more = |last: &&LogEntry| match last.version {
            Some(version) => version < tree.payment.version,
            None => entries.len() == limit,
        };
        let next = entries.last().filter(more).map(|last| (last.site, last.seq));
        Ok(LogPage { entries: Self::visible(who, &tree, entries), next })
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

    /// One page of the agreed versions of an order, from behind `after` on. They show the whole tree, so a key limited
    /// to shops sees none of them: coins stand in them.
    pub async fn snapshots(
        &self,
        who: &Principal,
        id: Id,
        after: Option<u32>,
        limit: usize,
    ) -> Result<Agreements, Error> {
        who.needs(Scope::OrdersRead)?;
        let tree = self.tree(who, id).await?;
        if !who.shops.is_empty() || !tree.shops.iter().all(|shop| who.touches(shop)) {
            return Err(Error::no_order(id));
        }
        let mut agreed = self.agreed_after(tree.id(), after.unwrap_or(0), limit).await?;
        let full = agreed.len() == limit;
        // What was agreed since the order was read is on no page of this order.
        agreed.retain(|agreed| agreed.terms_version <= tree.payment.terms_version);
        let last = agreed.last().map(|last| last.terms_version);
        let next = last.filter(|last| full && *last != tree.payment.terms_version);
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
        Ok(Agreements { tree, versions, next })
    }

    /// The order as it was at `at`: what happened since is undone, newest first.
    pub async fn order_at(&self, who: &Principal, id: Id, at: Time) -> Result<Answer, Error> {
        who.needs(Scope::OrdersRead)?;
        let (tree, customer) = self.whole(who, id).await?;
        let mut moved = false;
        let then = self.undone(tree, |entry| {
            let is_there = entry.at <= at;
            moved |= !is_there && entry.kind == OperationKind::ChangeAddress;
            is_there
        });
        let (tree, _) = then.await?.ok_or_else(|| Error::no_order(id))?;
        // Customers' data has no history: an address that was changed since is not shown as if it were older.
        let customer = if moved { CustomerData::None } else { customer };
        Ok(Answer {
            tree: Arc::new(tree),
            customer,
            replayed: false,
            outcome: RequestOutcome::Changed,
        })
    }

    /// The rows a caller limited to some shop orders may read: those of its own nodes.
    fn visible(who: &Principal, tree: &Tree, entries: Vec<LogEntry>) -> Vec<LogEntry> {
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
    if entry.kind.definition().class == Class::Terms {
        entry.parameters.remove("coins");
    }
    entry
}
