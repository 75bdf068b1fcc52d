//! Cancels and refunds of a shop: they have lists of their own, since after delivery the status of an order moves no more.
//! What they name is read by number as well, so that an order that no list has is found by them.

use super::exchange::{Open, Trouble};
use super::report;
use super::runs::Stop;
use crate::{App, Error};
use docket_connectors::channel::{
    Aftersale, AftersaleGoods, AftersalesCall, Answer, Call, Fault, FaultKind, Page, Pull, Purpose,
    Span, TimeField, Told, Walk,
};
use docket_domain::Time;
use docket_store::{ChannelShop, Context, Key, Priority, View, Writes};
use std::collections::{BTreeMap, BTreeSet};

/// Pages of cancels, the newest first, that are read at most: what lies behind them is as old as the first pull.
const PAGES: u32 = 100;

/// What reading them came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct AftersalesRead {
    /// Requests to the marketplace.
    pub calls: u64,
    /// Stretches of time that could not be read.
    pub gaps: u64,
    /// Orders that changed by them.
    pub changed: u64,
    /// Orders that were not known before: no list had them.
    pub new: u64,
}

impl App {
    /// Reads what was cancelled or wanted back since `since`, up to `now`, and takes it down.
    pub(super) async fn pull_aftersales(
        &self,
        open: &Open,
        pull: &Pull,
        since: Time,
        now: Time,
    ) -> Result<AftersalesRead, Stop> {
        let mut read = AftersalesRead::default();
        let mut told = self.refunds_since(open, pull, (since, now), &mut read).await?;
        self.name_goods(open, &mut told, &mut read).await?;
        told.extend(self.cancels_since(open, pull, since, &mut read).await?);
        let mut by_order: BTreeMap<String, Vec<Aftersale>> = BTreeMap::new();
        for aftersale in told {
            by_order.entry(aftersale.order.clone()).or_default().push(aftersale);
        }
        let numbers: Vec<_> = by_order.keys().cloned().collect();
        let at_once = usize::from(open.connector.capabilities().numbers_at_once.max(1));
        for numbers in numbers.chunks(at_once) {
            read.calls += 1;
            let (page, at) = self.orders_by_number(open, numbers).await.map_err(Stop::Trouble)?;
            let taken = self.take_numbered(open, &page, at).await?;
            read.new += taken.new;
            for order in &page.orders {
                let Some(told) = by_order.get(&order.number) else { continue };
                let report = report::of_aftersales(&open.shop, order, told, at);
                let changed_at = told.iter().map(|one| one.updated_at.or(one.created_at));
                // Of one that tells no time, nobody can say that it is no news.
                let changed_at =
                    changed_at.collect::<Option<Vec<_>>>().and_then(|at| at.into_iter().max());
                read.changed += u64::from(self.take_beside(open, report, (changed_at, at)).await?);
            }
        }
        Ok(read)
    }

    /// What was wanted back and changed within a stretch of time.
    async fn refunds_since(
        &self,
        open: &Open,
        pull: &Pull,
        (since, now): (Time, Time),
        read: &mut AftersalesRead,
    ) -> Result<Vec<Aftersale>, Stop> {
        let spans: Vec<_> = Span::new(since, now).into_iter().collect();
        let mut walk = Walk::new(&spans, TimeField::Updated, pull, pull.page_size_max);
        let mut found = Vec::new();
        while let Some(asked) = walk.next() {
            let (window, page, size) = (asked.window, asked.page.clone(), asked.size);
            let call = Call::Aftersales(AftersalesCall { window, page, size });
            let answer = match self.ask_allowed(open, &call, read).await? {
                Ok(Some(answer)) => answer,
                Ok(None) => break,
                Err(trouble) => {
                    if !walk.narrow() {
                        leave_out(open, walk.give_up(), &trouble.to_string(), read);
                    }
                    continue;
                }
            };
            let Answer::Aftersales(page) = answer else { return Err(other_answer()) };
            match walk.heard(&Told::of_aftersales(&asked, &page)) {
                Ok(docket_connectors::channel::Heard::Cut) => {}
                Ok(_) => found.extend(page.aftersales),
                Err(why) => {
                    found.extend(page.aftersales);
                    leave_out(open, walk.give_up(), &why.to_string(), read);
                }
            }
        }
        Ok(found)
    }

    /// The goods of refunds that do not tell them.
    async fn name_goods(
        &self,
        open: &Open,
        told: &mut [Aftersale],
        read: &mut AftersalesRead,
    ) -> Result<(), Stop> {
        let bare: BTreeSet<_> =
            told.iter().filter(|one| one.goods.is_none()).map(|one| one.number.clone()).collect();
        let bare: Vec<_> = bare.into_iter().collect();
        let mut goods: BTreeMap<String, Vec<AftersaleGoods>> = BTreeMap::new();
        let at_once = usize::from(open.connector.capabilities().numbers_at_once.max(1));
        for numbers in bare.chunks(at_once) {
            let mut next = Some(Page::First);
            while let Some(page) = next.take() {
                let call = Call::AftersaleGoods { numbers: numbers.to_vec(), page };
                let answer = match self.ask_allowed(open, &call, read).await? {
                    Ok(Some(answer)) => answer,
                    Ok(None) => return Ok(()),
                    // The refund is known all the same, and its goods are asked for again with the next change.
                    Err(trouble) => {
                        leave_out(open, None, &trouble.to_string(), read);
                        break;
                    }
                };
                let Answer::AftersaleGoods(page) = answer else { return Err(other_answer()) };
                for (number, one) in page.goods {
                    goods.entry(number).or_default().push(one);
                }
                next = page.next;
            }
        }
        for one in told.iter_mut().filter(|one| one.goods.is_none()) {
            one.goods = goods.remove(&one.number);
        }
        Ok(())
    }

    /// What was cancelled since a moment: the list has no times to ask by, and is read from its newest end.
    async fn cancels_since(
        &self,
        open: &Open,
        pull: &Pull,
        since: Time,
        read: &mut AftersalesRead,
    ) -> Result<Vec<Aftersale>, Stop> {
        let mut found: Vec<Aftersale> = Vec::new();
        let mut next = Some(Page::First);
        for _ in 0..PAGES {
            let Some(page) = next.take() else { break };
            let call = Call::Cancels { orders: Vec::new(), page, size: pull.page_size_max };
            let answer = match self.ask_allowed(open, &call, read).await? {
                Ok(Some(answer)) => answer,
                Ok(None) => break,
                Err(trouble) => {
                    leave_out(open, None, &trouble.to_string(), read);
                    break;
                }
            };
            let Answer::Aftersales(page) = answer else { return Err(other_answer()) };
            let is_old = |one: &Aftersale| one.created_at.is_some_and(|at| at < since);
            let ends = !page.aftersales.is_empty() && page.aftersales.iter().all(is_old);
            found.extend(page.aftersales.into_iter().filter(|one| !is_old(one)));
            next = page.next.filter(|_| !ends);
        }
        Ok(found)
    }

    /// Asks where the token allows it. Nothing where it does not, which is noted once; what stops the shop ends the run.
    async fn ask_allowed(
        &self,
        open: &Open,
        call: &Call,
        read: &mut AftersalesRead,
    ) -> Result<Result<Option<Answer>, Trouble>, Stop> {
        if !self.may_ask(open, call).await? {
            return Ok(Ok(None));
        }
        read.calls += 1;
        match self.ask_shop(open, Purpose::Fresh, call).await {
            Ok(heard) => Ok(Ok(Some(heard.answer))),
            Err(trouble) if is_denied(&trouble) => {
                self.note_missing_scope(open, call).await?;
                Ok(Ok(None))
            }
            Err(trouble) if trouble.stops_the_shop() => Err(Stop::Trouble(trouble)),
            Err(trouble) => Ok(Err(trouble)),
        }
    }

    /// Whether the token of a shop allows a call. Where it does not, that is noted once and not asked again until the
    /// token changes. One that says nothing of what it allows may allow all.
    pub(super) async fn may_ask(&self, open: &Open, call: &Call) -> Result<bool, Error> {
        let Some(scope) = open.connector.scope(call) else { return Ok(true) };
        let facts = &open.shop.more;
        if facts.scopes_missing.iter().any(|missing| missing == scope) {
            return Ok(false);
        }
        if facts.scopes.is_empty() || facts.scopes.iter().any(|allowed| allowed == scope) {
            return Ok(true);
        }
        self.note_missing_scope(open, call).await?;
        Ok(false)
    }

    /// Notes that a call is not allowed to a shop.
    pub(super) async fn note_missing_scope(&self, open: &Open, call: &Call) -> Result<(), Error> {
        let Some(scope) = open.connector.scope(call) else { return Ok(()) };
        let id = open.shop.id;
        let work = move |view: &View, _: &mut Context<'_>| {
            let Some(now) = view.channel_shop(id)? else { return Ok((None, false)) };
            if now.more.scopes_missing.iter().any(|missing| missing == scope) {
                return Ok((None, false));
            }
            let mut shop = ChannelShop { version: now.version + 1, ..(**now).clone() };
            shop.more.scopes_missing.push(scope.to_owned());
            Ok((Some(Writes { channel_shops: vec![shop], ..Writes::default() }), true))
        };
        if self.inner.lane.run(Priority::Bulk, vec![Key::ChannelShop(id)], work).await? {
            tracing::warn!(shop = %id, scope, "the token of a shop does not allow this; the shop goes on without");
        }
        Ok(())
    }
}

fn leave_out(open: &Open, span: Option<Span>, why: &str, read: &mut AftersalesRead) {
    read.gaps += 1;
    tracing::warn!(shop = %open.shop.id, ?span, why, "a part of the refunds of a shop cannot be read");
}

/// Whether the marketplace says that the token does not allow it.
pub(super) fn is_denied(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Fault(Fault { kind: FaultKind::ScopeMissing, .. }))
}

fn other_answer() -> Stop {
    Stop::Ours(Error::Internal("something else was answered than was asked for".to_owned()))
}
