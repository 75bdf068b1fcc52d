//! A run: every order in the order of their numbers, page by page, then the ledgers. What looks wrong is a
//! suspicion until the lane has looked at it.

use super::channels::Queued;
use super::classes::{Class, Finds, Looked, Repair, references};
use super::outside::Silent;
use super::settle::Subject;
use super::{Mending, Reconcile, chosen};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error, Idempotency, Once};
use docket_domain::{Id, ItemOrder, ShopOrder, Time, time};
use docket_store::{Audit, FindingState, RunRow};
use docket_tasks::{Handled, Job, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;
use tokio::task::JoinSet;

/// Orders read at one moment.
const PAGE: usize = 100;
/// Suspicions settled side by side: they share transactions.
const TOGETHER: usize = 32;
/// Differences of one ledger that one run settles; the next one goes on.
const OF_LEDGER: usize = 10_000;
/// How often a run says how far it is.
const SAY: time::Millis = 500;
/// How often a run says that it goes on.
const STAY: Duration = Duration::from_secs(2);
/// How long a run waits for repairs that are tasks while none of them is done.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks at them.
const LOOK: Duration = Duration::from_millis(100);

/// How a run is doing.
pub(super) struct Run<'a> {
    pub app: &'a App,
    pub id: Id,
    pub classes: Vec<&'static Class>,
    pub asked: &'a Reconcile,
    looked_at: u64,
    said_at: Time,
    /// SKUs by place of orders whose stored status cannot be trusted, unless it is repaired first.
    doubted: BTreeSet<Vec<String>>,
    /// What gateways did not say.
    pub silent: Silent,
    /// Tables of which it is noted that a part of them cannot be read.
    pub damaged: BTreeSet<&'static str>,
    /// Orders of marketplaces that it had read again.
    pub read_again: usize,
}

impl App {
    /// Notes that a run begins; refused while another one runs.
    pub(super) async fn begin_run(
        &self,
        asked: &Reconcile,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<Id>, Error> {
        if let Some(last) = self.store().last_run().await?
            && self.state_of(&last) == "running"
        {
            return Err(Error::WrongState {
                what: "run",
                id: last.id.to_string(),
                state: "running",
                message: "only one runs at a time, and one that was broken off ends after 20 seconds",
            });
        }
        let orders = self.store().orders_up_to(ORDERS_COUNTED).await?;
        let asked = serde_json::to_string(asked).expect("what is asked is plain JSON");
        let begin = move |id, now| {
            let row = RunRow {
                id,
                asked: asked.clone(),
                started_at: now,
                seen_at: now,
                finished_at: None,
                orders,
                looked_at: 0,
                error: None,
            };
            vec![row.begin()]
        };
        self.write_once(idempotency, None, begin).await
    }

    /// Says now and then that a run goes on, whatever it waits for: one that died must not keep others waiting.
    async fn stay(&self, id: Id) -> Infallible {
        loop {
            tokio::time::sleep(STAY).await;
            let stays = move |_, now| vec![RunRow::stays(id, now)];
            if let Err(error) = self.write_numbered(stays).await {
                tracing::debug!(%error, "that a run of reconcile goes on is not noted");
            }
        }
    }

    /// Does what a run does, and notes how it ended.
    pub(super) async fn finish_run(&self, id: Id, asked: &Reconcile) {
        let said_at = self.now();
        let error = match chosen(&asked.classes) {
            Ok(classes) => {
                let mut run = Run {
                    app: self,
                    id,
                    classes,
                    asked,
                    looked_at: 0,
                    said_at,
                    doubted: BTreeSet::new(),
                    silent: Silent::default(),
                    damaged: BTreeSet::new(),
                    read_again: 0,
                };
                let done = tokio::select! {
                    done = run.whole() => done,
                    never = self.stay(id) => match never {},
                };
                // All else is compared; that this was not must not look like agreement.
                done.map_or_else(|error| Some(error.to_string()), |()| run.silent.said())
            }
            Err(error) => Some(error.to_string()),
        };
        if let Some(error) = &error {
            tracing::warn!(%error, "a run of reconcile ended early");
        }
        let end = move |_, now| vec![RunRow::end(id, error.clone(), now)];
        if let Err(error) = self.write_numbered(end).await {
            tracing::warn!(%error, "how a run of reconcile ended is not noted");
        }
    }
}

/// Orders counted for the progress of a run; beyond them it says more than there are.
const ORDERS_COUNTED: usize = 10_000_000;

impl Run<'_> {
    async fn whole(&mut self) -> Result<(), Error> {
        if self.classes.iter().any(|class| !matches!(class.finds, Finds::InLedger(_))) {
            let orders = self.orders().await;
            self.past_damage("payment_order", orders).await?;
        }
        if self.asked.since.is_none() {
            self.orphans().await?;
            let shops = self.shops_of_marketplaces().await;
            self.past_damage("channel_order", shops).await?;
        }
        // Sums over orders trust the columns that were just repaired.
        self.settled_queue().await?;
        for class in self.classes.clone() {
            if let Finds::InLedger(ledger) = class.finds {
                let balances = match self.app.store().imbalances(ledger, OF_LEDGER).await {
                    Err(error) if error.is_damage() => {
                        self.note_damage("ledgers", &error.to_string()).await?;
                        continue;
                    }
                    balances => balances?,
                };
                // What cannot be trusted is compared by the run after its repair.
                let sure = balances.into_iter().filter(|b| !self.doubted.contains(&b.subject));
                let subjects = sure.map(|balance| Subject::Balance(ledger, balance.subject));
                self.settle(subjects.map(|subject| (class, subject)).collect()).await?;
            }
        }
        self.say(Said::Now).await
    }

    /// Ends a run of a center that stops.
    pub fn goes_on(&self) -> Result<(), Error> {
        if self.app.inner.background.is_stopping() {
            return Err(Error::Unavailable("the center stops".to_owned()));
        }
        Ok(())
    }

    async fn orders(&mut self) -> Result<(), Error> {
        let mut after = Id(0);
        loop {
            self.goes_on()?;
            let page = self.app.store().audit(after, self.asked.since, PAGE).await?;
            self.note_unread(&page).await?;
            let Some(last) = page.last else { return Ok(()) };
            after = last;
            let compared = self.compare(page.audits).await;
            self.past_damage("rows beside orders", compared).await?;
            self.say(Said::IfLongAgo).await?;
        }
    }

    /// Compares some orders.
    async fn compare(&mut self, audits: Vec<Audit>) -> Result<(), Error> {
        self.looked_at += audits.len() as u64;
        self.doubt(&audits);
        let trees = self.paid_elsewhere(&audits);
        let given_back = self.given_back(&audits);
        let without = self.without_task(&audits).await?;
        self.beside_rows(&audits).await?;
        let suspicions = self.suspicions(audits).await?;
        self.settle(suspicions).await?;
        self.settle(without).await?;
        self.at_gateways(&trees).await?;
        self.refunds_at_gateways(&given_back).await
    }

    /// Takes note of SKUs of orders whose status is stored wrongly and stays so for now.
    fn doubt(&mut self, audits: &[Audit]) {
        let filled = self.classes.iter().any(|class| {
            class.repair == Repair::Fill
                && self.app.mending_of(class, self.asked.mending) != Mending::Tell
        });
        let doubtful = |audit: &&Audit| {
            audit.stale.iter().any(|stale| stale.node == audit.id && stale.column == "status")
        };
        for audit in audits.iter().filter(|audit| !filled && doubtful(audit)) {
            let Ok(tree) = &audit.tree else { continue };
            let held = tree.lines().filter(|(_, item)| item.holds_stock);
            let subject = |(shop, item): (&ShopOrder, &ItemOrder)| {
                vec![shop.place.clone(), item.sku_id.clone()]
            };
            self.doubted.extend(held.map(subject));
        }
    }

    /// What looks wrong on a page.
    async fn suspicions(
        &self,
        audits: Vec<Audit>,
    ) -> Result<Vec<(&'static Class, Subject)>, Error> {
        let trees = audits.iter().filter_map(|audit| audit.tree.as_ref().ok());
        let names: Vec<_> = trees.flat_map(references).map(|(name, _)| name).collect();
        let taken: BTreeMap<_, _> = self.app.store().owners(&names).await?.into_iter().collect();
        let owners: BTreeMap<_, _> =
            names.into_iter().map(|name| (taken.get(&name).copied(), name)).map(swap).collect();
        let (now, classes) = (self.app.now(), self.classes.clone());
        let vault = self.app.inner.vault();
        // Undoing logs and unpacking agreed trees is work for a thread that may take its time.
        let seat = self.app.seat().clone();
        let looked = tokio::task::spawn_blocking(move || {
            let mut suspicions = Vec::new();
            for audit in &audits {
                let looked = Looked { audit, vault: &vault, now, seat: &seat, owners: &owners };
                for class in &classes {
                    if let Finds::InOrder(look) = class.finds
                        && look(&looked).is_some()
                    {
                        suspicions.push((*class, Subject::Order(audit.id)));
                    }
                }
            }
            suspicions
        });
        looked.await.map_err(|error| Error::Internal(error.to_string()))
    }

    /// Has the lane look again, note and repair; of one order one class after the other. Answers the findings whose repair
    /// goes on.
    pub async fn settle(
        &self,
        suspicions: Vec<(&'static Class, Subject)>,
    ) -> Result<Vec<Queued>, Error> {
        let mut by_subject = BTreeMap::<String, Vec<(&'static Class, Subject)>>::new();
        for (class, subject) in suspicions {
            by_subject.entry(format!("{subject:?}")).or_default().push((class, subject));
        }
        let (mut settling, mut failed, mut queued) = (JoinSet::new(), None, Vec::new());
        let mut hear = |done: Result<Result<Vec<Queued>, Error>, tokio::task::JoinError>| match done
        {
            Ok(Ok(goes_on)) => queued.extend(goes_on),
            Ok(Err(error)) => failed = Some(error),
            Err(error) => failed = Some(Error::Internal(error.to_string())),
        };
        for suspicions in by_subject.into_values() {
            if settling.len() >= TOGETHER
                && let Some(done) = settling.join_next().await
            {
                hear(done);
            }
            let (app, run, mending) = (self.app.clone(), self.id, self.asked.mending);
            settling.spawn(async move {
                let mut queued = Vec::new();
                for (class, subject) in suspicions {
                    let mending = app.mending_of(class, mending);
                    let settled = app.clone().settle(run, class, subject.clone(), mending).await?;
                    if let Some((finding, FindingState::Queued)) = settled {
                        queued.push((finding, class, subject));
                    }
                }
                Ok(queued)
            });
        }
        while let Some(done) = settling.join_next().await {
            hear(done);
        }
        failed.map_or(Ok(queued), Err)
    }

    /// Waits until the repairs that are tasks are done, as long as some of them are done now and then.
    async fn settled_queue(&mut self) -> Result<(), Error> {
        let (mut least, mut since) = (u64::MAX, tokio::time::Instant::now());
        loop {
            let counted = self.app.store().findings_counted(self.id).await?;
            let queued = counted.iter().filter(|(_, state, _)| *state == FindingState::Queued);
            let queued: u64 = queued.map(|(.., count)| count).sum();
            if queued < least {
                (least, since) = (queued, tokio::time::Instant::now());
            }
            if queued == 0 || since.elapsed() > PATIENCE || self.app.inner.background.is_stopping()
            {
                return Ok(());
            }
            self.say(Said::IfLongAgo).await?;
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn say(&mut self, when: Said) -> Result<(), Error> {
        let now = self.app.now();
        if when == Said::IfLongAgo && now.since(self.said_at) < SAY {
            return Ok(());
        }
        self.said_at = now;
        let (id, looked_at) = (self.id, self.looked_at);
        let seen = move |_, now| vec![RunRow::seen(id, looked_at, now)];
        self.app.write_numbered(seen).await.map(drop)
    }
}

/// When a run says how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Now,
    IfLongAgo,
}

fn swap<A, B>((a, b): (A, B)) -> (B, A) {
    (b, a)
}

impl App {
    /// What a run does about a class: the nightly one repairs only what is set.
    pub(super) fn mending_of(&self, class: &Class, mending: Mending) -> Mending {
        let set = || self.inner.settings.nightly_repairs.iter().any(|word| word == class.word);
        match mending {
            Mending::Nightly if class.repair == Repair::ByHand || !set() => Mending::Tell,
            mending => mending,
        }
    }
}

/// How long a run of the night that cannot begin waits.
const AGAIN: time::Millis = 10 * time::MINUTE;

/// The run of the night.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct NightlyReconcile {}

impl Task for NightlyReconcile {
    const KIND: &'static str = "reconcile";
    const POLICY: Policy = Policy::LONG;

    async fn run(self, app: App, _: Job) -> Handled {
        let asked = Reconcile { mending: Mending::Nightly, classes: Vec::new(), since: None };
        match app.begin_run(&asked, None).await {
            Ok(run) => {
                app.finish_run(run.outcome(), &asked).await;
                match app.begin_stock_book().await {
                    Ok(()) => Outcome::Done,
                    Err(error) => failed(&app, &error, AGAIN),
                }
            }
            // Another run is under way.
            Err(Error::WrongState { .. }) => Outcome::Later(app.now().plus(AGAIN)),
            Err(error) => {
                if !error.is_passing() {
                    tracing::warn!(%error, "reconcile does not begin");
                }
                failed(&app, &error, AGAIN)
            }
        }
        .into()
    }
}
