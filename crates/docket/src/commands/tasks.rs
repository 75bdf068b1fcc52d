//! `docket tasks`: durable tasks as an operator meets them.

use super::key::{why, words};
use crate::center::{self, Center};
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::{Said, said};
use docket_domain::words::TaskState;
use serde_json::{Value, json};
use std::cmp::Reverse;

/// What `docket tasks` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List tasks, newest first; without --state those that are halted
    List(List),
    /// Show one task with its failures
    Show {
        /// The number of the task
        task: String,
    },
    /// Run a task again that is dead, or that was tried and waits, or all such of a kind
    Retry(Retry),
    /// Drop a task that waits or is halted; it counts as done
    Drop {
        /// The number of the task
        task: String,
    },
}

/// Arguments of `docket tasks list`.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Of this kind
    #[arg(long)]
    kind: Option<String>,
    /// In this state
    #[arg(long, value_parser = ["pending", "running", "done", "dead", "parked", "any"])]
    state: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
}

/// Arguments of `docket tasks retry`.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct Retry {
    /// The number of the task
    #[arg(conflicts_with = "kind")]
    task: Option<String>,
    /// All of this kind that are dead, or were tried and wait
    #[arg(long)]
    kind: Option<String>,
    /// What the handler is told from now on, JSON
    #[arg(long, value_name = "JSON", requires = "task", conflicts_with = "kind")]
    payload: Option<String>,
}

/// Does what was asked.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let out = options.output();
    center::with_one_that_is_there(options, async |center| match &command {
        Command::List(wanted) => list(wanted, center, &out).await,
        Command::Show { task } => {
            show(&center.get(&path(task)?).await?, &out);
            Ok(())
        }
        Command::Retry(wanted) => retry(wanted, center, &out).await,
        Command::Drop { task } => {
            let dropped = center.post(&format!("{}/drop", path(task)?), &json!({})).await?;
            out.show(&dropped, |out| {
                out.note(out.tell(&said!("dropped task {task}", "已丢弃任务 {task}")));
            });
            Ok(())
        }
    })
    .await
}

fn path(task: &str) -> Result<String, Failure> {
    Ok(format!("/api/tasks/{}", super::path_part(task)?))
}

async fn list(wanted: &List, center: &Center, out: &Output) -> Result<(), Failure> {
    let kind = match &wanted.kind {
        None => String::new(),
        Some(kind) => format!("&kind={}", super::path_part(kind)?),
    };
    let states = match wanted.state.as_deref() {
        None => vec!["&state=dead".to_owned(), "&state=parked".to_owned()],
        Some("any") => vec![String::new()],
        Some(state) => vec![format!("&state={state}")],
    };
    let mut tasks = Vec::new();
    for state in states {
        let page = center.get(&format!("/api/tasks?limit={}{kind}{state}", wanted.limit)).await?;
        tasks.extend(page["tasks"].as_array().cloned().unwrap_or_default());
    }
    // Newest first, whichever state they were asked for by.
    tasks.sort_by_key(|task| Reverse(words(&task["task_id"]).parse::<i64>().unwrap_or_default()));
    tasks.truncate(wanted.limit as usize);
    out.show(&json!({ "tasks": tasks }), |out| {
        let head = [
            out.say("task", "任务"),
            out.say("kind", "类型"),
            out.say("state", "状态"),
            out.say("tries", "次数"),
            out.say("due", "到期"),
            out.say("why", "原因"),
        ];
        let row = |task: &Value| {
            let tries = format!("{}/{}", task["attempts"], task["max_attempts"]);
            let word = |name: &str| words(&task[name]);
            let state = state_said(&task["state"], out);
            vec![
                word("task_id"),
                word("kind"),
                state,
                tries,
                word("due_at"),
                why(&task["last_error"], out),
            ]
        };
        out.table(&head, tasks.iter().map(row));
        if tasks.is_empty() {
            out.note(match wanted.state {
                None => out.say("No task is halted.", "没有停滞的任务。"),
                Some(_) => out.say("There is no such task.", "没有这样的任务。"),
            });
        }
    });
    Ok(())
}

/// How far a task is, in the language of the reader.
pub fn state_said(state: &Value, out: &Output) -> String {
    let word = words(state);
    match TaskState::from_word(&word) {
        Some(TaskState::Pending) => out.say("pending", "等待中").to_owned(),
        Some(TaskState::Running) => out.say("running", "运行中").to_owned(),
        Some(TaskState::Done) => out.say("done", "已完成").to_owned(),
        Some(TaskState::Dead) => out.say("dead", "已失败").to_owned(),
        Some(TaskState::Parked) => out.say("parked", "已搁置").to_owned(),
        None => word,
    }
}

fn show(task: &Value, out: &Output) {
    out.show(task, |out| {
        let says = |name: &str, value: String| {
            if !value.is_empty() {
                out.line(&format!("{name}: {value}"));
            }
        };
        says(out.say("task", "任务"), words(&task["task_id"]));
        says(out.say("kind", "类型"), words(&task["kind"]));
        says(out.say("state", "状态"), state_said(&task["state"], out));
        says(out.say("parked behind", "搁置于其后"), words(&task["parked_by"]));
        says(out.say("tries", "次数"), format!("{}/{}", task["attempts"], task["max_attempts"]));
        says(out.say("unique", "唯一键"), words(&task["unique_key"]));
        says(out.say("chain", "链"), words(&task["chain_key"]));
        says(out.say("created", "创建"), words(&task["created_at"]));
        says(out.say("due", "到期"), words(&task["due_at"]));
        says(out.say("finished", "结束"), words(&task["finished_at"]));
        says(out.say("worker", "执行者"), words(&task["claimed_by"]));
        says(out.say("until", "租约至"), words(&task["lease_until"]));
        says(out.say("is told", "内容"), task["payload"].to_string());
        for error in task["errors"].as_array().into_iter().flatten() {
            out.line(&format!("{}  {}", words(&error["at"]), why(&error["why"], out)));
        }
    });
}

async fn retry(wanted: &Retry, center: &Center, out: &Output) -> Result<(), Failure> {
    if let Some(kind) = &wanted.kind {
        let retried = center.post("/api/tasks/retry", &json!({ "kind": kind })).await?;
        let count = retried["retried"].as_u64().unwrap_or_default();
        out.show(&retried, |out| {
            out.note(out.tell(&match count {
                1 => said!("1 task runs again", "1 个任务将重新执行"),
                count => said!("{count} tasks run again", "{count} 个任务将重新执行"),
            }));
        });
        return Ok(());
    }
    let task = wanted.task.as_deref().unwrap_or_default();
    let body = match &wanted.payload {
        None => json!({}),
        Some(payload) => json!({ "payload": object(payload)? }),
    };
    let retried = center.post(&format!("{}/retry", path(task)?), &body).await?;
    out.show(&retried, |out| {
        out.note(out.tell(&said!("task {task} runs again", "任务 {task} 将重新执行")));
    });
    Ok(())
}

/// What a handler is to be told: an object.
fn object(payload: &str) -> Result<Value, Failure> {
    let wrong = |why: Said| {
        Failure::usage(said!("--payload cannot be used", "--payload 不可用").because(why)).next(
            said!(
                "Give a JSON object, such as {example}.",
                "请给出 JSON 对象，例如 {example}。",
                example = r#"'{"order":"7"}'"#
            ),
        )
    };
    match serde_json::from_str(payload) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(wrong(said!("it is no object", "它不是对象"))),
        Err(error) => Err(wrong(Said::as_told(error))),
    }
}
