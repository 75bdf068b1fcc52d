//! Telephone numbers in one normal form: for search, for limits of coupons, and for what is forgotten.
//!
//! What people type holds several numbers, extensions, digits of any script, and one number in many ways: with and
//! without the code of its country and what is dialled within one. How they are hashed is the business of whoever
//! stores them. A number without the code of a country is one of mainland China where it has that form; else it may
//! be of anywhere, and is compared by its end.
//!
//! No library: the ones there are bring the number plans of all countries (megabytes, and regular expressions), and
//! none of them reads a cell with two numbers or 转801. What is needed of others are three small tables (`plan`).

mod counted;
mod former;
mod plan;
mod signs;
#[cfg(test)]
mod tests;

pub use counted::counted;
pub use former::{former, former_last4};

use plan::{MAINLAND, is_mobile};
use signs::Sign;

/// Digits that a number has at least, without what is dialled before it.
const WHOLE: usize = 7;
/// Digits by which numbers are compared of which one does not say its country.
const END: usize = 8;
/// What stands before an extension.
const EXTENSIONS: [&str; 16] = [
    "转",
    "轉",
    "分机",
    "分機",
    "内线",
    "內線",
    "内線",
    "ext",
    "ext.",
    "extn",
    "extension",
    "x",
    "#",
    "доб",
    "int",
    "poste",
];
/// Digits that an extension has at most; with more it is a number of its own.
const EXTENSION: usize = 8;

/// One telephone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telephone {
    /// The code of its country, where that was said.
    country: Option<u16>,
    /// Its digits without that code and without the zero of trunk calls. Of one that is hidden in part, what is
    /// seen, with a `*` for the rest.
    digits: String,
    kind: Kind,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A mobile of mainland China, by its form.
    Mobile,
    /// Any other whole number.
    Other,
    /// More digits than any number of its country has: it is found, but nobody can say whose it is.
    Long,
    /// Too short to be dialled from everywhere, or hidden in part.
    Part,
}

/// Every telephone number in what somebody typed, each once, in the order in which they stand there. Where there
/// is no whole one, the digits there are: of an internal number, or of one that is hidden in part.
pub fn read(text: &str) -> Vec<Telephone> {
    let mut found: Vec<Telephone> = Vec::new();
    let mut keep = |telephone: Telephone| {
        if !found.iter().any(|known| known.normal() == telephone.normal()) {
            found.push(telephone);
        }
    };
    let runs = runs(text);
    runs.iter().flat_map(Run::numbers).for_each(&mut keep);
    if found.is_empty() {
        let digits: String = runs.iter().flat_map(|run| &run.groups).map(String::as_str).collect();
        if digits.contains(|c: char| c.is_ascii_digit()) {
            found.push(Telephone { country: None, digits, kind: Kind::Part });
        }
    }
    found
}

/// The decimal digits, of whatever script, that `text` is made of; none where there is anything else.
pub fn digits(text: &str) -> Option<String> {
    let digit = |c| match Sign::of(c) {
        Sign::Digit(digit) => Some(char::from(b'0' + digit)),
        _ => None,
    };
    text.chars().map(digit).collect()
}

/// Digits that belong together, in groups as they were written.
#[derive(Debug, Default)]
struct Run {
    /// Whether a `+` stands before them.
    plus: bool,
    /// Of digits, with a `*` for those that are hidden.
    groups: Vec<String>,
}

impl Run {
    fn len(&self) -> usize {
        self.groups.iter().map(String::len).sum()
    }

    /// The numbers in it, one after another; what is too short behind one is its extension.
    fn numbers(&self) -> Vec<Telephone> {
        let text = self.groups.concat();
        if text.contains('*') {
            let seen = text.contains(|c: char| c.is_ascii_digit());
            return seen
                .then_some(Telephone { country: None, digits: text, kind: Kind::Part })
                .into_iter()
                .collect();
        }
        let mut ends = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            ends.push(ends.last().unwrap_or(&0) + group.len());
        }
        let (mut found, mut from, mut plus) = (Vec::new(), 0, self.plus);
        while text.len() - from >= WHOLE {
            let ends: Vec<usize> =
                ends.iter().filter(|end| **end > from).map(|end| end - from).collect();
            let (telephone, length) = plan::first(plus, &text[from..], &ends);
            found.extend(telephone);
            (from, plus) = (from + length, false);
        }
        found
    }
}

/// The runs of digits in `text`, extensions left out.
fn runs(text: &str) -> Vec<Run> {
    let mut reading = Reading::default();
    for c in text.chars() {
        reading.take(c);
    }
    reading.end();
    reading.runs
}

/// A text that is read sign by sign.
#[derive(Default)]
struct Reading {
    runs: Vec<Run>,
    run: Run,
    /// Whether the next digit begins a group.
    apart: bool,
    /// The word between the run before and this one.
    word: String,
}

impl Reading {
    fn take(&mut self, c: char) {
        match Sign::of(c) {
            Sign::Digit(digit) => self.push(char::from(b'0' + digit)),
            Sign::Star => self.hide(),
            Sign::Within => self.apart = true,
            Sign::Slash if self.run.len() < WHOLE => self.apart = true,
            Sign::Nothing => {}
            Sign::Plus => {
                self.end();
                self.run.plus = true;
            }
            Sign::Slash | Sign::Between => {
                self.end();
                self.word.extend(c.to_lowercase());
            }
        }
    }

    fn push(&mut self, sign: char) {
        match self.run.groups.last_mut() {
            Some(group) if !self.apart => group.push(sign),
            _ => self.run.groups.push(sign.to_string()),
        }
        self.apart = false;
    }

    fn hide(&mut self) {
        // However many digits are hidden: it is the same number that cannot be known.
        if !self.run.groups.last().is_some_and(|group| group.ends_with('*')) {
            self.apart = false;
            self.push('*');
        }
    }

    fn end(&mut self) {
        let run = std::mem::take(&mut self.run);
        self.apart = false;
        if run.groups.is_empty() {
            return;
        }
        let word = std::mem::take(&mut self.word);
        if self.runs.is_empty() || run.len() > EXTENSION || !is_extension(&word) {
            self.runs.push(run);
        }
    }
}

/// Whether `word` says that an extension follows.
fn is_extension(word: &str) -> bool {
    let word = word.trim_matches([',', ';', ':', '，', '；', '：', '、']);
    EXTENSIONS.iter().any(|known| word == *known || !known.is_ascii() && word.ends_with(known))
}

impl Telephone {
    /// The normal form: the same for every way to write the number with its country, and for a number of the
    /// mainland without it.
    pub fn normal(&self) -> String {
        match self.country {
            Some(code) if code != MAINLAND => format!("+{code}{}", self.digits),
            _ => self.digits.clone(),
        }
    }

    /// Its last four digits, if it has as many.
    pub fn last4(&self) -> Option<&str> {
        let seen = self.digits.rsplit('*').next().unwrap_or_default();
        (seen.len() >= 4).then(|| &seen[seen.len() - 4..])
    }

    /// All its digits, the code of its country among them where it was said.
    fn whole(&self) -> String {
        let code = self.country.map(|code| code.to_string()).unwrap_or_default();
        code + &self.digits
    }

    /// The last eight digits, by which it is compared with a number that does not say its country: of its own, and
    /// where these are fewer, with the code of its country too.
    fn ends(&self) -> Vec<String> {
        let end = |digits: &str| digits[digits.len().saturating_sub(END)..].to_owned();
        let mut ends = vec![end(&self.whole())];
        if self.digits.len() < END && self.country.is_some() {
            ends.push(self.digits.clone());
        }
        ends
    }

    /// The forms under which it is kept to be found: its own, and its end where it may be written without its
    /// country.
    pub fn kept_as(&self) -> Vec<String> {
        let mut forms = vec![self.normal()];
        if !matches!(self.kind, Kind::Part | Kind::Mobile) {
            forms.extend(self.ends().iter().map(|end| format!("~{end}")));
        }
        forms
    }

    /// The forms under which it is looked for: those of [`Telephone::kept_as`], and those of the same digits that
    /// were kept as a number of elsewhere. What is found by its end must still be compared: [`Telephone::is`].
    pub fn asked_as(&self) -> Vec<String> {
        let mut forms = self.kept_as();
        match self.country {
            None if self.kind == Kind::Mobile => {
                forms.extend(self.ends().iter().map(|end| format!("~{end}")));
            }
            Some(code) if code != MAINLAND => {
                let digits = format!("{code}{}", self.digits);
                if digits.len() == 11 && is_mobile(&digits) {
                    forms.push(digits);
                }
            }
            _ => {}
        }
        forms
    }

    /// Whether both may be one number: the same where both say their country; else the one that is shorter is the
    /// end of the other.
    pub fn is(&self, other: &Self) -> bool {
        let (own, theirs) = (self.normal(), other.normal());
        if own == theirs {
            return true;
        }
        if self.country.is_some() && other.country.is_some() {
            return false;
        }
        if self.is_dialled_within(other) || other.is_dialled_within(self) {
            return true;
        }
        let (own, theirs) = (self.whole(), other.whole());
        let (short, long) = if own.len() <= theirs.len() { (own, theirs) } else { (theirs, own) };
        self.kind != Kind::Part
            && other.kind != Kind::Part
            && short.len() >= WHOLE
            && long.ends_with(&short)
    }

    /// Whether it does not say its country, and is `other` as it is dialled within the country of that one: with an
    /// 8 in Russia and around it.
    fn is_dialled_within(&self, other: &Self) -> bool {
        let national = |code: u16, digits: &str| {
            plan::own_trunk(code).and_then(|trunk| self.digits.strip_prefix(trunk)) == Some(digits)
        };
        match (self.country, other.country) {
            (None, Some(code)) => national(code, &other.digits),
            // 7 is the code, where there is no sign that it is.
            (None, None) => {
                let rest = other.digits.strip_prefix('7').filter(|rest| rest.len() == 10);
                rest.is_some_and(|rest| national(7, rest))
            }
            _ => false,
        }
    }

    /// What is counted of it where a telephone's uses are limited: a mobile of the mainland as a whole, any other
    /// number by its end, so that leaving out its country or its area makes no other number of it. Nothing of a
    /// number that is not whole.
    pub fn counted_as(&self) -> Option<String> {
        match self.kind {
            Kind::Part | Kind::Long => None,
            Kind::Mobile => Some(self.digits.clone()),
            Kind::Other => self.ends().first().map(|end| format!("~{end}")),
        }
    }
}
