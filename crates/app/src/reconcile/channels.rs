//! Shops of marketplaces in a run: what was told of each order beside its tree, and theirs beside ours. What is wrong is
//! read again from the marketplace and looked at once more; nothing is set to what it should be.

use super::classes::{Class, Finds, Paired, Repair, Seen, channels};
use super::run::Run;
use super::settle::Subject;
use super::{Mending, classes};
use crate::Error;
use docket_domain::channel::{RunMode, Series, Stream};
use docket_domain::time::DAY;
use docket_domain::{Id, Time, Tree};
use docket_store::{Audit, FindingRow, FindingState, WindowRow};
use std::collections::BTreeMap;
use std::time::Duration;

/// Shops that are looked at together, and rows of one.
const SHOPS: usize = 100;
const ROWS: usize = 500;
/// Orders of one shop that are read again together.
const TOGETHER: usize = 50;
/// Orders that one run reads again: the next one goes on with the others.
const READ_AGAIN: usize = 1_000;
/// How long a run waits for pulls that it has started, and how often it looks: what takes longer is queued.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(100);

/// A finding whose repair is under way.
pub(super) type Queued = (Id, &'static Class, Subject);

/// One difference between a shop and what its marketplace told of it.
struct OfShop {
    class: &'static Class,
    seen: Seen,
    /// What reads it again; nothing where that would not help.
    by: Option<(Stream, RunMode)>,
    gap: Option<WindowRow>,
}

impl OfShop {
    /// Whether `other`, seen later, is still this.
    fn is_still(&self, other: &Self) -> bool {
        let overlaps = match (&self.gap, &other.gap) {
            (Some(this), Some(other)) => {
                this.series == other.series && this.from <= other.to && other.from <= this.to
            }
            _ => self.seen.subject == other.seen.subject,
        };
        self.class.word == other.class.word && overlaps
    }
}

impl Run<'_> {
    /// What of a page of orders differs from what their marketplaces told of them.
    pub async fn beside_rows(&mut self, audits: &[Audit]) -> Result<(), Error> {
        if !self.compares_channels() {
            return Ok(());
        }
        let here = audits.iter().filter(|audit| !audit.archived);
        let trees = here.filter_map(|audit| audit.tree.as_ref().ok());
        let mut by_shop = BTreeMap::<Id, BTreeMap<String, &Tree>>::new();
        for tree in trees {
            if let Some((shop, number)) = channels::number_at(tree) {
                by_shop.entry(shop).or_default().insert(number.to_owned(), tree);
            }
        }
        for (shop, trees) in by_shop {
            // An order that was imported may be of a shop that is not connected here.
            if self.app.store().channel_shop(shop).await?.is_none() {
                continue;
            }
            let numbers: Vec<_> = trees.keys().cloned().collect();
            let rows = self.app.store().channel_orders_of(shop, &numbers).await?;
            let rows: BTreeMap<_, _> = rows.iter().map(|row| (&row.number, row)).collect();
            let mut suspicions = Vec::new();
            for (number, tree) in &trees {
                let row = rows.get(number).copied();
                let paired = Paired { shop, number, row, tree: Some(tree) };
                suspicions.extend(self.suspected(&paired, Some(tree.id())));
            }
            self.read_again(suspicions).await?;
        }
        Ok(())
    }

    fn compares_channels(&self) -> bool {
        self.classes.iter().any(|class| matches!(class.finds, Finds::InChannel(_)))
    }

    /// What looks wrong with one order of a marketplace.
    fn suspected(&self, paired: &Paired<'_>, tree: Option<Id>) -> Vec<(&'static Class, Subject)> {
        let mut suspicions = Vec::new();
        for class in &self.classes {
            if let Finds::InChannel(look) = class.finds
                && look(paired).is_some()
            {
                let (shop, number) = (paired.shop, paired.number.to_owned());
                suspicions.push((*class, Subject::InChannel { shop, number, tree }));
            }
        }
        suspicions
    }

    /// Settles what looks wrong with orders of marketplaces, has those read again that are to be repaired, and looks at them
    /// once more.
    async fn read_again(
        &mut self,
        suspicions: Vec<(&'static Class, Subject)>,
    ) -> Result<(), Error> {
        if suspicions.is_empty() {
            return Ok(());
        }
        let queued = self.settle(suspicions).await?;
        let mut by_shop = BTreeMap::<Id, Vec<Queued>>::new();
        for one in queued {
            if let Subject::InChannel { shop, .. } = &one.2 {
                by_shop.entry(*shop).or_default().push(one);
            }
        }
        for (shop, queued) in by_shop {
            for queued in queued.chunks(TOGETHER) {
                self.goes_on()?;
                if self.read_again >= READ_AGAIN {
                    // They wait for the next run, or for the list that has them.
                    return Ok(());
                }
                self.read_again += queued.len();
                let mut numbers: Vec<_> = queued.iter().filter_map(|one| one.2.number()).collect();
                numbers.dedup();
                self.app.read_orders_again(shop, &numbers).await?;
                for (finding, class, subject) in queued {
                    self.app.settle_again(*finding, class, subject.clone()).await?;
                }
            }
        }
        Ok(())
    }

    /// Goes through the shops of marketplaces: orders that are kept aside, and theirs beside ours.
    pub async fn shops_of_marketplaces(&mut self) -> Result<(), Error> {
        let of_shop =
            |class: &&'static Class| matches!(class.finds, Finds::OfShop | Finds::InChannel(_));
        if !self.classes.iter().any(of_shop) {
            return Ok(());
        }
        let mut after = Id(0);
        loop {
            let shops = self.app.store().channel_shops(after, SHOPS).await?;
            let Some(last) = shops.last() else { return Ok(()) };
            after = last.id;
            for shop in shops {
                self.goes_on()?;
                if self.compares_channels() {
                    self.kept_aside(shop.id).await?;
                }
                self.theirs_beside_ours(shop.id).await?;
            }
        }
    }

    /// Orders of a shop of which there is a row and no tree.
    async fn kept_aside(&mut self, shop: Id) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            self.goes_on()?;
            let rows = self.app.store().channel_orders_behind(shop, &after, ROWS).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after.clone_from(&last.number);
            let mut suspicions = Vec::new();
            for row in rows.iter().filter(|row| row.tree.is_none()) {
                let paired = Paired { shop, number: &row.number, row: Some(row), tree: None };
                suspicions.extend(self.suspected(&paired, None));
            }
            self.read_again(suspicions).await?;
        }
    }

    /// What of a shop is not here that its marketplace listed, and what could not be read; at last what is only noted, for a
    /// pull may end that too.
    async fn theirs_beside_ours(&mut self, shop: Id) -> Result<(), Error> {
        let mut found = self.differences_of(shop).await?;
        let mut queued = Vec::new();
        for difference in found.extract_if(.., |found| found.class.repair != Repair::Nothing) {
            let mending = self.app.mending_of(difference.class, self.asked.mending);
            let state = match mending {
                Mending::Tell => FindingState::Found,
                Mending::Repair | Mending::Nightly => FindingState::Queued,
            };
            let finding = self.note_of_shop(&difference, state).await?;
            if state == FindingState::Queued {
                queued.push((finding, difference));
            }
        }
        if !queued.is_empty() {
            found = self.mended(shop, queued).await?;
        }
        for noted in found.iter().filter(|found| found.class.repair == Repair::Nothing) {
            self.note_of_shop(noted, FindingState::Noted).await?;
        }
        Ok(())
    }

    async fn note_of_shop(&self, found: &OfShop, state: FindingState) -> Result<Id, Error> {
        self.app.note_finding(self.id, found.class, None, found.seen.clone(), state).await
    }

    /// Has a shop read again, notes what became of these differences, and answers what differs then.
    async fn mended(&self, shop: Id, queued: Vec<(Id, OfShop)>) -> Result<Vec<OfShop>, Error> {
        let gaps = queued.iter().filter_map(|(_, difference)| difference.gap.clone());
        self.app.try_gaps_now(gaps.collect()).await?;
        let all_ended = self.pulled_again(shop, &queued).await?;
        let left = self.differences_of(shop).await?;
        for (finding, difference) in queued {
            let stays = left.iter().any(|other| difference.is_still(other));
            let state = match (stays, all_ended) {
                (false, _) => FindingState::Repaired,
                (true, true) => FindingState::Stays,
                // It goes on behind this run.
                (true, false) => continue,
            };
            let became = move |_, _| vec![FindingRow::becomes(finding, state)];
            self.app.write_numbered(became).await?;
        }
        Ok(left)
    }

    /// Pulls a shop again, as far as these differences are in doubt; answers whether all of it came to its end meanwhile.
    async fn pulled_again(&self, shop: Id, queued: &[(Id, OfShop)]) -> Result<bool, Error> {
        let mut wanted: Vec<_> =
            queued.iter().filter_map(|(_, difference)| difference.by).collect();
        // A full pass first: an incremental one is short, and of each stream one runs at a time.
        wanted.sort_unstable_by_key(|(stream, mode)| (stream.code(), mode.code()));
        wanted.dedup();
        let began = tokio::time::Instant::now();
        for (stream, mode) in wanted {
            let Some(run) = self.app.pull_again(shop, stream, mode).await? else {
                return Ok(false);
            };
            loop {
                self.goes_on()?;
                let run = self.app.store().channel_run(run).await?;
                if run.is_none_or(|run| run.state.has_ended()) {
                    break;
                }
                if began.elapsed() > PATIENCE {
                    return Ok(false);
                }
                tokio::time::sleep(LOOK).await;
            }
        }
        Ok(true)
    }

    /// What differs of one shop, of the classes that are looked for.
    async fn differences_of(&self, shop: Id) -> Result<Vec<OfShop>, Error> {
        let mut found = Vec::new();
        if self.looks_for(&[&channels::GAP, &channels::MISSING, &channels::HIDDEN]) {
            let told = self.app.theirs_beside_ours(shop, None).await?;
            for gap in told.gaps {
                let (from, to) = (classes::shown(gap.from), classes::shown(gap.to));
                let subject = format!("{shop}, {from} – {to}");
                let why = gap.reason.clone().unwrap_or_default();
                let mode = match gap.series {
                    Series::Updated => RunMode::Incremental,
                    Series::Created => RunMode::Full,
                };
                found.push(OfShop {
                    class: &channels::GAP,
                    seen: Seen::new(subject, why, ""),
                    by: Some((Stream::Orders, mode)),
                    gap: Some(gap),
                });
            }
            for day in &told.days {
                let Some(theirs) = day.theirs.filter(|theirs| *theirs > day.ours) else { continue };
                let date = classes::shown(Time(day.day * DAY));
                let date = date.split('T').next().unwrap_or_default();
                found.push(OfShop {
                    class: &channels::MISSING,
                    seen: Seen::new(format!("{shop}, {date}"), day.ours, theirs),
                    by: Some((Stream::Orders, RunMode::Full)),
                    gap: None,
                });
            }
            let hidden: u64 = told.days.iter().map(|day| day.hidden).sum();
            if hidden > 0 {
                let seen = Seen::new(shop, hidden, 0);
                found.push(OfShop { class: &channels::HIDDEN, seen, by: None, gap: None });
            }
        }
        if self.looks_for(&[&channels::PRODUCTS])
            && let Some(pass) = self.app.store().last_full_pass(shop, Stream::Products).await?
        {
            let here = self.products_of(shop).await?;
            let listed = pass.progress.total.unwrap_or_default();
            if here + pass.progress.refused < listed {
                found.push(OfShop {
                    class: &channels::PRODUCTS,
                    seen: Seen::new(shop, here, listed),
                    by: Some((Stream::Products, RunMode::Full)),
                    gap: None,
                });
            }
        }
        found.retain(|difference| self.looks_for(&[difference.class]));
        Ok(found)
    }

    /// Products of a shop that were listed once, those that are gone since among them.
    async fn products_of(&self, shop: Id) -> Result<u64, Error> {
        let (mut after, mut count) = (String::new(), 0);
        loop {
            let page = self.app.store().products_before_behind(shop, &after, ROWS).await?;
            let Some(last) = page.last() else { return Ok(count) };
            after.clone_from(&last.number);
            count += page.len() as u64;
        }
    }

    /// Whether a run looks for one of these classes.
    fn looks_for(&self, any: &[&'static Class]) -> bool {
        self.classes.iter().any(|chosen| any.iter().any(|class| class.word == chosen.word))
    }
}
