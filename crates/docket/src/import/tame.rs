//! Texts of files as they may be shown to people.

use crate::said::Said;
use docket_domain::story::Language;

/// Characters of a text of a file that are shown.
const SHOWN_CHARS: usize = 160;

/// A text of a file as it may be shown: signs that would do something to a terminal are written out, and a long
/// one is cut.
pub fn tame(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(SHOWN_CHARS));
    for (number, sign) in text.chars().enumerate() {
        if number == SHOWN_CHARS {
            shown.push('…');
            break;
        }
        match sign {
            sign if sign.is_control() => shown.extend(sign.escape_default()),
            // Marks of direction and the like, which change how what stands beside them is read.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.extend(sign.escape_unicode());
            }
            sign => shown.push(sign),
        }
    }
    shown
}

/// The same of a sentence that may have such a text in it.
pub fn tame_said(said: &Said) -> Said {
    Said::of(tame(said.to(Language::En)), tame(said.to(Language::Zh)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_file_does_nothing_to_a_terminal() {
        assert_eq!(tame("茶 \u{1b}[31m\0\u{202e}"), "茶 \\u{1b}[31m\\u{0}\\u{202e}");
        let long = tame(&"x".repeat(10_000));
        assert_eq!((long.chars().count(), long.ends_with('…')), (SHOWN_CHARS + 1, true));
    }
}
