//! Times at the API: RFC 3339. Read with any offset, written in UTC with milliseconds.

use docket_domain::Time;
use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// 2100-01-01T00:00:00Z: a time from outside lies from 1970 on and before this.
pub const TIME_LIMIT: Time = Time(4_102_444_800_000);
const DAY_MS: i64 = 86_400_000;

/// A time in an answer: `2026-11-20T10:00:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Time);

/// Reads RFC 3339 with an offset, to the millisecond (what is finer is cut). `None` where it is not that; the
/// range is the caller's to judge.
pub fn parse(text: &str) -> Option<Time> {
    // An annotation of a zone (`[Asia/Shanghai]`) is another standard's.
    if text.contains('[') {
        return None;
    }
    let moment: jiff::Timestamp = text.parse().ok()?;
    Some(Time(moment.as_nanosecond().div_euclid(1_000_000).try_into().ok()?))
}

/// Writes `time` into `buffer` and gives the text. Years outside 0 to 9999 are held at the ends: no time
/// that was read lies there.
pub fn format(time: Time, buffer: &mut [u8; 24]) -> &str {
    // 0000-01-01 and 9999-12-31T23:59:59.999Z.
    let ms = time.0.clamp(-62_167_219_200_000, 253_402_300_799_999);
    let (days, rest) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let (year, month, day) = civil(days);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    *buffer = *b"0000-00-00T00:00:00.000Z";
    let mut put = |at: usize, width: usize, mut value: i64| {
        for place in (at..at + width).rev() {
            buffer[place] = b'0' + (value % 10) as u8;
            value /= 10;
        }
    };
    put(0, 4, year);
    put(5, 2, month);
    put(8, 2, day);
    put(11, 2, hour);
    put(14, 2, minute);
    put(17, 2, second);
    put(20, 3, milli);
    std::str::from_utf8(buffer).expect("only ASCII digits were put between ASCII signs")
}

/// `time` as a clock on a wall of `zone` (`Asia/Shanghai`) shows it: `2026-11-20 18:00:00`. `None` where there is
/// no such zone.
pub fn in_zone(time: Time, zone: &str) -> Option<String> {
    let zone = jiff::tz::TimeZone::get(zone).ok()?;
    let shown = jiff::Timestamp::from_millisecond(time.0).ok()?.to_zoned(zone);
    Some(shown.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// Year, month and day of a day counted from 1970-01-01, by the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the day a leap year adds is the last of its year.
const fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468; // days since 0000-03-01
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

impl From<Time> for Moment {
    fn from(time: Time) -> Self {
        Self(time)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(format(self.0, &mut [0; 24]))
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(format))
            .pattern(Some(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"))
            .description(Some("A time in UTC, with milliseconds"))
            .into()
    }
}

impl ToSchema for Moment {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(ms: i64) -> String {
        format(Time(ms), &mut [0; 24]).to_owned()
    }

    #[test]
    fn times_are_written_in_utc_with_milliseconds() {
        assert_eq!(shown(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(shown(1_795_168_800_000), "2026-11-20T10:00:00.000Z");
        assert_eq!(shown(951_782_400_000 + 86_399_999), "2000-02-29T23:59:59.999Z");
        assert_eq!(shown(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(shown(i64::MAX), "9999-12-31T23:59:59.999Z");
        assert_eq!(shown(i64::MIN), "0000-01-01T00:00:00.000Z");
    }

    #[test]
    fn times_are_read_with_an_offset_and_not_without() {
        let ten = Some(Time(1_795_168_800_000));
        assert_eq!(parse("2026-11-20T10:00:00Z"), ten);
        assert_eq!(parse("2026-11-20T18:00:00+08:00"), ten);
        assert_eq!(parse("2026-11-20T10:00:00.000999Z"), ten);
        for wrong in ["2026-11-20T10:00:00", "2026-11-20", "now", "", "1795168800000"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse("2026-11-20T18:00:00+08:00[Asia/Shanghai]"), None);
        assert_eq!(parse("2026-02-30T00:00:00Z"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_jiff_writes(ms in -62_135_596_800_000_i64..253_402_207_200_000) {
            let text = shown(ms);
            let moment = jiff::Timestamp::from_millisecond(ms).expect("in jiff's range");
            prop_assert_eq!(format!("{moment:.3}"), text.clone());
            prop_assert_eq!(parse(&text), Some(Time(ms)));
        }
    }
}
