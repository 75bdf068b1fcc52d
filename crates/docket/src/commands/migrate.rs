//! `docket migrate`: brings the database to the schema of this release, and says from where to where.

use crate::center::own::{self, OpenError};
use crate::center::{LOOK_AGAIN, PATIENCE, serving};
use crate::cli::Options;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::log;
use docket_app::Keys;
use docket_store::{Found, SCHEMA, StoreError, peek};
use serde_json::json;

/// Migrates.
pub async fn run(options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let config = config::load(options, None)?;
    let before = match peek(&config.database_url()).await {
        Ok(Found::Nothing) => 0,
        Ok(Found::Schema(version)) => version,
        Err(error) => return Err(own::told(&config, error).await.into()),
    };
    if before != SCHEMA || !served(&config) {
        bring_up(&config).await?;
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

/// Whether a `serve` of this folder has the database open: then its schema is what it should be, or is told.
fn served(config: &Config) -> bool {
    serving::running(config).is_some()
}

/// Opens the database and so brings it up; waits for another process that does the same.
async fn bring_up(config: &Config) -> Result<(), OpenError> {
    let started = tokio::time::Instant::now();
    loop {
        // The schema has nothing sealed in it: no keys are needed, and none are made. Those of another center are
        // refused all the same.
        let error = match own::upgraded(config, Keys::Unmade(config.keys())).await {
            Ok(app) => {
                app.stop().await;
                return Ok(());
            }
            Err(error) => error,
        };
        if !matches!(error.store(), Some(StoreError::Locked { .. })) {
            return Err(error);
        }
        // Whoever has it may have brought it up.
        if matches!(peek(&config.database_url()).await, Ok(Found::Schema(SCHEMA))) {
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            return Err(error);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
