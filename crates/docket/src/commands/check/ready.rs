//! `docket check --ready`: what the health check of a container asks, where nothing else could ask it. One question to
//! the center that runs on the data folder; nothing is opened, and nothing besides is looked at.

use crate::center::serving::{self, Running};
use crate::center::{Client, Method};
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;
use crate::said::{Said, said};
use serde_json::Value;

/// Ends well where the center takes orders.
pub async fn look(config: &Config, out: &Output) -> Result<(), Failure> {
    let Some(Running { address, token, .. }) = serving::running(config) else {
        let data = config.data.display();
        return Err(Failure::new(said!(
            "no center runs on {data}",
            "没有订单中心在 {data} 上运行"
        ))
        .word("no_center")
        .next(said!(
            "`docket serve` runs one; --data DIR names another folder.",
            "docket serve 可运行订单中心；用 --data DIR 指定其他目录。"
        )));
    };
    let client = Client::new(&address, &token)?;
    let answer = client.send(Method::GET, "/readyz", Vec::new(), Vec::new()).await?;
    let told = answer.json()?;
    if !answer.status.is_success() {
        let reasons = told["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let reasons: Vec<_> = reasons.collect();
        let not = said!("{address} takes no orders now", "{address} 目前不能接单");
        return Err(Failure::new(not.because(Said::as_told(reasons.join("; "))))
            .word("unavailable")
            .next(crate::failure::check_tells()));
    }
    out.show(&told, |out| {
        out.line(out.tell(&said!("{address} takes orders", "{address} 可以接单")));
    });
    Ok(())
}
