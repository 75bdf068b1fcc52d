//! What people read: for each kind of operation and anomaly a sentence with parameters, in Chinese and in
//! English, and the words of statuses and actors. Times are formatted where they are shown: at the edges.

mod money;
mod outline;
mod sentences;
mod template;
mod words;

pub use money::money;
pub use outline::{Outline, outline};
pub use words::{Spoken, actor_name, status_word};

use crate::change::{LogEntry, Remark};
use crate::operation::OperationKind;
use crate::tree::Anomaly;
use template::{Values, render};

/// A language of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    #[default]
    En,
}

impl Language {
    /// Of a sentence in both languages the one in this.
    pub(crate) const fn of<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}

/// The sentence of one log row, without its time and actor, with the remark kept beside it.
pub fn sentence(entry: &LogEntry, language: Language) -> String {
    let values = Values::of_map(&entry.parameters, language);
    let (en, zh) = entry.kind.definition().sentence_of(entry);
    let said = render(language.of(en, zh), &values);
    match remark(&entry.remark, language) {
        None => said,
        Some(words) if entry.kind == OperationKind::Note => {
            format!("{}{words}", language.of("Remark: ", "备注：")) // the remark is what happened
        }
        Some(words) => format!("{said}{}{words}", language.of("; remark: ", "；备注：")),
    }
}

/// The sentence of one contradiction.
pub fn sentence_of_anomaly(anomaly: &Anomaly, language: Language) -> String {
    let (en, zh) = sentences::of_anomaly(anomaly.kind);
    render(language.of(en, zh), &Values::of_json(&anomaly.detail, language))
}

/// The remark in the language, else in the other one.
fn remark(remark: &Remark, language: Language) -> Option<&str> {
    let (first, second) = match language {
        Language::En => (&remark.en, &remark.cn),
        Language::Zh => (&remark.cn, &remark.en),
    };
    let words = first.as_deref().or(second.as_deref());
    words.filter(|words| !words.is_empty())
}
