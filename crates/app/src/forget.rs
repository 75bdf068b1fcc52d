//! Forgetting a buyer: the people of all their orders are taken out of the one table where they stand, and the
//! telephones by which they were found, those of orders in the archive too. Orders, money and the log stay; they
//! name nobody.

use crate::access::{Principal, Scope};
use crate::vault::telephones;
use crate::{App, Error};
use docket_domain::{FieldError, Id};
use docket_store::{Filter, Key, Priority, Sealed, View, Writes};
use std::sync::Arc;

/// Orders in one transaction.
const STEP: usize = 100;

impl App {
    /// Takes the people's data of every order of `buyer` out for good, and answers how many orders had some.
    /// Asked again it takes out what has come since, so it may be broken off at any moment.
    pub async fn forget_buyer(&self, who: &Principal, buyer: &str) -> Result<usize, Error> {
        who.needs_whole(Scope::Admin)?;
        if buyer.is_empty() {
            let message = "names the buyer to forget".to_owned();
            let error = FieldError { field: "buyer_id".to_owned(), code: "required", message };
            return Err(error.into());
        }
        let mut filter = Filter { buyer: Some(buyer.to_owned()), limit: STEP, ..Filter::default() };
        let mut forgotten = 0;
        loop {
            let page = self.store().list(&filter).await?;
            forgotten += self.forget_orders(page.ids).await?;
            filter.cursor = page.next;
            if page.next.is_none() {
                break;
            }
        }
        let mut after = Id(0);
        loop {
            let ids = self.store().archived_orders_of(buyer, after, STEP).await?;
            let Some(last) = ids.last() else { break };
            after = *last;
            forgotten += self.forget_orders(ids).await?;
        }
        let (buyer, actor) = (buyer.to_owned(), format!("{}:{}", who.id, who.name));
        self.write_numbered(move |id, now| {
            vec![Sealed::forgotten(id, &buyer, forgotten, &actor, now)]
        })
        .await?;
        Ok(forgotten)
    }

    /// Takes the people of these orders out; answers how many had some.
    async fn forget_orders(&self, ids: Vec<Id>) -> Result<usize, Error> {
        let vault = Arc::clone(&self.inner.vault);
        let keys = ids.iter().flat_map(|id| [Key::Tree(*id), Key::Person(*id)]).collect();
        let decide = move |view: &View, _: &mut docket_store::Context<'_>| {
            let (mut had, mut phones_gone) = (Vec::new(), Vec::new());
            for id in &ids {
                let (tree, Some(sealed)) = (view.tree(*id)?, view.person(*id)?) else { continue };
                // An order in the archive is not found by telephones.
                if let Some(tree) = tree {
                    // What cannot be opened is taken out too; its telephones cannot be told any more.
                    let person = vault.open_sealed(sealed).unwrap_or_default();
                    phones_gone.extend(telephones(tree, &vault.phones_gone(&person)));
                }
                had.push(*id);
            }
            if had.is_empty() {
                return Ok((None, 0));
            }
            let statements = Sealed::forget(&had);
            Ok((Some(Writes { statements, phones_gone, ..Writes::default() }), had.len()))
        };
        self.inner.lane.run(Priority::Bulk, keys, decide).await
    }
}
