//! One cell of a CSV row read: times in the source's zone, decimals to whole minor units or thousandths. Exact
//! integers only; a cell is never rounded.

use crate::said::{Said, said};
use docket_domain::Time;
use docket_wire::moment;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// How the cells of a source are read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The zone of times that name no offset.
    pub zone: TimeZone,
    /// Tried in this order.
    pub times: Vec<TimeFormat>,
    /// How decimals are written.
    pub decimals: Decimals,
}

/// How a time is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeFormat {
    /// RFC 3339 with its offset.
    Rfc3339,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    UnixMillis,
    /// A `strftime` pattern.
    Pattern(String),
}

/// How decimals are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimals {
    /// Between whole and broken.
    pub sign: char,
    /// Between groups of digits.
    pub thousands: Option<char>,
}

/// What is wrong with a cell: a stable code and a sentence.
pub type Wrong = (&'static str, Said);

/// Digits of a number at most: beyond them no amount is taken anyway.
const DIGITS_MAX: usize = 18;

impl TimeFormat {
    /// The format that the mapping names.
    pub fn parse(text: &str) -> Result<Self, Said> {
        let pattern = match text {
            "rfc3339" => return Ok(Self::Rfc3339),
            "unix" => return Ok(Self::Unix),
            "unix_ms" => return Ok(Self::UnixMillis),
            pattern => pattern,
        };
        let sample = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
        let none = said!("`{pattern}` is no way to write a time", "`{pattern}` 不是时间格式");
        match jiff::fmt::strtime::format(pattern, &sample) {
            Ok(_) if pattern.contains('%') => Ok(Self::Pattern(pattern.to_owned())),
            Ok(_) => Err(none.and(said!("one is %Y-%m-%d", "例如 %Y-%m-%d"))),
            Err(error) => Err(none.because(Said::as_told(error))),
        }
    }

    fn read(&self, text: &str, zone: &TimeZone) -> Option<Time> {
        let pattern = match self {
            Self::Rfc3339 => return moment::parse(text),
            Self::Unix => return Some(Time(text.parse::<i64>().ok()?.checked_mul(1000)?)),
            Self::UnixMillis => return Some(Time(text.parse().ok()?)),
            Self::Pattern(pattern) => pattern,
        };
        let parts = BrokenDownTime::parse(pattern, text).ok()?;
        let instant = if parts.offset().is_some() {
            parts.to_timestamp().ok()?
        } else {
            let date = parts.to_date().ok()?;
            let local = match parts.hour() {
                Some(_) => date.to_datetime(parts.to_time().ok()?),
                None => date.at(0, 0, 0, 0),
            };
            // An hour that a change of clocks repeats is the first one, one that it skips the one after:
            // the source does not say better.
            zone.to_ambiguous_zoned(local).compatible().ok()?.timestamp()
        };
        Some(Time(instant.as_millisecond()))
    }
}

impl Reading {
    /// A time as an order writes it.
    pub fn time(&self, text: &str) -> Result<String, Wrong> {
        let read = self.times.iter().find_map(|format| format.read(text, &self.zone));
        match read {
            Some(time) => Ok(moment::format(time, &mut [0; 24]).to_owned()),
            None => Err((
                "not_a_time",
                said!(
                    "`{text}` fits none of the ways to write a time",
                    "`{text}` 与映射中的任何时间格式都不符"
                ),
            )),
        }
    }
}

/// Whether a cell says yes.
pub fn yes_or_no(text: &str) -> Result<bool, Wrong> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err((
            "not_yes_or_no",
            said!(
                "`{text}` is neither `true` nor `false`",
                "`{text}` 既不是 `true` 也不是 `false`"
            ),
        )),
    }
}

/// That a decimal has more places than it may have.
pub fn too_precise(text: &str, places: u32) -> Wrong {
    let said = match places {
        0 => said!(
            "`{text}` has decimal places; there are none here",
            "`{text}` 有小数位，此处不应有"
        ),
        1 => said!("`{text}` has more than 1 decimal place", "`{text}` 的小数位超过 1 位"),
        _ => said!(
            "`{text}` has more than {places} decimal places",
            "`{text}` 的小数位超过 {places} 位"
        ),
    };
    ("too_precise", said)
}

impl Decimals {
    /// A decimal number as a whole number of its last of `places` decimal places.
    pub fn read(self, text: &str, places: u32) -> Result<i64, Wrong> {
        let not_a_number =
            || ("not_a_number", said!("`{text}` is no decimal number", "`{text}` 不是十进制数"));
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, broken) = digits.split_once(self.sign).unwrap_or((digits, ""));
        let whole = self.ungrouped(whole).ok_or_else(not_a_number)?;
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && broken.is_empty()) || !all_digits(&whole) || !all_digits(broken) {
            return Err(not_a_number());
        }
        // Zeros at the end say nothing: 12.500 is 12.50.
        let broken = broken.trim_end_matches('0');
        let missing = (places as usize).checked_sub(broken.len());
        let missing = missing.ok_or_else(|| too_precise(text, places))?;
        let all = format!("{}{broken}{}", whole.trim_start_matches('0'), "0".repeat(missing));
        if all.len() > DIGITS_MAX {
            return Err(("too_large", said!("`{text}` is too large", "`{text}` 过大")));
        }
        let value = if all.is_empty() { 0 } else { all.parse().map_err(|_| not_a_number())? };
        Ok(if negative { -value } else { value })
    }

    /// Digits without the signs between their groups. Groups have three digits: 109.9 is not 1,099.
    fn ungrouped(self, whole: &str) -> Option<String> {
        let Some(sign) = self.thousands.filter(|sign| whole.contains(*sign)) else {
            return Some(whole.to_owned());
        };
        let mut groups = whole.split(sign);
        let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
        (first && groups.all(|group| group.len() == 3)).then(|| whole.replace(sign, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(zone: &str, times: &[&str]) -> Reading {
        let zone = TimeZone::get(zone).expect("a zone");
        let times = times.iter().map(|time| TimeFormat::parse(time).expect("a format"));
        let decimals = Decimals { sign: '.', thousands: None };
        Reading { zone, times: times.collect(), decimals }
    }

    #[test]
    fn times_are_read_in_the_first_format_that_fits() {
        let reading = reading("America/Sao_Paulo", &["%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S"]);
        // Brasília was 3 hours behind UTC, and 2 in its summer.
        assert_eq!(reading.time("3/29/2017 13:05").unwrap(), "2017-03-29T16:05:00.000Z");
        assert_eq!(reading.time("11/29/2017 22:38").unwrap(), "2017-11-30T00:38:00.000Z");
        assert_eq!(reading.time("2017-03-29 13:05:09").unwrap(), "2017-03-29T16:05:09.000Z");
        for wrong in
            ["13/29/2017 13:05", "2/30/2017 1:00", "3/29/2017", "soon", "3/29/2017 13:05 x"]
        {
            assert_eq!(reading.time(wrong).unwrap_err().0, "not_a_time", "{wrong}");
        }
    }

    #[test]
    fn hours_that_a_change_of_clocks_repeats_or_skips_are_read() {
        let reading = reading("Europe/Berlin", &["%Y-%m-%d %H:%M"]);
        assert_eq!(reading.time("2024-10-27 02:30").unwrap(), "2024-10-27T00:30:00.000Z");
        assert_eq!(reading.time("2024-03-31 02:30").unwrap(), "2024-03-31T01:30:00.000Z");
    }

    #[test]
    fn times_may_name_their_offset_or_no_hour_or_be_numbers() {
        let berlin =
            |format: &str, text: &str| reading("Europe/Berlin", &[format]).time(text).unwrap();
        assert_eq!(
            berlin("%Y-%m-%dT%H:%M:%S%z", "2024-01-02T03:04:05+0800"),
            "2024-01-01T19:04:05.000Z"
        );
        assert_eq!(berlin("%d.%m.%Y", "2.1.2024"), "2024-01-01T23:00:00.000Z");
        assert_eq!(berlin("rfc3339", "2024-01-02T03:04:05Z"), "2024-01-02T03:04:05.000Z");
        assert_eq!(berlin("unix", "1"), "1970-01-01T00:00:01.000Z");
        assert_eq!(berlin("unix_ms", "1"), "1970-01-01T00:00:00.001Z");
        assert!(TimeFormat::parse("%Q-%").is_err() && TimeFormat::parse("date").is_err());
    }

    #[test]
    fn decimals_are_exact() {
        let read = |text| Decimals { sign: '.', thousands: None }.read(text, 2);
        for (text, value) in [
            ("109.9", 10990),
            ("99", 9900),
            ("0.07", 7),
            (".5", 50),
            ("1.230", 123),
            ("-2.50", -250),
            ("+3", 300),
            ("0", 0),
            ("0009999999999999.99", 999_999_999_999_999),
        ] {
            assert_eq!(read(text), Ok(value), "{text}");
        }
        for (text, code) in [
            ("", "not_a_number"),
            (".", "not_a_number"),
            ("1,5", "not_a_number"),
            ("1e3", "not_a_number"),
            ("R$ 3", "not_a_number"),
            ("1.2.3", "not_a_number"),
            ("1.005", "too_precise"),
            ("99999999999999999.00", "too_large"),
        ] {
            assert_eq!(read(text).unwrap_err().0, code, "{text}");
        }
    }

    #[test]
    fn decimals_may_have_a_comma_and_other_places() {
        let german = Decimals { sign: ',', thousands: Some('.') };
        assert_eq!(german.read("1.234,5", 2), Ok(123_450));
        assert_eq!(german.read("1.234", 0), Ok(1234));
        assert_eq!(german.read("1,234", 3), Ok(1234));
        for wrong in ["12.5,0.0", "109.9", ".5", "1.2345"] {
            assert_eq!(german.read(wrong, 2).unwrap_err().0, "not_a_number", "{wrong}");
        }
    }
}
