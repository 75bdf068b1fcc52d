//! Accounts: coins and points of buyers, how often limited gift packs may be given, and the book of what was
//! set and adjusted by hand. A row carries no version: it is moved by conditional deltas.

use crate::sql::dialect::Lookup;
use crate::sql::keyset;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value};
use crate::tables::lane::counter::{Absent, Counted, Counter, Guard, Move};
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::{Store, StoreError};
use docket_domain::ledger::Ledger;
use docket_domain::{Id, Time};
use std::collections::BTreeSet;

/// Accounts of every ledger that has them.
pub static ACCOUNT: Table = Table {
    name: "account",
    columns: &[
        ("owner", Text),
        ("ledger", Int),
        ("currency", Text),
        ("balance", Int),
        ("held", Int),
        ("created_at", Int),
    ],
    key: 2,
};

/// The book of accounts.
pub static ACCOUNT_ADJUSTMENT: Table = Table {
    name: "account_adjustment",
    columns: &[
        ("id", Int),
        ("owner", Text),
        ("ledger", Int),
        ("kind", Int),
        ("amount", Int),
        ("balance", Int),
        ("reason", Text),
        ("actor", Text),
        ("at", Int),
    ],
    key: 1,
};

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The buyer, or the pack.
    pub owner: String,
    /// Of which ledger.
    pub ledger: Ledger,
    /// The currency of coins.
    pub currency: Option<String>,
    /// What there is: minor units of money, points, pieces.
    pub balance: i64,
    /// What of it is held for orders that are to be paid.
    pub held: i64,
    /// Since when.
    pub created_at: Time,
}

impl Account {
    /// What may be used.
    pub const fn available(&self) -> i64 {
        self.balance - self.held
    }

    pub(crate) fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            owner: row.text()?,
            ledger: row.code(Ledger::from_code)?,
            currency: row.text_or_null()?,
            balance: row.int()?,
            held: row.int()?,
            created_at: row.time()?,
        })
    }
}

/// What one piece does to one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountChange {
    /// Of which ledger.
    pub ledger: Ledger,
    /// Whose.
    pub owner: String,
    /// Its currency from now on, where that is said.
    pub currency: Option<String>,
    /// What was set, over what there was; whoever sets an account has looked at it.
    pub count: Option<i64>,
    /// Added to what there is.
    pub balance: i64,
    /// Added to what is held.
    pub held: i64,
    /// Whether the account must be there and have enough available.
    pub guarded: bool,
    /// When.
    pub at: Time,
}

/// What needs no guard makes the account: points and coins come to buyers who had none.
static COUNTER: Counter = Counter {
    lookup: Lookup { table: &ACCOUNT, fixed: Some("ledger"), list: "owner" },
    numbers: ["balance", "held"],
    tally: None,
    guard: "balance - held >=",
    no_bound: i64::MIN / 2,
    absent: Absent::Made,
    unit: Some("currency"),
};

impl Seen for Account {
    type Key = (Ledger, String);
    type Found = Option<Self>;

    fn load(
        keys: &BTreeSet<(Ledger, String)>,
        from: &mut Source<'_>,
    ) -> Result<Vec<((Ledger, String), Self)>, StoreError> {
        let rows = from.rows(&COUNTER.lookup, keys.iter().map(Self::columns))?.into_iter();
        let read =
            |row| Self::of(row).map(|account| ((account.ledger, account.owner.clone()), account));
        rows.map(read).collect()
    }

    fn apply(accounts: &mut Layer<Self>, writes: &Writes) {
        accounts.moved(&writes.accounts);
    }
}

impl Counted for Account {
    type Change = AccountChange;
    const COUNTER: &'static Counter = &COUNTER;

    fn key(change: &AccountChange) -> (Ledger, String) {
        (change.ledger, change.owner.clone())
    }

    fn columns((ledger, owner): &(Ledger, String)) -> (Option<Value>, Value) {
        (Some(ledger.code().into()), owner.into())
    }

    fn moved(change: AccountChange) -> Move {
        Move {
            set: change.count,
            add: [change.balance, change.held],
            tally: 0,
            guard: change.guarded.then_some(Guard::Enough),
            unit: change.currency,
            at: Some(change.at),
        }
    }

    fn after(row: Option<Self>, change: &AccountChange) -> Self {
        let mut account = row.unwrap_or_else(|| Self {
            owner: change.owner.clone(),
            ledger: change.ledger,
            currency: None,
            balance: 0,
            held: 0,
            created_at: change.at,
        });
        account.currency = change.currency.clone().or(account.currency);
        account.balance = change.count.unwrap_or(account.balance) + change.balance;
        account.held += change.held;
        account
    }
}

/// One line of the book: what was set, or added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountLine {
    /// Higher is later: lines are read newest first by it.
    pub id: Id,
    /// Whose.
    pub owner: String,
    /// Of which ledger.
    pub ledger: Ledger,
    /// Whether `amount` is what was set, or what was added.
    pub counted: bool,
    /// What was set or added.
    pub amount: i64,
    /// What there was afterwards.
    pub balance: i64,
    /// What whoever changed it gave as the cause.
    pub reason: String,
    /// The key or user who changed it.
    pub actor: String,
    /// When.
    pub at: Time,
}

impl AccountLine {
    pub(crate) fn row(self) -> Vec<Value> {
        vec![
            self.id.into(),
            self.owner.into(),
            self.ledger.code().into(),
            Value::Int(self.counted.into()),
            self.amount.into(),
            self.balance.into(),
            self.reason.into(),
            self.actor.into(),
            self.at.into(),
        ]
    }

    fn of(mut row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            owner: row.text()?,
            ledger: row.code(Ledger::from_code)?,
            counted: row.int()? == 1,
            amount: row.int()?,
            balance: row.int()?,
            reason: row.text()?,
            actor: row.text()?,
            at: row.time()?,
        })
    }
}

impl Written for AccountLine {
    const TABLE: &'static Table = &ACCOUNT_ADJUSTMENT;

    fn add(writes: &mut Writes, rows: &mut Rows, _: &mut Beside) {
        rows.insert(writes.account_lines.drain(..).map(Self::row));
    }
}

impl View {
    /// The account of `owner` in `ledger`, if there is one.
    pub fn account(&self, ledger: Ledger, owner: &str) -> Result<Option<&Account>, Need> {
        let key = (ledger, owner.to_owned());
        match self.accounts.get(&key) {
            Some(account) => Ok(account.as_ref()),
            None => Err(Need(vec![Key::Account { ledger, owner: key.1 }])),
        }
    }
}

impl Store {
    /// Every account of `owner`, by ledger.
    pub async fn accounts_of(&self, owner: &str) -> Result<Vec<Account>, StoreError> {
        let sql = format!(
            "SELECT {} FROM account WHERE owner = ? ORDER BY ledger",
            ACCOUNT.column_list()
        );
        let rows = self.rows("account", sql, &ACCOUNT.kinds(), vec![owner.into()]).await?;
        rows.into_iter().map(Account::of).collect()
    }

    /// Accounts behind an owner and a ledger, in that order; those of gift packs among them.
    pub async fn account_list(
        &self,
        (owner, ledger): (&str, i64),
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        let after = [owner.into(), Value::Int(ledger)];
        let [rows] =
            self.rows_together([keyset::behind(self.dialect(), &ACCOUNT, after, limit)]).await?;
        rows.into_iter().map(Account::of).collect()
    }

    /// The book of an account, newest first.
    pub async fn account_book(
        &self,
        ledger: Ledger,
        owner: &str,
        limit: usize,
    ) -> Result<Vec<AccountLine>, StoreError> {
        let table = &ACCOUNT_ADJUSTMENT;
        let sql = format!(
            "SELECT {} FROM {} WHERE owner = ? AND ledger = ? ORDER BY id DESC LIMIT {limit}",
            table.column_list(),
            table.name
        );
        let values = vec![owner.into(), ledger.code().into()];
        let rows = self.rows(table.name, sql, &table.kinds(), values).await?;
        rows.into_iter().map(AccountLine::of).collect()
    }
}
