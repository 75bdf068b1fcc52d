//! How calls misbehave on request: words, each with a number, that hold for a shop, a type of call, a page or an
//! order, for so many calls or for so long.

use std::fmt;

/// A way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Error,
    Html,
    Drop,
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
    Vanish,
}

/// Each word, its number where none is given, and what it does with that number.
const WORDS: [(Word, &str, u64, &str); 16] = [
    (
        Word::Error,
        "error",
        500,
        "the answer is HTTP status N with a page of a proxy, nothing is done",
    ),
    (Word::Html, "html", 0, "the answer is HTTP 200 with a page of HTML, nothing is done"),
    (Word::Drop, "drop", 0, "the connection closes without an answer"),
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
    (Word::Vanish, "vanish", 1, "before each page of products N of its kind are deleted"),
];

/// Every word, the number it has where none is given, and what it does.
pub fn words() -> impl Iterator<Item = (&'static str, u64, &'static str)> {
    WORDS.iter().map(|(_, name, number, does)| (*name, *number, *does))
}

impl Word {
    fn name(self) -> &'static str {
        WORDS.iter().find(|(word, ..)| *word == self).map_or("", |(_, name, ..)| name)
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
    /// The type of a call, or what it begins with.
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

/// What of a call a rule may look at.
#[derive(Debug, Default)]
pub struct Sight {
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

impl Aim {
    fn hits(&self, sight: &Sight) -> bool {
        self.shop.as_ref().is_none_or(|shop| *shop == sight.shop)
            && self.kind.as_ref().is_none_or(|kind| sight.kind.starts_with(kind.as_str()))
            && self.page.is_none_or(|page| sight.page == Some(page))
            && self.order.as_ref().is_none_or(|order| sight.order.as_ref() == Some(order))
    }
}

impl Rules {
    /// Adds the words of `text`, with blanks between them; none if one of them is unknown.
    pub fn add(&mut self, text: &str, aim: &Aim, now: i64) -> Result<(), UnknownWord> {
        let until = aim.seconds.map(|seconds| now.saturating_add(seconds.saturating_mul(1000)));
        let read: Result<Vec<_>, _> = text.split_whitespace().map(Word::read).collect();
        let rule = |(word, number)| Rule { word, number, aim: aim.clone(), until };
        self.0.extend(read?.into_iter().map(rule));
        Ok(())
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What a call that comes at `now` behaves by; uses up one call of each word that it does.
    pub fn plan(&mut self, sight: &Sight, now: i64) -> Plan {
        self.0
            .retain(|rule| rule.until.is_none_or(|until| now < until) && rule.aim.calls != Some(0));
        let mut plan = Plan::default();
        for rule in self.0.iter_mut().filter(|rule| rule.aim.hits(sight)) {
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
        Sight { shop: shop.to_owned(), kind: kind.to_owned(), page, order: None }
    }

    #[test]
    fn a_word_holds_for_its_shop_type_and_page_and_for_so_many_calls() {
        let mut rules = Rules::default();
        let aim = r#"{"shop":"1","type":"bg.order.list","page":2,"calls":1}"#;
        rules.add("error=503 stall", &serde_json::from_str(aim).unwrap(), 0).unwrap();
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
    fn a_word_holds_for_so_long() {
        let mut rules = Rules::default();
        rules.add("throttle", &Aim { seconds: Some(5), ..Aim::default() }, 1_000).unwrap();
        let any = sight("1", "x", None);
        assert!(rules.plan(&any, 5_999).has(Word::Throttle).is_some());
        assert!(rules.plan(&any, 6_000).has(Word::Throttle).is_none());
    }

    #[test]
    fn an_unknown_word_adds_none_of_its_line() {
        let mut rules = Rules::default();
        for wrong in ["sluggish", "error=", "error=-1", "html slow"] {
            assert!(rules.add(wrong, &Aim::default(), 0).is_err(), "{wrong}");
        }
        assert!(rules.told().is_empty());
    }
}
