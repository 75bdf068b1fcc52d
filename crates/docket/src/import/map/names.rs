//! Names: of files, by patterns, and of whatever people may have meant.

/// Whether a file name fits a pattern of `*` and `?`. Capitals do not matter.
pub fn fits(pattern: &str, name: &str) -> bool {
    fn rest(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some((b'*', after)), _) => {
                rest(after, name) || name.split_first().is_some_and(|(_, name)| rest(pattern, name))
            }
            (Some((b'?', after)), Some((_, name))) => rest(after, name),
            (Some((wanted, after)), Some((found, name))) => {
                wanted.eq_ignore_ascii_case(found) && rest(after, name)
            }
            _ => false,
        }
    }
    rest(pattern.as_bytes(), name.as_bytes())
}

/// The one of `known` that `word` was most likely meant to be.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let scored =
        known.into_iter().map(|known| (strsim::jaro_winkler(&known.to_lowercase(), &word), known));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 > 0.7).then_some(best.1)
}
