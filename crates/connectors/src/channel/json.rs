//! JSON of others, read so that what is wrong with one field, line or row costs nothing but that.
//!
//! A text is taken apart level by level without a tree of values: an [`Object`] borrows the text of each field and reads
//! it only when it is asked for. So a number that is no number, half a letter or a name that stands twice damages its own
//! field at most, and a field that nobody asks for costs nothing.

use super::order::{Flag, Odd};
use docket_domain::Time;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;

/// 2100-01-01 in seconds: a later time is a mistake.
const SECONDS_LIMIT: i64 = 4_102_444_800;
/// A line of an order has fewer units: more is a mistake.
const UNITS_LIMIT: u32 = 1_000_000;

/// The fields of an object, each with the text of its value.
#[derive(Debug, Clone)]
pub struct Object<'a> {
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// Takes an object apart; none if the text is none.
    pub fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The value of a field; of a name that stands twice the last one, as most readers have it. `null` is nothing.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.fields.iter().rev().find(|(key, _)| key == name)?;
        let text = value.get();
        (text != "null").then_some(text)
    }

    /// An object in a field.
    pub fn object(&self, name: &str) -> Option<Self> {
        Self::read(self.get(name)?)
    }
}

/// Field names may be written with escapes; those that are not are borrowed.
impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (object, _) = deserializer.deserialize_map(Fields { list: None })?;
        Ok(object)
    }
}

/// An object and one field of it that is a list, read in one go; none if it has no such field or that is no list.
pub fn object_and_list<'a>(text: &'a str, list: &str) -> Option<(Object<'a>, Rows<'a>)> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let (object, rows) = deserializer.deserialize_map(Fields { list: Some(list) }).ok()?;
    deserializer.end().ok()?;
    Some((object, rows?))
}

/// The texts of the elements of a list.
pub type Rows<'a> = Vec<&'a RawValue>;

/// Takes an object apart, with one of its fields as a list.
struct Fields<'n> {
    list: Option<&'n str>,
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = (Object<'de>, Option<Rows<'de>>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut fields, mut rows) = (Vec::with_capacity(8), None);
        while let Some(Name(name)) = map.next_key()? {
            if self.list.is_some_and(|list| list == name) {
                rows = Some(map.next_value()?);
            } else {
                fields.push((name, map.next_value()?));
            }
        }
        Ok((Object { fields }, rows))
    }
}

/// A text that is borrowed where it can be; serde borrows a `Cow` only where it is told to.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// The texts of the elements of a list; none if it is no list.
pub fn list(text: &str) -> Option<Rows<'_>> {
    serde_json::from_str(text).ok()
}

/// A text, or a number as it is written: marketplaces write numbers of things either way.
pub fn text(value: &str) -> Option<Cow<'_, str>> {
    match value.as_bytes().first()? {
        b'"' => quoted(value),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(value)),
        _ => None,
    }
}

/// A text in quotes. One with half a letter in it (a pair of surrogates that was cut) keeps all but that.
fn quoted(value: &str) -> Option<Cow<'_, str>> {
    let inside = value.strip_prefix('"')?.strip_suffix('"')?;
    if !inside.contains('\\') {
        return Some(Cow::Borrowed(inside));
    }
    let whole = || serde_json::from_str::<String>(value).ok();
    whole().or_else(|| serde_json::from_str(&mended(value)).ok()).map(Cow::Owned)
}

/// The same JSON text with every lone surrogate replaced by the sign for what cannot be read.
fn mended(value: &str) -> String {
    let unit = |at: usize| {
        let escape = value.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(escape, 16).ok()
    };
    let (mut out, mut at) = (String::with_capacity(value.len()), 0);
    while at < value.len() {
        let length = match unit(at) {
            Some(0xD800..=0xDBFF) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => 12,
            Some(0xD800..=0xDFFF) => {
                out.push_str("\\ufffd");
                at += 6;
                continue;
            }
            Some(_) => 6,
            // A backslash and what it escapes go together, so that `\\u` is none.
            None if value[at..].starts_with('\\') => {
                1 + value[at + 1..].chars().next().map_or(0, char::len_utf8)
            }
            None => value[at..].chars().next().map_or(1, char::len_utf8),
        };
        out.push_str(&value[at..at + length]);
        at += length;
    }
    out
}

/// A whole number, also one in quotes, also one that is written with a point and noughts.
pub fn integer(value: &str) -> Option<i64> {
    let value = text(value)?;
    let value = value.trim();
    let whole = value.split_once('.').map_or(value, |(whole, rest)| {
        if rest.bytes().all(|digit| digit == b'0') { whole } else { value }
    });
    whole.parse().ok()
}

/// Seconds since 1970, from 1 on.
pub fn seconds(value: &str) -> Option<Time> {
    let seconds = integer(value).filter(|seconds| (1..SECONDS_LIMIT).contains(seconds))?;
    Some(Time(seconds * 1000))
}

/// Milliseconds since 1970, from 1 on.
pub fn millis(value: &str) -> Option<Time> {
    let millis = integer(value).filter(|millis| (1..SECONDS_LIMIT * 1000).contains(millis))?;
    Some(Time(millis))
}

/// `true`, `false`, 1 or 0.
pub fn truth(value: &str) -> Option<bool> {
    match text(value).as_deref().unwrap_or(value) {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The longest beginning of a text that has at most so many bytes.
pub fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// How deep the order of names is made to matter no more.
const DEPTH_MAX: u32 = 16;

/// SHA-256 of a value that has no blanks; the order of its names does not matter.
pub fn digest(value: &str) -> [u8; 32] {
    fn feed(hash: &mut Sha256, value: &str, depth: u32) {
        let (object, rows) = match value.as_bytes().first() {
            Some(b'{') if depth > 0 => (Object::read(value), None),
            Some(b'[') if depth > 0 => (None, list(value)),
            _ => (None, None),
        };
        if let Some(Object { mut fields }) = object {
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            hash.update(b"{");
            for (name, value) in fields {
                hash.update((name.len() as u64).to_be_bytes());
                hash.update(name.as_bytes());
                feed(hash, value.get(), depth - 1);
            }
            hash.update(b"}");
        } else if let Some(rows) = rows {
            hash.update(b"[");
            for row in rows {
                feed(hash, row.get(), depth - 1);
            }
            hash.update(b"]");
        } else {
            hash.update((value.len() as u64).to_be_bytes());
            hash.update(value);
        }
    }
    let mut hash = Sha256::new();
    feed(&mut hash, value, DEPTH_MAX);
    hash.finalize().into()
}

/// Reads the fields of an object and notes what is odd about them.
pub struct Reader<'r, 'a> {
    object: &'r Object<'a>,
    flags: &'r mut Vec<Flag>,
    line: Option<&'r str>,
}

impl<'r, 'a> Reader<'r, 'a> {
    /// For the object of a row, or of the line with this number.
    pub fn new(object: &'r Object<'a>, flags: &'r mut Vec<Flag>, line: Option<&'r str>) -> Self {
        Self { object, flags, line }
    }

    /// Notes that something is odd.
    pub fn flag(&mut self, odd: Odd, field: &'static str) {
        self.flags.push(Flag { odd, field, line: self.line.map(str::to_owned) });
    }

    /// A value by how it is read: nothing if it is missing, and with a flag if it does not fit.
    pub fn maybe<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Option<T> {
        let value = self.object.get(field)?;
        let read = read(value);
        if read.is_none() {
            self.flag(Odd::Unfit, field);
        }
        read
    }

    /// A value that should be there.
    pub fn expected<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Option<T> {
        if self.object.get(field).is_none() {
            self.flag(Odd::Missing, field);
        }
        self.maybe(field, read)
    }

    /// A text of at most so many bytes; an empty one is nothing.
    pub fn text(&mut self, field: &'static str, bytes: usize) -> Option<String> {
        let told = self.maybe(field, text)?;
        if told.len() > bytes {
            self.flag(Odd::Cut, field);
        }
        let kept = cut(&told, bytes);
        (!kept.is_empty()).then(|| kept.to_owned())
    }

    /// A time that need not be there. Nought is what marketplaces write for "not yet".
    pub fn time(&mut self, field: &'static str) -> Option<Time> {
        let is_nought = self.object.get(field).and_then(integer) == Some(0);
        if is_nought { None } else { self.maybe(field, seconds) }
    }

    /// A time that should be there.
    pub fn expected_time(&mut self, field: &'static str) -> Option<Time> {
        let (before, time) = (self.flags.len(), self.time(field));
        if time.is_none() && self.flags.len() == before {
            self.flag(Odd::Missing, field);
        }
        time
    }

    /// How many units; none if it is missing or no number from 0 on.
    pub fn units(&mut self, field: &'static str) -> Option<u32> {
        self.maybe(field, |value| {
            u32::try_from(integer(value)?).ok().filter(|units| *units < UNITS_LIMIT)
        })
    }

    /// A list of texts; what is none of them is left out with a flag.
    pub fn texts(&mut self, field: &'static str, bytes: usize) -> Vec<String> {
        let rows = self.maybe(field, list).unwrap_or_default();
        let mut texts = Vec::with_capacity(rows.len());
        for row in rows {
            match text(row.get()) {
                Some(told) => texts.push(cut(&told, bytes).to_owned()),
                None => self.flag(Odd::Unfit, field),
            }
        }
        texts
    }

    /// A list of objects; what is none of them is left out with a flag.
    pub fn objects(&mut self, field: &'static str) -> Vec<Object<'a>> {
        let rows = self.maybe(field, list).unwrap_or_default();
        let mut objects = Vec::with_capacity(rows.len());
        for row in rows {
            match Object::read(row.get()) {
                Some(object) => objects.push(object),
                None => self.flag(Odd::Unfit, field),
            }
        }
        objects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_wrong_costs_itself_only() {
        let text = r#"{"a":1e999,"b":"cut \ud83d","c":[{}, 3],"d":null,"a":"7","e\u0041":true}"#;
        let object = Object::read(text).unwrap();
        assert_eq!(object.get("a"), Some("\"7\""), "the last of two");
        assert_eq!(object.get("d"), None);
        assert_eq!(object.get("eA"), Some("true"));
        let mut flags = Vec::new();
        let mut reader = Reader::new(&object, &mut flags, Some("l-1"));
        assert_eq!(reader.text("b", 100).as_deref(), Some("cut \u{fffd}"));
        assert_eq!(reader.text("b", 5).as_deref(), Some("cut "), "not within a letter");
        assert_eq!(reader.objects("c").len(), 1);
        assert_eq!(reader.units("eA"), None);
        assert_eq!(reader.expected_time("d"), None);
        let told: Vec<String> = flags.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["cut b of l-1", "unfit c of l-1", "unfit eA of l-1", "missing d of l-1"]);
    }

    #[test]
    fn numbers_are_read_however_they_are_written() {
        for (told, read) in [("7", Some(7)), ("\"7\"", Some(7)), ("7.0", Some(7)), ("7.5", None)] {
            assert_eq!(integer(told), read, "{told}");
        }
        for told in ["1e3", "true", "[]", "\"\"", "\"x\"", "99999999999999999999"] {
            assert_eq!(integer(told), None, "{told}");
        }
        assert_eq!(seconds("0"), None);
        assert_eq!(seconds("1700000000000"), None, "milliseconds are no seconds");
        assert_eq!(seconds("-1"), None);
    }

    #[test]
    fn a_digest_is_of_what_is_said_and_not_of_its_order() {
        let of = digest;
        assert_eq!(of(r#"{"a":[{"x":1,"y":2}],"b":3}"#), of(r#"{"b":3,"a":[{"y":2,"x":1}]}"#));
        for other in [r#"{"a":[{"x":1,"y":3}],"b":3}"#, r#"{"a":[{"x":1},{"y":2}],"b":3}"#, "{}"] {
            assert_ne!(of(r#"{"a":[{"x":1,"y":2}],"b":3}"#), of(other));
        }
        assert_ne!(of("[1,2]"), of("[2,1]"), "the order of a list is said");
        assert_ne!(of("[12]"), of("[1,2]"));
        of(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    }

    #[test]
    fn half_a_letter_is_mended_and_a_whole_one_stays() {
        assert_eq!(text(r#""\ud83d\ude00 \\ud83d""#).as_deref(), Some("😀 \\ud83d"));
        assert_eq!(text(r#""\ude00\n\ud83dä""#).as_deref(), Some("\u{fffd}\n\u{fffd}ä"));
    }
}
