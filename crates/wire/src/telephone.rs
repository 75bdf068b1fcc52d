//! Telephone numbers in one normal form: for search, for limits of coupons, and for what is forgotten.
//!
//! What people type holds several numbers, extensions, digits of any script, and one number in many ways: with and
//! without the code of its country and the zero that is dialled within one. Here it is read into numbers; how they
//! are hashed is the business of whoever stores them. A number without the code of a country is one of mainland
//! China where it has that form; else it may be of anywhere, and is compared by its end.
//!
//! No library: the ones there are bring the number plans of all countries (megabytes, and a regular expression
//! engine) to validate and to format, and none of them reads a cell with two numbers or 转801. What is needed of
//! other countries is where their code ends, which is a rule of three lines.

mod former;
mod plan;
mod signs;

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
    /// Whether it was said, or is certain by its form, that it is of the mainland.
    fn is_mainland(&self) -> bool {
        self.kind == Kind::Mobile || self.country == Some(MAINLAND)
    }

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

    /// Its last eight digits, by which it is compared with a number that does not say its country.
    fn end(&self) -> &str {
        &self.digits[self.digits.len().saturating_sub(END)..]
    }

    /// The forms under which it is kept to be found: its own, and its end where it may be written without its
    /// country.
    pub fn kept_as(&self) -> Vec<String> {
        let mut forms = vec![self.normal()];
        if self.kind != Kind::Part && !self.is_mainland() {
            forms.push(format!("~{}", self.end()));
        }
        forms
    }

    /// The forms under which it is looked for: those of [`Telephone::kept_as`], and those of the same digits that
    /// were kept as a number of elsewhere. What is found by its end must still be compared: [`Telephone::is`].
    pub fn asked_as(&self) -> Vec<String> {
        let mut forms = self.kept_as();
        match self.country {
            None if self.kind == Kind::Mobile => forms.push(format!("~{}", self.end())),
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
        let whole = |one: &Self| match one.country {
            Some(code) => format!("{code}{}", one.digits),
            None => one.digits.clone(),
        };
        let (own, theirs) = (whole(self), whole(other));
        let (short, long) = if own.len() <= theirs.len() { (own, theirs) } else { (theirs, own) };
        self.kind != Kind::Part
            && other.kind != Kind::Part
            && short.len() >= WHOLE
            && long.ends_with(&short)
    }

    /// What is counted of it where a telephone's uses are limited: a mobile of the mainland as a whole, any other
    /// number by its end, so that leaving out its country or its area makes no other number of it. Nothing of a
    /// number that is not whole.
    pub fn counted_as(&self) -> Option<String> {
        match self.kind {
            Kind::Part => None,
            Kind::Mobile => Some(self.digits.clone()),
            Kind::Other => Some(format!("~{}", self.end())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normals(text: &str) -> Vec<String> {
        read(text).iter().map(Telephone::normal).collect()
    }

    /// Whether what was kept of `stored` is found by what is looked for of `asked`.
    fn finds(stored: &str, asked: &str) -> bool {
        let (stored, asked) = (read(stored), read(asked));
        let meets = |one: &Telephone, other: &Telephone| {
            let kept = one.kept_as();
            other.asked_as().iter().any(|form| kept.contains(form)) && one.is(other)
        };
        stored.iter().any(|one| asked.iter().any(|other| meets(one, other)))
    }

    #[test]
    fn a_number_is_found_however_it_is_written() {
        for (stored, asked) in [
            ("010-88886666", "+86 10 88886666"),
            ("+86 10 8888 7777", "010-88887777"),
            ("+86 (0)10 8888 7777", "010 8888 7777"),
            ("86-010-88887777", "01088887777"),
            ("0571 8765432", "+865718765432"),
            ("13800007777转801", "13800007777"),
            ("13800007777", "13800007777 ext. 12"),
            ("13800001111/13900002222", "13900002222"),
            ("13800001111 13900002222", "13800001111"),
            ("13800001111、13900002222", "13900002222"),
            ("1380000111113900002222", "13900002222"),
            ("+852 9123 4567", "91234567"),
            ("+852 9123 4567", "852 9123 4567"),
            ("85291234567", "+852 9123 4567"),
            ("+1 (415) 555-0132", "4155550132"),
            ("+1 (415) 555-0132", "14155550132"),
            ("(415) 555-0132", "+1 415 555 0132"),
            ("13105550132", "+1 310 555 0132"),
            ("+1 310 555 0132", "13105550132"),
            ("+886 912 345 678", "0912345678"),
            ("0912-345-678", "+886912345678"),
            ("+44 (0)20 7946 0000", "020 7946 0000"),
            ("020 7946 0000", "0044 20 7946 0000"),
            ("+82 10-1234-5678", "010-1234-5678"),
            ("+39 06 1234 5678", "06 1234 5678"),
            ("٠٥٥٥١٢٣٤٥٦", "0555123456"),
            ("۰۹۱۲۳۴۵۶۷۸۹", "+98 912 345 6789"),
            ("１３８００００７７７７", "+86 138-0000-7777"),
            ("\u{202d}13800007777\u{202c}", "13800007777"),
            ("电话：010-88886666，手机：13800007777", "13800007777"),
            ("4001234567转8", "400-123-4567"),
            ("88886666-8001", "88886666"),
        ] {
            assert!(
                finds(stored, asked),
                "{stored} by {asked}: {:?} {:?}",
                read(stored),
                read(asked)
            );
            assert!(finds(asked, stored) || read(stored).len() > 1, "{asked} by {stored}");
        }
    }

    #[test]
    fn another_number_is_not_found() {
        for (stored, asked) in [
            ("13800007777", "13800007778"),
            ("13800007777", "13900007777"),
            ("010-88886666", "021-88886666"),
            ("+65 8888 6666", "010-88886666"),
            ("+852 9123 4567", "+853 9123 4567"),
            ("+1 415 555 0132", "+44 415 555 0132"),
            ("13800007777转801", "801"),
            ("13800007777", "00007777"),
            ("138****7777", "13800007777"),
        ] {
            assert!(!finds(stored, asked), "{stored} by {asked}");
        }
    }

    #[test]
    fn the_first_whole_number_is_what_is_counted() {
        let counted = |text: &str| read(text).iter().find_map(Telephone::counted_as);
        for same in [
            "13912340001",
            "13912340001-1",
            "13912340001转2",
            "13912340001 ext 3",
            "13912340001 x12",
            "13912340001#7",
            "13912340001,8012",
            "13912340001 分机 801",
            "013912340001",
            "0086 139 1234 0001",
            "+8613912340001 0",
            "8613912340001",
            "139123400010",
            "1-391-234-0001",
            "139.1234.0001",
            "(139)12340001",
            "tel 13912340001 / 13800000000",
            "٠١٣٩١٢٣٤٠٠٠١",
            "１３９１２３４０００１",
            "१३९१२३४०००१",
        ] {
            assert_eq!(counted(same).as_deref(), Some("13912340001"), "{same}: {:?}", read(same));
        }
        for (one, other) in [
            ("+852 9123 4567", "91234567"),
            ("+852 9123 4567 1", "91234567 1"),
            ("010-88886666", "+86 10 8888 6666-12"),
            ("+1 415 555 0132", "4155550132-9"),
        ] {
            assert!(counted(one).is_some() && counted(one) == counted(other), "{one} {other}");
        }
        for none in ["", "none", "0", "12345", "转801", "138****0000", "0000000", "a1b2c3"] {
            assert_eq!(counted(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_no_whole_number_is_kept_as_it_stands() {
        assert_eq!(normals("8001"), ["8001"]);
        assert_eq!(normals("138****0000"), ["138*0000"]);
        assert_eq!(read("138****0000")[0].last4(), Some("0000"));
        assert_eq!(read("8001")[0].last4(), Some("8001"));
        assert_eq!(read("123")[0].last4(), None);
        assert!(read("none").is_empty() && read("***").is_empty());
    }

    #[test]
    fn a_mobile_is_kept_under_one_form() {
        assert_eq!(read("+8613800000000")[0].kept_as(), ["13800000000"]);
        assert_eq!(read("+44 20 7946 0000")[0].kept_as(), ["+442079460000", "~79460000"]);
        assert_eq!(normals("13800000000, +86 13800000000"), ["13800000000"]);
    }
}
