//! The keys of an open center, which may become newer ones while it runs, and what it knows of what they do not open.

use super::Held;
use crate::vault::{CustomerData, KeySource, KeyWord, Origin, Vault, missing};
use docket_domain::Id;
use docket_store::{RecordedKey, Sealed};
use docket_wire::PersonState;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

/// Orders with people that cannot be opened, remembered at most: whoever is told of them needs no more.
const REMEMBERED: usize = 1_000;

/// The keys of an open center.
pub(crate) struct Seals {
    /// Another one once newer keys are taken in.
    vault: RwLock<Arc<Vault>>,
    /// Where the keys are kept; nowhere where they are compared with nothing.
    place: Option<KeySource>,
    origin: Origin,
    /// Orders whose people are not opened here.
    closed: Mutex<BTreeMap<Id, PersonState>>,
    /// Keys that the database records and this process has not.
    behind: Mutex<Vec<RecordedKey>>,
}

/// What is sealed and cannot be read by a process, as people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealTrouble {
    /// Another process seals with a key that this one has not.
    KeysBehind {
        /// The number of the key.
        key: String,
        /// Of the key that is missing.
        fingerprint: String,
        /// Where the keys of this process are kept.
        place: String,
        /// Whether that is a file, which is read again by itself.
        file: bool,
    },
    /// People of orders are not opened.
    Closed {
        /// How many orders, as far as they were met.
        orders: usize,
        /// One of them.
        example: Id,
    },
}

impl Seals {
    /// Those that a center was opened with.
    pub fn of(held: Held) -> Self {
        Self {
            vault: RwLock::new(Arc::new(held.vault)),
            place: held.place,
            origin: held.origin,
            closed: Mutex::default(),
            behind: Mutex::default(),
        }
    }

    /// What seals and opens, with the keys of now.
    pub fn vault(&self) -> Arc<Vault> {
        Arc::clone(&self.vault.read().expect("nobody panics with the keys"))
    }

    /// Whether the keys were there, or were made when the center was opened.
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether the keys are compared with those that the database records.
    pub const fn are_compared(&self) -> bool {
        self.place.is_some()
    }

    /// Those of `recorded` that this process has not.
    pub fn missing_of(&self, recorded: &[RecordedKey]) -> Vec<RecordedKey> {
        missing(recorded, &self.vault().keys()).cloned().collect()
    }

    /// Goes on with the keys that stand in the key file by now, where they are all that are `recorded`: they were
    /// rotated or adopted there, or brought from where they were. Answers whether it does.
    pub fn take_in(&self, recorded: &[RecordedKey]) -> bool {
        let Some(place @ KeySource::File(_)) = &self.place else { return false };
        // A file that is just being brought is read again at the next look.
        let Ok(Some(mut vault)) = place.read() else { return false };
        if missing(recorded, &vault.keys()).next().is_some() {
            return false;
        }
        vault.learn_lost(recorded);
        *self.vault.write().expect("nobody panics with the keys") = Arc::new(vault);
        tracing::info!(place = place.named(), "newer keys are taken in");
        true
    }

    /// Remembers which keys this process has not.
    pub fn are_behind(&self, keys: Vec<RecordedKey>) {
        *self.behind.lock().expect("nobody panics with the list") = keys;
    }

    /// The people of `tree` as far as they can be opened here; that they cannot is remembered.
    pub fn customer(&self, tree: Id, sealed: Option<&Sealed>) -> CustomerData {
        let customer = self.vault().customer(sealed);
        if let CustomerData::Closed(state) = customer {
            let mut closed = self.closed();
            if closed.len() < REMEMBERED && closed.insert(tree, state).is_none() {
                tracing::warn!(%tree, ?state, "the people of an order cannot be opened");
            }
        }
        customer
    }

    /// Orders whose people were not opened, as far as they are remembered.
    pub fn known_closed(&self) -> Vec<Id> {
        self.closed().keys().copied().collect()
    }

    /// Forgets those of `known` that are open by now: that are not among `sealed`, or are opened.
    pub fn look_again(&self, known: &[Id], sealed: &[(Id, Sealed)]) {
        let vault = self.vault();
        let still: Vec<Id> = sealed
            .iter()
            .filter_map(|(tree, sealed)| vault.open_sealed(sealed).err().map(|_| *tree))
            .collect();
        self.closed().retain(|tree, _| !known.contains(tree) || still.contains(tree));
    }

    /// What is sealed and cannot be read here.
    pub fn troubles(&self) -> Vec<SealTrouble> {
        let behind = self.behind.lock().expect("nobody panics with the list");
        let place = self.place.as_ref();
        let behind = behind.iter().map(|key| SealTrouble::KeysBehind {
            key: key.used.word(),
            fingerprint: key.fingerprint.clone(),
            place: place.map(KeySource::named).unwrap_or_default(),
            file: matches!(place, Some(KeySource::File(_))),
        });
        let closed = self.closed();
        let (orders, example) = (closed.len(), closed.keys().next());
        let closed = example.map(|example| SealTrouble::Closed { orders, example: *example });
        behind.chain(closed).collect()
    }

    fn closed(&self) -> MutexGuard<'_, BTreeMap<Id, PersonState>> {
        self.closed.lock().expect("nobody panics with the list")
    }
}
