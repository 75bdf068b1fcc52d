//! Alerts are told: a message to each medium is a task of its own, so that one which is away holds no other up. Alerts
//! of one kind that are told for one reason at one look are one message: a marketplace that is away is one trouble,
//! however many shops it has.

use super::media::{AlertMail, AlertWebhook, Medium, MessageGateway, Places};
use crate::ledgers::Receiver;
use crate::net::mail::{self, Letter};
use crate::net::standard_webhooks::signed;
use crate::net::{Limits, NoReply, Reply};
use crate::tasks::{Policy, Task, failed};
use crate::{App, Error};
use docket_domain::story::Language;
use docket_domain::watch::{Alert, AlertKind, Severity, Telling, Turn, alert_text};
use docket_domain::{Id, Time};
use docket_store::{Context, NewTask};
use docket_tasks::{Handled, Job, Outcome};
use docket_wire::moment::Moment;
use docket_wire::view::Number;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Alerts that one message names.
const NAMED: usize = 10;

/// Tells alerts by one medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AlertMessage {
    medium: Medium,
    telling: String,
    /// Those that are named.
    alerts: Vec<Id>,
    /// How many there are.
    count: usize,
}

/// What is sent of one look.
struct Message {
    telling: Telling,
    /// At least one.
    alerts: Vec<Alert>,
    count: usize,
}

impl Task for AlertMessage {
    const KIND: &'static str = "alert_message";
    /// Eight tries, for some hours: what is older is of no use any more, and later ones are not held up by it.
    const POLICY: Policy = Policy { attempts: 8, skips_dead: true, ..Policy::EXCHANGE };

    async fn run(self, app: App, job: Job) -> Handled {
        match app.tell_alerts(&self, &job).await {
            Ok(outcome) => outcome,
            Err(error) => failed(&app, &error, 1_000),
        }
        .into()
    }
}

/// The messages of what is told at one look, to each of the media.
pub(super) fn messages(turns: &[Turn], media: &[Medium], cx: &mut Context<'_>) -> Vec<NewTask> {
    let mut told = BTreeMap::<(Telling, AlertKind), Vec<Id>>::new();
    for turn in turns {
        if let Some(telling) = turn.telling {
            told.entry((telling, turn.alert.kind)).or_default().push(turn.alert.id);
        }
    }
    let mut tasks = Vec::new();
    for ((telling, _), alerts) in told {
        for medium in media {
            let message = AlertMessage {
                medium: *medium,
                telling: telling.word().to_owned(),
                alerts: alerts.iter().copied().take(NAMED).collect(),
                count: alerts.len(),
            };
            let chain_key = Some(format!("{}:{}", AlertMessage::KIND, medium.word()));
            tasks.push(NewTask { chain_key, ..message.new_task(cx) });
        }
    }
    tasks
}

impl App {
    async fn tell_alerts(&self, told: &AlertMessage, job: &Job) -> Result<Outcome, Error> {
        let telling = Telling::ALL.into_iter().find(|telling| telling.word() == told.telling);
        let Some(telling) = telling else {
            return Ok(Outcome::Dead(format!("{} is no reason to tell", told.telling)));
        };
        let mut alerts = Vec::new();
        for id in &told.alerts {
            alerts.extend(self.store().alert(*id).await?);
        }
        if alerts.is_empty() {
            return Ok(Outcome::Done);
        }
        let message = Message { telling, alerts, count: told.count };
        let media = &self.settings().alerts.media;
        // A medium that is set no more has nothing to tell.
        match told.medium {
            Medium::Webhook => match &media.webhook {
                Some(webhook) => self.tell_webhook_of_alerts(webhook, &message, job).await,
                None => Ok(Outcome::Done),
            },
            Medium::Mail => match &media.mail {
                Some(mail) => Ok(write(mail, &message, media.language, job).await),
                None => Ok(Outcome::Done),
            },
            Medium::Gateway => match &media.gateway {
                Some(gateway) => Ok(self.tell_gateway(gateway, &message, media.language).await),
                None => Ok(Outcome::Done),
            },
        }
    }

    async fn tell_webhook_of_alerts(
        &self,
        webhook: &AlertWebhook,
        message: &Message,
        job: &Job,
    ) -> Result<Outcome, Error> {
        let (id, now) = (format!("alert-{}", job.id), self.now());
        let secret = Receiver::secret(webhook.secret.reveal());
        let secret = secret.ok_or_else(|| Error::Internal("its secret is no secret".to_owned()))?;
        let body = message.event(&id, now);
        let headers = signed(&[secret], &id, now, &body);
        let net = &self.inner.net;
        Ok(outcome(net.post(webhook.url.reveal(), headers, body, Limits::MESSAGE).await, now))
    }

    async fn tell_gateway(
        &self,
        gateway: &MessageGateway,
        message: &Message,
        language: Language,
    ) -> Outcome {
        let (subject, text) = (message.subject(language), message.text(language));
        let places = Places {
            subject: &subject,
            text: &text,
            severity: message.severity().word(),
            kind: message.kind().word(),
        };
        let headers = gateway.headers.iter();
        let headers: Vec<_> =
            headers.map(|(name, value)| (name.as_str(), value.reveal().to_owned())).collect();
        let (url, body) = (gateway.url_for(&places), gateway.body_for(&places));
        let net = &self.inner.net;
        let sent = net
            .send(gateway.method.clone(), &url, headers, body.into_bytes(), Limits::MESSAGE)
            .await;
        outcome(sent, self.now())
    }
}

async fn write(mail: &AlertMail, message: &Message, language: Language, job: &Job) -> Outcome {
    let letter = Letter {
        from: mail.from.clone(),
        to: mail.to.clone(),
        subject: message.subject(language),
        text: message.text(language),
        id: format!("alert-{}", job.id),
    };
    match mail::send(mail.server.reveal(), &letter).await {
        Ok(()) => Outcome::Done,
        Err(not_mailed) => Outcome::Retry(not_mailed.to_string()),
    }
}

/// The longest that a receiver can ask us to wait, in milliseconds.
const PATIENCE: i64 = docket_domain::time::HOUR;

fn outcome(reply: Result<Reply, NoReply>, now: Time) -> Outcome {
    let reply = match reply {
        Ok(reply) => reply,
        Err(no_reply) => return Outcome::Retry(no_reply.to_string()),
    };
    let why = format!("the receiver answered {}", reply.status);
    match (reply.status, reply.retry_after) {
        (200..=299, _) => Outcome::Done,
        (429 | 503, Some(seconds)) => {
            let wait = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(PATIENCE);
            Outcome::PutOff(now.plus(wait.clamp(1000, PATIENCE)), why)
        }
        _ => Outcome::Retry(why),
    }
}

/// An event as a webhook is sent it.
#[derive(Serialize)]
struct Event<'a> {
    id: &'a str,
    r#type: String,
    at: Moment,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    /// How many alerts there are; those that are not named can be asked for.
    count: usize,
    alerts: Vec<Named<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    alert_id: Number,
    kind: AlertKind,
    subject: &'a str,
    severity: Severity,
    what: Both,
    advice: Both,
    opened_at: Moment,
    closed_at: Option<Moment>,
}

#[derive(Serialize)]
struct Both {
    en: String,
    zh: String,
}

impl Message {
    fn kind(&self) -> AlertKind {
        self.alerts[0].kind
    }

    /// The worst of them.
    fn severity(&self) -> Severity {
        self.alerts.iter().map(|alert| alert.severity).max().unwrap_or(Severity::Notice)
    }

    fn event(&self, id: &str, at: Time) -> Vec<u8> {
        let named = self.alerts.iter().map(|alert| {
            let text = |language| alert_text(alert.kind, &alert.facts, language);
            let (en, zh) = (text(Language::En), text(Language::Zh));
            Named {
                alert_id: Number(alert.id),
                kind: alert.kind,
                subject: &alert.subject,
                severity: alert.severity,
                what: Both { en: en.what, zh: zh.what },
                advice: Both { en: en.advice.to_owned(), zh: zh.advice.to_owned() },
                opened_at: alert.opened_at.into(),
                closed_at: alert.closed_at.map(Moment),
            }
        });
        let data = Data { count: self.count, alerts: named.collect() };
        let r#type = format!("alert.{}", self.telling.word());
        docket_wire::view::json(&Event { id, r#type, at: at.into(), data })
    }

    /// One line: why it is told, how bad it is, and what is wrong.
    fn subject(&self, language: Language) -> String {
        let first = alert_text(self.alerts[0].kind, &self.alerts[0].facts, language).what;
        let more = self.count - 1;
        let severity = self.severity();
        match language {
            Language::En => {
                let word = match self.telling {
                    Telling::Closed => "over",
                    Telling::Again => "still",
                    Telling::Opened | Telling::Worse => severity.word(),
                };
                let more = if more > 0 { format!(" And {more} more.") } else { String::new() };
                format!("Docket, {word}: {first}{more}")
            }
            Language::Zh => {
                let word = match (self.telling, severity) {
                    (Telling::Closed, _) => "已恢复",
                    (Telling::Again, _) => "仍未恢复",
                    (_, Severity::Notice) => "提示",
                    (_, Severity::Warning) => "警告",
                    (_, Severity::Critical) => "严重",
                };
                let more = if more > 0 { format!("另有 {more} 个。") } else { String::new() };
                format!("Docket {word}：{first}{more}")
            }
        }
    }

    /// All of it: a line for each that is named, and what to do.
    fn text(&self, language: Language) -> String {
        let mut lines: Vec<String> = self
            .alerts
            .iter()
            .map(|alert| {
                let what = alert_text(alert.kind, &alert.facts, language).what;
                format!("{what} ({})", alert.id)
            })
            .collect();
        let left = self.count.saturating_sub(self.alerts.len());
        if left > 0 {
            lines.push(match language {
                Language::En => format!("And {left} more: `docket alerts list`."),
                Language::Zh => format!("另有 {left} 个：docket alerts list。"),
            });
        }
        if self.telling != Telling::Closed {
            lines.push(alert_text(self.kind(), &self.alerts[0].facts, language).advice.to_owned());
        }
        lines.join("\n")
    }
}
