//! `docket demo`: a whole center at work.

use crate::cli::Options;
use crate::failure::Failure;

/// Arguments of `docket demo`.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// End when the checks are done; the exit code says whether all of them held
    #[arg(long)]
    once: bool,
    /// Address and port to listen on [default: a free port of this machine]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

/// Runs the demo.
pub async fn run(_args: Args, _options: &Options) -> Result<(), Failure> {
    Ok(())
}
