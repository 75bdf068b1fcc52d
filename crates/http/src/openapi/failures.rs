//! The failures of the API, described once and referred to by every operation that may have them.

use super::finish::each_operation;
use docket_wire::problem::MEDIA_TYPE;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One status, the codes of its problems, and what they mean.
struct Failure {
    status: &'static str,
    name: &'static str,
    meaning: &'static str,
    codes: &'static [&'static str],
}

/// What may go wrong, by status.
const FAILURES: &[Failure] = &[
    Failure {
        status: "400",
        name: "Malformed",
        meaning: "The request cannot be read: its body is no JSON document or broke off, its head is no HTTP or does not name one `Host`, or it is \
            a callback that cannot be read",
        codes: &[
            "malformed_json",
            "bad_utf8",
            "too_deep",
            "too_many_fields",
            "too_many_values",
            "body_incomplete",
            "malformed_request",
            "callback_unreadable",
        ],
    },
    Failure {
        status: "401",
        name: "Unauthenticated",
        meaning: "No token, or one that is not valid",
        codes: &["unauthenticated"],
    },
    Failure {
        status: "403",
        name: "Forbidden",
        meaning: "`scope_missing`: the key lacks a scope. `not_allowed`: it is limited to shops or places, and this is \
            not of them alone. `actor_not_allowed`: it may not speak for this actor, or this actor may not ask for \
            this. `callback_untrusted`: a callback does not prove whose it is",
        codes: &["scope_missing", "not_allowed", "actor_not_allowed", "callback_untrusted"],
    },
    Failure {
        status: "404",
        name: "NotFound",
        meaning: "There is no such thing, or the caller may not see it",
        codes: &["not_found"],
    },
    Failure {
        status: "405",
        name: "MethodNotAllowed",
        meaning: "The path has no such method; `Allow` names those it has",
        codes: &["method_not_allowed"],
    },
    Failure {
        status: "408",
        name: "TooSlow",
        meaning: "The body did not arrive in time; the connection ends with the answer",
        codes: &["request_timeout"],
    },
    Failure {
        status: "409",
        name: "Conflict",
        meaning: "The state does not allow it: `operation_refused` (with `state` and `operation`), \
            `version_conflict`, `terms_conflict` and `total_mismatch` (with `current`), `price_mismatch` (with \
            `current`), `out_of_stock` (with `skus`), `not_enough_coins` (with `current`), `not_home` (with `home`), \
            `not_here` (with `site`), \
            `coupon_limit_reached` (with `limit`), `run_in_progress` (with `run_id`), and the others",
        codes: &[
            "operation_refused",
            "version_conflict",
            "terms_conflict",
            "total_mismatch",
            "price_mismatch",
            "payment_open",
            "too_many_attempts",
            "too_many_payments",
            "too_many_refunds",
            "too_many_refund_news",
            "too_many_shipments",
            "too_many_extensions",
            "too_many_notes",
            "too_many_tags",
            "too_many_changes",
            "payment_reference_taken",
            "refund_reference_taken",
            "out_of_stock",
            "not_enough_coins",
            "amount_unknown",
            "not_home",
            "not_here",
            "client_token_reused",
            "external_id_taken",
            "name_taken",
            "run_in_progress",
            "wrong_state",
            "archived",
            "archive_off",
            "mirror_off",
            "sealed",
            "buyer_forgotten",
            "coupon_unknown",
            "coupon_not_active",
            "coupon_not_yet",
            "coupon_expired",
            "coupon_needs_phone",
            "coupon_limit_reached",
            "coupon_not_applicable",
            "coupon_not_used",
            "coupon_held",
            "coupon_came_back",
        ],
    },
    Failure {
        status: "413",
        name: "TooLarge",
        meaning: "Bodies have at most 1 MiB, imports 16 MiB, those sent without credentials 64 KiB",
        codes: &["body_too_large"],
    },
    Failure {
        status: "415",
        name: "Unsupported",
        meaning: "The body is of another media type than is taken here, or is compressed",
        codes: &["unsupported_media_type"],
    },
    Failure {
        status: "422",
        name: "Invalid",
        meaning: "The request is wrong whatever the state: `invalid` with every wrong field in `errors`, and the others",
        codes: &[
            "invalid",
            "wrong_level",
            "no_such_part",
            "too_much",
            "discount_too_large",
            "idempotency_key_reused",
        ],
    },
    Failure {
        status: "429",
        name: "TooManyTries",
        meaning: "Wait as `Retry-After` says",
        codes: &["too_many_tries"],
    },
    Failure {
        status: "431",
        name: "HeadTooLarge",
        meaning: "The head of a request has at most 32 KiB; the connection is closed",
        codes: &["head_too_large"],
    },
    Failure {
        status: "500",
        name: "Internal",
        meaning: "`internal`: a fault of ours; the log has it under the `x-request-id`. `archive_damaged`: the archive \
            lost what it was given. `damaged`: the database is damaged",
        codes: &["internal", "archive_damaged", "damaged"],
    },
    Failure {
        status: "503",
        name: "Unavailable",
        meaning: "`busy`, `unavailable`, `archive_unreachable`, `no_room` (the bodies of other requests take all the \
            room there is), `too_many_connections`: try again as `Retry-After` says. `database_moved`: the \
            database file is not in its place. `too_slow`: a read took longer than `[database] read_deadline` allows; \
            ask for less at once",
        codes: &[
            "busy",
            "unavailable",
            "archive_unreachable",
            "marketplace_unreachable",
            "no_room",
            "too_many_connections",
            "database_moved",
            "too_slow",
        ],
    },
];

/// Every code that a problem may have.
fn codes() -> BTreeSet<&'static str> {
    FAILURES.iter().flat_map(|failure| failure.codes).copied().collect()
}

/// Describes the failures and refers to them where they may occur.
pub fn describe(document: &mut Value) {
    for failure in FAILURES {
        document["components"]["responses"][failure.name] = response(failure);
    }
    document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] = json!(codes());
    each_operation(document, |path, method, operation| {
        for Failure { status, name, .. } in FAILURES {
            if may(path, method, operation, status) {
                let responses = &mut operation["responses"];
                if responses.get(status).is_none() {
                    let place = format!("#/components/responses/{name}");
                    responses[status] = json!({"$ref": place});
                }
            }
        }
    });
}

fn response(failure: &Failure) -> Value {
    let mut response = json!({
        "description": failure.meaning,
        "x-codes": failure.codes,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
    let header = match failure.status {
        "401" => Some(("WWW-Authenticate", "How to say who one is", json!({"type": "string"}))),
        "405" => Some(("Allow", "The methods that the path has", json!({"type": "string"}))),
        "429" | "503" => {
            let seconds = json!({"type": "integer", "minimum": 1});
            Some(("Retry-After", "Seconds to wait", seconds))
        }
        _ => None,
    };
    if let Some((name, meaning, schema)) = header {
        response["headers"][name] = json!({"description": meaning, "schema": schema});
    }
    response
}

/// Whether an operation may answer with `status`.
fn may(path: &str, method: &str, operation: &Value, status: &str) -> bool {
    let sends = operation.get("requestBody").is_some();
    let is_open = operation["security"] == json!([{}]);
    let is_api = path.starts_with("/api/");
    match status {
        // What comes before the path is looked at may come wherever one asks.
        "400" | "408" | "413" | "431" | "500" | "503" => true,
        "401" => !is_open || path == "/api/login",
        "403" => is_api && (!is_open || path.contains("/callbacks/")) && path != "/api/me",
        "404" => path.contains('{') || matches!(path, "/metrics" | "/api/archive/restore"),
        "405" => false,
        "409" => is_api && !is_open,
        "415" => sends && !path.contains("/callbacks/"),
        "422" => is_api && path != "/api/openapi.json" && !path.contains("/callbacks/{"),
        "429" => matches!(path, "/api/login" | "/api/me/password"),
        _ => unreachable!("{method} {path} {status}: every status of the table has its rule"),
    }
}
