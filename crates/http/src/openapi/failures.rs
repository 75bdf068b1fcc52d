//! The failures of the API, described once and referred to by every operation that may have them.

use crate::routes::IMPORTS;
use docket_wire::problem::MEDIA_TYPE;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{
    Content, Header, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder,
};

/// Status, name and meaning of each.
const FAILURES: &[(&str, &str, &str)] = &[
    (
        "400",
        "Malformed",
        "`malformed_json`, `bad_utf8`, `too_deep`, `too_many_fields`, `too_many_values`, `body_incomplete`: the body is no JSON document. `malformed_request`: the head is no HTTP, or does not name one `Host`. `callback_unreadable`: a callback that cannot be read",
    ),
    ("401", "Unauthenticated", "`unauthenticated`: no token, or one that is not valid"),
    (
        "403",
        "Forbidden",
        "`scope_missing`: the key lacks a scope. `not_allowed`: it is limited to shops or places, and this is not of them alone. `actor_not_allowed`: it may not speak for this actor, or this actor may not ask for this. `callback_untrusted`: a callback does not prove whose it is",
    ),
    ("404", "NotFound", "`not_found`: there is no such thing, or the caller may not see it"),
    (
        "409",
        "Conflict",
        "`operation_refused` (with `state` and `operation`), `version_conflict`, `terms_conflict`, `total_mismatch`, `price_mismatch` (with `current`), `payment_open`, `too_many_attempts`, `too_many_payments`, `too_many_refunds`, `too_many_refund_news`, `too_many_shipments`, `too_many_extensions`, `too_many_notes`, `too_many_tags`, `too_many_changes`, `payment_reference_taken`, `out_of_stock` (with `skus`), `not_enough_coins` (with `current`), `amount_unknown`, `not_home` (with `home`), `client_token_reused`, `external_id_taken`, `name_taken`, `wrong_state`, `archived`, `archive_off`, `mirror_off`: the state does not allow it",
    ),
    (
        "408",
        "TooSlow",
        "`request_timeout`: the body did not arrive in time; the connection ends with the answer",
    ),
    (
        "413",
        "TooLarge",
        "`body_too_large`: bodies have at most 1 MiB, imports 16 MiB, those sent without credentials 64 KiB",
    ),
    ("415", "Unsupported", "`unsupported_media_type`: bodies are `application/json`"),
    (
        "422",
        "Invalid",
        "`invalid` with every wrong field in `errors`; `wrong_level`, `no_such_part`, `too_much`, `discount_too_large`, `idempotency_key_reused`: the request is wrong whatever the state",
    ),
    ("429", "TooManyTries", "`too_many_tries`: wait as `Retry-After` says"),
    (
        "500",
        "Internal",
        "`internal`: a fault of ours; the log has it under the `x-request-id`. `archive_damaged`: the archive lost what it was given",
    ),
    (
        "503",
        "Unavailable",
        "`busy`, `unavailable`, `archive_unreachable`, `no_room` (the bodies of other requests take all the room there is), `too_many_connections`: try again as `Retry-After` says",
    ),
];

/// Describes the failures and refers to them where they may occur.
pub fn describe(document: &mut Document) {
    let components = document.components.get_or_insert_default();
    for (status, name, meaning) in FAILURES {
        components.responses.insert((*name).to_owned(), RefOr::T(failure(status, meaning)));
    }
    for (path, item) in &mut document.paths.paths {
        if !path.starts_with("/api/") {
            continue;
        }
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                refer(operation, path, &method);
            }
        }
    }
}

fn failure(status: &str, meaning: &str) -> Response {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new().description(meaning).content(MEDIA_TYPE, problem);
    match status {
        "429" | "503" => response.header("Retry-After", seconds()).build(),
        _ => response.build(),
    }
}

fn seconds() -> Header {
    let mut header = Header::default();
    header.description = Some("Seconds to wait".to_owned());
    header
}

fn refer(operation: &mut Operation, path: &str, method: &HttpMethod) {
    let sends = matches!(method, HttpMethod::Post | HttpMethod::Put);
    for (status, name, _) in FAILURES {
        let may = match *status {
            "400" | "415" => sends && path != IMPORTS,
            "408" | "413" => sends,
            "403" => !matches!(path, "/api/login" | "/api/me"),
            "404" => path.contains('{') && !path.contains("{sku_id}"),
            "409" => sends && !matches!(path, "/api/login" | IMPORTS),
            "429" => path == "/api/login",
            _ => true,
        };
        if may {
            let known = RefOr::Ref(Ref::from_response_name(*name));
            operation.responses.responses.entry((*status).to_owned()).or_insert(known);
        }
    }
}
