//! Rust source taken apart into code, strings and comments, so that a rule about one is not deceived by the
//! others. Not a parser: it knows just enough of the language to tell the three apart, and where functions
//! begin and end.

/// Three texts with the lines of the source; each shows its own part and blanks for the rest.
#[derive(Debug)]
pub struct Parts {
    /// Without what stands in strings, characters and comments.
    pub code: String,
    /// What stands between the quotes of strings.
    pub strings: String,
    /// Comments with their marks.
    pub comments: String,
}

/// Which part a stretch of the source belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Strings,
    Comments,
    /// A character literal: interesting to no rule, but may hold a quote or a brace.
    None,
}

/// Takes `source` apart.
pub fn take_apart(source: &str) -> Parts {
    let bytes = source.as_bytes();
    let mut texts = [vec![], vec![], vec![]];
    let mut at = 0;
    while at < bytes.len() {
        let (end, part) = stretch(bytes, at);
        for &byte in &bytes[at..end] {
            for (text, of) in texts.iter_mut().zip([Part::Code, Part::Strings, Part::Comments]) {
                text.push(if byte == b'\n' || of == part { byte } else { b' ' });
            }
        }
        at = end;
    }
    let [code, strings, comments] =
        texts.map(|text| String::from_utf8(text).expect("parts begin and end at whole characters"));
    Parts { code, strings, comments }
}

/// Where the stretch that begins at `at` ends, and what it is.
fn stretch(bytes: &[u8], at: usize) -> (usize, Part) {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        return (at + rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len()), Part::Comments);
    }
    if rest.starts_with(b"/*") {
        return (block_comment_end(bytes, at), Part::Comments);
    }
    match rest[0] {
        b'"' => (string_end(bytes, at + 1), Part::Strings),
        b'\'' => quote(bytes, at),
        first if is_word(first) => {
            let end = at + rest.iter().position(|&b| !is_word(b)).unwrap_or(rest.len());
            if matches!(&bytes[at..end], b"r" | b"br" | b"cr")
                && let Some(end) = raw_string_end(bytes, end)
            {
                return (end, Part::Strings);
            }
            (end, Part::Code)
        }
        _ => (at + 1, Part::Code),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

fn block_comment_end(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut end) = (0, at);
    while end < bytes.len() {
        if bytes[end..].starts_with(b"/*") {
            (depth, end) = (depth + 1, end + 2);
        } else if bytes[end..].starts_with(b"*/") {
            (depth, end) = (depth - 1, end + 2);
            if depth == 0 {
                break;
            }
        } else {
            end += 1;
        }
    }
    end
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `at` is behind the `r`: either hashes and a quote follow, or it was a name.
fn raw_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at..].iter().take_while(|&&b| b == b'#').count();
    let open = at + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(hashes + 1, b'#');
    let body = &bytes[open + 1..];
    let length = body.windows(close.len()).position(|window| window == close);
    Some(length.map_or(bytes.len(), |length| open + 1 + length + close.len()))
}

/// A character literal, or the mark of a lifetime.
fn quote(bytes: &[u8], at: usize) -> (usize, Part) {
    let rest = &bytes[at + 1..];
    if rest.first() == Some(&b'\\') {
        // The character behind the backslash may be the quote itself.
        let close = rest.iter().skip(2).position(|&b| b == b'\'');
        return (close.map_or(bytes.len(), |close| at + 1 + 2 + close + 1), Part::None);
    }
    let width = match rest.first() {
        None | Some(b'\'') => return (at + 1, Part::Code),
        Some(first) if first.is_ascii() => 1,
        Some(_) => 1 + rest[1..].iter().take_while(|&&b| b & 0xc0 == 0x80).count(),
    };
    if rest.get(width) == Some(&b'\'') {
        (at + 1 + width + 1, Part::None)
    } else {
        (at + 1, Part::Code)
    }
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name alone.
    pub name: String,
    /// Where its `fn` stands, from 1.
    pub line: usize,
    /// From its `fn` to its last brace.
    pub lines: usize,
}

/// The functions with a body in `code`, which has no strings and comments.
pub fn functions(code: &str) -> Vec<Function> {
    let mut found = vec![];
    for (at, _) in code.match_indices("fn ") {
        let begins_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = code[at + 3..].trim_start();
        let name =
            rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        if !begins_word || name.is_empty() {
            continue;
        }
        if let Some(end) = body_end(code, at) {
            let count = |text: &str| text.matches('\n').count();
            found.push(Function {
                name: name.to_owned(),
                line: count(&code[..at]) + 1,
                lines: count(&code[at..end]) + 1,
            });
        }
    }
    found
}

/// The end of the body of the function whose `fn` stands at `at`; none where it has none.
fn body_end(code: &str, at: usize) -> Option<usize> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (offset, byte) in code[at..].bytes().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b';' if braces == 0 && brackets == 0 => return None,
            b'{' => braces += 1,
            b'}' => {
                braces = braces.checked_sub(1)?;
                if braces == 0 && brackets == 0 {
                    return Some(at + offset);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_comments_and_code_are_told_apart() {
        let source = r##"let a = "in \" a"; // says "b"
let c = r#"raw " one"#; /* block /* nested */ "x" */ f('"', '\'', 'é', b'{');
fn g<'a>(r: &'a str) -> &'a str { r }
"##;
        let parts = take_apart(source);
        for (text, own) in [(&parts.strings, "raw \" one"), (&parts.comments, "says \"b\"")] {
            assert!(text.contains(own), "{text}");
        }
        assert!(parts.comments.contains("nested */ \"x\" */"));
        assert!(parts.code.contains("fn g<'a>(r: &'a str) -> &'a str { r }"));
        for foreign in ["in", "raw", "says", "block", "\"x\"", "é", "b'{'"] {
            assert!(!parts.code.contains(&format!(" {foreign} ")), "{foreign}: {}", parts.code);
        }
        assert!(!parts.code.lines().nth(1).unwrap().contains('{'), "{}", parts.code);
        assert_eq!(parts.code.lines().count(), 3);
    }

    #[test]
    fn a_function_is_measured_from_its_name_to_its_last_brace() {
        let source = "trait T {\n fn declared(x: [u8; 4]);\n}\nfn one(f: fn(u8) -> u8) {\n  if x {\n  }\n}\n";
        let found = functions(&take_apart(source).code);
        assert_eq!(found, [Function { name: "one".to_owned(), line: 4, lines: 4 }]);
    }

    #[test]
    fn a_brace_in_a_string_ends_nothing() {
        let source = "fn f() {\n  g(\"}\", '}'); // }\n}\nfn h() {}\n";
        let found = functions(&take_apart(source).code);
        assert_eq!(
            found.iter().map(|f| (f.name.as_str(), f.lines)).collect::<Vec<_>>(),
            [("f", 3), ("h", 1)]
        );
    }
}
