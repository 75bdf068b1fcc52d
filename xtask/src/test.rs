//! `cargo xtask test`: every test of the workspace, with real servers beside it.

use crate::Failure;
use crate::servers::Servers;
use crate::step::{cargo, step, succeed};

/// Runs `cargo test` with `arguments`, on the whole workspace unless they name a package.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let servers = Servers::start()?;
    let result =
        step("cargo test", || succeed(cargo(command(arguments)).envs(servers.environment())));
    step("stop servers", || {
        drop(servers);
        Ok(())
    })?;
    result
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
    fn the_whole_workspace_is_tested_unless_a_package_is_named() {
        assert_eq!(command(&[]), ["test", "--locked", "--workspace"]);
        assert_eq!(command(&["-p", "docket-app"]), ["test", "--locked", "-p", "docket-app"]);
        assert_eq!(command(&["--", "-p"]), ["test", "--locked", "--workspace", "--", "-p"]);
    }
}
