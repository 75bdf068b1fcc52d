//! The archive: what is old leaves the database for objects in a folder or in an S3-compatible store, stays
//! readable, and comes back when it is asked for.
//!
//! `run` moves things away: a segment is announced, its object written and read back, and only then do rows leave,
//! in small transactions that say where they are. `read` answers what is archived, `listing` goes through orders that
//! left whole, `restore` brings it back, `verify` looks at every object, `words` takes out what a forgotten buyer
//! wrote. `depot` is where objects lie, `object` what is in one.

mod depot;
mod listing;
mod object;
mod read;
mod restore;
mod run;
mod verify;
mod words;

pub use depot::{DepotAt, DepotError, S3At};
pub use restore::{Back, Restored};
pub use run::{Counted, DueCursor, DueFor, Moved};
pub use verify::Verified;

pub(crate) use read::LogPlace;
pub(crate) use run::{MoveToArchive, Progress};

use crate::access::{Principal, Scope};
use crate::{App, Error};
use depot::Depot;
use docket_domain::time::Millis;
use docket_domain::{Id, Time};
use docket_store::{Segment, SegmentKind};

/// Where the archive is, and what goes there when.
#[derive(Debug, Clone)]
pub struct ArchiveSettings {
    /// The folder or bucket that objects lie in.
    pub at: DepotAt,
    /// How long an order must not have changed before its log leaves, in milliseconds.
    pub log_after: Millis,
    /// The same for the trees that were agreed.
    pub snapshots_after: Millis,
    /// The same for orders that are finished, which leave whole.
    pub orders_after: Millis,
}

impl ArchiveSettings {
    /// Up to when something of `kind` must have been written to leave at `now`.
    fn until(&self, kind: SegmentKind, now: Time) -> Time {
        now.plus(-match kind {
            SegmentKind::Log => self.log_after,
            SegmentKind::Snapshots => self.snapshots_after,
            SegmentKind::Orders => self.orders_after,
        })
    }

    /// Whether the archive takes and gives: writes, reads and removes a small object.
    pub async fn probe(&self) -> Result<(), DepotError> {
        let net = crate::net::Net::default();
        Depot::of(&self.at, &net)?.probe().await
    }
}

impl From<DepotError> for Error {
    fn from(error: DepotError) -> Self {
        Self::ArchiveUnreachable(error.to_string())
    }
}

impl App {
    fn archive_settings(&self) -> Result<&ArchiveSettings, Error> {
        let off =
            || Error::ArchiveUnreachable("no archive is configured ([archive] url)".to_owned());
        self.inner.settings.archive.as_ref().ok_or_else(off)
    }

    fn depot(&self) -> Result<Depot<'_>, Error> {
        Ok(Depot::of(&self.archive_settings()?.at, &self.inner.net)?)
    }

    /// One page of what the archive has, newest first.
    pub async fn segments(
        &self,
        who: &Principal,
        before: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Segment>, Error> {
        who.needs_whole(Scope::Admin)?;
        Ok(self.store().segments(before, limit).await?)
    }
}
