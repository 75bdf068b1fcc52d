//! Times of a cron expression in a time zone, also where clocks are set forward or back.
//!
//! What names its hours runs on every day: what falls into an hour that is skipped runs at the first moment behind it,
//! once, what falls into an hour that comes twice runs in the first of the two. What runs all day long, with a `*` in
//! its hours, goes by the hours as they pass: none in the hour that is skipped, all in both that are the same. That is
//! what Debian's cron does, but for `*/20 2 * * *`, which there has no run at all on the day without that hour.

use crate::schedule::ScheduleError;
use crate::zone;
use docket_domain::Time;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// A cron expression of five fields in a time zone.
#[derive(Debug, Clone)]
pub struct Cron {
    /// As it was written, with its zone.
    text: String,
    /// Read in UTC, so that it names times of a day without clocks that are set.
    crontab: cronexpr::Crontab,
    zone: TimeZone,
    runs: Runs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runs {
    /// Once for each time of day that it names.
    AtTimes,
    /// Whenever the clock shows one of them.
    AllDay,
}

/// Times that a clock shows in an hour that comes twice, at most, and as many again for what is asked behind it.
const LOOKED_AT: usize = 400;

impl Cron {
    /// Reads it.
    pub fn read(expression: &str, zone: &str) -> Result<Self, ScheduleError> {
        let wrong = |why: cronexpr::Error| ScheduleError::Cron {
            expression: expression.to_owned(),
            why: why.to_string(),
        };
        let crontab = cronexpr::parse_crontab(&format!("{expression} UTC")).map_err(wrong)?;
        let found =
            zone::named(zone).map_err(|why| ScheduleError::Zone { zone: zone.to_owned(), why })?;
        let all_day = expression.split_whitespace().nth(1).is_some_and(|hours| hours.contains('*'));
        if !comes(&crontab) {
            return Err(ScheduleError::Never { expression: expression.to_owned() });
        }
        Ok(Self {
            text: format!("{expression} {zone}"),
            crontab,
            zone: found,
            runs: if all_day { Runs::AllDay } else { Runs::AtTimes },
        })
    }

    /// As it was written, with its zone.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first slot after `time`; none where there is no more.
    pub fn after(&self, time: Time) -> Option<Time> {
        let time = Timestamp::from_millisecond(time.0).ok()?;
        let slot = match self.runs {
            Runs::AtTimes => self.at_times(time),
            Runs::AllDay => self.all_day(time),
        };
        Some(Time(slot?.as_millisecond()))
    }

    fn at_times(&self, time: Timestamp) -> Option<Timestamp> {
        let mut shown = self.zone.to_datetime(time);
        for _ in 0..LOOKED_AT {
            shown = self.named_after(shown)?;
            if let Some(slot) = self.moment(shown).filter(|slot| *slot > time) {
                return Some(slot);
            }
        }
        None
    }

    fn all_day(&self, time: Timestamp) -> Option<Timestamp> {
        let mut from = time;
        let mut shown = self.zone.to_datetime(time);
        loop {
            let named = self.named_after(shown)?;
            let offset = self.zone.to_offset(from);
            let slot = offset.to_timestamp(named).ok()?;
            let Some(set) = self.zone.following(from).next() else { return Some(slot) };
            let set = set.timestamp();
            if slot < set {
                return Some(slot);
            }
            // The clock is set before it shows that. What it shows then may be named itself.
            from = set;
            shown = self.zone.to_datetime(set).checked_sub(jiff::Span::new().seconds(1)).ok()?;
        }
    }

    /// The next time of day that is named, after what a clock shows.
    fn named_after(&self, shown: DateTime) -> Option<DateTime> {
        let shown = TimeZone::UTC.to_timestamp(shown).ok()?;
        Some(self.crontab.find_next(shown).ok()?.datetime())
    }

    /// The moment at which what is named for `shown` runs; none for a day that does not exist.
    fn moment(&self, shown: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(shown);
        let AmbiguousOffset::Gap { .. } = ambiguous.offset() else {
            return ambiguous.earlier().ok();
        };
        let before = ambiguous.earlier().ok()?;
        let behind = self.zone.following(before).next()?.timestamp();
        let first = self.zone.to_datetime(behind);
        // Of the day on which it was to run, something must be left before the gap or behind it.
        let last =
            self.zone.to_datetime(behind.checked_sub(jiff::Span::new().nanoseconds(1)).ok()?);
        (last.date() == shown.date() || first.date() == shown.date()).then_some(behind)
    }
}

/// Whether it names a day at all, of eight years one after another with two that have a 29 February; the reader of
/// expressions looks at four.
fn comes(crontab: &cronexpr::Crontab) -> bool {
    ["2023-12-31T23:59:00Z", "2027-12-31T23:59:00Z"]
        .iter()
        .any(|from| crontab.find_next(*from).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn at(text: &str) -> Time {
        Time(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    fn cron(text: &str) -> Cron {
        let (expression, zone) = text.rsplit_once(' ').expect("a zone stands behind it");
        Cron::read(expression, zone).expect("a right expression")
    }

    /// Every slot after `from` and before `to`.
    fn slots(text: &str, from: &str, to: &str) -> Vec<String> {
        let (cron, to) = (cron(text), at(to));
        let after = |slot: &Time| cron.after(*slot);
        let slots =
            std::iter::successors(cron.after(at(from)), after).take_while(|slot| *slot < to);
        slots.map(|slot| Timestamp::from_millisecond(slot.0).unwrap().to_string()).collect()
    }

    #[test]
    fn a_day_begins_in_its_zone_and_summer_time_moves_it() {
        let nightly = cron("0 2 * * * Asia/Shanghai");
        assert_eq!(nightly.after(at("2026-11-20T00:00:00Z")), Some(at("2026-11-20T18:00:00Z")));
        let berlin = cron("30 3 * * * Europe/Berlin");
        assert_eq!(berlin.after(at("2026-03-28T12:00:00Z")), Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(berlin.after(at("2026-10-24T12:00:00Z")), Some(at("2026-10-25T02:30:00Z")));
    }

    #[test]
    fn an_hour_that_is_skipped_runs_at_the_first_moment_behind_it() {
        // New York goes from 01:59:59 to 03:00 on 14 March 2027: at 07:00 UTC.
        let spring = ("2027-03-13T12:00:00Z", "2027-03-15T12:00:00Z");
        let nights = ["2027-03-14T07:00:00Z", "2027-03-15T06:30:00Z"];
        assert_eq!(slots("30 2 * * * America/New_York", spring.0, spring.1), nights);
        let of_that_day = slots("30 2 14 3 * America/New_York", "2027-01-01T00:00:00Z", spring.1);
        assert_eq!(of_that_day, ["2027-03-14T07:00:00Z"]);
        // Two times that are skipped are one moment.
        let both = slots("15,45 2 * * * America/New_York", spring.0, "2027-03-14T12:00:00Z");
        assert_eq!(both, ["2027-03-14T07:00:00Z"]);
    }

    #[test]
    fn an_hour_that_comes_twice_runs_in_the_first_of_the_two() {
        let autumn = ("2027-11-06T12:00:00Z", "2027-11-08T12:00:00Z");
        let nights = ["2027-11-07T05:30:00Z", "2027-11-08T06:30:00Z"];
        assert_eq!(slots("30 1 * * * America/New_York", autumn.0, autumn.1), nights);
        let again = cron("30 1 * * * America/New_York").after(at("2027-11-07T06:10:00Z"));
        assert_eq!(again, Some(at("2027-11-08T06:30:00Z")), "asked in the second of the two");
    }

    #[test]
    fn what_runs_all_day_goes_by_the_hours_as_they_pass() {
        let hourly = "30 * * * * America/New_York";
        let spring = slots(hourly, "2027-03-14T05:00:00Z", "2027-03-14T09:00:00Z");
        assert_eq!(spring.len(), 4, "{spring:?}");
        let autumn = slots(hourly, "2027-11-07T04:00:00Z", "2027-11-07T08:00:00Z");
        assert_eq!(autumn.len(), 4, "{autumn:?}");
        // Half an hour is set back in Australia/Lord_Howe, at 02:00.
        let lord_howe = slots(
            "*/10 * * * * Australia/Lord_Howe",
            "2027-04-03T14:00:00Z",
            "2027-04-03T17:00:00Z",
        );
        assert_eq!(lord_howe.len(), 17, "every ten minutes, but at the two ends: {lord_howe:?}");
        let at_the_hour =
            slots("0 3,4 * * * America/New_York", "2027-03-14T05:00:00Z", "2027-03-14T12:00:00Z");
        assert_eq!(at_the_hour, ["2027-03-14T07:00:00Z", "2027-03-14T08:00:00Z"]);
    }

    #[test]
    fn what_names_its_hour_runs_on_the_day_without_that_hour_too() {
        // Berlin has no 02:00 on 28 March 2027, and two on 31 October.
        let thrice = "*/20 2 * * * Europe/Berlin";
        let spring = slots(thrice, "2027-03-27T12:00:00Z", "2027-03-28T12:00:00Z");
        assert_eq!(spring, ["2027-03-28T01:00:00Z"]);
        let autumn = slots(thrice, "2027-10-30T12:00:00Z", "2027-10-31T12:00:00Z");
        let first = ["2027-10-31T00:00:00Z", "2027-10-31T00:20:00Z", "2027-10-31T00:40:00Z"];
        assert_eq!(autumn, first);
    }

    #[test]
    fn what_never_comes_is_refused_and_what_comes_seldom_is_not() {
        for never in ["30 2 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 2 */2"] {
            let read = Cron::read(never, "UTC");
            assert!(matches!(read, Err(ScheduleError::Never { .. })), "{never}: {read:?}");
        }
        for seldom in ["30 2 29 2 *", "0 0 31 12 *", "0 0 31 * *", "0 0 1 1 *"] {
            assert!(Cron::read(seldom, "UTC").is_ok(), "{seldom}");
        }
    }

    #[test]
    fn a_day_that_does_not_exist_has_no_slot() {
        // Samoa went over the line of dates: no 30 December 2011.
        let slots =
            slots("30 2 * * * Pacific/Apia", "2011-12-29T00:00:00Z", "2012-01-01T00:00:00Z");
        let of_29_31_and_1 =
            ["2011-12-29T12:30:00Z", "2011-12-30T12:30:00Z", "2011-12-31T12:30:00Z"];
        assert_eq!(slots, of_29_31_and_1);
    }

    /// Every zone of the database, in years in which clocks were set in many ways and in which they will be.
    #[test]
    fn what_runs_daily_runs_once_on_every_day_of_every_zone() {
        let mut set_at_all = 0;
        for name in jiff::tz::db().available() {
            let Ok(zone) = zone::named(name.as_str()) else { continue };
            for year in [1997, 2011, 2018, 2027] {
                let (first, last) = (date(year, 1, 2), date(year, 12, 30));
                let begin = zone.to_timestamp(first.at(0, 0, 0, 0)).expect("no clock is set there");
                let end = zone.to_timestamp(last.at(0, 0, 0, 0)).expect("no clock is set there");
                let set: Vec<_> =
                    zone.following(begin).take_while(|set| set.timestamp() < end).collect();
                // Where no clock is set, every day is like every other one.
                if set.is_empty() {
                    continue;
                }
                set_at_all += 1;
                for (hour, minute) in [(0, 0), (0, 30), (1, 30), (2, 0), (2, 30), (3, 0), (23, 45)]
                {
                    let cron =
                        Cron::read(&format!("{minute} {hour} * * *"), name.as_str()).unwrap();
                    for set in &set {
                        around(&cron, &zone, set.timestamp(), (hour, minute));
                    }
                }
            }
        }
        assert!(set_at_all > 500, "{set_at_all} years of zones were looked at");
    }

    /// The days around the moment at which a clock is set have one slot each.
    fn around(cron: &Cron, zone: &TimeZone, set: Timestamp, (hour, minute): (i8, i8)) {
        let name = cron.text();
        let days = jiff::SignedDuration::from_hours(24 * 3);
        let (begin, end) = (set.checked_sub(days).unwrap(), set.checked_add(days).unwrap());
        let after = |slot: &Time| cron.after(*slot);
        let begin = Time(begin.as_millisecond());
        let slots: Vec<_> = std::iter::successors(cron.after(begin), after)
            .map(|slot| Timestamp::from_millisecond(slot.0).unwrap())
            .take_while(|slot| *slot < end)
            .collect();
        let mut day = zone.to_datetime(slots[0]).date();
        for slot in &slots {
            let shown = zone.to_datetime(*slot);
            let wanted = day.at(hour, minute, 0, 0);
            // It is the first moment that is not before what was wanted, of all that a clock shows.
            let just_before =
                zone.to_datetime(slot.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap());
            assert!(shown >= wanted && just_before < wanted, "{name}: {shown} for {wanted}");
            let exists = |day: jiff::civil::Date| {
                let first = zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().unwrap();
                zone.to_datetime(first).date() == day
            };
            day = day.tomorrow().unwrap();
            while !exists(day) {
                day = day.tomorrow().unwrap();
            }
        }
        assert!(slots.len() >= 4, "{name}: {slots:?}");
    }
}
