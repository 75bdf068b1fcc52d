//! Query strings, read like bodies: unknown, repeated and wrong parameters are told all at once. One that is given
//! empty is wrong, whatever it is: a filter that filters nothing would list everything.

use crate::failure::Failure;
use axum::extract::Query;
use axum::http::Uri;
use docket_domain::FieldError;
use docket_wire::document::Node;
use docket_wire::kinds;
use docket_wire::reader::{ERRORS_MAX, Fields, Reader, Source, Unreadable, read_node};

/// Entries of a page where nothing is said.
pub const LIMIT_DEFAULT: usize = 50;
/// The most entries of a page.
const LIMIT_MAX: i64 = 200;

/// Reads the query of `uri` with `read`, which asks for every parameter there is.
pub fn read<T>(
    uri: &Uri,
    read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>,
) -> Result<T, Failure> {
    let wrong = |_| Failure::field("", "not_a_query", "is not `name=value`, joined by `&`");
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(wrong)?;
    let empty: Vec<String> =
        pairs.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| name.clone()).collect();
    let pairs = pairs.into_iter().map(|(name, value)| (name.into(), Node::Text(value.into())));
    let answer = read_node(Node::Object(pairs.collect()), Source::Request, read);
    if empty.is_empty() {
        return Ok(answer?);
    }
    let mut errors = match answer {
        Ok(_) => Vec::new(),
        Err(Unreadable::Wrong(errors)) => errors,
        Err(why) => return Err(why.into()),
    };
    for name in empty {
        say_empty(&mut errors, name);
    }
    Err(Unreadable::Wrong(errors).into())
}

/// Says of `name` that it is empty, unless nobody asks for it, or it is given twice.
fn say_empty(errors: &mut Vec<FieldError>, name: String) {
    let more = errors.len() < ERRORS_MAX;
    let said = errors.iter_mut().find(|error| error.field == name);
    let message = "must not be empty".to_owned();
    match said {
        Some(error) if matches!(error.code, "unknown_field" | "duplicate") => {}
        Some(error) => (error.code, error.message) = ("empty", message),
        // What is not told at all is one unknown name of very many.
        None if more => errors.push(FieldError { field: name, code: "empty", message }),
        None => {}
    }
}

/// Refuses any parameter: for paths that take none.
pub fn none(uri: &Uri) -> Result<(), Failure> {
    if uri.query().is_none() { Ok(()) } else { read(uri, |_| Some(())) }
}

/// How many entries a page has.
pub fn limit(fields: &mut Fields<'_, '_>) -> usize {
    limit_or(fields, LIMIT_DEFAULT)
}

/// How many entries a page of the log of one order has: most logs are shorter than a page.
pub fn limit_of_log(fields: &mut Fields<'_, '_>) -> usize {
    limit_or(fields, LIMIT_MAX as usize)
}

fn limit_or(fields: &mut Fields<'_, '_>, default: usize) -> usize {
    let limit = fields.optional("limit", |reader, node| {
        let Node::Text(text) = &node else { return reader.wrong_type(&node, "a whole number") };
        match text.parse() {
            Ok(number) => kinds::integer(reader, Node::Int(number), 1, LIMIT_MAX),
            Err(_) => reader.wrong("wrong_type", format!("must be a number from 1 to {LIMIT_MAX}")),
        }
    });
    limit.map_or(default, |limit| limit as usize)
}

/// `true` or `false`, written out.
#[allow(clippy::needless_pass_by_value)] // the shape of every kind
pub fn yes_or_no(reader: &mut Reader, node: Node<'_>) -> Option<bool> {
    match &node {
        Node::Text(text) if text == "true" => Some(true),
        Node::Text(text) if text == "false" => Some(false),
        _ => reader.wrong("not_a_word", "must be one of: true, false"),
    }
}

/// One of `words`, as what stands beside it.
pub fn one_of<T: Copy>(words: &[(&str, T)]) -> impl Fn(&mut Reader, Node<'_>) -> Option<T> {
    move |reader, node| {
        let Node::Text(text) = &node else { return reader.wrong_type(&node, "a word") };
        let known = words.iter().find(|(word, _)| word == text);
        if let Some((_, value)) = known {
            return Some(*value);
        }
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        reader.wrong("not_a_word", format!("must be one of: {}", words.join(", ")))
    }
}

/// Where a page goes on, by `decode`.
pub fn cursor<T>(fields: &mut Fields<'_, '_>, decode: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    fields.optional("cursor", |reader, node| {
        let Node::Text(text) = &node else { return reader.wrong_type(&node, "a text") };
        match decode(text) {
            Some(cursor) => Some(cursor),
            None => reader.wrong("not_a_cursor", "must be the `next` of the page before"),
        }
    })
}
