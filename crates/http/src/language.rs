//! Which of the two languages a caller reads: `lang=` where it is said, else `Accept-Language`.

use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use docket_domain::story::Language;

/// The language of a word: `zh` or `en`, with or without a region.
pub fn of_word(word: &str) -> Option<Language> {
    let primary = word.split(['-', '_']).next().unwrap_or_default();
    if primary.eq_ignore_ascii_case("zh") {
        Some(Language::Zh)
    } else if primary.eq_ignore_ascii_case("en") {
        Some(Language::En)
    } else {
        None
    }
}

/// The word of a language.
pub const fn word(language: Language) -> &'static str {
    match language {
        Language::Zh => "zh",
        Language::En => "en",
    }
}

/// The one of our languages the caller likes best; English where it says nothing.
pub fn accepted(headers: &HeaderMap) -> Language {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let mut best = (Language::default(), 0.0);
    for choice in accepted.unwrap_or_default().split(',') {
        let mut parts = choice.split(';').map(str::trim);
        let Some(language) = parts.next().and_then(of_word) else { continue };
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        let weight = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
}

/// Says of a response in which language it is, and that others may read it in another.
pub fn told_in(response: &mut Response, language: Language) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(word(language)));
    headers.append(VARY, HeaderValue::from_static("accept-language"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_is_taken() {
        let of = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            accepted(&HeaderMap::from_iter([(ACCEPT_LANGUAGE, value)]))
        };
        assert_eq!(of("zh-CN,zh;q=0.9,en;q=0.8"), Language::Zh);
        assert_eq!(of("fr, en;q=0.5, zh;q=0.7"), Language::Zh);
        assert_eq!(of("de"), Language::En);
        assert_eq!(of("zh;q=0"), Language::En);
        assert_eq!(accepted(&HeaderMap::new()), Language::En);
    }
}
