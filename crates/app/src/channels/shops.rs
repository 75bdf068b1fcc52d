//! Shops: connected, changed, paused and shown.

use super::Channels;
use super::amounts;
use super::exchange::{Open, Trouble, no_connector};
use super::stock::{self, AllocateSales, SetSku};
use crate::access::{Principal, Scope};
use crate::net::Url;
use crate::tasks::Task as _;
use crate::vault::purpose;
use crate::{App, Error, Idempotency, Once};
use docket_connectors::channel::{Answer, Call, Fault, TokenInfo};
use docket_domain::channel::{Series, Stream};
use docket_domain::{FieldError, Gene, Id, Time};
use docket_store::{
    ChannelShop, Context, Key, Pause, Priority, RequestOutcome, RunRecord, Sealed, ShopFacts, View,
    WindowRow, Writes,
};
use std::sync::Arc;

/// Shops on a page at most.
const PAGE: usize = 200;
/// Windows of a shop that are shown at most.
const WINDOWS: usize = 500;
/// The cause of a pause that a person asked for.
const PERSON: &str = "person";

/// A shop to connect.
#[derive(Clone)]
pub struct NewShop {
    /// What people call it.
    pub name: String,
    /// The marketplace.
    pub channel: String,
    /// The region it sells in, by the marketplace's word.
    pub region: String,
    /// The app of ours that speaks for it.
    pub app_key: String,
    /// The secret of that app.
    pub app_secret: String,
    /// What the shop lets us in with.
    pub access_token: Option<String>,
    /// Where the marketplace is, where that is not its usual address.
    pub base_url: Option<String>,
    /// Whether what happened before it is connected is told to webhooks like what happens afterwards.
    pub announce_first_pull: bool,
}

/// What is changed about a shop; what is left out stays.
#[derive(Clone, Default)]
pub struct SetShop {
    /// What people call it.
    pub name: Option<String>,
    /// The secret of the app.
    pub app_secret: Option<String>,
    /// What the shop lets us in with. One of another shop is refused.
    pub access_token: Option<String>,
    /// Whether it is paused.
    pub paused: Option<bool>,
    /// From when on orders take stock.
    pub stock_from: Option<Time>,
    /// What codes of its marketplace are, at most [`CODES_AT_ONCE`](super::CODES_AT_ONCE).
    pub skus: Vec<SetSku>,
}

/// A shop with how far it is.
#[derive(Debug, Clone)]
pub struct ShopOf {
    /// The shop.
    pub shop: ChannelShop,
    /// Until when nothing is asked of it because its marketplace asked this process for time.
    pub waits_until: Option<Time>,
    /// The newest runs of its orders and of its products.
    pub runs: [Option<RunRecord>; 2],
    /// Its windows by the time of the last change, the newest last.
    pub windows: Vec<WindowRow>,
}

impl App {
    /// Connects a shop. Where it has a token, the marketplace is asked whose it is; a token that is not let in is refused.
    pub async fn add_shop(
        &self,
        who: &Principal,
        new: NewShop,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<Id>, Error> {
        who.needs_whole(Scope::Shops)?;
        if let Some(before) = self.done_before(idempotency).await? {
            return Ok(Once::Before(before));
        }
        let mut shop = self.shop_of(&new)?;
        if new.access_token.is_some() {
            let open = self.open_shop(Arc::new(shop.clone()))?;
            take_token(&mut shop, &self.token_of(&open).await?)?;
            self.is_alone(&shop).await?;
            self.permit_pushes(&open).await;
        }
        let keys = idempotency.iter().map(|given| Key::Idempotency(given.hash)).collect();
        let work = move |view: &View, cx: &mut Context<'_>| {
            if let Some(given) = idempotency
                && let Some(earlier) = given.earlier(view)?
            {
                return Ok((None, earlier.map(|kept| Once::Before(kept.tree))));
            }
            let id = cx.ids.next(cx.now, Gene(0));
            let mut shop = ChannelShop { id, created_at: cx.now, ..shop.clone() };
            shop.more.stock_from = Some(cx.now);
            shop.more.token_checked_at = shop.token.as_ref().map(|_| cx.now);
            let idempotency =
                idempotency.map(|given| given.kept(RequestOutcome::Changed, id, cx.now));
            let channel_shops = vec![shop];
            Ok((
                Some(Writes { channel_shops, idempotency, ..Writes::default() }),
                Ok(Once::Now(id)),
            ))
        };
        self.inner.lane.run(Priority::Interactive, keys, work).await?
    }

    /// Refuses a shop that is connected already: its orders would be here twice, and take stock twice.
    async fn is_alone(&self, shop: &ChannelShop) -> Result<(), Error> {
        let mut after = Id(0);
        loop {
            let page = self.store().channel_shops(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            let twin = page.iter().find(|other| {
                other.id != shop.id
                    && other.channel == shop.channel
                    && other.more.mall.is_some()
                    && other.more.mall == shop.more.mall
                    && (&other.more.region, &other.more.base_url)
                        == (&shop.more.region, &shop.more.base_url)
            });
            if let Some(twin) = twin {
                let message =
                    format!("this token is of a shop that is connected already: {}", twin.id);
                let code = "already_connected";
                return Err(FieldError { field: "access_token".to_owned(), code, message }.into());
            }
        }
    }

    /// The shop that `new` describes, not connected yet.
    fn shop_of(&self, new: &NewShop) -> Result<ChannelShop, Error> {
        let wrong = |field: &str, code, message: String| {
            Err(FieldError { field: field.to_owned(), code, message }.into())
        };
        let channels = &self.inner.channels;
        let Some(connector) = channels.connector(&new.channel) else {
            let names = super::marketplaces().join(", ");
            return wrong("channel", "not_a_word", format!("must be one of: {names}"));
        };
        let capabilities = connector.capabilities();
        if capabilities.base_url(&new.region).is_none() {
            let regions = Channels::regions(capabilities).join(", ");
            return wrong("region", "not_a_word", format!("must be one of: {regions}"));
        }
        let base_url = new.base_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        let is_url = |url: &String| {
            url.parse::<Url>()
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        };
        if base_url.as_ref().is_some_and(|url| !is_url(url)) {
            let message = "must be an address such as https://host/path".to_owned();
            return wrong("base_url", "not_a_url", message);
        }
        let more = ShopFacts {
            region: new.region.clone(),
            base_url,
            announce_first_pull: new.announce_first_pull,
            ..ShopFacts::default()
        };
        Ok(ChannelShop {
            id: Id(0),
            version: 1,
            channel: new.channel.clone(),
            name: new.name.clone(),
            app_key: new.app_key.clone(),
            secret: self.sealed(&new.app_secret),
            token: new.access_token.as_deref().map(|token| self.sealed(token)),
            created_at: Time(0),
            more,
        })
    }

    fn sealed(&self, secret: &str) -> Sealed {
        self.inner.vault().seal_for(purpose::CHANNEL, secret.as_bytes())
    }

    /// Asks the marketplace whose the token of a shop is.
    async fn token_of(&self, open: &Open) -> Result<TokenInfo, Error> {
        match self.ask_shop_now(open, &Call::TokenInfo).await {
            Ok(heard) => match heard.answer {
                Answer::Token(token) => Ok(token),
                other => Err(Error::Internal(format!("a token was asked for, not {other:?}"))),
            },
            Err(trouble) => Err(refused(open, &trouble)),
        }
    }

    /// Has the marketplace push what happens in a shop, where it pushes at all. Without, it is pulled all the same.
    async fn permit_pushes(&self, open: &Open) {
        if open.connector.capabilities().push.is_none() {
            return;
        }
        if let Err(trouble) = self.ask_shop_now(open, &Call::PermitPushes).await {
            let shop = &open.shop.name;
            tracing::warn!(shop, %trouble, "a marketplace will not push what happens in a shop");
        }
    }

    /// Changes a shop: its name, its credentials, whether it is paused. A new token that is let in ends a pause that
    /// the old one caused.
    pub async fn set_shop(&self, who: &Principal, id: Id, set: SetShop) -> Result<(), Error> {
        who.needs_whole(Scope::Shops)?;
        let now = self.shop(id).await?;
        let mut changed = now.clone();
        if let Some(secret) = &set.app_secret {
            changed.secret = self.sealed(secret);
        }
        if let Some(token) = &set.access_token {
            changed.token = Some(self.sealed(token));
        }
        let mut token = None;
        if set.access_token.is_some() || set.app_secret.is_some() && changed.token.is_some() {
            let open = self.open_shop(Arc::new(changed.clone()))?;
            let told = self.token_of(&open).await?;
            take_token(&mut changed, &told)?;
            self.is_alone(&changed).await?;
            self.permit_pushes(&open).await;
            token = Some(told);
        }
        let mut keys = vec![Key::ChannelShop(id)];
        keys.extend(stock::named(&set.skus));
        let (actor, rings) =
            (format!("{}:{}", who.id, who.name), set.stock_from.is_some() || !set.skus.is_empty());
        let connector = self.inner.channels.connector(&now.channel).cloned();
        let connector = connector.ok_or_else(|| no_connector(&now.channel))?;
        let is_renewed = token.is_some();
        let work = move |view: &View, cx: &mut Context<'_>| {
            let Some(now) = view.channel_shop(id)? else { return Ok((None, Ok(()))) };
            let mut shop = ChannelShop { version: now.version + 1, ..(**now).clone() };
            if let Some(name) = &set.name {
                shop.name.clone_from(name);
            }
            shop.secret.clone_from(&changed.secret);
            shop.token.clone_from(&changed.token);
            if let Some(told) = &token {
                shop.more.mall.clone_from(&changed.more.mall);
                shop.more.token_checked_at = Some(cx.now);
                shop.more.token_until = told.expires_at;
                amounts::take_scopes(&mut shop.more, &*connector, &told.scopes);
                shop.more.paused = shop.more.paused.filter(|pause| pause.cause == PERSON);
            }
            match set.paused {
                Some(true) => {
                    let why = "Paused by a person; `docket shop resume` goes on.".to_owned();
                    shop.more.paused = Some(Pause { at: cx.now, cause: PERSON.to_owned(), why });
                }
                Some(false) => shop.more.paused = None,
                None => {}
            }
            shop.more.stock_from = set.stock_from.or(shop.more.stock_from);
            let channel_skus = match stock::set(view, &mut shop, &set.skus, (&actor, cx.now))? {
                Ok(writes) => writes,
                Err(error) => return Ok((None, Err(Error::from(error)))),
            };
            let before = stock::takes_from(now);
            let all =
                stock::takes_from(&shop).is_some_and(|from| before.is_none_or(|at| from < at));
            let is_due = all || !channel_skus.is_empty();
            let tasks = is_due.then(|| AllocateSales::task(id, all, cx)).into_iter().collect();
            let channel_shops = vec![shop];
            Ok((Some(Writes { channel_shops, channel_skus, tasks, ..Writes::default() }), Ok(())))
        };
        self.inner.lane.run(Priority::Interactive, keys, work).await??;
        if rings {
            self.ring(AllocateSales::KIND);
        }
        if is_renewed { self.queue_looks_due(id).await } else { Ok(()) }
    }

    /// Pauses a shop for a fault that stops it, until a person has done something; not for one that passes.
    pub(super) async fn pause_for(&self, open: &Open, trouble: &Trouble) -> Result<(), Error> {
        let Trouble::Fault(fault) = trouble else { return Ok(()) };
        if fault.is_passing() {
            return Ok(());
        }
        let (id, cause, why) = (open.shop.id, fault.word(), advice(fault));
        tracing::warn!(shop = %id, cause, %fault, "a shop is paused");
        let work = move |view: &View, cx: &mut Context<'_>| {
            let Some(now) = view.channel_shop(id)?.filter(|shop| shop.more.paused.is_none()) else {
                return Ok((None, ()));
            };
            let mut shop = ChannelShop { version: now.version + 1, ..(**now).clone() };
            shop.more.paused =
                Some(Pause { at: cx.now, cause: cause.to_owned(), why: why.clone() });
            Ok((Some(Writes { channel_shops: vec![shop], ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Bulk, vec![Key::ChannelShop(id)], work).await
    }

    /// One shop.
    pub(super) async fn shop(&self, id: Id) -> Result<ChannelShop, Error> {
        let found = self.store().channel_shop(id).await?;
        found.ok_or_else(|| Error::NotFound { what: "shop", id: id.to_string() })
    }

    /// One page of shops, in the order they were added.
    pub async fn shops(
        &self,
        who: &Principal,
        after: Option<Id>,
        limit: usize,
    ) -> Result<Vec<ChannelShop>, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        Ok(self.store().channel_shops(after.unwrap_or(Id(0)), limit.min(PAGE)).await?)
    }

    /// One shop with its newest runs and its windows.
    pub async fn shop_with_runs(&self, who: &Principal, id: Id) -> Result<ShopOf, Error> {
        who.needs_whole(Scope::OrdersRead)?;
        let shop = self.shop(id).await?;
        let newest = async |stream| {
            let runs = self.store().channel_runs(id, stream, 1).await?;
            Ok::<_, Error>(runs.into_iter().next())
        };
        let runs = [newest(Stream::Orders).await?, newest(Stream::Products).await?];
        let from = self.now().plus(-super::ChannelSettings::default().reread);
        // Gaps are shown however old they are.
        let mut windows = self.store().channel_gaps(id, WINDOWS).await?;
        windows.retain(|gap| gap.series == Series::Updated && gap.to < from);
        windows.extend(self.store().channel_windows(id, Series::Updated, from, WINDOWS).await?);
        let waits_until = self.waits_until(&shop);
        Ok(ShopOf { shop, waits_until, runs, windows })
    }
}

/// Takes down what a marketplace says of a token; one of another shop is refused.
fn take_token(shop: &mut ChannelShop, told: &TokenInfo) -> Result<(), Error> {
    if let (Some(ours), Some(theirs)) = (&shop.more.mall, &told.shop)
        && ours != theirs
    {
        let message = format!("this token is of the shop {theirs}; this shop is {ours} there");
        let code = "other_shop";
        return Err(FieldError { field: "access_token".to_owned(), code, message }.into());
    }
    shop.more.mall = told.shop.clone().or_else(|| shop.more.mall.take());
    shop.more.token_until = told.expires_at;
    shop.more.scopes.clone_from(&told.scopes);
    Ok(())
}

/// What happened and what to do, for people.
pub(super) fn advice(fault: &Fault) -> String {
    fault.advice().map_or_else(|| fault.to_string(), |advice| format!("{fault}. {advice}"))
}

/// What it means that a token does not allow some calls, and what to do about it; none where it allows all that was asked.
pub fn advice_on_scopes(missing: &[String]) -> Option<String> {
    let missing = (!missing.is_empty()).then(|| missing.join(", "))?;
    Some(format!(
        "The token does not allow {missing}: what that would tell stays unknown, and it is asked for no more. Let the \
         marketplace grant the app this permission, then enter the new token."
    ))
}

/// Why a shop is not connected: what the marketplace says of its credentials.
fn refused(open: &Open, trouble: &Trouble) -> Error {
    match trouble {
        Trouble::Fault(fault) if !fault.is_passing() => {
            let field = if fault.word() == "token_dead" { "access_token" } else { "app_secret" };
            let message = format!("the marketplace does not let it in: {}", advice(fault));
            FieldError { field: field.to_owned(), code: fault.word(), message }.into()
        }
        trouble => {
            tracing::debug!(%trouble, "a marketplace did not say whose a token is");
            Error::Marketplace(format!(
                "{} does not answer now; try again in a moment",
                open.base_url
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_connectors::channel::{FaultKind, Unwalkable};

    #[test]
    fn what_to_do_about_a_fault_and_why_time_is_missing_is_told_in_chinese() {
        for kind in FaultKind::EACH {
            let fault = Fault { kind, code: None, message: "it said so".into(), request_id: None };
            let told = advice(&fault);
            let chinese = docket_wire::chinese::of(&told);
            assert_eq!(chinese.is_some(), fault.advice().is_some(), "{told}");
        }
        let advice = advice_on_scopes(&["a.b".into(), "c.d".into()]).expect("something is missing");
        let chinese = docket_wire::chinese::of(&advice).expect("it is known");
        assert!(chinese.starts_with("令牌未授权 a.b, c.d："), "{chinese}");
        assert_eq!(advice_on_scopes(&[]), None);
        for why in [
            Unwalkable::NothingNew,
            Unwalkable::Short { rows: 1, total: 2 },
            Unwalkable::Restless,
            Unwalkable::OtherTime,
            Unwalkable::NoTotal,
        ] {
            assert!(docket_wire::chinese::of(&why.to_string()).is_some(), "{why}");
        }
    }
}
