//! The allocator, and what it is told before it begins.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// After how many milliseconds the allocator gives back what is free; a second where nothing is said, by when a pull of many
/// orders has taken half as much again.
const GIVES_BACK: &str = "MIMALLOC_PURGE_DELAY";

/// Has a server give back at once what is free. The allocator reads that from its environment before the program does, so
/// the program begins once more with it, under its number; where that cannot be, it goes on as it is.
pub fn gives_back_at_once() {
    let is_told = std::env::var_os(GIVES_BACK).is_some();
    let Ok(program) = std::env::current_exe() else { return };
    if is_told {
        return;
    }
    let mut arguments = std::env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    // It comes back only where it cannot begin.
    let _ = again.args(arguments).env(GIVES_BACK, "0").exec();
}
