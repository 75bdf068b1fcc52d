//! The gateway of the demo, a sandbox. The center speaks to it as a merchant; here are its payer and its tester.

use super::sandbox::Sandbox;
use crate::failure::Failure;
use crate::said::said;
use docket_app::{Connector, GatewayAt};
use docket_sandbox::pay;
use serde_json::{Value, json};

/// What orders call it.
pub const NAME: &str = "demo";

/// A gateway that runs.
pub struct Gateway(Sandbox);

impl Gateway {
    /// Starts it.
    pub async fn start() -> Result<Self, Failure> {
        let missing = said!("the gateway of the demo does not start", "演示用的支付网关未能启动");
        Sandbox::start("pay", &[], missing).await.map(Self)
    }

    /// As the center is told of it.
    pub fn settings(&self) -> GatewayAt {
        GatewayAt {
            name: NAME.to_owned(),
            connector: Connector::Sandbox {
                url: self.0.url().to_owned(),
                merchant: pay::MERCHANT.to_owned(),
                secret: pay::SECRET.to_owned(),
            },
            callback_url: None,
        }
    }

    /// Has a payment misbehave in these words from now on; in none where there are none.
    pub async fn behave(&self, payment: &str, words: &str) -> Result<(), Failure> {
        let wish = json!({"payment_id": payment, "behave": words});
        self.0.post("/control", &wish).await.map(drop)
    }

    /// The payer pays.
    pub async fn pay(&self, payment: &str) -> Result<(), Failure> {
        self.0.post(&format!("/pay/{payment}"), &json!({})).await.map(drop)
    }

    /// All that it knows, whatever it told the center.
    pub async fn truth(&self) -> Result<Value, Failure> {
        self.0.get("/control").await
    }
}
