//! Orders out of a damaged database, as far as they can be read; no center is opened on it.

use crate::access::Principal;
use crate::access::sight;
use crate::vault::{CustomerData, Vault};
use crate::{Orders, given_up};
use docket_domain::{Id, Tree};
use docket_store::{Salvage, StoreError};
use docket_wire::PersonState;

/// Some orders of a damaged database, in the order of their numbers.
#[derive(Debug, Default)]
pub struct Rescued {
    /// Those that are asked for and could be read, with their people.
    pub orders: Vec<(Tree, CustomerData)>,
    /// Those that could not be read, asked for or not, and why.
    pub lost: Vec<(Id, String)>,
    /// Stretches of numbers, with their ends, of which nothing can be read, not even which orders there are.
    pub passed: Vec<(Id, Id)>,
    /// Orders whose people cannot be read: they are among the others.
    pub without_people: usize,
    /// Where the next page goes on; none at the end.
    pub next: Option<Id>,
}

/// A damaged database that orders are read out of.
pub struct Rescue {
    url: String,
    vault: Option<Vault>,
}

impl Rescue {
    /// Out of the database of `url`; people are opened with the keys of `vault`, if there are any.
    pub async fn of(url: String, mut vault: Option<Vault>) -> Self {
        // Where it cannot be read which keys were given up, people are closed for another reason.
        if let Some(vault) = &mut vault
            && let Ok(survey) = docket_store::survey(&url).await
            && !given_up(&survey.keys).is_empty()
        {
            vault.learn_lost(&survey.keys);
        }
        Self { url, vault }
    }

    /// The next orders after `after`, at most `asked.limit`.
    pub async fn page(&self, after: Id, asked: &Orders) -> Result<Rescued, StoreError> {
        let found = docket_store::salvage(&self.url, after, asked.limit).await?;
        let found = found.unwrap_or_default();
        let mut rescued = Rescued {
            lost: found.lost,
            passed: found.passed,
            next: found.last,
            ..Rescued::default()
        };
        let who = Principal::local();
        for Salvage { whole, person_lost } in found.orders {
            let customer = match (&self.vault, person_lost) {
                (_, true) => CustomerData::Closed(PersonState::Unreadable),
                (Some(vault), false) => vault.customer(whole.customer.as_ref()),
                (None, false) if whole.customer.is_some() => {
                    CustomerData::Closed(PersonState::KeyMissing)
                }
                (None, false) => CustomerData::None,
            };
            if sight::passes(&who, &whole.tree, customer.known(), asked) {
                rescued.without_people += usize::from(person_lost);
                rescued.orders.push((whole.tree, customer));
            }
        }
        Ok(rescued)
    }
}
