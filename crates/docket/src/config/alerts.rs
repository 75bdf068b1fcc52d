//! `[alerts]`: how the center is watched, from when something is wrong, and how often it is told.

use super::Set;
use super::alert_media::{
    Headers, HttpMethod, MailServer, Mailboxes, MediumUrl, SigningSecret, TellingLanguage,
};
use super::archive::Secret;
use super::layers::Layers;
use super::section::{About, Field, Listed, Secrecy, Section, listed, section};
use super::shapes::{Length, Places, Shape};
use crate::failure::Failure;
use crate::said::said;
use docket_app::{
    AlertMail, AlertMedia, AlertSettings, AlertWebhook, MessageGateway, Secret as HiddenText,
};
use docket_domain::time::SECOND;
use docket_domain::watch::{Pace, Thresholds};
use std::path::Path;

section! {
    /// Alerts: what is wrong is told once, and again until somebody looks after it; it closes by itself.
    /// `docket alerts list` shows them.
    #[zh = "告警：出现问题时通知一次，之后定期提醒，直到有人认领；问题消失后自动关闭。"]
    #[zh = "用 `docket alerts list` 查看。"]
    alerts Alerts {
        /// How often the center is looked at.
        #[zh = "每隔多久检查一次订单中心。"]
        every: Length = "1m";
        /// After how long an open alert is told again.
        #[zh = "未关闭的告警隔多久再次通知。"]
        repeat: Length = "4h";
        /// For how long its cause must be gone before an alert closes: what comes and goes within it is one alert.
        #[zh = "问题消失多久后关闭告警；在此期间反复出现的算同一个告警。"]
        calm: Length = "5m";
        /// How many tasks of a kind may wait though they are due.
        #[zh = "一种任务最多可有多少个到期未执行。"]
        backlog: Places = "1000";
        /// Of a hundred tries of tasks of a kind within an hour, how many may fail.
        #[zh = "一小时内一种任务的尝试中，失败最多占百分之几。"]
        failed_percent: Percent = "10";
        /// How many tries, or calls, there must be before anything is said of how many failed.
        #[zh = "尝试或调用至少达到多少次才判断失败比例。"]
        failed_least: Places = "20";
        /// How many signs of life a process may miss; it gives one every 15 s.
        #[zh = "进程最多可漏掉几次心跳；每 15 秒一次。"]
        silent_signs: Places = "3";
        /// How long ago a shop may have been read to its end.
        #[zh = "店铺距上次完整读取最多可有多久。"]
        sync_age: Length = "1h";
        /// How long a run of a shop may take.
        #[zh = "店铺的一次运行最多可用多久。"]
        sync_length: Length = "1h";
        /// How long a part of a shop's orders may be missing.
        #[zh = "店铺订单的一部分最多可缺失多久。"]
        gap: Length = "1h";
        /// Of a hundred calls to a marketplace within an hour, how many may fail.
        #[zh = "一小时内对一个平台的调用中，失败最多占百分之几。"]
        calls_failed_percent: Percent = "5";
        /// Of a hundred such calls, how many it may turn away because there are too many.
        #[zh = "其中因过于频繁而被拒绝的最多占百分之几。"]
        throttled_percent: Percent = "20";
        /// How long a call to a marketplace may wait for its turn under its limit, on average.
        #[zh = "对平台的一次调用平均最多可排队多久。"]
        wait: Length = "30s";
        /// How long a shop whose orders change may go without a push, where it had any.
        #[zh = "有过推送的店铺，订单有变更而无推送最多可持续多久。"]
        push_age: Length = "6h";
        /// How many pushes may be refused within an hour.
        #[zh = "一小时内最多可拒绝多少次推送。"]
        pushes_refused: Places = "10";
        /// How long money that is to go back may wait at its gateway.
        #[zh = "退款在网关最多可等待多久。"]
        refund_due: Length = "24h";
        /// How far the clock of a marketplace and ours may differ.
        #[zh = "平台时钟与本机最多可相差多少。"]
        clock: Length = "30s";
        /// Of a hundred bytes of the disk that has the database, how many must be free.
        #[zh = "存放数据库的磁盘至少要剩余百分之几。"]
        disk_percent: Percent = "10";
        /// The language in which people are told by mail and by messages: en or zh.
        #[zh = "邮件和短信使用的语言：en 或 zh。"]
        language: TellingLanguage = "en";
        /// A receiver that is told of alerts by Standard Webhooks; none where empty.
        #[zh = "接收告警的地址（Standard Webhooks 签名）；留空表示不用。"]
        webhook_url: MediumUrl = "" secret;
        /// What signs that: `whsec_…`, or a text of at least sixteen characters.
        #[zh = "用于签名的密钥：`whsec_…`，或至少十六个字符的文本。"]
        webhook_secret: SigningSecret = "" secret;
        /// A server of mail: `smtp://user:password@host:587?tls=required`, or `smtps://…`; none where empty.
        #[zh = "邮件服务器：`smtp://user:password@host:587?tls=required` 或 `smtps://…`；留空表示不用。"]
        smtp_url: MailServer = "" secret;
        /// From whom: `Docket <docket@example.com>`.
        #[zh = "发件人：`Docket <docket@example.com>`。"]
        mail_from: Mailboxes = "";
        /// To whom, as a list of addresses.
        #[zh = "收件人，地址列表。"]
        mail_to: Mailboxes = "[]";
        /// A gateway of short messages, or the robot of a chat (`DingTalk`, `WeCom`, Feishu): where it is; none where
        /// empty. In it and in the body stand `{subject}`, `{text}`, `{severity}` and `{kind}`, escaped as the
        /// place needs it.
        #[zh = "短信网关或群机器人（钉钉、企业微信、飞书）的地址；留空表示不用。"]
        #[zh = "地址和正文中可写 `{subject}`、`{text}`、`{severity}` 和 `{kind}`，会按所在位置转义。"]
        gateway_url: MediumUrl = "" secret;
        /// How it is asked: POST, PUT or GET.
        #[zh = "请求方法：POST、PUT 或 GET。"]
        gateway_method: HttpMethod = "POST";
        /// Headers, each `Name: value`, as a list; the type of the content says how values are escaped.
        #[zh = "请求头列表，每项写作 `名称: 值`；转义方式由 Content-Type 决定。"]
        gateway_headers: Headers = "Content-Type: application/json";
        /// What it is sent.
        #[zh = "发送的正文。"]
        gateway_body: Secret = "{\"msgtype\":\"text\",\"text\":{\"content\":\"{subject} {text}\"}}" secret;
    }
}

/// A part of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(pub u64);

impl Shape for Percent {
    const LOOKS: (&'static str, &'static str) = ("a number from 0 to 100", "0 到 100 的数字");

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| *number <= 100).map(Self)
    }
}

impl Alerts {
    /// How the center is watched; a change may be seen as late as windows of shops reach back.
    pub fn settings(&self, overlap: i64) -> AlertSettings {
        let media = self.media();
        let count = |places: &Set<Places>| places.0 as u64;
        AlertSettings {
            every: self.every.0.max(SECOND),
            thresholds: Thresholds {
                backlog: count(&self.backlog),
                failed_percent: self.failed_percent.0,
                failed_least: count(&self.failed_least),
                silent_signs: u32::try_from(self.silent_signs.0).unwrap_or(u32::MAX),
                sync_age: self.sync_age.0,
                sync_length: self.sync_length.0,
                gap: self.gap.0,
                lateness: overlap,
                calls_failed_percent: self.calls_failed_percent.0,
                throttled_percent: self.throttled_percent.0,
                clock: self.clock.0,
                wait: self.wait.0,
                push_age: self.push_age.0,
                pushes_refused: count(&self.pushes_refused),
                disk_percent: self.disk_percent.0,
                ..Thresholds::default()
            },
            refund_due: self.refund_due.0,
            pace: Pace { repeat: self.repeat.0, calm: self.calm.0 },
            media,
        }
    }

    /// By what it is told: a medium is used where it has an address.
    fn media(&self) -> AlertMedia {
        let is_set = |text: &str| !text.is_empty();
        let webhook = is_set(&self.webhook_url.0).then(|| AlertWebhook {
            url: HiddenText::new(&self.webhook_url.0),
            secret: HiddenText::new(&self.webhook_secret.0),
        });
        let mail = is_set(&self.smtp_url.0).then(|| AlertMail {
            server: HiddenText::new(&self.smtp_url.0),
            from: self.mail_from.0.first().cloned().unwrap_or_default(),
            to: self.mail_to.0.clone(),
        });
        let gateway = is_set(&self.gateway_url.0).then(|| MessageGateway {
            url: HiddenText::new(&self.gateway_url.0),
            method: self.gateway_method.0.clone(),
            headers: self.gateway_headers.0.clone(),
            body: HiddenText::new(&self.gateway_body.0),
        });
        AlertMedia { language: self.language.0, webhook, mail, gateway }
    }

    /// Refuses a medium that lacks what it needs.
    pub fn judge(&self) -> Result<(), Failure> {
        let lacks = |setting: &str, for_what: &str| {
            Err(Failure::new(said!(
                "alerts.{setting} is not set, and alerts.{for_what} needs it",
                "未设置 alerts.{setting}，而 alerts.{for_what} 需要它"
            ))
            .next(said!(
                "Set it, or take alerts.{for_what} out.",
                "请设置它，或去掉 alerts.{for_what}。"
            )))
        };
        if !self.webhook_url.0.is_empty() && self.webhook_secret.0.is_empty() {
            return lacks("webhook_secret", "webhook_url");
        }
        if !self.smtp_url.0.is_empty() && self.mail_from.0.is_empty() {
            return lacks("mail_from", "smtp_url");
        }
        if !self.smtp_url.0.is_empty() && self.mail_to.0.is_empty() {
            return lacks("mail_to", "smtp_url");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::schema::Config;
    use std::path::PathBuf;

    #[test]
    fn what_nobody_sets_is_as_the_domain_has_it() {
        let config = Config::defaults(PathBuf::from("data")).expect("the defaults are a config");
        let overlap = config.channels.overlap;
        assert_eq!(config.alerts.settings(overlap), AlertSettings::default());
    }

    #[test]
    fn a_part_of_a_hundred_is_no_more() {
        assert_eq!(Percent::read("100"), Some(Percent(100)));
        assert_eq!(Percent::read("101"), None);
        assert_eq!(Percent::read("-1"), None);
    }
}
