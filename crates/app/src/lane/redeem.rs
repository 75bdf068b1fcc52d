//! Coupons of orders: read and priced before the lane, counted in it, given back by what a change moves.

use crate::lane::agreed::Agreed;
use crate::vault::Vault;
use crate::{App, Error};
use docket_domain::coupon::{self, ComesBack, CountOf, Counted, Definitions, WhyNot};
use docket_domain::decide::Holds;
use docket_domain::ledger::{Ledger, LedgerLocation};
use docket_domain::placement::Placement;
use docket_domain::refusal::CouponRefused;
use docket_domain::{Coupon, CouponMove, Refusal, Time, Tree, price};
use docket_store::{Counting, Key, Need, View};
use docket_wire::Person;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What holds for all coupons.
#[derive(Debug, Clone)]
pub struct CouponSettings {
    /// Orders with coupons of one telephone on one day at most; without limit where none is set.
    pub per_phone_day: Option<i64>,
    /// The time zone of a day.
    pub zone: jiff::tz::TimeZone,
    /// When a use comes back by itself, of orders that are placed from now on.
    pub comes_back: ComesBack,
}

impl Default for CouponSettings {
    fn default() -> Self {
        let comes_back = ComesBack::NothingShipped;
        Self { per_phone_day: None, zone: jiff::tz::TimeZone::UTC, comes_back }
    }
}

impl CouponSettings {
    /// The day of a moment, as `2026-11-20`.
    pub fn day(&self, at: Time) -> String {
        // Times of ours lie between 1970 and 2100.
        let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        at.to_zoned(self.zone.clone()).date().to_string()
    }
}

/// The coupons of a placement, as they were read before the lane.
pub(crate) struct Redeeming {
    /// The codes it names, in its order.
    codes: Vec<String>,
    /// What was found of them.
    found: Vec<Coupon>,
    /// Why it cannot be priced with them: told where it was not placed before.
    refused: Option<Refusal>,
    /// The telephone whose day is limited, where it is.
    phone: Option<String>,
    vault: Arc<Vault>,
    settings: CouponSettings,
    kept: LedgerLocation,
}

/// What became of the coupons of a placement in the lane.
pub(crate) enum Taking {
    /// The tree counts them.
    Taken,
    /// One was changed since it was read: the placement is to be prepared again.
    Changed,
    /// Refused.
    Refused(Refusal),
}

impl App {
    /// The definitions of the coupons of `placement`; reads nothing where it names none.
    pub(crate) async fn coupons_of(&self, placement: &Placement) -> Result<Vec<Coupon>, Error> {
        if placement.coupons.is_empty() {
            return Ok(Vec::new());
        }
        let codes: Vec<_> = placement.coupons.iter().map(|asked| asked.code.clone()).collect();
        Ok(self.store().coupons(&codes).await?)
    }

    /// Prices `placement` with the coupons it names, and hashes what was asked: what came out may be another
    /// thing when the same is asked again. A refusal waits for the lane: who asks again for what was placed is
    /// answered, whatever has become of its coupons.
    pub(crate) fn redeem(
        &self,
        placement: &Placement,
        found: Vec<Coupon>,
        issuer: &str,
        customer: &Person,
    ) -> Result<(Tree, Sha256, Redeeming), Refusal> {
        let bare = Placement { coupons: Vec::new(), expected_total: None, ..placement.clone() };
        let base = price::assemble(&bare, issuer, Time(0))?;
        let mut asked = Sha256::new_with_prefix(&Agreed::of(&base).json);
        for coupon in &placement.coupons {
            let shop = coupon.shop_id.as_deref().unwrap_or_default();
            asked.update(format!("\u{1f}{}\u{1f}{shop}", coupon.code));
        }
        let known = Definitions { coupons: &found, at: self.now() };
        let (tree, refused) = match price::assemble_with(placement, issuer, Time(0), known) {
            Ok(tree) => (tree, None),
            Err(refusal) => (base, Some(refusal)),
        };
        let settings = self.settings().coupons.clone();
        let phone = settings.per_phone_day.and_then(|_| customer.counted_phone());
        let codes = placement.coupons.iter().map(|asked| asked.code.clone()).collect();
        let vault = self.inner.vault();
        let kept = self.settings().ledgers.kept(Ledger::Coupons);
        Ok((tree, asked, Redeeming { codes, found, refused, phone, vault, settings, kept }))
    }
}

impl Redeeming {
    /// What the decision at `now` will look at.
    pub fn keys(&self, tree: &Tree, now: Time) -> Vec<Key> {
        let mut counting = tree.clone();
        self.count(&mut counting, now);
        let coupons = self.codes.iter().cloned().map(Key::Coupon);
        coupons.chain(used_keys(&coupon::holds(&counting))).collect()
    }

    /// Lets `tree` count its coupons, if they are those that were read and their limits allow it.
    pub fn take(&self, tree: &mut Tree, view: &View, now: Time) -> Result<Taking, Need> {
        for code in &self.codes {
            let read = self.found.iter().find(|coupon| coupon.code == *code);
            if view.coupon(code)?.map(|coupon| coupon.version) != read.map(|read| read.version) {
                return Ok(Taking::Changed);
            }
        }
        if let Some(refused) = &self.refused {
            return Ok(Taking::Refused(refused.clone()));
        }
        let mut refused = Vec::new();
        for coupon in &self.found {
            // Time has passed since it was priced.
            refused.extend(coupon.taken_at(now).err().map(|why| self.refusal(&coupon.code, why)));
        }
        self.count(tree, now);
        if self.settings.per_phone_day.is_some() && self.phone.is_none() {
            let code = self.codes.first().cloned().unwrap_or_default();
            let field = "buyer.phone".to_owned();
            refused.push(CouponRefused { field, code, why: WhyNot::NoPhone });
        }
        for moved in coupon::holds(tree) {
            let Some((limit, most)) = limit_of(&moved.of, view, &self.settings)? else { continue };
            if view.used(&moved.of.key())?.used + moved.used > most {
                let why = WhyNot::LimitReached { limit, most };
                refused.push(match &moved.of {
                    CountOf::Total(code)
                    | CountOf::Buyer(code, _)
                    | CountOf::BuyerDay(code, ..) => self.refusal(code, why),
                    CountOf::PhoneDay(..) => {
                        let code = self.codes.first().cloned().unwrap_or_default();
                        CouponRefused { field: "coupons".to_owned(), code, why }
                    }
                });
            }
        }
        refused.sort_by(|a, b| a.field.cmp(&b.field));
        let refusal = || Taking::Refused(Refusal::Coupons(refused.clone()));
        Ok(if refused.is_empty() { Taking::Taken } else { refusal() })
    }

    fn refusal(&self, code: &str, why: WhyNot) -> CouponRefused {
        let at = self.codes.iter().position(|named| named == code).unwrap_or(0);
        CouponRefused { field: format!("coupons[{at}]"), code: code.to_owned(), why }
    }

    /// Notes on each coupon what it counts.
    fn count(&self, tree: &mut Tree, now: Time) {
        let day = self.settings.day(now);
        let phone = self.phone.as_ref().map(|phone| self.vault.phone_day(phone, &day));
        let of_shops = tree.shops.iter_mut().flat_map(|shop| &mut shop.coupons);
        for applied in of_shops.chain(&mut tree.payment.coupons) {
            let coupon = self.found.iter().find(|coupon| coupon.code == applied.code);
            applied.counted = coupon.map(|coupon| Counted {
                class: coupon.class,
                day: day.clone(),
                phone,
                kept: self.kept,
                comes_back: self.settings.comes_back,
                until: coupon.until,
                given_back: None,
            });
        }
    }
}

fn used_keys(moves: &[CouponMove]) -> impl Iterator<Item = Key> {
    moves.iter().map(|moved| Key::Used(moved.of.key()))
}

/// What limits a count: which limit, and how often it allows.
fn limit_of(
    of: &CountOf,
    view: &View,
    settings: &CouponSettings,
) -> Result<Option<(&'static str, i64)>, Need> {
    let limits = |code: &str| {
        view.coupon(code).map(|found| found.map(|coupon| coupon.limits).unwrap_or_default())
    };
    Ok(match of {
        CountOf::Total(code) => limits(code)?.total.map(|most| ("total", most)),
        CountOf::Buyer(code, _) => limits(code)?.per_buyer.map(|most| ("per_buyer", most)),
        CountOf::BuyerDay(code, ..) => {
            limits(code)?.per_buyer_day.map(|most| ("per_buyer_day", most))
        }
        CountOf::PhoneDay(..) => settings.per_phone_day.map(|most| ("per_phone_day", most)),
    })
}

/// What must be known before a revoked order may hold its coupons again.
pub(crate) fn keys_to_hold(tree: &Tree) -> Vec<Key> {
    let moves = coupon::holds(tree);
    let coupons = moves.iter().filter_map(|moved| match &moved.of {
        CountOf::Total(code) => Some(Key::Coupon(code.clone())),
        _ => None,
    });
    coupons.chain(used_keys(&moves)).collect()
}

/// Whether the coupons of `holds` can be held now. A row that was not loaded counts as used up.
pub(crate) fn can_count(view: &View, holds: Holds<'_>, settings: &CouponSettings) -> bool {
    holds.coupons.iter().all(|moved| {
        let allows = limit_of(&moved.of, view, settings).and_then(|limit| {
            let used = view.used(&moved.of.key())?.used;
            Ok(limit.is_none_or(|(_, most)| used + moved.used <= most))
        });
        allows.unwrap_or(false)
    })
}

/// What a change moves of the counts of coupons, as the store writes it: what is taken, within their limits or not
/// at all; what a fact takes, gives back or redeems was counted before or cannot be refused.
pub(crate) fn counted(
    moves: Vec<CouponMove>,
    view: &View,
    settings: &CouponSettings,
) -> Result<Vec<Counting>, Need> {
    let counting = |moved: CouponMove| {
        let limit = if moved.guarded { limit_of(&moved.of, view, settings)? } else { None };
        let CouponMove { of, used, redeemed, guarded: _ } = moved;
        let most = limit.map(|(_, most)| most);
        Ok(Counting { scope_key: of.key(), used, redeemed, most })
    };
    moves.into_iter().map(counting).collect()
}
