//! Temu. Every call is a `POST` of one JSON object to one path; what is asked stands in its field `type`. Numbered pages,
//! newest first, closed windows, no package numbers and no money in the list.

mod aftersales;
mod amounts;
mod codes;
mod envelope;
mod goods;
mod lists;
mod orders;
mod packages;
mod push;
mod request;
mod sign;
mod token;

use super::{
    Answer, AppSecrets, Call, Capabilities, Connector, Content, Credentials, Direction, Fault,
    Host, Limit, LimitScope, Paging, Pull, Push, PushAbility, PushEvent, PushRefused, TimeField,
    TokenModel, Unbuildable, Verdict, WindowEnd,
};
use crate::exchange::{Acknowledgement, Reply, Request};
use docket_domain::Time;
use docket_domain::time::MINUTE;
use std::borrow::Cow;

/// The connector to Temu.
#[derive(Debug, Clone, Copy, Default)]
pub struct Temu;

static CAPABILITIES: Capabilities = Capabilities {
    hosts: &[
        Host { region: "us", base_url: "https://openapi-b-us.temu.com" },
        Host { region: "eu", base_url: "https://openapi-b-eu.temu.com" },
        Host { region: "global", base_url: "https://openapi-b-global.temu.com" },
    ],
    pull: Some(Pull {
        by: &[TimeField::Updated, TimeField::Created],
        window_max: None,
        end: WindowEnd::Closed,
        direction: Direction::NewestFirst,
        paging: Paging::Numbered,
        page_size_max: 100,
        retention: None,
        visibility_lag: 2 * MINUTE,
        numbers_only: false,
    }),
    push: Some(PushAbility { deadline: 500, content: Content::Hint, replay: None }),
    numbers_at_once: 20,
    packages_apart: true,
    amounts_apart: true,
    product_buckets: &["1", "4", "5", "6"],
    scopes: &["bg.order.list.v2.get", "bg.order.detail.v2.get"],
    limits: &[Limit { scope: LimitScope::App, calls: 20, per: 1000 }],
    token: TokenModel::Expires,
    clock_tolerance: 5 * MINUTE,
};

impl Connector for Temu {
    fn name(&self) -> &'static str {
        "temu"
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn scope(&self, call: &Call) -> Option<&'static str> {
        request::scope(call)
    }

    fn build(
        &self,
        call: &Call,
        credentials: &Credentials,
        at: Time,
    ) -> Result<Request, Unbuildable> {
        request::build(call, credentials, at)
    }

    fn parse(&self, call: &Call, reply: &Reply<'_>) -> Result<Answer, Fault> {
        // What is no letter in one text costs that text, not the page; nearly always all are.
        let body = str::from_utf8(reply.message.body)
            .map_or_else(|_| String::from_utf8_lossy(reply.message.body), Cow::Borrowed);
        let opened = envelope::open(reply, &body)?;
        match call {
            Call::Orders(asked) => orders::page(asked, &opened).map(Answer::Orders),
            Call::OrdersByNumber(numbers) => {
                orders::by_number(numbers, &opened).map(Answer::Orders)
            }
            Call::OrderDetail { order } => {
                orders::detail(order, &opened).map(|order| Answer::Order(Box::new(order)))
            }
            Call::PermitPushes => Ok(Answer::Done),
            Call::TokenInfo | Call::ExchangeCode { .. } | Call::RefreshToken { .. } => {
                token::read(&opened).map(Answer::Token)
            }
            Call::UnshippedPackages { page, .. } => {
                packages::unshipped(page, &opened).map(Answer::Packages)
            }
            Call::Shipments { order, line } => {
                packages::shipped(order, line, &opened).map(Answer::Packages)
            }
            Call::Amounts { order } => amounts::read(order, &opened).map(Answer::Amounts),
            Call::Products(asked) => goods::page(asked, &opened).map(Answer::Products),
            Call::Aftersales(asked) => aftersales::page(asked, &opened).map(Answer::Aftersales),
            Call::AftersaleGoods { page, .. } => {
                aftersales::goods(page, &opened).map(Answer::AftersaleGoods)
            }
            Call::Cancels { page, size, .. } => {
                aftersales::cancels(page, *size, &opened).map(Answer::Aftersales)
            }
        }
    }

    fn verify_push(
        &self,
        push: &Push<'_>,
        secrets: &AppSecrets,
    ) -> Result<Vec<PushEvent>, PushRefused> {
        push::verify(push, secrets).map(|event| vec![event])
    }

    fn acknowledge(&self, verdict: Verdict) -> Acknowledgement {
        let (status, body) = match verdict {
            Verdict::Taken => (200, r#"{"success":true}"#),
            Verdict::Refused => (401, r#"{"success":false}"#),
            Verdict::Later => (503, r#"{"success":false}"#),
        };
        Acknowledgement { status, content_type: "application/json", body }
    }
}
