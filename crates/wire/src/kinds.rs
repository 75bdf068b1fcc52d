//! What a single value must look like: one function per kind of value, each telling what is wrong and what
//! would be right.
//!
//! An identifier (id, token, reference, tender) is stored exactly as given, so it has no control characters
//! and no blanks at its ends, is not empty and has at most 64 bytes. A text keeps its blanks and line breaks;
//! an empty one counts as left out.

// Every kind has one shape, so that it can be handed to `required`, `optional` and `list` alike.
#![allow(clippy::needless_pass_by_value)]

use crate::document::Node;
use crate::market::Markets;
use crate::moment::{self, TIME_LIMIT};
use crate::reader::{Reader, Source};
use crate::word::{Word, listed, of_code, of_word};
use docket_domain::money::AMOUNT_LIMIT;
use docket_domain::placement::{EXTRA_BYTES_MAX, ID_BYTES_MAX, TEXT_CHARS_MAX, TITLE_CHARS_MAX};
use docket_domain::quantity::QUANTITY_LIMIT;
use docket_domain::tree::FreightAsked;
use docket_domain::{Amount, Currency, Id, Json, Quantity, Time};
use std::borrow::Cow;

/// Bytes of free JSON other than `extra` at most.
pub const FREE_BYTES_MAX: usize = 4000;
/// Levels of lists and objects in free JSON.
pub const FREE_DEPTH_MAX: usize = 32;
/// Labels of one node at most.
pub const TAGS_MAX: usize = 32;

fn string<'a>(reader: &mut Reader, node: Node<'a>) -> Option<Cow<'a, str>> {
    match node {
        Node::Text(text) => Some(text),
        other => reader.wrong_type(&other, "a text"),
    }
}

/// An identifier of the caller's: number of a buyer, shop or SKU, token, reference, tender.
pub fn identifier(reader: &mut Reader, node: Node<'_>) -> Option<String> {
    let Node::Text(text) = node else { return reader.wrong_type(&node, "a text (ids are texts)") };
    if text.is_empty() {
        return reader.wrong("empty", "must not be empty");
    }
    if text.len() > ID_BYTES_MAX {
        return reader
            .wrong("too_long", format!("has {} bytes; {ID_BYTES_MAX} are allowed", text.len()));
    }
    if text.chars().any(char::is_control) {
        return reader.wrong("control_character", "must not have control characters");
    }
    if text.trim().len() != text.len() {
        return reader.wrong("not_trimmed", "must not begin or end with a blank");
    }
    Some(text.into_owned())
}

/// A text on one or more lines, of at most `max` characters. Empty counts as left out.
pub fn text(reader: &mut Reader, node: Node<'_>, max: usize) -> Option<String> {
    let text = string(reader, node)?;
    // Bytes bound characters from above: most texts need no count.
    if text.len() > max {
        let chars = text.chars().count();
        if chars > max {
            return reader.wrong("too_long", format!("has {chars} characters; {max} are allowed"));
        }
    }
    let forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(forbidden) {
        return reader.wrong("control_character", "must not have control characters");
    }
    (!text.is_empty()).then(|| text.into_owned())
}

/// A title or name: at most 128 characters.
pub fn title(reader: &mut Reader, node: Node<'_>) -> Option<String> {
    text(reader, node, TITLE_CHARS_MAX)
}

/// A comment, reason or remark: at most 1,024 characters.
pub fn words(reader: &mut Reader, node: Node<'_>) -> Option<String> {
    text(reader, node, TEXT_CHARS_MAX)
}

/// A whole number from `least` to `most`.
pub fn integer(reader: &mut Reader, node: Node<'_>, least: i64, most: i64) -> Option<i64> {
    let value = match node {
        Node::Int(value) => value,
        Node::Large(_) => i64::MAX,
        // A whole number beyond 64 bits arrives as a float.
        Node::Float(value) if value.abs() >= 9.2e18 => {
            if value < 0.0 {
                i64::MIN
            } else {
                i64::MAX
            }
        }
        Node::Float(_) => {
            return reader.wrong("wrong_type", "must be a whole number, without decimal places");
        }
        other => return reader.wrong_type(&other, "a whole number"),
    };
    if value < least {
        return reader.wrong("too_small", format!("must be at least {least}"));
    }
    if value > most {
        return reader.wrong("too_large", format!("must be at most {most}"));
    }
    Some(value)
}

/// An amount in minor units that must be known: 0 ≤ x < 10¹².
pub fn known_amount(reader: &mut Reader, node: Node<'_>) -> Option<i64> {
    if node == Node::Null {
        return reader.wrong("null_not_allowed", "must be known: give a number, or leave it out");
    }
    integer(reader, node, 0, AMOUNT_LIMIT - 1)
}

/// An amount in minor units; in a record `null` means unknown.
pub fn amount(reader: &mut Reader, node: Node<'_>) -> Option<Amount> {
    if node == Node::Null && reader.source() == Source::Record {
        return Some(Amount::UNKNOWN);
    }
    known_amount(reader, node).map(Amount::of)
}

/// A version number, from 1.
pub fn version(reader: &mut Reader, node: Node<'_>) -> Option<u32> {
    integer(reader, node, 1, i64::from(u32::MAX)).map(|version| version as u32)
}

/// `true` or `false`.
pub fn yes_or_no(reader: &mut Reader, node: Node<'_>) -> Option<bool> {
    match node {
        Node::Bool(value) => Some(value),
        other => reader.wrong_type(&other, "true or false"),
    }
}

/// How much of a freight goes back: none, all that is left, or so many minor units. 0 is none.
pub fn freight_asked(reader: &mut Reader, node: Node<'_>) -> Option<FreightAsked> {
    match node {
        Node::Bool(true) => Some(FreightAsked::All),
        Node::Bool(false) => Some(FreightAsked::No),
        number @ (Node::Int(_) | Node::Large(_) | Node::Float(_)) => known_amount(reader, number)
            .map(|amount| match amount {
                0 => FreightAsked::No,
                amount => FreightAsked::Part(amount),
            }),
        other => reader.wrong_type(&other, "true, false or an amount in minor units"),
    }
}

/// A quantity as a decimal text with up to three places: 0 < x < 10⁶.
pub fn quantity(reader: &mut Reader, node: Node<'_>) -> Option<Quantity> {
    let Node::Text(text) = node else {
        return reader.wrong_type(&node, "a decimal number written as a text, such as \"2\"");
    };
    let Ok(quantity) = text.parse::<Quantity>() else {
        return reader.wrong(
            "not_a_quantity",
            "must be a decimal number with up to three places, written as a text",
        );
    };
    if quantity <= Quantity::ZERO {
        return reader.wrong("too_small", "must be above 0");
    }
    if quantity.0 >= QUANTITY_LIMIT {
        return reader.wrong("too_large", "must be below 1000000");
    }
    Some(quantity)
}

/// A currency of ISO 4217. History may be in one that was withdrawn.
pub fn currency(reader: &mut Reader, node: Node<'_>) -> Option<Currency> {
    let text = string(reader, node)?;
    let withdrawn = Currency::ever(&text);
    match Currency::in_use(&text) {
        Ok(currency) => Some(currency),
        Err(_) if withdrawn.is_some() && reader.source() == Source::Record => withdrawn,
        Err(_) if withdrawn.is_some() => {
            reader.wrong("not_a_currency", format!("{text} was withdrawn; only history is in it"))
        }
        Err(error) => {
            reader.wrong("not_a_currency", docket_domain::money::NotACurrency::to_string(&error))
        }
    }
}

/// A number that Docket gave: of an order, refund, payment or attempt.
pub fn id(reader: &mut Reader, node: Node<'_>) -> Option<Id> {
    let Node::Text(text) = node else { return reader.wrong_type(&node, "a text (ids are texts)") };
    match text.parse() {
        Ok(id) => Some(id),
        Err(error) => reader.wrong("not_an_id", docket_domain::id::NotAnId::to_string(&error)),
    }
}

/// A time in RFC 3339 with an offset, from 1970 on and before 2100.
pub fn time(reader: &mut Reader, node: Node<'_>) -> Option<Time> {
    let text = string(reader, node)?;
    match moment::parse(&text) {
        None => reader.wrong(
            "not_a_time",
            "must be a time of RFC 3339 with its offset, such as 2026-11-20T10:00:00Z",
        ),
        Some(time) if time < Time(0) => reader.wrong("too_small", "must not lie before 1970"),
        Some(time) if time >= TIME_LIMIT => reader.wrong("too_large", "must lie before 2100"),
        time => time,
    }
}

/// One of a closed list of words; in a record its stored number will do.
pub fn word<W: Word>(reader: &mut Reader, node: Node<'_>) -> Option<W> {
    let known = match &node {
        Node::Text(text) => of_word(text),
        Node::Int(code) if reader.source() == Source::Record => of_code(*code),
        _ => return reader.wrong_type(&node, "a word"),
    };
    match known {
        Some(value) => Some(value),
        None => reader.wrong("not_a_word", format!("must be one of: {}", listed::<W>(&[]))),
    }
}

/// The word of a market, fixed or configured; in a record its number will do.
pub fn market(reader: &mut Reader, node: Node<'_>, markets: &Markets) -> Option<u16> {
    let known = match &node {
        Node::Text(text) => markets.number(text),
        Node::Int(number) if reader.source() == Source::Record => u16::try_from(*number).ok(),
        _ => return reader.wrong_type(&node, "a word"),
    };
    match known {
        Some(number) => Some(number),
        None => reader.wrong("not_a_word", format!("must be one of: {}", markets.listed())),
    }
}

/// Labels: identifiers, at most [`TAGS_MAX`]; the same one twice counts once.
pub fn tags(reader: &mut Reader, node: Node<'_>) -> Option<Vec<String>> {
    let given = reader.list(node, TAGS_MAX, identifier)?;
    let mut tags = Vec::with_capacity(given.len());
    for tag in given {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Some(tags)
}

/// JSON that is carried unread, of at most [`FREE_BYTES_MAX`] bytes.
pub fn free(reader: &mut Reader, node: Node<'_>) -> Option<Json> {
    free_within(reader, node, FREE_BYTES_MAX)
}

/// The free `extra` of a node, of at most 6,000 bytes.
pub fn extra(reader: &mut Reader, node: Node<'_>) -> Option<Json> {
    free_within(reader, node, EXTRA_BYTES_MAX)
}

fn free_within(reader: &mut Reader, node: Node<'_>, max: usize) -> Option<Json> {
    let value = match carried(node, FREE_DEPTH_MAX) {
        Ok(value) => value,
        Err((code, message)) => return reader.wrong(code, message),
    };
    let mut size = Size(0);
    serde_json::to_writer(&mut size, &value).expect("free JSON has text keys and finite numbers");
    if size.0 > max {
        return reader.wrong("too_long", format!("has {} bytes; {max} are allowed", size.0));
    }
    Some(value)
}

/// The value that is kept of free JSON with at most `levels` levels.
fn carried(node: Node<'_>, levels: usize) -> Result<Json, (&'static str, String)> {
    if levels == 0 && matches!(node, Node::List(_) | Node::Object(_)) {
        return Err(("too_deep", format!("may nest {FREE_DEPTH_MAX} levels deep")));
    }
    Ok(match node {
        Node::Null => Json::Null,
        Node::Bool(value) => value.into(),
        Node::Int(value) => value.into(),
        Node::Large(value) => value.into(),
        Node::Float(value) => value.into(),
        Node::Text(text) => text.into_owned().into(),
        Node::List(nodes) => {
            let values = nodes.into_iter().map(|node| carried(node, levels - 1));
            Json::Array(values.collect::<Result<_, _>>()?)
        }
        Node::Object(pairs) => {
            let mut map = serde_json::Map::new();
            for (key, node) in pairs {
                let value = carried(node, levels - 1)?;
                if map.insert(key.into_owned(), value).is_some() {
                    return Err(("duplicate", "has a field that is given twice".to_owned()));
                }
            }
            Json::Object(map)
        }
    })
}

/// Counts bytes instead of keeping them.
struct Size(usize);

impl std::io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
