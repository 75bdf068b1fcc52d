//! What is said of a setting that is none: most were meant to be another, and which is told.

use super::Origin;
use super::nearest::nearest;
use super::section::Secrecy;
use super::sections::SECTIONS;
use super::{deadlines, layers, ledger};
use crate::failure::Failure;
use crate::said::{Said, said};
use docket_domain::story::Language;

/// Sections that are named already and do nothing yet: refused, so that nobody believes they do.
const LATER: [&str; 6] = ["channels", "hub", "branch", "site", "sites", "alerts"];

/// Says what is wrong with a key that nobody knows.
pub fn unknown(path: &[String], origin: &Origin) -> Failure {
    let full = layers::dotted(path);
    let Some((section, rest)) = path.split_first() else {
        return no_setting("", &origin.said());
    };
    if LATER.contains(&section.as_str()) {
        let unused = said!("[{section}] is not used in this release", "此版本尚未使用 [{section}]");
        let place = Said::as_told(format!("{full} ({})", origin.place()));
        return Failure::new(place.because(unused)).next(said!(
            "Leave it out, or use a release that knows it.",
            "请去掉它，或使用支持它的版本。"
        ));
    }
    let failure = no_setting(&full, &origin.said());
    match likely(section, rest) {
        Some(near) => failure.next(said!("Did you mean {near}?", "是否应为 {near}？")),
        None => failure.next(said!(
            "`docket init` writes a config file with every setting explained.",
            "docket init 会生成一份带说明的配置文件。"
        )),
    }
}

/// A setting that is none.
pub fn no_setting(full: &str, origin: &Said) -> Failure {
    Failure::new(Said::of(
        format!("there is no setting {full} ({})", origin.to(Language::En)),
        format!("没有设置 {full}（{}）", origin.to(Language::Zh)),
    ))
}

/// The known key that was probably meant.
fn likely(section: &str, rest: &[String]) -> Option<String> {
    let names =
        SECTIONS.iter().map(|section| section.name).chain(["deadlines", "ledger", "payments"]);
    let name = nearest(section, names.chain(LATER))?;
    let Some((key, before)) = rest.split_last() else { return Some(format!("[{name}]")) };
    if name == "deadlines" {
        let key = nearest(key, deadlines::KEYS.iter().map(|(key, ..)| *key))?;
        let before: Vec<String> =
            [name.to_owned()].into_iter().chain(before.iter().cloned()).collect();
        return Some(format!("{}.{key}", layers::dotted(&before)));
    }
    if name == "ledger" {
        return ledger::likely(before, key);
    }
    let Some(section) = SECTIONS.iter().find(|known| known.name == name) else {
        return Some(format!("[{name}]"));
    };
    let mut keys: Vec<String> = section.fields.iter().map(|field| field.key.to_owned()).collect();
    let secret = section.fields.iter().filter(|field| field.secrecy == Secrecy::Secret);
    keys.extend(secret.map(|field| format!("{}_file", field.key)));
    match nearest(key, keys.iter().map(String::as_str)) {
        Some(key) => Some(format!("{name}.{key}")),
        None => Some(format!("one of {} in [{name}]", keys.join(", "))),
    }
}
