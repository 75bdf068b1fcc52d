//! What every marketplace can be asked, and the orders and products that it tells of. A connector is one
//! implementation; it keeps nothing between calls: credentials and times are arguments.
//!
//! Beside the payment gateways' operations, not among them: a gateway is asked about one payment and compared with it,
//! a marketplace is asked for all it has. What both send and hear is in `exchange`. What is asked stands in `call`, what
//! is told in `order`, `goods`, `package`, `aftersale` and `token`, what can go wrong in `fault`, what one marketplace
//! can do in `capabilities`, what it says by itself in `push`. How a list is read so that nothing is missed: `windows` (which
//! stretches of time are finished and which are next) and `walk` (which page to ask for), and `catalog`, which walks through all products. How often it may be asked, and
//! whose turn it is: `limiter`.

mod aftersale;
mod answer;
mod call;
mod capabilities;
mod catalog;
mod credentials;
mod fault;
mod goods;
mod json;
mod limiter;
mod order;
mod package;
mod private;
mod push;
pub mod temu;
mod token;
mod walk;
mod windows;

pub use aftersale::{
    Aftersale, AftersaleGoods, AftersaleGoodsPage, AftersaleKind, AftersalePage, AftersaleState,
};
pub use answer::{Answer, Unreadable};
pub use call::{
    AftersalesCall, Call, OrdersCall, Page, ProductsCall, TimeField, Unbuildable, Window,
};
pub use capabilities::{
    Capabilities, Content, Direction, Host, Limit, LimitScope, Paging, Pull, PushAbility,
    TokenModel, WindowEnd,
};
pub use catalog::Catalog;
pub use credentials::{AppSecret, AppSecrets, Credentials, Secret};
pub use fault::{Concern, Fault, FaultKind};
pub use goods::{Amounts, LineAmounts, Price, Product, ProductSku, ProductsPage};
pub use limiter::{Pace, Purpose, Turns};
pub use order::{
    ChannelLine, ChannelOrder, Flag, Fulfilment, Odd, OrdersPage, PackageRef, SoldProduct, Stage,
};
pub use package::{Held, Package, PackagesPage};
pub use push::{Push, PushBody, PushEvent, PushKind, PushRefused, Verdict};
pub use token::TokenInfo;
pub use walk::{Heard, Told, Unwalkable, Walk};
pub use windows::{Coverage, Freshness, Span, Spans};

use crate::exchange::{Acknowledgement, Message, Reply, Request};
use docket_domain::Time;
use std::time::UNIX_EPOCH;

/// A marketplace: every call is built by [`Self::build`] and its reply read by [`Self::parse`], with the same call.
pub trait Connector: Send + Sync {
    /// Its word in orders, shops and config.
    fn name(&self) -> &'static str;

    /// What can be asked of it and how; what reads its lists goes by this and knows no marketplace by name.
    fn capabilities(&self) -> &'static Capabilities;

    /// What a token must allow for this call, in the words of [`TokenInfo::scopes`]; none where nothing is needed.
    fn scope(&self, call: &Call) -> Option<&'static str>;

    /// Builds and signs the request of a call. Called again for every try: a signature holds for its time only, and `at`
    /// is the time by the marketplace's clock.
    fn build(
        &self,
        call: &Call,
        credentials: &Credentials,
        at: Time,
    ) -> Result<Request, Unbuildable>;

    /// Reads the reply to a call. A marketplace may say with status 200 that it refuses.
    fn parse(&self, call: &Call, reply: &Reply<'_>) -> Result<Answer, Fault>;

    /// Verifies what a marketplace sent by itself and reads it. What it says may be old, or come twice. A sign of life is
    /// no event, and is acknowledged none the less.
    fn verify_push(
        &self,
        push: &Push<'_>,
        secrets: &AppSecrets,
    ) -> Result<Vec<PushEvent>, PushRefused>;

    /// What to answer to a push, so that it is sent again exactly if it was not taken.
    fn acknowledge(&self, verdict: Verdict) -> Acknowledgement;
}

/// The time by the marketplace's clock, to the second, as the `Date` of a reply says it.
pub fn marketplace_time(message: &Message<'_>) -> Option<Time> {
    let date = httpdate::parse_http_date(message.header("date")?).ok()?;
    let since = date.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_a_marketplace_is_read_from_its_date() {
        let read = |date: &str| {
            let headers = [("Date".to_owned(), date.to_owned())];
            marketplace_time(&Message { headers: &headers, body: b"" })
        };
        assert_eq!(read("Tue, 14 Nov 2023 22:13:20 GMT"), Some(Time(1_700_000_000_000)));
        assert_eq!(read("yesterday"), None);
        assert_eq!(read("Thu, 01 Jan 1960 00:00:00 GMT"), None);
        assert_eq!(marketplace_time(&Message { headers: &[], body: b"" }), None);
    }
}
