//! Every operation in every state by every kind of actor: who may ask is the table's word alone, and what a
//! state allows stands below as a picture.

mod harness;

use docket_domain::decide::Decided;
use docket_domain::operation::{Operation, OperationKind, PaymentAsked, PriceAsked, RefundAsked};
use docket_domain::time::{DAY, MINUTE};
use docket_domain::words::Fulfilment;
use docket_domain::{ActorKind, Id, Refusal};
use harness::*;
use std::fmt::Write;

use ActorKind::{Buyer, Courier, Gateway, Seller, Store, Till, Timer};

type State = (&'static str, fn() -> Harness);

fn started(gateway: Option<&str>) -> Operation {
    let gateway = gateway.map(str::to_owned);
    Operation::StartPayment(PaymentAsked {
        tender: "wechat".into(),
        gateway,
        ..PaymentAsked::default()
    })
}

const STUCK: Operation = Operation::AttemptStuck { attempt_id: None, reason: None };
const REVOKE: Operation = Operation::Revoke { reason: None };

fn after(mut harness: Harness, steps: impl IntoIterator<Item = (ActorKind, Operation)>) -> Harness {
    for (actor, operation) in steps {
        harness.at = harness.at.plus(1);
        harness.does(actor, operation);
    }
    harness
}

fn paid_parcels() -> Harness {
    after(parcels(), [(Till, paid("cash", "r-1", 16600))])
}

fn paid_meal() -> Harness {
    after(meal(), [(Till, paid("cash", "r-1", 16600))])
}

fn refund_asked() -> Harness {
    after(paid_parcels(), [(Buyer, Operation::RequestRefund(RefundAsked::default()))])
}

fn refunding() -> Harness {
    after(refund_asked(), [(Store, Operation::AgreeRefund { refund_id: None })])
}

fn refund_failed() -> Harness {
    let harness = refunding();
    let id = harness.refund(0).refund_id;
    after(harness, [(Gateway, money_not_back(id))])
}

fn refunded() -> Harness {
    let harness = refunding();
    let id = harness.refund(0).refund_id;
    after(harness, [(Gateway, money_back(id))])
}

fn shipped() -> Harness {
    after(paid_parcels(), [(Store, ship(None))])
}

fn goods_to_come_back() -> Harness {
    let asked = RefundAsked { goods_back: true, ..RefundAsked::default() };
    after(shipped(), [(Store, Operation::RefundByStore(asked))])
}

fn received() -> Harness {
    after(shipped(), [(Buyer, Operation::Receive)])
}

fn completed() -> Harness {
    let mut harness = received();
    harness.wait(8 * DAY);
    harness
}

fn revoking() -> Harness {
    after(parcels(), [(Buyer, started(Some("wx"))), (Buyer, REVOKE)])
}

const STATES: &[State] = &[
    ("unpaid", parcels),
    ("paying", || after(parcels(), [(Buyer, started(Some("wx")))])),
    ("part paid", || after(parcels(), [(Till, paid("cash", "r-1", 600))])),
    ("pay failed", || {
        after(parcels(), [(Gateway, Operation::PaymentFailed { attempt_id: None, reason: None })])
    }),
    ("revoking", revoking),
    ("revoke failed", || after(revoking(), [(Gateway, STUCK)])),
    ("revoked", || after(parcels(), [(Buyer, REVOKE)])),
    ("paid", paid_parcels),
    ("part shipped", || {
        let harness = paid_parcels();
        let line = harness.units(0, 1);
        after(harness, [(Store, ship(Some(vec![line])))])
    }),
    ("shipped", shipped),
    ("received", received),
    ("completed", completed),
    ("cancel asked", || {
        after(paid_parcels(), [(Buyer, Operation::RequestCancel { reason: None })])
    }),
    ("refund asked", refund_asked),
    ("refunding", refunding),
    ("refund failed", refund_failed),
    ("refunded", refunded),
    ("goods to come back", goods_to_come_back),
    ("meal unpaid", meal),
    ("meal paid", paid_meal),
    ("meal accepted", || after(paid_meal(), [(Store, Operation::Accept)])),
    ("meal rejected", || after(paid_meal(), [(Store, Operation::Reject { reason: None })])),
    ("meal picked up", || {
        let up = Operation::PickUp { courier: None };
        after(paid_meal(), [(Store, Operation::Accept), (Courier, up)])
    }),
    ("meal delivered", || {
        let there = Operation::Deliver { courier: None };
        after(paid_meal(), [(Store, Operation::Accept), (Courier, there)])
    }),
    ("counter sold", || {
        let harness = Harness::place(&order(vec![fulfilled(Fulfilment::Counter)]));
        after(harness, [(Till, paid("cash", "r-1", 16600))])
    }),
    ("codes paid", || {
        let harness = Harness::place(&order(vec![fulfilled(Fulfilment::Code)]));
        after(harness, [(Till, paid("cash", "r-1", 16600))])
    }),
    ("fruit paid", || {
        let mut fruit = item(5000, 2);
        fruit.weighed = true;
        let harness = Harness::place(&order(vec![shop(0, vec![fruit])]));
        after(harness, [(Till, paid("cash", "r-1", 10000))])
    }),
];

/// A well-formed request of each kind for `harness`, by someone who may ask.
fn asked(kind: OperationKind, harness: &Harness) -> (ActorKind, Operation) {
    use OperationKind as K;
    let first_refund = harness.shop().refunds.first();
    let refund = first_refund.map_or(Id(99), |refund| refund.refund_id);
    let (attempt_id, reason, courier, refund_id) = (None, None, None, None);
    match kind {
        K::StartPayment => (Buyer, started(None)),
        K::PaymentSucceeded => (Gateway, paid("wechat", "w-9", 100)),
        K::PaymentFailed => (Gateway, Operation::PaymentFailed { attempt_id, reason }),
        K::AttemptClosed => (Gateway, Operation::AttemptClosed { attempt_id, reason }),
        K::AttemptStuck => (Gateway, STUCK),
        K::Revoke => (Buyer, REVOKE),
        K::Drop => {
            let lines = Some(vec![harness.units(0, 2)]);
            let (platform_discount, third_party_discount) = (None, None);
            (Buyer, Operation::Drop { lines, platform_discount, third_party_discount })
        }
        K::AdjustPrice => {
            let asked = PriceAsked { shop_discount: Some(100), ..PriceAsked::default() };
            (Seller, Operation::AdjustPrice(asked))
        }
        K::Accept => (Store, Operation::Accept),
        K::Reject => (Store, Operation::Reject { reason }),
        K::StartPreparing => (Store, Operation::StartPreparing),
        K::Prepare => (Store, Operation::Prepare),
        K::CallCourier => (Store, Operation::CallCourier { courier }),
        K::PickUp => (Courier, Operation::PickUp { courier }),
        K::Deliver => (Courier, Operation::Deliver { courier }),
        K::Ship => (Store, ship(None)),
        K::Receive | K::Place | K::Record => (Buyer, Operation::Receive),
        K::ExtendReceipt => (Buyer, Operation::ExtendReceipt { days: 3 }),
        K::RequestCancel => (Buyer, Operation::RequestCancel { reason }),
        K::AgreeCancel => (Seller, Operation::AgreeCancel { refund_id }),
        K::RefuseCancel => (Seller, Operation::RefuseCancel { refund_id, reason }),
        K::WithdrawCancel => (Buyer, Operation::WithdrawCancel { refund_id }),
        K::RequestRefund => (Buyer, Operation::RequestRefund(RefundAsked::default())),
        K::AgreeRefund => (Store, Operation::AgreeRefund { refund_id }),
        K::RejectRefund => (Store, Operation::RejectRefund { refund_id, reason }),
        K::WithdrawRefund => (Buyer, Operation::WithdrawRefund { refund_id }),
        K::RefundByStore => (Store, Operation::RefundByStore(RefundAsked::default())),
        K::RefundSucceeded => (Gateway, money_back(refund)),
        K::RefundFailed => (Gateway, money_not_back(refund)),
        K::ReceiveReturn => {
            (Store, Operation::ReceiveReturn { refund_id: refund, lines: None, restock: true })
        }
        K::Weigh => (Store, Operation::Weigh { lines: vec![harness.units(0, 1)] }),
        K::ChangeAddress => (Buyer, Operation::ChangeAddress { freight: None, freight_tax: None }),
        K::Settle => (Timer, Operation::Settle),
        K::Rate => (Buyer, Operation::Rate { score: 5, text: None }),
        K::Note => (Buyer, Operation::Note),
        K::Tag => (Buyer, Operation::Tag { add: vec!["new".into()], remove: Vec::new() }),
        K::Hide => (Buyer, Operation::Hide),
        K::Delete => (Buyer, Operation::Delete),
        K::Restore => (Buyer, Operation::Restore),
    }
}

fn ask(harness: &mut Harness, kind: OperationKind, actor: ActorKind) -> Result<Decided, Refusal> {
    let (_, operation) = asked(kind, harness);
    let node = match kind {
        OperationKind::Rate => harness.shop().items[0].id,
        _ => harness.tree.id(),
    };
    harness.at = harness.at.plus(MINUTE);
    harness.ask_of(node, actor, operation)
}

fn kinds() -> impl Iterator<Item = OperationKind> {
    let asked_for =
        |kind: &OperationKind| !matches!(kind, OperationKind::Place | OperationKind::Record);
    OperationKind::ALL.iter().copied().filter(asked_for)
}

#[test]
fn whoever_stands_outside_the_table_is_refused_as_an_actor_in_every_state() {
    for (state, make) in STATES {
        let harness = make();
        for kind in kinds() {
            for actor in ActorKind::ALL.iter().copied() {
                let decided = ask(&mut harness.clone(), kind, actor);
                let refused = decided == Err(Refusal::Actor { actor, operation: kind });
                if kind.definition().who.contains(&actor) {
                    // Inside the table a side may still be the wrong one: who asked does not answer.
                    let answers = matches!(
                        kind,
                        OperationKind::AgreeCancel
                            | OperationKind::RefuseCancel
                            | OperationKind::WithdrawCancel
                    );
                    assert!(!refused || answers, "{actor} {kind} {state}");
                } else {
                    assert!(refused, "{actor} may not ask for {kind} when {state}: {decided:?}");
                }
            }
        }
    }
}

#[test]
fn every_operation_has_its_row_of_rules() {
    for kind in OperationKind::ALL {
        assert_eq!(kind.definition().kind, *kind);
    }
}

/// `D` does it, `=` is so already, `.` refused for the state, `t` for its terms (an attempt is open), `w` for
/// the level or part, `s` for a scope.
fn letter(decided: &Result<Decided, Refusal>) -> char {
    match decided {
        Ok(Decided::Change(_)) => 'D',
        Ok(Decided::Already) => '=',
        Err(Refusal::State { .. }) => '.',
        Err(Refusal::PaymentOpen { .. }) => 't',
        Err(Refusal::NoSuchPart { .. }) => 'w',
        Err(Refusal::Scope { .. }) => 's',
        Err(other) => panic!("another refusal was expected: {other:?}"),
    }
}

#[test]
fn each_state_allows_what_the_picture_says() {
    let mut picture = String::new();
    let desks: Vec<Harness> = STATES.iter().map(|(_, make)| make()).collect();
    for kind in kinds() {
        let row = desks.iter().map(|harness| {
            let (actor, _) = asked(kind, harness);
            letter(&ask(&mut harness.clone(), kind, actor))
        });
        let row: String = row.collect();
        writeln!(picture, "{:17} {row}", kind.word()).expect("a string takes all");
    }
    assert!(picture.trim() == PICTURE.trim(), "the picture is now:\n{picture}");
}

/// One column a state, in the order of `STATES`; one row an operation.
const PICTURE: &str = "
start_payment     DDDD..............D........
payment_succeeded DDDDDDDDDDDDDDDDDDDDDDDDDDD
payment_failed    DD==DD============D========
attempt_closed    .D..DD.....................
attempt_stuck     .=..D=.....................
revoke            DDDD.D............D........
drop              Dt.D..............D........
adjust_price      Dt.D..............D........
accept            ...................D.......
reject            ...................D.......
start_preparing   ....................D......
prepare           ....................D......
call_courier      ....................D......
pick_up           ....................D......
deliver           ....................D.D....
ship              .......DD...DD.D.........DD
receive           .........D.......D....D....
extend_receipt    .........D.......D....D....
request_cancel    .......D.......D...DD....DD
agree_cancel      ............D..............
refuse_cancel     ............D..............
withdraw_cancel   ............D..............
request_refund    .......DDDD....D...DD.DDDDD
agree_refund      .............D.D...........
reject_refund     .............D.............
withdraw_refund   .............D.............
refund_by_store   .......DDDDs...D...DD.DDDDD
refund_succeeded  wwwwwwwwwwwwDDDD=DwwwDwwwww
refund_failed     wwwwwwwwwwww==D=DDwwwDwwwww
receive_return    wwwwwwwwwwww.....Dwww.wwwww
weigh             ..........................D
change_address    D..D...D....DD.D..DDD....DD
settle            ..........D............DD..
rate              ..........DD...........DD..
note              DDDDDDDDDDDDDDDDDDDDDDDDDDD
tag               DDDDDDDDDDDDDDDDDDDDDDDDDDD
hide              ..........DD....D......DD..
delete            ..........DD....D......DD..
restore           ..........==....=......==..
";
