//! The log of a process, on stderr: text for people or JSON for programs.

use crate::config::{Config, LogFormat};
use std::io::IsTerminal;
use std::str::FromStr;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts the log of a center as its config says.
pub fn start(config: &Config) {
    start_with(&config.log.level.0, config.log.format.value);
}

/// Starts the log of a command that opens a center for a moment: only what went wrong.
pub fn start_quiet() {
    start_with("error", LogFormat::Text);
}

/// Starts the log of the demo, in which a task is given up on purpose.
pub fn start_for_demo() {
    start_with("error,docket_tasks::finisher=off", LogFormat::Text);
}

fn start_with(level: &str, format: LogFormat) {
    let filter = Targets::from_str(level).expect("the config took it for a level");
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match format {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        LogFormat::Text => layer.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    // A second start in one process (a test) changes nothing.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}
