//! `cargo xtask test`: every test of the workspace, with real servers beside it.

use crate::Failure;
use crate::servers::Servers;
use crate::step::{cargo, step, succeed};

/// Runs `cargo test --workspace` with `arguments`.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let servers = Servers::start()?;
    let result = step("cargo test", || {
        let command = ["test", "--workspace", "--locked"];
        succeed(cargo(command).args(arguments).envs(servers.environment()))
    });
    step("stop servers", || {
        drop(servers);
        Ok(())
    })?;
    result
}
