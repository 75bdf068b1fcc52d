//! Time zones by their names. A name that means something else than it seems is none: an abbreviation is used in
//! several countries and says nothing of summer time, and the sign of `Etc/GMT+8` is turned around.

use jiff::tz::TimeZone;
use std::fmt;

/// Why a name is no time zone to go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoZone {
    /// Nothing is called so.
    Unknown,
    /// An abbreviation. What to write instead: the places that use it.
    Abbreviation(&'static str),
    /// A distance from UTC, in minutes: clocks are set by places.
    Offset(i32),
    /// `Etc/GMT+8` is eight hours behind UTC, and other programs take `GMT+8` for eight hours ahead: so many
    /// minutes ahead if the sign is taken as it stands.
    TurnedSign(i32),
}

/// Abbreviations, and the places that are meant by them. Those of the time zone database among them are worse than
/// unknown: `EST` never has summer time, and `CET` has it.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("ACDT", "Australia/Adelaide"),
    ("ACST", "Australia/Adelaide or Australia/Darwin"),
    ("ADT", "America/Halifax"),
    ("AEDT", "Australia/Sydney"),
    ("AEST", "Australia/Sydney or Australia/Brisbane"),
    ("AKDT", "America/Anchorage"),
    ("AKST", "America/Anchorage"),
    ("ART", "America/Argentina/Buenos_Aires"),
    ("AST", "America/Halifax, America/Puerto_Rico or Asia/Riyadh"),
    ("AWST", "Australia/Perth"),
    ("BRT", "America/Sao_Paulo"),
    ("BST", "Europe/London or Asia/Dhaka"),
    ("CAT", "Africa/Maputo"),
    ("CDT", "America/Chicago"),
    ("CEST", "Europe/Berlin"),
    ("CET", "Europe/Berlin"),
    ("CST", "Asia/Shanghai, Asia/Taipei or America/Chicago"),
    ("EAT", "Africa/Nairobi"),
    ("EDT", "America/New_York"),
    ("EEST", "Europe/Athens"),
    ("EET", "Europe/Athens"),
    ("EST", "America/New_York, or America/Panama, which has no summer time"),
    ("GST", "Asia/Dubai"),
    ("HKT", "Asia/Hong_Kong"),
    ("HST", "Pacific/Honolulu"),
    ("ICT", "Asia/Bangkok or Asia/Ho_Chi_Minh"),
    ("IST", "Asia/Kolkata, Europe/Dublin or Asia/Jerusalem"),
    ("JST", "Asia/Tokyo"),
    ("KST", "Asia/Seoul"),
    ("MDT", "America/Denver"),
    ("MESZ", "Europe/Berlin"),
    ("MET", "Europe/Berlin"),
    ("MEZ", "Europe/Berlin"),
    ("MSK", "Europe/Moscow"),
    ("MST", "America/Denver, or America/Phoenix, which has no summer time"),
    ("MYT", "Asia/Kuala_Lumpur"),
    ("NDT", "America/St_Johns"),
    ("NST", "America/St_Johns"),
    ("NZDT", "Pacific/Auckland"),
    ("NZST", "Pacific/Auckland"),
    ("PDT", "America/Los_Angeles"),
    ("PHT", "Asia/Manila"),
    ("PKT", "Asia/Karachi"),
    ("PST", "America/Los_Angeles or Asia/Manila"),
    ("SAST", "Africa/Johannesburg"),
    ("SGT", "Asia/Singapore"),
    ("TRT", "Europe/Istanbul"),
    ("WAT", "Africa/Lagos"),
    ("WEST", "Europe/Lisbon"),
    ("WET", "Europe/Lisbon"),
    ("WIB", "Asia/Jakarta"),
];

/// Places without summer time, by how many minutes they are ahead of UTC.
const PLACES: &[(i32, &str)] = &[
    (-660, "Pacific/Pago_Pago"),
    (-600, "Pacific/Honolulu"),
    (-540, "Pacific/Gambier"),
    (-480, "Pacific/Pitcairn"),
    (-420, "America/Phoenix"),
    (-360, "America/Mexico_City"),
    (-300, "America/Bogota"),
    (-240, "America/Puerto_Rico"),
    (-180, "America/Sao_Paulo"),
    (-120, "America/Noronha"),
    (-60, "Atlantic/Cape_Verde"),
    (0, "UTC"),
    (60, "Africa/Lagos"),
    (120, "Africa/Johannesburg"),
    (180, "Europe/Istanbul"),
    (210, "Asia/Tehran"),
    (240, "Asia/Dubai"),
    (300, "Asia/Tashkent"),
    (330, "Asia/Kolkata"),
    (345, "Asia/Kathmandu"),
    (360, "Asia/Dhaka"),
    (390, "Asia/Yangon"),
    (420, "Asia/Bangkok"),
    (480, "Asia/Shanghai"),
    (540, "Asia/Tokyo"),
    (570, "Australia/Darwin"),
    (600, "Australia/Brisbane"),
    (660, "Pacific/Guadalcanal"),
    (720, "Pacific/Tarawa"),
    (780, "Pacific/Tongatapu"),
    (840, "Pacific/Kiritimati"),
];

/// Names of the database that are no place's: leap seconds counted, nothing set, the zone of some machine.
const NO_PLACES: &[&str] =
    &["RIGHT/", "POSIX/", "FACTORY", "LOCALTIME", "POSIXRULES", "ETC/UNKNOWN"];

/// The time zone that is called `name`, such as `Asia/Shanghai` or `UTC`.
pub fn named(name: &str) -> Result<TimeZone, NoZone> {
    let capitals = name.to_ascii_uppercase();
    if let Some((_, places)) = ABBREVIATIONS.iter().find(|(short, _)| *short == capitals) {
        return Err(NoZone::Abbreviation(places));
    }
    if let Some(wrong) = offset(&capitals) {
        return Err(wrong);
    }
    if NO_PLACES.iter().any(|none| capitals.starts_with(none)) {
        return Err(NoZone::Unknown);
    }
    TimeZone::get(name).map_err(|_| NoZone::Unknown)
}

/// A distance from UTC: `UTC+8`, `GMT+8`, `Etc/GMT-8`, `+08:00`. None of it is a place.
fn offset(capitals: &str) -> Option<NoZone> {
    let (bare, of_etc) = match capitals.strip_prefix("ETC/") {
        Some(bare) => (bare, true),
        None => (capitals, false),
    };
    let (rest, of_gmt) = match (bare.strip_prefix("GMT"), bare.strip_prefix("UTC")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) if of_etc => return None,
        (None, None) => (bare, false),
    };
    let ahead = minutes(rest)?;
    if of_gmt && ahead != 0 { Some(NoZone::TurnedSign(ahead)) } else { Some(NoZone::Offset(ahead)) }
}

/// `+8`, `-08`, `+0530`, `+05:30` in minutes.
fn minutes(text: &str) -> Option<i32> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' | '\u{2212}' => -1,
        _ => return None,
    };
    let digits: String = text.chars().skip(1).filter(|c| *c != ':').collect();
    let number: i32 = digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))?;
    match digits.len() {
        1 | 2 => Some(sign * number * 60),
        3 | 4 => Some(sign * (number / 100 * 60 + number % 100)),
        _ => None,
    }
}

/// A place whose clocks are always so many minutes ahead of UTC.
pub fn place_at(ahead: i32) -> Option<&'static str> {
    PLACES.iter().find(|(minutes, _)| *minutes == ahead).map(|(_, place)| *place)
}

impl fmt::Display for NoZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |ahead| place_at(ahead).unwrap_or("Asia/Shanghai");
        match self {
            Self::Unknown => f.write_str("there is no such time zone; one is Asia/Shanghai"),
            Self::Abbreviation(places) => {
                write!(f, "an abbreviation is no time zone; write {places}")
            }
            Self::Offset(ahead) => {
                write!(f, "a time zone is named by a place; write {}", place(*ahead))
            }
            Self::TurnedSign(ahead) => write!(
                f,
                "its sign is read in two ways; write {} for hours {} UTC, or {} for hours {} it",
                place(*ahead),
                if *ahead > 0 { "ahead of" } else { "behind" },
                place(-*ahead),
                if *ahead > 0 { "behind" } else { "ahead of" },
            ),
        }
    }
}

impl std::error::Error for NoZone {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_named_by_a_place() {
        for fine in
            ["Asia/Shanghai", "UTC", "GMT", "Etc/UTC", "PRC", "Japan", "EST5EDT", "asia/tokyo"]
        {
            assert!(named(fine).is_ok(), "{fine}");
        }
        for wrong in ["", "Asia/Beijing", "Mars/Base", "right/UTC", "Factory", "8", "Local"] {
            assert_eq!(named(wrong), Err(NoZone::Unknown), "{wrong}");
        }
    }

    #[test]
    fn an_abbreviation_is_refused_with_the_places_it_may_mean() {
        for (short, place) in [
            ("EST", "America/New_York"),
            ("CST", "America/Chicago"),
            ("CST", "Asia/Shanghai"),
            ("bst", "Europe/London"),
            ("IST", "Asia/Kolkata"),
            ("MST", "America/Phoenix"),
            ("CET", "Europe/Berlin"),
        ] {
            let why = named(short).expect_err(short).to_string();
            assert!(why.contains(place), "{short}: {why}");
        }
    }

    #[test]
    fn a_distance_from_utc_is_refused_with_a_place_that_has_it() {
        for text in ["UTC+8", "UTC+08:00", "+0800", "+8", "Etc/UTC+8"] {
            let why = named(text).expect_err(text).to_string();
            assert_eq!(why, "a time zone is named by a place; write Asia/Shanghai", "{text}");
        }
        for text in ["GMT+8", "Etc/GMT+8", "etc/gmt+08"] {
            let why = named(text).expect_err(text).to_string();
            let both = "write Asia/Shanghai for hours ahead of UTC, or Pacific/Pitcairn for hours behind it";
            assert!(why.contains(both), "{text}: {why}");
        }
        let behind = named("Etc/GMT-8").expect_err("its sign is turned around").to_string();
        assert!(behind.contains("Pacific/Pitcairn for hours behind UTC"), "{behind}");
    }

    #[test]
    fn every_place_that_is_named_instead_is_one() {
        let instead = ABBREVIATIONS.iter().flat_map(|(_, places)| places.split([' ', ',']));
        for place in instead.filter(|word| word.contains('/')) {
            assert!(named(place).is_ok(), "{place}");
        }
        for (ahead, place) in PLACES {
            let zone = named(place).unwrap_or_else(|why| panic!("{place}: {why}"));
            for month in [1, 7] {
                let noon = jiff::civil::date(2026, month, 1).at(12, 0, 0, 0);
                let offset =
                    zone.to_ambiguous_timestamp(noon).unambiguous().map(|at| zone.to_offset(at));
                assert_eq!(offset.map(jiff::tz::Offset::seconds).ok(), Some(ahead * 60), "{place}");
            }
        }
    }

    #[test]
    fn no_name_of_the_database_is_refused_but_those_that_seem_something_else() {
        let refused: Vec<String> = jiff::tz::db()
            .available()
            .map(|name| name.as_str().to_owned())
            .filter(|name| named(name).is_err())
            .filter(|name| !["right/", "posix/"].iter().any(|none| name.starts_with(none)))
            .collect();
        for name in &refused {
            let short = ABBREVIATIONS.iter().any(|(short, _)| short == name);
            let turned = name.contains("GMT+") || name.contains("GMT-");
            let none = NO_PLACES.contains(&name.to_ascii_uppercase().as_str());
            assert!(short || turned || none, "{name}");
        }
    }
}
