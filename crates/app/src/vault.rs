//! People's data: sealed with AES-256-GCM, found by keyed hashes. Also the one place that draws randomness.
//!
//! A key file holds the sealing keys, newest last, and the search key. A sealed value names the key that
//! sealed it, so keys can be renewed without touching what is stored.

use crate::Error;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit, Nonce};
use docket_domain::Tree;
use docket_store::{Sealed, Telephone};
use docket_wire::{Person, Telephone as Number, telephone};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Bytes of a GCM nonce.
const NONCE: usize = 12;
/// Binds a ciphertext to its use.
const PURPOSE: &[u8] = b"docket person";

/// The keys, as the key file has them.
#[derive(Serialize, Deserialize)]
struct KeyFile {
    /// Hex, by key id.
    seal: Vec<SealKey>,
    /// Hex.
    search: String,
}

#[derive(Serialize, Deserialize)]
struct SealKey {
    id: u32,
    key: String,
}

/// Seals, opens and hashes people's data.
pub struct Vault {
    /// Newest last.
    seal: Vec<(u32, Aes256Gcm)>,
    search: [u8; 32],
}

/// Where the keys came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The file was there.
    Found,
    /// It was made now.
    Made,
}

/// Why the key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Reading or writing failed.
    #[error("{path}: {error}")]
    File {
        /// The key file.
        path: String,
        /// What happened.
        error: std::io::Error,
    },
    /// It is no key file of ours.
    #[error("{path} is not a key file: {what}")]
    Malformed {
        /// The key file.
        path: String,
        /// What is wrong.
        what: String,
    },
}

/// `N` random bytes from the operating system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

fn malformed(path: &Path, what: &dyn std::fmt::Display) -> VaultError {
    VaultError::Malformed { path: path.display().to_string(), what: what.to_string() }
}

/// The key file at `path`, if there is one.
fn read(path: &Path) -> Result<Option<KeyFile>, VaultError> {
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| malformed(path, &error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(VaultError::File { path: path.display().to_string(), error }),
    }
}

/// Writes a key file that is not there yet, readable by its owner alone, and waits until it is on disk.
fn write(path: &Path, file: &KeyFile) -> std::io::Result<()> {
    let text = serde_json::to_string_pretty(file).expect("a key file is plain JSON");
    let mut open = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()
}

impl Vault {
    /// A vault with fresh keys that are kept nowhere: for tests and throw-away demos.
    pub fn throw_away() -> Self {
        let key = Key::<Aes256Gcm>::from(random::<32>());
        Self { seal: vec![(1, Aes256Gcm::new(&key))], search: random() }
    }

    /// Reads the key file at `path`; makes it, readable by its owner alone, where there is none.
    pub fn open(path: &Path) -> Result<(Self, Origin), VaultError> {
        let failed = |error| VaultError::File { path: path.display().to_string(), error };
        let (file, origin) = if let Some(file) = read(path)? {
            (file, Origin::Found)
        } else {
            let seal = vec![SealKey { id: 1, key: hex(&random::<32>()) }];
            let made = KeyFile { seal, search: hex(&random::<32>()) };
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(failed)?;
            }
            write(path, &made).map_err(failed)?;
            (made, Origin::Made)
        };
        let bad_key = || malformed(path, &"a key is 64 hexadecimal digits");
        let seal = file.seal.into_iter().map(|SealKey { id, key }| {
            let key = Key::<Aes256Gcm>::from(unhex(&key)?);
            Some((id, Aes256Gcm::new(&key)))
        });
        let seal: Vec<_> = seal.collect::<Option<_>>().ok_or_else(bad_key)?;
        if seal.is_empty() {
            return Err(malformed(path, &"it holds no sealing key"));
        }
        Ok((Self { seal, search: unhex(&file.search).ok_or_else(bad_key)? }, origin))
    }

    /// Adds a new sealing key to the key file at `path` and answers its number. The old keys stay: what they
    /// sealed names them. Who has the file open goes on with the keys it read.
    pub fn rotate(path: &Path) -> Result<u32, VaultError> {
        // Opened first, so that a file that cannot be used is not made worse.
        Self::open(path)?;
        let failed = |error| VaultError::File { path: path.display().to_string(), error };
        let mut file = read(path)?.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
        let id = file.seal.iter().map(|key| key.id).max().unwrap_or(0) + 1;
        file.seal.push(SealKey { id, key: hex(&random::<32>()) });
        let fresh = path.with_extension("new");
        write(&fresh, &file).and_then(|()| std::fs::rename(&fresh, path)).map_err(failed)?;
        Ok(id)
    }

    /// Seals `person`.
    pub fn seal(&self, person: &Person) -> Sealed {
        self.seal_for(PURPOSE, &serde_json::to_vec(person).expect("a person is plain JSON"))
    }

    /// Opens what [`Vault::seal`] sealed.
    pub fn open_sealed(&self, sealed: &Sealed) -> Result<Person, Error> {
        let plain = self.open_for(PURPOSE, sealed)?;
        serde_json::from_slice(&plain)
            .map_err(|error| Error::Internal(format!("a sealed person cannot be read: {error}")))
    }

    /// Seals bytes for one purpose; they open for no other.
    pub(crate) fn seal_for(&self, purpose: &[u8], plain: &[u8]) -> Sealed {
        let (key_id, key) = self.seal.last().expect("a vault has a sealing key");
        let nonce: [u8; NONCE] = random();
        let payload = Payload { msg: plain, aad: purpose };
        let sealed = key.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.expect("what is sealed is shorter than GCM's limit of 64 GiB");
        Sealed { key_id: *key_id, bytes: [&nonce[..], &sealed].concat() }
    }

    /// Opens what [`Vault::seal_for`] sealed.
    pub(crate) fn open_for(&self, purpose: &[u8], sealed: &Sealed) -> Result<Vec<u8>, Error> {
        let damaged =
            |what: &str| Error::Internal(format!("what is sealed cannot be opened: {what}"));
        let known = self.seal.iter().find(|(id, _)| *id == sealed.key_id);
        let (_, key) = known.ok_or_else(|| damaged("its key is not in the key file"))?;
        let (nonce, bytes) =
            sealed.bytes.split_at_checked(NONCE).ok_or_else(|| damaged("too short"))?;
        let nonce: [u8; NONCE] = nonce.try_into().expect("split at the length of a nonce");
        let payload = Payload { msg: bytes, aad: purpose };
        key.decrypt(&Nonce::from(nonce), payload).map_err(|_| damaged("it was changed"))
    }

    /// The keyed hashes that every telephone of `person` is found by: of its last four digits and of each form
    /// that it is kept as.
    pub fn phones(&self, person: &Person) -> Vec<(i64, i64)> {
        let hashed = |phone: &Number| self.hashed(phone, phone.kept_as());
        person.phones().iter().flat_map(hashed).collect()
    }

    /// All by which the telephones of `person` may be found: also those of the release before, until they are made
    /// new.
    pub(crate) fn phones_gone(&self, person: &Person) -> Vec<(i64, i64)> {
        let former = person.phone_cells().filter_map(|cell| self.former(cell));
        self.phones(person).into_iter().chain(former).collect()
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
    use std::os::unix::fs::PermissionsExt;

    fn somebody() -> Person {
        let buyer =
            Contact { name: Some("王小明".to_owned()), phone: Some("13800001111".to_owned()) };
        Person { buyer, ship_to: Vec::new() }
    }

    #[test]
    fn what_was_sealed_before_a_rotation_is_opened_after_it_and_still_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docket.keys");
        let (before, origin) = Vault::open(&path).unwrap();
        assert_eq!(origin, Origin::Made);
        let old = before.seal(&somebody());
        assert_eq!(Vault::rotate(&path).unwrap(), 2);
        let (after, origin) = Vault::open(&path).unwrap();
        assert_eq!(origin, Origin::Found);
        assert_eq!(after.open_sealed(&old).unwrap(), somebody());
        let new = after.seal(&somebody());
        assert_eq!((old.key_id, new.key_id), (1, 2));
        assert_eq!(before.phones(&somebody()), after.phones(&somebody()));
        assert!(before.open_sealed(&new).is_err(), "an older process does not have the new key");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
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
    fn a_damaged_key_file_is_told_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docket.keys");
        for text in [
            "",
            "{}",
            r#"{"seal":[],"search":""}"#,
            r#"{"seal":[{"id":1,"key":"x"}],"search":"y"}"#,
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(Vault::open(&path), Err(VaultError::Malformed { .. })), "{text}");
            assert!(Vault::rotate(&path).is_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
