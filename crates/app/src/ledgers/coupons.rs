//! Coupons by hand: set, adjusted with a reason, and how often each is used.

use crate::access::{Principal, Scope};
use crate::pages::{Page, page};
use crate::{App, Error, Idempotency, Once};
use docket_domain::coupon::CountOf;
use docket_domain::{Coupon, FieldError, Gene};
use docket_store::{Context, CouponAdjustment, Key, Priority, RequestOutcome, Used, View, Writes};

/// The largest limit.
const LIMIT_MAX: i64 = 1_000_000_000_000;
/// Lines of a book that are shown.
const BOOK_MAX: usize = 200;

/// A coupon and how often it is used.
#[derive(Debug, Clone)]
pub struct CouponOf {
    /// The coupon as it was put: what it takes off, for whom and how often.
    pub coupon: Coupon,
    /// How often it is held and redeemed.
    pub used: Used,
}

/// A change of a coupon with a reason.
#[derive(Debug, Clone)]
pub struct AdjustCoupon {
    /// The code of the coupon.
    pub code: String,
    /// Added to its limit in all.
    pub delta: Option<i64>,
    /// Whether it is taken from now on.
    pub active: Option<bool>,
    /// What its book will give as the cause.
    pub reason: String,
}

impl App {
    /// Sets a coupon, new or over the one before; its version is counted here.
    pub async fn set_coupon(&self, who: &Principal, coupon: Coupon) -> Result<CouponOf, Error> {
        who.needs(Scope::Coupons)?;
        may_set(who, coupon.shop_id.as_deref(), "shop_id")?;
        let (code, who) = (coupon.code.clone(), who.clone());
        let work = move |view: &View, cx: &mut Context<'_>| {
            let before = view.coupon(&coupon.code)?;
            if let Some(before) = before
                && let Err(error) = may_set(&who, before.shop_id.as_deref(), "code")
            {
                return Ok((None, Err(error)));
            }
            let version = before.map_or(0, |before| before.version) + 1;
            let coupon = Coupon { version, ..coupon.clone() };
            let writes = Writes { coupons: vec![(coupon.clone(), cx.now)], ..Writes::default() };
            Ok((Some(writes), Ok(coupon)))
        };
        let keys = vec![Key::Coupon(code)];
        let coupon = self.inner.lane.run(Priority::Interactive, keys, work).await??;
        Ok(self.with_use(vec![coupon]).await?.remove(0))
    }

    /// Adds to the limit of a coupon, or says whether it is taken; once under an idempotency key.
    pub async fn adjust_coupon(
        &self,
        who: &Principal,
        asked: AdjustCoupon,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<CouponOf>, Error> {
        who.needs(Scope::Coupons)?;
        let (code, caller) = (asked.code.clone(), who.clone());
        let mut keys = vec![Key::Coupon(code.clone())];
        keys.extend(idempotency.map(|given| Key::Idempotency(given.hash)));
        let work = move |view: &View, cx: &mut Context<'_>| {
            if let Some(given) = idempotency
                && let Some(earlier) = given.earlier(view)?
            {
                return Ok((None, earlier.map(|_| Once::Before(()))));
            }
            let before = view.coupon(&asked.code)?.filter(|before| sees(&caller, before));
            let Some(before) = before else { return Ok((None, Err(no_coupon(&asked.code)))) };
            let may = may_set(&caller, before.shop_id.as_deref(), "code");
            let coupon = match may.and_then(|()| adjusted(before, &asked)) {
                Ok(coupon) => coupon,
                Err(error) => return Ok((None, Err(error))),
            };
            let line = CouponAdjustment {
                id: cx.ids.next(cx.now, Gene::of(&asked.code)),
                code: asked.code.clone(),
                delta: asked.delta,
                active: asked.active,
                reason: asked.reason.clone(),
                actor: format!("{}:{}", caller.id, caller.name),
                at: cx.now,
                tree: None,
            };
            let writes = Writes {
                coupons: vec![(coupon, cx.now)],
                idempotency: idempotency
                    .map(|given| given.kept(RequestOutcome::Changed, line.id, cx.now)),
                statements: vec![line.add()],
                ..Writes::default()
            };
            Ok((Some(writes), Ok(Once::Now(()))))
        };
        let done = self.inner.lane.run(Priority::Interactive, keys, work).await??;
        let stands = self.coupon(who, &code).await?;
        Ok(done.map(|()| stands))
    }

    /// One coupon.
    pub async fn coupon(&self, who: &Principal, code: &str) -> Result<CouponOf, Error> {
        who.needs(Scope::Coupons).or_else(|_| who.needs(Scope::OrdersRead))?;
        let mut found = self.store().coupons(&[code.to_owned()]).await?;
        found.retain(|coupon| sees(who, coupon));
        self.with_use(found).await?.pop().ok_or_else(|| no_coupon(code))
    }

    /// Coupons after `after` that the caller may see, at most `limit`.
    pub async fn coupon_list(
        &self,
        who: &Principal,
        after: String,
        limit: usize,
    ) -> Result<Page<CouponOf, String>, Error> {
        who.needs(Scope::Coupons).or_else(|_| who.needs(Scope::OrdersRead))?;
        let sees = |coupon: &Coupon| sees(who, coupon);
        let piece = |after: String, n| async move { self.store().coupon_list(&after, n).await };
        let Page { found, next } =
            page(limit, after, sees, |coupon| coupon.code.clone(), piece).await?;
        Ok(Page { found: self.with_use(found).await?, next })
    }

    /// The book of a coupon, newest first.
    pub async fn coupon_book(
        &self,
        who: &Principal,
        code: &str,
    ) -> Result<Vec<CouponAdjustment>, Error> {
        who.needs(Scope::Coupons)?;
        self.coupon(who, code).await?;
        Ok(self.store().coupon_book(code, BOOK_MAX).await?)
    }

    async fn with_use(&self, coupons: Vec<Coupon>) -> Result<Vec<CouponOf>, Error> {
        let key = |coupon: &Coupon| CountOf::Total(coupon.code.clone()).key();
        let keys: Vec<_> = coupons.iter().map(key).collect();
        let used = self.store().used(&keys).await?;
        let with_use = coupons.into_iter().map(|coupon| CouponOf {
            used: used.get(&key(&coupon)).copied().unwrap_or_default(),
            coupon,
        });
        Ok(with_use.collect())
    }
}

/// A key limited to shops keeps the coupons of those alone, and sees the platform's beside them. One limited to
/// places keeps none: a coupon takes from what is sold at any place.
pub(crate) fn may_set(who: &Principal, shop: Option<&str>, field: &str) -> Result<(), Error> {
    if who.is_unlimited() || shop.is_some_and(|shop| who.shops.iter().any(|own| own == shop)) {
        return Ok(());
    }
    let message = match shop {
        Some(shop) => format!("this key may not touch {shop}"),
        None => "this key may not touch coupons of the platform".to_owned(),
    };
    Err(FieldError { field: field.to_owned(), code: "not_allowed", message }.into())
}

pub(crate) fn sees(who: &Principal, coupon: &Coupon) -> bool {
    let own = |shop: &String| who.shops.contains(shop);
    who.shops.is_empty() || coupon.shop_id.as_ref().is_none_or(own)
}

pub(crate) fn no_coupon(code: &str) -> Error {
    Error::NotFound { what: "coupon", id: code.to_owned() }
}

/// The next version of a coupon.
fn adjusted(before: &Coupon, asked: &AdjustCoupon) -> Result<Coupon, Error> {
    let mut coupon = Coupon { version: before.version + 1, ..before.clone() };
    if let Some(delta) = asked.delta {
        let Some(total) = coupon.limits.total else {
            let message = "the coupon has no limit in all; set one first".to_owned();
            let field = "limit".to_owned();
            return Err(FieldError { field, code: "no_limit", message }.into());
        };
        let limit = total + delta;
        let wrong = |code, message: String| {
            Err(FieldError { field: "limit".to_owned(), code, message }.into())
        };
        if limit < 0 {
            return wrong("too_small", format!("takes more than the {total} there are"));
        }
        if limit > LIMIT_MAX {
            return wrong("too_large", format!("comes to more than {LIMIT_MAX}"));
        }
        coupon.limits.total = Some(limit);
    }
    coupon.active = asked.active.unwrap_or(coupon.active);
    Ok(coupon)
}
