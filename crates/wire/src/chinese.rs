//! The Chinese of the sentences that problems tell: titles, details and what is wrong with fields.
//!
//! As in gettext the English sentence is the key: who refuses writes one sentence, and its Chinese stands beside it in
//! one table. `{}` stands for what differs, and is put where the Chinese has `{1}`, `{2}`, …, in Chinese itself where
//! the table has it. A test reads the sentences out of the sources, so that none can be missing.

mod kept;
mod table;
mod titles;
mod words;

use kept::KEPT;
use table::SENTENCES;
use titles::TITLES;
use words::WORDS;

/// `sentence` in Chinese; none where the table does not have it.
pub fn of(sentence: &str) -> Option<String> {
    told(sentence, 0)
}

/// Sentences inside sentences are this deep at most.
const DEPTH_MAX: usize = 4;

/// A sentence, or what stands for a `{}` of one: as the table has it word for word, else as several, else by what
/// differs.
fn told(sentence: &str, depth: usize) -> Option<String> {
    exact(sentence).or_else(|| listed(sentence, depth)).or_else(|| filled(sentence, depth))
}

/// What the table has word for word.
fn exact(sentence: &str) -> Option<String> {
    let mut table = WORDS.iter().chain(TITLES).chain(SENTENCES).chain(KEPT);
    table.find(|(en, _)| *en == sentence).map(|(_, zh)| (*zh).to_owned())
}

/// A sentence that the table has but for what differs.
fn filled(sentence: &str, depth: usize) -> Option<String> {
    if depth == DEPTH_MAX {
        return None;
    }
    let fitting = SENTENCES
        .iter()
        .chain(KEPT)
        .filter_map(|(en, zh)| Some((en.len(), caught(en, sentence)?, zh)));
    // The one that says most itself.
    let (_, caught, zh) = fitting.max_by_key(|(length, ..)| *length)?;
    let mut said = (*zh).to_owned();
    for (index, part) in caught.into_iter().enumerate() {
        let part = told(part, depth + 1).unwrap_or_else(|| part.to_owned());
        said = said.replace(&format!("{{{}}}", index + 1), &part);
    }
    Some(said)
}

/// Several sentences in one: `a; b`, each perhaps behind the field it is of. A sentence may have a semicolon of its own,
/// so the longest that the table has is taken each time.
fn listed(sentence: &str, depth: usize) -> Option<String> {
    let parts: Vec<_> = sentence.split("; ").collect();
    let (mut told, mut rest) = (Vec::new(), &parts[..]);
    while !rest.is_empty() {
        let first = |length: usize| {
            let known = |text: &str| {
                exact(text).or_else(|| if length == 1 { filled(text, depth + 1) } else { None })
            };
            let run = rest[..length].join("; ");
            let of_a_field = || {
                let (field, message) = run.split_once(": ")?;
                let field = (!field.contains(' ')).then_some(field)?;
                Some(format!("{field}：{}", known(message)?))
            };
            // Alone it would be no list.
            let alone = if length < parts.len() { known(&run) } else { None };
            Some((alone.or_else(of_a_field)?, length))
        };
        let (said, length) = (1..=rest.len()).rev().find_map(first)?;
        told.push(said);
        rest = &rest[length..];
    }
    Some(told.join("；"))
}

/// What stands for each `{}` of `template` in `sentence`, if it is one of it.
fn caught<'s>(template: &str, sentence: &'s str) -> Option<Vec<&'s str>> {
    let mut parts = template.split("{}");
    let mut rest = sentence.strip_prefix(parts.next()?)?;
    let mut caught = Vec::new();
    let parts: Vec<_> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        let end = if index + 1 == parts.len() {
            rest.len().checked_sub(part.len())?
        } else {
            rest.find(part)?
        };
        let (found, after) = rest.split_at_checked(end)?;
        rest = after.strip_prefix(part)?;
        caught.push(found);
    }
    rest.is_empty().then_some(caught)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_put_where_the_chinese_has_it() {
        let zh = |sentence: &str| of(sentence).unwrap_or_else(|| panic!("{sentence}"));
        assert_eq!(zh("must be at least 5"), "不能小于 5");
        assert_eq!(zh("must be a text, not a number"), "必须是文本，不是数字");
        assert_eq!(
            zh("an order that is paid cannot be asked to revoke: it must be open and unpaid"),
            "订单状态为已支付（paid），不能执行 revoke：订单必须未结束且未支付"
        );
        assert_eq!(
            zh(
                "must lead to an address that is for everyone: 10.0.0.1 is a private address, and [webhooks] allow \
                does not name it"
            ),
            "必须指向人人可达的地址：10.0.0.1 是私有地址，而 [webhooks] allow 没有列出它"
        );
        assert_eq!(of("what nobody ever said"), None);
    }

    #[test]
    fn several_sentences_are_told_one_after_another() {
        let both =
            of("shops[0].items[0].quantity: the line has 1 left, not 2; lines[1]: is required");
        assert_eq!(
            both.as_deref(),
            Some("shops[0].items[0].quantity：该行还剩 1，不足 2；lines[1]：必填")
        );
    }

    #[test]
    fn a_sentence_with_a_semicolon_of_its_own_is_one_wherever_it_stands() {
        let weighed = "must be whole units; only a line that is `weighed` has fractions";
        let zh = "数量必须为整数；只有称重行（`weighed`）可以有小数";
        assert_eq!(of(weighed).as_deref(), Some(zh));
        let (field, inside) =
            (format!("lines[0].quantity: {weighed}"), format!("{weighed}; is required"));
        assert_eq!(of(&field), Some(format!("lines[0].quantity：{zh}")));
        assert_eq!(of(&inside), Some(format!("{zh}；必填")));
    }

    #[test]
    fn why_a_shop_stands_still_is_chinese_but_for_what_its_marketplace_said() {
        let zh = |sentence: &str| of(sentence).unwrap_or_else(|| panic!("{sentence}"));
        let dead = "token_dead, code 3000034, request us-2: access_token is expired. Fetch a new token in the \
                    marketplace's seller center and enter it.";
        let told = "令牌失效（token_dead），代码 3000034，请求 us-2：access_token is expired。请在平台的卖家中心获取新令牌并填写。";
        assert_eq!(zh(dead), told);
        assert_eq!(
            zh(&format!("Nothing is asked of the shop Tea: {dead}")),
            format!("店铺 Tea 已暂停：{told}")
        );
        let person = "Paused by a person; `docket shop resume` goes on.";
        assert_eq!(zh(person), "由人工暂停；用 docket shop resume 恢复。");
        assert_eq!(
            zh(&format!("Nothing is asked of the shop Tea: {person}")),
            "店铺 Tea 已暂停：由人工暂停；用 docket shop resume 恢复。"
        );
        assert_eq!(
            zh("there is no stock of tea at main; count it first, then map it"),
            "main 没有 tea 的库存；请先盘点，再建立对应"
        );
        assert_eq!(zh("Line 1 has no number."), "第 1 行没有编号。");
        assert_eq!(
            zh("end its pause first; shop 42 is paused"),
            "请先解除暂停；店铺 42 的状态为已暂停（paused）"
        );
    }

    #[test]
    fn each_sentence_is_chinese_and_uses_what_it_is_told() {
        for (en, zh) in TITLES.iter().chain(SENTENCES).chain(KEPT) {
            assert!(zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{zh}");
            let holes = en.matches("{}").count();
            for hole in 1..=9 {
                let used = zh.contains(&format!("{{{hole}}}"));
                assert!(!used || hole <= holes, "{en}: {zh}");
            }
        }
    }
}
