//! The gateway of the demo: `docket sandbox pay` of this very program, in a process of its own. The center speaks to
//! it as a merchant; here are its payer and its tester.

use crate::center::{Client, Method};
use crate::failure::Failure;
use crate::said::said;
use docket_app::{Connector, GatewayAt};
use docket_sandbox::pay;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// What orders call it.
pub const NAME: &str = "demo";

/// A sandbox that runs; ended when dropped.
pub struct Gateway {
    child: Child,
    url: String,
    line: Client,
}

impl Gateway {
    /// Starts it on a free port and waits until it listens.
    pub async fn start() -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["sandbox", "pay", "--json", "--listen", "127.0.0.1:0"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().expect("stdout was asked for as a pipe");
        let first = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        });
        let told: Option<Value> = serde_json::from_str(&first.await??).ok();
        let url = told.as_ref().and_then(|told| told["listening"].as_str());
        let Some(url) = url.map(ToOwned::to_owned) else {
            // It may have ended by itself; then there is nothing to end.
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::new(said!(
                "the gateway of the demo does not start",
                "演示用的支付网关未能启动"
            ))
            .next(said!(
                "`docket sandbox pay` tells why.",
                "运行 docket sandbox pay 可查看原因。"
            )));
        };
        Ok(Self { child, line: Client::new(&url, "")?, url })
    }

    /// As the center is told of it.
    pub fn settings(&self) -> GatewayAt {
        GatewayAt {
            name: NAME.to_owned(),
            connector: Connector::Sandbox {
                url: self.url.clone(),
                merchant: pay::MERCHANT.to_owned(),
                secret: pay::SECRET.to_owned(),
            },
            callback_url: None,
        }
    }

    /// Has a payment misbehave in these words from now on; in none where there are none.
    pub async fn behave(&self, payment: &str, words: &str) -> Result<(), Failure> {
        let wish = json!({"payment_id": payment, "behave": words});
        self.line.ask(Method::POST, "/control", Some(&wish)).await.map(drop)
    }

    /// The payer pays.
    pub async fn pay(&self, payment: &str) -> Result<(), Failure> {
        self.line.ask(Method::POST, &format!("/pay/{payment}"), Some(&json!({}))).await.map(drop)
    }

    /// All that it knows, whatever it told the center.
    pub async fn truth(&self) -> Result<Value, Failure> {
        self.line.ask(Method::GET, "/control", None).await
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
