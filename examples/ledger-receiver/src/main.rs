//! `ledger-receiver --secret TEXT [--listen ADDR] [--file FILE] [--lose-answers N]`

use ledger_receiver::{Options, serve};
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match Options::of(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!(
                "{wrong}\nusage: ledger-receiver --secret TEXT [--listen ADDR] [--file FILE] [--lose-answers N]"
            );
            return ExitCode::from(2);
        }
    };
    match serve(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ledger-receiver: {error}");
            ExitCode::FAILURE
        }
    }
}
