//! What is told of people is taken out of what is kept. Marketplaces mask it anyway, and nothing here needs it.

/// A name of a field that holds one of these, in whatever case, is about a person. By their first letter: every name of
/// every row is looked at.
const fn personal_from(letter: u8) -> &'static [&'static str] {
    match letter {
        b'a' => &["address"],
        b'b' => &["buyername", "buyeremail", "buyernote", "birth"],
        b'c' => &["consignee"],
        b'i' => &["idcard", "identity"],
        b'm' => &["mobile", "mail"],
        b'p' => &["phone", "postcode", "passport"],
        b'r' => &["receiptname", "receiptadditional", "recipient", "receiver", "regionname"],
        b't' => &["taxcode"],
        b'z' => &["zipcode"],
        _ => &[],
    }
}

/// Whether a field of this name is about a person.
fn is_personal(name: &str) -> bool {
    let name = name.as_bytes();
    (0..name.len()).any(|at| {
        let part = |part: &&str| {
            name.get(at..at + part.len())
                .is_some_and(|here| here.eq_ignore_ascii_case(part.as_bytes()))
        };
        personal_from(name[at].to_ascii_lowercase()).iter().any(part)
    })
}

/// Valid JSON without fields about people and without blanks; every other byte as it came.
///
/// One pass over the text: it is known to be valid, so that strings and brackets are all that has to be told apart.
pub fn without_people(json: &str) -> String {
    let bytes = json.as_bytes();
    let mut out = String::with_capacity(json.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\n' | b'\r' | b'\t' => at += 1,
            b'"' => {
                let end = string_end(bytes, at);
                let name = &json[at..end];
                let colon = skip_blanks(bytes, end);
                let is_name = bytes.get(colon) == Some(&b':');
                if is_name && is_personal(name) {
                    at = value_end(bytes, skip_blanks(bytes, colon + 1));
                    at = without_comma(bytes, at, &mut out);
                } else {
                    out.push_str(name);
                    at = end;
                }
            }
            _ => {
                let end = (at + 1..bytes.len())
                    .find(|&end| matches!(bytes[end], b' ' | b'\n' | b'\r' | b'\t' | b'"'))
                    .unwrap_or(bytes.len());
                out.push_str(&json[at..end]);
                at = end;
            }
        }
    }
    out
}

/// Past the comma behind a field that was left out, or, where it was the last, without the one before it.
fn without_comma(bytes: &[u8], at: usize, out: &mut String) -> usize {
    let next = skip_blanks(bytes, at);
    if bytes.get(next) == Some(&b',') {
        return next + 1;
    }
    if out.ends_with(',') {
        out.pop();
    }
    next
}

fn skip_blanks(bytes: &[u8], from: usize) -> usize {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    (from..bytes.len()).find(|&at| !blank(&bytes[at])).unwrap_or(bytes.len())
}

/// Behind the string that begins here.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Behind the value that begins here.
fn value_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_u32);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn people_are_left_out_at_every_depth_and_place() {
        for (told, kept) in [
            (r#"{"mail":"a@b","x":1}"#, r#"{"x":1}"#),
            (r#"{ "x" : 1 , "Mobile" : {"a":["}"]} }"#, r#"{"x":1}"#),
            (r#"{"receiptName":"A\"B"}"#, "{}"),
            (r#"[{"x":{"addressLine1":1,"y":"mail"}},2]"#, r#"[{"x":{"y":"mail"}},2]"#),
            (r#"{"a":1,"postCode":null,"phone":[],"b":"\\"}"#, r#"{"a":1,"b":"\\"}"#),
            (r#"{"a":1.50,"t":"x: , }"}"#, r#"{"a":1.50,"t":"x: , }"}"#),
        ] {
            assert_eq!(without_people(told), kept);
            serde_json::from_str::<Value>(kept).unwrap();
        }
    }
}
