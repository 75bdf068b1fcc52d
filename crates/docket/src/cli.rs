//! The words of the command line.

use crate::failure::Failure;

/// Docket, an order center.
#[derive(Debug, clap::Parser)]
#[command(version)]
pub struct Cli {}

impl Cli {
    /// Does what was asked.
    pub fn run(self) -> Result<(), Failure> {
        Ok(())
    }
}
