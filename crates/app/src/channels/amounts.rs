//! What buyers paid: a call of its own, which most tokens do not allow. It is asked for with the looks for parcels, by the
//! same limit: once an order is new or has changed, and as long as nothing is known. Where the token does not allow it,
//! that is noted once and not asked for again; a token that does brings the looks of the orders it was missing at forward.

use super::aftersales::is_denied;
use super::exchange::{Open, Trouble};
use super::paid;
use crate::{App, Error};
use docket_connectors::channel::{Answer, Call, Connector, Purpose};
use docket_domain::record::channel::AmountsHeard;
use docket_domain::{Id, Time, Tree};
use docket_store::{ChannelOrderRow, ChannelShop, Context, Key, Priority, ShopFacts, View, Writes};
use std::collections::BTreeSet;
use tokio::sync::Mutex;

/// Orders whose looks are brought forward together, before the next ones are.
const TOGETHER: usize = 200;

/// What may be asked of a shop, as its looks find out: the first one that asks does so alone, so that what is denied is
/// denied once.
pub(super) struct Allowed(Mutex<Option<bool>>);

/// What is known of the amounts of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Money {
    /// They were not asked for: they are known, or the token does not allow it.
    NotAsked,
    /// They were told.
    Told,
    /// They were asked for in vain, for this reason.
    Failed(String),
}

/// What a marketplace must allow to tell amounts; none where it tells them with orders, or never.
fn scope(connector: &dyn Connector) -> Option<&'static str> {
    let call = Call::Amounts { order: String::new() };
    connector.scope(&call).filter(|_| connector.capabilities().amounts_apart)
}

/// Whether amounts may be asked for, as far as it is known what a token allows.
pub(super) fn may_be_told(connector: &dyn Connector, facts: &ShopFacts) -> bool {
    let has = |list: &[String], scope: &str| list.iter().any(|one| one == scope);
    scope(connector).is_some_and(|scope| {
        !has(&facts.scopes_missing, scope) && (facts.scopes.is_empty() || has(&facts.scopes, scope))
    })
}

/// Takes down what a token allows. Where amounts were missing and are allowed now, they are asked for of every order.
pub(super) fn take_scopes(facts: &mut ShopFacts, connector: &dyn Connector, told: &[String]) {
    let was_missing = scope(connector)
        .is_some_and(|scope| facts.scopes_missing.iter().any(|missing| missing == scope));
    facts.scopes = told.to_vec();
    facts.scopes_missing.clear();
    if was_missing && may_be_told(connector, facts) {
        facts.amounts_after = Some(String::new());
    }
}

/// Whether nothing is known of the amounts of a shop's order.
fn is_unknown(tree: &Tree) -> bool {
    tree.shops.iter().all(|shop| shop.heard.is_none_or(|heard| heard.amounts.is_none()))
}

/// Whether amounts are to be asked for when an order is looked at: at the first look after it changed, and where nothing
/// is known of them.
pub(super) fn are_wanted(row: &ChannelOrderRow, tree: &Tree) -> bool {
    row.looks == 0 || is_unknown(tree)
}

impl Allowed {
    /// Nothing is known yet, but whether the marketplace tells it at all and what was found out before.
    pub async fn of(app: &App, open: &Open, is_told: bool, call: &Call) -> Result<Self, Error> {
        let may = is_told && app.may_ask(open, call).await?;
        Ok(Self(Mutex::new((!may).then_some(false))))
    }
}

impl App {
    /// Asks where that is allowed; nothing where it is not, which is noted.
    pub(super) async fn ask_if_allowed(
        &self,
        open: &Open,
        allowed: &Allowed,
        call: &Call,
    ) -> Result<Result<Option<(Answer, Time)>, Trouble>, Error> {
        let mut known = allowed.0.lock().await;
        let heard = match *known {
            Some(false) => return Ok(Ok(None)),
            Some(true) => {
                drop(known);
                let heard = self.ask_shop(open, Purpose::Enrich, call).await;
                known = allowed.0.lock().await;
                heard
            }
            None => self.ask_shop(open, Purpose::Enrich, call).await,
        };
        match heard {
            Ok(heard) => {
                known.get_or_insert(true);
                Ok(Ok(Some((heard.answer, heard.at))))
            }
            Err(trouble) if is_denied(&trouble) => {
                *known = Some(false);
                self.note_missing_scope(open, call).await?;
                Ok(Ok(None))
            }
            Err(trouble) => Ok(Err(trouble)),
        }
    }

    /// Asks for the amounts of an order. What stops the whole shop is no failure of the order.
    pub(super) async fn amounts_of(
        &self,
        open: &Open,
        allowed: &Allowed,
        number: &str,
        tree: &Tree,
    ) -> Result<Result<(Money, Option<AmountsHeard>), Trouble>, Error> {
        let call = Call::Amounts { order: number.to_owned() };
        Ok(Ok(match self.ask_if_allowed(open, allowed, &call).await? {
            Ok(None) => (Money::NotAsked, None),
            Ok(Some((Answer::Amounts(told), at))) => {
                (Money::Told, paid::of_tree(&told, &open.shop, tree, at))
            }
            Ok(Some(_)) => (Money::Failed("something else was answered".to_owned()), None),
            Err(trouble) if trouble.stops_the_shop() => return Ok(Err(trouble)),
            Err(trouble) => (Money::Failed(trouble.to_string()), None),
        }))
    }

    /// Brings the looks of some orders forward whose amounts are not known and may be asked for since a new token came;
    /// answers whether there were any orders left to see. Those that are in the archive stay as they are.
    pub(super) async fn bring_forward(&self, shop: Id, now: Time) -> Result<bool, Error> {
        let Some(after) = self.shop(shop).await?.more.amounts_after else { return Ok(false) };
        let rows = self.store().channel_orders_behind(shop, &after, TOGETHER).await?;
        let trees: Vec<Id> = rows.iter().filter_map(|row| row.tree).collect();
        let trees = self.store().trees(&trees).await?;
        let unknown: BTreeSet<Id> =
            trees.iter().filter(|tree| is_unknown(tree)).map(Tree::id).collect();
        let is_meant =
            |row: &&ChannelOrderRow| row.tree.is_some_and(|tree| unknown.contains(&tree));
        let orders: Vec<Key> =
            rows.iter().filter(is_meant).map(ChannelOrderRow::lane_key).collect();
        let numbers: Vec<String> =
            rows.iter().filter(is_meant).map(|row| row.number.clone()).collect();
        let next = rows.last().map(|row| row.number.clone());
        let has_more = next.is_some();
        let work = move |view: &View, _: &mut Context<'_>| {
            let Some(known) = view.channel_shop(shop)? else { return Ok((None, ())) };
            if known.more.amounts_after.as_ref() != Some(&after) {
                // Another process did it.
                return Ok((None, ()));
            }
            let mut changed = ChannelShop { version: known.version + 1, ..(**known).clone() };
            changed.more.amounts_after.clone_from(&next);
            let mut writes = Writes { channel_shops: vec![changed], ..Writes::default() };
            for number in &numbers {
                let row = view.channel_order(shop, number)?;
                writes.channel_orders.extend(row.map(|row| looked_at_anew(row.clone(), now)));
            }
            Ok((Some(writes), ()))
        };
        let keys = orders.into_iter().chain([Key::ChannelShop(shop)]).collect();
        self.inner.lane.run(Priority::Bulk, keys, work).await?;
        Ok(has_more)
    }
}

/// The row of an order that something changed about beside its status: it is looked at now.
pub(super) fn looked_at_anew(row: ChannelOrderRow, now: Time) -> ChannelOrderRow {
    let next_look_at = Some(row.next_look_at.map_or(now, |at| at.min(now)));
    ChannelOrderRow { looks: 0, tries: 0, next_look_at, ..row }
}
