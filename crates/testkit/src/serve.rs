//! A real `docket serve` in a process of its own, as an operator would run it.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::within;
use crate::{MYSQL_VARIABLE, REDIS_VARIABLE, SEED_VARIABLE, TestDatabase};

/// How long it may take to become ready, migrations included, and to stop when asked.
const LIMIT: Duration = Duration::from_mins(1);

/// What `docket serve` prints on stdout when it takes requests.
const READY: &str = "listening on ";

/// How to start a `docket serve`; ends in [`ServeCommand::start`].
#[derive(Debug)]
pub struct ServeCommand(Command);

impl ServeCommand {
    /// The `serve` of `binary` (`env!("CARGO_BIN_EXE_docket")`) with the data folder `data`, on a free
    /// loopback port.
    pub fn new(binary: impl AsRef<OsStr>, data: &Path) -> Self {
        Self::of(Command::new(binary), data)
    }

    fn of(mut command: Command, data: &Path) -> Self {
        command.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
        // Ours, and nothing the server's configuration should stumble over.
        for variable in [MYSQL_VARIABLE, REDIS_VARIABLE, SEED_VARIABLE] {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command)
    }

    /// Runs on `database` instead of the file in the data folder.
    #[must_use]
    pub fn database(self, database: &TestDatabase) -> Self {
        self.env("DOCKET_DATABASE__URL", database.url())
    }

    /// Sets an environment variable, `DOCKET_SECTION__KEY` for instance.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.0.arg(argument.into());
        self
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    /// When it is not within a minute, or ends before; with all it wrote to stderr.
    pub fn start(mut self) -> Serve {
        let mut child = self.0.spawn().expect("the binary that cargo built can be started");
        let stderr = child.stderr.take().expect("stderr was asked for as a pipe");
        let stdout = child.stdout.take().expect("stdout was asked for as a pipe");
        let (lines, stdout) = lines_of(stdout);
        let mut serve =
            Serve { child, base_url: String::new(), stdout, stderr: Written::collect(stderr) };
        match first_ready(&lines) {
            Ok(url) => serve.base_url = url,
            Err(RecvTimeoutError::Timeout) => serve.fail("is not ready within a minute"),
            Err(RecvTimeoutError::Disconnected) => serve.fail("ended before it was ready"),
        }
        serve
    }
}

/// A running `docket serve`; killed when dropped.
#[derive(Debug)]
pub struct Serve {
    child: Child,
    base_url: String,
    stdout: Written,
    stderr: Written,
}

impl Serve {
    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// `path` (with its leading slash) on this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All it has written to stdout so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// All it has written to stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Ends it at once, like a power cut (SIGKILL), and waits until it is gone.
    pub fn kill(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    ///
    /// # Panics
    /// When it has not within a minute; with all it wrote to stderr.
    pub fn terminate(&mut self) -> ExitStatus {
        self.ask(Signal::TERM)
    }

    /// Asks it to stop as Ctrl-C does (SIGINT) and waits until it has.
    ///
    /// # Panics
    /// When it has not within a minute; with all it wrote to stderr.
    pub fn interrupt(&mut self) -> ExitStatus {
        self.ask(Signal::INT)
    }

    fn ask(&mut self, signal: Signal) -> ExitStatus {
        let pid = Pid::from_child(&self.child);
        // Not yet waited for, so the number is still its own even if it has ended.
        if let Ok(None) = self.child.try_wait() {
            let _ = kill_process(pid, signal);
        }
        self.wait()
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When it has not within a minute; with all it wrote to stderr.
    pub fn wait(&mut self) -> ExitStatus {
        match within(LIMIT, || self.child.try_wait().ok().flatten()) {
            Some(status) => status,
            None => self.fail("does not stop within a minute"),
        }
    }

    fn fail(&mut self, what: &str) -> ! {
        self.kill();
        self.stderr.finish();
        panic!("docket serve {what}; on stderr:\n{}", self.stderr.text());
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The address of the line that says it is ready.
fn first_ready(lines: &Receiver<String>) -> Result<String, RecvTimeoutError> {
    let start = Instant::now();
    loop {
        let line = lines.recv_timeout(LIMIT.saturating_sub(start.elapsed()))?;
        if let Some(url) = line.strip_prefix(READY) {
            return Ok(url.trim().trim_end_matches('/').to_owned());
        }
    }
}

/// Reads `pipe` to its end on a thread: each line is sent, and all of it kept.
fn lines_of(pipe: impl Read + Send + 'static) -> (Receiver<String>, Written) {
    let (send, lines) = channel();
    let written = Written::each_line(pipe, move |line| {
        // Nobody listens any more once it is ready.
        let _ = send.send(line.to_owned());
    });
    (lines, written)
}

/// What a process has written so far. A pipe that nobody reads would block it.
#[derive(Debug)]
struct Written {
    text: Arc<Mutex<String>>,
    reader: Option<thread::JoinHandle<()>>,
}

impl Written {
    fn collect(pipe: impl Read + Send + 'static) -> Self {
        Self::each_line(pipe, |_| ())
    }

    fn each_line(pipe: impl Read + Send + 'static, seen: impl Fn(&str) + Send + 'static) -> Self {
        let text = Arc::<Mutex<String>>::default();
        let shared = Arc::clone(&text);
        let reader = thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                let readable = String::from_utf8_lossy(&line);
                seen(&readable);
                shared.lock().unwrap_or_else(PoisonError::into_inner).push_str(&readable);
                line.clear();
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the last line; only for a process that has ended.
    fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            // A reader that panicked has kept what it read.
            let _ = reader.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::eventually;
    use std::os::unix::process::ExitStatusExt;

    /// A shell in the binary's place; `script` sees `serve --data DIR --listen ADDR …` as `$1` to `$n`.
    fn serve(script: &str) -> ServeCommand {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script, "docket"]);
        ServeCommand::of(shell, Path::new("/nowhere"))
    }

    /// Whoever runs the tests in the background may let them ignore Ctrl-C, and all that they start.
    const READY_AND_WAITING: &str = "echo starting; echo words >&2; \
         exec env --default-signal=INT sh -c 'echo listening on http://127.0.0.1:7/; exec sleep 600'";

    #[test]
    fn a_ready_server_tells_its_address_and_all_it_wrote() {
        let serve = serve(READY_AND_WAITING).start();
        assert_eq!(serve.url("/livez"), "http://127.0.0.1:7/livez");
        assert!(serve.stdout().starts_with("starting\n"));
        eventually("stderr has come", || serve.stderr() == "words\n");
    }

    #[test]
    fn a_server_can_be_asked_to_stop_and_killed() {
        assert_eq!(serve(READY_AND_WAITING).start().terminate().signal(), Some(15));
        assert_eq!(serve(READY_AND_WAITING).start().interrupt().signal(), Some(2));
        let mut serve = serve(READY_AND_WAITING).start();
        serve.kill();
        assert_eq!(serve.wait().signal(), Some(9));
    }

    #[test]
    #[should_panic(expected = "ended before it was ready; on stderr:\nno such table")]
    fn a_server_that_fails_to_start_shows_its_stderr() {
        serve("echo no such table >&2; exit 1").start();
    }

    #[test]
    fn a_server_gets_its_database_and_its_arguments() {
        let database = crate::Database::Sqlite.fresh();
        let serve = serve("echo listening on http://$DOCKET_DATABASE__URL/$1$6; exec sleep 600")
            .database(&database)
            .arg("--six")
            .start();
        assert_eq!(serve.base_url(), format!("http://{}/serve--six", database.url()));
    }
}
