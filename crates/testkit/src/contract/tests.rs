//! Each kind of breach is one, and what is as the document says is none.

use super::*;

fn contract() -> Contract {
    Contract::of(json!({
        "openapi": "3.1.0",
        "components": {
            "schemas": {
                "Problem": {"type": "object", "required": ["code"]},
                "Thing": {
                    "type": "object", "additionalProperties": false, "required": ["name"],
                    "properties": {"name": {"type": ["string", "null"]}},
                },
            },
            "responses": {"Conflict": {
                "description": "No", "x-codes": ["taken"],
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }},
        },
        "paths": {"/things/{id}": {"put": {
            "parameters": [
                {"name": "id", "in": "path", "schema": {"type": "string", "pattern": "^[a-z]+$"}},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}},
            ],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
            "responses": {
                "200": {
                    "description": "Yes",
                    "headers": {"Location": {"required": true, "schema": {"type": "string"}}},
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                },
                "409": {"$ref": "#/components/responses/Conflict"},
            },
        }}},
    }))
}

fn breaches(
    target: &str,
    asked: &str,
    status: u16,
    headers: &[(&str, &str)],
    answered: &str,
) -> Vec<String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let headers: Vec<_> = headers.iter().map(owned).collect();
    contract().breaches(&Exchange {
        method: "PUT",
        target,
        asked: Some(asked.as_bytes()),
        status,
        headers: &headers,
        answered: answered.as_bytes(),
    })
}

const DONE: [(&str, &str); 2] = [("content-type", "application/json"), ("location", "/")];

#[test]
fn what_is_as_the_document_says_has_no_breach() {
    let body = r#"{"name":null}"#;
    assert_eq!(breaches("/things/a?limit=9", body, 200, &DONE, body), Vec::<String>::new());
    let problem = [("content-type", "application/problem+json")];
    let none = Vec::<String>::new();
    assert_eq!(breaches("/things/a", "]", 409, &problem, r#"{"code":"taken"}"#), none);
    assert_eq!(breaches("/others", "", 404, &problem, r#"{"code":"x"}"#), none);
}

#[test]
fn each_thing_that_is_not_as_the_document_says_is_a_breach() {
    let body = r#"{"name":"a"}"#;
    let problem = [("content-type", "application/problem+json")];
    let cases = [
        breaches("/things/a", body, 418, &DONE, body),
        breaches("/others", body, 200, &DONE, body),
        breaches("/things/a", body, 200, &DONE, "{}"),
        breaches("/things/a", body, 200, &DONE, r#"{"name":"a","more":1}"#),
        breaches("/things/a", body, 200, &DONE, "no JSON"),
        breaches("/things/a", body, 200, &DONE[..1], body),
        breaches("/things/a", body, 200, &[("content-type", "text/plain"), DONE[1]], body),
        breaches("/things/a", body, 200, &[DONE[0], DONE[1], ("retry-after", "1")], body),
        breaches("/things/a", r#"{"name":1}"#, 200, &DONE, body),
        breaches("/things/a?limit=10", body, 200, &DONE, body),
        breaches("/things/a?other=1", body, 200, &DONE, body),
        breaches("/things/A", body, 200, &DONE, body),
        breaches("/things/a", body, 409, &problem, r#"{"code":"other"}"#),
    ];
    for (index, found) in cases.iter().enumerate() {
        assert_eq!(found.len(), 1, "case {index}: {found:?}");
    }
}
