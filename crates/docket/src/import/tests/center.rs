//! The center that imports of tests go to.

use super::{NOW, lives};
use crate::export;
use crate::import::report::Report;
use crate::import::{Args, import};
use docket_app::vault::Vault;
use docket_app::{App, Clock};
use docket_domain::Json;
use docket_store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One on a database of its own.
pub struct Center {
    pub app: App,
    pub store: Arc<Store>,
    pub clock: Clock,
    _folder: tempfile::TempDir,
}

impl Center {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("docket.db").display());
        let clock = Clock::fixed(NOW);
        let settings = lives::settings(url);
        let opened = App::open_with_store(settings, Vault::throw_away(), clock.clone()).await;
        let (app, store) = opened.expect("an empty database opens");
        Self { app, store, clock, _folder: folder }
    }

    pub async fn import(&self, args: &Args) -> Report {
        let (report, outcome) = import(args, &self.app).await.expect("the files can be read");
        outcome.expect("the center takes what it is given");
        let tallies = report.files.iter().map(|of| of.rows).chain([report.rows, report.orders]);
        assert!(tallies.into_iter().all(|t| t.read == t.taken + t.known + t.updated + t.refused));
        report
    }

    /// Every order as the API shows it, oldest number first, as text.
    pub async fn export(&self, format: export::Format) -> String {
        let mut out = Vec::new();
        let args = export::Args { format: Some(format), ..export::Args::default() };
        export::write(&args, &self.app, &mut out).await.expect("it can be read");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    /// Every order by its number at the source.
    pub async fn orders(&self) -> BTreeMap<String, Json> {
        let text = self.export(export::Format::Jsonl).await;
        let orders = text.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
        orders.map(|order| (order["external_id"].as_str().expect("a text").into(), order)).collect()
    }
}
