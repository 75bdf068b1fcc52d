//! What a batch moves in accounts: one delta an account, in the order of their keys.

use crate::StoreError;
use crate::database::Connection;
use crate::dialect;
use crate::table::ACCOUNT;
use crate::tables::accounts::AccountChange;
use crate::value::Value;
use crate::view::View;
use docket_domain::Time;
use docket_domain::ledger::Ledger;
use std::collections::BTreeMap;

/// What a batch moves of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDelta {
    pub ledger: Ledger,
    pub owner: String,
    pub currency: Option<String>,
    /// What was set, over what there was.
    pub count: Option<i64>,
    pub balance: i64,
    pub held: i64,
    pub guarded: bool,
    /// Whether it is set and was not there when the batch began.
    pub makes: bool,
    pub at: Time,
}

impl AccountDelta {
    /// What must be available before this delta, so that no more is used than there is.
    pub fn available_before(&self) -> i64 {
        let taken = self.held - self.balance;
        if self.guarded && taken > 0 { taken } else { i64::MIN / 2 }
    }

    /// Whether the row must be there and have enough.
    pub fn is_guarded(&self) -> bool {
        self.count.is_none() && self.available_before() > 0
    }

    /// Whether it is made or set, which is done one by one.
    const fn stands_alone(&self) -> bool {
        self.count.is_some()
    }

    /// Whether one statement can move both: what is only added, whatever the ledger; what is taken, of one.
    pub fn goes_with(&self, other: &Self) -> bool {
        let alone = self.stands_alone() || other.stands_alone();
        let alike = match (self.is_guarded(), other.is_guarded()) {
            (true, true) => self.ledger == other.ledger,
            (guarded, other) => guarded == other,
        };
        alike && !alone
    }

    /// The statement for this row alone, if it must match; otherwise its row is added to what there is.
    pub fn conditional(&self) -> Option<(&'static str, Vec<Value>)> {
        if self.makes {
            // One that another process has made meanwhile is a conflict.
            return Some((dialect::insert(&ACCOUNT, 1), self.row()));
        }
        let row = [Value::Int(self.ledger.code()), Value::from(&self.owner)];
        if let Some(count) = self.count {
            let set = [Value::Int(count + self.balance), Value::Int(self.held)];
            let currency = Value::from(self.currency.as_ref());
            let values = set.into_iter().chain([currency]).chain(row);
            return Some((dialect::COUNT_ACCOUNT, values.collect()));
        }
        let moved = [Value::Int(self.balance), Value::Int(self.held)];
        let values = moved.into_iter().chain(row).chain([Value::Int(self.available_before())]);
        self.is_guarded().then(|| (dialect::MOVE_ACCOUNT, values.collect()))
    }

    /// The row that is added where there is none, and to the one there is.
    pub fn row(&self) -> Vec<Value> {
        vec![
            Value::from(&self.owner),
            Value::Int(self.ledger.code()),
            self.currency.as_ref().into(),
            Value::Int(self.count.unwrap_or(0) + self.balance),
            Value::Int(self.held),
            self.at.into(),
        ]
    }
}

/// Accounts by ledger and owner.
#[derive(Debug, Default)]
pub(super) struct Deltas(BTreeMap<(Ledger, String), AccountDelta>);

impl Deltas {
    pub(super) fn add(&mut self, changes: Vec<AccountChange>) {
        for change in changes {
            let key = (change.ledger, change.owner.clone());
            let delta = self.0.entry(key).or_insert_with(|| AccountDelta {
                ledger: change.ledger,
                owner: change.owner,
                currency: None,
                count: None,
                balance: 0,
                held: 0,
                guarded: false,
                makes: false,
                at: change.at,
            });
            if let Some(count) = change.count {
                delta.count = Some(count);
                delta.balance = 0;
            }
            delta.currency = change.currency.or(delta.currency.take());
            delta.balance += change.balance;
            delta.held += change.held;
            delta.guarded |= change.guarded;
        }
    }

    pub(super) fn write(
        &mut self,
        view: &View,
        connection: &mut dyn Connection,
    ) -> Result<(), StoreError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let moves =
            |delta: &AccountDelta| delta.count.is_some() || delta.balance != 0 || delta.held != 0;
        let deltas = std::mem::take(&mut self.0).into_values().filter(moves);
        let deltas = deltas.map(|delta| {
            let was_there = view.account_was_there(delta.ledger, &delta.owner);
            AccountDelta { makes: delta.count.is_some() && !was_there, ..delta }
        });
        let deltas: Vec<_> = deltas.collect();
        connection.move_accounts(&deltas)
    }
}
