//! The server under load: `docket serve` of this very program, in a process of its own, with its defaults.

use super::bare::Database;
use super::machine::Process;
use crate::failure::Failure;
use crate::said::{Said, said};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long it may take to start, migrations included, or to stop, with a last checkpoint.
const PATIENCE: Duration = Duration::from_mins(1);
/// What it prints when it takes requests.
const READY: &str = "listening on http://";
/// Lines of its log that are shown when it fails.
const LAST_WORDS: usize = 20;

/// A running `docket serve`; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Option<Child>,
    log: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process.
    pub process: Process,
}

impl Server {
    /// Starts it on `database`, with `folder` as its data folder and `settings` in its environment, and waits
    /// until it is ready.
    pub async fn start(
        folder: &Path,
        database: &Database,
        settings: &[(String, String)],
    ) -> Result<Self, Failure> {
        let log = folder.join("serve.log");
        let mut command = docket(folder, database)?;
        command.arg("serve").arg("--data").arg(folder).args(["--listen", "127.0.0.1:0"]);
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let stderr = File::options().create(true).append(true).open(&log)?;
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn()?;
        let stdout = child.stdout.take().expect("stdout was asked for as a pipe");
        let process = Process(child.id());
        // From here on the process is ended when this fails.
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { child: Some(child), log, address: nowhere, process };
        match timeout(PATIENCE, first_ready(stdout)).await {
            Ok(Ok(address)) => server.address = address,
            Ok(Err(_)) => {
                let ended = said!(
                    "docket serve ended before it was ready",
                    "docket serve 尚未就绪即已退出"
                );
                return Err(server.explain(ended));
            }
            Err(_) => {
                let late = said!(
                    "docket serve is not ready within a minute",
                    "docket serve 一分钟内未就绪"
                );
                return Err(server.explain(late));
            }
        }
        Ok(server)
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(mut self) -> Result<(), Failure> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        // Not yet waited for, so the number is still its own even if it has ended.
        kill_process(Pid::from_child(&child), Signal::TERM)?;
        let (answer, answered) = oneshot::channel();
        let waiting = std::thread::spawn(move || {
            let status = child.wait();
            // Nobody listens any more if it took too long.
            let _ = answer.send(());
            status
        });
        if timeout(PATIENCE, answered).await.is_err() {
            // Its thread still waits for it, so the number is still its own.
            if let Some(pid) = Pid::from_raw(self.process.0.cast_signed()) {
                kill_process(pid, Signal::KILL)?;
            }
            return Err(self.explain(said!(
                "docket serve did not stop within a minute and was killed",
                "docket serve 一分钟内未停止，已强制结束"
            )));
        }
        match waiting.join() {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(self
                .explain(said!("docket serve ended with {status}", "docket serve 退出：{status}"))),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Failure::new(said!(
                "nobody could wait for docket serve",
                "无法等待 docket serve 结束"
            ))),
        }
    }

    /// What failed, with what the server last said.
    pub fn explain(&self, what: impl Into<Said>) -> Failure {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n  ");
        let next = if last.is_empty() {
            said!("It said nothing.", "它没有输出。")
        } else {
            said!("It said:\n  {last}", "它的输出：\n  {last}")
        };
        Failure::new(what).next(next)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself; then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Makes a key with `docket key add`.
pub fn add_key(folder: &Path, database: &Database) -> Result<String, Failure> {
    // Without `prices`, so that each line's price is held against the product table.
    let scopes = ["--scopes", "orders.read,orders.write,payments,stock,coupons,shops"];
    add(folder, database, &["bench", scopes[0], scopes[1], "--actors", "buyer,till,gateway"])
}

/// Makes a key that reads the orders of `shop` alone.
pub fn add_key_of_shop(folder: &Path, database: &Database, shop: &str) -> Result<String, Failure> {
    add(folder, database, &["own", "--scopes", "orders.read", "--actors", "seller", "--shop", shop])
}

fn add(folder: &Path, database: &Database, what: &[&str]) -> Result<String, Failure> {
    let mut command = docket(folder, database)?;
    command.args(["key", "add"]).args(what).arg("--data").arg(folder);
    let output = command.output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let status = output.status;
        let ended = said!("docket key add ended with {status}", "docket key add 退出：{status}");
        return Err(Failure::new(ended.because(said)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// This program, told of the database and of nothing that stands in the caller's environment.
fn docket(folder: &Path, database: &Database) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("DOCKET_") || name == "RUST_LOG") {
            command.env_remove(name);
        }
    }
    command.env("DOCKET_DATABASE__URL", database.url());
    command.current_dir(folder).stdin(Stdio::null());
    Ok(command)
}

/// Reads `stdout` to its end on a thread; answers the address of the line that says it is ready.
async fn first_ready(
    stdout: impl Read + Send + 'static,
) -> Result<SocketAddr, oneshot::error::RecvError> {
    let (answer, answered) = oneshot::channel();
    std::thread::spawn(move || {
        let mut answer = Some(answer);
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(address) = ready_address(&line)
                && let Some(answer) = answer.take()
            {
                // Nobody listens any more if it took too long.
                let _ = answer.send(address);
            }
        }
    });
    answered.await
}

fn ready_address(line: &str) -> Option<SocketAddr> {
    line.strip_prefix(READY)?.trim_end().trim_end_matches('/').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ready_line_names_an_address() {
        let address = "127.0.0.1:7300".parse().unwrap();
        assert_eq!(ready_address("listening on http://127.0.0.1:7300"), Some(address));
        assert_eq!(ready_address("listening on http://127.0.0.1:7300/\n"), Some(address));
        assert_eq!(ready_address("starting"), None);
    }

    #[tokio::test]
    async fn a_server_that_ends_before_it_is_ready_is_an_error() {
        let said: &[u8] = b"starting\n";
        assert!(first_ready(said).await.is_err());
        let said: &[u8] = b"starting\nlistening on http://127.0.0.1:9\nmore\n";
        assert_eq!(first_ready(said).await.unwrap().port(), 9);
    }
}
