//! Accounts of buyers: coins and points, set and adjusted by hand, and the book of it.

use crate::answer;
use crate::auth::{Caller, Sent};
use crate::body::read;
use crate::center::Center;
use crate::failure::Failure;
use crate::openapi::bodies::IDEMPOTENCY;
use crate::openapi::ledger_bodies::{AccountAdjustmentBody, AccountBody};
use crate::openapi::words::{AccountLedger, AccountLineKind, Limit};
use crate::{cursor, query};
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use docket_app::{Account, AccountKey, AccountLine, ChangeAccount, NewBalance};
use docket_domain::ledger::Ledger;
use docket_domain::money::AMOUNT_LIMIT;
use docket_wire::described::{Identifier, PageCursor};
use docket_wire::document::Node;
use docket_wire::kinds;
use docket_wire::moment::Moment;
use docket_wire::reader::{Reader, Source, read_node};
use docket_wire::view::Number;
use serde::Serialize;
use utoipa::ToSchema;

/// The ledgers that have accounts of buyers.
const LEDGERS: [(&str, Ledger); 2] = [("coins", Ledger::Coins), ("points", Ledger::Points)];

/// An account.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView<'a> {
    /// `coins` or `points`.
    #[schema(value_type = AccountLedger)]
    pub ledger: &'static str,
    /// The buyer.
    pub owner: &'a str,
    /// Coins alone: ISO 4217.
    pub currency: Option<&'a str>,
    /// What there is: minor units of money, or points. Points may be below zero after a refund.
    pub balance: i64,
    /// What of it is held for orders that are to be paid.
    pub held: i64,
    /// What may be used.
    pub available: i64,
    /// When it was made.
    pub created_at: Moment,
}

impl<'a> AccountView<'a> {
    pub fn of(account: &'a Account) -> Self {
        Self {
            ledger: account.ledger.word(),
            owner: &account.owner,
            currency: account.currency.as_deref(),
            balance: account.balance,
            held: account.held,
            available: account.available(),
            created_at: account.created_at.into(),
        }
    }
}

/// One page of accounts.
#[derive(Serialize, ToSchema)]
pub struct AccountPage<'a> {
    /// By owner and ledger.
    pub accounts: Vec<AccountView<'a>>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// One line of the book of an account.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountAdjustment)]
pub struct AccountLineView<'a> {
    /// Names this line of the history.
    pub adjustment_id: Number,
    /// `set` or `adjustment`.
    #[schema(value_type = AccountLineKind)]
    pub kind: &'static str,
    /// What was set, or what was added.
    pub amount: i64,
    /// What there was afterwards.
    pub balance: i64,
    /// Why, in the words of whoever did it.
    pub reason: &'a str,
    /// Who: number and name of the key or user.
    pub actor: &'a str,
    /// When it was done.
    pub at: Moment,
}

impl<'a> AccountLineView<'a> {
    fn of(line: &'a AccountLine) -> Self {
        Self {
            adjustment_id: Number(line.id),
            kind: if line.counted { "set" } else { "adjustment" },
            amount: line.amount,
            balance: line.balance,
            reason: &line.reason,
            actor: &line.actor,
            at: line.at.into(),
        }
    }
}

/// The book of an account. What orders moved stands with the orders, as their effects.
#[derive(Serialize, ToSchema)]
pub struct AccountBook<'a> {
    /// Newest first, at most 200.
    pub adjustments: Vec<AccountLineView<'a>>,
}

/// The account that a path names.
pub struct Named(AccountKey);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Ok(Path((ledger, owner))) = path else {
            return Err(Failure::not_found("such", "account: the path is not UTF-8"));
        };
        let named = [("ledger".into(), ledger), ("owner".into(), owner)];
        let named = named.map(|(name, text)| (name, Node::Text(text.into())));
        let key = read_node(Node::Object(named.into()), Source::Request, |fields| {
            let ledger = fields.required("ledger", query::one_of(&LEDGERS));
            let owner = fields.required("owner", kinds::identifier);
            Some(AccountKey { ledger: ledger?, owner: owner? })
        })?;
        Ok(Self(key))
    }
}

fn balance(reader: &mut Reader, node: Node<'_>) -> Option<i64> {
    kinds::integer(reader, node, 0, AMOUNT_LIMIT - 1)
}

fn delta(reader: &mut Reader, node: Node<'_>) -> Option<i64> {
    match kinds::integer(reader, node, 1 - AMOUNT_LIMIT, AMOUNT_LIMIT - 1)? {
        0 => reader.wrong("too_small", "must not be 0"),
        delta => Some(delta),
    }
}

async fn changed(center: &Center, sent: Sent, change: ChangeAccount) -> Result<Response, Failure> {
    let done = center.app.change_account(&sent.who, change, sent.idempotency).await?;
    Ok(answer::once(done, |account| answer::json(StatusCode::OK, &AccountView::of(&account))))
}

/// List accounts
#[utoipa::path(
    get, path = "/api/accounts", tag = "ledgers", operation_id = "list_accounts",
    params(
        ("owner" = Option<Identifier>, Query, description = "Of this buyer alone"),
        ("limit" = Option<Limit>, Query, description = "Accounts of a page: 1 to 200, 50 where left out"),
        ("cursor" = Option<PageCursor>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, description = "One page, by owner and ledger", body = AccountPage<'static>))
)]
pub async fn list(
    State(center): State<Center>,
    Caller(who): Caller,
    uri: Uri,
) -> Result<Response, Failure> {
    let (owner, limit, after) = query::read(&uri, |fields| {
        let owner = fields.optional("owner", kinds::identifier);
        let limit = query::limit(fields);
        Some((owner, limit, query::cursor(fields, cursor::names::<2>)))
    })?;
    let [last, ledger] = after.unwrap_or_default();
    let after = (last, ledger.parse().unwrap_or(0));
    let page = center.app.accounts(&who, owner.as_deref(), after, limit).await?;
    let next = page.next.map(|(owner, ledger)| cursor::of_names([&owner, &ledger.to_string()]));
    let accounts = page.found.iter().map(AccountView::of).collect();
    Ok(answer::json(StatusCode::OK, &AccountPage { accounts, next }))
}

/// One account
#[utoipa::path(
    get, path = "/api/accounts/{ledger}/{owner}", tag = "ledgers", operation_id = "get_account",
    params(
        ("ledger" = AccountLedger, Path, description = "`coins` or `points`"),
        ("owner" = Identifier, Path, description = "The buyer"),
    ),
    responses((status = 200, description = "As it is now", body = AccountView<'static>))
)]
pub async fn get(
    State(center): State<Center>,
    Caller(who): Caller,
    Named(account): Named,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let account = center.app.account(&who, &account).await?;
    Ok(answer::json(StatusCode::OK, &AccountView::of(&account)))
}

/// Set an account
///
/// Opens it if need be. From then on the buyer's coins are counted here: an order that uses them holds them, and
/// its key needs no scope `prices` for it.
#[utoipa::path(
    put, path = "/api/accounts/{ledger}/{owner}", tag = "ledgers", operation_id = "set_account",
    params(
        ("ledger" = AccountLedger, Path, description = "`coins` or `points`"),
        ("owner" = Identifier, Path, description = "The buyer"),
    ),
    request_body(content = AccountBody, example = json!({"balance": 5000, "currency": "CNY", "reason": "opening"})),
    responses((status = 200, description = "As it is now", body = AccountView<'static>))
)]
pub async fn set(
    State(center): State<Center>,
    Named(account): Named,
    sent: Sent,
) -> Result<Response, Failure> {
    let change = read(&sent.body, Source::Request, |fields| {
        let balance = fields.required("balance", balance);
        let currency = fields.optional("currency", kinds::currency);
        let reason = fields.required("reason", kinds::words);
        let balance = NewBalance::Set(balance?, currency);
        Some(ChangeAccount { account, balance, reason: reason? })
    })?;
    changed(&center, sent, change).await
}

/// Adjust an account
#[utoipa::path(
    post, path = "/api/accounts/{ledger}/{owner}/adjustments", tag = "ledgers", operation_id = "adjust_account",
    params(
        ("ledger" = AccountLedger, Path, description = "`coins` or `points`"),
        ("owner" = Identifier, Path, description = "The buyer"),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY),
    ),
    request_body(content = AccountAdjustmentBody, example = json!({"delta": 100, "reason": "sorry"})),
    responses((status = 200, description = "As it is now", body = AccountView<'static>))
)]
pub async fn adjust(
    State(center): State<Center>,
    Named(account): Named,
    sent: Sent,
) -> Result<Response, Failure> {
    let change = read(&sent.body, Source::Request, |fields| {
        let delta = fields.required("delta", delta);
        let reason = fields.required("reason", kinds::words);
        Some(ChangeAccount { account, balance: NewBalance::Add(delta?), reason: reason? })
    })?;
    changed(&center, sent, change).await
}

/// The book of an account
#[utoipa::path(
    get, path = "/api/accounts/{ledger}/{owner}/adjustments", tag = "ledgers",
    operation_id = "list_account_adjustments",
    params(
        ("ledger" = AccountLedger, Path, description = "`coins` or `points`"),
        ("owner" = Identifier, Path, description = "The buyer"),
    ),
    responses((status = 200, description = "What was set and adjusted, newest first", body = AccountBook<'static>))
)]
pub async fn book(
    State(center): State<Center>,
    Caller(who): Caller,
    Named(account): Named,
    uri: Uri,
) -> Result<Response, Failure> {
    query::none(&uri)?;
    let lines = center.app.account_book(&who, &account).await?;
    let adjustments = lines.iter().map(AccountLineView::of).collect();
    Ok(answer::json(StatusCode::OK, &AccountBook { adjustments }))
}
