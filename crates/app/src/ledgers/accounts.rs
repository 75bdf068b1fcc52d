//! Accounts by hand: coins and points of buyers, set and adjusted with a reason, and the book of it.

use crate::access::{Principal, Scope};
use crate::pages::{Page, page};
use crate::{App, Error, Idempotency, Once};
use docket_domain::ledger::{Ledger, LedgerLocation};
use docket_domain::money::AMOUNT_LIMIT;
use docket_domain::{Currency, FieldError, Gene, Time};
use docket_store::{
    Account, AccountChange, AccountLine, Context, Key, Priority, RequestOutcome, View, Writes,
};

/// Names one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountKey {
    /// Coins or points.
    pub ledger: Ledger,
    /// The buyer's account number, as orders name it.
    pub owner: String,
}

/// What is done to a balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewBalance {
    /// It is this from now on; an account that was not there is opened, coins in a currency.
    Set(i64, Option<Currency>),
    /// So much is added, or taken; what is held for orders stays available to them.
    Add(i64),
}

/// A change of an account by hand.
#[derive(Debug, Clone)]
pub struct ChangeAccount {
    /// Whose, and of which ledger.
    pub account: AccountKey,
    /// How.
    pub balance: NewBalance,
    /// What its book will give as the cause.
    pub reason: String,
}

impl ChangeAccount {
    fn wrong(&self, code: &'static str, message: String) -> Error {
        let field = match self.balance {
            NewBalance::Set(..) => "balance",
            NewBalance::Add(_) => "delta",
        };
        FieldError { field: field.to_owned(), code, message }.into()
    }

    /// What it does to the account as it is.
    fn on(&self, before: Option<&Account>, now: Time) -> Result<AccountChange, Error> {
        let AccountKey { ledger, owner } = self.account.clone();
        let mut change = AccountChange {
            ledger,
            owner,
            currency: None,
            count: None,
            balance: 0,
            held: 0,
            guarded: false,
            at: now,
        };
        match self.balance {
            NewBalance::Set(balance, currency) => {
                change.currency = self.currency(before, currency)?;
                change.count = Some(balance);
            }
            NewBalance::Add(delta) => {
                if before.is_none() && ledger == Ledger::Coins {
                    let message = "has no coins account; set its balance first (PUT)".to_owned();
                    let field = "owner".to_owned();
                    return Err(FieldError { field, code: "no_account", message }.into());
                }
                let available = before.map_or(0, Account::available);
                if delta < 0 && available + delta < 0 {
                    let message = format!("only {available} are available");
                    return Err(self.wrong("too_small", message));
                }
                if before.map_or(0, |account| account.balance) + delta >= AMOUNT_LIMIT {
                    return Err(self.wrong("too_large", "comes to 10^12 or more".to_owned()));
                }
                change.balance = delta;
                change.guarded = delta < 0;
            }
        }
        Ok(change)
    }

    /// Coins have a currency, and keep it while any are held.
    fn currency(
        &self,
        before: Option<&Account>,
        given: Option<Currency>,
    ) -> Result<Option<String>, Error> {
        let wrong = |code, message: &str| {
            let field = "currency".to_owned();
            Err(FieldError { field, code, message: message.to_owned() }.into())
        };
        let given = given.map(|currency| currency.code().to_owned());
        let known = before.and_then(|account| account.currency.clone());
        match (self.account.ledger, given, known) {
            (Ledger::Coins, None, None) => wrong("required", "coins are counted in a currency"),
            (Ledger::Coins, Some(new), Some(old))
                if new != old && before.is_some_and(|account| account.held != 0) =>
            {
                wrong("held", "coins are held for orders in the currency they have")
            }
            (Ledger::Coins, given, known) => Ok(given.or(known)),
            (_, Some(_), _) => wrong("not_allowed", "points have no currency"),
            (_, None, _) => Ok(None),
        }
    }
}

fn no_account(account: &AccountKey) -> Error {
    Error::NotFound { what: "account", id: format!("{}/{}", account.ledger, account.owner) }
}

impl App {
    /// Refuses unless `ledger` is kept here.
    pub(crate) fn must_keep(&self, ledger: Ledger) -> Result<(), Error> {
        if self.inner.ledgers.kept(ledger) == LedgerLocation::Here {
            return Ok(());
        }
        let message = format!("{ledger} are kept elsewhere (ledger.{ledger}.url)");
        Err(FieldError { field: "ledger".to_owned(), code: "kept_elsewhere", message }.into())
    }

    /// Sets or adjusts an account, once under an idempotency key, and answers it as it is now.
    pub async fn change_account(
        &self,
        who: &Principal,
        change: ChangeAccount,
        idempotency: Option<Idempotency>,
    ) -> Result<Once<Account>, Error> {
        who.needs_whole(Scope::Coupons)?;
        self.must_keep(change.account.ledger)?;
        self.keeps_currency(&change).await?;
        let account = change.account.clone();
        let AccountKey { ledger, owner } = account.clone();
        let actor = format!("{}:{}", who.id, who.name);
        let mut keys = vec![Key::Account { ledger, owner }];
        keys.extend(idempotency.map(|given| Key::Idempotency(given.hash)));
        let work = move |view: &View, cx: &mut Context<'_>| {
            if let Some(given) = idempotency
                && let Some(earlier) = given.earlier(view)?
            {
                return Ok((None, earlier.map(|_| Once::Before(()))));
            }
            let AccountKey { ledger, owner } = &change.account;
            let before = view.account(*ledger, owner)?;
            let done = match change.on(before, cx.now) {
                Ok(done) => done,
                Err(error) => return Ok((None, Err(error))),
            };
            let (counted, amount) = match change.balance {
                NewBalance::Set(balance, _) => (true, balance),
                NewBalance::Add(delta) => (false, delta),
            };
            let was = before.map_or(0, |account| account.balance);
            let line = AccountLine {
                id: cx.ids.next(cx.now, Gene::of(owner)),
                owner: owner.clone(),
                ledger: *ledger,
                counted,
                amount,
                balance: done.count.unwrap_or(was) + done.balance,
                reason: change.reason.clone(),
                actor: actor.clone(),
                at: cx.now,
            };
            let kept =
                idempotency.map(|given| given.kept(RequestOutcome::Changed, line.id, cx.now));
            let writes = Writes {
                accounts: vec![done],
                account_lines: vec![line],
                idempotency: kept,
                ..Writes::default()
            };
            Ok((Some(writes), Ok(Once::Now(()))))
        };
        let done = self.inner.lane.run(Priority::Interactive, keys, work).await??;
        let stands = self.account(who, &account).await?;
        Ok(done.map(|()| stands))
    }

    /// Refuses another currency for coins that orders have spent: a refund gives them back as what they were.
    /// An order that is paid just now holds its coins until then, which the lane sees.
    async fn keeps_currency(&self, change: &ChangeAccount) -> Result<(), Error> {
        let AccountKey { ledger: Ledger::Coins, owner } = &change.account else { return Ok(()) };
        let NewBalance::Set(_, Some(new)) = change.balance else { return Ok(()) };
        let known = self.store().accounts_of(owner).await?.into_iter();
        let mut known = known.filter(|account| account.ledger == Ledger::Coins);
        let Some(old) = known.next().and_then(|account| account.currency) else { return Ok(()) };
        if old == new.code() || !self.store().has_spent_coins(owner).await? {
            return Ok(());
        }
        let message =
            format!("stays {old}: orders have spent coins, and refunds return them in it");
        Err(FieldError { field: "currency".to_owned(), code: "spent", message }.into())
    }

    /// One account.
    pub async fn account(&self, who: &Principal, account: &AccountKey) -> Result<Account, Error> {
        reads_accounts(who)?;
        let found = self.store().accounts_of(&account.owner).await?.into_iter();
        let mut found = found.filter(|row| row.ledger == account.ledger);
        found.next().ok_or_else(|| no_account(account))
    }

    /// Accounts of one buyer, or one page of all behind an owner and a ledger, at most `limit`.
    pub async fn accounts(
        &self,
        who: &Principal,
        owner: Option<&str>,
        after: (String, i64),
        limit: usize,
    ) -> Result<Page<Account, (String, i64)>, Error> {
        reads_accounts(who)?;
        let of_buyer = |account: &Account| account.ledger != Ledger::Gifts;
        if let Some(owner) = owner {
            let mut found = self.store().accounts_of(owner).await?;
            found.retain(of_buyer);
            return Ok(Page { found, next: None });
        }
        let place = |account: &Account| (account.owner.clone(), account.ledger.code());
        let piece = |(owner, ledger): (String, i64), n| async move {
            self.store().account_list((&owner, ledger), n).await
        };
        page(limit, after, of_buyer, place, piece).await
    }

    /// The book of an account, newest first.
    pub async fn account_book(
        &self,
        who: &Principal,
        account: &AccountKey,
    ) -> Result<Vec<AccountLine>, Error> {
        reads_accounts(who)?;
        Ok(self.store().account_book(account.ledger, &account.owner, 200).await?)
    }
}

/// Accounts are the buyer's with the whole installation, no shop's.
pub(crate) fn reads_accounts(who: &Principal) -> Result<(), Error> {
    who.needs_whole(Scope::Coupons).or_else(|_| who.needs_whole(Scope::OrdersRead))
}
