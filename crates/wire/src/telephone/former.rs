//! The form that telephones had in the first release: a whole cell, its digits together. Kept so that what was
//! stored under it is still found until it is stored anew, and is taken out then.

/// That form; `None` where there is no digit.
pub fn former(phone: &str) -> Option<String> {
    let phone = phone.trim();
    let digits: String = phone.chars().filter_map(digit).collect();
    let (abroad, digits) = match digits.strip_prefix("00") {
        Some(rest) => (true, rest),
        None => (phone.starts_with(['+', '＋']), &*digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mobile = |rest: &&str| rest.len() == 11 && rest.starts_with('1');
    match digits.strip_prefix("86").filter(mobile) {
        Some(rest) => Some(rest.to_owned()),
        None if abroad => Some(format!("+{digits}")),
        None => Some(digits.to_owned()),
    }
}

/// The last four digits of a number in that form, if it has as many.
pub fn former_last4(normal: &str) -> Option<&str> {
    let digits = normal.trim_start_matches('+');
    digits.is_char_boundary(digits.len().wrapping_sub(4)).then(|| &digits[digits.len() - 4..])
}

fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_the_first_release_stays_what_it_was() {
        for written in ["13800000000", "138-0000 0000", "+86 138 0000 0000", "008613800000000"] {
            assert_eq!(former(written).as_deref(), Some("13800000000"), "{written}");
        }
        assert_eq!(former("+44 20 7946 0000").as_deref(), Some("+442079460000"));
        assert_eq!(former("13800007777转801").as_deref(), Some("13800007777801"));
        assert_eq!(former("none"), None);
        assert_eq!(former_last4("+442079460123"), Some("0123"));
        assert_eq!(former_last4("123"), None);
    }
}
