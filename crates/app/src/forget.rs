//! Forgetting a buyer: the people of all their orders are taken out of the one table where they stand, with the
//! telephones by which they were found, and what the buyer wrote is taken out of orders, logs, agreed trees and the
//! archive (`words`). Orders, money and the log stay; they name nobody.
//!
//! It may be broken off at any moment and asked for again: then it takes out what is left.

mod words;

use crate::access::{Principal, Scope};
use crate::vault::telephones;
use crate::{App, Error};
use docket_domain::{FieldError, Id};
use docket_store::{Files, Filter, Key, Priority, Sealed, View, Writes};
use std::collections::{BTreeMap, BTreeSet};

/// Orders in one transaction, and in one page.
const STEP: usize = 100;

/// What became of a buyer who was to be forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Orders of the buyer.
    pub found: usize,
    /// Those of them of which something was taken out now.
    pub orders: usize,
    /// Placements that waited to be decided, and are rejected.
    pub placements: usize,
    /// What only a person can judge: orders with the fields that may hold more about the buyer.
    pub left: BTreeMap<Id, BTreeSet<&'static str>>,
    /// Orders of which the archive has something that could not be reached: they keep the buyer's words for now.
    pub unreached: BTreeSet<Id>,
    /// Orders of which the archive has something that is damaged: as long as it is, they keep the buyer's words.
    pub damaged: BTreeSet<Id>,
    /// What the database's files may still hold of it; unknown where they could not be cleaned.
    pub files: Option<Files>,
}

impl App {
    /// Takes the customers' data of every order of `buyer` and what the buyer wrote out for good.
    pub async fn forget_buyer(&self, who: &Principal, buyer: &str) -> Result<Forgotten, Error> {
        who.needs_whole(Scope::Admin)?;
        if buyer.is_empty() {
            let message = "names the buyer to forget".to_owned();
            let error = FieldError { field: "buyer_id".to_owned(), code: "required", message };
            return Err(error.into());
        }
        let _alone = self.inner.forgetting.lock().await;
        let careful = self.store().overwrite_free_pages().await?;
        let mut done = Box::pin(self.take_out(who, buyer)).await?;
        drop(careful);
        done.files = self.clean_files().await;
        Ok(done)
    }

    /// All of it, in the rows of the database and in the archive.
    async fn take_out(&self, who: &Principal, buyer: &str) -> Result<Forgotten, Error> {
        let mut done =
            Forgotten { placements: self.forget_placements(buyer).await?, ..Forgotten::default() };
        let (online, archived) = (self.orders_of(buyer).await?, self.archived_of(buyer).await?);
        let all: Vec<Id> = online.iter().chain(&archived).copied().collect();
        done.found = all.len();
        let mut taken = BTreeSet::new();
        for step in all.chunks(STEP) {
            taken.extend(self.forget_customer(step.to_vec()).await?);
        }
        taken.extend(self.forget_words(who, &online, &archived, &mut done).await?);
        done.orders = taken.len();
        let (orders, buyer) = (done.orders, buyer.to_owned());
        let actor = format!("{}:{}", who.id, who.name);
        self.write_numbered(move |id, now| {
            vec![Sealed::forgotten(id, &buyer, orders, &actor, now)]
        })
        .await?;
        Ok(done)
    }

    /// What was taken out of rows stands in the file's pages and log until they are written anew.
    async fn clean_files(&self) -> Option<Files> {
        match self.store().clean_files(self.inner.settings.rewritten_at_once).await {
            Ok(files) => Some(files),
            Err(error) => {
                tracing::warn!(%error, "the database's files may keep pieces of what was forgotten");
                None
            }
        }
    }

    async fn orders_of(&self, buyer: &str) -> Result<Vec<Id>, Error> {
        let mut filter = Filter { buyer: Some(buyer.to_owned()), limit: STEP, ..Filter::default() };
        let mut found = Vec::new();
        loop {
            let page = self.store().list(&filter).await?;
            found.extend(page.ids);
            filter.cursor = page.next;
            if page.next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn archived_of(&self, buyer: &str) -> Result<Vec<Id>, Error> {
        let mut found = Vec::new();
        loop {
            let after = found.last().copied().unwrap_or(Id(0));
            let ids = self.store().archived_orders_of(buyer, after, STEP).await?;
            if ids.is_empty() {
                return Ok(found);
            }
            found.extend(ids);
        }
    }

    /// Takes the people of these orders out; answers which had some.
    async fn forget_customer(&self, ids: Vec<Id>) -> Result<Vec<Id>, Error> {
        let vault = self.inner.vault();
        let keys = ids.iter().flat_map(|id| [Key::Tree(*id), Key::Customer(*id)]).collect();
        let decide = move |view: &View, _: &mut docket_store::Context<'_>| {
            let (mut had, mut phones_gone) = (Vec::new(), Vec::new());
            for id in &ids {
                let (tree, Some(sealed)) = (view.tree(*id)?, view.customer(*id)?) else { continue };
                // An order in the archive is not found by telephones.
                if let Some(tree) = tree {
                    // What cannot be opened is taken out too; its telephones cannot be told any more.
                    let customer = vault.open_sealed(sealed).unwrap_or_default();
                    phones_gone.extend(telephones(tree, &vault.phones_gone(&customer)));
                }
                had.push(*id);
            }
            if had.is_empty() {
                return Ok((None, had));
            }
            let statements = Sealed::forget(&had);
            Ok((Some(Writes { statements, phones_gone, ..Writes::default() }), had))
        };
        self.inner.lane.run(Priority::Bulk, keys, decide).await
    }
}
