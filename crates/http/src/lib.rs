//! HTTP: parse, call one use case, render.
//!
//! What an order is stands in `domain`, what its JSON looks like in `wire`, and what is done with it in
//! `app`. Here are routes, who may call them, limits of requests, statuses of failures, and the document that
//! describes it all.

mod answer;
mod auth;
mod body;
mod center;
mod client;
mod connections;
mod cursor;
mod failure;
mod figures;
mod heads;
mod idempotency;
mod language;
mod lent;
mod openapi;
mod process;
mod query;
mod request;
mod room;
mod routes;
mod server;
mod trace;

pub use center::{Metrics, Options};
pub use connections::{Limits, SPARE};
pub use openapi::document;
pub use server::{STOP_TIME, serve};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use center::Center;
use docket_app::App;
use tower_http::catch_panic::CatchPanicLayer;

/// Every route of the center, over `app`.
pub fn router(app: App, options: Options) -> Router {
    let (routes, document) = openapi::described();
    let center = Center::new(app, options, &document);
    let framed = routes
        .fallback(request::unknown_path)
        .method_not_allowed_fallback(request::wrong_method)
        // Bodies are limited where they are read, in `body`.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(request::panicked))
        .layer(from_fn_with_state(center.clone(), request::framed));
    framed.with_state(center)
}
