//! Gift packs: which there are. They are given by payments; what was given stands with its buyer.

use crate::access::{Principal, Scope};
use crate::ledgers::accounts::reads_accounts;
use crate::{App, Error};
use docket_domain::ledger::Ledger;
use docket_domain::{Currency, FieldError, Time};
use docket_store::{AccountChange, Context, GiftPack, Key, Priority, View, Writes};

/// A gift pack to set.
#[derive(Debug, Clone)]
pub struct SetPack {
    /// What coupons and orders call it; the caller's word.
    pub pack_id: String,
    /// What people call it.
    pub title: String,
    /// Only for what this shop sells.
    pub shop_id: Option<String>,
    /// The least price, in minor units.
    pub min_price: i64,
    /// Of which currency.
    pub currency: Currency,
    /// Not for orders before.
    pub from: Option<Time>,
    /// Not for orders at or after.
    pub until: Option<Time>,
    /// How many are given in all, those given already included.
    pub total: Option<i64>,
    /// Whether it is given at all.
    pub active: bool,
}

impl SetPack {
    fn at(&self, now: Time) -> GiftPack {
        let Self { pack_id, title, shop_id, min_price, currency, from, until, total, active } =
            self.clone();
        GiftPack {
            pack_id,
            title,
            shop_id,
            min_price,
            currency,
            from,
            until,
            total,
            active,
            updated_at: now,
        }
    }

    /// How many there are, as the account that limited packs are counted in.
    fn counted(&self, now: Time) -> Option<AccountChange> {
        Some(AccountChange {
            ledger: Ledger::Gifts,
            owner: self.pack_id.clone(),
            currency: None,
            count: Some(self.total?),
            balance: 0,
            held: 0,
            guarded: false,
            at: now,
        })
    }
}

impl App {
    /// Sets a gift pack. Orders that were placed before keep what they were promised.
    pub async fn set_pack(&self, who: &Principal, set: SetPack) -> Result<GiftPack, Error> {
        who.needs_whole(Scope::Coupons)?;
        if set.from.zip(set.until).is_some_and(|(from, until)| from >= until) {
            let message = "must be after `from`".to_owned();
            let field = "until".to_owned();
            return Err(FieldError { field, code: "too_early", message }.into());
        }
        let keys = vec![Key::Account { ledger: Ledger::Gifts, owner: set.pack_id.clone() }];
        let work = move |view: &View, cx: &mut Context<'_>| {
            view.account(Ledger::Gifts, &set.pack_id)?;
            let pack = set.at(cx.now);
            let writes = Writes {
                gift_packs: vec![pack.clone()],
                accounts: set.counted(cx.now).into_iter().collect(),
                ..Writes::default()
            };
            Ok((Some(writes), pack))
        };
        let pack = self.inner.lane.run(Priority::Interactive, keys, work).await?;
        self.know_packs().await?;
        Ok(pack)
    }

    /// Every gift pack, by id, with how many of it were given or are promised, where that is counted.
    pub async fn packs(&self, who: &Principal) -> Result<Vec<(GiftPack, Option<i64>)>, Error> {
        reads_accounts(who)?;
        let mut found = Vec::new();
        for pack in self.store().gift_packs().await? {
            let taken = self.taken_of(&pack).await?;
            found.push((pack, taken));
        }
        Ok(found)
    }

    /// One gift pack.
    pub async fn pack(
        &self,
        who: &Principal,
        pack_id: &str,
    ) -> Result<(GiftPack, Option<i64>), Error> {
        let packs = self.packs(who).await?.into_iter();
        let mut found = packs.filter(|(pack, _)| pack.pack_id == pack_id);
        found.next().ok_or_else(|| Error::NotFound { what: "gift pack", id: pack_id.to_owned() })
    }

    async fn taken_of(&self, pack: &GiftPack) -> Result<Option<i64>, Error> {
        if pack.total.is_none() {
            return Ok(None);
        }
        let accounts = self.store().accounts_of(&pack.pack_id).await?;
        let own = accounts.iter().find(|account| account.ledger == Ledger::Gifts);
        Ok(Some(own.map_or(0, |account| account.held)))
    }
}
