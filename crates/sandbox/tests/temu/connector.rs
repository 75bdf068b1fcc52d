//! The connector to Temu against this marketplace: each was written from the documents alone, so what one builds the
//! other must take, and what one tells the other must read.

use crate::stage::{Heard, NOW, Stage};
use docket_connectors::channel::temu::Temu;
use docket_connectors::channel::{
    AftersaleState, AftersalesCall, Answer, Call, ChannelOrder, Connector, Credentials, FaultKind,
    Odd, OrdersCall, OrdersPage, Page, ProductsCall, Secret, Stage as Reached, TimeField, Window,
    marketplace_time,
};
use docket_connectors::{Message, Reply, Stamp};
use docket_domain::Time;
use docket_domain::time::DAY;
use docket_sandbox::temu;
use serde_json::json;
use std::collections::BTreeSet;

const AT: Time = Time(NOW);

fn credentials(stage: &Stage, shop: usize) -> Credentials {
    let temu::Key { mall_id, app_key, access_token, .. } = stage.shops[shop].clone();
    Credentials {
        app_key,
        app_secret: Secret::new(temu::APP_SECRET),
        access_token: Secret::new(access_token),
        shop: mall_id,
    }
}

async fn sent(stage: &Stage, shop: usize, call: &Call) -> Heard {
    let request = Temu.build(call, &credentials(stage, shop), AT).expect("it can be built");
    let body = String::from_utf8(request.body).expect("a text");
    stage.send(request.method.word(), &request.path, body).await.expect("an answer")
}

fn read(call: &Call, heard: &Heard) -> Result<Answer, FaultKind> {
    let message = Message { headers: &heard.headers, body: &heard.body };
    let asked = Stamp { at: AT, nonce: 1 };
    let reply = Reply { status: heard.status, message, asked, came_at: AT };
    Temu.parse(call, &reply).map_err(|fault| fault.kind)
}

async fn ask(stage: &Stage, shop: usize, call: Call) -> Result<Answer, FaultKind> {
    let heard = sent(stage, shop, &call).await;
    read(&call, &heard)
}

fn window(by: TimeField) -> Window {
    Window { by, from: AT.plus(-100 * DAY), to: AT }
}

fn orders(page: u32) -> Call {
    Call::Orders(OrdersCall {
        window: window(TimeField::Updated),
        page: Page::Number(page),
        size: 100,
    })
}

async fn listed(stage: &Stage, page: u32) -> OrdersPage {
    let answer = ask(stage, 0, orders(page)).await;
    let Ok(Answer::Orders(page)) = answer else { panic!("{answer:?}") };
    page
}

async fn detailed(stage: &Stage, order: &str) -> ChannelOrder {
    let answer = ask(stage, 0, Call::OrderDetail { order: order.to_owned() }).await;
    let Ok(Answer::Order(order)) = answer else { panic!("{answer:?}") };
    *order
}

#[tokio::test]
async fn orders_are_listed_and_read_one_by_one_and_nothing_is_odd_about_them() {
    let stage = Stage::set().await;
    let mut numbers = BTreeSet::new();
    for nth in 1..=2 {
        let page = listed(&stage, nth).await;
        assert_eq!((page.orders.len(), page.total, page.refused.len()), (100, Some(200), 0));
        assert_eq!(page.next, (nth == 1).then_some(Page::Number(2)));
        for order in page.orders {
            let odd: Vec<Odd> = order.flags.iter().map(|flag| flag.odd).collect();
            // Units that were all cancelled are odd in any case.
            assert!(odd.iter().all(|odd| *odd == Odd::NoUnits), "{:?}", order.flags);
            assert!(order.stage.is_some() && order.updated_at.is_some() && !order.lines.is_empty());
            numbers.insert(order.number);
        }
    }
    assert_eq!(numbers.len(), 200);
    let some: Vec<String> = numbers.into_iter().take(20).collect();
    let answer = ask(&stage, 0, Call::OrdersByNumber(some.clone())).await;
    let Ok(Answer::Orders(page)) = answer else { panic!("{answer:?}") };
    let found: BTreeSet<String> = page.orders.into_iter().map(|order| order.number).collect();
    assert_eq!(found, some.into_iter().collect());
}

#[tokio::test]
async fn packages_are_the_same_wherever_they_are_told() {
    let stage = Stage::set().await;
    let page = listed(&stage, 1).await;
    let sent = |order: &&ChannelOrder| order.stage == Some(Reached::Shipped);
    let mut seen = 0;
    for order in page.orders.iter().filter(sent).take(10) {
        let detail = detailed(&stage, &order.number).await;
        for line in detail.lines {
            let told = line.packages.expect("a detail tells packages");
            let (parent, child) = (order.number.clone(), line.number.clone());
            let answer = ask(&stage, 0, Call::Shipments { order: parent, line: child }).await;
            let Ok(Answer::Packages(page)) = answer else { panic!("{answer:?}") };
            let confirmed: BTreeSet<String> =
                page.packages.iter().map(|package| package.numbers[0].clone()).collect();
            seen += confirmed.len();
            assert_eq!(confirmed, told.into_iter().map(|package| package.number).collect());
        }
    }
    assert!(seen > 0);
}

#[tokio::test]
async fn a_label_that_waits_names_its_order() {
    let stage = Stage::set().await;
    let order = listed(&stage, 1).await.orders[0].number.clone();
    let shop = &stage.shops[0].mall_id;
    stage
        .control(json!({"orders": [
            {"does": "pack", "shop": shop, "order": order},
            {"does": "pack", "shop": shop, "order": order, "package": "PK-1", "parts": ["PK-2"],
             "unshipped": true},
        ]}))
        .await;
    let call = Call::UnshippedPackages { orders: vec![order.clone()], page: Page::First };
    let answer = ask(&stage, 0, call).await;
    let Ok(Answer::Packages(page)) = answer else { panic!("{answer:?}") };
    assert_eq!((page.total, page.packages.len()), (Some(1), 1));
    assert_eq!(page.packages[0].numbers, ["PK-1", "PK-2"]);
    assert!(page.packages[0].of_order(&order).next().is_some());
}

#[tokio::test]
async fn amounts_products_and_what_buyers_want_back_are_read() {
    let stage = Stage::of(|settings| (settings.limit, settings.orders) = (0, 1_000)).await;
    let order = listed(&stage, 1).await.orders[0].number.clone();
    let answer = ask(&stage, 0, Call::Amounts { order: order.clone() }).await;
    let Ok(Answer::Amounts(amounts)) = answer else { panic!("{answer:?}") };
    let goods = amounts.goods.expect("the price of goods");
    assert_eq!(goods.currency.as_deref(), Some("USD"));
    let sum: i64 = amounts.lines.iter().filter_map(|line| Some(line.price.as_ref()?.amount)).sum();
    assert_eq!(goods.amount, sum);
    let mut products = 0;
    for bucket in Temu.capabilities().product_buckets {
        let bucket = (*bucket).to_owned();
        let call = ProductsCall { bucket, window: None, page: Page::First, size: 100 };
        let answer = ask(&stage, 0, Call::Products(call)).await;
        let Ok(Answer::Products(page)) = answer else { panic!("{answer:?}") };
        assert!(page.refused.is_empty());
        assert!(page.products.iter().all(|product| product.price.is_some()));
        products += page.products.len();
    }
    assert_eq!(products, 60);
    let window = window(TimeField::Updated);
    let call = Call::Aftersales(AftersalesCall { window, page: Page::First, size: 100 });
    let answer = ask(&stage, 0, call).await;
    let Ok(Answer::Aftersales(refunds)) = answer else { panic!("{answer:?}") };
    let states: BTreeSet<String> =
        refunds.aftersales.iter().map(|refund| format!("{:?}", refund.state)).collect();
    assert!(refunds.refused.is_empty() && states.len() > 2, "{states:?}");
    let numbers: Vec<String> =
        refunds.aftersales.iter().take(20).map(|refund| refund.number.clone()).collect();
    let asked = numbers.len();
    let answer = ask(&stage, 0, Call::AftersaleGoods { numbers, page: Page::First }).await;
    let Ok(Answer::AftersaleGoods(goods)) = answer else { panic!("{answer:?}") };
    assert_eq!(goods.goods.len(), asked);
    let call = Call::Cancels { orders: vec![], page: Page::First, size: 100 };
    let answer = ask(&stage, 0, call).await;
    let Ok(Answer::Aftersales(cancels)) = answer else { panic!("{answer:?}") };
    assert!(!cancels.aftersales.is_empty() && cancels.refused.is_empty());
    let is_granted = |cancel: &docket_connectors::channel::Aftersale| {
        cancel.state == Some(AftersaleState::Granted)
    };
    assert!(cancels.aftersales.iter().all(is_granted));
}

#[tokio::test]
async fn a_token_is_told_and_a_code_is_exchanged() {
    let stage = Stage::set().await;
    let answer = ask(&stage, 0, Call::TokenInfo).await;
    let Ok(Answer::Token(token)) = answer else { panic!("{answer:?}") };
    assert_eq!(token.shop.as_ref(), Some(&stage.shops[0].mall_id));
    assert_eq!(token.expires_at, Some(AT.plus(90 * DAY)));
    for scope in Temu.capabilities().scopes {
        assert!(token.scopes.iter().any(|has| has == scope), "{scope}");
    }
    let shop = &stage.shops[0].mall_id;
    let truth = stage.control(json!({"tokens": [{"shop": shop, "does": "authorise"}]})).await;
    let code = Secret::new(truth["shops"][0]["codes"][0].as_str().expect("a code"));
    let answer = ask(&stage, 0, Call::ExchangeCode { code }).await;
    let Ok(Answer::Token(token)) = answer else { panic!("{answer:?}") };
    assert!(token.access_token.is_some());
    assert_eq!(ask(&stage, 0, Call::TokenInfo).await, Err(FaultKind::TokenDead));
}

#[tokio::test]
async fn every_way_to_misbehave_is_a_fault_of_its_kind() {
    let stage = Stage::set().await;
    for (words, kind) in [
        ("throttle", "Throttled"),
        ("error=429", "Throttled"),
        ("error=503", "Transient"),
        ("system", "Transient"),
        ("code=150010005", "Transient"),
        ("html", "Garbled"),
        ("truncated", "Garbled"),
        ("expired", "TokenDead"),
        ("no_scope", "ScopeMissing"),
        ("code=140020002", "NotFound"),
        ("code=3000001", "Signature"),
        ("code=3000011", "Clock"),
        ("code=140020003", "Rejected"),
    ] {
        stage.control(json!({"behave": words, "for": {"calls": 1}})).await;
        let answer = ask(&stage, 0, orders(1)).await;
        let fault = answer.expect_err(words);
        assert!(format!("{fault:?}").starts_with(kind), "{words}: {fault:?}");
    }
    let heard = sent(&stage, 0, &orders(1)).await;
    let message = Message { headers: &heard.headers, body: &heard.body };
    assert_eq!(marketplace_time(&message), Some(AT));
}

#[tokio::test]
async fn odd_orders_are_read_with_flags_and_a_broken_one_costs_no_other() {
    let stage = Stage::set().await;
    let shop = &stage.shops[0].mall_id;
    let insert = |odd: &str, status: i32| json!({"does": "insert", "shop": shop, "odd": odd, "status": status});
    let wish = json!({"orders": [
        insert("nulls unlabelled novel", 99), insert("bare", 2), insert("broken", 2),
    ]});
    let truth = stage.control(wish).await;
    let page = listed(&stage, 1).await;
    assert_eq!((page.orders.len(), page.refused.len(), page.total), (99, 1, Some(203)));
    assert_eq!(page.refused[0].number.as_deref(), truth["changed"][2].as_str());
    let novel = &page.orders[1];
    assert_eq!((novel.status.as_str(), novel.stage), ("99", None));
    assert!(novel.flags.iter().any(|flag| flag.odd == Odd::UnknownStatus));
    let bare = &page.orders[0];
    assert!(bare.lines[0].ordered > 0 && bare.lines[0].sku_id.is_none());
}
