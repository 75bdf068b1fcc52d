//! `docket schedules`: what runs by itself, when it ran last and when it runs next.

use crate::center;
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use serde_json::Value;

/// Lists them.
pub async fn run(options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    center::with_one_that_is_there(options, async |center| {
        let schedules = center.get("/api/schedules").await?;
        let out = options.output();
        out.show(&schedules, |out| {
            let head = [
                out.say("schedule", "定时任务"),
                out.say("when", "时间"),
                out.say("last", "上次"),
                out.say("next", "下次"),
            ];
            let word = |of: &Value, name: &str| {
                let word = of[name].as_str().unwrap_or("-");
                match word.strip_prefix("every ").filter(|_| name == "every") {
                    Some(interval) => format!("{}{interval}", out.say("every ", "每隔 ")),
                    None => word.to_owned(),
                }
            };
            let row =
                |of: &Value| ["name", "every", "last", "next"].map(|name| word(of, name)).to_vec();
            out.table(&head, schedules["schedules"].as_array().into_iter().flatten().map(row));
        });
        Ok(())
    })
    .await
}
