//! A sandbox of the demo: `docket sandbox …` of this very program, in a process of its own, ended when dropped.

use crate::center::{Client, Method};
use crate::failure::Failure;
use crate::said::{Said, said};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// One that runs.
pub struct Sandbox {
    child: Child,
    /// What it said of itself when it listened.
    pub told: Value,
    line: Client,
}

impl Sandbox {
    /// Starts the one called `kind` on a free port and waits until it listens; `missing` is told where it does not.
    pub async fn start(kind: &str, more: &[&str], missing: Said) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["sandbox", kind, "--json", "--listen", "127.0.0.1:0"]).args(more);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().expect("stdout was asked for as a pipe");
        let first = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        });
        let told: Option<Value> = serde_json::from_str(&first.await??).ok();
        let told = told.filter(|told| told["listening"].is_string());
        let Some(told) = told else {
            // It may have ended by itself; then there is nothing to end.
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::new(missing).next(said!(
                "`docket sandbox {kind}` tells why.",
                "运行 docket sandbox {kind} 可查看原因。"
            )));
        };
        let line = Client::new(told["listening"].as_str().unwrap_or_default(), "")?;
        Ok(Self { child, told, line })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        self.told["listening"].as_str().unwrap_or_default()
    }

    /// Answers what stands at `path`.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.line.ask(Method::GET, path, None).await
    }

    /// Posts `body` to `path`.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.line.ask(Method::POST, path, Some(body)).await
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
