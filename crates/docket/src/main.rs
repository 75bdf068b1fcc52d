//! Docket, an order center: the command. Reads arguments and config, wires the crates together, starts and
//! stops. What an order is and what may happen to it stands in `docket-domain`.

mod allocator;
mod bench;
mod center;
mod cli;
mod commands;
mod config;
mod demo;
mod export;
mod failure;
mod import;
mod log;
mod output;
mod said;
mod usage;
mod zones;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match cli::read() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    if cli.serves() {
        allocator::gives_back_at_once();
    }
    let out = cli.output();
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(&out),
    }
}
