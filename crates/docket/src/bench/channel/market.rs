//! The marketplace of the bench: `docket sandbox temu` in a process of its own.

use super::super::connection::{Connection, Request, Target};
use crate::failure::Failure;
use crate::said::said;
use docket_app::Clock;
use docket_connectors::channel::temu::Temu;
use docket_connectors::channel::{
    Call, Connector as _, Credentials, OrdersCall, Page, Secret, TimeField, Window,
};
use docket_domain::Time;
use docket_domain::time::{DAY, SECOND};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// Orders on a page.
const PAGE: u64 = 100;

/// The marketplace; ended when dropped.
pub struct Market {
    child: Child,
    target: Target,
    /// What it said when it began: its shops, and how it is spoken to.
    pub said: Value,
}

impl Market {
    /// Starts it with so many shops of so many orders each; `limit` is how many calls are allowed in a second, 0 for any number.
    pub fn start(seed: u64, shops: u64, orders: u64, limit: u64) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["sandbox", "temu", "--listen", "127.0.0.1:0", "--json"]);
        let numbers =
            [("--seed", seed), ("--shops", shops), ("--count", orders), ("--limit", limit)];
        for (name, number) in numbers {
            command.args([name, &number.to_string()]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().expect("stdout was asked for as a pipe");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line)?;
        let url = said["listening"].as_str().unwrap_or_default();
        let address = url.trim_start_matches("http://").parse();
        let address = address.map_err(|_| {
            Failure::new(said!("the sandbox does not say where it listens", "沙箱没有给出监听地址"))
        })?;
        Ok(Self { child, target: Target { address, key: String::new() }, said })
    }

    /// Has something happen there.
    pub async fn control(&self, wish: &Value) -> Result<Value, Failure> {
        let (mut way, body) = (Connection::open(&self.target).await?, wish.to_string());
        let (path, body) = ("/control", body.as_bytes());
        let asked = Request { method: "POST", path, idempotency_key: None, body };
        let answer = way.ask(asked).await?;
        Ok(serde_json::from_slice(answer.expect(200, "POST /control")?)?)
    }

    /// What is true there.
    pub async fn truth(&self) -> Result<Value, Failure> {
        let mut way = Connection::open(&self.target).await?;
        let answer = way.ask(Request::get("/control")).await?;
        Ok(serde_json::from_slice(answer.expect(200, "GET /control")?)?)
    }

    /// How many orders a second it gives, page by page, to somebody who keeps nothing.
    pub async fn alone(&self, orders: u64) -> Result<f64, Failure> {
        let now = Clock::System.now();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let credentials = Credentials {
            app_key: text(&self.said["app_key"]),
            app_secret: Secret::new(text(&self.said["app_secret"])),
            access_token: Secret::new(text(&self.said["shops"][0]["access_token"])),
            shop: String::new(),
        };
        let from = Time((now.0 - 120 * DAY) / SECOND * SECOND);
        let window = Window { by: TimeField::Updated, from, to: Time(now.0 / SECOND * SECOND) };
        let mut way = Connection::open(&self.target).await?;
        let began = Instant::now();
        let pages = orders.div_ceil(PAGE);
        for number in 1..=pages {
            let page = Page::Number(number as u32);
            let call = Call::Orders(OrdersCall { window, page, size: PAGE as u16 });
            let request = Temu.build(&call, &credentials, Clock::System.now());
            let request = request.map_err(|why| Failure::new(crate::said::Said::as_told(why)))?;
            let (path, body) = (&*request.path, &*request.body);
            let asked = Request { method: "POST", path, idempotency_key: None, body };
            way.ask(asked).await?.expect(200, path)?;
        }
        Ok((pages * PAGE) as f64 / began.elapsed().as_secs_f64())
    }
}

impl Drop for Market {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
