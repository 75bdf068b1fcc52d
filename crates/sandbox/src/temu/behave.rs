//! How calls and pushes misbehave on request: words, each with a number, that hold for a shop, a type of call or
//! event, a page or an order, for so many of them or for so long.

use std::fmt;

/// A way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Error,
    Html,
    Drop,
    Reset,
    Cut,
    Truncated,
    Huge,
    Stall,
    System,
    Throttle,
    Code,
    NoScope,
    Expired,
    PageIgnored,
    Short,
    Churn,
    Late,
    Vanish,
    Duplicate,
    Shuffle,
    Forged,
    Unsigned,
    Stranger,
    Unextended,
    Lost,
}

/// Each word, its number where none is given, and what it does with that number.
const WORDS: [(Word, &str, u64, &str); 25] = [
    (
        Word::Error,
        "error",
        500,
        "the answer is HTTP status N with a page of a proxy, nothing is done",
    ),
    (Word::Html, "html", 0, "the answer is HTTP 200 with a page of HTML, nothing is done"),
    (Word::Drop, "drop", 0, "the connection closes without an answer"),
    (Word::Reset, "reset", 0, "the connection is reset without an answer"),
    (Word::Cut, "cut", 0, "the connection breaks in the middle of the answer"),
    (
        Word::Truncated,
        "truncated",
        0,
        "the answer ends in the middle of its JSON, as if it were whole",
    ),
    (Word::Huge, "huge", 5_000, "the answer is longer by N KiB"),
    (Word::Stall, "stall", 30_000, "the answer comes N ms late"),
    (Word::System, "system", 0, "the answer is 4000000 SYSTEM_EXCEPTION"),
    (Word::Throttle, "throttle", 0, "the answer is 4000004, whatever the limit says"),
    (Word::Code, "code", 140_020_001, "the answer is error code N"),
    (Word::NoScope, "no_scope", 0, "the answer is 3000032: the token lacks the scope"),
    (Word::Expired, "expired", 0, "the answer is 3000034: the token is expired or replaced"),
    (Word::PageIgnored, "page_ignored", 0, "every page of a list is its first"),
    (
        Word::Short,
        "short",
        1,
        "N rows are missing from a page of orders, while the total counts them",
    ),
    (
        Word::Churn,
        "churn",
        8,
        "before each page of orders N orders are updated, and half as many come in",
    ),
    (
        Word::Late,
        "late",
        120,
        "what churn changes is in no list for 1 to N s, each by its own chance",
    ),
    (Word::Vanish, "vanish", 1, "before each page of products N of its kind are deleted"),
    (Word::Duplicate, "duplicate", 2, "each push comes N times"),
    (
        Word::Shuffle,
        "shuffle",
        60_000,
        "each push comes up to N ms late by its own chance, so out of order",
    ),
    (Word::Forged, "forged", 0, "pushes have a wrong signature"),
    (Word::Unsigned, "unsigned", 0, "pushes have no signature"),
    (Word::Stranger, "stranger", 0, "pushes name an app that nobody has"),
    (
        Word::Unextended,
        "unextended",
        0,
        "pushes have no x-tm-ext-param, which changes what is signed",
    ),
    (Word::Lost, "lost", 0, "pushes are never sent"),
];

/// Every word, the number it has where none is given, and what it does.
pub fn words() -> impl Iterator<Item = (&'static str, u64, &'static str)> {
    WORDS.iter().map(|(_, name, number, does)| (*name, *number, *does))
}

impl Word {
    fn name(self) -> &'static str {
        WORDS.iter().find(|(word, ..)| *word == self).map_or("", |(_, name, ..)| name)
    }

    /// Whether it is about pushes, and not about calls.
    const fn is_of_push(self) -> bool {
        matches!(
            self,
            Self::Duplicate
                | Self::Shuffle
                | Self::Forged
                | Self::Unsigned
                | Self::Stranger
                | Self::Unextended
                | Self::Lost
        )
    }

    /// Reads a word such as `error=503`.
    fn read(text: &str) -> Result<(Self, u64), UnknownWord> {
        let unknown = || UnknownWord(text.to_owned());
        let (name, number) = match text.split_once('=') {
            Some((name, number)) => (name, Some(number.parse().map_err(|_| unknown())?)),
            None => (text, None),
        };
        let entry = WORDS.iter().find(|(_, known, ..)| *known == name);
        let (word, _, usual, _) = entry.ok_or_else(unknown)?;
        Ok((*word, number.unwrap_or(*usual)))
    }
}

/// Reads words such as `error=503 stall`, with blanks between them.
pub fn read(text: &str) -> Result<Vec<(Word, u64)>, UnknownWord> {
    text.split_whitespace().map(Word::read).collect()
}

/// A word that no call can behave by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord(pub String);

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no behaviour", self.0)
    }
}

impl std::error::Error for UnknownWord {}

/// Which calls behave by a word; what is left out holds for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aim {
    /// The number of a shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop: Option<String>,
    /// The type of a call or the code of an event, or what it begins with.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The number of a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<i64>,
    /// The number of a parent order that the call names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// For how many calls it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// For how many seconds from now on it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
}

/// What of a call or a push a rule may look at.
#[derive(Debug, Default)]
pub struct Sight {
    pub is_push: bool,
    pub shop: String,
    pub kind: String,
    pub page: Option<i64>,
    pub order: Option<String>,
}

#[derive(Debug)]
struct Rule {
    word: Word,
    number: u64,
    aim: Aim,
    /// Milliseconds since 1970.
    until: Option<i64>,
}

/// The words that hold at present.
#[derive(Debug, Default)]
pub struct Rules(Vec<Rule>);

/// The words that one call behaves by.
#[derive(Debug, Clone, Default)]
pub struct Plan(Vec<(Word, u64)>);

impl Plan {
    /// The number of a word, if the call behaves by it.
    pub fn has(&self, word: Word) -> Option<u64> {
        self.0.iter().find(|(known, _)| *known == word).map(|(_, number)| *number)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.iter().map(|(word, number)| format!("{}={number}", word.name()));
        f.write_str(&words.collect::<Vec<_>>().join(" "))
    }
}

impl Aim {
    fn hits(&self, sight: &Sight) -> bool {
        self.shop.as_ref().is_none_or(|shop| *shop == sight.shop)
            && self.kind.as_ref().is_none_or(|kind| sight.kind.starts_with(kind.as_str()))
            && self.page.is_none_or(|page| sight.page == Some(page))
            && self.order.as_ref().is_none_or(|order| sight.order.as_ref() == Some(order))
    }
}

impl Rules {
    /// Adds words that hold from `now` on.
    pub fn add(&mut self, words: Vec<(Word, u64)>, aim: &Aim, now: i64) {
        let until = aim.seconds.map(|seconds| now.saturating_add(seconds.saturating_mul(1000)));
        let rule = |(word, number)| Rule { word, number, aim: aim.clone(), until };
        self.0.extend(words.into_iter().map(rule));
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What a call or push at `now` behaves by; uses up one call of each word that it does.
    pub fn plan(&mut self, sight: &Sight, now: i64) -> Plan {
        self.0
            .retain(|rule| rule.until.is_none_or(|until| now < until) && rule.aim.calls != Some(0));
        let mut plan = Plan::default();
        let is_meant =
            |rule: &&mut Rule| rule.word.is_of_push() == sight.is_push && rule.aim.hits(sight);
        for rule in self.0.iter_mut().filter(is_meant) {
            if let Some(calls) = &mut rule.aim.calls {
                *calls -= 1;
            }
            plan.0.push((rule.word, rule.number));
        }
        plan
    }

    /// The words that hold, as they would be set again.
    pub fn told(&self) -> Vec<serde_json::Value> {
        let told = |rule: &Rule| {
            let mut told = serde_json::json!(rule.aim);
            told["behave"] = format!("{}={}", rule.word.name(), rule.number).into();
            told
        };
        self.0.iter().filter(|rule| rule.aim.calls != Some(0)).map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(shop: &str, kind: &str, page: Option<i64>) -> Sight {
        let (shop, kind) = (shop.to_owned(), kind.to_owned());
        Sight { is_push: false, shop, kind, page, order: None }
    }

    #[test]
    fn a_word_holds_for_its_shop_type_and_page_and_for_so_many_calls() {
        let mut rules = Rules::default();
        let aim = r#"{"shop":"1","type":"bg.order.list","page":2,"calls":1}"#;
        rules.add(read("error=503 stall").unwrap(), &serde_json::from_str(aim).unwrap(), 0);
        for other in [
            sight("2", "bg.order.list.v2.get", Some(2)),
            sight("1", "bg.order.detail.v2.get", Some(2)),
            sight("1", "bg.order.list.v2.get", Some(1)),
            sight("1", "bg.order.list.v2.get", None),
        ] {
            assert_eq!(rules.plan(&other, 0).has(Word::Error), None, "{other:?}");
        }
        let meant = sight("1", "bg.order.list.v2.get", Some(2));
        let plan = rules.plan(&meant, 0);
        assert_eq!((plan.has(Word::Error), plan.has(Word::Stall)), (Some(503), Some(30_000)));
        assert_eq!(rules.plan(&meant, 0).has(Word::Error), None);
        assert!(rules.told().is_empty());
    }

    #[test]
    fn a_push_uses_up_no_word_of_calls() {
        let mut rules = Rules::default();
        let once = Aim { calls: Some(1), ..Aim::default() };
        rules.add(read("error forged").unwrap(), &once, 0);
        let push = Sight { is_push: true, ..sight("1", "bg_order_status_change_event", None) };
        let plan = rules.plan(&push, 0);
        assert_eq!((plan.has(Word::Forged), plan.has(Word::Error)), (Some(0), None));
        let plan = rules.plan(&sight("1", "bg.order.list.v2.get", None), 0);
        assert_eq!((plan.has(Word::Forged), plan.has(Word::Error)), (None, Some(500)));
    }

    #[test]
    fn a_word_holds_for_so_long() {
        let mut rules = Rules::default();
        let aim = Aim { seconds: Some(5), ..Aim::default() };
        rules.add(read("throttle").unwrap(), &aim, 1_000);
        let any = sight("1", "x", None);
        assert!(rules.plan(&any, 5_999).has(Word::Throttle).is_some());
        assert!(rules.plan(&any, 6_000).has(Word::Throttle).is_none());
    }

    #[test]
    fn a_word_that_nobody_knows_spoils_its_line() {
        for wrong in ["sluggish", "error=", "error=-1", "html slow"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
