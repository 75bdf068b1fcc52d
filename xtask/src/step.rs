//! One step of a command: a line when it begins, a line with its time when it ends.

use std::ffi::OsStr;
use std::process::Command;
use std::time::Instant;

use crate::{Failure, root};

/// Runs `work` as the step `name`.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    eprintln!("==> {name}");
    let start = Instant::now();
    let result = work();
    let word = if result.is_ok() { "ok" } else { "FAILED" };
    eprintln!("    {name}: {word}, {:.1} s", start.elapsed().as_secs_f64());
    result
}

/// The cargo that runs us, in the workspace's folder.
pub fn cargo<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root());
    command
}

/// Runs `command` to its end; its output goes where ours goes.
pub fn succeed(command: &mut Command) -> Result<(), Failure> {
    let name = spelled(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::because(format!("`{name}` failed ({status})."))),
        Err(error) => Err(Failure::because(format!("`{name}` does not start: {error}."))),
    }
}

fn spelled(command: &Command) -> String {
    let program = command.get_program();
    let program = std::path::Path::new(program).file_name().unwrap_or(program);
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_is_named() {
        let result = succeed(Command::new("/bin/sh").args(["-c", "exit 3"]));
        let Err(Failure::Failed(sentence)) = result else { panic!("it must fail") };
        assert_eq!(sentence, "`sh -c exit 3` failed (exit status: 3).");
    }
}
