//! Customers' data: sealed with AES-256-GCM, found by keyed hashes. Also the one place that draws randomness.
//!
//! A sealed value names the key that sealed it, so keys can be renewed without touching what is stored. Where keys
//! are kept stands in `file`; that a database and its processes agree about them in `crate::installation`.

mod file;
mod recorded;
pub(crate) mod telephones;
mod unusable;

pub use file::{KeySource, Origin, Rotated, fresh_keys};
pub use recorded::{KeyWord, KeysError, Lack, given_up, highest_key};
pub(crate) use recorded::{lacking, missing};
pub use unusable::{Malformed, VaultError};

use crate::Error;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit, Nonce};
use docket_domain::Tree;
use docket_store::{KeyUse, RecordedKey, Sealed, SealedFor, Telephone};
use docket_wire::{Face, Person, PersonState, Telephone as Number, telephone};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What something is sealed for: bound to its ciphertext, so that it opens for nothing else.
pub(crate) mod purpose {
    /// Customers' data of an order.
    pub const CUSTOMER: &[u8] = b"docket person";
    /// The secret of a webhook.
    pub const WEBHOOK: &[u8] = b"docket webhook secret";
    /// The secrets of a marketplace shop.
    pub const CHANNEL: &[u8] = b"docket marketplace secret";
    /// A request that is decided later.
    pub const PLACEMENT: &[u8] = b"docket placement";
}

/// Bytes of a GCM nonce.
const NONCE: usize = 12;
/// Bytes of a fingerprint: enough to tell keys apart, and of 256 random bits it gives nothing away.
const FINGERPRINT: usize = 8;

/// A key that seals.
struct SealKey {
    id: u32,
    cipher: Aes256Gcm,
    fingerprint: String,
}

/// Seals, opens and hashes customers' data.
pub struct Vault {
    /// The one that seals is the last.
    seal: Vec<SealKey>,
    search: [u8; 32],
    /// Numbers of keys that were given up: what they sealed will not be opened any more.
    lost: Vec<u32>,
    /// Whether a search key was given up: telephones may be kept by hashes that lead nowhere any more.
    search_lost: bool,
}

/// Why something that is sealed is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// The key that sealed it is not here; it may be elsewhere.
    #[error("what is sealed cannot be opened: key {0} is not here")]
    NoKey(u32),
    /// The key that sealed it was given up.
    #[error("what is sealed cannot be opened: key {0} was given up")]
    Lost(u32),
    /// No key opens it: it was changed, or sealed with another key of the same number.
    #[error("what is sealed cannot be opened: no key that is here opens it ({0})")]
    NotOurs(&'static str),
}

impl Closed {
    /// As an order shows it.
    pub const fn state(&self) -> PersonState {
        match self {
            Self::NoKey(_) | Self::Lost(_) => PersonState::KeyMissing,
            Self::NotOurs(_) => PersonState::Unreadable,
        }
    }
}

impl From<Closed> for Error {
    fn from(closed: Closed) -> Self {
        Self::Sealed(closed)
    }
}

/// The people of an order, as far as they can be read here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CustomerData {
    /// There are none, or they were forgotten.
    #[default]
    None,
    /// They are known.
    Known(Person),
    /// There are some, and what is stored of them is not opened here.
    Closed(PersonState),
}

impl CustomerData {
    /// Those that can be read.
    pub const fn known(&self) -> Option<&Person> {
        match self {
            Self::Known(customer) => Some(customer),
            Self::None | Self::Closed(_) => None,
        }
    }

    /// As everyone sees them.
    pub const fn masked(&self) -> Face<'_> {
        match self {
            Self::None => Face::None,
            Self::Known(customer) => Face::Masked(customer),
            Self::Closed(state) => Face::Closed(*state),
        }
    }

    /// As who may read people sees them.
    pub const fn revealed(&self) -> Face<'_> {
        match self {
            Self::Known(customer) => Face::Revealed(customer),
            other => other.masked(),
        }
    }
}

/// Those of a placement, if it names any.
impl From<Person> for CustomerData {
    fn from(customer: Person) -> Self {
        if customer.is_empty() { Self::None } else { Self::Known(customer) }
    }
}

/// `N` random bytes from the operating system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// What names a key and leads nobody to it.
fn fingerprint(key: &[u8; 32], purpose: &str) -> String {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key);
    let mut mac = mac.expect("HMAC takes keys of any length");
    mac.update(format!("docket fingerprint: {purpose}").as_bytes());
    hex::encode(&mac.finalize().into_bytes()[..FINGERPRINT])
}

impl Vault {
    /// A vault with fresh keys that are kept nowhere: for tests and throw-away demos.
    pub fn throw_away() -> Self {
        Self::of(&[(1, random())], random())
    }

    /// One of these keys, of which the last seals.
    fn of(seal: &[(u32, [u8; 32])], search: [u8; 32]) -> Self {
        let seal = seal.iter().map(|(id, key)| SealKey {
            id: *id,
            cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)),
            fingerprint: fingerprint(key, "seal"),
        });
        Self { seal: seal.collect(), search, lost: Vec::new(), search_lost: false }
    }

    /// The fingerprints of its keys, as a database records them.
    pub fn keys(&self) -> Vec<RecordedKey> {
        let key = |used, fingerprint| RecordedKey { used, fingerprint, lost: false };
        let seal =
            self.seal.iter().map(|held| key(KeyUse::Seal(held.id), held.fingerprint.clone()));
        let search = key(KeyUse::Search, fingerprint(&self.search, "search"));
        seal.chain([search]).collect()
    }

    /// Learns from what a database records which keys were given up.
    pub fn learn_lost(&mut self, recorded: &[RecordedKey]) {
        self.lost = given_up(recorded);
        self.search_lost = recorded.iter().any(|key| key.lost && key.used == KeyUse::Search);
    }

    /// Whether a search key was given up.
    pub(crate) const fn search_lost(&self) -> bool {
        self.search_lost
    }

    /// Seals `person`.
    pub fn seal(&self, customer: &Person) -> Sealed {
        self.seal_for(
            purpose::CUSTOMER,
            &serde_json::to_vec(customer).expect("a person is plain JSON"),
        )
    }

    /// Opens what [`Vault::seal`] sealed.
    pub fn open_sealed(&self, sealed: &Sealed) -> Result<Person, Closed> {
        let plain = self.open_for(purpose::CUSTOMER, sealed)?;
        serde_json::from_slice(&plain).map_err(|_| Closed::NotOurs("it is no person"))
    }

    /// The people that were sealed, or that they are not opened here: for whoever shows an order all the same.
    pub fn customer(&self, sealed: Option<&Sealed>) -> CustomerData {
        match sealed.map(|sealed| self.open_sealed(sealed)) {
            None => CustomerData::None,
            Some(Ok(customer)) => CustomerData::Known(customer),
            Some(Err(closed)) => CustomerData::Closed(closed.state()),
        }
    }

    /// Why a sealed value of any kind is not opened here; nothing where it is.
    pub fn closed(&self, purpose: SealedFor, sealed: &Sealed) -> Option<Closed> {
        let purpose = match purpose {
            SealedFor::Customer(_) => purpose::CUSTOMER,
            SealedFor::Webhook => purpose::WEBHOOK,
            SealedFor::Channel => purpose::CHANNEL,
            SealedFor::Placement => purpose::PLACEMENT,
        };
        self.open_for(purpose, sealed).err()
    }

    /// Seals bytes for one purpose; they open for no other.
    pub(crate) fn seal_for(&self, purpose: &[u8], plain: &[u8]) -> Sealed {
        let SealKey { id, cipher, .. } = self.seal.last().expect("a vault has a sealing key");
        let nonce: [u8; NONCE] = random();
        let payload = Payload { msg: plain, aad: purpose };
        let sealed = cipher.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.expect("what is sealed is shorter than GCM's limit of 64 GiB");
        Sealed { key_id: *id, bytes: [&nonce[..], &sealed].concat() }
    }

    /// Opens what [`Vault::seal_for`] sealed. Where the key of its number does not, or is not here, the others are
    /// tried: keys of another file have a new number in ours.
    pub(crate) fn open_for(&self, purpose: &[u8], sealed: &Sealed) -> Result<Vec<u8>, Closed> {
        let damaged = Closed::NotOurs;
        let (nonce, bytes) =
            sealed.bytes.split_at_checked(NONCE).ok_or_else(|| damaged("too short"))?;
        let nonce: [u8; NONCE] = nonce.try_into().expect("split at the length of a nonce");
        let nonce = Nonce::from(nonce);
        let open =
            |key: &SealKey| key.cipher.decrypt(&nonce, Payload { msg: bytes, aad: purpose }).ok();
        let (own, others): (Vec<_>, Vec<_>) =
            self.seal.iter().partition(|key| key.id == sealed.key_id);
        if let Some(plain) = own.iter().copied().find_map(open) {
            return Ok(plain);
        }
        if let Some(plain) = others.into_iter().find_map(open) {
            return Ok(plain);
        }
        Err(match sealed.key_id {
            id if self.lost.contains(&id) => Closed::Lost(id),
            id if own.is_empty() => Closed::NoKey(id),
            _ => damaged("it was changed, or sealed with another key of its number"),
        })
    }

    /// The keyed hashes that every telephone of `person` is found by: of its last four digits and of each form
    /// that it is kept as.
    pub fn phones(&self, customer: &Person) -> Vec<(i64, i64)> {
        let hashed = |phone: &Number| self.hashed(phone, phone.kept_as());
        customer.phones().iter().flat_map(hashed).collect()
    }

    /// All by which the telephones of `person` may be found: also those of the release before, until they are made
    /// new.
    pub(crate) fn phones_gone(&self, customer: &Person) -> Vec<(i64, i64)> {
        let former = customer.phone_cells().filter_map(|cell| self.former(cell));
        self.phones(customer).into_iter().chain(former).collect()
    }

    /// The same of what is looked for: the hashes of every number in it.
    pub(crate) fn asked(&self, phone: &str) -> Vec<(i64, i64)> {
        let numbers = telephone::read(phone);
        let asked = numbers.iter().flat_map(|phone| self.hashed(phone, phone.asked_as()));
        let mut hashed: Vec<_> = asked.chain(self.former(phone)).collect();
        hashed.sort_unstable();
        hashed.dedup();
        hashed
    }

    fn hashed(&self, phone: &Number, forms: Vec<String>) -> Vec<(i64, i64)> {
        let Some(last4) = phone.last4().map(|digits| self.last4(digits)) else { return Vec::new() };
        forms.into_iter().map(|form| (last4, self.keyed("phone", &form))).collect()
    }

    fn former(&self, cell: &str) -> Option<(i64, i64)> {
        let normal = telephone::former(cell)?;
        let last4 = telephone::former_last4(&normal)?;
        Some((self.last4(last4), self.keyed("phone", &normal)))
    }

    /// The keyed hash of four digits.
    pub fn last4(&self, digits: &str) -> i64 {
        self.keyed("last4", digits)
    }

    /// The keyed hash of a telephone on one day: it leads from one day to no other.
    pub(crate) fn phone_day(&self, counted: &str, day: &str) -> i64 {
        self.keyed("phone day", &format!("{day}:{counted}"))
    }

    fn keyed(&self, purpose: &str, text: &str) -> i64 {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.search);
        let mut mac = mac.expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        mac.update(b":");
        mac.update(text.as_bytes());
        let bytes = mac.finalize().into_bytes();
        i64::from_be_bytes(bytes[..8].try_into().expect("SHA-256 has 32 bytes"))
    }
}

/// How `tree` is found by telephones whose keyed hashes are `hashed`: last four digits, whole number.
pub(crate) fn telephones(tree: &Tree, hashed: &[(i64, i64)]) -> Vec<Telephone> {
    let (tree, created_at) = (tree.id(), tree.payment.created_at);
    let of_tree = |&(last4, number): &(i64, i64)| Telephone { tree, created_at, last4, number };
    hashed.iter().map(of_tree).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_wire::Contact;

    fn somebody() -> Person {
        let buyer =
            Contact { name: Some("王小明".to_owned()), phone: Some("13800001111".to_owned()) };
        Person { buyer, ship_to: Vec::new() }
    }

    #[test]
    fn a_changed_value_is_not_opened() {
        let vault = Vault::throw_away();
        let mut sealed = vault.seal(&somebody());
        *sealed.bytes.last_mut().unwrap() ^= 1;
        assert!(vault.open_sealed(&sealed).is_err());
        sealed.bytes.truncate(3);
        assert!(vault.open_sealed(&sealed).is_err());
    }

    #[test]
    fn what_cannot_be_opened_says_why() {
        let [one, other] = [(1, random()), (2, random())];
        let both = Vault::of(&[one, other], random());
        let sealed = both.seal(&somebody());
        assert_eq!(sealed.key_id, 2);
        let mut old = Vault::of(&[one], random());
        assert_eq!(old.open_sealed(&sealed), Err(Closed::NoKey(2)));
        old.learn_lost(&[RecordedKey {
            used: KeyUse::Seal(2),
            fingerprint: String::new(),
            lost: true,
        }]);
        assert_eq!(old.open_sealed(&sealed), Err(Closed::Lost(2)));
        let same_number = Vault::of(&[(2, random())], random());
        assert!(matches!(same_number.open_sealed(&sealed), Err(Closed::NotOurs(_))));
        assert_eq!(
            same_number.customer(Some(&sealed)),
            CustomerData::Closed(PersonState::Unreadable)
        );
        // A key that came from another file has another number here.
        let adopted = Vault::of(&[(7, other.1), one], random());
        assert_eq!(adopted.customer(Some(&sealed)), CustomerData::Known(somebody()));
    }

    #[test]
    fn a_fingerprint_names_a_key_by_what_it_is_for_and_tells_nothing_of_it() {
        let key = random();
        assert_eq!(fingerprint(&key, "seal"), fingerprint(&key, "seal"));
        assert_ne!(fingerprint(&key, "seal"), fingerprint(&key, "search"));
        assert_ne!(fingerprint(&key, "seal"), fingerprint(&random(), "seal"));
        assert_eq!(fingerprint(&key, "seal").len(), 2 * FINGERPRINT);
        assert!(!hex::encode(key).contains(&fingerprint(&key, "seal")));
    }
}
