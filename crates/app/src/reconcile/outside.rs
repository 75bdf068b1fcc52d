//! What a run asks of others: gateways, how attempts stand there; and the tasks that look after what is under way.

use super::classes::{Class, Finds, Looked, Repair};
use super::run::Run;
use super::settle::{Subject, Task};
use crate::Error;
use crate::gateways::key_of_task;
use docket_domain::words::TaskState;
use docket_domain::{Id, Time, Tree, time};
use docket_store::Audit;
use std::collections::BTreeMap;

/// Attempts that gateways are asked about, where no time is given: those of the last week.
const ATTEMPTS: time::Millis = 7 * time::DAY;
/// An attempt of the last minutes is under way.
const UNDER_WAY: time::Millis = 15 * time::MINUTE;
/// A gateway that did not say so often in a row is asked no more by this run.
const SILENCES: u64 = 3;

/// Gateways that did not say how something stands there: how often in a row, and of how many in all.
#[derive(Debug, Default)]
pub(super) struct Silent(BTreeMap<String, (u64, u64)>);

impl Silent {
    fn is_silent(&self, gateway: &str) -> bool {
        self.0.get(gateway).is_some_and(|(in_a_row, _)| *in_a_row >= SILENCES)
    }

    fn said_nothing(&mut self, gateway: &str) {
        let (in_a_row, attempts) = self.0.entry(gateway.to_owned()).or_default();
        *in_a_row += 1;
        *attempts += 1;
    }

    fn spoke(&mut self, gateway: &str) {
        if let Some((in_a_row, _)) = self.0.get_mut(gateway) {
            *in_a_row = 0;
        }
    }

    /// That attempts were not compared, if some were not.
    pub fn said(&self) -> Option<String> {
        let of =
            |(gateway, (_, attempts)): (&String, &(u64, u64))| format!("{attempts} of {gateway}");
        let all: Vec<_> = self.0.iter().map(of).collect();
        let why = "attempts and refunds are not compared whose gateway did not say how they stand";
        (!all.is_empty()).then(|| format!("{why}: {}", all.join(", ")))
    }
}

impl Run<'_> {
    /// From when and until before when something was begun that gateways are asked about.
    fn asked_about(&self) -> (Time, Time) {
        let now = self.app.now();
        (self.asked.since.unwrap_or_else(|| now.plus(-ATTEMPTS)), now.plus(-UNDER_WAY))
    }

    /// Attempts of a page that gateways are asked about: those of a bounded time, and not of right now.
    pub fn paid_elsewhere(&self, audits: &[Audit]) -> Vec<(Tree, Id)> {
        if !self.classes.iter().any(|class| matches!(class.finds, Finds::AtGateway(_))) {
            return Vec::new();
        }
        let (from, to) = self.asked_about();
        let trees = audits.iter().filter_map(|audit| audit.tree.as_ref().ok());
        let attempts = trees.flat_map(|tree| {
            let attempts = self.app.attempts_between(tree, from, to);
            attempts.into_iter().map(|attempt| (tree.clone(), attempt))
        });
        attempts.collect()
    }

    /// Asks gateways how attempts stand there, one after the other: it is no work to hurry for.
    pub async fn at_gateways(&mut self, attempts: &[(Tree, Id)]) -> Result<(), Error> {
        for (tree, attempt) in attempts {
            self.goes_on()?;
            let gateway = gateway_of(tree, *attempt);
            if self.silent.is_silent(gateway) {
                self.silent.said_nothing(gateway);
                continue;
            }
            let there = self.app.there(tree, *attempt).await?;
            let Some(there) = there else {
                self.silent.said_nothing(gateway);
                continue;
            };
            self.silent.spoke(gateway);
            let Some((how, ..)) = there.apart(tree, *attempt) else { continue };
            let is_of =
                |class: &&&'static Class| matches!(class.finds, Finds::AtGateway(of) if of == how);
            let Some(class) = self.classes.iter().find(is_of) else { continue };
            let task = self.task(key_of_task(*attempt)).await?;
            if task == Task::Looks && class.repair == Repair::LookAgain {
                continue;
            }
            let subject = Subject::Attempt { tree: tree.id(), attempt: *attempt, there, task };
            self.settle(vec![(*class, subject)]).await?;
        }
        Ok(())
    }

    /// The task that looks after what differs; only one that somebody runs will.
    async fn task(&self, key: String) -> Result<Task, Error> {
        let there = self.app.store().tasks_of_keys(&[key]).await?;
        Ok(match there.into_values().next() {
            Some(TaskState::Dead | TaskState::Parked) => Task::Halted,
            Some(_) if self.app.has_workers() => Task::Looks,
            _ => Task::None,
        })
    }

    /// Orders of a page of which money goes or went back.
    pub fn given_back(&self, audits: &[Audit]) -> Vec<Tree> {
        if !self.classes.iter().any(|class| matches!(class.finds, Finds::GivenBack)) {
            return Vec::new();
        }
        let trees = audits.iter().filter_map(|audit| audit.tree.as_ref().ok());
        let gives = |tree: &&Tree| {
            !tree.payment.refunds_due.is_empty()
                || tree.shops.iter().any(|shop| !shop.refunds.is_empty())
        };
        trees.filter(gives).cloned().collect()
    }

    /// Asks gateways how money of these orders that goes back stands there.
    pub async fn refunds_at_gateways(&mut self, trees: &[Tree]) -> Result<(), Error> {
        let class = self.classes.iter().find(|class| matches!(class.finds, Finds::GivenBack));
        let Some(class) = class.copied() else { return Ok(()) };
        let (from, to) = self.asked_about();
        for tree in trees {
            for row in self.app.tries_between(tree, from, to).await? {
                self.goes_on()?;
                let gateway = row.gateway.clone();
                if self.silent.is_silent(&gateway) {
                    self.silent.said_nothing(&gateway);
                    continue;
                }
                let Some(there) = self.app.given_back(tree, row).await? else {
                    self.silent.said_nothing(&gateway);
                    continue;
                };
                self.silent.spoke(&gateway);
                if there.apart(tree).is_none() {
                    continue;
                }
                let task = self.task(there.key_of_task()).await?;
                if task != Task::Looks {
                    let subject = Subject::GivenBack { tree: tree.id(), there, task };
                    self.settle(vec![(class, subject)]).await?;
                }
            }
        }
        Ok(())
    }

    /// What of a page is under way at a gateway and has no task. Tasks are read after the orders: one that ended in
    /// between ended with a change of its order, and of such an order the lane says nothing.
    pub async fn without_task(
        &self,
        audits: &[Audit],
    ) -> Result<Vec<(&'static Class, Subject)>, Error> {
        let class = self.classes.iter().find(|class| matches!(class.finds, Finds::WithoutTask));
        let Some(class) = class else { return Ok(Vec::new()) };
        let (now, owners) = (self.app.now(), BTreeMap::new());
        let mut wanted = Vec::new();
        let vault = self.app.inner.vault();
        for audit in audits {
            let looked =
                Looked { audit, vault: &vault, now, seat: self.app.seat(), owners: &owners };
            let Some(tree) = looked.decided_here() else { continue };
            let under_way = self.app.inner.gateways.under_way(tree, self.app.seat()).into_iter();
            wanted.extend(under_way.map(|one| (one.key(), one, tree)));
        }
        let keys: Vec<_> = wanted.iter().map(|(key, ..)| key.clone()).collect();
        let there = self.app.store().tasks_of_keys(&keys).await?;
        let lost = wanted.into_iter().filter(|(key, ..)| !there.contains_key(key));
        let subject = |(_, under_way, tree): (_, _, &Tree)| {
            let version = tree.payment.version;
            (*class, Subject::UnderWay { tree: tree.id(), version, under_way })
        };
        Ok(lost.map(subject).collect())
    }
}

fn gateway_of(tree: &Tree, id: Id) -> &str {
    let attempt = tree.payment.attempts.iter().find(|attempt| attempt.attempt_id == id);
    attempt.and_then(|attempt| attempt.gateway.as_deref()).unwrap_or_default()
}
