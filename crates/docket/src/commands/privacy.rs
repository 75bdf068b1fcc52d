//! `docket privacy rotate`: a new key for sealing people's data. What is sealed names its key, so what was
//! sealed before stays readable for as long as the old keys stand in the file.

use crate::cli::Options;
use crate::config;
use crate::failure::Failure;
use crate::said::said;
use docket_app::vault::Vault;
use serde_json::json;

/// What `docket privacy` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a new key to the key file; from its next start on, `serve` seals with it
    Rotate,
}

/// Does it.
pub fn run(command: &Command, options: &Options) -> Result<(), Failure> {
    let Command::Rotate = command;
    let config = config::load(options, None)?;
    let path = config.key_file();
    let id = Vault::rotate(&path).map_err(|error| {
        Failure::from(error).next(said!(
            "The file is as it was; `docket check` says what is wrong with it.",
            "文件未作改动；docket check 会说明问题所在。"
        ))
    })?;
    let out = options.output();
    out.show(&json!({"key_file": path, "key": id}), |out| {
        out.line(&format!("{} {id}: {}", out.say("new key", "新密钥"), path.display()));
        out.note(out.say(
            "Keep a copy of the file, and restart every serve that uses it.",
            "请另存一份密钥文件，并重启使用它的 serve。",
        ));
    });
    Ok(())
}
