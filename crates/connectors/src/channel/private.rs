//! What is told of people is taken out of what is kept. Marketplaces mask it anyway, and nothing here needs it.

/// A name of a field that holds one of these, in whatever case, is about a person. In the order of the alphabet.
const PERSONAL: [&[u8]; 20] = [
    b"address",
    b"birth",
    b"buyeremail",
    b"buyername",
    b"buyernote",
    b"consignee",
    b"idcard",
    b"identity",
    b"mail",
    b"mobile",
    b"passport",
    b"phone",
    b"postcode",
    b"receiptadditional",
    b"receiptname",
    b"receiver",
    b"recipient",
    b"regionname",
    b"taxcode",
    b"zipcode",
];

/// Which letter may follow which where one of them begins, as bits: every name of every row is looked at, and this rules
/// out nearly all places of it.
const BEGINNINGS: [u32; 32] = beginnings();

const fn beginnings() -> [u32; 32] {
    let (mut table, mut at) = ([0; 32], 0);
    while at < PERSONAL.len() {
        table[letter(PERSONAL[at][0])] |= 1 << letter(PERSONAL[at][1]);
        at += 1;
    }
    table
}

/// A letter of either case as a number below 32; other bytes share numbers with letters.
const fn letter(byte: u8) -> usize {
    (byte & 31) as usize
}

/// Whether one of them stands in a text.
fn is_personal(text: &[u8]) -> bool {
    text.windows(2).enumerate().any(|(at, pair)| {
        let may_begin = BEGINNINGS[letter(pair[0])] >> letter(pair[1]) & 1 == 1;
        // Bit 6 tells letters from digits, blanks and signs.
        may_begin && pair[0] & pair[1] & 64 != 0 && begins_personal(&text[at..])
    })
}

fn begins_personal(text: &[u8]) -> bool {
    let first = letter(text[0]);
    let of_letter = PERSONAL.iter().skip_while(|part| letter(part[0]) < first);
    of_letter
        .take_while(|part| letter(part[0]) == first)
        .any(|part| text.get(..part.len()).is_some_and(|here| here.eq_ignore_ascii_case(part)))
}

/// Valid JSON without fields about people; every other byte as it came.
///
/// Strings and brackets are all that has to be told apart, since it is known to be valid. Most rows have no such field,
/// and nothing that looks like its name anywhere.
pub fn without_people(json: &str) -> String {
    let bytes = json.as_bytes();
    if !is_personal(bytes) {
        return json.to_owned();
    }
    let (mut out, mut at, mut copied) = (String::with_capacity(json.len()), 0, 0);
    while at < bytes.len() {
        if bytes[at] != b'"' {
            at += 1;
            continue;
        }
        let end = string_end(bytes, at);
        let colon = skip_blanks(bytes, end);
        if bytes.get(colon) == Some(&b':') && is_personal(&bytes[at..end]) {
            out.push_str(&json[copied..at]);
            at = skip_blanks(bytes, value_end(bytes, skip_blanks(bytes, colon + 1)));
            if bytes.get(at) == Some(&b',') {
                at += 1;
            } else {
                // The last of its object: the comma before it goes with it.
                let kept = out.trim_end().len();
                out.truncate(if out[..kept].ends_with(',') { kept - 1 } else { kept });
            }
            copied = at;
        } else {
            at = end;
        }
    }
    out.push_str(&json[copied..]);
    out
}

fn skip_blanks(bytes: &[u8], from: usize) -> usize {
    let told = |byte: &u8| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    let length = bytes.get(from..).and_then(|rest| rest.iter().position(told));
    length.map_or(bytes.len(), |length| from + length)
}

/// Behind the string that begins here.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(rest) = bytes.get(at..) {
        match rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
            Some(length) if rest[length] == b'"' => return at + length + 1,
            Some(length) => at += length + 2,
            None => break,
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
    fn every_word_is_found_in_either_case_and_within_a_name() {
        assert!(PERSONAL.is_sorted());
        for part in PERSONAL {
            let name = str::from_utf8(part).unwrap();
            for name in [name.to_owned(), name.to_uppercase(), format!("x{name}1")] {
                assert_eq!(without_people(&format!(r#"{{"{name}":1,"z":2}}"#)), r#"{"z":2}"#);
            }
        }
    }

    #[test]
    fn people_are_left_out_at_every_depth_and_place() {
        for (told, kept) in [
            (r#"{"mail":"a@b","x":1}"#, r#"{"x":1}"#),
            (r#"{ "x" : 1 , "Mobile" : {"a":["}"]} }"#, r#"{ "x" : 1 }"#),
            (r#"{"a":1,"phone":2,"mail":3}"#, r#"{"a":1}"#),
            (r#"{"receiptName":"A\"B"}"#, "{}"),
            (r#"[{"x":{"addressLine1":1,"y":"mail"}},2]"#, r#"[{"x":{"y":"mail"}},2]"#),
            (r#"{"a":1,"postCode":null,"phone":[],"b":"\\"}"#, r#"{"a":1,"b":"\\"}"#),
            (r#"{"a":1.50,"t":"x: , }"}"#, r#"{"a":1.50,"t":"x: , }"}"#),
            (r#"{"userEMAIL":1,"home_address2":2,"b":{"zipCode":3}}"#, r#"{"b":{}}"#),
            (
                r#"{"mainMall":1,"regionId":2,"a":3,"":4}"#,
                r#"{"mainMall":1,"regionId":2,"a":3,"":4}"#,
            ),
        ] {
            assert_eq!(without_people(told), kept);
            serde_json::from_str::<Value>(kept).unwrap();
        }
    }
}
