//! Why a command failed, in one sentence, with one sentence on what to do next: for people in their language,
//! for programs as one line of JSON. Both go to stderr.

use crate::output::{Form, Output};
use crate::said::{Said, said};
use serde_json::json;
use std::borrow::Cow;
use std::error::Error;
use std::process::ExitCode;

/// What a command ends with when it does not succeed.
#[derive(Debug)]
pub struct Failure {
    /// What went wrong.
    pub message: Said,
    /// What to do next.
    pub next: Option<Said>,
    /// 1 failed, 2 wrong use.
    pub code: u8,
    /// The cause for programs: `failed`, `wrong_use`, `no_center`, `not_found`, `locked`, `unreachable`, or the
    /// code of a server's problem.
    pub word: Cow<'static, str>,
    /// The fields that a server found wrong, each with what is wrong with it; they are in the message too.
    pub wrong: Vec<(String, Said)>,
}

impl Failure {
    /// Something failed.
    pub fn new(message: impl Into<Said>) -> Self {
        let message = message.into();
        Self { message, next: None, code: 1, word: "failed".into(), wrong: Vec::new() }
    }

    /// The command was used wrongly.
    pub fn usage(message: impl Into<Said>) -> Self {
        Self { code: 2, word: "wrong_use".into(), ..Self::new(message) }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn next(mut self, next: impl Into<Said>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// Names the cause for programs.
    #[must_use]
    pub fn word(mut self, word: impl Into<Cow<'static, str>>) -> Self {
        self.word = word.into();
        self
    }

    /// Tells it and gives the exit code.
    pub fn report(&self, out: &Output) -> ExitCode {
        let message = self.message.to(out.language);
        let usage = said!("`--help` says how it is used.", "用法见 --help。");
        let next = self.next.as_ref().or((self.code == 2).then_some(&usage));
        let next = next.map(|next| next.to(out.language));
        match out.form {
            Form::Programs => {
                let error = json!({"code": self.word, "message": message, "next": next});
                out.note(&json!({"error": error}).to_string());
            }
            Form::People => {
                out.note(&format!("docket: {message}"));
                if let Some(next) = next {
                    out.note(&format!("  {next}"));
                }
            }
        }
        ExitCode::from(self.code)
    }
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let this: &(dyn Error + 'static) = &error;
        let mut message = match this.downcast_ref::<std::io::Error>() {
            Some(error) => Said::from(error),
            None => Said::of(error.to_string(), format!("出错：{error}")),
        };
        let mut source = error.source();
        while let Some(cause) = source {
            message = message.because(Said::as_told(cause));
            source = cause.source();
        }
        Self::new(message).next(check_tells())
    }
}

/// What to do where nothing better is known.
pub fn check_tells() -> Said {
    said!(
        "`docket check` says what is in force and what can be reached.",
        "docket check 会说明当前生效的配置以及各项是否可用。"
    )
}
