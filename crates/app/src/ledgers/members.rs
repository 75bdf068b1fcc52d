//! Members: buyers with a level, and what they have: accounts and gifts. Who they are stands sealed with their
//! orders.

use crate::access::{Principal, Scope};
use crate::ledgers::accounts::reads_accounts;
use crate::{App, Error};
use docket_domain::Time;
use docket_domain::ledger::Ledger;
use docket_store::{Account, Context, GiftRow, Member, Priority, View, Writes};

/// Gifts shown with a member.
const GIFTS_MAX: usize = 200;

/// A member to set.
#[derive(Debug, Clone)]
pub struct SetMember {
    /// The buyer's account number, as orders name it.
    pub buyer_id: String,
    /// The level, by the word of whoever keeps levels.
    pub level: String,
    /// Since when; now, or what was said before, where left out.
    pub joined_at: Option<Time>,
}

/// A buyer with what is known of them.
#[derive(Debug, Clone)]
pub struct MemberOf {
    /// What is stored of the buyer.
    pub member: Member,
    /// Coins and points.
    pub accounts: Vec<Account>,
    /// The newest gifts, newest first.
    pub gifts: Vec<GiftRow>,
}

impl App {
    /// Sets a member.
    pub async fn set_member(&self, who: &Principal, set: SetMember) -> Result<MemberOf, Error> {
        who.needs_whole(Scope::Coupons)?;
        let before = self.store().member(&set.buyer_id).await?;
        let buyer_id = set.buyer_id.clone();
        let work = move |_: &View, cx: &mut Context<'_>| {
            let since = set.joined_at.or(before.as_ref().map(|member| member.joined_at));
            let member = Member {
                buyer_id: set.buyer_id.clone(),
                level: set.level.clone(),
                joined_at: since.unwrap_or(cx.now),
                updated_at: cx.now,
            };
            Ok((Some(Writes { members: vec![member], ..Writes::default() }), ()))
        };
        self.inner.lane.run(Priority::Interactive, Vec::new(), work).await?;
        self.member(who, &buyer_id).await
    }

    /// One member with accounts and gifts.
    pub async fn member(&self, who: &Principal, buyer_id: &str) -> Result<MemberOf, Error> {
        reads_accounts(who)?;
        let member = self.store().member(buyer_id).await?;
        let member =
            member.ok_or_else(|| Error::NotFound { what: "member", id: buyer_id.to_owned() })?;
        let mut accounts = self.store().accounts_of(buyer_id).await?;
        accounts.retain(|account| account.ledger != Ledger::Gifts);
        let gifts = self.store().gifts_of(buyer_id, GIFTS_MAX).await?;
        Ok(MemberOf { member, accounts, gifts })
    }

    /// Members after `after`, by buyer, at most `limit`.
    pub async fn members(
        &self,
        who: &Principal,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Member>, Error> {
        reads_accounts(who)?;
        Ok(self.store().members(after, limit).await?)
    }
}
