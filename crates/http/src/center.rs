//! What every request shares: the application, the limits, the counters, the document.

use crate::figures::Figures;
use crate::request::Ids;
use crate::room::Room;
use crate::routes::docs;
use crate::routes::metrics::{Looks, Waiting};
use axum::body::Bytes;
use docket_app::{App, Networks};
use serde_json::Value;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What can be set about the router.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a caller may take to send a body.
    pub body_time: Duration,
    /// How many bytes of bodies are held at one moment, over all requests.
    pub body_room: usize,
    /// Whether `/metrics` answers.
    pub metrics: Metrics,
    /// Whose word is taken on where a request comes from.
    pub trusted_proxies: Networks,
    /// Cancelled once the process is about to stop: `/readyz` says so from then on.
    pub leaving: CancellationToken,
}

/// Whether counters are served to whoever can reach the center.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metrics {
    /// At `/metrics`.
    Served,
    /// Not at all.
    Hidden,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            body_time: Duration::from_secs(30),
            trusted_proxies: Networks::default(),
            body_room: 256 << 20,
            metrics: Metrics::Served,
            leaving: CancellationToken::new(),
        }
    }
}

/// The state of the router; cheap to clone.
#[derive(Clone)]
pub struct Center(Arc<Shared>);

/// See [`Center`].
pub struct Shared {
    pub app: App,
    pub options: Options,
    pub figures: Figures,
    pub waiting: Waiting,
    pub looks: Looks,
    pub ids: Ids,
    pub room: Room,
    /// The document as JSON.
    pub openapi: Bytes,
    /// The same as a page to read.
    pub docs: Bytes,
}

impl Deref for Center {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Center {
    pub fn new(app: App, options: Options, document: &Value) -> Self {
        let page = docs::page(document);
        let described = document["paths"].as_object().into_iter().flatten();
        Self(Arc::new(Shared {
            app,
            room: Room::of(options.body_room),
            options,
            figures: Figures::of(described.map(|(path, _)| path.as_str())),
            waiting: Waiting::default(),
            looks: Looks::default(),
            ids: Ids::new(),
            openapi: Bytes::from(document.to_string()),
            docs: Bytes::from(page),
        }))
    }
}
