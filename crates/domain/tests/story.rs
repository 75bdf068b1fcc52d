//! What people read: a natural sentence for every operation and anomaly, in both languages.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod sample_trees;

use docket_domain::operation::Parameters;
use docket_domain::story::{
    Language, Spoken, actor_name, money, outline, sentence, sentence_of_anomaly, status_word,
};
use docket_domain::tree::Anomaly;
use docket_domain::words::{
    AnomalyKind, DeliveryStatus, Level, PaymentStatus, RefundAxis, RevokeStatus, Status,
    StoreStatus,
};
use docket_domain::{
    Actor, ActorKind, Currency, Id, Json, LogEntry, OperationKind, Remark, Time, status,
};
use sample_trees::{cny, plain_tree};
use serde_json::json;

const BOTH: [Language; 2] = [Language::En, Language::Zh];

fn entry(kind: OperationKind, parameters: &Json) -> LogEntry {
    LogEntry {
        tree: Id(1),
        site: 0,
        seq: 1,
        version: Some(1),
        hlc: docket_domain::Hlc(0),
        node: Id(1),
        kind,
        actor: Actor::of(ActorKind::Buyer),
        from_status: None,
        to_status: Status::Cancelled,
        parameters: parameters.as_object().cloned().unwrap_or_default(),
        before: Json::Null,
        after: Json::Null,
        remark: Remark::default(),
        at: Time(0),
        happened_at: None,
    }
}

fn said(kind: OperationKind, parameters: &Json, language: Language) -> String {
    sentence(&entry(kind, parameters), language)
}

/// Every parameter any sentence knows.
fn everything() -> Parameters {
    let all = json!({
        "currency": "CNY", "amount": 11500, "coins": 100, "due": 500, "freight": 600, "paid": 11000,
        "payable": 11500, "platform_discount": 500, "shop_discount": 300, "third_party_discount": 10,
        "total": 11400, "kept": 1, "reported": 2, "tender": "wechat", "reference": "wx-1",
        "reason": "too late", "carrier": "SF", "tracking": "SF1", "courier": "Li",
        "lines": [{"sku": "tea", "quantity": "2"}, {"sku": "pot", "quantity": "1"}],
        "refund_id": "77", "days": 5, "score": 4, "add": ["gift"], "remove": ["new", "old"],
        "cause": "overpaid", "terms_version": 2, "channel": "temu", "external_id": "PO-1",
        "anomalies": ["underpaid"], "restock": true, "revived": true, "other": "99",
        "fact": "shipped", "first": "shipped", "then": "paid", "sku": "tea", "skus": ["tea"],
        "place": "main", "weight": "1.25", "field": "coins",
    });
    all.as_object().unwrap().clone()
}

fn assert_is_a_sentence(text: &str, what: &str, language: Language) {
    assert!(!text.trim().is_empty(), "{what} says nothing in {language:?}");
    assert!(!text.contains(['{', '}', '[', ']', '|']), "{what}: a placeholder is left in {text:?}");
    assert!(!text.contains("  ") && text.trim() == text, "{what}: blanks in {text:?}");
    let dangling = [';', ':', ',', '；', '：', '，', '（', '('];
    assert!(!text.starts_with(dangling) && !text.ends_with(dangling), "{what}: {text:?}");
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    assert_eq!(text.chars().any(is_han), language == Language::Zh, "{what}: {text:?}");
}

#[test]
fn every_operation_has_a_sentence_with_and_without_parameters() {
    for kind in OperationKind::ALL {
        for language in BOTH {
            let bare = said(*kind, &json!({}), language);
            let full = said(*kind, &Json::Object(everything()), language);
            assert_is_a_sentence(&bare, kind.word(), language);
            assert_is_a_sentence(&full, kind.word(), language);
            let mut nulls = everything();
            nulls.values_mut().for_each(|value| *value = Json::Null);
            assert_eq!(said(*kind, &Json::Object(nulls), language), bare, "null is absence");
        }
    }
}

#[test]
fn no_two_operations_say_the_same() {
    for language in BOTH {
        let mut all: Vec<String> =
            OperationKind::ALL.iter().map(|kind| said(*kind, &json!({}), language)).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), OperationKind::ALL.len(), "{language:?}");
    }
}

#[test]
fn every_anomaly_has_a_sentence_with_and_without_parameters() {
    for kind in AnomalyKind::ALL {
        for language in BOTH {
            for detail in [Json::Null, Json::Object(everything())] {
                let anomaly = Anomaly { kind: *kind, at: Time(0), detail };
                let text = sentence_of_anomaly(&anomaly, language);
                assert_is_a_sentence(&text, kind.word(), language);
            }
        }
    }
}

#[test]
fn sentences_read_naturally_in_both_languages() {
    use OperationKind as K;
    let paid = json!({"amount": 11500, "currency": "CNY", "tender": "wechat", "reference": "wx-1"});
    let shipped =
        json!({"lines": [{"sku": "tea", "quantity": "2"}], "carrier": "SF", "tracking": "SF1"});
    let asked = json!({
        "amount": 500, "currency": "JPY", "lines": [{"sku": "tea", "quantity": "0.5"}], "reason": "broken",
    });
    let cases = [
        (
            K::Place,
            json!({"payable": 11500, "currency": "CNY"}),
            "Placed; 115.00 CNY to pay",
            "下单，应付 115.00 元",
        ),
        (
            K::PaymentSucceeded,
            paid,
            "Paid 115.00 CNY by wechat (reference wx-1)",
            "以 wechat 支付 115.00 元（流水号 wx-1）",
        ),
        (K::PaymentSucceeded, json!({}), "Paid", "支付成功"),
        (
            K::Ship,
            shipped,
            "Shipped 2 × tea with SF (tracking SF1)",
            "已发货：2 × tea，承运商 SF，运单号 SF1",
        ),
        (
            K::ExtendReceipt,
            json!({"days": 1}),
            "More time to confirm receipt: 1 day",
            "延长收货时间 1 天",
        ),
        (
            K::RequestRefund,
            asked,
            "Asked for a refund of 500 JPY for 0.5 × tea: broken",
            "申请退款 500 JPY（0.5 × tea），原因：broken",
        ),
        (
            K::RefundByStore,
            json!({"amount": 5, "currency": "CNY", "coins": 0, "lines": 1, "quantity": "2"}),
            "The store gives money back: 0.05 CNY for 2 units in 1 line",
            "门店主动退款 0.05 元（1 行商品共 2 件）",
        ),
        (K::Rate, json!({"score": 5}), "Rated 5 of 5", "已评价 5 星"),
        (
            K::Tag,
            json!({"add": ["gift", "vip"], "remove": []}),
            "Labels changed; added: gift, vip",
            "修改标签；添加：gift、vip",
        ),
    ];
    for (kind, parameters, en, zh) in cases {
        assert_eq!(said(kind, &parameters, Language::En), en);
        assert_eq!(said(kind, &parameters, Language::Zh), zh);
    }
}

#[test]
fn words_of_people_are_shown_as_they_are() {
    let text = said(OperationKind::Revoke, &json!({"reason": "{amount} [x|y]"}), Language::En);
    assert_eq!(text, "Revoked: {amount} [x|y]");
}

#[test]
fn a_revoke_that_waits_for_attempts_says_so() {
    let mut waiting = entry(OperationKind::Revoke, &json!({"reason": "changed my mind"}));
    waiting.to_status = Status::Created;
    let expected = "Revoke asked for: changed my mind; open payments are being closed first";
    assert_eq!(sentence(&waiting, Language::En), expected);
}

#[test]
fn a_remark_is_shown_in_the_language_there_is() {
    let mut row = entry(OperationKind::Note, &json!({}));
    row.remark.en = Some("call first".into());
    assert_eq!(sentence(&row, Language::En), "Remark: call first");
    assert_eq!(sentence(&row, Language::Zh), "备注：call first");
    row.kind = OperationKind::Accept;
    row.remark.cn = Some("先打电话".into());
    assert_eq!(sentence(&row, Language::En), "The store took the order; remark: call first");
    assert_eq!(sentence(&row, Language::Zh), "门店已接单；备注：先打电话");
}

#[test]
fn money_has_the_decimals_of_its_currency() {
    let shown = |minor, code: &str| money(minor, Currency::ever(code), Language::En);
    assert_eq!(shown(5, "CNY"), "0.05 CNY");
    assert_eq!(shown(-11_500, "USD"), "-115.00 USD");
    assert_eq!(shown(11_500, "JPY"), "11500 JPY");
    assert_eq!(shown(11_500, "KWD"), "11.500 KWD");
    assert_eq!(shown(1000, "ITL"), "1000 ITL");
    assert_eq!(shown(12_345, "DEM"), "123.45 DEM");
    assert_eq!(shown(i64::MIN, "CNY"), "-92233720368547758.08 CNY");
    assert_eq!(money(11_500, Some(cny()), Language::Zh), "115.00 元");
    assert_eq!(money(11_500, None, Language::En), "115.00");
}

#[test]
fn actors_are_named_as_far_as_they_are_known() {
    let li = |id: Option<&str>, name: Option<&str>| Actor {
        kind: ActorKind::Buyer,
        id: id.map(Into::into),
        name: name.map(Into::into),
    };
    assert_eq!(actor_name(&li(None, None), Language::En), "buyer");
    assert_eq!(actor_name(&li(Some("1001"), None), Language::En), "buyer 1001");
    assert_eq!(actor_name(&li(Some("1001"), Some("Li")), Language::En), "buyer Li (1001)");
    assert_eq!(actor_name(&li(Some("1001"), Some("Li")), Language::Zh), "买家 Li（1001）");
}

#[test]
fn every_status_has_its_own_word_on_its_axis() {
    fn distinct<S: Spoken>(all: &[S]) {
        for language in BOTH {
            let mut words: Vec<_> = all.iter().map(|s| status_word(*s, language)).collect();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), all.len());
        }
    }
    distinct(Status::ALL);
    distinct(StoreStatus::ALL);
    distinct(PaymentStatus::ALL);
    distinct(RevokeStatus::ALL);
    distinct(RefundAxis::ALL);
    distinct(DeliveryStatus::ALL);
}

#[test]
fn an_outline_names_every_node_and_anomaly() {
    let mut tree = plain_tree();
    let detail = json!({"paid": 1, "payable": 36000, "currency": "CNY"});
    tree.payment.anomalies.push(Anomaly { kind: AnomalyKind::Underpaid, at: Time(1), detail });
    tree.shops[0].items[0].title = Some("Green tea".into());
    let lines = outline(&tree, &status::of(&tree), Language::En);
    let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    let expected = [
        "Order 1: placed, to pay 360.00 CNY, paid 0.00 CNY",
        "! Less was paid than is to pay, and yet it went on: 0.01 CNY of 360.00 CNY",
        "Shop shop-2: placed, not paid, 240.00 CNY",
        "2 × sku-3 Green tea: placed, 120.00 CNY",
        "2 × sku-4: placed, 120.00 CNY",
        "Shop shop-5: placed, not paid, 120.00 CNY",
        "2 × sku-6: placed, 120.00 CNY",
    ];
    assert_eq!(texts, expected);
    assert_eq!((lines[3].level, lines[3].id), (Level::Item, Id(3)));
    for line in outline(&tree, &status::of(&tree), Language::Zh) {
        assert_is_a_sentence(&line.text, "outline", Language::Zh);
    }
}
