//! `docket alerts`: what is wrong, who looks after it, and how well the center is.

use super::key::words;
use crate::center::{self, Center};
use crate::cli::Options;
use crate::config::{Length, Shape as _};
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::said;
use crate::usage::WrongValue;
use docket_app::Clock;
use docket_domain::story::Language;
use docket_domain::watch::Severity;
use docket_wire::moment::Moment;
use serde_json::{Value, json};

/// What `docket alerts` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List alerts, newest first; without --state those that are open
    List(List),
    /// How well the center is: a hundred, less what is wrong
    Health,
    /// Look after an alert: it is not told again while it is no worse
    Ack {
        /// The number of the alert
        alert: String,
    },
    /// Have nothing told of an alert, nor of a later one like it, for a while
    Silence(SilenceArgs),
}

/// Arguments of `docket alerts list`.
#[derive(Debug, clap::Args)]
pub struct List {
    /// In this state
    #[arg(long, default_value = "open", value_parser = ["open", "past", "any"])]
    state: String,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
}

/// Arguments of `docket alerts silence`.
#[derive(Debug, clap::Args)]
pub struct SilenceArgs {
    /// The number of the alert
    alert: String,
    /// For how long, such as 2h or 3d
    #[arg(long = "for", value_name = "LENGTH", default_value = "2h", value_parser = length)]
    length: i64,
}

fn length(text: &str) -> Result<i64, WrongValue> {
    match Length::read(text) {
        Some(Length(millis)) => Ok(millis),
        None => Err(WrongValue(said!(
            "a length of time is such as 30m, 2h or 3d",
            "时长的写法如 30m、2h 或 3d"
        ))),
    }
}

/// Does what was asked.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let out = options.output();
    center::with_one_that_is_there(options, async |center| match &command {
        Command::List(wanted) => list(wanted, center, &out).await,
        Command::Health => health(center, &out).await,
        Command::Ack { alert } => {
            let path = format!("{}/acknowledge", path(alert)?);
            let done = center.post(&path, &json!({})).await?;
            let by = words(&done["acknowledged_by"]);
            out.show(&done, |out| {
                out.note(
                    out.tell(&said!("{by} looks after alert {alert}", "告警 {alert} 由 {by} 认领")),
                );
            });
            Ok(())
        }
        Command::Silence(wanted) => silence(wanted, center, &out).await,
    })
    .await
}

fn path(alert: &str) -> Result<String, Failure> {
    Ok(format!("/api/sync/monitoring/alerts/{}", super::path_part(alert)?))
}

async fn list(wanted: &List, center: &Center, out: &Output) -> Result<(), Failure> {
    let List { state, limit } = wanted;
    let page =
        center.get(&format!("/api/sync/monitoring/alerts?state={state}&limit={limit}")).await?;
    let alerts: &[Value] = page["alerts"].as_array().map_or(&[], Vec::as_slice);
    out.show(&page, |out| {
        if alerts.is_empty() {
            out.note(match state.as_str() {
                "open" => out.say("Nothing is wrong.", "一切正常。"),
                _ => out.say("There is no such alert.", "没有这样的告警。"),
            });
            return;
        }
        let head = [
            out.say("alert", "告警"),
            out.say("severity", "级别"),
            out.say("since", "开始"),
            out.say("until", "结束"),
            out.say("told", "通知"),
            out.say("looked after by", "认领人"),
            out.say("what", "问题"),
        ];
        out.table(&head, alerts.iter().map(|alert| row(alert, out)));
        for alert in alerts.iter().filter(|alert| alert["closed_at"].is_null()) {
            let id = words(&alert["alert_id"]);
            out.note(&format!("{id}: {}", advice(alert, out)));
        }
    });
    Ok(())
}

fn row(alert: &Value, out: &Output) -> Vec<String> {
    let word = |name: &str| words(&alert[name]);
    vec![
        word("alert_id"),
        severity(alert, out),
        word("opened_at"),
        word("closed_at"),
        alert["told"].to_string(),
        word("acknowledged_by"),
        what(alert, out),
    ]
}

/// What is wrong. A marketplace's or a person's why is English in both; in Chinese it is told as far as it is known.
fn what(alert: &Value, out: &Output) -> String {
    let (en, both) = (words(&alert["what"]["en"]), spoken(&alert["what"], out));
    match out.language {
        Language::Zh if alert["kind"] == "shop_paused" => {
            docket_wire::chinese::of(&en).unwrap_or(both)
        }
        _ => both,
    }
}

/// What to do, with the number of the shop in it where it is about one.
fn advice(alert: &Value, out: &Output) -> String {
    let (advice, subject) = (spoken(&alert["advice"], out), words(&alert["subject"]));
    let shop = subject.split(|sign: char| !sign.is_ascii_digit()).next().unwrap_or_default();
    if shop.is_empty() { advice } else { advice.replace(" ID", &format!(" {shop}")) }
}

fn severity(alert: &Value, out: &Output) -> String {
    let word = words(&alert["severity"]);
    match Severity::from_word(&word) {
        Some(Severity::Notice) => out.say("notice", "提示").to_owned(),
        Some(Severity::Warning) => out.say("warning", "警告").to_owned(),
        Some(Severity::Critical) => out.say("critical", "严重").to_owned(),
        None => word,
    }
}

/// Of a sentence in both languages the one of the reader.
fn spoken(both: &Value, out: &Output) -> String {
    match out.language {
        Language::En => words(&both["en"]),
        Language::Zh => words(&both["zh"]),
    }
}

async fn health(center: &Center, out: &Output) -> Result<(), Failure> {
    let health = center.get("/api/sync/monitoring/health").await?;
    out.show(&health, |out| {
        let score = &health["score"];
        out.line(&format!("{}: {score}", out.say("health", "健康分")));
        if let Some(seconds) = health["unwatched_seconds"].as_u64() {
            out.line(out.tell(&said!(
                "nobody has looked for {seconds} s: no process that runs tasks is alive",
                "已有 {seconds} 秒无人检查：没有运行任务的进程"
            )));
        }
        for deduction in health["deductions"].as_array().into_iter().flatten() {
            let alert = &deduction["alert"];
            let what = what(alert, out);
            out.line(&format!("-{}  {what}", deduction["points"]));
        }
    });
    Ok(())
}

async fn silence(wanted: &SilenceArgs, center: &Center, out: &Output) -> Result<(), Failure> {
    let until = Moment(Clock::System.now().plus(wanted.length));
    let path = format!("{}/silence", path(&wanted.alert)?);
    let done = center.post(&path, &json!({ "until": until })).await?;
    let (alert, until) = (&wanted.alert, words(&done["silenced_until"]));
    out.show(&done, |out| {
        out.note(out.tell(&said!(
            "nothing is told of alert {alert} until {until}",
            "告警 {alert} 在 {until} 之前不再通知"
        )));
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Form;

    #[test]
    fn what_to_do_about_a_shop_has_its_number_and_why_it_is_paused_is_chinese() {
        let alert = json!({
            "kind": "shop_paused", "subject": "394",
            "what": {
                "en": "Nothing is asked of the shop Tea: Paused by a person; `docket shop resume` goes on.",
                "zh": "店铺 Tea 已暂停：Paused by a person; `docket shop resume` goes on.",
            },
            "advice": {"en": "`docket shop resume ID`", "zh": "docket shop resume ID"},
        });
        let out = |language| Output { form: Form::People, language };
        assert_eq!(advice(&alert, &out(Language::En)), "`docket shop resume 394`");
        let wanted = "店铺 Tea 已暂停：由人工暂停；用 docket shop resume 恢复。";
        assert_eq!(what(&alert, &out(Language::Zh)), wanted);
        let other = json!({"subject": "stock", "advice": {"en": "an ID"}});
        assert_eq!(advice(&other, &out(Language::En)), "an ID");
    }
}
