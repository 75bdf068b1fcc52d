//! The keys of `[privacy]`, given as a text: a secret that is never shown.

use super::shapes::Shape;
use docket_app::vault::KeySource;

/// Keys as `docket privacy new` prints them; none where empty.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(pub String);

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Shape for KeyText {
    const LOOKS: (&'static str, &'static str) = (
        "the keys as `docket privacy new` prints them, or nothing",
        " docket privacy new 所输出的密钥文本，或留空",
    );

    fn read(text: &str) -> Option<Self> {
        let keys = KeySource::Text(text.to_owned(), String::new());
        (text.is_empty() || keys.read().is_ok()).then(|| Self(text.to_owned()))
    }

    fn shown(text: &str) -> String {
        if text.is_empty() { String::new() } else { "***".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_never_shown() {
        let text = docket_app::vault::fresh_keys();
        assert_eq!(KeyText::read(&text), Some(KeyText(text.clone())));
        assert_eq!(
            (KeyText::shown(&text), format!("{:?}", KeyText(text.clone()))),
            ("***".into(), "***".into())
        );
        assert_eq!(KeyText::read("{}"), None);
        assert_eq!(KeyText::read(&text[1..]), None);
        assert_eq!(KeyText::read(""), Some(KeyText(String::new())));
    }
}
