//! Time zones as people name them, with what to write where a name is none.

use crate::said::{Said, said};
use docket_tasks::zone::{self, NoZone, place_at};
use jiff::tz::TimeZone;

/// Names people give to zones that the database calls otherwise.
const ALSO: &[(&str, &str)] = &[
    ("beijing", "Asia/Shanghai"),
    ("china", "Asia/Shanghai"),
    ("peking", "Asia/Shanghai"),
    ("shenzhen", "Asia/Shanghai"),
    ("bombay", "Asia/Kolkata"),
    ("delhi", "Asia/Kolkata"),
    ("san_francisco", "America/Los_Angeles"),
    ("munich", "Europe/Berlin"),
];

/// The zone that is called `name`, or what is wrong with that and what to write.
pub fn named(name: &str) -> Result<TimeZone, Said> {
    zone::named(name).map_err(|why| wrong(name, why))
}

/// What is wrong with `name`, and what to write.
pub fn wrong(name: &str, why: NoZone) -> Said {
    match why {
        NoZone::Unknown => {
            let no = said!("`{name}` is no time zone", "`{name}` 不是时区");
            no.and(match meant(name) {
                Some(near) => said!("did you mean `{near}`?", "是否应为 `{near}`？"),
                None => said!("one is Asia/Shanghai", "例如 Asia/Shanghai"),
            })
        }
        NoZone::Abbreviation(places) => {
            let listed = places.replace(", which has no summer time", "（没有夏令时）");
            let listed =
                listed.replace(", or ", " 或 ").replace(" or ", " 或 ").replace(", ", "、");
            Said::of(
                format!("`{name}` is an abbreviation, which several places use; write {places}"),
                format!("`{name}` 是缩写，多个地区都在使用；请写 {listed}"),
            )
        }
        NoZone::Offset(ahead) => {
            let place = place_at(ahead).unwrap_or("Asia/Shanghai");
            said!(
                "`{name}` is no time zone: zones are named by places; write {place}",
                "`{name}` 不是时区：时区以地点命名，请写 {place}"
            )
        }
        NoZone::TurnedSign(as_it_stands) => {
            let hours = as_it_stands.abs() / 60;
            let place = |minutes| place_at(minutes).unwrap_or("UTC");
            let (ahead, behind) = (place(as_it_stands.abs()), place(-as_it_stands.abs()));
            said!(
                "the sign of `{name}` is read in two ways; write {ahead} for {hours} h ahead of UTC, {behind} for {hours} h behind it",
                "`{name}` 的正负号有两种读法；比 UTC 早 {hours} 小时请写 {ahead}，晚 {hours} 小时请写 {behind}"
            )
        }
    }
}

/// The name that was most likely meant.
fn meant(name: &str) -> Option<String> {
    let place = name.rsplit('/').next()?.to_lowercase().replace(' ', "_");
    if let Some((_, zone)) = ALSO.iter().find(|(also, _)| *also == place) {
        return Some((*zone).to_owned());
    }
    let names = jiff::tz::db().available().map(|name| name.as_str().to_owned());
    let scored = names.filter(|name| zone::named(name).is_ok()).map(|known| {
        let whole = strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase());
        let city = known
            .rsplit('/')
            .next()
            .map_or(0.0, |city| strsim::jaro_winkler(&city.to_lowercase(), &place));
        (whole.max(city), known)
    });
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 > 0.9).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::story::Language;

    #[test]
    fn a_wrong_zone_is_told_with_the_one_to_write_in_both_languages() {
        for (name, en, zh) in [
            (
                "America/Sao_Paolo",
                "did you mean `America/Sao_Paulo`?",
                "是否应为 `America/Sao_Paulo`",
            ),
            ("Asia/Beijing", "`Asia/Shanghai`", "`Asia/Shanghai`"),
            ("Mars/Base", "one is Asia/Shanghai", "例如 Asia/Shanghai"),
            ("BST", "write Europe/London or Asia/Dhaka", "请写 Europe/London 或 Asia/Dhaka"),
            (
                "EST",
                "America/New_York, or America/Panama",
                "America/New_York 或 America/Panama（没有夏令时）",
            ),
            ("UTC+8", "write Asia/Shanghai", "请写 Asia/Shanghai"),
            ("Etc/GMT+8", "Asia/Shanghai for 8 h ahead", "晚 8 小时请写 Pacific/Pitcairn"),
        ] {
            let said = named(name).expect_err(name);
            assert!(said.to(Language::En).contains(en), "{said:?}");
            assert!(said.to(Language::Zh).contains(zh), "{said:?}");
        }
        assert!(named("Asia/Shanghai").is_ok());
    }
}
