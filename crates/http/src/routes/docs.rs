//! The document, as JSON and as a page to read. The page has no outside assets and needs no script.

use crate::center::Center;
use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;
use std::fmt::Write as _;

/// Where the page is.
const PAGE: &str = "/docs";
/// Where the document is.
const DOCUMENT: &str = "/api/openapi.json";

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];
const STYLE: &str = include_str!("docs.css");

/// The document of the API
///
/// What you read.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "operation", operation_id = "openapi", security(()),
    responses((status = 200, description = "`OpenAPI` 3.1", body = HashMap<String, serde_json::Value>))
)]
pub async fn openapi(State(center): State<Center>) -> Response {
    ([(CONTENT_TYPE, "application/json")], center.openapi.clone()).into_response()
}

/// The document as a page to read
#[utoipa::path(
    get, path = "/docs", tag = "operation", operation_id = "docs", security(()),
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
pub async fn read(State(center): State<Center>) -> Response {
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, policy)];
    (headers, center.docs.clone()).into_response()
}

/// The door
///
/// Whoever comes to it is shown in.
#[utoipa::path(
    get, path = "/", tag = "operation", operation_id = "root", security(()),
    responses((
        status = 307, description = "To the page to read",
        headers(("Location" = String, description = "Where the page is")),
    ))
)]
pub async fn root() -> Redirect {
    Redirect::temporary(PAGE)
}

/// Text as HTML: escaped, with `code` in backticks.
fn html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let mut html = String::with_capacity(escaped.len());
    for (index, part) in escaped.split('`').enumerate() {
        if index > 0 {
            html.push_str(if index % 2 == 1 { "<code>" } else { "</code>" });
        }
        html.push_str(part);
    }
    if escaped.matches('`').count() % 2 == 1 {
        html.push_str("</code>");
    }
    html
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn each(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The page of a document.
pub fn page(document: &Value) -> String {
    let mut page = String::with_capacity(256 * 1024);
    let info = &document["info"];
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"><title>{0} API</title>\
         <style>{STYLE}</style><header><h1>{0} API <small>{1}</small></h1>",
        html(text(info, "title")),
        html(text(info, "version")),
    );
    for paragraph in text(info, "description").split("\n\n") {
        let _ = write!(page, "<p>{}</p>", html(paragraph));
    }
    let _ = write!(page, "<p>As <a href=\"{DOCUMENT}\">OpenAPI 3.1</a>.</p></header>");
    contents(&mut page, document);
    page.push_str("<main>");
    for tag in list(&document["tags"]) {
        let name = text(tag, "name");
        let _ = write!(page, "<h2 id=\"{name}\">{}</h2>", html(text(tag, "description")));
        for (path, method, operation) in operations(document, name) {
            write_operation(&mut page, document, path, method, operation);
        }
    }
    page.push_str("<h2 id=\"failures\">Failures</h2>");
    for (name, response) in each(&document["components"]["responses"]) {
        let description = html(text(response, "description"));
        let _ = write!(page, "<p id=\"failure-{name}\"><b>{name}</b>: {description}.</p>");
    }
    page.push_str("<h2 id=\"schemas\">Schemas</h2>");
    for (name, schema) in each(&document["components"]["schemas"]) {
        let _ = write!(page, "<section><h3 id=\"schema-{name}\">{name}</h3>");
        write_schema(&mut page, schema);
        page.push_str("</section>");
    }
    page.push_str("</main></html>\n");
    page
}

fn operations<'a>(
    document: &'a Value,
    tag: &'a str,
) -> impl Iterator<Item = (&'a str, &'static str, &'a Value)> {
    each(&document["paths"]).flat_map(move |(path, item)| {
        let methods = METHODS.iter().map(move |method| (path.as_str(), *method, &item[*method]));
        methods.filter(move |(_, _, operation)| {
            list(&operation["tags"]).iter().any(|known| known == tag)
        })
    })
}

fn contents(page: &mut String, document: &Value) {
    page.push_str("<nav><ul>");
    for tag in list(&document["tags"]) {
        let name = text(tag, "name");
        let _ = write!(page, "<li><a href=\"#{name}\">{name}</a><ul>");
        for (path, method, operation) in operations(document, name) {
            let (id, path) = (text(operation, "operationId"), html(path));
            let _ = write!(page, "<li><a href=\"#{id}\"><i>{method}</i> {path}</a>");
        }
        page.push_str("</ul>");
    }
    page.push_str(
        "<li><a href=\"#failures\">failures</a><li><a href=\"#schemas\">schemas</a></ul></nav>",
    );
}

/// What `value` is, or what it refers to.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let place = value["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
    place.and_then(|place| document.pointer(place)).unwrap_or(value)
}

fn write_operation(
    page: &mut String,
    document: &Value,
    path: &str,
    method: &str,
    operation: &Value,
) {
    let (id, path) = (text(operation, "operationId"), html(path));
    let summary = html(text(operation, "summary"));
    let _ = write!(
        page,
        "<section><h3 id=\"{id}\"><i>{method}</i> <code>{path}</code></h3><p><b>{summary}.</b> "
    );
    let _ = write!(page, "{}</p>", html(text(operation, "description")));
    let parameters =
        list(&operation["parameters"]).iter().map(|parameter| resolved(document, parameter));
    let parameters: Vec<_> = parameters.collect();
    if !parameters.is_empty() {
        page.push_str("<table><caption>Parameters</caption>");
        for parameter in parameters {
            let (name, place) = (html(text(parameter, "name")), text(parameter, "in"));
            let description = html(text(parameter, "description"));
            let _ = write!(page, "<tr><td><code>{name}</code><td>{place}<td>{description}");
        }
        page.push_str("</table>");
    }
    for (_, content) in each(&operation["requestBody"]["content"]) {
        let _ = write!(page, "<p>Body: {}</p>", kind(&content["schema"]));
        let examples =
            each(&content["examples"]).map(|(name, example)| (name.as_str(), &example["value"]));
        let single = content.get("example").map(|example| ("Example", example));
        for (name, example) in single.into_iter().chain(examples) {
            let example = serde_json::to_string_pretty(example).unwrap_or_default();
            let _ = write!(
                page,
                "<details><summary>{name}</summary><pre>{}</pre></details>",
                html(&example)
            );
        }
    }
    page.push_str("<table><caption>Answers</caption>");
    for (status, response) in each(&operation["responses"]) {
        let _ = write!(page, "<tr><td>{status}<td>");
        if let Some(name) = response["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
            let _ = write!(page, "<a href=\"#failure-{name}\">{name}</a>");
            continue;
        }
        page.push_str(&html(text(response, "description")));
        for (_, content) in each(&response["content"]) {
            let _ = write!(page, ": {}", kind(&content["schema"]));
        }
    }
    page.push_str("</table></section>");
}

/// What kind of value a schema describes, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        let kinds: Vec<String> = list(&schema[several]).iter().map(kind).collect();
        if !kinds.is_empty() {
            return kinds.join(" or ");
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        let words =
            words.iter().map(|word| html(&format!("`{}`", word.as_str().unwrap_or_default())));
        return words.collect::<Vec<_>>().join(" ");
    }
    if schema["type"] == "array" {
        return format!("list of {}", kind(&schema["items"]));
    }
    match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

fn write_schema(page: &mut String, schema: &Value) {
    if let Some(description) = schema["description"].as_str() {
        let _ = write!(page, "<p>{}</p>", html(description));
    }
    let required = list(&schema["required"]);
    if schema.get("properties").is_some() {
        page.push_str("<table>");
        for (name, field) in each(&schema["properties"]) {
            let needed = if required.iter().any(|known| known == name) { "" } else { "?" };
            let (kind, meaning) = (kind(field), html(text(field, "description")));
            let _ = write!(page, "<tr><td><code>{name}</code>{needed}<td>{kind}<td>{meaning}");
        }
        page.push_str("</table>");
        return;
    }
    let parts = ["allOf", "oneOf"].map(|several| list(&schema[several]));
    if parts.iter().all(|parts| parts.is_empty()) {
        let _ = write!(page, "<p>{}</p>", kind(schema));
    }
    for part in parts.into_iter().flatten() {
        if let Some(title) = part["title"].as_str() {
            let _ = write!(page, "<h4><code>{}</code></h4>", html(title));
        }
        write_schema(page, part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_backticks_become_code() {
        assert_eq!(html("a `b<c>` & \"d\""), "a <code>b&lt;c></code> &amp; &quot;d&quot;");
        assert_eq!(html("an open `one"), "an open <code>one</code>");
    }

    #[test]
    fn the_page_names_every_path_and_every_link_leads_somewhere() {
        let (_, document) = crate::openapi::described();
        let page = page(&document);
        for (path, _) in each(&document["paths"]) {
            assert!(page.contains(&format!("<code>{path}</code></h3>")), "{path}");
        }
        for link in page.split("href=\"#").skip(1) {
            let target = link.split('"').next().expect("a split has a first part");
            assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
        }
        let outside = ["<script", "src=\"http", "href=\"http", "url(http"];
        assert!(outside.iter().all(|asset| !page.contains(asset)), "nothing comes from outside");
    }
}
