//! `docket forget`: takes the people's data of a buyer, and what the buyer wrote, out of every order, for good. It
//! asks first, or is told `--yes`.

use crate::center;
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use crate::said::said;
use serde_json::{Value, json};
use std::io::{BufRead, IsTerminal, Write};

/// Orders that are named to people; `--json` names more.
const NAMED: usize = 20;

/// Arguments of `docket forget`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The buyer, as orders name it
    buyer: String,
    /// Do not ask whether that is meant
    #[arg(long)]
    yes: bool,
}

/// Does it.
pub async fn run(args: Args, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let out = options.output();
    if !args.yes && !is_meant(&args.buyer, &out)? {
        out.note(out.say("Nothing was taken out.", "未作任何改动。"));
        return Ok(());
    }
    center::with_one_that_is_there(options, async |center| {
        let forgotten = center.post("/api/forget", &json!({"buyer_id": args.buyer})).await?;
        let buyer = &args.buyer;
        if forgotten["found"] == 0 && forgotten["placements"] == 0 {
            return Err(Failure::new(said!(
                "nobody was forgotten: there is no order of {buyer}",
                "未清除任何信息：没有买家 {buyer} 的订单"
            ))
            .word("nobody")
            .next(said!(
                "Name the buyer as orders do, in `buyer_id`; `docket export` shows it.",
                "请使用订单中的 buyer_id；docket export 可以查看。"
            )));
        }
        out.show(&forgotten, |out| tell(&forgotten, buyer, out));
        left_undone(&forgotten, buyer, &out)
    })
    .await
}

/// Asks whoever sits at the terminal; without one nobody can be asked.
fn is_meant(buyer: &str, out: &Output) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage(said!(
            "forgetting {buyer} cannot be undone, and there is no terminal to ask at",
            "清除买家 {buyer} 的信息无法撤销，而当前没有终端可供确认"
        ))
        .next(said!("Say --yes if it is meant.", "确认执行请加上 --yes。")));
    }
    let question = said!(
        "Take the people's data of {buyer} and what they wrote out of every order, for good? [y/N] ",
        "永久清除买家 {buyer} 在所有订单中的个人信息及其留言？[y/N] "
    );
    let mut answer = String::new();
    std::io::stderr().write_all(out.tell(&question).as_bytes())?;
    std::io::stderr().flush()?;
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是"))
}

/// What was taken out, and what was not.
fn tell(forgotten: &Value, buyer: &str, out: &Output) {
    let (found, orders) = (&forgotten["found"], &forgotten["orders"]);
    if *orders == 0 {
        out.note(out.tell(&said!(
            "of the {found} orders of {buyer} nothing was left to take out; backups made before may still hold it",
            "买家 {buyer} 的 {found} 个订单中已没有可清除的信息；此前的备份中可能仍有"
        )));
    } else {
        out.note(out.tell(&said!(
            "the people's data of {buyer}, and what they wrote, is gone from {orders} of {found} orders; backups made \
             before still hold it",
            "已清除买家 {buyer} 的 {found} 个订单中 {orders} 个订单的个人信息及其留言；此前的备份中仍有"
        )));
    }
    let placements = &forgotten["placements"];
    if *placements != 0 {
        out.note(out.tell(&said!(
            "{placements} placements that waited to be decided were rejected",
            "已拒绝 {placements} 个等待处理的下单请求"
        )));
    }
    if let Some(files) = of_files(forgotten["files"].as_str().unwrap_or_default(), out) {
        out.note(files);
    }
    let left = forgotten["left_to_judge"].as_array().map_or(&[][..], Vec::as_slice);
    if left.is_empty() {
        return;
    }
    let all = &forgotten["left_orders"];
    out.note(out.tell(&said!(
        "only a person can judge what else these fields of {all} orders say:",
        "以下 {all} 个订单的字段中是否还有个人信息，需要人工判断："
    )));
    let head = [out.say("order", "订单"), out.say("fields", "字段")];
    out.table(
        &head,
        left.iter().map(|one| {
            let fields = one["fields"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let text = one["order_id"].as_str().unwrap_or_default().to_owned();
            vec![text, fields.collect::<Vec<_>>().join(", ")]
        }),
    );
}

/// Fails where something of the buyer is still there that asking again takes out: what the archive keeps, or what the
/// files could not be rid of.
fn left_undone(forgotten: &Value, buyer: &str, out: &Output) -> Result<(), Failure> {
    let of = |field: &str| forgotten[field].as_array().map_or(&[][..], Vec::as_slice);
    let named = |field: &str| names(of(field).iter().map(Value::as_str), out);
    let mut left = Vec::new();
    if !of("damaged").is_empty() {
        let named = named("damaged");
        left.push((
            "archive_damaged",
            said!(
                "the archive is damaged for {named}: what {buyer} wrote is still there",
                "以下订单的归档已损坏，其中买家 {buyer} 写下的文字仍在：{named}"
            ),
            said!(
                "`docket archive verify` names the objects; bring them back from a copy, then ask again.",
                "docket archive verify 会列出损坏的对象；请从副本恢复后再次执行本命令。"
            ),
        ));
    }
    if !of("unreached").is_empty() {
        let named = named("unreached");
        left.push((
            "archive_unreachable",
            said!(
                "the archive could not be reached for {named}: what {buyer} wrote is still there",
                "无法访问归档，以下订单中买家 {buyer} 写下的文字仍在：{named}"
            ),
            said!("Ask again later.", "请稍后重试。"),
        ));
    }
    if forgotten["files"] == "unknown" {
        left.push((
            "files",
            said!(
                "the database's files could not be cleaned and may hold pieces of what {buyer} wrote",
                "无法清理数据库文件，其中可能仍有买家 {buyer} 的残留信息"
            ),
            said!("Ask again later.", "请稍后重试。"),
        ));
    }
    let all = left.into_iter().reduce(|(word, first, next), (_, more, then)| {
        let next = if next == then { next } else { next.then(then) };
        (word, first.and(more), next)
    });
    all.map_or(Ok(()), |(word, said, next)| Err(Failure::new(said).word(word).next(next)))
}

/// What is to be said of the database's files, if anything is.
fn of_files<'a>(files: &str, out: &Output) -> Option<&'a str> {
    match files {
        "large" => Some(out.say(
            "the database file is too large to be written anew while others wait: pieces may stand in it; stop the \
             center when nobody needs it and ask again, then it is",
            "数据库文件较大，无法在他人等待时重写，其中可能仍有残留；请在空闲时停止订单中心后再次执行本命令，届时会重写",
        )),
        "server" => Some(out.say(
            "the database server may keep it in its logs and free pages for a while: docs/operations.md says what to do",
            "数据库服务器的日志和空闲页中可能暂时仍有残留：处理方法见 docs/operations.md",
        )),
        _ => None,
    }
}

/// The first of these numbers.
fn names<'a>(numbers: impl Iterator<Item = Option<&'a str>>, out: &Output) -> String {
    let mut named: Vec<&str> = numbers.flatten().take(NAMED + 1).collect();
    if named.len() > NAMED {
        named[NAMED] = out.say("and more", "等");
    }
    named.join(", ")
}
