//! `docket user`: people who may log in.

use super::key::words;
use crate::center::{self, Center};
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::said::said;
use docket_app::vault;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What `docket user` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a user; a password that is not given is made and printed once
    Add(Add),
    /// List the users
    List,
    /// Give a user another password, made and printed once if none is given; their logins end
    Password {
        /// The user's name or number
        name: String,
        /// A file whose first line is the password
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// End a user's access; what they did stays on record
    Disable {
        /// The user's name or number
        name: String,
    },
    /// Let a user who was disabled log in again
    Enable {
        /// The user's name or number
        name: String,
    },
}

/// Arguments of `docket user add`.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// The name to log in with
    name: String,
    /// What the user may do
    #[arg(long, value_parser = ["admin", "operator", "viewer"])]
    role: String,
    /// A shop the user may touch; without one, all
    #[arg(long = "shop", value_name = "ID")]
    shops: Vec<String>,
    /// A place the user may touch; without one, all
    #[arg(long = "place", value_name = "ID")]
    places: Vec<String>,
    /// A file whose first line is the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Does what was asked.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    match command {
        Command::Add(add) => {
            center::with(options, async |center| add_user(add, center, options).await).await
        }
        Command::List => {
            center::with_one_that_is_there(options, async |center| list(center, options).await)
                .await
        }
        Command::Disable { name } => {
            center::with_one_that_is_there(options, async |center| {
                disable(&name, center, options).await
            })
            .await
        }
        Command::Enable { name } => {
            center::with_one_that_is_there(options, async |center| {
                let path = format!("/api/users/{}/enable", numbered(&name, center).await?);
                let user = center.post(&path, &json!({})).await?;
                let out = options.output();
                out.show(&user, |out| {
                    out.note(&format!("{} {name}", out.say("enabled", "已启用")));
                });
                Ok(())
            })
            .await
        }
        Command::Password { name, password_file } => {
            center::with_one_that_is_there(options, async |center| {
                reset_password(&name, password_file.as_ref(), center, options).await
            })
            .await
        }
    }
}

async fn add_user(add: Add, center: &Center, options: &Options) -> Result<(), Failure> {
    let given = add.password_file.as_ref().map(read_password).transpose()?;
    let password = given.clone().unwrap_or_else(fresh_password);
    let new = json!({
        "name": add.name,
        "role": add.role,
        "password": password,
        "shops": add.shops,
        "places": add.places,
    });
    let mut user = center.post("/api/users", &new).await?;
    let out = options.output();
    if given.is_none() {
        user["password"] = json!(password);
    }
    out.show(&user, |out| {
        let added = out.say("added the user", "已添加用户");
        out.note(&format!("{added} {} ({})", add.name, add.role));
        if given.is_none() {
            out.line(&password);
            out.note(out.say("The password is shown this once.", "密码仅显示这一次。"));
        }
    });
    Ok(())
}

async fn reset_password(
    name: &str,
    file: Option<&PathBuf>,
    center: &Center,
    options: &Options,
) -> Result<(), Failure> {
    let given = file.map(read_password).transpose()?;
    let password = given.clone().unwrap_or_else(fresh_password);
    let path = format!("/api/users/{}/password", numbered(name, center).await?);
    let mut user = center.post(&path, &json!({ "password": password })).await?;
    if given.is_none() {
        user["password"] = json!(password);
    }
    let out = options.output();
    out.show(&user, |out| {
        out.note(out.tell(&said!(
            "{name} has another password; their logins have ended",
            "已更换 {name} 的密码，其登录均已结束"
        )));
        if given.is_none() {
            out.line(&password);
            out.note(out.say("The password is shown this once.", "密码仅显示这一次。"));
        }
    });
    Ok(())
}

/// The number of the user with this name or number.
async fn numbered(name: &str, center: &Center) -> Result<String, Failure> {
    let users = center.get("/api/users").await?;
    let named = |user: &&Value| user["name"] == name || user["user_id"] == name;
    let found = users["users"].as_array().into_iter().flatten().find(named);
    found.and_then(|user| user["user_id"].as_str()).map(str::to_owned).ok_or_else(|| {
        Failure::new(said!("there is no user {name}", "没有用户 {name}"))
            .word("not_found")
            .next(said!("`docket user list` lists them.", "docket user list 可列出用户。"))
    })
}

/// A password that nobody has to remember: 96 bits.
pub fn fresh_password() -> String {
    hex::encode(vault::random::<12>())
}

fn read_password(path: &PathBuf) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let path = path.display();
        Failure::new(said!("{path} cannot be read", "无法读取 {path}").because(&error)).next(said!(
            "Name a file whose first line is the password.",
            "请指定首行为密码的文件。"
        ))
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

async fn list(center: &Center, options: &Options) -> Result<(), Failure> {
    let users = center.get("/api/users").await?;
    let out = options.output();
    out.show(&users, |out| {
        let head = [
            out.say("number", "编号"),
            out.say("name", "用户名"),
            out.say("role", "角色"),
            out.say("shops", "店铺"),
            out.say("places", "地点"),
            out.say("since", "创建时间"),
            out.say("last login", "上次登录"),
            out.say("disabled", "停用时间"),
        ];
        let fields = [
            "user_id",
            "name",
            "role",
            "shops",
            "places",
            "created_at",
            "last_login_at",
            "disabled_at",
        ];
        let row = |user: &Value| fields.map(|field| words(&user[field])).to_vec();
        out.table(&head, users["users"].as_array().into_iter().flatten().map(row));
    });
    Ok(())
}

async fn disable(name: &str, center: &Center, options: &Options) -> Result<(), Failure> {
    let number = numbered(name, center).await?;
    center.delete(&format!("/api/users/{number}")).await?;
    let users = center.get("/api/users").await?;
    let mut now = users["users"].as_array().into_iter().flatten();
    let now = now.find(|user| user["user_id"] == *number).cloned().unwrap_or_default();
    let out = options.output();
    out.show(&now, |out| out.note(&format!("{} {name}", out.say("disabled", "已停用"))));
    Ok(())
}
