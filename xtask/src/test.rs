//! `cargo xtask test`: every test of the workspace, with real servers beside it, and after all of them whether every
//! operation of the API was exercised.

use crate::Failure;
use crate::exercised::Exercised;
use crate::servers::Servers;
use crate::step::{cargo, step, succeed};

/// Runs `cargo test` with `arguments`, on the whole workspace unless they name a package.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let servers = Servers::start()?;
    let exercised = Exercised::nothing()?;
    let (variable, file) = exercised.environment();
    let result = step("cargo test", || {
        succeed(cargo(command(arguments)).envs(servers.environment()).env(variable, file))
    });
    step("stop servers", || {
        drop(servers);
        Ok(())
    })?;
    result?;
    if is_all(arguments) { step("every operation", || exercised.compare()) } else { Ok(()) }
}

/// Whether `arguments` leave no test out.
fn is_all(arguments: &[&str]) -> bool {
    arguments.iter().all(|argument| *argument == "--no-fail-fast")
}

fn command<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let options = arguments.iter().take_while(|argument| **argument != "--");
    let names_package = |argument: &&str| {
        argument.starts_with("-p")
            || argument.starts_with("--package")
            || *argument == "--workspace"
    };
    let mut command = vec!["test", "--locked"];
    if !options.copied().any(|argument| names_package(&argument)) {
        command.push("--workspace");
    }
    command.extend(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_tests_out_says_nothing_of_what_is_exercised() {
        assert!(is_all(&[]) && is_all(&["--no-fail-fast"]));
        assert!(!is_all(&["-p", "docket-http"]) && !is_all(&["words"]));
    }

    #[test]
    fn the_whole_workspace_is_tested_unless_a_package_is_named() {
        assert_eq!(command(&[]), ["test", "--locked", "--workspace"]);
        assert_eq!(command(&["-p", "docket-app"]), ["test", "--locked", "-p", "docket-app"]);
        assert_eq!(command(&["--", "-p"]), ["test", "--locked", "--workspace", "--", "-p"]);
    }
}
