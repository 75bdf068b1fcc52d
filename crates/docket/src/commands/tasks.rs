//! `docket tasks`: durable tasks as an operator meets them.

use super::key::words;
use crate::center::{self, Center};
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::said;
use serde_json::{Value, json};

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
    /// Run a dead task again, or all dead ones of a kind
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
    /// All dead tasks of this kind
    #[arg(long)]
    kind: Option<String>,
    /// What the handler is told from now on, JSON
    #[arg(long, value_name = "JSON", requires = "task")]
    payload: Option<String>,
}

/// Does what was asked.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let out = options.output();
    center::with_one_that_is_there(options, async |center| match &command {
        Command::List(wanted) => list(wanted, center, &out).await,
        Command::Show { task } => {
            show(&center.get(&format!("/api/tasks/{task}")).await?, &out);
            Ok(())
        }
        Command::Retry(wanted) => retry(wanted, center, &out).await,
        Command::Drop { task } => {
            let dropped = center.post(&format!("/api/tasks/{task}/drop"), &json!({})).await?;
            out.show(&dropped, |out| out.note(&format!("{} {task}", out.say("dropped", "已丢弃"))));
            Ok(())
        }
    })
    .await
}

async fn list(wanted: &List, center: &Center, out: &Output) -> Result<(), Failure> {
    let kind = wanted.kind.as_ref().map_or_else(String::new, |kind| format!("&kind={kind}"));
    let states = match wanted.state.as_deref() {
        None => vec!["&state=dead", "&state=parked"],
        Some("any") => vec![""],
        Some("pending") => vec!["&state=pending"],
        Some("running") => vec!["&state=running"],
        Some("done") => vec!["&state=done"],
        Some("dead") => vec!["&state=dead"],
        Some(_) => vec!["&state=parked"],
    };
    let mut tasks = Vec::new();
    for state in states {
        let page = center.get(&format!("/api/tasks?limit={}{kind}{state}", wanted.limit)).await?;
        tasks.extend(page["tasks"].as_array().cloned().unwrap_or_default());
    }
    let tasks = json!({ "tasks": tasks });
    out.show(&tasks, |out| {
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
            vec![
                word("task_id"),
                word("kind"),
                word("state"),
                tries,
                word("due_at"),
                word("last_error"),
            ]
        };
        out.table(&head, tasks["tasks"].as_array().into_iter().flatten().map(row));
        if wanted.state.is_none() && tasks["tasks"].as_array().is_none_or(Vec::is_empty) {
            out.note(out.say("No task is halted.", "没有停滞的任务。"));
        }
    });
    Ok(())
}

fn show(task: &Value, out: &Output) {
    out.show(task, |out| {
        let names = [
            "task_id",
            "kind",
            "state",
            "unique_key",
            "chain_key",
            "parked_by",
            "due_at",
            "created_at",
            "finished_at",
            "claimed_by",
        ];
        for name in names.into_iter().filter(|name| !task[*name].is_null()) {
            out.line(&format!("{name}: {}", words(&task[name])));
        }
        out.line(&format!("payload: {}", task["payload"]));
        for error in task["errors"].as_array().into_iter().flatten() {
            out.line(&format!("{}  {}", words(&error["at"]), words(&error["why"])));
        }
    });
}

async fn retry(wanted: &Retry, center: &Center, out: &Output) -> Result<(), Failure> {
    if let Some(kind) = &wanted.kind {
        let retried = center.post("/api/tasks/retry", &json!({ "kind": kind })).await?;
        let count = &retried["retried"];
        out.show(&retried, |out| {
            out.note(&format!("{count} {}", out.say("tasks run again", "个任务将重新执行")));
        });
        return Ok(());
    }
    let task = wanted.task.as_deref().unwrap_or_default();
    let body = match &wanted.payload {
        None => json!({}),
        Some(payload) => {
            let payload: Value = serde_json::from_str(payload).map_err(|error| {
                Failure::usage(said!(
                    "--payload is no JSON: {error}",
                    "--payload 不是 JSON：{error}"
                ))
            })?;
            json!({ "payload": payload })
        }
    };
    let retried = center.post(&format!("/api/tasks/{task}/retry"), &body).await?;
    out.show(&retried, |out| out.note(&format!("{task} {}", out.say("runs again", "将重新执行"))));
    Ok(())
}
