//! `docket check --deep`: shows what a look through the whole database found, with a bar while it looks.

use crate::center::own;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::{Output, Progress};
use crate::said::{Said, said};
use docket_app::{Clock, InspectProgress, Inspected, Inspection, inspect};
use serde_json::{Value, json};
use std::sync::Mutex;

/// The bars on a terminal: one for each stage, made when it begins.
struct Bars {
    out: Output,
    bar: Mutex<Option<Progress>>,
}

impl Bars {
    fn hear(&self, told: InspectProgress, inspected: Inspected) {
        let (what, count) = match inspected {
            Inspected::Tables(count) => (self.out.say("tables", "数据表"), count),
            Inspected::Orders(count) => (self.out.say("orders", "订单"), count),
            Inspected::Rows(count) => (self.out.say("rows beside orders", "附属数据"), count),
        };
        let Ok(mut bar) = self.bar.lock() else { return };
        match told {
            InspectProgress::Total => {
                if let Some(before) = bar.replace(self.out.progress(what, count)) {
                    before.clear();
                }
            }
            InspectProgress::Done => (0..count).for_each(|_| bar.iter().for_each(Progress::step)),
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        if let Ok(bar) = self.bar.get_mut() {
            bar.iter().for_each(Progress::clear);
        }
    }
}

/// Looks, and answers what it says in one sentence, what it says of keys that were given up, and all of it. That it could
/// not look is an answer, too.
pub async fn look(
    config: &Config,
    out: &Output,
) -> (Result<Said, Said>, Option<Said>, Option<Value>) {
    let bars = Bars { out: out.clone(), bar: Mutex::new(None) };
    let hear = Box::new(move |told, inspected| bars.hear(told, inspected));
    // Keys that cannot be read are told of by themselves.
    let vault = config.keys().read().ok().flatten();
    let found = inspect(&config.database_url(), vault, Clock::System.now(), hear).await;
    let found = match found {
        Ok(found) => found.unwrap_or_default(),
        Err(error) => {
            let why = Failure::from(own::told(config, error).await);
            let not = said!("the database cannot be looked through", "无法检查数据库");
            return (Err(not.because(why.message)), None, None);
        }
    };
    let orders = found.orders;
    let all: u64 = found.counted.values().sum();
    let says = match all {
        0 => Ok(said!("none; {orders} orders looked at", "无；已检查 {orders} 个订单")),
        1 => Err(said!("1 thing is wrong", "发现 1 处问题").and(next())),
        all => Err(said!("{all} things are wrong", "发现 {all} 处问题").and(next())),
    };
    let given_up = (found.given_up > 0).then(|| super::keys::sealed_away(found.given_up));
    (says, given_up, Some(shown(&found)))
}

/// What to do about it.
fn next() -> Said {
    said!(
        "keep a copy of the database as it is, then restore the last backup with `docket restore` into an empty one; \
         what `docket reconcile` calls repairable it repairs",
        "请先原样保留数据库副本，再用 docket restore 将最近的备份恢复到空数据库；docket reconcile 标为可修复的可由其修复"
    )
}

fn shown(found: &Inspection) -> Value {
    let wrong = found.wrong.iter().map(|wrong| {
        let [en, zh] = &wrong.explained;
        let order = wrong.order.map(|order| order.to_string());
        json!({"class": wrong.class, "order_id": order, "subject": wrong.subject, "en": en, "zh": zh})
    });
    json!({"orders": found.orders, "counted": found.counted, "given_up": found.given_up,
           "wrong": wrong.collect::<Vec<_>>()})
}

/// What is wrong, for people.
pub fn print(found: &Value, out: &Output) {
    let wrong = found["wrong"].as_array().map_or(&[][..], Vec::as_slice);
    for wrong in wrong {
        let says = wrong[out.say("en", "zh")].as_str().unwrap_or_default();
        let class = wrong["class"].as_str().unwrap_or_default();
        out.line(&format!("  {class}: {}", says.replace('\n', " ")));
    }
    let counted = found["counted"].as_object();
    for (class, count) in counted.into_iter().flatten() {
        let told = wrong.iter().filter(|wrong| wrong["class"] == **class).count() as u64;
        let more = count.as_u64().unwrap_or_default().saturating_sub(told);
        if more > 0 {
            out.line(out.tell(&said!(
                "  {class}: {more} more; `docket reconcile` lists all",
                "  {class}：另有 {more} 处；docket reconcile 可列出全部"
            )));
        }
    }
}
