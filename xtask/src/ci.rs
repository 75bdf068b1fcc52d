//! `cargo xtask ci`: everything a change must pass. All steps run, so that one run tells all that is wrong.

use std::process::Command;

use docket_testkit::programs::find;

use crate::step::{cargo, step, succeed};
use crate::{Failure, client, deploy, root, test, tidy};

/// A step by its name.
type Step = (&'static str, fn() -> Result<(), Failure>);

/// Runs all steps; fails if any did.
pub fn run() -> Result<(), Failure> {
    let steps: [Step; 7] = [
        ("tidy", tidy::run),
        ("clippy", clippy),
        ("documentation", documentation),
        ("dependencies", dependencies),
        ("deploy", deploy::run),
        ("client", client::run),
        ("test", || test::run(&["--no-fail-fast"])),
    ];
    let mut failed = vec![];
    for (name, work) in steps {
        match work() {
            Ok(()) => {}
            Err(Failure::WrongUse) => return Err(Failure::WrongUse),
            Err(Failure::Failed(sentence)) => {
                eprintln!("{sentence}");
                failed.push(name);
            }
        }
    }
    if failed.is_empty() {
        eprintln!("==> all passed");
        Ok(())
    } else {
        Err(Failure::because(format!("==> failed: {}", failed.join(", "))))
    }
}

fn clippy() -> Result<(), Failure> {
    let command = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    step("cargo clippy", || succeed(&mut cargo(command)))
}

fn documentation() -> Result<(), Failure> {
    let command = ["doc", "--workspace", "--no-deps", "--locked"];
    step("cargo doc", || succeed(cargo(command).env("RUSTDOCFLAGS", "-D warnings")))
}

fn dependencies() -> Result<(), Failure> {
    let Some(deny) = find(&["cargo-deny"]) else {
        eprintln!(
            "==> cargo deny: not run, it is not installed; the bans of deny.toml were held by tidy"
        );
        return Ok(());
    };
    step("cargo deny", || succeed(Command::new(deny).arg("check").current_dir(root())))
}
