//! That a database and every process on it agree about the keys that seal customers' data. The database records the
//! fingerprint of each key that seals; who opens it must hold all of them, and keys are made only where it records
//! none. Without that, keys made in silence would seal what nobody else can open, while all looked well.
//!
//! A database of an older release records nothing: then only keys that open what is sealed there are taken for its
//! own.

mod seals;

pub use seals::SealTrouble;
pub(crate) use seals::Seals;

use crate::App;
use crate::vault::{
    Closed, CustomerData, KeySource, KeysError, Lack, Origin, Vault, highest_key, lacking,
};
use docket_domain::Id;
use docket_store::{RecordedKey, Sealed, SealedFor, StoreError, Survey};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often a process looks whether others have keys that it has not.
const LOOK: Duration = Duration::from_secs(10);
/// Sealed people tried at each end of their table.
const TRIED: usize = 500;

/// The keys with which a center is opened.
pub enum Keys {
    /// These; nothing is recorded or compared. For tests, and for what is thrown away.
    Of(Vault),
    /// Those that are kept there, or are made there.
    In(KeySource),
    /// Those that are kept there. None are needed where nothing is sealed, and none are made.
    Unmade(KeySource),
}

impl From<Vault> for Keys {
    fn from(vault: Vault) -> Self {
        Self::Of(vault)
    }
}

/// Why a center cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// The number of the first key that sealed something of `samples` and opens nothing of it.
fn unproven(samples: &[(SealedFor, Sealed)], vault: Option<&Vault>) -> Option<u32> {
    let mut opens = BTreeMap::new();
    for (purpose, sealed) in samples {
        let opened = vault.is_some_and(|vault| vault.closed(*purpose, sealed).is_none());
        *opens.entry(sealed.key_id).or_insert(false) |= opened;
    }
    opens.into_iter().find(|(_, opened)| !opened).map(|(key, _)| key)
}

/// Refuses keys that are not those of the database.
fn fit(place: &KeySource, survey: &Survey, vault: Option<&Vault>) -> Result<(), KeysError> {
    let held = vault.map(Vault::keys);
    if let Some(error) = lacking(place, &survey.keys, held) {
        return Err(error);
    }
    if survey.keys.is_empty()
        && let Some(key) = unproven(&survey.samples, vault)
    {
        let found = vault.is_some();
        return Err(KeysError::Unproven { place: place.named(), key, found });
    }
    Ok(())
}

/// Looks whether the keys of `place` are those of the database of `url`, changing nothing. Answers what the database
/// says of its keys, and the keys, where there are some.
pub async fn compare_keys(
    url: &str,
    place: &KeySource,
) -> Result<(Survey, Option<Vault>), OpenError> {
    let survey = docket_store::survey(url).await?;
    let vault = place.read().map_err(KeysError::from)?;
    fit(place, &survey, vault.as_ref())?;
    Ok((survey, vault))
}

/// Keys that were looked at before the database was opened, and what is still to be done about them.
pub(crate) struct Chosen {
    keys: Keys,
    vault: Option<Vault>,
    recorded: Vec<RecordedKey>,
}

/// The keys of an open center.
pub(crate) struct Held {
    pub vault: Vault,
    pub origin: Origin,
    /// Where they are kept; nowhere where they are compared with nothing.
    pub place: Option<KeySource>,
}

impl Chosen {
    /// Refuses keys that are not those of the database, before anything is written to it.
    pub async fn before(url: &str, keys: Keys) -> Result<Self, OpenError> {
        let place = match keys {
            Keys::Of(vault) => {
                return Ok(Self {
                    keys: Keys::Of(Vault::throw_away()),
                    vault: Some(vault),
                    recorded: Vec::new(),
                });
            }
            Keys::In(ref place) | Keys::Unmade(ref place) => place,
        };
        let survey = docket_store::survey(url).await?;
        let mut vault = place.read().map_err(KeysError::from)?;
        if vault.is_none() && survey.keys.iter().any(|key| !key.lost) {
            // A process that made them here may have died between recording them and giving them their name, or
            // gave it to them after the look above: then they are in their place by now.
            vault = place.read_late().map_err(KeysError::from)?;
        }
        let needed = !matches!(keys, Keys::Unmade(_)) || vault.is_some() || !survey.keys.is_empty();
        if needed {
            fit(place, &survey, vault.as_ref())?;
        }
        Ok(Self { keys, vault, recorded: survey.keys })
    }

    /// Makes keys where there are none, and records them; then they have their place. Whoever was sooner is heeded.
    pub async fn after(self, url: &str) -> Result<Held, OpenError> {
        let (place, found) = match self.keys {
            Keys::Of(_) | Keys::Unmade(_) => {
                let vault = self.vault.unwrap_or_else(Vault::throw_away);
                return Ok(Held { vault, origin: Origin::Found, place: None });
            }
            Keys::In(place) => (place, self.vault),
        };
        let origin = if found.is_some() { Origin::Found } else { Origin::Made };
        let made = || place.make_new(highest_key(&self.recorded)).map_err(KeysError::from);
        let mut vault = found.map_or_else(made, Ok)?;
        let recorded = docket_store::record_keys(url, vault.keys()).await?;
        let survey = Survey { keys: recorded, samples: Vec::new() };
        if let Err(error) = fit(&place, &survey, Some(&vault)) {
            place.drop_new();
            return Err(match error {
                // Those that were made here and are of no use are not worth naming.
                KeysError::Lacking { place, missing, .. } if origin == Origin::Made => {
                    KeysError::Lacking { place, missing, held: None, lack: Lack::Others }
                }
                error => error,
            }
            .into());
        }
        if place.read().map_err(KeysError::from)?.is_none() {
            place.keep_new().map_err(KeysError::from)?;
        }
        vault.learn_lost(&survey.keys);
        Ok(Held { vault, origin, place: Some(place) })
    }
}

impl App {
    /// The people of `tree` as far as they can be opened here; that they cannot is remembered.
    pub(crate) fn customer(&self, tree: Id, sealed: Option<&Sealed>) -> CustomerData {
        self.inner.seals.customer(tree, sealed)
    }

    /// What is sealed and cannot be read here.
    pub fn seal_troubles(&self) -> Vec<SealTrouble> {
        self.inner.seals.troubles()
    }

    /// Whether the keys were there, or were made when it was opened.
    pub fn keys_origin(&self) -> Origin {
        self.inner.seals.origin()
    }

    /// The keys that the database records and this process has not.
    async fn keys_behind(&self) -> Result<Vec<RecordedKey>, StoreError> {
        let seals = &self.inner.seals;
        if !seals.are_compared() {
            return Ok(Vec::new());
        }
        Ok(seals.missing_of(&self.store().recorded_keys().await?))
    }

    /// Whether the database records keys that this process has not.
    pub(crate) async fn lacks_keys(&self) -> Result<bool, StoreError> {
        Ok(!self.keys_behind().await?.is_empty())
    }

    /// Looks which of some sealed customers' data are opened here, and whether other processes have keys that this one has
    /// not.
    async fn look_at_seals(&self) -> Result<(), StoreError> {
        let seals = &self.inner.seals;
        if self.lacks_keys().await? && seals.take_in(&self.store().recorded_keys().await?) {
            self.inner.background.spawn(crate::vault::telephones::renew(self.clone()));
        }
        seals.are_behind(self.keys_behind().await?);
        let known = seals.known_closed();
        seals.look_again(&known, &self.store().customers(&known).await?);
        for (tree, sealed) in self.store().some_customers(TRIED, 0).await? {
            seals.customer(tree, Some(&sealed));
        }
        Ok(())
    }
}

/// Looks after what is sealed until the center stops.
pub(crate) async fn watch(app: App) {
    let stop = app.inner.background.stopping();
    loop {
        if let Err(error) = app.look_at_seals().await {
            tracing::debug!(%error, "what is sealed was not looked at");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Why the people of an order are not opened, in English and in Chinese.
pub(crate) fn explain_closed(closed: &Closed) -> [String; 2] {
    match closed {
        Closed::NoKey(key) => [
            format!("sealed under key {key}, which is not here"),
            format!("由密钥 {key} 加密，该密钥不在此处"),
        ],
        Closed::Lost(key) => [
            format!("sealed under key {key}, which was given up"),
            format!("由密钥 {key} 加密，该密钥已放弃"),
        ],
        Closed::NotOurs(_) => {
            ["no key that is here opens it".to_owned(), "此处没有密钥能将其解开".to_owned()]
        }
    }
}
