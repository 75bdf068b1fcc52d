//! How a payment misbehaves on request: words, each with a number, as in `behave: slow=200 silent`.

use crate::chance;
use std::collections::BTreeMap;
use std::fmt;

/// A way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Word {
    Slow,
    Silent,
    Duplicate,
    Late,
    WrongAmount,
    Lying,
    Forged,
    Drop,
    DropAfter,
    Error,
    Throttle,
    TryLater,
    PaidWhileClosing,
    PaidAfterClose,
    RefundFails,
    RefundSlow,
}

/// Each word, its number where none is given, and what it does with that number.
const WORDS: [(Word, &str, u64, &str); 16] = [
    (Word::Slow, "slow", 3_000, "each answer to the merchant comes N ms after it was done"),
    (Word::Silent, "silent", 0, "no callbacks"),
    (Word::Duplicate, "duplicate", 3, "each callback comes N times"),
    (Word::Late, "late", 600_000, "callbacks come N ms late"),
    (Word::WrongAmount, "wrong_amount", 1, "the payer pays N minor units less than was asked"),
    (Word::Lying, "lying", 0, "at the start a callback says paid, while a query says waiting"),
    (Word::Forged, "forged", 0, "callbacks have a wrong signature"),
    (Word::Drop, "drop", 1, "the next N requests are not heard: the connection drops"),
    (Word::DropAfter, "drop_after", 1, "the next N requests are done, then the connection drops"),
    (Word::Error, "error", 1, "the next N requests are answered 500 and not done"),
    (Word::Throttle, "throttle", 1, "the next N requests are answered 429 and not done"),
    (
        Word::TryLater,
        "try_later",
        1,
        "the next N closes are answered: the payer is paying, try later",
    ),
    (Word::PaidWhileClosing, "paid_while_closing", 0, "a close finds that the payer has just paid"),
    (
        Word::PaidAfterClose,
        "paid_after_close",
        0,
        "a close succeeds, and the money comes all the same",
    ),
    (Word::RefundFails, "refund_fails", 0, "refunds fail"),
    (Word::RefundSlow, "refund_slow", 600_000, "refunds take N ms"),
];

/// Picks one of the words by the seed and the payment's number.
const ANY: &str = "any";

/// Every word of [`Plan`], the number it has where none is given, and what it does.
pub fn words() -> impl Iterator<Item = (&'static str, u64, &'static str)> {
    WORDS.iter().map(|(_, name, number, does)| (*name, *number, *does))
}

/// How a payment behaves: some words, each with its number. Numbers of requests count down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    words: BTreeMap<Word, u64>,
    any: bool,
}

/// A word that no payment can behave by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownBehaviour(pub String);

impl fmt::Display for UnknownBehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no behaviour", self.0)
    }
}

impl std::error::Error for UnknownBehaviour {}

impl Plan {
    /// Reads words such as `slow=200 silent`, with blanks or commas between them.
    pub fn read(text: &str) -> Result<Self, UnknownBehaviour> {
        let mut plan = Self::default();
        let split = |c: char| c.is_whitespace() || c == ',';
        for part in text.split(split).filter(|part| !part.is_empty()) {
            let unknown = || UnknownBehaviour(part.to_owned());
            if part == ANY {
                plan.any = true;
                continue;
            }
            let (name, number) = match part.split_once('=') {
                Some((name, number)) => (name, Some(number.parse().map_err(|_| unknown())?)),
                None => (part, None),
            };
            let entry = WORDS.iter().find(|(_, known, ..)| *known == name);
            let (word, _, usual, _) = entry.ok_or_else(unknown)?;
            plan.words.insert(*word, number.unwrap_or(*usual));
        }
        Ok(plan)
    }

    /// Reads what stands behind `behave:` in the title of a payment; without it nothing.
    pub(super) fn of_title(title: &str) -> Result<Self, UnknownBehaviour> {
        title
            .split_once("behave:")
            .map_or_else(|| Ok(Self::default()), |(_, text)| Self::read(text))
    }

    /// The plan of one payment: these words, then those of `title` over them, `any` resolved.
    pub(super) fn over(&self, title: Self, seed: u64, payment_id: &str) -> Self {
        let mut words = self.words.clone();
        if self.any || title.any {
            let at = chance::number(seed, ANY, payment_id) % WORDS.len() as u64;
            let (word, _, usual, _) = WORDS[at as usize];
            words.insert(word, usual);
        }
        words.extend(title.words);
        Self { words, any: false }
    }

    /// The number of a word, if it is in the plan.
    pub(super) fn has(&self, word: Word) -> Option<u64> {
        self.words.get(&word).copied()
    }

    /// Uses up one of the requests that a word is for; false where none is left.
    pub(super) fn takes(&mut self, word: Word) -> bool {
        let Some(left) = self.words.get_mut(&word).filter(|left| **left > 0) else { return false };
        *left -= 1;
        true
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name =
            |word: Word| WORDS.iter().find(|(known, ..)| *known == word).map(|(_, name, ..)| name);
        let mut parts: Vec<String> = self
            .words
            .iter()
            .filter_map(|(&word, left)| Some(format!("{}={left}", name(word)?)))
            .collect();
        parts.extend(self.any.then(|| ANY.to_owned()));
        f.write_str(&parts.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_with_and_without_numbers() {
        let plan = Plan::of_title("Tea, behave: slow=20, silent").unwrap();
        assert_eq!(plan.to_string(), "slow=20 silent=0");
        assert_eq!(Plan::of_title("Tea").unwrap(), Plan::default());
        for wrong in ["sluggish", "slow=", "slow=-1", "slow=soon"] {
            assert_eq!(Plan::read(wrong), Err(UnknownBehaviour(wrong.to_owned())));
        }
    }

    #[test]
    fn a_request_uses_up_one_of_its_word() {
        let mut plan = Plan::read("error=2").unwrap();
        assert_eq!([(); 3].map(|()| plan.takes(Word::Error)), [true, true, false]);
        assert!(!plan.takes(Word::Drop));
    }

    #[test]
    fn any_is_the_same_word_for_the_same_seed_and_payment() {
        let usual = Plan::read("any").unwrap();
        let pick = |n: u32| usual.over(Plan::default(), 7, &n.to_string()).to_string();
        let picks: Vec<String> = (0..50).map(pick).collect();
        assert_eq!(picks, (0..50).map(pick).collect::<Vec<_>>());
        let distinct: std::collections::BTreeSet<&String> = picks.iter().collect();
        assert!(distinct.len() > WORDS.len() / 2, "{distinct:?}");
    }
}
