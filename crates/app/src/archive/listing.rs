//! Orders that left whole, found by their numbers or gone through from the oldest on. There are no indexes over what
//! they say: every filter is tested on the order itself.

use crate::access::sight;
use crate::access::{Principal, Scope};
use crate::vault::CustomerData;
use crate::{App, Error, Listed, Orders};
use docket_domain::{Id, Time, Tree};
use docket_store::{ArchivedOrder, Cursor, KeptRow};
use std::collections::{BTreeMap, BTreeSet};

/// Orders of the archive that a page looks at, at most.
const LOOKED_AT: usize = 500;

impl App {
    /// How many orders are in the archive as a whole.
    pub async fn archived_orders(&self, who: &Principal) -> Result<u64, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        Ok(self.store().archived_orders().await?)
    }

    /// One page of the orders that left whole, in the order of their numbers. One of which little matches is short
    /// and has a `next`.
    pub async fn archived_page(&self, who: &Principal, asked: &Orders) -> Result<Listed, Error> {
        who.needs(Scope::OrdersRead)?;
        let after = asked.cursor.map_or(Id(0), |cursor| cursor.id);
        let limit = asked.limit.min(LOOKED_AT);
        let looked_at = self.store().archived_orders_after(after, limit).await?;
        let last = looked_at.last().filter(|_| looked_at.len() == limit).map(|last| last.tree);
        let next = last.map(|id| Cursor { at: Time(0), id });
        let trees = self.archived_trees(&looked_at).await?;
        Ok(Listed { orders: self.passing(who, trees, asked).await?, next })
    }

    /// The orders that left whole and have the number that is asked for.
    pub(crate) async fn archived_by_number(
        &self,
        who: &Principal,
        asked: &Orders,
    ) -> Result<Vec<(Tree, CustomerData)>, Error> {
        let mut found = BTreeSet::new();
        if let Some(number) = &asked.external_id {
            found.extend(self.store().archived_by_number(number).await?);
        }
        if let Some(id) = asked.id {
            found.extend(self.store().archived_order(id).await?.map(|archived| archived.tree));
        }
        let mut archived = Vec::with_capacity(found.len());
        for tree in found {
            archived.extend(self.store().archived_order(tree).await?);
        }
        let trees = self.archived_trees(&archived).await?;
        self.passing(who, trees, asked).await
    }

    /// Those of `trees` that are asked for and may be seen, with their people.
    async fn passing(
        &self,
        who: &Principal,
        trees: Vec<Tree>,
        asked: &Orders,
    ) -> Result<Vec<(Tree, CustomerData)>, Error> {
        let mut found = Vec::with_capacity(trees.len());
        for tree in trees.into_iter().filter(|tree| who.sees(tree)) {
            let customer = self.customer_of(tree.id()).await?;
            if sight::passes(who, &tree, customer.known(), asked) {
                found.push((tree, customer));
            }
        }
        Ok(found)
    }

    /// The trees of orders that left, each object read once.
    async fn archived_trees(&self, orders: &[ArchivedOrder]) -> Result<Vec<Tree>, Error> {
        let mut by_segment: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
        for order in orders {
            by_segment.entry(order.segment).or_default().insert(order.tree);
        }
        let mut found = Vec::with_capacity(orders.len());
        for (segment, wanted) in by_segment {
            let Some(segment) = self.store().segment(segment).await? else { continue };
            let object = self.object_of(&segment).await?;
            for tree in wanted {
                found.extend(KeptRow::trees(object.of_tree(tree)?)?.pop());
            }
        }
        found.sort_unstable_by_key(Tree::id);
        Ok(found)
    }
}
