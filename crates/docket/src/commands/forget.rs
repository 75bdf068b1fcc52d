//! `docket forget`: takes the people's data of a buyer out of every order, for good.

use crate::center;
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::said::said;
use serde_json::json;

/// Arguments of `docket forget`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The buyer, as orders name it
    buyer: String,
}

/// Does it.
pub async fn run(args: Args, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    center::with_one_that_is_there(options, async |center| {
        let forgotten = center.post("/api/forget", &json!({"buyer_id": args.buyer})).await?;
        let out = options.output();
        out.show(&forgotten, |out| {
            let (buyer, orders) = (&args.buyer, &forgotten["orders"]);
            out.note(out.tell(&said!(
                "the people's data of {orders} orders of {buyer} is gone; backups made before still hold it",
                "已清除买家 {buyer} 的 {orders} 个订单中的个人信息；此前的备份中仍有"
            )));
        });
        Ok(())
    })
    .await
}
