//! Why a command failed, in one sentence, with one sentence on what to do next.

use std::fmt;
use std::process::ExitCode;

/// What a command ends with when it does not succeed.
#[derive(Debug)]
pub struct Failure {
    /// What went wrong.
    pub message: String,
    /// What to do next.
    pub next: Option<String>,
    /// 1 failed, 2 wrong use.
    pub code: u8,
}

impl Failure {
    /// Something failed.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), next: None, code: 1 }
    }

    /// The command was used wrongly.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { code: 2, ..Self::new(message) }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn next(mut self, next: impl fmt::Display) -> Self {
        self.next = Some(next.to_string());
        self
    }

    /// Tells the person and gives the exit code.
    pub fn report(&self) -> ExitCode {
        anstream::eprintln!("docket: {}", self.message);
        if let Some(next) = &self.next {
            anstream::eprintln!("  {next}");
        }
        ExitCode::from(self.code)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Self::new(message).next("`docket check` says what is in force and what can be reached.")
    }
}
