//! Where keys are kept: a file for its owner alone, or a text that was given (a secret of a container). Both are the
//! same JSON: the sealing keys, the one that seals last, and the search key.

use super::recorded::{KeysError, highest_key, lacking};
use super::{Malformed, Vault, VaultError, fingerprint, random};
use docket_store::{KeyUse, RecordedKey, private};
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The keys, as the key file has them.
#[derive(Serialize, Deserialize)]
struct KeyFile {
    /// Hex, by key id.
    seal: Vec<SealKey>,
    /// Hex.
    search: String,
}

#[derive(Serialize, Deserialize, Clone)]
struct SealKey {
    id: u32,
    key: String,
}

/// Where the keys came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// They were there.
    Found,
    /// They were made now.
    Made,
}

/// Where keys are kept.
#[derive(Clone)]
pub enum KeySource {
    /// In this file, which is made where no database records keys.
    File(PathBuf),
    /// They were given; the second says by what.
    Text(String, String),
}

/// What a rotation made.
#[derive(Debug)]
pub struct Rotated {
    /// The number of the new key.
    pub id: u32,
    /// The keys with it, as a text to give; none where they stand in a file of ours.
    pub text: Option<String>,
}

/// A key is 64 hexadecimal digits.
fn read_key(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).ok()?;
    Some(key)
}

impl KeyFile {
    /// Fresh keys, of which the one that seals has this number.
    fn fresh(id: u32) -> Self {
        let seal = vec![SealKey { id, key: hex::encode(random::<32>()) }];
        Self { seal, search: hex::encode(random::<32>()) }
    }

    /// In one line, as environments and secrets take it.
    fn text(&self) -> String {
        serde_json::to_string(self).expect("a key file is plain JSON")
    }

    /// The vault of these keys, or what is wrong with them.
    fn vault(&self) -> Result<Vault, Malformed> {
        let seal = self.seal.iter().map(|SealKey { id, key }| Some((*id, read_key(key)?)));
        let seal: Vec<_> = seal.collect::<Option<_>>().ok_or(Malformed::BadKey)?;
        if seal.is_empty() {
            return Err(Malformed::NoSealKey);
        }
        Ok(Vault::of(&seal, read_key(&self.search).ok_or(Malformed::BadKey)?))
    }

    /// The number under which `key` is taken in: that which it is recorded with, else `wanted`, where no other key
    /// has it.
    fn number_of(&self, key: &str, wanted: Option<u32>, recorded: &[RecordedKey]) -> u32 {
        let print = read_key(key).map(|key| fingerprint(&key, "seal"));
        let its_own = |known: &&RecordedKey| Some(&known.fingerprint) == print.as_ref();
        let number = |known: &RecordedKey| match known.used {
            KeyUse::Seal(id) => Some(id),
            KeyUse::Search => None,
        };
        let others = recorded.iter().filter(|known| !its_own(known)).filter_map(number);
        let others: Vec<_> = others.chain(self.seal.iter().map(|held| held.id)).collect();
        let before = recorded.iter().find(its_own).and_then(number);
        let free = before.or(wanted).filter(|id| !others.contains(id));
        free.unwrap_or_else(|| self.free_number(highest_key(recorded)))
    }

    /// A number that no key of this file, and none that `database` records, has.
    fn free_number(&self, above: u32) -> u32 {
        self.seal.iter().map(|key| key.id).max().unwrap_or(0).max(above) + 1
    }
}

/// Fresh keys as a text to give to every process of a center that has none yet.
pub fn fresh_keys() -> String {
    KeyFile::fresh(1).text()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Writes a file of keys that is not there yet, for its owner alone, and waits until it is on disk.
fn write(path: &Path, keys: &KeyFile) -> std::io::Result<()> {
    let mut file = private::new_file(path)?;
    file.write_all(keys.text().as_bytes())?;
    file.sync_all()
}

/// The ending of keys that were made and are not known to be recorded yet.
const NEW: &str = ".new";

impl KeySource {
    /// As people know it.
    pub fn named(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Text(_, by) => by.clone(),
        }
    }

    fn malformed(&self, what: Malformed) -> VaultError {
        VaultError::Malformed { path: self.named(), what }
    }

    fn failed(&self, error: std::io::Error) -> VaultError {
        VaultError::File { path: self.named(), error }
    }

    fn read_at(&self, path: &Path) -> Result<Option<KeyFile>, VaultError> {
        match std::fs::read_to_string(path) {
            Ok(text) => self.parse(&text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn parse(&self, text: &str) -> Result<KeyFile, VaultError> {
        let empty = text.trim().is_empty();
        let what = if empty { Malformed::Empty } else { Malformed::NotJson };
        serde_json::from_str(text).map_err(|_| self.malformed(what))
    }

    fn keys(&self) -> Result<Option<KeyFile>, VaultError> {
        match self {
            Self::File(path) => self.read_at(path),
            Self::Text(text, _) => self.parse(text).map(Some),
        }
    }

    fn vault(&self, keys: &KeyFile) -> Result<Vault, VaultError> {
        keys.vault().map_err(|what| self.malformed(what))
    }

    /// The keys that are there, if any are.
    pub fn read(&self) -> Result<Option<Vault>, VaultError> {
        self.keys()?.map(|keys| self.vault(&keys)).transpose()
    }

    /// Keys that a process made here and then died, before they got their place.
    fn read_new(&self) -> Result<Option<Vault>, VaultError> {
        let Self::File(path) = self else { return Ok(None) };
        self.read_at(&beside(path, NEW))?.map(|keys| self.vault(&keys)).transpose()
    }

    /// Makes keys, of which the one that seals has a number above `above`, under another name than theirs: they get
    /// it by [`KeySource::keep_new`], once the database records them. Of two processes at one moment both get the
    /// same.
    pub(crate) fn make_new(&self, above: u32) -> Result<Vault, VaultError> {
        let Self::File(path) = self else { return Err(self.malformed(Malformed::Empty)) };
        if let Some(folder) = path.parent() {
            private::folder(folder).map_err(|error| self.failed(error))?;
        }
        // Whole before it has a name that another process looks for.
        let own = beside(path, &format!(".{}-{}", std::process::id(), hex::encode(random::<4>())));
        let made = write(&own, &KeyFile::fresh(above + 1));
        let made = made.and_then(|()| match std::fs::hard_link(&own, beside(path, NEW)) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            linked => linked.map(|()| true),
        });
        let _ = std::fs::remove_file(&own);
        let ours = made.map_err(|error| self.failed(error))?;
        // Another process may have given its keys their place before ours were named.
        let (new, kept) = (self.read_new()?, self.read()?);
        if ours && kept.is_some() {
            self.drop_new();
        }
        kept.or(new).ok_or_else(|| self.failed(std::io::ErrorKind::NotFound.into()))
    }

    /// The keys that are there by now, or those that a process made and has not given their place.
    pub(crate) fn read_late(&self) -> Result<Option<Vault>, VaultError> {
        // In this order: what is new is of use as long as nothing has the place.
        let new = self.read_new()?;
        Ok(self.read()?.or(new))
    }

    /// Gives keys that were made their place, unless others have it: those stay, whoever comes when.
    pub(crate) fn keep_new(&self) -> Result<(), VaultError> {
        let Self::File(path) = self else { return Ok(()) };
        let kept = match std::fs::hard_link(beside(path, NEW), path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            // Another process was sooner.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && path.exists() => Ok(()),
            kept => kept,
        };
        kept.map_err(|error| self.failed(error))?;
        self.drop_new();
        if let Some(folder) = path.parent().filter(|path| !path.as_os_str().is_empty()) {
            // The name is on disk too, where folders can be waited for.
            let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }

    /// Takes keys away that were made and are of no use.
    pub(crate) fn drop_new(&self) {
        if let Self::File(path) = self {
            let _ = std::fs::remove_file(beside(path, NEW));
        }
    }

    fn put(&self, keys: &KeyFile) -> Result<Option<String>, VaultError> {
        // What cannot be used is not put in the place of what can.
        self.vault(keys)?;
        let Self::File(path) = self else { return Ok(Some(keys.text())) };
        let fresh = beside(path, ".next");
        let _ = std::fs::remove_file(&fresh);
        let put = write(&fresh, keys).and_then(|()| std::fs::rename(&fresh, path));
        put.map(|()| None).map_err(|error| self.failed(error))
    }

    /// Adds a new sealing key, numbered above `above`. The old keys stay: what they sealed names them. Who has the
    /// keys already goes on with those it read.
    pub fn rotate(&self, above: u32) -> Result<Rotated, VaultError> {
        let none = || self.failed(std::io::ErrorKind::NotFound.into());
        let mut keys = self.keys()?.ok_or_else(none)?;
        self.vault(&keys)?;
        let id = keys.free_number(above);
        keys.seal.push(SealKey { id, key: hex::encode(random::<32>()) });
        Ok(Rotated { id, text: self.put(&keys)? })
    }

    /// Takes in the sealing keys of `other`: what they sealed can be opened, and nothing is sealed with them. One that
    /// is `recorded` gets its number back. Where there are no keys yet, those of `other` become the keys, if they have
    /// all that are recorded and were not given up. Answers the numbers of those taken in; none where all are here.
    pub fn adopt(
        &self,
        other: &Self,
        recorded: &[RecordedKey],
    ) -> Result<(Vec<u32>, Option<String>), KeysError> {
        let none = || other.failed(std::io::ErrorKind::NotFound.into());
        let theirs = other.keys()?.ok_or_else(none)?;
        other.vault(&theirs)?;
        let found = self.keys()?;
        let first = found.is_none();
        let mut keys =
            found.unwrap_or_else(|| KeyFile { seal: Vec::new(), search: theirs.search.clone() });
        let mut taken = Vec::new();
        for SealKey { id, key } in theirs.seal {
            if keys.seal.iter().any(|ours| ours.key == key) {
                continue;
            }
            let id = keys.number_of(&key, first.then_some(id), recorded);
            taken.push(id);
            // The one that seals stays the last.
            let at = if first { keys.seal.len() } else { taken.len() - 1 };
            keys.seal.insert(at, SealKey { id, key });
        }
        let held = self.vault(&keys)?.keys();
        if first && let Some(error) = lacking(other, recorded, Some(held)) {
            return Err(error);
        }
        if first
            && let Self::File(path) = self
            && let Some(folder) = path.parent()
        {
            private::folder(folder).map_err(|error| self.failed(error))?;
        }
        let text = if taken.is_empty() { None } else { self.put(&keys)? };
        Ok((taken, text))
    }
}

#[cfg(test)]
mod tests;
