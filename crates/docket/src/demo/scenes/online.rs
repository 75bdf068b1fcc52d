//! Orders that are paid at a gateway in another process, with everything that a payment brings about: stock, coins, a
//! coupon, points, a gift pack, a weigh slip. Some of them meet the gateway on a bad day.

use super::Outcome;
use super::flows::{Order, item, parcel};
use crate::center::Method;
use crate::demo::checks::Check;
use crate::demo::gateway::NAME;
use crate::demo::stage::{COINS, Crew, Party, Stage, coupon, online_buyer, until};
use crate::failure::Failure;
use crate::output::Output;
use serde_json::{Value, json};

/// Coins that each order uses.
const USED: i64 = 100;
/// What a payment brings about, each once.
const EFFECTS: [&str; 6] =
    ["coins.spend", "coupon.redeem", "gift.issue", "points.grant", "stock.deduct", "weigh.create"];

/// How the gateway behaves with one payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// As it should.
    Honest,
    /// It tells of the money ten minutes later: the center asks by itself.
    Late,
    /// It tells of the money three times.
    Thrice,
    /// The payer pays too little: the task is given up, the payer puts it right, a person has the task run again.
    Short,
    /// The buyer revokes, the gateway closes the payment, and takes the money all the same: it goes back.
    AfterClose,
}

impl Manner {
    const fn of(number: u32) -> Self {
        match number {
            0 => Self::Late,
            1 => Self::Thrice,
            2 => Self::Short,
            3 => Self::AfterClose,
            _ => Self::Honest,
        }
    }

    /// In the words of the sandbox.
    const fn words(self) -> &'static str {
        match self {
            Self::Honest => "",
            Self::Late => "late=600000",
            Self::Thrice => "duplicate=3",
            Self::Short => "wrong_amount",
            Self::AfterClose => "paid_after_close",
        }
    }
}

/// Plays one.
pub async fn play(number: u32, crew: &Crew) -> Result<Outcome, Failure> {
    let mut cart = parcel(crew, number, &[item("oolong", "1"), item("rice", "1.500")]);
    cart["buyer_id"] = json!(online_buyer(&crew.run, number));
    cart["coins"] = json!(USED);
    cart["coupons"] = json!([{"code": coupon(&crew.run)}]);
    let mut order = Order::place(crew, Party::Buyer, &cart).await?;
    let attempt = start(&order).await?;
    let manner = Manner::of(number);
    crew.gateway.behave(&attempt, manner.words()).await?;
    match manner {
        Manner::AfterClose => order.ask(Party::Buyer, json!({"type": "revoke"})).await?,
        Manner::Short => {
            crew.gateway.pay(&attempt).await?;
            let task = given_up(crew, &attempt).await?;
            crew.gateway.behave(&attempt, "").await?;
            crew.gateway.pay(&attempt).await?;
            crew.post(Party::Admin, &format!("/api/tasks/{task}/retry"), &json!({})).await?;
        }
        Manner::Honest | Manner::Late | Manner::Thrice => crew.gateway.pay(&attempt).await?,
    }
    let payable = order.payable();
    order.done.sent = payable;
    let path = format!("/api/orders/{}", order.done.order);
    let ended = async |holds: &(dyn Fn(&Value) -> bool + Sync)| {
        until(crew.line(Party::Admin), &path, holds).await
    };
    if manner == Manner::AfterClose {
        order.tree = ended(&|tree| tree["refunds_due"][0]["status"] == "refunded").await?;
        order.done.due = payable;
    } else {
        order.tree = ended(&|tree| tree["payment_status"] == "paid").await?;
    }
    let version = order.tree["version"].as_u64().and_then(|version| u32::try_from(version).ok());
    order.done.operations = version.unwrap_or_default();
    Ok(if manner == Manner::AfterClose {
        order.untouched("cancelled")
    } else {
        order.taken("paid")
    })
}

/// Starts to pay, and answers the number of the attempt once the gateway has said where to pay.
async fn start(order: &Order<'_>) -> Result<String, Failure> {
    let crew = order.crew;
    let path = format!("/api/orders/{}/payments", order.done.order);
    let asked = json!({"gateway": NAME, "tender": "wallet", "actor": Party::Buyer.actor()});
    crew.post(Party::Buyer, &path, &asked).await?;
    let state =
        until(crew.line(Party::Admin), &path, |state| state["attempts"][0]["pay_url"].is_string())
            .await?;
    Ok(state["attempts"][0]["attempt_id"].as_str().unwrap_or_default().to_owned())
}

/// Waits until the task of an attempt needs a person, and answers its number.
async fn given_up(crew: &Crew, attempt: &str) -> Result<String, Failure> {
    let path = "/api/tasks?state=dead&kind=gateway_payment&limit=200";
    let of_attempt = |page: &Value| {
        let tasks = page["tasks"].as_array().into_iter().flatten();
        let mut own = tasks.filter(|task| task["payload"].to_string().contains(attempt));
        own.next().and_then(|task| task["task_id"].as_str()).map(ToOwned::to_owned)
    };
    let page = until(crew.line(Party::Admin), path, |page| of_attempt(page).is_some()).await?;
    Ok(of_attempt(&page).unwrap_or_default())
}

/// What the gateway and the ledgers say of the orders that were paid there.
pub async fn online_checks(
    stage: &Stage,
    played: &[Outcome],
    out: &Output,
) -> Result<Vec<Check>, Failure> {
    Ok(vec![
        money(stage, played, out).await?,
        effects(stage, played, out).await?,
        given_up_and_done(stage, out).await?,
    ])
}

/// The money at the gateway is the money of the orders, whenever and however often it was told.
async fn money(stage: &Stage, played: &[Outcome], out: &Output) -> Result<Check, Failure> {
    let truth = stage.gateway.truth().await?;
    let list = |name: &str| truth[name].as_array().cloned().unwrap_or_default();
    let sum =
        |of: &[Value], field: &str| of.iter().filter_map(|one| one[field].as_i64()).sum::<i64>();
    let paid: Vec<Value> =
        list("payments").into_iter().filter(|payment| payment["status"] == "paid").collect();
    let back: Vec<Value> =
        list("refunds").into_iter().filter(|refund| refund["status"] == "done").collect();
    let (came, went) = (sum(&paid, "paid_amount"), sum(&back, "amount"));
    let sent: i64 = played.iter().map(|outcome| outcome.sent).sum();
    let due: i64 = played.iter().map(|outcome| outcome.due).sum();
    let callbacks = list("callbacks").len();
    let says = format!(
        "{} {}, {callbacks} {}",
        paid.len(),
        out.say(
            "payments, one told late, one thrice, one that went back",
            "笔支付，一笔迟到通知，一笔通知三次，一笔退回"
        ),
        out.say("callbacks", "次回调"),
    );
    let fine = (came, went, paid.len()) == (sent, due, played.len());
    let what = out.say("money at the gateway = money of the orders", "网关资金 = 订单资金");
    let wrong = format!("{came} − {went} ≠ {sent} − {due}");
    Ok(Check::of(what, if fine { Ok(says) } else { Err(wrong) }))
}

/// What a payment brings about has come about, once.
async fn effects(stage: &Stage, played: &[Outcome], out: &Output) -> Result<Check, Failure> {
    let mut rows = 0;
    let mut wrong = None;
    for outcome in played {
        let path = format!("/api/orders/{}/effects", outcome.order);
        let listed = stage.admin().ask(Method::GET, &path, None).await?;
        let listed = listed["effects"].as_array().into_iter().flatten();
        let word = |effect: &Value| {
            let key = effect["effect"].as_str().unwrap_or_default();
            key.split(':').next().unwrap_or_default().to_owned()
        };
        let mut found: Vec<String> = listed.map(word).collect();
        found.sort_unstable();
        let expected: &[&str] = if outcome.due > 0 { &[] } else { &EFFECTS };
        if found != expected {
            wrong = wrong.or(Some(format!("{}: {found:?}", outcome.order)));
        }
        rows += found.len();
    }
    let left = left_of_coins(stage, played).await?;
    let used = USED * played.iter().filter(|outcome| outcome.due == 0).count() as i64;
    let all = COINS * played.len() as i64;
    if left != all - used {
        wrong = wrong.or(Some(format!("coins: {left} ≠ {all} − {used}")));
    }
    let what = out.say("what a payment brings about comes about once", "支付的各项变动恰好一次");
    let says = format!("{rows} {}", out.say("effects of six kinds", "项变动，共六类"));
    Ok(Check::of(what, wrong.map_or(Ok(says), Err)))
}

/// Coins that the buyers have left, none of them held.
async fn left_of_coins(stage: &Stage, played: &[Outcome]) -> Result<i64, Failure> {
    let mut left = 0;
    for (number, _) in (0..).zip(played) {
        let path = format!("/api/accounts/coins/{}", online_buyer(&stage.run, number));
        let coins = stage.admin().ask(Method::GET, &path, None).await?;
        left += coins["available"].as_i64().unwrap_or_default();
    }
    Ok(left)
}

/// Nothing that was given up is left.
async fn given_up_and_done(stage: &Stage, out: &Output) -> Result<Check, Failure> {
    let dead = stage.admin().ask(Method::GET, "/api/tasks?state=dead", None).await?;
    let dead = dead["tasks"].as_array().cloned().unwrap_or_default();
    let what = out.say("a task that was given up is done after a retry", "放弃的任务重试后完成");
    let found = match dead.first() {
        None => Ok(out
            .say("one payment, put right and asked after again", "一笔支付更正后重新核对")
            .to_owned()),
        Some(task) => Err(format!("{} ({})", task["task_id"], task["kind"])),
    };
    Ok(Check::of(what, found))
}
