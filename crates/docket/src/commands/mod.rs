//! The commands, one file each; those that are large have rooms of their own beside this one.

pub mod alerts;
pub mod archive;
pub mod backup;
pub mod check;
pub mod explain;
pub mod forget;
pub mod init;
pub mod installation;
pub mod key;
pub mod migrate;
pub mod mirror;
mod named;
pub mod orders;
pub mod privacy;
pub mod product;
pub mod reconcile;
pub mod sandbox;
pub mod schedules;
pub mod serve;
pub mod shop;
pub mod stock;
pub mod tasks;
pub mod user;
pub mod webhook;

use crate::failure::Failure;
use crate::said::said;
use crate::usage::WrongValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A name as one part of a path: its bytes, those that mean something in a path escaped.
pub fn path_part(name: &str) -> Result<String, Failure> {
    if name.is_empty() {
        return Err(Failure::usage(said!("a name is empty", "名称为空"))
            .next(said!("Give the name of what is meant.", "请给出名称。")));
    }
    // Every client of the web takes these for a step to another part, escaped or not.
    if matches!(name, "." | "..") {
        return Err(Failure::usage(said!(
            "{name} names nothing: it is a step from one path to another",
            "{name} 不能作为名称：它在路径中另有含义"
        ))
        .next(said!("Give the name of what is meant.", "请给出名称。")));
    }
    Ok(utf8_percent_encode(name, ESCAPED).to_string())
}

/// All but what RFC 3986 leaves unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A moment of an argument, as it was given: programs of all kinds write the same moment in many ways.
pub fn moment(text: &str) -> Result<String, WrongValue> {
    match docket_wire::moment::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(WrongValue(said!(
            "a time has its offset, such as 2026-01-31T00:00:00Z",
            "时间须带时区偏移，例如 2026-01-31T00:00:00Z"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::path_part;

    #[test]
    fn a_name_stays_one_part_of_a_path() {
        let part = |name: &str| path_part(name).ok();
        assert_eq!(part("tea-1.2_b~").as_deref(), Some("tea-1.2_b~"));
        assert_eq!(part("a/b?c d").as_deref(), Some("a%2Fb%3Fc%20d"));
        assert_eq!(part("茶").as_deref(), Some("%E8%8C%B6"));
        assert_eq!(part("%2e").as_deref(), Some("%252e"));
        assert_eq!((part("."), part("..")), (None, None));
        assert_eq!(part("a..").as_deref(), Some("a.."));
        assert_eq!(part(""), None);
    }
}
