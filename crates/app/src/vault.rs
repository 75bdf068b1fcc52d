//! People's data: sealed with AES-256-GCM, found by keyed hashes. Also the one place that draws randomness.
//!
//! A key file holds the sealing keys, newest last, and the search key. A sealed value names the key that
//! sealed it, so keys can be renewed without touching what is stored.

use crate::Error;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit, Nonce};
use docket_store::Sealed;
use docket_wire::{Person, person};
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

impl Vault {
    /// A vault with fresh keys that are kept nowhere: for tests and throw-away demos.
    pub fn throw_away() -> Self {
        let key = Key::<Aes256Gcm>::from(random::<32>());
        Self { seal: vec![(1, Aes256Gcm::new(&key))], search: random() }
    }

    /// Reads the key file at `path`; makes it, readable by its owner alone, where there is none.
    pub fn open(path: &Path) -> Result<(Self, Origin), VaultError> {
        let failed = |error| VaultError::File { path: path.display().to_string(), error };
        let (text, origin) = match std::fs::read_to_string(path) {
            Ok(text) => (text, Origin::Found),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let seal = vec![SealKey { id: 1, key: hex(&random::<32>()) }];
                let made = KeyFile { seal, search: hex(&random::<32>()) };
                let text = serde_json::to_string_pretty(&made).expect("a key file is plain JSON");
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).map_err(failed)?;
                }
                let open =
                    std::fs::File::options().write(true).create_new(true).mode(0o600).open(path);
                open.and_then(|mut file| {
                    file.write_all(text.as_bytes())?;
                    file.sync_all()
                })
                .map_err(failed)?;
                (text, Origin::Made)
            }
            Err(error) => return Err(failed(error)),
        };
        let malformed =
            |what: String| VaultError::Malformed { path: path.display().to_string(), what };
        let file: KeyFile =
            serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        let bad_key = || malformed("a key is 64 hexadecimal digits".to_owned());
        let seal = file.seal.into_iter().map(|SealKey { id, key }| {
            let key = Key::<Aes256Gcm>::from(unhex(&key)?);
            Some((id, Aes256Gcm::new(&key)))
        });
        let seal: Vec<_> = seal.collect::<Option<_>>().ok_or_else(bad_key)?;
        if seal.is_empty() {
            return Err(malformed("it holds no sealing key".to_owned()));
        }
        Ok((Self { seal, search: unhex(&file.search).ok_or_else(bad_key)? }, origin))
    }

    /// Seals `person`.
    pub fn seal(&self, person: &Person) -> Sealed {
        let plain = serde_json::to_vec(person).expect("a person is plain JSON");
        let (key_id, key) = self.seal.last().expect("a vault has a sealing key");
        let nonce: [u8; NONCE] = random();
        let payload = Payload { msg: &plain, aad: PURPOSE };
        let sealed = key.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.expect("a person is shorter than GCM's limit of 64 GiB");
        Sealed { key_id: *key_id, bytes: [&nonce[..], &sealed].concat() }
    }

    /// Opens what [`Vault::seal`] sealed.
    pub fn open_sealed(&self, sealed: &Sealed) -> Result<Person, Error> {
        let damaged =
            |what: &str| Error::Internal(format!("a sealed person cannot be opened: {what}"));
        let known = self.seal.iter().find(|(id, _)| *id == sealed.key_id);
        let (_, key) = known.ok_or_else(|| damaged("its key is not in the key file"))?;
        let (nonce, bytes) =
            sealed.bytes.split_at_checked(NONCE).ok_or_else(|| damaged("too short"))?;
        let nonce: [u8; NONCE] = nonce.try_into().expect("split at the length of a nonce");
        let payload = Payload { msg: bytes, aad: PURPOSE };
        let plain =
            key.decrypt(&Nonce::from(nonce), payload).map_err(|_| damaged("it was changed"))?;
        serde_json::from_slice(&plain).map_err(|error| damaged(&error.to_string()))
    }

    /// The keyed hashes a phone is found by: of its last four digits and of the whole number.
    pub fn phone(&self, normal: &str) -> Option<(i64, i64)> {
        let last4 = person::last4(normal)?;
        Some((self.last4(last4), self.keyed("phone", normal)))
    }

    /// The keyed hash of four digits.
    pub fn last4(&self, digits: &str) -> i64 {
        self.keyed("last4", digits)
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
