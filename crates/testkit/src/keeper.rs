//! A server that cannot outlive us.
//!
//! The server's parent is a small shell, the keeper, that waits on a pipe only we hold open. When we end,
//! in whatever way (return, panic, Ctrl-C, `kill -9`), the kernel closes the pipe, and the keeper ends its
//! own child and removes its folder; a line on it has the child killed and started again. It runs in a process group of its own, so Ctrl-C does not reach it,
//! and since it is the parent, the number it ends can never have passed to a stranger.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

/// The folder is thrown away with the server, so there is nothing that a gentle stop would save.
const KEEPER: &str = r#"
folder=$1; shift
begin() {
    "$@" </dev/null >>"$folder/server.log" 2>&1 &
    server=$!
    echo "$server"
}
end() {
    kill -9 "$server"
    wait "$server"
}
begin "$@"
while read -r _; do end; begin "$@"; done
end
rm -rf "$folder"
"#;

/// A server with its throw-away folder; both are gone when it is dropped, and when this process ends.
#[derive(Debug)]
pub struct ThrowawayServer {
    keeper: Child,
    pids: BufReader<ChildStdout>,
    server: u32,
    folder: PathBuf,
}

impl ThrowawayServer {
    /// Starts `command` (program, then arguments) and hands `folder` over to its keeper.
    pub fn start(folder: TempDir, command: &[OsString]) -> io::Result<Self> {
        let mut keeper = Command::new("/bin/sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(folder.path())
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let folder = folder.keep();
        let stdout = keeper.stdout.take().expect("stdout was asked for as a pipe");
        let mut kept = Self { keeper, pids: BufReader::new(stdout), server: 0, folder };
        kept.server = kept.next_pid()?;
        Ok(kept)
    }

    /// Kills the server as a power cut would and starts it again, with the same command in the same folder.
    pub fn start_again(&mut self) -> io::Result<()> {
        let pipe = self.keeper.stdin.as_mut().expect("only a drop closes it");
        writeln!(pipe, "again")?;
        self.server = self.next_pid()?;
        Ok(())
    }

    fn next_pid(&mut self) -> io::Result<u32> {
        let mut line = String::new();
        self.pids.read_line(&mut line)?;
        line.trim().parse().map_err(io::Error::other)
    }

    /// The process id of the server itself.
    pub fn pid(&self) -> u32 {
        self.server
    }

    /// Whether the server has ended by itself.
    pub fn has_ended(&self) -> bool {
        // Its keeper does not reap it, so an ended server is a zombie: state Z after "(name)".
        match fs::read_to_string(format!("/proc/{}/stat", self.server)) {
            Ok(stat) => stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')),
            // Systems without /proc: waiting for it to answer runs into its time limit instead.
            Err(_) => Path::new("/proc/self").exists(),
        }
    }

    /// The last lines of what the server wrote, for people who must find out why it did not start.
    pub fn last_words(&self) -> String {
        let log = fs::read(self.folder.join("server.log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }
}

impl Drop for ThrowawayServer {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Nothing more can be done about a keeper that cannot be waited for.
        let _ = self.keeper.wait();
    }
}

/// A loopback port that nobody listens on at the moment. Somebody may still be quicker: who starts a
/// server on it tries again with another one.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// A throw-away folder for a server.
pub fn server_folder(name: &str) -> io::Result<TempDir> {
    tempfile::Builder::new().prefix(&format!("docket-{name}-")).tempdir()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::eventually;

    fn sleeper() -> ThrowawayServer {
        ThrowawayServer::start(server_folder("keeper").unwrap(), &["sleep".into(), "600".into()])
            .unwrap()
    }

    fn is_running(pid: u32) -> bool {
        let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
        rustix::process::test_kill_process(pid).is_ok()
    }

    #[test]
    fn a_dropped_server_is_gone_with_its_folder() {
        let kept = sleeper();
        let (pid, folder) = (kept.pid(), kept.folder.clone());
        assert!(is_running(pid) && folder.exists());
        drop(kept);
        assert!(!is_running(pid) && !folder.exists());
    }

    #[test]
    fn a_server_whose_owner_vanished_is_gone_with_its_folder() {
        let mut kept = sleeper();
        let (pid, folder) = (kept.pid(), kept.folder.clone());
        // What the kernel does for a process that was killed.
        drop(kept.keeper.stdin.take());
        eventually("the keeper has cleaned up", || !folder.exists());
        assert!(!is_running(pid));
    }

    #[test]
    fn a_server_that_ended_by_itself_is_noticed_and_its_last_words_are_kept() {
        let folder = server_folder("keeper").unwrap();
        let command = ["sh", "-c", "echo no such option"].map(OsString::from);
        let kept = ThrowawayServer::start(folder, &command).unwrap();
        eventually("the server has ended", || kept.has_ended());
        assert_eq!(kept.last_words(), "no such option");
    }
}
