//! What a run finds below the orders: damage that keeps rows from being read, and rows that belong to nothing. Both
//! are seen by one look at one moment, which the lane could not see better, so they are noted as they are found.

use super::classes::{self, Class, Finds, Seen};
use super::run::Run;
use super::{Detail, Mending};
use crate::{App, Error};
use docket_domain::Id;
use docket_store::{AuditPage, FindingRow, FindingState, Orphan, Walk};

/// Findings of rows that belong to nothing, of one table; more say nothing new.
const OF_TABLE: usize = 1_000;

/// How rows that belong to nothing are told.
pub(super) fn of_orphan(orphan: &Orphan) -> (Id, Seen) {
    let stands = match orphan.lacks {
        "shop_order" => "a shop order of theirs is not there",
        _ => "it is neither here nor in the archive",
    };
    (orphan.tree, Seen::new(orphan.table, stands, "rows of an order that is there"))
}

impl Run<'_> {
    /// Notes what of a page could not be read.
    pub async fn note_unread(&mut self, page: &AuditPage) -> Result<(), Error> {
        if let Some(why) = &page.unlisted {
            self.note_damage("payment_order", why).await?;
        }
        for (id, why) in &page.damaged {
            let seen = Seen::new(id, why, "a tree");
            self.note(&classes::UNREADABLE, Some(*id), seen).await?;
        }
        Ok(())
    }

    /// Notes that a part of `subject` cannot be read, once.
    pub async fn note_damage(&mut self, subject: &'static str, why: &str) -> Result<(), Error> {
        if !self.damaged.insert(subject) {
            return Ok(());
        }
        let seen = Seen::new(subject, why, "rows that can be read");
        self.note(&classes::DAMAGED, None, seen).await
    }

    /// What damage stopped is noted, and the run goes on with the rest.
    pub async fn past_damage(
        &mut self,
        subject: &'static str,
        done: Result<(), Error>,
    ) -> Result<(), Error> {
        match done {
            Err(Error::Damaged(why)) => self.note_damage(subject, &why).await,
            done => done,
        }
    }

    /// Walks over the rows of all tables that belong to orders.
    pub async fn orphans(&mut self) -> Result<(), Error> {
        if !self.classes.iter().any(|class| matches!(class.finds, Finds::Rows)) {
            return Ok(());
        }
        for mut walk in Walk::all() {
            let table = walk.table();
            let mut noted = 0;
            while !walk.done && noted < OF_TABLE {
                self.goes_on()?;
                let found = match self.app.store().orphans(walk).await {
                    Ok((further, found)) => {
                        walk = further;
                        found
                    }
                    Err(error) if error.is_damage() => {
                        self.note_damage(table, &error.to_string()).await?;
                        break;
                    }
                    Err(error) => return Err(error.into()),
                };
                for orphan in &found {
                    let (tree, seen) = of_orphan(orphan);
                    self.note(&classes::BELONGS_TO_NOTHING, Some(tree), seen).await?;
                }
                noted += found.len();
            }
        }
        Ok(())
    }

    async fn note(&self, class: &'static Class, tree: Option<Id>, seen: Seen) -> Result<(), Error> {
        if self.classes.iter().any(|chosen| chosen.word == class.word) {
            // As of every class that no program repairs.
            let state = match self.asked.mending {
                Mending::Repair => FindingState::Stays,
                Mending::Tell | Mending::Nightly => FindingState::Found,
            };
            self.app.note_finding(self.id, class, tree, seen, state).await?;
        }
        Ok(())
    }
}

impl App {
    /// Notes a finding, and answers its number.
    pub(super) async fn note_finding(
        &self,
        run: Id,
        class: &'static Class,
        tree: Option<Id>,
        seen: Seen,
        state: FindingState,
    ) -> Result<Id, Error> {
        let Seen { subject, stands, should } = seen;
        let detail = Detail { stands, should }.text();
        let note = move |id, at| {
            let class = class.word.to_owned();
            let (subject, detail) = (subject.clone(), detail.clone());
            vec![FindingRow { id, run, class, tree, subject, detail, state, at }.note()]
        };
        self.write_numbered(note).await
    }
}
