//! Where a number ends, and what of it is dialled before it: mainland China's plan, and what is known of others.

use super::{END, Kind, Telephone, WHOLE};
use std::ops::RangeInclusive;

/// The code of mainland China.
pub(super) const MAINLAND: u16 = 86;
/// Digits of an international number at most, its country's code among them (ITU-T E.164).
const LONGEST: usize = 15;
/// Digits of a number within its country at most.
const NATIONAL: usize = 11;
/// Digits after which a number that was written in groups is whole at the end of a group.
const GROUPED: usize = 10;
/// The same behind the code of its country.
const GROUPED_ABROAD: usize = 9;
/// Digits of a group that is an extension, at most.
const SHORT_GROUP: usize = 5;
/// Codes of countries that have two digits. `1` and `7` have one, and all others three.
const CODES_OF_TWO: [u16; 44] = [
    20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56,
    57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
];
/// Countries whose numbers have so many digits at most, where people write something behind them.
const LENGTHS: [(u16, usize); 23] = [
    (1, 10),
    (7, 10),
    (31, 9),
    (33, 9),
    (34, 9),
    (45, 8),
    (47, 8),
    (48, 9),
    (61, 9),
    (65, 8),
    (66, 9),
    (81, 10),
    (82, 10),
    (84, 10),
    (90, 10),
    (91, 10),
    (375, 9),
    (420, 9),
    (852, 8),
    (853, 8),
    (886, 9),
    (966, 9),
    (971, 9),
];
/// Countries whose numbers may begin with a zero of their own.
const OWN_ZERO: [u16; 4] = [39, 225, 241, 242];
/// What is dialled within a country before its numbers where that is no zero; Hungary's is 06, and zeros in front are
/// gone already.
const TRUNKS: [(u16, &str); 6] =
    [(7, "8"), (36, "6"), (370, "8"), (375, "80"), (992, "8"), (993, "8")];
/// What is dialled before the code of another country where that is not 00: in North America, in Russia and around
/// it, in Japan, in Australia.
const ABROAD: [&str; 4] = ["011", "810", "010", "0011"];
/// Digits of an international number at least, where it is only supposed to be one.
const SUPPOSED: usize = 10;
/// The same where all of it was written in one group.
const SUPPOSED_IN_ONE: usize = 11;

/// The first number of `text`, which are digits, and how many of them it takes. `ends` are the ends of the groups
/// in which they were written. No number where all of them are too few.
pub(super) fn first(plus: bool, text: &str, ends: &[usize]) -> (Option<Telephone>, usize) {
    let zeros = zeros(text);
    let from = if plus { Some(0) } else { dialled_abroad(text, ends) };
    let abroad = from.and_then(|from| with_country(text, from, ends));
    abroad.or_else(|| without(text, zeros, ends)).map_or((None, text.len()), |(found, length)| {
        let whole = found.digits.len() + usize::from(found.country.is_some()) >= WHOLE;
        (whole.then_some(found), length)
    })
}

/// How much of `text` is dialled before the code of another country, if it is sure that something is. 010 is Beijing
/// too, and 011 São Paulo, Delhi and Turin: there the code must stand by itself, or the whole be too long for them.
fn dialled_abroad(text: &str, ends: &[usize]) -> Option<usize> {
    let supposed = |prefix: &&&str| {
        let Some(rest) = text.strip_prefix(**prefix) else { return false };
        let Some((_, length)) = code_of(rest) else { return false };
        let (from, code) = (prefix.len(), prefix.len() + length);
        let by_itself = ends.contains(&from) && ends.contains(&code) && rest.len() >= SUPPOSED;
        let in_one = **prefix == "011" && ends.len() == 1 && rest.len() >= SUPPOSED_IN_ONE;
        // No number of North America, whose code is 1, goes on with a 1.
        by_itself || in_one || **prefix == "0011"
    };
    let other = ABROAD.iter().find(supposed).map(|prefix| prefix.len());
    other.or_else(|| (zeros(text) == 2).then_some(2))
}

fn zeros(text: &str) -> usize {
    text.len() - text.trim_start_matches('0').len()
}

/// The ends of groups behind `from`, counted from there.
fn behind(from: usize, ends: &[usize]) -> impl Iterator<Item = usize> + Clone {
    ends.iter().filter_map(move |end| end.checked_sub(from)).filter(|end| *end > 0)
}

/// The code of the country that `digits` begin with, and how many of them it is.
fn code_of(digits: &str) -> Option<(u16, usize)> {
    let code = |length: usize| digits.get(..length)?.parse::<u16>().ok();
    match digits.chars().next()? {
        '0' => None,
        '1' | '7' => Some((code(1)?, 1)),
        _ => match code(2)? {
            two if CODES_OF_TWO.contains(&two) => Some((two, 2)),
            _ => Some((code(3)?, 3)),
        },
    }
}

/// A number that begins with the code of its country, behind `from` digits that are dialled before it.
fn with_country(text: &str, from: usize, ends: &[usize]) -> Option<(Telephone, usize)> {
    let (code, length) = code_of(&text[from..])?;
    let from = from + length;
    let from = from + trunk(code, &text[from..]);
    let rest = &text[from..];
    let ends = behind(from, ends);
    let long = is_long(code, rest, ends.clone());
    let behind = ends.clone();
    let ends_at = |length: usize| behind.clone().any(|end| end == length);
    let length = if code == MAINLAND {
        mainland(rest, ends.clone())
            .unwrap_or_else(|| whole_at(ends, rest.len(), GROUPED, LONGEST - length))
    } else {
        let known = most_of(code);
        let most = known.unwrap_or(LONGEST - length);
        whole_at(ends, rest.len(), known.unwrap_or(GROUPED_ABROAD), most)
    };
    let mut found = Telephone::of(Some(code), &rest[..length]);
    let more = code == MAINLAND && !ends_at(length);
    if found.kind == Kind::Other && (long || more) {
        found.kind = Kind::Long;
    }
    (length > 0).then_some((found, from + length))
}

/// How many digits of `national` are dialled before a number within its country, though its code was said.
fn trunk(code: u16, national: &str) -> usize {
    let zeros = if OWN_ZERO.contains(&code) { 0 } else { zeros(national) };
    let (rest, most) = (&national[zeros..], most_of(code));
    let own = own_trunk(code).filter(|own| rest.starts_with(own));
    let more = own.filter(|own| (code == 36 && zeros == 1) || Some(rest.len() - own.len()) == most);
    zeros + more.map_or(0, str::len)
}

/// What is dialled within a country before its numbers, behind the zero if there is one.
pub(super) fn own_trunk(code: u16) -> Option<&'static str> {
    TRUNKS.iter().find(|(known, _)| *known == code).map(|(_, trunk)| *trunk)
}

/// Digits of a number of the country at most, where that is known.
fn most_of(code: u16) -> Option<usize> {
    LENGTHS.iter().find(|(known, _)| *known == code).map(|(_, most)| *most)
}

/// Whether `national` cannot be a number of the country: it is longer than any, and no group ends where one would.
fn is_long(code: u16, national: &str, mut ends: impl Iterator<Item = usize>) -> bool {
    let no_area = code == 1 && national.starts_with(['0', '1']);
    let longer =
        most_of(code).is_some_and(|most| national.len() > most && !ends.any(|end| end == most));
    no_area || longer
}

/// From where a number can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// From everywhere, and it is one of the country that is asked about, or surely of the mainland.
    Own,
    /// From everywhere.
    Everywhere,
    /// From around.
    Local,
    /// It is no number.
    Nowhere,
}

/// From where `telephone` can be called; in China, where that is known, of numbers that do not say their country
/// only those of the mainland's forms can.
pub(super) fn reach(telephone: &Telephone, china: bool) -> Reach {
    let digits = &*telephone.digits;
    let length = digits.len();
    match (telephone.kind, telephone.country) {
        (Kind::Part | Kind::Long, _) => Reach::Nowhere,
        // Landlines have up to two digits less than mobiles.
        (_, Some(code)) if most_of(code).is_some_and(|most| length + 2 < most) => Reach::Nowhere,
        (Kind::Mobile, _) | (Kind::Other, Some(MAINLAND)) => Reach::Own,
        (Kind::Other, Some(_)) => {
            if china {
                Reach::Everywhere
            } else {
                Reach::Own
            }
        }
        (Kind::Other, None) if length < SUPPOSED => {
            let foreign = length > END || digits.starts_with(['0', '1']);
            if china && foreign { Reach::Nowhere } else { Reach::Local }
        }
        (Kind::Other, None) if china => {
            let own = mainland(digits, std::iter::once(length)) == Some(length);
            if own { Reach::Own } else { Reach::Nowhere }
        }
        (Kind::Other, None) => Reach::Everywhere,
    }
}

/// A number that does not say its country, or says it without a sign that it does.
fn without(text: &str, zeros: usize, ends: &[usize]) -> Option<(Telephone, usize)> {
    let rest = &text[zeros..];
    if let Some(after) = rest.strip_prefix("86") {
        let trunk = self::zeros(after);
        let after = &after[trunk..];
        let from = zeros + 2 + trunk;
        let length = mainland(after, behind(from, ends)).filter(|_| trunk > 0 || is_mobile(after));
        if let Some(length) = length {
            return Some((Telephone::of(Some(MAINLAND), &after[..length]), from + length));
        }
    }
    let own = behind(zeros, ends);
    let trunk_call = zeros > 0 && !rest.starts_with("400");
    let known = mainland(rest, own.clone());
    let length = known.filter(|_| trunk_call || is_mobile(rest) || is_service(rest));
    let length = length.unwrap_or_else(|| unknown(rest.len(), own));
    let mut found = Telephone::of(None, &rest[..length]);
    let more = known.is_some() && !behind(zeros, ends).any(|end| end == length);
    if found.kind == Kind::Other && (more || is_longer_than_national(&found.digits)) {
        found.kind = Kind::Long;
    }
    (length > 0).then_some((found, zeros + length))
}

/// Whether digits that do not say their country are more than a number has within one, and none with the code of
/// the country that they begin with.
fn is_longer_than_national(digits: &str) -> bool {
    let none = |(code, length): (u16, usize)| {
        let national = &digits[length..];
        is_long(code, national, std::iter::empty())
    };
    digits.len() > NATIONAL && code_of(digits).is_none_or(none)
}

/// Where a number of no known form ends: a first group that may be whole is followed by an extension or by
/// another number.
fn unknown(total: usize, mut ends: impl Iterator<Item = usize> + Clone) -> usize {
    let all = ends.clone();
    if let (Some(first), Some(second)) = (ends.next(), ends.next())
        && (WHOLE..GROUPED).contains(&first)
        && !(SHORT_GROUP + 1..WHOLE).contains(&(second - first))
    {
        return first;
    }
    whole_at(all, total, GROUPED, LONGEST)
}

/// The first end of a group from `least` digits on; else all there are, `most` at most.
fn whole_at(
    mut ends: impl Iterator<Item = usize>,
    total: usize,
    least: usize,
    most: usize,
) -> usize {
    ends.find(|end| (least..=most).contains(end)).unwrap_or(total.min(most))
}

/// Whether `digits` begin with a mobile of mainland China.
pub(super) fn is_mobile(digits: &str) -> bool {
    let [b'1', second, third, ..] = digits.as_bytes() else { return false };
    digits.len() >= 11
        && match second {
            b'3' | b'7' | b'8' | b'9' => true,
            b'4' => *third >= b'5',
            b'5' => *third != b'4',
            b'6' => matches!(third, b'2' | b'5' | b'6' | b'7'),
            _ => false,
        }
}

/// Whether they begin with a number that is called from everywhere without an area.
fn is_service(digits: &str) -> bool {
    digits.starts_with("400") || digits.starts_with("800")
}

/// How many digits a number of mainland China has that `digits` begin with, if they have its form: a mobile, a
/// service, or an area with its seven or eight.
fn mainland(digits: &str, mut ends: impl Iterator<Item = usize>) -> Option<usize> {
    if is_mobile(digits) {
        return Some(11);
    }
    let lengths: RangeInclusive<usize> = match digits.as_bytes() {
        _ if is_service(digits) => 10..=10,
        [b'1', b'0', ..] | [b'2', ..] => 10..=10,
        [b'3'..=b'9', ..] => 10..=11,
        _ => return None,
    };
    let whole = digits.len() >= *lengths.start();
    let at_end = ends.find(|end| lengths.contains(end));
    whole.then(|| at_end.unwrap_or(digits.len().min(*lengths.end())))
}

impl Telephone {
    pub(super) fn of(country: Option<u16>, digits: &str) -> Self {
        let may_be = country.is_none_or(|code| code == MAINLAND);
        let mobile = may_be && digits.len() == 11 && is_mobile(digits);
        let kind = if mobile { Kind::Mobile } else { Kind::Other };
        Self { country, digits: digits.to_owned(), kind }
    }
}
