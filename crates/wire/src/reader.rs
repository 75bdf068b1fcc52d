//! Reads an object field by field and collects everything that is wrong with it, so that a caller is told
//! all wrong fields at once.
//!
//! Paths are kept as a stack and only spelt out when something is wrong. What a single value must look like
//! is in [`crate::kinds`]. Rules that hold everywhere:
//! - a field that is not asked for is `unknown_field`, with the nearest known one named;
//! - a field given twice is `duplicate`;
//! - `null` is the same as leaving a field out, except for amounts, where it would mean "unknown";
//! - at most [`ERRORS_MAX`] errors are told.

use crate::document::{self, Node, Pairs};
use docket_domain::FieldError;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::hash::Hash;

/// As many wrong fields are told of one request.
pub const ERRORS_MAX: usize = 100;
/// Names of an object up to which each is compared with those before it, which is quicker than a table of them.
const COMPARED_MAX: usize = 32;

/// Why a request cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON document that is read: `bad_utf8`, `malformed_json`, `too_deep`, `too_many_fields`,
    /// `too_many_values`.
    #[error("the body is not a JSON document: {}", .0.message)]
    NotJson(FieldError),
    /// It is JSON with wrong fields; never empty.
    #[error("the request has {} wrong field(s)", .0.len())]
    Wrong(Vec<FieldError>),
}

/// Whose words are read: a request must know its amounts, a record may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Someone asks for something: amounts are known.
    Request,
    /// It happened elsewhere: an amount may be `null`, unknown; words may be given as code numbers.
    Record,
}

/// Where the reader stands and what it found wrong.
#[derive(Debug)]
pub struct Reader {
    source: Source,
    path: Vec<Step>,
    /// Names asked for in every object that is open, outermost first.
    asked: Vec<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Field(&'static str),
    Index(usize),
}

/// Reads `body`, one object, with `read`. `read` answers `None` only where it has told an error.
pub fn read<T>(
    body: &[u8],
    source: Source,
    read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>,
) -> Result<T, Unreadable> {
    read_node(document::parse(body).map_err(Unreadable::NotJson)?, source, read)
}

/// Reads a document that is already parsed, as [`read`] does.
pub fn read_node<T>(
    node: Node<'_>,
    source: Source,
    read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>,
) -> Result<T, Unreadable> {
    let mut reader = Reader {
        source,
        path: Vec::with_capacity(8),
        asked: Vec::with_capacity(64),
        errors: Vec::new(),
    };
    match (reader.object(node, read), reader.errors.is_empty()) {
        (Some(value), true) => Ok(value),
        (_, false) => Err(Unreadable::Wrong(reader.errors)),
        (None, true) => unreachable!("a reader that answers nothing has told an error"),
    }
}

impl Reader {
    /// Whose words are read.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// Notes that the value where the reader stands is wrong. Always `None`, so that a kind can end with it.
    pub fn wrong<T>(&mut self, code: &'static str, message: impl Into<String>) -> Option<T> {
        self.push_error("", code, message.into());
        None
    }

    /// Notes that the field `name` of the object where the reader stands is wrong. Always `None`.
    pub fn wrong_field<T>(
        &mut self,
        name: &str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Option<T> {
        self.push_error(name, code, message.into());
        None
    }

    /// Notes that the value is of another JSON type than it should be.
    pub fn wrong_type<T>(&mut self, found: &Node<'_>, wanted: &str) -> Option<T> {
        self.wrong("wrong_type", format!("must be {wanted}, not {}", found.what()))
    }

    /// Reads `node` as an object. Fields that `read` did not ask for are errors.
    pub fn object<'a, T>(
        &mut self,
        node: Node<'a>,
        read: impl FnOnce(&mut Fields<'_, 'a>) -> Option<T>,
    ) -> Option<T> {
        let Node::Object(pairs) = node else { return self.wrong_type(&node, "an object") };
        let start = self.asked.len();
        let mut fields = Fields { reader: self, pairs, start };
        fields.refuse_duplicates();
        let value = read(&mut fields);
        fields.refuse_unknown();
        self.asked.truncate(start);
        value
    }

    /// Reads `node` as a list of at most `max`, each with `kind`. More are `too_many` and not looked at.
    pub fn list<'a, T>(
        &mut self,
        node: Node<'a>,
        max: usize,
        mut kind: impl FnMut(&mut Self, Node<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Node::List(nodes) = node else { return self.wrong_type(&node, "a list") };
        if nodes.len() > max {
            return self
                .wrong("too_many", format!("has {} entries; {max} are allowed", nodes.len()));
        }
        let wanted = nodes.len();
        let mut values = Vec::with_capacity(wanted);
        for (index, node) in nodes.into_iter().enumerate() {
            values.extend(self.at(Step::Index(index), |reader| kind(reader, node)));
        }
        (values.len() == wanted).then_some(values)
    }

    fn at<T>(&mut self, step: Step, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let value = read(self);
        self.path.pop();
        value
    }

    fn push_error(&mut self, name: &str, code: &'static str, message: String) {
        if self.errors.len() == ERRORS_MAX {
            return;
        }
        let mut field = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) if field.is_empty() => field.push_str(name),
                Step::Field(name) => field.extend([".", name]),
                Step::Index(index) => {
                    write!(field, "[{index}]").expect("a String takes every write");
                }
            }
        }
        if !name.is_empty() {
            field.extend([if field.is_empty() { "" } else { "." }, name]);
        }
        self.errors.push(FieldError { field, code, message });
    }
}

/// The fields of one object that were not asked for yet.
#[derive(Debug)]
pub struct Fields<'r, 'a> {
    reader: &'r mut Reader,
    pairs: Pairs<'a>,
    start: usize,
}

impl<'a> Fields<'_, 'a> {
    /// Whose words are read.
    pub const fn source(&self) -> Source {
        self.reader.source
    }

    /// A field that must be there.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        kind: impl FnOnce(&mut Reader, Node<'a>) -> Option<T>,
    ) -> Option<T> {
        let Some(node) = self.take_given(name) else {
            return self.wrong(name, "required", "is required");
        };
        let told = self.reader.errors.len();
        let value = self.reader.at(Step::Field(name), |reader| kind(reader, node));
        // A text that is empty counts as left out.
        if value.is_none() && self.reader.errors.len() == told {
            return self.wrong(name, "empty", "must not be empty");
        }
        value
    }

    /// A field that may be left out.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        kind: impl FnOnce(&mut Reader, Node<'a>) -> Option<T>,
    ) -> Option<T> {
        let node = self.take_given(name)?;
        self.reader.at(Step::Field(name), |reader| kind(reader, node))
    }

    /// A field that may be left out; `null` goes to `kind`, which must judge it.
    pub fn nullable<T>(
        &mut self,
        name: &'static str,
        kind: impl FnOnce(&mut Reader, Node<'a>) -> Option<T>,
    ) -> Option<T> {
        let node = self.take(name)?;
        self.reader.at(Step::Field(name), |reader| kind(reader, node))
    }

    /// A field that must be there; `null` goes to `kind`, which must judge it.
    pub fn required_or_null<T>(
        &mut self,
        name: &'static str,
        kind: impl FnOnce(&mut Reader, Node<'a>) -> Option<T>,
    ) -> Option<T> {
        let Some(node) = self.take(name) else {
            return self.wrong(name, "required", "is required");
        };
        self.reader.at(Step::Field(name), |reader| kind(reader, node))
    }

    /// Whether the field is there and not `null`; asks nothing and takes nothing.
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, node)| key == name && *node != Node::Null)
    }

    /// Fields that are known and have nothing to say here.
    pub fn ignore(&mut self, names: &[&'static str]) {
        for name in names {
            self.take(name);
        }
    }

    /// Lets every other field pass: what is wrong already says that they cannot be judged.
    pub fn ignore_rest(&mut self) {
        self.pairs.clear();
    }

    /// Notes an error of the field `name` (of the object itself, if empty). Always `None`.
    pub fn wrong<T>(
        &mut self,
        name: &str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Option<T> {
        self.reader.push_error(name, code, message.into());
        None
    }

    fn take(&mut self, name: &'static str) -> Option<Node<'a>> {
        self.reader.asked.push(name);
        let index = self.pairs.iter().position(|(key, _)| key == name)?;
        Some(self.pairs.swap_remove(index).1)
    }

    fn take_given(&mut self, name: &'static str) -> Option<Node<'a>> {
        self.take(name).filter(|node| *node != Node::Null)
    }

    fn refuse_duplicates(&mut self) {
        let again = repeated(self.pairs.iter().map(|(name, _)| &**name));
        if again.is_empty() {
            return;
        }
        let (mut again, mut index) = (again.into_iter().peekable(), 0);
        for (name, node) in std::mem::take(&mut self.pairs) {
            if again.next_if_eq(&index).is_some() {
                self.wrong::<()>(&shown(&name), "duplicate", "is given twice");
            } else {
                self.pairs.push((name, node));
            }
            index += 1;
        }
    }

    fn refuse_unknown(&mut self) {
        let mut unknown = std::mem::take(&mut self.pairs);
        unknown.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (name, _) in unknown.into_iter().take(ERRORS_MAX) {
            let name = shown(&name);
            let message = match self.nearest(&name) {
                Some(known) => format!("is unknown; did you mean `{known}`?"),
                None => "is unknown".to_owned(),
            };
            self.wrong::<()>(&name, "unknown_field", message);
        }
    }

    fn nearest(&self, name: &str) -> Option<&'static str> {
        let known = self.reader.asked[self.start..].iter().copied();
        let scored = known.map(|known| (strsim::jaro_winkler(known, name), known));
        let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
        (best.0 > 0.75).then_some(best.1)
    }
}

/// Where names stand that stood before, in order. So many names cost so many steps, whatever they are.
fn repeated<N: Eq + Hash>(names: impl ExactSizeIterator<Item = N> + Clone) -> Vec<usize> {
    let mut again = Vec::new();
    if names.len() <= COMPARED_MAX {
        for (index, name) in names.clone().enumerate() {
            if names.clone().take(index).any(|before| before == name) {
                again.push(index);
            }
        }
    } else {
        let mut seen = HashSet::with_capacity(names.len());
        again.extend(names.enumerate().filter_map(|(index, name)| {
            let is_new = seen.insert(name);
            (!is_new).then_some(index)
        }));
    }
    again
}

/// A name as it may stand in an answer: not longer than a name should be, and on one line.
fn shown(name: &str) -> Cow<'_, str> {
    if name.len() <= 64 && !name.chars().any(char::is_control) {
        return Cow::Borrowed(name);
    }
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    Cow::Owned(name.chars().take(60).map(clean).chain(['…']).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::hash::Hasher;

    /// A name that counts how often it is looked at.
    #[derive(Clone, Copy)]
    struct Counted<'c>(usize, &'c Cell<usize>);

    impl PartialEq for Counted<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.1.set(self.1.get() + 1);
            self.0 == other.0
        }
    }

    impl Eq for Counted<'_> {}

    impl Hash for Counted<'_> {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.1.set(self.1.get() + 1);
            self.0.hash(state);
        }
    }

    #[test]
    fn names_given_twice_are_found_in_steps_that_grow_with_their_number_alone() {
        for count in [COMPARED_MAX, COMPARED_MAX + 1, 1_000, 100_000] {
            for distinct in [1, 2, count / 2, count] {
                let steps = Cell::new(0);
                let names: Vec<_> =
                    (0..count).map(|index| Counted(index % distinct, &steps)).collect();
                let again = repeated(names.into_iter());
                assert_eq!(again, (distinct..count).collect::<Vec<_>>());
                assert!(steps.get() <= count * COMPARED_MAX, "{count}: {} steps", steps.get());
            }
        }
    }

    #[test]
    fn a_field_given_twice_is_told_and_the_first_is_read() {
        let of = |other: usize| {
            let others: Vec<_> = (0..other).map(|index| format!(r#","o{index}":0"#)).collect();
            let others = others.concat();
            format!(r#"{{"a":1,"b":2,"a":3,"a":4{others}}}"#)
        };
        for other in [0, 100] {
            let mut seen = None;
            let wrong = read::<()>(of(other).as_bytes(), Source::Request, |fields| {
                seen =
                    fields.optional("a", |reader, node| crate::kinds::integer(reader, node, 0, 9));
                fields.ignore(&["b"]);
                fields.ignore_rest();
                Some(())
            });
            let Err(Unreadable::Wrong(errors)) = wrong else { panic!("{wrong:?}") };
            let told: Vec<_> = errors.iter().map(|error| (&*error.field, error.code)).collect();
            assert_eq!(told, [("a", "duplicate"); 2]);
            assert_eq!(seen, Some(1));
        }
    }
}
