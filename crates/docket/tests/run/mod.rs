//! Runs the real binary in a data folder of its own, with an environment that says nothing.

use std::path::Path;
use std::process::{Command, Stdio};

/// The binary that cargo built.
pub const DOCKET: &str = env!("CARGO_BIN_EXE_docket");

/// What a command left behind.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: Option<i32>,
    /// Its data.
    pub stdout: String,
    /// Everything else it said.
    pub stderr: String,
}

impl Ran {
    /// Its data, after a success.
    pub fn fine(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// Its JSON, after a success.
    pub fn json(self) -> serde_json::Value {
        let text = self.fine();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// What it said, after it ended with this code.
    pub fn refused(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        self.stderr
    }
}

/// A command of docket, not run yet, in the data folder `data`.
pub fn command(data: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(DOCKET);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("DOCKET_") {
            command.env_remove(name);
        }
    }
    command.args(words).arg("--data").arg(data).current_dir(data);
    command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> Ran {
    let output = command.output().expect("the binary that cargo built can be run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("docket writes UTF-8");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs docket with these words in the data folder `data`.
pub fn docket(data: &Path, words: &[&str]) -> Ran {
    run(&mut command(data, words))
}
