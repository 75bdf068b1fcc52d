//! What is counted of a telephone where its uses are limited. Digits that are typed before a number, or behind it,
//! make no other number of it.

use super::plan::{self, Reach};
use super::{Kind, Run, Telephone, runs};

/// The country whose numbers are read without its code, too.
const CHINA: &str = "CN";

/// What is counted of what somebody typed, where goods go to `country` if that is known: of the first number that can
/// be called from everywhere, else of the first that can be called there. Nothing where there is none: of what is
/// longer than any number of its country nobody can say whose it is.
pub fn counted(text: &str, country: Option<&str>) -> Option<String> {
    let china = country.is_some_and(|code| code.eq_ignore_ascii_case(CHINA));
    let runs = runs(text);
    let found: Vec<Telephone> = runs.iter().flat_map(Run::counted).collect();
    let reach = |telephone: &Telephone| plan::reach(telephone, china);
    let first = |wanted: Reach| found.iter().find(|telephone| reach(telephone) == wanted);
    let best =
        first(Reach::Own).or_else(|| first(Reach::Everywhere)).or_else(|| first(Reach::Local));
    best.and_then(Telephone::counted_as)
}

impl Run {
    /// The numbers in it, as [`Run::numbers`]; but a mobile of the mainland that was written by itself is one,
    /// whatever was written before it, unless it is the rest of a number that says its country.
    fn counted(&self) -> Vec<Telephone> {
        let numbers = self.numbers();
        let abroad = |number: &Telephone| number.country.is_some() && number.kind == Kind::Other;
        if self.plus && numbers.first().is_some_and(abroad) {
            return numbers;
        }
        let alone = self.groups.iter().filter(|group| group.len() == 11 && plan::is_mobile(group));
        let alone: Vec<_> = alone.map(|group| Telephone::of(None, group)).collect();
        if alone.is_empty() { numbers } else { alone }
    }
}
