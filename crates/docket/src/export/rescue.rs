//! Exporting from a damaged database: no center is opened on it, and the orders are read by their numbers, out of the
//! tables that they are made of. Those that cannot be read are passed over and named.

use super::given::Given;
use super::{Stopped, shown};
use crate::center::own;
use crate::cli::Options;
use crate::config;
use crate::failure::Failure;
use crate::said::said;
use docket_app::{Clock, Rescue};
use docket_domain::Id;
use std::io::Write;

/// Orders, and stretches of numbers, that are named; of the others it is said how many they are.
const NAMED: usize = 20;

/// What could not be read.
#[derive(Default)]
struct Lost {
    /// How many orders.
    orders: u64,
    /// The first of them.
    named: Vec<Id>,
    /// Orders that were given without their people.
    without_people: usize,
    /// Stretches of numbers of which it is not known whether they are of orders.
    passed: Vec<(Id, Id)>,
}

/// Writes what can be read and is not among `given`; then it says what could not.
pub(super) async fn rescue(
    given: &mut Given<'_, impl Write>,
    options: &Options,
) -> Result<(), Stopped> {
    let out = options.output();
    let config = config::load(options, None).map_err(Stopped::Reading)?;
    out.note(out.tell(&said!(
        "the database is damaged: its orders are read by their numbers",
        "数据库已损坏：改为按订单号逐段读取订单"
    )));
    // Without keys the orders come without their people.
    let vault = config.keys().read().ok().flatten();
    let rescue = Rescue::of(config.database_url(), vault).await;
    let (settings, asked) = (config.settings(), given.args.orders(None));
    let (mut lost, mut after) = (Lost::default(), Id(0));
    given.begin()?;
    loop {
        let page = match rescue.page(after, &asked).await {
            Ok(page) => page,
            Err(error) => {
                given.finish()?;
                return Err(Stopped::Reading(own::told(&config, error).await.into()));
            }
        };
        let mut orders = page.orders;
        orders.retain(|(tree, _)| !given.ids.contains(&tree.id()));
        let orders = shown(&settings, Clock::System.now(), given.args, &orders);
        given.write(&orders.map_err(Stopped::Reading)?)?;
        lost.orders += page.lost.len() as u64;
        let room = NAMED.saturating_sub(lost.named.len());
        lost.named.extend(page.lost.iter().take(room).map(|(id, _)| *id));
        lost.without_people += page.without_people;
        lost.passed.extend(page.passed);
        let Some(last) = page.next else { break };
        after = last;
    }
    given.finish()?;
    Err(Stopped::Reading(lost.told(given.ids.len(), given.args.archived)))
}

impl Lost {
    fn told(&self, given: usize, archived: bool) -> Failure {
        let orders = self.orders;
        let mut said = if orders == 0 {
            said!(
                "the database is damaged; {given} orders were exported, and no order was met that cannot be read",
                "数据库已损坏；已导出 {given} 个订单，未遇到无法读取的订单"
            )
        } else {
            let named: Vec<_> = self.named.iter().map(Id::to_string).collect();
            let more = if orders > named.len() as u64 { " …" } else { "" };
            let named = format!("{}{more}", named.join(", "));
            said!(
                "the database is damaged; {given} orders were exported, {orders} cannot be read: {named}",
                "数据库已损坏；已导出 {given} 个订单，{orders} 个无法读取：{named}"
            )
        };
        for (from, to) in self.passed.iter().take(NAMED) {
            said = said.and(if to.0 == i64::MAX {
                said!(
                    "whether there are orders after {from} cannot be read",
                    "{from} 之后是否还有订单无法读取"
                )
            } else {
                said!(
                    "whether there are orders between {from} and {to} cannot be read",
                    "{from} 与 {to} 之间是否有订单无法读取"
                )
            });
        }
        if self.without_people > 0 {
            let count = self.without_people;
            said = said.and(said!(
                "people's data of {count} orders cannot be read",
                "{count} 个订单的个人信息无法读取"
            ));
        }
        if archived {
            said = said.and(said!(
                "orders in the archive are not among them, or not all",
                "归档中的订单未导出或未全部导出"
            ));
        }
        Failure::new(said).word("damaged").next(own::damaged())
    }
}
