//! What one marketplace can do and how it wants to be asked, as plain values. The walk through a list, the limiter and
//! the inbox of pushes are chosen by these, so that a new marketplace is a new connector and nothing else.

use super::call::TimeField;
use docket_domain::time::Millis;

/// What can be asked of a marketplace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Where it is asked, by region; a shop may name another base URL.
    pub hosts: &'static [Host],
    /// Lists of orders by time; none where orders come only by push.
    pub pull: Option<Pull>,
    /// What it sends by itself.
    pub push: Option<PushAbility>,
    /// How many orders [`Call::OrdersByNumber`](super::Call::OrdersByNumber) takes; 0 where it cannot be asked.
    pub numbers_at_once: u16,
    /// Whether package numbers have to be asked for, order by order.
    pub packages_apart: bool,
    /// Whether the money of orders has to be asked for, order by order.
    pub amounts_apart: bool,
    /// The lists that hold all products together, none twice; empty where products are not listed.
    pub product_buckets: &'static [&'static str],
    /// What a token must allow, for a shop to work at all.
    pub scopes: &'static [&'static str],
    /// How often it may be asked.
    pub limits: &'static [Limit],
    /// How tokens end.
    pub token: TokenModel,
    /// By how much our clock may differ from its own before requests are refused, in milliseconds.
    pub clock_tolerance: Millis,
}

/// A region and where it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// The word of the region.
    pub region: &'static str,
    /// The base URL, without a slash at its end.
    pub base_url: &'static str,
}

impl Capabilities {
    /// Where shops of a region are asked.
    pub fn base_url(&self, region: &str) -> Option<&'static str> {
        self.hosts.iter().find(|host| host.region == region).map(|host| host.base_url)
    }
}

/// How its lists of orders are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// By which times.
    pub by: &'static [TimeField],
    /// The longest window it takes, in milliseconds; none where it says nothing of one.
    pub window_max: Option<Millis>,
    /// Whether a row at the very end of a window belongs to it. Windows of ours always have both ends; a connector of
    /// a marketplace with open ends asks for one unit more.
    pub end: WindowEnd,
    /// In which order rows come.
    pub direction: Direction,
    /// How pages are named.
    pub paging: Paging,
    /// The most rows a page can have.
    pub page_size_max: u16,
    /// How far back orders are listed, in milliseconds; none where it says nothing of that.
    pub retention: Option<Millis>,
    /// How long it may take until a change is listed, in milliseconds.
    pub visibility_lag: Millis,
    /// Whether rows are numbers only, to be asked for by number.
    pub numbers_only: bool,
}

/// Whether the end of a window belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowEnd {
    /// It does.
    Closed,
    /// It does not.
    Open,
}

/// In which order rows come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The newest first: a row that changes leaves its place, and those behind it move forward.
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// How pages are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// By numbers from 1, with the number of all rows.
    Numbered,
    /// Each names the next.
    Cursor,
}

/// What it sends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushAbility {
    /// Within which time it wants to hear, in milliseconds.
    pub deadline: Millis,
    /// What it tells.
    pub content: Content,
    /// For how long what was missed can be asked for again, in milliseconds; none where it cannot.
    pub replay: Option<Millis>,
}

/// What a push tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// That something happened: it has to be read back.
    Hint,
    /// The order itself.
    Full,
}

/// How often it may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Who shares it.
    pub scope: LimitScope,
    /// How many calls in any stretch of [`Self::per`].
    pub calls: u32,
    /// How long the stretch is, in milliseconds.
    pub per: Millis,
}

/// Who shares a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitScope {
    /// All shops of an app at one host.
    App,
    /// One shop.
    Shop,
    /// One shop and one kind of call.
    ShopAndCall,
}

/// How tokens end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenModel {
    /// At the time that its reply says; a new one has to be fetched by a person.
    Expires,
    /// Soon, and is exchanged for a new one by us.
    Refreshed,
    /// Never.
    Lasting,
}
