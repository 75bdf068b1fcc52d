//! The document and what reads requests say the same: what the one refuses the other refuses too, and what the one
//! takes is not called wrong by the other. Every example of the document is bent in every way its schema knows.

use crate::center::{TestCenter, contract};
use axum::body::Body;
use axum::http::Method;
use serde_json::{Map, Value, json};

/// Codes of what no shape can say: sums, what is there, what is configured, and what goes together.
const OF_THE_WHOLE: [&str; 6] = [
    "actor_not_allowed",
    "discount_too_large",
    "duplicate",
    "not_together",
    "not_whole",
    "no_such_part",
];
/// Where more is refused than the shape says: the field, and the code.
const READS_MORE: [(&str, &str); 16] = [
    // A text that is empty is left out, so it is missing where it is required.
    ("/api/gift-packs/{pack_id} title", "empty"),
    ("/api/orders/{id}/operations text", "empty"),
    ("/api/shops app_key", "empty"),
    ("/api/shops app_secret", "empty"),
    ("/api/shops name", "empty"),
    // One of several must be given.
    ("/api/orders/{id}/operations text", "required"),
    ("/api/archive/restore order_id", "required"),
    ("/api/webhooks/{id}/replay order_id", "required"),
    // It must be said where a key may speak for several.
    ("actor", "required"),
    // The word of a market is configured.
    ("/api/orders market", "not_a_word"),
    ("/api/quotes market", "not_a_word"),
    // Only a gift takes nothing.
    ("/api/coupons/{code} face", "too_small"),
    // 0 is nothing to add, and what is there comes to too much or too little.
    ("delta", "too_small"),
    ("delta", "too_large"),
    ("limit", "too_small"),
    ("limit", "too_large"),
];

/// A way to bend a value, and the field that is then to be named.
struct Bent {
    field: String,
    body: Value,
}

fn document() -> Value {
    serde_json::from_str(&docket_http::document()).expect("the document is JSON")
}

/// What `schema` refers to.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str().and_then(|place| place.strip_prefix('#')) {
        Some(place) => {
            resolved(document, document.pointer(place).expect("a reference leads somewhere"))
        }
        None => schema,
    }
}

/// What `schema` is for a value that is there and, where it has several shapes, like `value`.
fn of_value<'d>(document: &'d Value, schema: &'d Value, value: &Value) -> &'d Value {
    let schema = resolved(document, schema);
    if let Some(mapping) = schema["discriminator"]["mapping"].as_object() {
        let field = schema["discriminator"]["propertyName"].as_str().expect("a name");
        let word = value[field].as_str().expect("a word");
        let place =
            mapping[word].as_str().and_then(|place| place.strip_prefix('#')).expect("a place");
        return document.pointer(place).expect("a mapping leads somewhere");
    }
    let several = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    let known = several.into_iter().flatten().find(|schema| schema["type"] != "null");
    known.map_or(schema, |schema| of_value(document, schema, value))
}

fn is_of(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind
        || schema["type"].as_array().is_some_and(|all| all.iter().any(|one| one == kind))
}

/// Values at the bounds of `schema`, on both sides of them, and of other types.
fn bends(document: &Value, schema: &Value, like: &Value) -> Vec<Value> {
    let schema = of_value(document, schema, like);
    let mut bends = vec![Value::Null];
    if let Some(words) = schema["enum"].as_array() {
        bends.extend(words.iter().cloned());
        bends.push("furniture".into());
    } else if is_of(schema, "string") {
        let most = schema["maxLength"].as_u64().map_or(0, |most| most as usize);
        if most > 0 {
            bends.extend([Value::from("x".repeat(most)), "x".repeat(most + 1).into()]);
        }
        bends.extend(
            ["", " x", "x\u{0}", "yesterday", "-1", "1.5", "1.2345", "1e3"].map(Value::from),
        );
        bends.extend([json!(7), json!(true)]);
    } else if is_of(schema, "integer") {
        for bound in ["minimum", "maximum"].into_iter().filter_map(|bound| schema[bound].as_i64()) {
            bends.extend([bound - 1, bound, bound + 1].map(Value::from));
        }
        bends.extend([json!(1.5), json!("1"), json!(true)]);
    } else if is_of(schema, "boolean") {
        bends.extend([json!(true), json!(false), json!(1), json!("true")]);
    } else if is_of(schema, "array") {
        bends.extend([json!(7), json!({}), json!([])]);
        let entry = like[0].clone();
        let most = schema["maxItems"].as_u64();
        if let (Some(most), false) = (most, entry.is_null()) {
            bends.push(vec![entry; most as usize + 1].into());
        }
    } else if schema.get("properties").is_some() {
        bends.extend([json!(7), json!([])]);
    }
    bends
}

/// Every bending of `body`, and of what is inside it.
fn all_bends(document: &Value, schema: &Value, body: &Value) -> Vec<Bent> {
    let mut all = Vec::new();
    bend_inside(document, schema, body, "", &mut |field, value| {
        all.push(Bent { field, body: value });
    });
    all
}

fn bend_inside(
    document: &Value,
    schema: &Value,
    value: &Value,
    at: &str,
    found: &mut dyn FnMut(String, Value),
) {
    let schema = of_value(document, schema, value);
    if let (Some(properties), Value::Object(fields)) = (schema["properties"].as_object(), value) {
        let name =
            |field: &str| if at.is_empty() { field.to_owned() } else { format!("{at}.{field}") };
        let with = |field: &str, value: Option<Value>| {
            let mut fields: Map<String, Value> = fields.clone();
            match value {
                Some(value) => drop(fields.insert(field.to_owned(), value)),
                None => drop(fields.remove(field)),
            }
            Value::Object(fields)
        };
        found(name("colour"), with("colour", Some(json!(1))));
        for (field, schema) in properties {
            let like = fields.get(field).cloned().unwrap_or(Value::Null);
            found(name(field), with(field, None));
            // What tells shapes apart says what else there is.
            let tells = field == "type" || field == "kind";
            for bend in bends(document, schema, &like) {
                if !tells || !bend.is_string() || bend == "furniture" {
                    found(name(field), with(field, Some(bend)));
                }
            }
            if let Some(inner) = fields.get(field) {
                bend_inside(document, schema, inner, &name(field), &mut |path, value| {
                    found(path, with(field, Some(value)));
                });
            }
        }
    } else if let (Some(entries), Value::Array(values)) = (schema.get("items"), value) {
        let Some(first) = values.first() else { return };
        bend_inside(document, entries, first, &format!("{at}[0]"), &mut |path, value| {
            let mut values = values.clone();
            values[0] = value;
            found(path, Value::Array(values));
        });
    }
}

/// The examples of a body.
fn examples(content: &Value) -> Vec<Value> {
    let single = content.get("example").cloned();
    let several = content["examples"].as_object().into_iter().flatten();
    single.into_iter().chain(several.map(|(_, example)| example["value"].clone())).collect()
}

/// A path with names that nothing has.
fn filled(path: &str) -> String {
    let path = path.replace("{id}", "17").replace("{ledger}", "coins");
    let mut filled = String::new();
    for part in path.split('/').skip(1) {
        filled.push('/');
        filled.push_str(if part.starts_with('{') { "x1" } else { part });
    }
    filled
}

/// Each operation that takes JSON: its path, method, and where its schema and examples are.
fn taking_json(document: &Value) -> Vec<(String, Method, String)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            if operation["requestBody"]["content"].get("application/json").is_some() {
                let place = path.replace('~', "~0").replace('/', "~1");
                let place =
                    format!("/paths/{place}/{method}/requestBody/content/application~1json");
                let method = method.to_uppercase().parse().expect("a method");
                all.push((path.clone(), method, place));
            }
        }
    }
    all
}

#[test]
fn every_body_has_an_example_that_is_as_its_schema_says() {
    let document = document();
    for (path, method, place) in taking_json(&document) {
        let examples = examples(document.pointer(&place).expect("it was found"));
        assert!(!examples.is_empty(), "{method} {path} has no example");
        for example in examples {
            let wrong = contract().wrong(&format!("{place}/schema"), &example);
            assert_eq!(wrong, Vec::<String>::new(), "{method} {path}: {example}");
        }
    }
}

#[tokio::test]
async fn what_the_document_says_of_bodies_is_what_is_read() {
    let (center, document) = (TestCenter::start().await, document());
    let mut wrong = Vec::new();
    let mut sent = 0;
    for (path, method, place) in taking_json(&document) {
        let content = document.pointer(&place).expect("it was found");
        for example in examples(content) {
            for Bent { field, body } in all_bends(&document, &content["schema"], &example) {
                let refuses = !contract().wrong(&format!("{place}/schema"), &body).is_empty();
                let request = center.request(method.clone(), &filled(&path));
                let request = request.header("content-type", "application/json");
                let request = request.body(Body::from(body.to_string())).expect("a request");
                let got = center.send(request).await;
                sent += 1;
                let named = named(&got.body, &field);
                let agrees = if refuses {
                    // Whose password it is to be is looked at first: a key has none, and nobody is user 17.
                    named.is_some()
                        || path.ends_with("/password") && [403, 404].contains(&got.status)
                } else {
                    named.as_deref().is_none_or(|code| may_read_more(&path, &field, code))
                };
                if !agrees {
                    let bent = body.to_string().chars().take(200).collect::<String>();
                    let verdict = if refuses { "refuses" } else { "takes" };
                    wrong.push(format!("{method} {path} {field}: the document {verdict}, read: {} {named:?} {bent}", got.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {sent}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(sent > 2_000, "{sent}");
}

/// The code that a problem gives for `field` or something in it.
fn named(problem: &Value, field: &str) -> Option<String> {
    let inside = |named: &str| {
        named == field || named.strip_prefix(field).is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    let errors = problem["errors"].as_array().into_iter().flatten();
    let mut named = errors.filter(|error| error["field"].as_str().is_some_and(inside));
    named.next().map(|error| error["code"].as_str().unwrap_or_default().to_owned())
}

fn may_read_more(path: &str, field: &str, code: &str) -> bool {
    let place = format!("{path} {field}");
    let known = |(at, of): &(&str, &str)| *of == code && (*at == place || *at == field);
    OF_THE_WHOLE.contains(&code) || READS_MORE.iter().any(known)
}

#[tokio::test]
async fn what_the_document_says_of_queries_is_what_is_read() {
    let (center, document) = (TestCenter::start().await, document());
    let mut wrong = Vec::new();
    let mut sent = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        if !path.starts_with("/api/")
            || path == "/api/openapi.json"
            || path.contains("/callbacks/{")
        {
            continue;
        }
        let Some(operation) = item.get("get") else { continue };
        let parameters = operation["parameters"].as_array().expect("parameters");
        let parameters = parameters.iter().enumerate().map(|(index, parameter)| {
            let path = path.replace('~', "~0").replace('/', "~1");
            (format!("/paths/{path}/get/parameters/{index}/schema"), parameter)
        });
        let asked: Vec<_> =
            parameters.filter(|(_, parameter)| parameter["in"] == "query").collect();
        // What stands in the query of a push is its marketplace's own, and signed.
        if path.starts_with("/api/channels/") {
            continue;
        }
        let unknown = json!({"name": "colour", "schema": {"type": "string"}});
        for (place, parameter) in asked.into_iter().chain([(String::new(), &unknown)]) {
            let name = parameter["name"].as_str().expect("a name");
            let schema = of_value(&document, &parameter["schema"], &Value::Null);
            let mut values: Vec<String> = match &schema["enum"] {
                Value::Array(words) => {
                    words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect()
                }
                _ => Vec::new(),
            };
            let taken = values.len();
            values.extend(["furniture".to_owned(), "%00".to_owned(), "x".repeat(200)]);
            for bound in
                ["minimum", "maximum"].into_iter().filter_map(|bound| schema[bound].as_i64())
            {
                values.extend([bound - 1, bound, bound + 1].map(|number| number.to_string()));
            }
            for (index, value) in values.iter().enumerate() {
                let number = value.parse::<i64>().ok().map(Value::from);
                let typed = number
                    .filter(|_| is_of(schema, "integer"))
                    .unwrap_or_else(|| value.replace("%00", "\u{0}").into());
                let refuses = name == "colour"
                    || index >= taken && !contract().wrong(&place, &typed).is_empty();
                let request =
                    center.request(Method::GET, &format!("{}?{name}={value}", filled(path)));
                let got = center.send(request.body(Body::empty()).expect("a request")).await;
                sent += 1;
                let named = named(&got.body, name);
                // A cursor is opaque: only whoever gave it knows whether it is one.
                let is_opaque = name == "cursor" && named.as_deref() == Some("not_a_cursor");
                if refuses != named.is_some() && !is_opaque {
                    wrong.push(format!(
                        "GET {path} {name}={value}: refused {refuses}, read: {} {named:?}",
                        got.status
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {sent}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(sent > 200, "{sent}");
}

/// A filter that filters nothing would list everything.
#[tokio::test]
async fn every_parameter_of_every_list_that_is_given_empty_is_refused() {
    let center = TestCenter::start().await;
    let document = center.get("/api/openapi.json").await.ok(200);
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let parameters = methods["get"]["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|one| one["in"] == "query" && !path.contains('{')) {
            let name = parameter["name"].as_str().expect("a name");
            let answer = center.get(&format!("{path}?{name}=")).await.problem(422, "invalid");
            let errors = answer["errors"].as_array().expect("errors");
            let of_it = errors.iter().find(|error| error["field"] == name).expect(name);
            assert_eq!(of_it["code"], "empty", "{path}?{name}=");
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked} were asked for");
}
