//! What is new of orders that are here already: joined onto those that were recorded, as every report of an order
//! is. An order that was placed here is decided here; no file changes it.

use super::{IN_FLIGHT, Known, Waiting, Written};
use crate::access::Principal;
use crate::orders::record::{KnownBy, Recorded, Taken};
use crate::{App, Error, ImportOptions, ImportReport};
use docket_domain::Id;
use docket_domain::operation::OperationKind;
use std::collections::{BTreeMap, VecDeque};

impl App {
    /// Joins lines onto the orders that are known, in the order of the lines.
    pub(super) async fn update_known(
        &self,
        who: &Principal,
        known: Vec<Known>,
        options: &ImportOptions,
        report: &mut ImportReport,
    ) -> Result<(), Error> {
        let mut recorded = BTreeMap::new();
        let mut window: VecDeque<Waiting<'_>> = VecDeque::new();
        for (line, taken, tree, by) in known {
            let may = match recorded.get(&tree) {
                Some(may) => *may,
                None => *recorded.entry(tree).or_insert(self.was_recorded(tree).await?),
            };
            // A number that a channel gave is perhaps another order's.
            let same = by == KnownBy::Name || self.has_no_channel(tree).await?;
            if !(may && same) {
                report.settle(line, Recorded::Known { tree, by }, Written::No);
                continue;
            }
            let taken = Taken { onto: Some(tree), update: false, ..taken };
            if options.dry_run {
                let outcome = self.check_update(tree, &taken).await?;
                report.settle(line, outcome, Written::No);
                continue;
            }
            window.push_back(Waiting { line, state: self.send(who, taken).await });
            if window.len() >= IN_FLIGHT {
                self.settle_first(who, &mut window, report, &mut Vec::new()).await?;
            }
        }
        while !window.is_empty() {
            self.settle_first(who, &mut window, report, &mut Vec::new()).await?;
        }
        Ok(())
    }

    /// Whether the order came by a report: its log begins with one.
    async fn was_recorded(&self, tree: Id) -> Result<bool, Error> {
        let first = match self.store().first_of_log(tree).await? {
            Some(first) => Some(first),
            None if tree == Id(0) => None,
            None => self.log_after(tree, (0, 0), 1).await?.first().map(|entry| entry.kind),
        };
        Ok(first == Some(OperationKind::Record))
    }

    async fn has_no_channel(&self, tree: Id) -> Result<bool, Error> {
        let tree = self.store().tree(tree).await?;
        Ok(tree.is_some_and(|tree| tree.payment.channel.is_none()))
    }

    /// What joining would answer, found out without writing.
    async fn check_update(&self, tree: Id, taken: &Taken) -> Result<Recorded, Error> {
        let there = || Recorded::Known { tree, by: KnownBy::Name };
        let Some(known) = self.store().tree(tree).await? else { return Ok(there()) };
        let mut report = taken.report.clone();
        report.placement.shops.iter_mut().for_each(|shop| shop.has_ship_to = false);
        match self.would_record(Some(&known), &report, taken.live) {
            Ok(Some(_)) => Ok(Recorded::Updated),
            Ok(None) => Ok(there()),
            Err(error) => Ok(Recorded::Refused(error)),
        }
    }
}
