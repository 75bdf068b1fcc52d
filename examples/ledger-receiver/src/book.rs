//! The book: each effect once, by its key, in a file that only grows.
//!
//! One line is one effect. It is on disk before anybody hears that it was kept. A line that a crash cut short
//! was never acknowledged; it is taken out when the book is opened again, and its message comes again.

use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// How many effects of a message were new, and how many were there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeptEffects {
    /// Kept now.
    pub new: usize,
    /// Kept before.
    pub known: usize,
}

/// Every effect that was ever taken.
#[derive(Debug)]
pub struct EffectBook {
    file: File,
    keys: HashSet<String>,
    /// By ledger and owner: what was granted, less what was taken.
    sums: BTreeMap<(String, String), i64>,
}

impl EffectBook {
    /// Opens the book at `path`, or begins one.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;
        let mut book = Self { file, keys: HashSet::new(), sums: BTreeMap::new() };
        for line in text[..whole].lines() {
            let effect: Value = serde_json::from_str(line)?;
            book.count(&effect);
        }
        Ok(book)
    }

    /// Keeps those of `effects` that are new, all of them or none; each must have a `key`.
    pub fn keep(&mut self, effects: &[Value]) -> io::Result<KeptEffects> {
        let mut lines = String::new();
        let mut new: Vec<&Value> = Vec::new();
        for effect in effects {
            let key = key_of(effect);
            if !self.keys.contains(key) && !new.iter().any(|other| key_of(other) == key) {
                lines.push_str(&effect.to_string());
                lines.push('\n');
                new.push(effect);
            }
        }
        if !new.is_empty() {
            self.file.write_all(lines.as_bytes())?;
            self.file.sync_data()?;
        }
        for effect in &new {
            self.count(effect);
        }
        Ok(KeptEffects { new: new.len(), known: effects.len() - new.len() })
    }

    /// By ledger and owner.
    pub fn sums(&self) -> impl Iterator<Item = (&str, &str, i64)> {
        self.sums.iter().map(|((ledger, owner), sum)| (ledger.as_str(), owner.as_str(), *sum))
    }

    fn count(&mut self, effect: &Value) {
        self.keys.insert(key_of(effect).to_owned());
        let amount = effect["amount"].as_i64().unwrap_or(0);
        let signed = match effect["kind"].as_str() {
            Some("deduct" | "reverse" | "redeem") => -amount,
            _ => amount,
        };
        let word = |name: &str| effect[name].as_str().unwrap_or("-").to_owned();
        *self.sums.entry((word("ledger"), word("owner"))).or_default() += signed;
    }
}

fn key_of(effect: &Value) -> &str {
    effect["key"].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn effect(key: &str, kind: &str, amount: i64) -> Value {
        json!({"key": key, "ledger": "points", "kind": kind, "owner": "b", "amount": amount})
    }

    fn sum(book: &EffectBook) -> i64 {
        book.sums().map(|(.., sum)| sum).sum()
    }

    #[test]
    fn an_effect_is_kept_once_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book");
        let mut book = EffectBook::open(&path).unwrap();
        let both = [effect("1:grant", "grant", 9), effect("1:reverse:2", "reverse", 4)];
        assert_eq!(book.keep(&both).unwrap(), KeptEffects { new: 2, known: 0 });
        assert_eq!(book.keep(&both).unwrap(), KeptEffects { new: 0, known: 2 });
        let twice = [both[0].clone(), effect("3:grant", "grant", 1), effect("3:grant", "grant", 1)];
        drop(book);
        let mut book = EffectBook::open(&path).unwrap();
        assert_eq!(book.keep(&twice).unwrap(), KeptEffects { new: 1, known: 2 });
        assert_eq!(sum(&book), 6);
    }

    #[test]
    fn a_line_that_a_crash_cut_short_was_never_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book");
        EffectBook::open(&path).unwrap().keep(&[effect("1:grant", "grant", 9)]).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"key\": \"2:gra").unwrap();
        let mut book = EffectBook::open(&path).unwrap();
        assert_eq!(
            book.keep(&[effect("2:grant", "grant", 1)]).unwrap(),
            KeptEffects { new: 1, known: 0 }
        );
        assert_eq!(sum(&EffectBook::open(&path).unwrap()), 10);
    }
}
