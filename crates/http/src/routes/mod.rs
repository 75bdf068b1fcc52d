//! One file per noun. A handler parses, calls one use case, and renders.

pub mod accounts;
pub mod archive;
pub mod callbacks;
pub mod catalog;
pub mod coupons;
pub mod docs;
pub mod effects;
pub mod forget;
pub mod gifts;
pub mod health;
pub mod history;
pub mod imports;
pub mod keys;
pub mod listing;
pub mod members;
pub mod metrics;
pub mod mirror;
pub mod monitoring;
mod nodes;
pub mod orders;
pub mod parcels;
pub mod payments;
pub mod products;
pub mod pushes;
pub mod reconcile;
pub mod shops;
pub mod skus;
pub mod stock;
pub mod sync;
pub mod tasks;
pub mod users;
pub mod webhooks;

use crate::failure::Failure;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use docket_domain::Id;
use docket_wire::Unreadable;
use docket_wire::document::Node;
use docket_wire::kinds;
use docket_wire::reader::{Source, read_node};

/// The one name in a path, as it was given.
pub struct InPath(pub String);

impl<S: Send + Sync> FromRequestParts<S> for InPath {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(_) => Err(Failure::not_found("such", "name: the path is not UTF-8")),
        }
    }
}

impl InPath {
    /// The number it is; what is no number names nothing.
    fn number(&self, what: &'static str) -> Result<Id, Failure> {
        self.0.parse().map_err(|_| {
            let shown = self.0.chars().filter(|c| !c.is_control()).take(64);
            Failure::not_found(what, shown.collect::<String>())
        })
    }

    /// The name it is: an identifier of the caller's.
    fn name(self, field: &'static str) -> Result<String, Unreadable> {
        let node = Node::Object(vec![(field.into(), Node::Text(self.0.into()))]);
        read_node(node, Source::Request, |fields| fields.required(field, kinds::identifier))
    }
}
