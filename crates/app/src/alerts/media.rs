//! By what alerts are told: a webhook signed by Standard Webhooks, mail, and any gateway of messages that takes HTTP:
//! short messages to telephones, and the robots of chats.

use crate::net::{Method, Url};
use docket_connectors::channel::Secret;
use docket_domain::story::Language;
use serde::{Deserialize, Serialize};

/// By what alerts are told beside the log; nothing where nothing is set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertMedia {
    /// In which language people are told.
    pub language: Language,
    /// A receiver of signed events.
    pub webhook: Option<AlertWebhook>,
    /// People who are written to.
    pub mail: Option<AlertMail>,
    /// A gateway of messages.
    pub gateway: Option<MessageGateway>,
}

/// A receiver of signed events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertWebhook {
    /// Where they are sent.
    pub url: Secret,
    /// What signs them.
    pub secret: Secret,
}

/// People who are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertMail {
    /// The server, with its user and password.
    pub server: Secret,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
}

/// A gateway of messages: what it is sent is a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageGateway {
    /// Where it is; may have places.
    pub url: Secret,
    /// The method.
    pub method: Method,
    /// Names of headers and their values.
    pub headers: Vec<(String, Secret)>,
    /// What it is sent; may have places.
    pub body: Secret,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Medium {
    /// The webhook.
    Webhook,
    /// Mail.
    Mail,
    /// The gateway of messages.
    Gateway,
}

impl Medium {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Mail => "mail",
            Self::Gateway => "gateway",
        }
    }
}

impl AlertMedia {
    /// Those that are set.
    pub(crate) fn all(&self) -> impl Iterator<Item = Medium> {
        let set = [
            (self.webhook.is_some(), Medium::Webhook),
            (self.mail.is_some(), Medium::Mail),
            (self.gateway.is_some(), Medium::Gateway),
        ];
        set.into_iter().filter_map(|(is_set, medium)| is_set.then_some(medium))
    }
}

/// What fills the places of a template.
pub(crate) struct Places<'a> {
    /// `{subject}`: one line.
    pub subject: &'a str,
    /// `{text}`: all of it.
    pub text: &'a str,
    /// `{severity}`: its word.
    pub severity: &'a str,
    /// `{kind}`: its word.
    pub kind: &'a str,
}

/// How a value is written where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    /// As it is.
    None,
    /// As a part of an address or a form.
    Percent,
    /// Inside a text of JSON.
    Json,
}

impl MessageGateway {
    /// Where a message is sent.
    pub(crate) fn url_for(&self, places: &Places<'_>) -> String {
        places.fill(self.url.reveal(), Escape::Percent)
    }

    /// What is sent. What a value must not break is told by the type of the content.
    pub(crate) fn body_for(&self, places: &Places<'_>) -> String {
        let kind = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let escape = match kind.map(|(_, kind)| kind.reveal()) {
            Some(kind) if kind.contains("json") => Escape::Json,
            Some(kind) if kind.contains("form-urlencoded") => Escape::Percent,
            _ => Escape::None,
        };
        places.fill(self.body.reveal(), escape)
    }
}

impl Places<'_> {
    fn fill(&self, template: &str, escape: Escape) -> String {
        let mut filled = String::with_capacity(template.len() + self.text.len());
        let mut rest = template;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let place = from.find('}').and_then(|end| Some((self.named(&from[1..end])?, end)));
            let Some((value, end)) = place else {
                // A brace of the template's own, as JSON has many.
                filled.push('{');
                rest = &from[1..];
                continue;
            };
            filled.push_str(&escaped(value, escape));
            rest = &from[end + 1..];
        }
        filled.push_str(rest);
        filled
    }

    fn named(&self, name: &str) -> Option<&str> {
        Some(match name {
            "subject" => self.subject,
            "text" => self.text,
            "severity" => self.severity,
            "kind" => self.kind,
            _ => return None,
        })
    }
}

fn escaped(value: &str, escape: Escape) -> String {
    match escape {
        Escape::None => value.to_owned(),
        Escape::Percent => {
            let mut url = Url::parse("http://host/").expect("it is an address");
            url.query_pairs_mut().append_key_only(value);
            url.query().unwrap_or_default().to_owned()
        }
        Escape::Json => {
            let text = serde_json::to_string(value).expect("a text is JSON");
            text[1..text.len() - 1].to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(kind: &str, url: &str, body: &str) -> MessageGateway {
        MessageGateway {
            url: Secret::new(url),
            method: Method::POST,
            headers: vec![("Content-Type".to_owned(), Secret::new(kind))],
            body: Secret::new(body),
        }
    }

    const PLACES: Places<'_> = Places {
        subject: "a \"shop\" & more",
        text: "line\nline",
        severity: "critical",
        kind: "shop_paused",
    };

    #[test]
    fn a_template_of_a_robot_stays_json_whatever_stands_in_an_alert() {
        let body = r#"{"msgtype":"text","text":{"content":"{subject}: {text}"},"at":{}}"#;
        let robot = gateway("application/json", "https://host/send?access_token=x", body);
        let sent: serde_json::Value = serde_json::from_str(&robot.body_for(&PLACES)).unwrap();
        assert_eq!(sent["text"]["content"], "a \"shop\" & more: line\nline");
        assert_eq!(robot.url_for(&PLACES), "https://host/send?access_token=x");
    }

    #[test]
    fn a_form_and_an_address_are_escaped_and_what_is_no_place_stays() {
        let form = gateway(
            "application/x-www-form-urlencoded",
            "https://host/{kind}?text={subject}",
            "to=1&text={subject}&{other}",
        );
        assert_eq!(form.body_for(&PLACES), "to=1&text=a+%22shop%22+%26+more&{other}");
        let url = form.url_for(&PLACES);
        assert_eq!(url, "https://host/shop_paused?text=a+%22shop%22+%26+more");
        assert_eq!(
            gateway("text/plain", "", "{severity}: {text}").body_for(&PLACES),
            "critical: line\nline"
        );
    }
}
