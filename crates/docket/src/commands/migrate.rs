//! `docket migrate`: brings the database to the schema of this release, and says from where to where.

use crate::center::here;
use crate::cli::Options;
use crate::config;
use crate::failure::Failure;
use crate::log;
use docket_app::{App, Clock, vault};
use docket_store::{Found, SCHEMA, peek};
use serde_json::json;

/// Migrates.
pub async fn run(options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let config = config::load(options, None)?;
    let mut settings = config.settings();
    let before = match peek(&settings.database_url).await {
        Ok(Found::Nothing) => 0,
        Ok(Found::Schema(version)) => version,
        Err(error) => return Err(here::told(&config, error).await.into()),
    };
    settings.upgrade = true;
    // The schema has nothing sealed in it: no key file is needed, and none is made.
    match App::open(settings, vault::Vault::throw_away(), Clock::System).await {
        Ok(app) => app.stop().await,
        Err(error) => return Err(here::told(&config, error).await.into()),
    }
    let out = options.output();
    out.show(&json!({"before": before, "now": SCHEMA}), |out| {
        let text = match (before == SCHEMA, before) {
            (true, _) => out.say("the schema is up to date", "数据库结构已是最新").to_owned(),
            (false, 0) => out.say("made the database", "已建立数据库").to_owned(),
            (false, _) => out.say("brought the schema up", "已升级数据库结构").to_owned(),
        };
        out.line(&format!("{text} ({SCHEMA})"));
    });
    Ok(())
}
