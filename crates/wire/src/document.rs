//! Bytes to a JSON document that borrows its texts from them.
//!
//! Refused here: bytes that are not UTF-8, text that is not JSON, nesting beyond [`DEPTH_MAX`], an object of more
//! than [`FIELDS_MAX`] fields, a document of more than [`VALUES_MAX`] values. Reading stops at what is too much, so a
//! document costs no more than its bounds say, whatever its bytes are. What the fields should be is the business of
//! [`crate::reader`]; it also refuses a field that is given twice, which is why objects keep every pair they were
//! given.

use docket_domain::{FieldError, Json};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// Levels of lists and objects a request may have.
pub const DEPTH_MAX: usize = 64;
/// Fields that one object may have. The longest that is taken, an `extra` of 6,000 bytes, has fewer.
pub const FIELDS_MAX: usize = 1_000;
/// Values that a document may have, its lists and objects among them. An order of 500 lines has some 20,000.
pub const VALUES_MAX: usize = 100_000;

/// One value of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that fits 64 bits.
    Int(i64),
    /// A whole number above that, up to 64 bits without a sign.
    Large(u64),
    /// Every other number.
    Float(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// An object, every pair in the order given.
    Object(Pairs<'a>),
}

/// The pairs of an object, in the order given.
pub type Pairs<'a> = Vec<(Cow<'a, str>, Node<'a>)>;

impl<'a> Node<'a> {
    /// What it is, for messages.
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Large(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The document of a value that is already parsed.
    pub fn of(value: &'a Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(small), _) => Self::Int(small),
                (None, Some(large)) => Self::Large(large),
                (None, None) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::Text(Cow::Borrowed(text)),
            Json::Array(list) => Self::List(list.iter().map(Self::of).collect()),
            Json::Object(map) => Self::Object(
                map.iter().map(|(key, value)| (Cow::Borrowed(&**key), Self::of(value))).collect(),
            ),
        }
    }
}

/// Reads `body` as one JSON document; what is wrong has the codes `bad_utf8`, `malformed_json`, `too_deep`,
/// `too_many_fields`, `too_many_values`.
pub fn parse(body: &[u8]) -> Result<Node<'_>, FieldError> {
    let wrong = |code, message| FieldError { field: String::new(), code, message };
    let text = std::str::from_utf8(body).map_err(|error| {
        let place = error.valid_up_to();
        wrong("bad_utf8", format!("byte {place} is not UTF-8"))
    })?;
    let bounds = Bounds::default();
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = Below { depth: 0, bounds: &bounds }.deserialize(&mut parser);
    let error = match value.and_then(|value| parser.end().map(|()| value)) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let place = format!("line {} column {}", error.line(), error.column());
    Err(match bounds.broken.get() {
        Some(Bound::Depth) => {
            wrong("too_deep", format!("lists and objects may nest {DEPTH_MAX} levels deep"))
        }
        Some(Bound::Fields) => {
            let message =
                format!("an object may have {FIELDS_MAX} fields, and one has more at {place}");
            wrong("too_many_fields", message)
        }
        Some(Bound::Values) => {
            let message =
                format!("a document may have {VALUES_MAX} values, and it has more at {place}");
            wrong("too_many_values", message)
        }
        // `serde_json` appends line and column to its sentence.
        None => wrong("malformed_json", error.to_string()),
    })
}

/// What a document has too much of.
#[derive(Clone, Copy)]
enum Bound {
    Depth,
    Fields,
    Values,
}

/// How far a document is from its bounds.
#[derive(Default)]
struct Bounds {
    values: Cell<usize>,
    broken: Cell<Option<Bound>>,
}

impl Bounds {
    fn broken<T, E: Error>(&self, bound: Bound) -> Result<T, E> {
        self.broken.set(Some(bound));
        Err(E::custom("too much"))
    }
}

/// Reads one value that stands `depth` lists or objects deep.
#[derive(Clone, Copy)]
struct Below<'c> {
    depth: usize,
    bounds: &'c Bounds,
}

impl Below<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            return self.bounds.broken(Bound::Depth);
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Below<'_> {
    type Value = Node<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Node<'de>, D::Error> {
        let values = self.bounds.values.get();
        if values == VALUES_MAX {
            return self.bounds.broken(Bound::Values);
        }
        self.bounds.values.set(values + 1);
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Below<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(i64::try_from(value).map_or(Node::Large(value), Node::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Node::Float(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node<'de>, A::Error> {
        let below = self.deeper()?;
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(below)? {
            list.push(value);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let below = self.deeper()?;
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            match pairs.len() {
                // An empty object takes no room; most others have some fields.
                0 => pairs.reserve(8),
                FIELDS_MAX => return self.bounds.broken(Bound::Fields),
                _ => {}
            }
            pairs.push((key, map.next_value_seed(below)?));
        }
        Ok(Node::Object(pairs))
    }
}

/// Reads the name of a field, borrowed where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_without_escapes_is_borrowed_from_the_body() {
        let Node::Object(pairs) = parse(br#"{"a":"b","c":"\n"}"#).expect("JSON") else {
            panic!("an object")
        };
        assert!(matches!(pairs[0].1, Node::Text(Cow::Borrowed("b"))));
        assert!(matches!(pairs[1].1, Node::Text(Cow::Owned(_))));
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        let error = parse(b"{\n \"a\": }").expect_err("malformed");
        assert_eq!(error.code, "malformed_json");
        assert!(error.message.contains("line 2 column 7"), "{}", error.message);
        assert_eq!(parse(b"").expect_err("empty").code, "malformed_json");
        assert_eq!(parse(b"{} {}").expect_err("two documents").code, "malformed_json");
        assert_eq!(parse(b"\"\xff\"").expect_err("bytes").code, "bad_utf8");
    }

    #[test]
    fn nesting_is_refused_beyond_sixty_four_levels_and_never_overflows() {
        let nested = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert!(parse(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(parse(nested(DEPTH_MAX + 1).as_bytes()).expect_err("deep").code, "too_deep");
        assert_eq!(
            parse("[{\"a\":".repeat(300_000).as_bytes()).expect_err("deep").code,
            "too_deep"
        );
    }

    /// The code of what is wrong with `text`, and how many of its bytes were looked at.
    fn refused(text: &str) -> (&'static str, usize) {
        let error = parse(text.as_bytes()).expect_err("too much");
        let column = error.message.split("column ").nth(1).and_then(|rest| rest.split(' ').next());
        (error.code, column.and_then(|column| column.parse().ok()).expect("its place"))
    }

    #[test]
    fn an_object_is_read_up_to_its_bound_and_no_further() {
        let of = |fields: usize| format!("{{{}}}", vec![r#""":0"#; fields].join(","));
        assert!(parse(of(FIELDS_MAX).as_bytes()).is_ok());
        let (code, read) = refused(&of(209_000));
        assert_eq!(code, "too_many_fields");
        assert!(read <= (FIELDS_MAX + 1) * 5 + 1, "{read} bytes were looked at");
    }

    #[test]
    fn a_document_is_read_up_to_its_bound_and_no_further() {
        let of = |values: usize| format!("[{}]", vec!["0"; values - 1].join(","));
        assert!(parse(of(VALUES_MAX).as_bytes()).is_ok());
        for much in [of(10 * VALUES_MAX), format!("[{}]", vec!["{}"; 10 * VALUES_MAX].join(","))] {
            let (code, read) = refused(&much);
            assert_eq!(code, "too_many_values");
            assert!(read <= VALUES_MAX * 3 + 1, "{read} bytes were looked at");
        }
    }

    #[test]
    fn what_is_as_nothing_takes_no_room() {
        let Node::List(nodes) = parse(b"[{},[],{}]").expect("JSON") else { panic!("a list") };
        for node in nodes {
            let room = match node {
                Node::List(nodes) => nodes.capacity(),
                Node::Object(pairs) => pairs.capacity(),
                _ => panic!("lists and objects"),
            };
            assert_eq!(room, 0);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&body);
        }

        #[test]
        fn json_like_text_never_makes_it_panic(body in r#"[\[\]{}:,"0-9eE.+\-\\unltrfas ]{0,120}"#) {
            let _ = parse(body.as_bytes());
        }
    }
}
