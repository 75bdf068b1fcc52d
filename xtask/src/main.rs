//! Commands for those who work on Docket: `cargo xtask test | tidy | deploy | client | ci | bench`.
//!
//! This file reads the command line; each command has its own. Nothing here is part of Docket itself.

mod bench;
mod ci;
mod client;
mod deploy;
mod exercised;
mod install;
mod python;
mod servers;
mod step;
mod test;
mod tidy;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  test [ARGS]           all tests, on SQLite and on real MariaDB and Redis servers; ARGS go to `cargo test`
  tidy [--bless]        format and the rules of the tree; --bless writes ratchet and new migration hashes
  deploy                what stands in deploy/, looked at by hadolint, yamllint, the schemas of compose and
                        Kubernetes, and systemd-analyze; those that are missing are installed
  client                the document of the API, read by a validator and by a generator of clients that are not ours;
                        what it makes places, pays, ships and refunds an order at a real server
  ci                    everything a change must pass: tidy, clippy, documentation, dependencies, deploy, client, tests
  bench [NAME] [ARGS]   `docket bench NAME` (default: place) on SQLite and on a MariaDB of its own
";

/// Why a command did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// The command was called in a way it does not know.
    WrongUse,
    /// It was tried; the sentence says what went wrong.
    Failed(String),
}

impl Failure {
    fn because(sentence: impl Into<String>) -> Self {
        Self::Failed(sentence.into())
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(sentence)) => {
            eprintln!("{sentence}");
            ExitCode::from(1)
        }
        Err(Failure::WrongUse) => {
            eprint!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test", rest @ ..] => test::run(rest),
        ["tidy"] => tidy::run(),
        ["tidy", "--bless"] => tidy::bless(),
        ["deploy"] => deploy::run(),
        ["client"] => client::run(),
        ["ci"] => ci::run(),
        ["bench", rest @ ..] => bench::run(rest),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(Failure::WrongUse),
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    // Cargo names the package at run time too, so a binary that was built elsewhere does not look there.
    let package = env::var_os("CARGO_MANIFEST_DIR");
    let package = package.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().expect("xtask stands in a folder of the workspace").to_owned()
}
