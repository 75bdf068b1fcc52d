//! The tester's side: makes calls misbehave, skips time, and tells the truth.

use super::behave::{self, Aim};
use super::calls;
use super::changes::{Change, Impossible};
use super::limiter::Limiter;
use super::push::{self, Event};
use super::shop::{Region, Shop};
use super::truth::{self, Question};
use super::{App, Market, Memory};
use crate::http::{Answer, json};
use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The shortest secret that pushes can be encrypted with.
const SECRET_BYTES_MIN: usize = 16;
/// How long an authorisation code is good, in milliseconds.
const CODE_LIFE_MS: i64 = 600_000;
/// The code of a wish for calls that nobody can make.
const UNKNOWN_TYPE: &str = "unknown_type";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// Words of behaviour, and which calls behave by them.
    behave: Option<String>,
    #[serde(default, rename = "for")]
    aim: Aim,
    /// Forgets all words of behaviour.
    #[serde(default)]
    fine: bool,
    /// How much time to skip, in milliseconds.
    #[serde(default)]
    skip_ms: u64,
    /// How far the marketplace's clock is off from now on, in milliseconds.
    offset_ms: Option<i64>,
    /// How many calls an app may make in any second; 0 for as many as it likes.
    limit: Option<usize>,
    /// Shops whose token becomes another.
    #[serde(default)]
    tokens: Vec<TokenWish>,
    /// Shops that open.
    #[serde(default)]
    shops: Vec<ShopWish>,
    /// Where pushes go to; an empty text for nowhere.
    push_url: Option<String>,
    /// A shop of which a push is sent that tries the URL.
    push_test: Option<String>,
    /// What happens to orders.
    #[serde(default)]
    orders: Vec<Change>,
}

/// A shop that opens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShopWish {
    /// Its app, and the secret of that where the app is new: 16 characters or more.
    app_key: Option<String>,
    app_secret: Option<String>,
    region: Option<Region>,
    /// A shop whose numbers it has as well, for all its orders and products.
    like: Option<String>,
    #[serde(default)]
    orders: usize,
    #[serde(default = "ninety")]
    days: u32,
}

const fn ninety() -> u32 {
    90
}

/// What becomes of the token of a shop.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenWish {
    shop: String,
    does: TokenChange,
    #[serde(default)]
    seconds: i64,
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TokenChange {
    /// A new one; the one before is dead.
    Replace,
    /// A code is made, for `bg.open.accesstoken.create`.
    Authorise,
    /// It ends at once, or in `seconds`.
    Expire,
    /// It loses the scope of `type`.
    Deny,
    /// It gets the scope of `type`.
    Grant,
}

/// Why a wish is not done.
struct Unheard(u16, &'static str);

pub fn answer(
    market: &Arc<Market>,
    method: &Method,
    path: &str,
    query: &str,
    body: &[u8],
) -> Answer {
    match (method, path) {
        (&Method::GET, "/control") => json(200, &all(market)),
        (&Method::POST, "/control") => match done(market, body) {
            Ok(changed) => {
                let mut truth = all(market);
                truth["changed"] = changed.into();
                json(200, &truth)
            }
            Err(Unheard(status, UNKNOWN_TYPE)) => {
                let types: Vec<_> = calls::names().chain(push::CODES).collect();
                json(status, &json!({"code": UNKNOWN_TYPE, "types": types}))
            }
            Err(Unheard(status, code)) => json(status, &json!({"code": code})),
        },
        (&Method::GET, _) => match asked(market, path, query) {
            Ok(told) => json(200, &told),
            Err(Unheard(status, code)) => json(status, &json!({"code": code})),
        },
        _ => json(404, &json!({"code": "no_such_path"})),
    }
}

/// The truth about one shop.
fn asked(market: &Market, path: &str, query: &str) -> Result<Value, Unheard> {
    let tell = match path {
        "/control/truth" => truth::counted,
        "/control/truth/orders" => truth::numbers,
        "/control/truth/packages" => truth::packages,
        "/control/truth/amounts" => truth::amounts,
        "/control/truth/products" => truth::products,
        "/control/truth/pushes" => truth::pushes,
        "/control/truth/aftersales" => truth::aftersales,
        _ => return Err(Unheard(404, "no_such_path")),
    };
    let question = Question::read(query).map_err(|code| Unheard(422, code))?;
    let mut memory = market.memory();
    let now = market.told(&memory).div_euclid(1000);
    let place = memory.shop(&question.shop).ok_or(Unheard(404, "no_such_shop"))?;
    let shop = &mut memory.shops[place];
    shop.ripen(now);
    Ok(tell(shop, &question))
}

/// Does what is wished; gives the numbers of the orders that changed.
fn done(market: &Arc<Market>, body: &[u8]) -> Result<Vec<String>, Unheard> {
    let wish: Wish = serde_json::from_slice(body).map_err(|_| Unheard(400, "malformed"))?;
    let mut memory = market.memory();
    let named = wish.aim.shop.iter().chain(wish.push_test.iter()).map(String::as_str);
    let named = named.chain(wish.tokens.iter().map(|token| token.shop.as_str()));
    let named = named.chain(wish.shops.iter().filter_map(|shop| shop.like.as_deref()));
    let mut named = named.chain(wish.orders.iter().map(Change::shop));
    if named.any(|shop| memory.shop(shop).is_none()) {
        return Err(Unheard(404, "no_such_shop"));
    }
    if wish.shops.iter().any(|shop| shop.app(&memory).is_none()) {
        return Err(Unheard(422, "app_secret"));
    }
    let words = behave::read(wish.behave.as_deref().unwrap_or_default());
    let words = words.map_err(|_| Unheard(422, "unknown_behaviour"))?;
    let is_known = |kind: &String| {
        calls::names().chain(push::CODES).any(|known| known.starts_with(kind.as_str()))
    };
    if !wish.aim.kind.iter().all(is_known) {
        return Err(Unheard(422, UNKNOWN_TYPE));
    }
    if wish.fine {
        memory.rules.clear();
    }
    memory.rules.add(words, &wish.aim, market.passed());
    if let Some(offset) = wish.offset_ms {
        memory.offset_ms = offset;
    }
    if let Some(limit) = wish.limit {
        memory.apps.values_mut().for_each(|app| app.limiter.limit = limit);
    }
    if let Some(url) = wish.push_url {
        memory.push_url = Some(url).filter(|url| !url.is_empty());
    }
    for shop in &wish.shops {
        opened(market, &mut memory, shop)?;
    }
    for token in &wish.tokens {
        changed(market, &mut memory, token)?;
    }
    market.pace.skip(wish.skip_ms);
    let now = market.told(&memory).div_euclid(1000);
    let mut numbers = vec![];
    for change in wish.orders {
        let place = memory.shop(change.shop()).ok_or(Unheard(404, "no_such_shop"))?;
        let made = change.make(&mut memory.shops[place], market.settings.seed, now);
        let changed = made.map_err(|impossible| match impossible {
            Impossible::Order => Unheard(404, "no_such_order"),
            Impossible::Child => Unheard(404, "no_such_child"),
            Impossible::Product => Unheard(404, "no_such_product"),
            Impossible::Oddity => Unheard(422, "odd"),
        })?;
        numbers.extend(changed.numbers);
        market.tell(&mut memory, place, changed.events);
    }
    if let Some(shop) = wish.push_test {
        let place = memory.shop(&shop).ok_or(Unheard(404, "no_such_shop"))?;
        let event = Event::test(&memory.shops[place]);
        market.tell(&mut memory, place, vec![event]);
    }
    Ok(numbers)
}

impl ShopWish {
    /// Its app, with the secret of that; none where the app is not known and no secret can be used.
    fn app<'a>(&'a self, memory: &'a Memory) -> Option<(&'a str, &'a str)> {
        let app_key = self.app_key.as_deref().unwrap_or(super::APP_KEY);
        let known = memory.apps.get(app_key).map(|app| app.secret.as_str());
        let given = self.app_secret.as_deref().filter(|secret| secret.len() >= SECRET_BYTES_MIN);
        Some((app_key, known.or(given)?))
    }
}

fn opened(market: &Market, memory: &mut Memory, wish: &ShopWish) -> Result<(), Unheard> {
    let (app_key, secret) = wish.app(memory).ok_or(Unheard(422, "app_secret"))?;
    let (app_key, secret) = (app_key.to_owned(), secret.to_owned());
    let limiter = Limiter::new(market.settings.limit);
    memory.apps.entry(app_key.clone()).or_insert(App { secret, limiter });
    let now = market.told(memory).div_euclid(1000);
    let mut shop = Shop::new(market.settings.seed, memory.shops.len(), &app_key, now);
    shop.region = wish.region.unwrap_or(shop.region);
    if let Some(like) = &wish.like {
        let like = &memory.shops[memory.shop(like).ok_or(Unheard(404, "no_such_shop"))?];
        (shop.series, shop.region) = (like.series, like.region);
    }
    shop.fill(market.settings.seed, wish.orders, wish.days, now);
    memory.shops.push(shop);
    Ok(())
}

fn changed(market: &Market, memory: &mut Memory, wish: &TokenWish) -> Result<(), Unheard> {
    let seed = market.settings.seed;
    let now = market.told(memory).div_euclid(1000);
    let place = memory.shop(&wish.shop).ok_or(Unheard(404, "no_such_shop"))?;
    let shop = &mut memory.shops[place];
    match wish.does {
        TokenChange::Replace => shop.renew(seed, now),
        TokenChange::Expire => shop.token.ends_at = now + wish.seconds,
        TokenChange::Deny => drop(shop.missing_scopes.insert(wish.kind.clone())),
        TokenChange::Grant => drop(shop.missing_scopes.remove(&wish.kind)),
        TokenChange::Authorise => {
            let which = format!("{} {}", wish.shop, memory.codes_made);
            memory.codes_made += 1;
            let code = super::opaque(seed, "code", &which);
            memory.codes.insert(code, (wish.shop.clone(), market.passed() + CODE_LIFE_MS));
        }
    }
    Ok(())
}

/// All that the marketplace knows, whatever it tells callers.
fn all(market: &Market) -> Value {
    let memory = market.memory();
    let shops = memory.shops.iter().map(|shop| {
        let codes = memory.codes.iter().filter(|(_, (mall_id, _))| *mall_id == shop.mall_id);
        json!({
            "mall_id": shop.mall_id,
            "app_key": shop.app_key,
            "region": shop.region.word(),
            "name": shop.name,
            "access_token": shop.token.text,
            "expires_at": shop.token.ends_at,
            "missing_scopes": shop.missing_scopes,
            "codes": codes.map(|(code, _)| code).collect::<Vec<_>>(),
            "orders": shop.orders.len(),
            "hidden": shop.hidden(),
            "by_status": shop.by_status(),
            "products": shop.products.len(),
            "events": shop.events,
            "pushes": shop.pushes.len(),
        })
    });
    let apps = memory.apps.iter().map(|(app_key, app)| {
        json!({
            "app_key": app_key,
            "app_secret": app.secret,
            "limit": app.limiter.limit,
            "calls": app.limiter.measured,
        })
    });
    let words = behave::words()
        .map(|(word, number, does)| json!({"word": word, "number": number, "does": does}));
    json!({
        "seed": market.settings.seed,
        "now": market.told(&memory),
        "skipped_ms": market.pace.skipped(),
        "offset_ms": memory.offset_ms,
        "waiting": market.pace.waiting(),
        "apps": apps.collect::<Vec<_>>(),
        "shops": shops.collect::<Vec<_>>(),
        "push_url": memory.push_url,
        "under_way": market.jobs.len(),
        "behave": memory.rules.told(),
        "words": words.collect::<Vec<_>>(),
    })
}
