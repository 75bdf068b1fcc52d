//! Which ledgers a new order takes part in, and by which rule: looked up once, kept on the order.

use super::LedgerSettings;
use docket_domain::ledger::{Ledger, LedgerLocation};
use docket_domain::price::sums;
use docket_domain::tree::{GiftRule, Ledgers, PointsRule};
use docket_domain::{Amount, FieldError, Refusal, Time, Tree};
use docket_store::{GiftPack, Key, Need, View};
use std::sync::Arc;

/// Packs that one order may promise.
const PACKS_MAX: usize = 16;

/// What is known before the lane of the ledgers an order will take part in.
#[derive(Debug, Clone)]
pub(crate) struct Agreeing {
    pub settings: Arc<LedgerSettings>,
    /// Every gift pack.
    pub packs: Arc<Vec<GiftPack>>,
    /// Whether the caller may vouch for coins that nobody counts here.
    pub may_vouch: bool,
}

impl Agreeing {
    /// The accounts that [`Agreeing::agree`] will look at.
    pub fn keys(&self, tree: &Tree, now: Time) -> Vec<Key> {
        let coins =
            coins_owner(tree).filter(|_| self.settings.kept(Ledger::Coins) == LedgerLocation::Here);
        let coins = coins.map(|owner| (Ledger::Coins, owner.to_owned()));
        let packs = self.packs_for(tree, now).filter(|pack| pack.total.is_some());
        let packs = packs.map(|pack| (Ledger::Gifts, pack.pack_id.clone()));
        coins
            .into_iter()
            .chain(packs)
            .map(|(ledger, owner)| Key::Account { ledger, owner })
            .collect()
    }

    /// Writes on a new tree which ledgers it takes part in, or refuses what they cannot give.
    pub fn agree(
        &self,
        tree: &mut Tree,
        view: &View,
        now: Time,
    ) -> Result<Result<(), Refusal>, Need> {
        let coins = match self.coins(tree, view)? {
            Ok(coins) => coins,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut gifts = Vec::new();
        for pack in self.packs_for(tree, now) {
            let account = match pack.total {
                None => None,
                Some(_) => view.account(Ledger::Gifts, &pack.pack_id)?,
            };
            // Of a pack of which none is left nothing is promised.
            if pack.total.is_none() || account.is_some_and(|account| account.available() > 0) {
                gifts.push(self.gift(pack));
            }
        }
        let points = self.settings.points_per.filter(|_| tree.payment.buyer_id.is_some());
        let points = points.map(|per| PointsRule { per, kept: self.settings.kept(Ledger::Points) });
        let slips = self.settings.kept(Ledger::Slips);
        tree.payment.ledgers = Ledgers { coins, points, gifts, slips };
        Ok(Ok(()))
    }

    /// Where the coins of the order are counted; refuses too few of them, and those nobody vouches for.
    fn coins(
        &self,
        tree: &Tree,
        view: &View,
    ) -> Result<Result<Option<LedgerLocation>, Refusal>, Need> {
        let order = &tree.payment;
        let asked = order.coins.known().unwrap_or(0);
        if asked == 0 {
            return Ok(Ok(None));
        }
        let elsewhere = self.settings.kept(Ledger::Coins) == LedgerLocation::Elsewhere;
        let account = match coins_owner(tree) {
            Some(owner) if !elsewhere => view.account(Ledger::Coins, owner)?,
            _ => None,
        };
        let Some(account) = account else {
            let vouched =
                order.buyer_id.as_ref().filter(|_| elsewhere).map(|_| LedgerLocation::Elsewhere);
            let scope = crate::Scope::Prices.word();
            return Ok(if self.may_vouch { Ok(vouched) } else { Err(Refusal::Scope { scope }) });
        };
        let currency = order.currency.code();
        if account.currency.as_deref().is_some_and(|own| own != currency) {
            let own = account.currency.as_deref().unwrap_or_default();
            let message = format!("the buyer's coins are counted in {own}, not in {currency}");
            let error = FieldError { field: "coins".to_owned(), code: "wrong_currency", message };
            return Ok(Err(Refusal::Invalid(vec![error])));
        }
        let available = account.available();
        if available < asked {
            return Ok(Err(Refusal::NotEnoughCoins { available, asked }));
        }
        Ok(Ok(Some(LedgerLocation::Here)))
    }

    /// The packs that an order placed now might get, by id.
    fn packs_for<'a>(&'a self, tree: &'a Tree, now: Time) -> impl Iterator<Item = &'a GiftPack> {
        let for_buyer = tree.payment.buyer_id.is_some();
        let fits = move |pack: &&GiftPack| {
            for_buyer
                && pack.active
                && pack.currency == tree.payment.currency
                && pack.from.is_none_or(|from| from <= now)
                && pack.until.is_none_or(|until| now < until)
                && may_meet(pack, tree)
        };
        self.packs.iter().filter(fits).take(PACKS_MAX)
    }

    fn gift(&self, pack: &GiftPack) -> GiftRule {
        GiftRule {
            pack_id: pack.pack_id.clone(),
            title: pack.title.clone(),
            shop_id: pack.shop_id.clone(),
            min_price: pack.min_price,
            limited: pack.total.is_some(),
            kept: self.settings.kept(Ledger::Gifts),
        }
    }
}

/// The buyer whose coins an order uses.
fn coins_owner(tree: &Tree) -> Option<&str> {
    tree.payment.buyer_id.as_deref().filter(|_| !tree.payment.coins.is_zero())
}

/// Whether the order could meet the minimum of a pack, whatever discount a shop takes back before payment.
fn may_meet(pack: &GiftPack, tree: &Tree) -> bool {
    let shops = tree.shops.iter();
    let mut meant =
        shops.filter(|shop| pack.shop_id.as_ref().is_none_or(|id| *id == shop.shop_id)).peekable();
    meant.peek().is_some() && {
        let price: Amount = meant.flat_map(|shop| &shop.items).map(sums::line_price).sum();
        price.known().is_some_and(|price| price >= pack.min_price)
    }
}
