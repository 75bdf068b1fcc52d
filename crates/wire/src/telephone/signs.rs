//! What a character means in a telephone number: a digit of any script, or what stands between digits.

/// What a character means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// A decimal digit, 0 to 9.
    Digit(u8),
    /// The sign before the code of a country.
    Plus,
    /// It stands within a number: a space, a hyphen, brackets, a full stop.
    Within,
    /// It stands within a number that is short before it, else between two.
    Slash,
    /// It hides digits.
    Star,
    /// It is not seen: marks of direction and width.
    Nothing,
    /// Anything else: it ends a number.
    Between,
}

/// The zero of every row of ten decimal digits in Unicode; those of one script follow one another.
const ZEROS: [u32; 77] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
    0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0,
    0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50, 0x11d50,
    0x11da0, 0x11de0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce,
    0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];

impl Sign {
    pub fn of(c: char) -> Self {
        if let Some(digit) = digit(c) {
            return Self::Digit(digit);
        }
        match c {
            '+' | '＋' | '﹢' | '⁺' => Self::Plus,
            '/' | '／' => Self::Slash,
            '*' | '＊' => Self::Star,
            '\n' | '\r' => Self::Between,
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => Self::Nothing,
            '-'
            | '\u{2010}'..='\u{2015}'
            | '−'
            | '﹣'
            | '－'
            | '﹘'
            | 'ー'
            | '~'
            | '～'
            | '('
            | ')'
            | '（'
            | '）'
            | '['
            | ']'
            | '.'
            | '．'
            | '·'
            | '•'
            | '_' => Self::Within,
            c if c.is_whitespace() => Self::Within,
            _ => Self::Between,
        }
    }
}

/// The decimal digit that `c` is, in whatever script.
fn digit(c: char) -> Option<u8> {
    let code = u32::from(c);
    let zero = ZEROS[..ZEROS.partition_point(|zero| *zero <= code)].last()?;
    u8::try_from(code - zero).ok().filter(|digit| *digit < 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_script_are_digits_and_other_numbers_are_not() {
        for zero in ZEROS {
            for n in 0..10 {
                let c = char::from_u32(zero + n).expect("a character");
                assert_eq!(digit(c).map(u32::from), Some(n), "{c:?}");
            }
        }
        assert!(ZEROS.windows(2).all(|pair| pair[0] + 10 <= pair[1]), "in order, and apart");
        for c in ['²', '①', '〇', '五', 'Ⅷ', 'a', ':'] {
            assert_eq!(digit(c), None, "{c}");
        }
    }
}
