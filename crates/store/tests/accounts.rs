//! Accounts on every database: deltas of many pieces come out exactly, and nobody uses more than there is,
//! whatever the number of processes.

#![allow(clippy::unwrap_used)] // in a test a failed step is a failed test

#[allow(dead_code)] // shared with the conformance suite, which needs more of it
mod suite;

use docket_domain::ledger::{
    Effect, EffectKind, GiftStatus, Ledger, LedgerLocation, Slip, SlipLine, SlipStatus,
};
use docket_domain::{Currency, Id, Quantity, Time};
use docket_store::{
    Account, AccountChange, AccountLine, Cause, EffectRow, GiftPack, GiftRow, Key, Member, SlipRow,
    Store, Writes,
};
use std::sync::Arc;
use suite::{Order, on_every_store, open, run, write};

fn change(owner: &str) -> AccountChange {
    AccountChange {
        ledger: Ledger::Coins,
        owner: owner.to_owned(),
        currency: Some("CNY".to_owned()),
        count: None,
        balance: 0,
        held: 0,
        guarded: false,
        at: Time(1),
    }
}

fn key(owner: &str) -> Key {
    Key::Account { ledger: Ledger::Coins, owner: owner.to_owned() }
}

async fn add(store: &Store, changes: Vec<AccountChange>) -> Result<(), docket_store::Refused> {
    // Whoever sets an account has looked at it.
    let set = changes.iter().filter(|change| change.count.is_some());
    let keys = set.map(|change| key(&change.owner)).collect();
    let accounts = move |_: &mut docket_store::Context<'_>| Writes {
        accounts: changes.clone(),
        ..Writes::default()
    };
    write(store, keys, accounts).await
}

async fn set(store: &Store, owner: &str, balance: i64) {
    add(store, vec![AccountChange { count: Some(balance), ..change(owner) }]).await.unwrap();
}

async fn stands(store: &Store, owner: &str) -> (i64, i64) {
    let found = store.accounts_of(owner).await.unwrap();
    let found = found.iter().find(|account| account.ledger == Ledger::Coins).unwrap();
    (found.balance, found.held)
}

/// Places an order that holds one coin of `owner`, if there is one.
async fn hold_one(store: &Store, buyer: i32, owner: &'static str) -> bool {
    let placing = run(store, vec![key(owner)], move |view, cx| {
        let account = view.account(Ledger::Coins, owner)?.expect("it was opened");
        if account.available() < 1 {
            return Ok((None, false));
        }
        let (_, mut writes) = suite::placed(&Order::new(buyer), cx);
        writes.accounts = vec![AccountChange { held: 1, guarded: true, ..change(owner) }];
        Ok((Some(writes), true))
    });
    placing.await.unwrap_or(false)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_coin_is_held_once() {
    on_every_store(async |store, _| {
        set(store, "b", 7).await;
        let mut waiting = tokio::task::JoinSet::new();
        for buyer in 0..40 {
            let store = Arc::clone(store);
            waiting.spawn(async move { hold_one(&store, buyer, "b").await });
        }
        let held = waiting.join_all().await.into_iter().filter(|held| *held).count();
        assert_eq!(held, 7);
        assert_eq!(stands(store, "b").await, (7, 7));
    })
    .await;
}

/// On SQLite one file has one owner, so two processes are the MySQL family's test.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_cannot_overdraw_an_account() {
    let database = docket_testkit::Database::Mariadb.fresh();
    let (one, two) = (open(&database.url()).await, open(&database.url()).await);
    set(&one, "b", 50).await;
    let mut waiting = tokio::task::JoinSet::new();
    for buyer in 0..200 {
        let store = Arc::clone(if buyer % 2 == 0 { &one } else { &two });
        waiting.spawn(async move { hold_one(&store, buyer, "b").await });
    }
    let held = waiting.join_all().await.into_iter().filter(|held| *held).count();
    assert_eq!(held, 50);
    assert_eq!(stands(&one, "b").await, (50, 50));
    assert_eq!(suite::all_ids(&two).await.len(), 50, "nothing of the others was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_accounts_move_in_one_batch_each_by_its_own_rule() {
    on_every_store(async |store, _| {
        for n in 0..21 {
            set(store, &format!("b{n:02}"), 10).await;
        }
        let moves = |n: i64| {
            let owner = format!("b{n:02}");
            match n % 3 {
                0 => AccountChange { held: 1 + n / 3, guarded: true, ..change(&owner) },
                1 => AccountChange { balance: -100, ..change(&owner) },
                _ => AccountChange { balance: 5, held: -1, ..change(&owner) },
            }
        };
        let points =
            AccountChange { ledger: Ledger::Points, balance: 9, currency: None, ..change("new") };
        let mut changes: Vec<_> = (0..21).map(moves).collect();
        changes.extend([points.clone(), points]);
        add(store, changes).await.unwrap();
        assert_eq!(stands(store, "b06").await, (10, 3));
        assert_eq!(stands(store, "b07").await, (-90, 0), "what has happened is not refused");
        assert_eq!(stands(store, "b08").await, (15, -1));
        let made = store.accounts_of("new").await.unwrap();
        assert_eq!(
            (made[0].ledger, made[0].balance),
            (Ledger::Points, 18),
            "made by what is granted"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_piece_is_written_whose_coins_are_not_there() {
    on_every_store(async |store, _| {
        set(store, "a", 5).await;
        set(store, "b", 5).await;
        let hold = |owner, held| AccountChange { held, guarded: true, ..change(owner) };
        let refused = add(store, vec![hold("a", 5), hold("b", 6)]).await;
        assert_eq!(refused.unwrap_err().cause, Cause::Contended);
        let refused = add(store, vec![hold("nobody", 1)]).await;
        assert_eq!(refused.unwrap_err().cause, Cause::Contended);
        assert_eq!((stands(store, "a").await, stands(store, "b").await), ((5, 0), (5, 0)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_in_one_batch_with_holds_comes_out_exactly() {
    on_every_store(async |store, _| {
        set(store, "b", 10).await;
        let hold = AccountChange { held: 3, guarded: true, ..change("b") };
        let set =
            AccountChange { count: Some(20), currency: Some("EUR".to_owned()), ..change("b") };
        let pay = AccountChange { balance: -2, held: -2, ..change("b") };
        add(store, vec![hold, set, pay]).await.unwrap();
        assert_eq!(stands(store, "b").await, (18, 1));
        let granted = AccountChange { balance: 5, ..change("new") };
        let set = AccountChange { count: Some(7), ..change("new") };
        add(store, vec![granted.clone(), set, granted]).await.unwrap();
        assert_eq!(stands(store, "new").await, (12, 0), "made by what sets it");
        let account = store.accounts_of("b").await.unwrap().remove(0);
        assert_eq!(account.available(), 17);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_comes_about_once() {
    on_every_store(async |store, _| {
        let effect = Effect {
            key: "points.grant".to_owned(),
            ledger: Ledger::Points,
            kept: LedgerLocation::Elsewhere,
            kind: EffectKind::Grant,
            owner: Some("b".to_owned()),
            amount: 7,
            detail: serde_json::json!({"lines": [{"order_id": "3", "amount": 7}]}),
        };
        let row = EffectRow { tree: Id(1), effect, seq: 2, at: Time(9) };
        let add = |row: EffectRow| {
            let writes = move |_: &mut docket_store::Context<'_>| Writes {
                effects: vec![row.clone()],
                accounts: vec![AccountChange { balance: 7, ..change("b") }],
                ..Writes::default()
            };
            write(store, Vec::new(), writes)
        };
        add(row.clone()).await.unwrap();
        assert!(add(row.clone()).await.is_err(), "the key holds a second one off");
        assert_eq!(stands(store, "b").await, (7, 0), "and what came with it");
        assert_eq!(store.effects(Id(1)).await.unwrap(), [row]);
    })
    .await;
}

/// Writes it in one batch of its own.
async fn write_once(store: &Store, writes: Writes) {
    let writes = std::sync::Mutex::new(Some(writes));
    let once = move |_: &mut docket_store::Context<'_>| {
        writes.lock().unwrap().take().expect("one batch, one decision")
    };
    write(store, Vec::new(), once).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn packs_and_gifts_come_back() {
    on_every_store(async |store, _| {
        let pack = GiftPack {
            pack_id: "cup".to_owned(),
            title: "茶杯".to_owned(),
            shop_id: None,
            min_price: 100,
            currency: Currency::in_use("CNY").unwrap(),
            from: Some(Time(1)),
            until: None,
            total: Some(3),
            active: true,
            updated_at: Time(4),
        };
        let gift = GiftRow {
            tree: Id(1),
            pack_id: "cup".to_owned(),
            owner: "b".to_owned(),
            title: "茶杯".to_owned(),
            status: GiftStatus::Issued,
            issued_at: Time(5),
            ended_at: None,
        };
        let (packs, gifts) = (vec![pack.clone()], vec![gift.clone()]);
        write_once(store, Writes { gift_packs: packs, gifts, ..Writes::default() }).await;
        assert_eq!(store.gift_packs().await.unwrap(), std::slice::from_ref(&pack));
        assert_eq!(store.gifts_of("b", 9).await.unwrap(), std::slice::from_ref(&gift));
        let ended = Some(Time(7));
        let back = GiftRow { status: GiftStatus::TakenBack, ended_at: ended, ..gift };
        let off = GiftPack { active: false, ..pack };
        let (packs, gifts) = (vec![off.clone()], vec![back.clone()]);
        write_once(store, Writes { gift_packs: packs, gifts, ..Writes::default() }).await;
        assert_eq!(store.gifts_of("b", 9).await.unwrap(), std::slice::from_ref(&back));
        assert_eq!(store.gift_packs().await.unwrap(), [off]);
        let again =
            GiftRow { status: GiftStatus::Issued, issued_at: Time(9), ended_at: None, ..back };
        let statements = vec![again.clone().give_again()];
        write_once(store, Writes { statements, ..Writes::default() }).await;
        assert_eq!(store.gifts_of("b", 9).await.unwrap(), [again]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slips_come_back_by_place_and_state() {
    on_every_store(async |store, _| {
        let line = SlipLine {
            order_id: Id(3),
            sku_id: "tea".to_owned(),
            title: None,
            ordered: Quantity(1250),
            weighed: None,
        };
        let slip = Slip {
            shop_order: Id(2),
            shop_id: "11".to_owned(),
            place: "main".to_owned(),
            status: SlipStatus::Awaiting,
            lines: vec![line],
            created_at: Time(5),
        };
        let slip = SlipRow { tree: Id(1), slip, changed_at: Time(5) };
        write_once(store, Writes { slips: vec![slip.clone()], ..Writes::default() }).await;
        let awaiting = Some(SlipStatus::Awaiting);
        let found = store.slips(Some("main"), awaiting, Id(0), 9).await.unwrap();
        assert_eq!(found, std::slice::from_ref(&slip));
        assert_eq!(store.slips(Some("other"), None, Id(0), 9).await.unwrap(), []);
        assert_eq!(store.slips(None, None, Id(2), 9).await.unwrap(), []);
        let mut filled = slip;
        filled.slip.status = SlipStatus::Weighed;
        filled.slip.lines[0].weighed = Some(Quantity(1000));
        write_once(store, Writes { slips: vec![filled.clone()], ..Writes::default() }).await;
        assert_eq!(store.slips(None, awaiting, Id(0), 9).await.unwrap(), []);
        assert_eq!(store.slips(None, None, Id(0), 9).await.unwrap(), [filled]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_and_books_come_back() {
    on_every_store(async |store, _| {
        let member = Member {
            buyer_id: "b".to_owned(),
            level: "gold".to_owned(),
            joined_at: Time(1),
            updated_at: Time(2),
        };
        let booked = AccountLine {
            id: Id(8),
            owner: "b".to_owned(),
            ledger: Ledger::Coins,
            counted: true,
            amount: 5,
            balance: 5,
            reason: "opening".to_owned(),
            actor: "1:me".to_owned(),
            at: Time(3),
        };
        let (members, account_lines) = (vec![member.clone()], vec![booked.clone()]);
        write_once(store, Writes { members, account_lines, ..Writes::default() }).await;
        assert_eq!(store.member("b").await.unwrap(), Some(member.clone()));
        assert_eq!(store.members("", 9).await.unwrap(), [member]);
        assert_eq!(store.members("b", 9).await.unwrap(), []);
        assert_eq!(store.account_book(Ledger::Coins, "b", 9).await.unwrap(), [booked]);
        let listed: Vec<Account> = store.account_list(("", 0), 9).await.unwrap();
        assert_eq!(listed, [], "a line of the book makes no account");
    })
    .await;
}
