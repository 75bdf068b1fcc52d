//! What people read: for each kind of operation a sentence with parameters, in Chinese and in English.

use crate::change::LogEntry;

/// A language of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    #[default]
    En,
}

/// The sentence of one log row, without its time and actor.
pub fn sentence(entry: &LogEntry, language: Language) -> String {
    let _ = (entry, language);
    todo!()
}
