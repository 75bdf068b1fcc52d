//! What is shown once: an oversell that is refused, a retry that places nothing, a login.

use super::Outcome;
use crate::center::Method;
use crate::demo::checks::Check;
use crate::demo::stage::{LIMITED, Party, Stage};
use crate::failure::Failure;
use crate::output::Output;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Buyers who want what there is too little of.
const RUSH: usize = 8;

/// Plays them; orders that come of it are added to `outcomes`.
pub async fn single_checks(
    stage: &Stage,
    outcomes: &mut Vec<Outcome>,
    out: &Output,
) -> Result<Vec<Check>, Failure> {
    Ok(vec![
        oversell(stage, outcomes, out).await?,
        retry(stage, outcomes, out).await?,
        login(stage, out).await?,
    ])
}

fn cart(stage: &Stage, sku: &str, price: i64, buyer: usize) -> Value {
    json!({
        "buyer_id": format!("rush-{}-{buyer}", stage.run), "currency": "CNY", "type": "goods",
        "shops": [{
            "shop_id": "51", "fulfilment": "parcel",
            "items": [{"sku_id": sku, "quantity": "1", "list_price": price}],
        }],
    })
}

fn held(tree: &Value, sku: &str) -> Outcome {
    Outcome {
        order: tree["order_id"].as_str().unwrap_or_default().to_owned(),
        status: "created",
        operations: 1,
        held: vec![(sku.to_owned(), 1_000)],
        ..Outcome::default()
    }
}

/// All of them at once; as many are served as there are prints.
async fn oversell(
    stage: &Stage,
    outcomes: &mut Vec<Outcome>,
    out: &Output,
) -> Result<Check, Failure> {
    let mut rush = JoinSet::new();
    for buyer in 0..RUSH {
        let (crew, cart) = (stage.crew(), cart(stage, "print", 99_900, buyer));
        let key = format!("rush-{}-{buyer}", stage.run);
        rush.spawn(async move { crew.try_post(Party::Buyer, "/api/orders", &key, &cart).await });
    }
    let (mut placed, mut refused, mut other) = (0, 0, Vec::new());
    while let Some(answer) = rush.join_next().await {
        let answer = answer??;
        let said = answer.json()?;
        match (answer.status.as_u16(), said["code"].as_str()) {
            (201, _) => {
                placed += 1;
                outcomes.push(held(&said, "print"));
            }
            (409, Some("out_of_stock")) => refused += 1,
            (status, code) => other.push(format!("{status} {}", code.unwrap_or_default())),
        }
    }
    let fine = placed.to_string() == LIMITED && placed + refused == RUSH;
    let (buyers, sold, told) =
        (out.say("buyers", "个买家"), out.say("served", "成交"), out.say("refused", "缺货被拒"));
    let says = format!("{RUSH} {buyers}: {placed} {sold}, {refused} {told} {}", other.join(" "));
    let what = out.say("nothing is sold that is not there", "不会超卖");
    Ok(Check::of(what, if fine { Ok(says.trim_end().to_owned()) } else { Err(says) }))
}

/// The same request again places nothing and gets the same order.
async fn retry(stage: &Stage, outcomes: &mut Vec<Outcome>, out: &Output) -> Result<Check, Failure> {
    let crew = stage.crew();
    let cart = cart(stage, "soap", 1_290, RUSH);
    let key = format!("again-{}", stage.run);
    let first = crew.try_post(Party::Buyer, "/api/orders", &key, &cart).await?;
    let placed = first.success()?;
    outcomes.push(held(&placed, "soap"));
    let again = crew.try_post(Party::Buyer, "/api/orders", &key, &cart).await?;
    let marked = again.header("idempotent-replayed") == Some("true");
    let same = again.success()?["order_id"] == placed["order_id"];
    let what = out.say("a retry places nothing twice", "重试不会重复下单");
    let found = if marked && same && again.status == first.status {
        Ok(out.say("the same order was answered", "返回同一订单").to_owned())
    } else {
        Err(format!("{} → {}, marked: {marked}, same: {same}", first.status, again.status))
    };
    Ok(Check::of(what, found))
}

/// The printed login opens, and what it opens can be read about.
async fn login(stage: &Stage, out: &Output) -> Result<Check, Failure> {
    let body = json!({"name": stage.user, "password": stage.password});
    let session = stage.admin().ask(Method::POST, "/api/login", Some(&body)).await?;
    let person = stage.admin().with_token(session["token"].as_str().unwrap_or_default());
    let me = person.ask(Method::GET, "/api/me", None).await?;
    let docs = person.send(Method::GET, "/docs", Vec::new(), Vec::new()).await?;
    let what = out.say("the printed login opens", "登录可用");
    let found = if me["role"] == "admin" && docs.status.is_success() {
        Ok(format!("{} (admin)", stage.user))
    } else {
        Err(format!("role {}, /docs {}", me["role"], docs.status))
    };
    Ok(Check::of(what, found))
}
