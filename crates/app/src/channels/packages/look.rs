//! What a look at an order came to, and its row afterwards. Pure.

use super::super::amounts::Money;
use super::super::rows::Notes;
use docket_domain::Time;
use docket_domain::channel::{PackageState, next_look, pause_after_failure};
use docket_domain::time::{DAY, Millis};
use docket_store::ChannelOrderRow;

/// After so long parcels that are known are looked at once more: numbers are replaced.
const RECHECK: Millis = DAY;
/// Parcels of what left longer ago are not looked at once more.
const YOUNG: Millis = 14 * DAY;
/// Why there are no parcels.
pub(super) const NEVER: &str = "no package number came within 14 days";

/// What a look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Look {
    /// When, by the marketplace's clock.
    pub at: Time,
    /// Of its parcels; none where only its amounts were asked for.
    pub found: Option<Found>,
    /// Of its amounts.
    pub money: Money,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Found {
    /// A parcel of every line that has left.
    All,
    /// Not of every one.
    NotYet,
    /// It could not be asked, for this reason.
    Nothing(String),
}

/// Whether a look at an order is for its parcels. One that was brought forward for something else is not, unless they
/// are waited for.
pub(super) fn is_for_parcels(row: &ChannelOrderRow) -> bool {
    match row.packages {
        PackageState::Waiting => true,
        PackageState::Known => row.looks > 0,
        PackageState::NotYet | PackageState::Never | PackageState::Failed => false,
    }
}

impl Look {
    /// The row after it.
    pub fn after(&self, row: ChannelOrderRow) -> ChannelOrderRow {
        let (looks, tries) = (row.looks, row.tries);
        let looked = match &self.found {
            Some(Found::Nothing(why)) => return self.failed(row, why),
            Some(Found::All) => self.all(row),
            Some(Found::NotYet) => self.not_yet(row),
            // It left meanwhile: the look for its parcels is still to come.
            None if is_for_parcels(&row) => return row,
            None => {
                let note = Notes::of(&row).after_look(None);
                let is_known = row.packages == PackageState::Known;
                let next_look_at = if is_known { self.recheck(&row) } else { None };
                ChannelOrderRow { looks: looks + 1, tries: 0, next_look_at, note, ..row }
            }
        };
        match &self.money {
            Money::NotAsked | Money::Told => looked,
            Money::Failed(why) => self.without_money(looked, looks, tries, why),
        }
    }

    fn all(&self, row: ChannelOrderRow) -> ChannelOrderRow {
        // Those that were known before and still are, are known for good.
        let is_new = row.packages != PackageState::Known;
        let next_look_at = if is_new { self.recheck(&row) } else { None };
        let note = Notes::of(&row).after_look(None);
        let (packages, looks) = (PackageState::Known, row.looks + 1);
        ChannelOrderRow { packages, looks, tries: 0, next_look_at, note, ..row }
    }

    /// When parcels that are known are looked at once more; none where it left long ago.
    fn recheck(&self, row: &ChannelOrderRow) -> Option<Time> {
        let is_young = row.updated_at.is_some_and(|at| self.at.since(at) < YOUNG);
        is_young.then(|| self.at.plus(RECHECK))
    }

    fn not_yet(&self, row: ChannelOrderRow) -> ChannelOrderRow {
        let (looks, since) = (row.looks + 1, row.wait_since.unwrap_or(self.at));
        let next_look_at = next_look(looks, since, self.at);
        let (packages, why) = match next_look_at {
            Some(_) => (PackageState::Waiting, None),
            None => (PackageState::Never, Some(NEVER)),
        };
        let note = Notes::of(&row).after_look(why);
        ChannelOrderRow { packages, looks, tries: 0, next_look_at, note, ..row }
    }

    /// The row after a look that failed: tried again some times.
    fn failed(&self, row: ChannelOrderRow, why: &str) -> ChannelOrderRow {
        let tries = row.tries + 1;
        let next_look_at = pause_after_failure(tries).map(|pause| self.at.plus(pause));
        let packages = if next_look_at.is_some() { row.packages } else { PackageState::Failed };
        let note = Notes::of(&row).after_look(Some(why));
        ChannelOrderRow { packages, tries, next_look_at, note, ..row }
    }

    /// The row after a look that found out about parcels, or had not to, and not about amounts: these are tried again
    /// some times, or with the next look.
    fn without_money(
        &self,
        row: ChannelOrderRow,
        looks: u32,
        tries: u32,
        why: &str,
    ) -> ChannelOrderRow {
        let tries = tries + 1;
        let again = pause_after_failure(tries).map(|pause| self.at.plus(pause));
        let next_look_at = match (again, row.next_look_at) {
            (Some(again), Some(next)) => Some(again.min(next)),
            (again, next) => again.or(next),
        };
        // As long as it is tried again, it is the same look.
        let looks = if again.is_some() { looks } else { row.looks };
        let note = Notes::of(&row).after_look(Some(why));
        ChannelOrderRow { looks, tries, next_look_at, note, ..row }
    }
}
