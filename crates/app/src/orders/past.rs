//! An order as it was: its log undone backwards, from where it stands now. Rows are read some at a time and dropped as
//! they are undone; what is in the archive is read one object at a time, newest first, each once.

use crate::{App, Error};
use docket_domain::{Id, LogEntry, Tree, change};
use docket_store::{Segment, SegmentKind};
use std::collections::BTreeMap;

/// Rows that are read in one go: rows of earlier releases hold whole lists of facts.
const PAGE: usize = 32;

/// The log of a tree, read backwards.
struct Backwards {
    tree: Id,
    /// The row that is next; 0 behind the first.
    next: u32,
    /// Rows that were read and not asked for yet.
    read: BTreeMap<u32, LogEntry>,
    /// Segments that were not looked into yet, oldest first; nothing before the first of them is needed.
    segments: Option<Vec<Segment>>,
}

impl Backwards {
    const fn from(tree: &Tree) -> Self {
        let (tree, next) = (tree.id(), tree.payment.version);
        Self { tree, next, read: BTreeMap::new(), segments: None }
    }

    /// The next row, each one older than the one before; nothing behind the first.
    async fn row(&mut self, app: &App) -> Result<Option<LogEntry>, Error> {
        if self.next == 0 {
            return Ok(None);
        }
        if !self.read.contains_key(&self.next) {
            self.read_online(app).await?;
        }
        while !self.read.contains_key(&self.next) {
            if self.segments.is_none() {
                self.segments = Some(app.segments_with(self.tree, SegmentKind::Log).await?);
            }
            let Some(segment) = self.segments.as_mut().and_then(Vec::pop) else { break };
            self.keep(app.log_in(&segment, self.tree).await?);
        }
        if !self.read.contains_key(&self.next) {
            // It may have come back meanwhile.
            self.read_online(app).await?;
        }
        let lost = || {
            let (row, tree) = (self.next, self.tree);
            Error::Internal(format!("row {row} of the log of order {tree} is missing"))
        };
        let entry = self.read.remove(&self.next).ok_or_else(lost)?;
        self.next -= 1;
        Ok(Some(entry))
    }

    async fn read_online(&mut self, app: &App) -> Result<(), Error> {
        let page = app.store().log_until(self.tree, self.next, PAGE).await?;
        self.keep(page);
        Ok(())
    }

    fn keep(&mut self, rows: Vec<LogEntry>) {
        let own = rows.into_iter().filter_map(|row| Some((row.version?, row)));
        self.read.extend(own.filter(|(version, _)| *version <= self.next));
    }
}

impl App {
    /// The tree as it was right after the newest row of its log for which `is_there` holds, with that row; nothing where
    /// it holds for none.
    pub(crate) async fn undone(
        &self,
        mut tree: Tree,
        mut is_there: impl FnMut(&LogEntry) -> bool + Send,
    ) -> Result<Option<(Tree, LogEntry)>, Error> {
        let mut log = Backwards::from(&tree);
        while let Some(entry) = log.row(self).await? {
            if is_there(&entry) {
                return Ok(Some((tree, entry)));
            }
            let broken = |error: change::BrokenLog| Error::Internal(error.to_string());
            match change::undo(&tree, &entry).map_err(broken)? {
                Some(before) => tree = before,
                None => return Ok(None),
            }
        }
        Ok(None)
    }
}
