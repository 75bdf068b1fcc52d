//! Rules that hold for the whole document, and that the derive of a type cannot say:
//!
//! - what is flattened into an object stands in it, and what is said of a field that may be null stands at the field;
//! - an object of a request takes no field but its own, and an object of an answer has none but its own;
//! - a body that says nothing may be left out;
//! - in an answer a field that may be null is always there, unless its description says that it is left out;
//! - every request may bring `x-request-id`, and every answer carries it.
//!
//! The HTTP tests hold every answer and every accepted request against what comes out.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The methods that operations of ours have.
pub const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// Texts of answers that are of one shape wherever they stand, by the name of their field.
const NAMED: [(&str, &str); 3] =
    [("currency", "^[A-Z]{3}$"), ("next", "^[A-Za-z0-9_-]+$"), ("sha256", "^[0-9a-f]{64}$")];

/// Applies the rules to the document.
pub fn finish(document: &mut Value) {
    walk_all(document, &mut hoist);
    flatten(document);
    let asked = reached(document, "requestBody");
    let answered = reached(document, "responses");
    let schemas = document["components"]["schemas"].as_object_mut();
    for (name, schema) in schemas.into_iter().flatten() {
        let direction = match (asked.contains(name), answered.contains(name)) {
            (true, _) => Direction::Asked,
            (false, _) => Direction::Answered,
        };
        walk(schema, &mut |schema| close(schema, direction));
    }
    headers(document);
    each_operation(document, |_, _, operation| {
        operation.get_mut("requestBody").into_iter().for_each(optional);
    });
}

/// A body that says nothing may be left out.
fn optional(body: &mut Value) {
    let schema = &body["content"]["application/json"]["schema"]["$ref"];
    if schema == "#/components/schemas/Nothing" {
        body["required"] = json!(false);
    }
}

/// Calls `with` for each operation: its path, its method and itself.
pub fn each_operation(document: &mut Value, mut with: impl FnMut(&str, &str, &mut Value)) {
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                with(path, method, operation);
            }
        }
    }
}

/// Whether a schema is of what is sent to us or of what we answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Asked,
    Answered,
}

/// Calls `with` for `schema` and every schema inside it.
fn walk(schema: &mut Value, with: &mut impl FnMut(&mut Map<String, Value>)) {
    match schema {
        Value::Object(object) => {
            with(object);
            for (key, inner) in object.iter_mut() {
                if key == "properties" {
                    inner
                        .as_object_mut()
                        .into_iter()
                        .flatten()
                        .for_each(|(_, schema)| walk(schema, with));
                } else if matches!(
                    key.as_str(),
                    "items" | "oneOf" | "anyOf" | "allOf" | "additionalProperties"
                ) {
                    walk(inner, with);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|schema| walk(schema, with)),
        _ => {}
    }
}

/// Calls `with` for every schema of the components.
fn walk_all(document: &mut Value, with: &mut impl FnMut(&mut Map<String, Value>)) {
    let schemas = document["components"]["schemas"].as_object_mut();
    schemas.into_iter().flatten().for_each(|(_, schema)| walk(schema, with));
}

/// Says of a field that may be null what its derive said of what it is otherwise.
fn hoist(schema: &mut Map<String, Value>) {
    let Some(several) = schema.get_mut("oneOf").and_then(Value::as_array_mut) else { return };
    if !several.iter().any(|one| one["type"] == "null") {
        return;
    }
    let said = several
        .iter_mut()
        .filter(|one| one.get("$ref").is_some())
        .find_map(|one| one.as_object_mut().and_then(|one| one.remove("description")));
    if let Some(said) = said {
        schema.insert("description".to_owned(), said);
    }
}

/// Makes one object of an object and those that are flattened into it.
fn flatten(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let whole = |part: &Value| -> Option<Value> {
        let name = part["$ref"].as_str().and_then(|place| place.rsplit('/').next());
        Some(name.map_or_else(|| part.clone(), |name| schemas[name].clone()))
            .filter(|part| part["type"] == "object")
    };
    let named = document["components"]["schemas"].as_object_mut();
    for (_, schema) in named.into_iter().flatten() {
        let Some(parts) = schema["allOf"].as_array() else { continue };
        let Some(parts) = parts.iter().map(whole).collect::<Option<Vec<_>>>() else { continue };
        let (mut properties, mut required) = (Map::new(), Vec::new());
        let mut description = schema["description"].clone();
        for part in parts {
            if description.is_null() {
                description = part["description"].clone();
            }
            properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
            required.extend(part["required"].as_array().cloned().unwrap_or_default());
        }
        *schema = json!({
            "type": "object", "description": description, "properties": properties, "required": required,
        });
    }
}

/// The names of schemas that what stands under `key` of any operation leads to.
fn reached(document: &Value, key: &str) -> BTreeSet<String> {
    let schemas = &document["components"]["schemas"];
    let mut names = BTreeSet::new();
    let mut left: Vec<&Value> = Vec::new();
    for item in document["paths"].as_object().into_iter().flatten().map(|(_, item)| item) {
        left.extend(METHODS.iter().filter_map(|method| item.get(method)?.get(key)));
    }
    while let Some(value) = left.pop() {
        match value {
            Value::Object(object) => {
                if let Some(name) = value["$ref"]
                    .as_str()
                    .and_then(|place| place.strip_prefix("#/components/schemas/"))
                    && names.insert(name.to_owned())
                {
                    left.push(&schemas[name]);
                }
                left.extend(object.values());
            }
            Value::Array(list) => left.extend(list),
            _ => {}
        }
    }
    names
}

/// Says what a schema leaves open.
fn close(schema: &mut Map<String, Value>, direction: Direction) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        if schema.get("title").is_some() && schema.get("type").is_none() {
            schema.remove("title");
        }
        return;
    };
    let mut there: BTreeSet<String> = BTreeSet::new();
    for (name, field) in properties {
        if direction == Direction::Answered {
            let pattern =
                NAMED.iter().find(|(known, _)| known == name).map(|(_, pattern)| *pattern);
            if let Some(pattern) =
                pattern.filter(|_| may_be(field, "string") && field.get("format").is_none())
            {
                field["pattern"] = pattern.into();
            }
            let said = field["description"].as_str().unwrap_or_default().to_lowercase();
            let is_left_out = said.contains("left out");
            if may_be(field, "null") && !is_left_out {
                there.insert(name.clone());
            }
        }
    }
    let required = schema.entry("required").or_insert_with(|| json!([]));
    there.extend(
        required.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
    );
    *required = json!(there);
    if there.is_empty() {
        schema.remove("required");
    }
    schema.entry("additionalProperties").or_insert(Value::Bool(false));
}

/// Whether a value of this schema may be of `kind`.
fn may_be(schema: &Value, kind: &str) -> bool {
    let several = ["oneOf", "anyOf"].into_iter().filter_map(|several| schema[several].as_array());
    schema["type"] == kind
        || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|known| known == kind))
        || several.flatten().any(|schema| may_be(schema, kind))
}
/// What the id of a request may be.
fn request_id() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9._:/+=-]+$"})
}

/// Headers of answers, named once.
fn answered_headers() -> Value {
    json!({
        "RequestId": {
            "description": "The id of the request, which the log has too: the caller's, if it brought a plain one",
            "required": true, "schema": request_id(),
        },
        "Replayed": {
            "description": "`true` where the answer is to a request that was done before",
            "schema": {"type": "string", "enum": ["true"]},
        },
        "ContentLanguage": {
            "description": "The language of what people read in it", "required": true,
            "schema": {"type": "string", "enum": ["zh", "en"]},
        },
        "Vary": {
            "description": "It differs by `Accept-Language`", "required": true, "schema": {"type": "string"},
        },
        "Location": {
            "description": "Where what was made is read", "required": true,
            "schema": {"type": "string", "pattern": "^/[!-~]*$"},
        },
    })
}

/// Headers of requests, named once.
fn asked_headers() -> Value {
    let key = json!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"});
    json!({
        "RequestId": {
            "name": "x-request-id", "in": "header", "required": false, "schema": request_id(),
            "description": "An id for the log and the answer; one is made up where it is left out or not plain",
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false, "schema": key,
            "description": super::bodies::IDEMPOTENCY,
        },
        "Prefer": {
            "name": "Prefer", "in": "header", "required": false, "schema": {"type": "string"},
            "description": "`respond-async`, with an `Idempotency-Key`: do not wait",
        },
        "AcceptLanguage": {
            "name": "Accept-Language", "in": "header", "required": false, "schema": {"type": "string"},
            "description": "The language of what people read: `zh` or `en`, the better liked one; `en` where left out",
        },
    })
}

/// Headers that every request may bring and every answer carries, and those of some.
fn headers(document: &mut Value) {
    let components = &mut document["components"];
    components["headers"] = answered_headers();
    components["parameters"] = asked_headers();
    let refer = |kind: &str, name: &str| json!({"$ref": format!("#/components/{kind}/{name}")});
    for (_, response) in components["responses"].as_object_mut().into_iter().flatten() {
        response["headers"]["x-request-id"] = refer("headers", "RequestId");
        response["headers"]["Content-Language"] = refer("headers", "ContentLanguage");
        response["headers"]["Vary"] = refer("headers", "Vary");
    }
    each_operation(document, |_, method, operation| {
        let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let (mut is_once, mut is_told) = (false, false);
        for parameter in &mut parameters {
            if parameter["name"] == "Idempotency-Key" {
                *parameter = refer("parameters", "IdempotencyKey");
                is_once = true;
            } else if parameter["name"] == "Accept-Language" {
                is_told = operation["operationId"] == "list_activities";
                *parameter = Value::Null;
            } else if parameter["name"] == "Prefer" {
                *parameter = refer("parameters", "Prefer");
            }
        }
        parameters.retain(|parameter| !parameter.is_null());
        // Whatever is asked, what goes wrong is told in the language that the caller prefers.
        parameters.push(refer("parameters", "AcceptLanguage"));
        parameters.push(refer("parameters", "RequestId"));
        operation["parameters"] = parameters.into();
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            if response.get("$ref").is_some() {
                continue;
            }
            response["headers"]["x-request-id"] = refer("headers", "RequestId");
            if is_told {
                response["headers"]["Content-Language"] = refer("headers", "ContentLanguage");
                response["headers"]["Vary"] = refer("headers", "Vary");
            }
            if is_once && method == "post" && status.starts_with('2') {
                response["headers"]["Idempotent-Replayed"] = refer("headers", "Replayed");
            }
            if status == "201" || response["headers"].get("Location").is_some() {
                response["headers"]["Location"] = refer("headers", "Location");
            }
        }
    });
}
