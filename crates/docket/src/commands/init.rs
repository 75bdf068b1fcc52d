//! `docket init`: a commented config file, the database, the first user. Overwrites nothing.

use super::user::fresh_password;
use crate::center::{self, Center};
use crate::cli::Options;
use crate::config;
use crate::failure::Failure;
use crate::log;
use crate::said::said;
use docket_store::private;
use serde_json::json;
use std::io::Write;
use std::path::Path;

/// The name of the first user.
const FIRST: &str = "admin";

/// Arguments of `docket init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What the installation is
    #[arg(long, value_name = "ROLE", default_value = "center")]
    role: Role,
}

/// What an installation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Role {
    /// An order center
    Center,
    /// A hub of branches (not in this release)
    Hub,
    /// A branch (not in this release)
    Branch,
    /// One of a pair of sites (not in this release)
    Site,
}

/// Makes an installation.
pub async fn run(args: Args, options: &Options) -> Result<(), Failure> {
    if args.role != Role::Center {
        return Err(Failure::usage(said!(
            "this release has only the role center",
            "此版本只支持角色 center"
        ))
        .next(said!(
            "Leave --role out, or use a release that has the others.",
            "请去掉 --role，或使用支持其他角色的版本。"
        )));
    }
    log::start_quiet();
    let data = options.data();
    let path = options.config.clone().unwrap_or_else(|| data.join("docket.toml"));
    if path.exists() {
        let path = path.display();
        return Err(Failure::new(said!("{path} is there already", "{path} 已存在")).next(said!(
            "Nothing was changed; to begin anew, use another folder with --data.",
            "未作任何改动；如需重新开始，请用 --data 指定其他目录。"
        )));
    }
    // The file comes last: it is there when all is there. Until then the defaults hold.
    let unwritten = Options { config: None, ..options.clone() };
    let password = center::with(&unwritten, first_user).await?;
    let out = options.output();
    write(&path, &config::template(out.language))?;
    let shown = json!({
        "data": data, "config": path, "user": password.as_ref().map(|_| FIRST), "password": password,
    });
    out.show(&shown, |out| {
        out.note(&format!("{} {}", out.say("wrote", "已写入"), path.display()));
        match &password {
            Some(password) => {
                let (user, word) = (out.say("user: ", "用户："), out.say("password: ", "密码："));
                out.line(&format!("{user}{FIRST}"));
                out.line(&format!("{word}{password}"));
                out.note(out.say("The password is shown this once.", "密码仅显示这一次。"));
            }
            None => out.note(out.say("There are users already.", "已有用户。")),
        }
        let at = if options.data.is_some() {
            format!(" --data {}", data.display())
        } else {
            String::new()
        };
        out.note(&format!("{} docket serve{at}", out.say("Next:", "下一步：")));
    });
    Ok(())
}

/// Adds the first user and answers the password, unless somebody is there.
async fn first_user(center: &Center) -> Result<Option<String>, Failure> {
    let users = center.get("/api/users").await?;
    if users["users"].as_array().is_some_and(|users| !users.is_empty()) {
        return Ok(None);
    }
    let password = fresh_password();
    let first = json!({"name": FIRST, "role": "admin", "password": password});
    center.post("/api/users", &first).await?;
    Ok(Some(password))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let made = || {
        if let Some(folder) = path.parent() {
            private::folder(folder)?;
        }
        // Passwords of databases and secrets of gateways will stand in it.
        private::new_file(path)?.write_all(text.as_bytes())
    };
    made().map_err(|error: std::io::Error| {
        let path = path.display();
        Failure::new(said!("{path} cannot be written", "无法写入 {path}").because(&error))
            .next(said!("Check that this user may write there.", "请确认当前用户可在此写入。"))
    })
}
