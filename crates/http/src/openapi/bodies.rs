//! Bodies of requests, for the document alone: what is read is `wire`'s business.
use serde_json::{Value, json};
use utoipa::ToSchema;

pub const IDEMPOTENCY: &str = "Up to 64 visible ASCII characters of the caller's choice. The same request under the same key, within 24 hours, is done once; the second answer is marked `Idempotent-Replayed: true`";
pub const REVEAL: &str = "`person`: names, telephones and addresses in full. Needs the scope `privacy.read` and is recorded";

/// x
#[derive(ToSchema)]
pub struct PlacementBody {}
/// x
#[derive(ToSchema)]
pub struct OperationBody {}

pub fn placement_example() -> Value {
    json!({})
}
pub fn operation_example(_kind: &str) -> Value {
    json!({})
}
