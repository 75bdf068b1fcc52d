//! The keys that a database records, beside those that are held: which are missing, and how that may have come.

use super::{KeySource, VaultError};
use docket_store::{KeyUse, RecordedKey};

/// Why keys are not those of a database.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// They cannot be read.
    #[error(transparent)]
    Unreadable(#[from] VaultError),
    /// The database records a key that is not among them.
    #[error("{place} lacks key {} of this database (fingerprint {})", .missing.used.word(), .missing.fingerprint)]
    Lacking {
        /// Where keys are kept.
        place: String,
        /// The key that is not there.
        missing: RecordedKey,
        /// Those that are there; none where there is no file.
        held: Option<Vec<RecordedKey>>,
        /// How it may have come to that.
        lack: Lack,
    },
    /// The database records no key, and what is sealed in it is not opened by these.
    #[error("{place} does not open what key {key} sealed in this database")]
    Unproven {
        /// Where keys are kept.
        place: String,
        /// The number of the key that sealed it.
        key: u32,
        /// Whether there are keys at all.
        found: bool,
    },
}

/// How it may have come that keys are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// All but newer ones are there: they were added elsewhere.
    Older,
    /// Those that are there were given up, and others are used since.
    GivenUp,
    /// They are others, or none.
    Others,
}

/// How a key is named in messages: its number, or `search`.
pub trait KeyWord {
    /// The word.
    fn word(&self) -> String;
}

impl KeyWord for KeyUse {
    fn word(&self) -> String {
        match self {
            Self::Seal(id) => id.to_string(),
            Self::Search => "search".to_owned(),
        }
    }
}

/// Whether `held` has the key that is `recorded`.
fn has(held: &[RecordedKey], recorded: &RecordedKey) -> bool {
    held.iter().any(|key| key.used == recorded.used && key.fingerprint == recorded.fingerprint)
}

/// Those of `recorded` that are neither given up nor among `held`.
pub(crate) fn missing<'a>(
    recorded: &'a [RecordedKey],
    held: &[RecordedKey],
) -> impl Iterator<Item = &'a RecordedKey> {
    recorded.iter().filter(|key| !key.lost).filter(|key| !has(held, key))
}

/// What is wrong where `held`, the keys of `place`, have not all that are recorded and were not given up.
pub(crate) fn lacking(
    place: &KeySource,
    recorded: &[RecordedKey],
    held: Option<Vec<RecordedKey>>,
) -> Option<KeysError> {
    let have = held.as_deref().unwrap_or_default();
    let absent: Vec<_> = missing(recorded, have).collect();
    let first = *absent.first()?;
    let newest = highest_key(have);
    // Keys are added and stay: who has the search key and lacks newer ones has an older file.
    let newer = |key: &&RecordedKey| matches!(key.used, KeyUse::Seal(id) if id > newest);
    let given_up =
        |key: &RecordedKey| key.lost && have.iter().any(|held| held.fingerprint == key.fingerprint);
    let lack = if !have.is_empty() && absent.iter().all(newer) {
        Lack::Older
    } else if recorded.iter().any(given_up) {
        Lack::GivenUp
    } else {
        Lack::Others
    };
    Some(KeysError::Lacking { place: place.named(), missing: first.clone(), held, lack })
}

/// The highest number that a recorded key has.
pub fn highest_key(recorded: &[RecordedKey]) -> u32 {
    let numbers = recorded.iter().filter_map(|key| match key.used {
        KeyUse::Seal(id) => Some(id),
        KeyUse::Search => None,
    });
    numbers.max().unwrap_or(0)
}

/// The numbers of keys that were given up.
pub fn given_up(recorded: &[RecordedKey]) -> Vec<u32> {
    let lost = recorded.iter().filter(|key| key.lost).filter_map(|key| match key.used {
        KeyUse::Seal(id) => Some(id),
        KeyUse::Search => None,
    });
    lost.collect()
}
