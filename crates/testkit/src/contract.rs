//! A contract: the `OpenAPI` document of an API, against which a test holds what was asked and answered.
//!
//! What is held: the path and method are described; the status is one the operation may answer; the headers of the
//! answer are described, and those that must be there are; the body is of the media type and the schema. What was
//! asked and done (2xx) must be what the document takes: its body, its query, its path. What the document cannot
//! describe has rules here: another method of a path is a 405 that names the right ones, and another path a 404.

use std::collections::HashMap;
use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::{Draft, Registry, Validator};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// Names a file to which every operation that was exercised is written, a line each: method, path, status.
pub const EXERCISED_VARIABLE: &str = "DOCKET_TEST_EXERCISED";

/// Where the document is, for references.
const URI: &str = "contract:/document";
/// Headers that an answer may have only where the document says so.
const TOLD_HEADERS: [&str; 7] = [
    "location",
    "retry-after",
    "idempotent-replayed",
    "www-authenticate",
    "allow",
    "content-language",
    "x-request-id",
];

/// What was asked, and what was answered to it.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// Path and query, as they were sent.
    pub target: &'a str,
    /// The body that was sent; `None` where the test does not know it any more.
    pub asked: Option<&'a [u8]>,
    /// The status of the answer.
    pub status: u16,
    /// The headers of the answer, in lower case.
    pub headers: &'a [(String, String)],
    /// The body of the answer.
    pub answered: &'a [u8],
}

impl Exchange<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The document of an API.
pub struct Contract {
    document: Value,
    registry: Registry<'static>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
    exercised: Mutex<HashSet<String>>,
}

impl Contract {
    /// The contract that `document` is.
    ///
    /// # Panics
    /// When it is no JSON Schema can be looked up in.
    pub fn of(document: Value) -> Self {
        let registry = Registry::new()
            .add(URI, document.clone())
            .and_then(jsonschema::RegistryBuilder::prepare)
            .expect("the document is JSON whose references lead somewhere");
        Self { document, registry, validators: Mutex::default(), exercised: Mutex::default() }
    }

    /// What of `exchange` is not as the document says; nothing where all is.
    pub fn breaches(&self, exchange: &Exchange<'_>) -> Vec<String> {
        let (path, query) = exchange.target.split_once('?').unwrap_or((exchange.target, ""));
        let Some((template, named)) = self.template(path) else {
            return self.unknown_path(exchange);
        };
        let method = exchange.method.to_ascii_lowercase();
        let described = if method == "head" { "get" } else { method.as_str() };
        let item = &self.document["paths"][template];
        let Some(operation) = item.get(described) else {
            return self.unknown_method(exchange, item);
        };
        self.note(&exchange.method.to_ascii_uppercase(), template, exchange.status);
        let place = format!("/paths/{}/{described}", escaped(template));
        let mut breaches = self.answer(exchange, operation, &place);
        if exchange.is_done() {
            breaches.extend(self.body(exchange, operation, &place));
            breaches.extend(self.parameters(operation, &place, query, &named));
        }
        breaches
    }

    /// What of `value` is not as the schema at `place` (a JSON pointer into the document) says.
    pub fn wrong(&self, place: &str, value: &Value) -> Vec<String> {
        let mut known = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = known.entry(place.to_owned()).or_insert_with(|| {
            let schema = json!({"$ref": format!("{URI}#{}", fragment(place))});
            let validator = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(true)
                .with_registry(&self.registry)
                .build(&schema);
            Arc::new(validator.unwrap_or_else(|error| panic!("{place}: {error}")))
        });
        let validator = Arc::clone(validator);
        drop(known);
        let errors = validator.iter_errors(value);
        errors.map(|error| format!("{} {error}", error.instance_path())).collect()
    }

    /// The described path that `path` is, with the names in it.
    fn template<'p>(&self, path: &'p str) -> Option<(&str, Vec<(String, &'p str)>)> {
        let templates = self.document["paths"].as_object()?.keys();
        let mut matching: Vec<_> =
            templates.filter_map(|known| Some((known.as_str(), names(known, path)?))).collect();
        // `/api/tasks/retry` rather than `/api/tasks/{id}`.
        matching.sort_by_key(|(_, named)| named.len());
        matching.into_iter().next()
    }

    fn unknown_path(&self, exchange: &Exchange<'_>) -> Vec<String> {
        if exchange.method == "OPTIONS" && exchange.status == 204 {
            return Vec::new();
        }
        self.a_problem(exchange, &[404, 405, 413, 400, 408, 503])
    }

    fn unknown_method(&self, exchange: &Exchange<'_>, item: &Value) -> Vec<String> {
        let allowed = exchange.header("allow").unwrap_or_default().to_ascii_lowercase();
        let mut breaches = Vec::new();
        if exchange.status == 405 || exchange.method == "OPTIONS" {
            let methods = item.as_object().into_iter().flat_map(serde_json::Map::keys);
            let missing = methods.filter(|method| !allowed.contains(method.as_str()));
            breaches.extend(missing.map(|method| format!("`Allow: {allowed}` lacks {method}")));
        }
        if exchange.method == "OPTIONS" && exchange.status == 204 {
            return breaches;
        }
        breaches.extend(self.a_problem(exchange, &[405, 413, 400, 408, 503]));
        breaches
    }

    fn a_problem(&self, exchange: &Exchange<'_>, statuses: &[u16]) -> Vec<String> {
        if !statuses.contains(&exchange.status) {
            return vec![format!("the document describes no such path or method")];
        }
        if exchange.method == "HEAD" {
            return Vec::new();
        }
        match serde_json::from_slice(exchange.answered) {
            Ok(problem) => self.wrong("/components/schemas/Problem", &problem),
            Err(_) => vec!["the body is no problem".to_owned()],
        }
    }

    /// What `value` refers to, if it is a reference, and where that stands.
    fn resolved<'d>(&'d self, value: &'d Value, place: &str) -> (&'d Value, String) {
        match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => {
                (self.document.pointer(pointer).unwrap_or(&Value::Null), pointer.to_owned())
            }
            None => (value, place.to_owned()),
        }
    }

    fn answer(&self, exchange: &Exchange<'_>, operation: &Value, place: &str) -> Vec<String> {
        let status = exchange.status.to_string();
        let Some(response) = operation["responses"].get(&status) else {
            return vec![format!("the status {status} is not described")];
        };
        let (response, place) = self.resolved(response, &format!("{place}/responses/{status}"));
        let mut breaches = self.headers(exchange, response, &place);
        if exchange.method == "HEAD" {
            return breaches;
        }
        let content = response["content"].as_object();
        let Some(content) = content.filter(|content| !content.is_empty()) else {
            if !exchange.answered.is_empty() {
                breaches.push("a body is answered where none is described".to_owned());
            }
            return breaches;
        };
        let media = media_type(exchange.header("content-type").unwrap_or_default());
        if !content.contains_key(&media) {
            breaches.push(format!("the media type {media} is not described"));
        } else if media.ends_with("json") {
            let place = format!("{place}/content/{}/schema", escaped(&media));
            match serde_json::from_slice(exchange.answered) {
                Ok(body) => breaches.extend(self.wrong(&place, &body)),
                Err(error) => breaches.push(format!("the body is no JSON: {error}")),
            }
        }
        if let Some(codes) = response["x-codes"].as_array()
            && let Ok(problem) = serde_json::from_slice::<Value>(exchange.answered)
            && !codes.contains(&problem["code"])
        {
            breaches.push(format!("the code {} is not described for {status}", problem["code"]));
        }
        breaches
    }

    fn headers(&self, exchange: &Exchange<'_>, response: &Value, place: &str) -> Vec<String> {
        let mut breaches = Vec::new();
        let described = response["headers"].as_object();
        for (name, header) in described.into_iter().flatten() {
            let at = format!("{place}/headers/{}", escaped(name));
            let (header, at) = self.resolved(header, &at);
            match exchange.header(&name.to_ascii_lowercase()) {
                Some(value) => {
                    let value = typed(value, self.resolved(&header["schema"], "").0);
                    let wrong = self.wrong(&format!("{at}/schema"), &value);
                    breaches.extend(wrong.into_iter().map(|wrong| format!("{name}: {wrong}")));
                }
                None if header["required"] == true => {
                    breaches.push(format!("the header {name} is missing"));
                }
                None => {}
            }
        }
        let is_described = |header: &str| {
            described
                .is_some_and(|known| known.keys().any(|name| name.eq_ignore_ascii_case(header)))
        };
        let told = TOLD_HEADERS.iter().filter(|header| exchange.header(header).is_some());
        let untold = told.filter(|header| !is_described(header));
        breaches.extend(untold.map(|header| format!("the header {header} is not described")));
        breaches
    }

    fn body(&self, exchange: &Exchange<'_>, operation: &Value, place: &str) -> Vec<String> {
        let Some(asked) = exchange.asked else { return Vec::new() };
        let Some(content) = operation["requestBody"]["content"].as_object() else {
            let taken = !asked.is_empty();
            return taken
                .then(|| "a body was taken where none is described".to_owned())
                .into_iter()
                .collect();
        };
        let Some(media) = content.keys().find(|media| media.as_str() == "application/json") else {
            return Vec::new();
        };
        if asked.is_empty() && operation["requestBody"]["required"] == false {
            return Vec::new();
        }
        let place = format!("{place}/requestBody/content/{}/schema", escaped(media));
        match serde_json::from_slice(asked) {
            Ok(body) => {
                let wrong = self.wrong(&place, &body).into_iter();
                wrong
                    .map(|wrong| format!("a body was taken that the document refuses: {wrong}"))
                    .collect()
            }
            Err(error) => vec![format!("a body was taken that is no JSON: {error}")],
        }
    }

    fn parameters(
        &self,
        operation: &Value,
        place: &str,
        query: &str,
        named: &[(String, &str)],
    ) -> Vec<String> {
        let mut breaches = Vec::new();
        let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let find = |within: &str, name: &str| {
            parameters.iter().enumerate().find_map(|(index, parameter)| {
                let at = format!("{place}/parameters/{index}");
                let (parameter, at) = self.resolved(parameter, &at);
                let is_it = parameter["in"] == within && parameter["name"] == name;
                is_it.then_some((parameter, at))
            })
        };
        let asked = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            ("query", decoded(name), decoded(value))
        });
        let of_path = named.iter().map(|(name, value)| ("path", name.clone(), decoded(value)));
        for (within, name, value) in asked.chain(of_path) {
            let Some((parameter, at)) = find(within, &name) else {
                breaches.push(format!("the {within} parameter {name} is not described"));
                continue;
            };
            let value = typed(&value, self.resolved(&parameter["schema"], "").0);
            let wrong = self.wrong(&format!("{at}/schema"), &value);
            breaches.extend(wrong.into_iter().map(|wrong| format!("{within} {name}: {wrong}")));
        }
        breaches
    }

    /// Writes down that an operation was exercised, once a process.
    fn note(&self, method: &str, template: &str, status: u16) {
        let Some(file) = std::env::var_os(EXERCISED_VARIABLE) else { return };
        let line = format!("{method} {template} {status}\n");
        let mut exercised = self.exercised.lock().unwrap_or_else(PoisonError::into_inner);
        if exercised.insert(line.clone()) {
            let file = OpenOptions::new().create(true).append(true).open(file);
            let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
            written.expect("the file that the variable names can be written");
        }
    }
}

/// The names in `path`, if it is one that `template` describes.
fn names<'p>(template: &str, path: &'p str) -> Option<Vec<(String, &'p str)>> {
    let (described, given) = (template.split('/'), path.split('/'));
    if described.clone().count() != given.clone().count() {
        return None;
    }
    let mut named = Vec::new();
    for (part, given) in described.zip(given) {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) if !given.is_empty() => named.push((name.to_owned(), given)),
            None if part == given => {}
            _ => return None,
        }
    }
    Some(named)
}

/// `application/json; charset=utf-8` without what follows.
fn media_type(header: &str) -> String {
    header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A text as the value that a schema of its type takes.
fn typed(text: &str, schema: &Value) -> Value {
    let is = |kind: &str| {
        schema["type"] == kind
            || schema["type"]
                .as_array()
                .is_some_and(|kinds| kinds.iter().any(|known| known == kind))
    };
    let number = || text.parse::<i64>().ok().map(Value::from);
    let truth = || text.parse::<bool>().ok().map(Value::from);
    let value = if is("integer") { number() } else { None };
    let value = value.or_else(|| if is("boolean") { truth() } else { None });
    value.unwrap_or_else(|| text.into())
}

/// A name as a JSON pointer has it.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A JSON pointer as the fragment of a URI has it.
fn fragment(pointer: &str) -> String {
    pointer.replace('{', "%7B").replace('}', "%7D")
}

/// A part of a path or query without its percent signs.
fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests;
