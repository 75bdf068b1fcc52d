//! `cargo xtask bench`: `docket bench` as a release build, on SQLite and then on a MariaDB of its own, without TLS
//! and over it, so that figures can be compared: the machine is printed first.

use std::fs;
use std::process::Command;
use std::thread;

use crate::Failure;
use crate::servers::bench_mariadb;
use crate::step::{cargo, step, succeed};

/// So that the working set of a bench stays in memory, as it would in production.
const POOL_MIB: u32 = 512;

/// Runs the bench that the first of `arguments` names (`place` if it names none) with the others.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let (name, arguments) = which(arguments);
    print_machine();
    step("build release", || {
        succeed(&mut cargo(["build", "--release", "--locked", "--package", "docket"]))
    })?;
    step(&format!("bench {name} on SQLite"), || succeed(docket_bench(name).args(arguments)))?;

    let server = bench_mariadb(POOL_MIB)?;
    let sealed = server.certificates().authority.display().to_string();
    for (with, asked) in [
        ("", "ssl-mode=DISABLED".to_owned()),
        (" over TLS", format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={sealed}")),
    ] {
        let fresh = "create or replace database bench character set utf8mb4";
        server.address().run(fresh).map_err(Failure::Failed)?;
        step(&format!("bench {name} on MariaDB{with}"), || {
            let url = format!("{}?{asked}", server.address().url("bench"));
            succeed(docket_bench(name).args(["--database", &url]).args(arguments))
        })?;
    }
    Ok(())
}

fn which<'a>(arguments: &'a [&'a str]) -> (&'a str, &'a [&'a str]) {
    match arguments {
        [name, rest @ ..] if !name.starts_with('-') => (name, rest),
        all => ("place", all),
    }
}

fn docket_bench(name: &str) -> Command {
    let run = ["run", "--quiet", "--release", "--locked", "--package", "docket", "--", "bench"];
    let mut command = cargo(run);
    command.arg(name);
    command
}

fn print_machine() {
    let cores = thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let kernel = Command::new("uname").arg("-srm").output().map(|output| output.stdout);
    let kernel = String::from_utf8_lossy(&kernel.unwrap_or_default()).trim().to_owned();
    eprintln!("==> {cores} cores, {}, {kernel}", model.unwrap_or("unknown CPU"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bench_is_place_unless_named() {
        assert_eq!(which(&["--json"]), ("place", ["--json"].as_slice()));
        assert_eq!(which(&["tasks", "--json"]), ("tasks", ["--json"].as_slice()));
    }
}
