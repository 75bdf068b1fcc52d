//! The words, amounts and times of a story, in the language of its reader and the zone of this machine.

use docket_domain::Currency;
use docket_domain::story::{self, Language, Spoken};
use docket_domain::words::{DeliveryStatus, DueCause, RefundAxis, Status, StoreStatus};
use jiff::tz::TimeZone;
use serde_json::Value;

/// How a story is told.
pub struct Voice {
    language: Language,
    currency: Option<Currency>,
    zone: TimeZone,
}

/// A text field that is there and not empty.
pub fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value[name].as_str().filter(|text| !text.is_empty())
}

/// The elements of a list field.
pub fn each<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

/// Words that stand nowhere else: refunds, attempts, deadlines, fulfilment, what is sold and where.
const WORDS: &[(&str, &str, &str)] = &[
    ("cancel", "cancel", "取消"),
    ("refund", "refund", "退款"),
    ("weigh", "weighed less", "称重退差"),
    ("reject", "rejected order", "拒单退款"),
    ("applied", "asked for", "已申请"),
    ("rejected", "rejected", "已拒绝"),
    ("refunding", "under way", "退款中"),
    ("refunded", "done", "已退款"),
    ("failed", "failed", "失败"),
    ("withdrawn", "withdrawn", "已撤回"),
    ("open", "open", "进行中"),
    ("closed", "closed", "已关闭"),
    ("succeeded", "succeeded", "成功"),
    ("pay_by", "to pay", "支付期限"),
    ("accept_by", "for the store to accept", "接单期限"),
    ("receive_by", "to receive", "收货期限"),
    ("settle_at", "settles", "结算时间"),
    ("settle", "settles", "结算时间"),
    ("retry_revoke", "revoke is tried again", "重试撤销"),
    ("parcel", "parcel", "快递"),
    ("takeaway", "takeaway", "外卖"),
    ("counter", "at the counter", "柜台"),
    ("code", "by code", "电子码"),
    ("goods", "goods", "商品"),
    ("membership", "membership", "会员"),
    ("phone_credit", "phone credit", "话费"),
    ("mobile_data", "mobile data", "流量"),
    ("coins", "coins", "金币"),
    ("insurance", "insurance", "保险"),
    ("flight", "flight", "机票"),
    ("hotel", "hotel", "酒店"),
    ("train", "train", "火车票"),
    ("bus", "bus", "汽车票"),
    ("ticket", "ticket", "门票"),
    ("all", "all", "全部"),
    ("main", "main", "主市场"),
    ("center", "center", "本中心"),
];

impl Voice {
    /// The voice for `order`.
    pub fn new(language: Language, order: &Value) -> Self {
        let currency = text(order, "currency").and_then(Currency::ever);
        Self { language, currency, zone: TimeZone::system() }
    }

    /// The language it speaks.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Of a sentence in both languages the one in this voice's.
    pub const fn say<'a>(&self, en: &'a str, zh: &'a str) -> &'a str {
        match self.language {
            Language::En => en,
            Language::Zh => zh,
        }
    }

    /// What stands between two parts of a sentence.
    pub const fn comma(&self) -> &'static str {
        match self.language {
            Language::En => ", ",
            Language::Zh => "，",
        }
    }

    /// What stands before an explanation.
    pub const fn colon(&self) -> &'static str {
        match self.language {
            Language::En => ": ",
            Language::Zh => "：",
        }
    }

    /// An amount with its currency; unknown where it is.
    pub fn money(&self, amount: &Value) -> String {
        match amount.as_i64() {
            Some(minor) => story::money(minor, self.currency, self.language),
            None => self.say("unknown", "未知").to_owned(),
        }
    }

    /// An amount for a column whose currency is known from elsewhere.
    pub fn bare(&self, amount: &Value) -> String {
        let Some(minor) = amount.as_i64() else { return "?".to_owned() };
        let shown = story::money(minor, self.currency, Language::En);
        shown.split(' ').next().unwrap_or_default().to_owned()
    }

    /// A time on this machine's clock.
    pub fn time(&self, moment: &Value) -> String {
        let parsed = moment.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let Some(moment) = parsed else { return String::new() };
        moment.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The name of the zone that times are shown in.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Words of statuses that the domain speaks.
    pub fn status(&self, axis: Axis, node: &Value) -> Option<&'static str> {
        let word = text(node, axis.field())?;
        match axis {
            Axis::Main => Status::from_word(word).map(|known| self.spoken(known)),
            Axis::Store => StoreStatus::from_word(word).map(|known| self.spoken(known)),
            Axis::Delivery => DeliveryStatus::from_word(word).map(|known| self.spoken(known)),
            Axis::Refund => RefundAxis::from_word(word)
                .filter(|known| *known != RefundAxis::None)
                .map(|known| self.spoken(known)),
            Axis::Cause => DueCause::from_word(word).map(|known| self.spoken(known)),
        }
    }

    fn spoken(&self, word: impl Spoken) -> &'static str {
        story::status_word(word, self.language)
    }

    /// Any other word of the API.
    pub fn word<'a>(&self, node: &'a Value, name: &str) -> &'a str {
        let word = text(node, name).unwrap_or_default();
        WORDS.iter().find(|(known, ..)| *known == word).map_or(word, |(_, en, zh)| self.say(en, zh))
    }
}

/// Which status of a node.
#[derive(Debug, Clone, Copy)]
pub enum Axis {
    /// Its main status.
    Main,
    /// What the store sees.
    Store,
    /// How far its delivery is.
    Delivery,
    /// How its refunds stand.
    Refund,
    /// Why money is due back.
    Cause,
}

impl Axis {
    const fn field(self) -> &'static str {
        match self {
            Self::Main => "status",
            Self::Store => "store_status",
            Self::Delivery => "delivery_status",
            Self::Refund => "refund_status",
            Self::Cause => "cause",
        }
    }
}
