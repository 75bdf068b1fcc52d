//! The commented `docket.toml` that `docket init` writes: every key with what it is for and its default, in the language
//! of whoever asked for it.

use super::section::{About, Secrecy, Section};
use super::sections::SECTIONS;
use super::{channels, coupons, deadlines, ledger, payments};
use docket_domain::story::Language;
use std::fmt::Write as _;

/// The text of a config file in which nothing is set yet.
pub fn template(language: Language) -> String {
    let mut file = Commented { text: String::new(), language };
    file.comment(HEAD);
    for section in SECTIONS {
        file.section(section);
        if section.name == "orders" {
            file.text.push_str("\n[orders.markets]\n# gallery = 100\n");
            file.deadlines();
            file.payments();
            file.coupons();
            file.channels();
        }
        if section.name == "tasks" {
            file.ledgers();
        }
    }
    file.mirror();
    file.text
}

const HEAD: About = About::of(
    "The config of Docket. What is commented out is the default.
     The environment goes over this file: DOCKET_SERVER__LISTEN=127.0.0.1:7300.
     `docket check` shows what is in force and where it came from.",
    "Docket 的配置。被注释掉的是默认值。
     环境变量优先于此文件：DOCKET_SERVER__LISTEN=127.0.0.1:7300。
     `docket check` 显示当前生效的值及其来源。",
);

const OR_A_FILE: About = About::of(
    "Or {key}_file = \"FILE\", to keep it out of this file; in the data folder where FILE is not absolute.",
    "也可写 {key}_file = \"文件\"，使其不出现在此文件中；相对路径位于数据目录中。",
);

const DEADLINES: About = About::of(
    "How long each party has: 45s, 30m, 12h, 15d.
     [deadlines.TYPE] goes over it for one type of order, [deadlines.channel.NAME] over that for one
     channel, [deadlines.shop.ID] over all for one shop.",
    "各方的期限：45s、30m、12h、15d。
     [deadlines.类型] 对一种订单类型优先，[deadlines.channel.名称] 对一个渠道再优先，
     [deadlines.shop.编号] 对一个店铺最优先。",
);

const PAYMENTS: About = About::of(
    "Payment gateways: [payments.NAME] for each, and NAME is what orders call it. To try one, run
     `docket sandbox pay` in another terminal and take the mark off connector.",
    "支付网关：每个网关一节 [payments.名称]，订单用此名称指代它。要试用时，在另一个终端运行
     `docket sandbox pay`，并去掉 connector 前的注释符。",
);

const COUPONS: About = About::of("Coupons.", "优惠券。");

const CHANNELS: About = About::of("How shops at Temu are pulled.", "如何拉取 Temu 店铺。");

const LEDGERS: About = About::of(
    "Ledgers beside orders: {names}. Each has a section, [ledger.NAME].",
    "订单之外的账本：{names}。每个账本一节 [ledger.名称]。",
);

/// What `[mirror]` looks like: comments, and the lines behind each. Address and columns are examples, the others are the
/// defaults.
const MIRROR: [(About, &str); 7] = [
    (
        About::of(
            "An old table that is kept alive for as long as both must live: written after each change.",
            "需要并存的旧表：订单每次改动后写入，使其保持有效。",
        ),
        "[mirror]\n",
    ),
    (
        About::of(
            "The database of the table: `mysql://user:password@host:port/database` or `sqlite:PATH`.
             Or url_file = \"FILE\", to keep it out of this file.",
            "旧表所在的数据库：`mysql://user:password@host:port/database` 或 `sqlite:路径`。
             也可写 url_file = \"文件\"，使其不出现在此文件中。",
        ),
        "# url = \"mysql://user@host/shop\"\n# table = \"orders\"\n",
    ),
    (
        About::of("The column of its key, which holds the number of the order.", "主键列，存放订单编号。"),
        "# key = \"order_id\"\n",
    ),
    (
        About::of(
            "A row is a `payment` order or a `shop` order.",
            "一行是一个支付订单（`payment`）或一个店铺订单（`shop`）。",
        ),
        "# level = \"payment\"\n",
    ),
    (
        About::of(
            "Times are written as `seconds`, `millis`, or as texts in a time zone such as `Asia/Shanghai`.",
            "时间写作秒（`seconds`）、毫秒（`millis`），或某时区（如 `Asia/Shanghai`）的文本。",
        ),
        "# times = \"seconds\"\n",
    ),
    (
        About::of(
            "Their columns and what they hold; one of them must hold `version` or `updated_at`.",
            "旧表的列及其内容；其中一列必须是 `version` 或 `updated_at`。",
        ),
        "[mirror.columns]\n# state = \"store_status\"\n# ver = \"version\"\n",
    ),
    (
        About::of(
            "Their codes for words of ours, by column; `none` is what is nothing here.",
            "各列中旧表的代码与我们的词的对应；`none` 对应此处没有值的情况。",
        ),
        "[mirror.codes.state]\n# unpaid = 0\n# paid = 2\n",
    ),
];

/// A file that is written, and the language of its comments.
struct Commented {
    text: String,
    language: Language,
}

impl Commented {
    fn comment(&mut self, about: About) {
        for line in about.lines(self.language) {
            self.line(&format!("# {line}"));
        }
    }

    /// A comment with `value` where it says `name`.
    fn comment_with(&mut self, about: About, name: &str, value: &str) {
        for line in about.lines(self.language) {
            self.line(&format!("# {}", line.replace(name, value)));
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A key that is commented out; texts stand in quotes.
    fn key(&mut self, key: &str, value: &str) {
        let is_bare = matches!(value, "true" | "[]") || value.parse::<i64>().is_ok();
        let quote = match value {
            _ if is_bare => "",
            // A literal: what stands in it is as it stands.
            value if value.contains('"') => "'",
            _ => "\"",
        };
        let _ = writeln!(self.text, "# {key} = {quote}{value}{quote}"); // a String takes all that is written
    }

    /// The beginning of a section, with what it is about.
    fn begin(&mut self, name: &str, about: About) {
        self.text.push('\n');
        self.comment(about);
        self.line(&format!("[{name}]"));
    }

    fn section(&mut self, section: &Section) {
        self.begin(section.name, section.about);
        for field in section.fields {
            self.comment(field.about);
            if field.secrecy == Secrecy::Secret {
                self.comment_with(OR_A_FILE, "{key}", field.key);
            }
            self.key(field.key, field.default);
        }
    }

    fn deadlines(&mut self) {
        self.begin("deadlines", DEADLINES);
        for (key, default, about, _) in deadlines::KEYS {
            self.comment(*about);
            self.key(key, default);
        }
        self.text.push_str("\n[deadlines.takeaway]\n# pay_by = \"15m\"\n");
    }

    fn payments(&mut self) {
        self.begin("payments.sandbox", PAYMENTS);
        for (key, default, about) in payments::KEYS {
            self.comment(about);
            self.key(key, default);
        }
    }

    fn coupons(&mut self) {
        self.begin("ledger.coupons", COUPONS);
        for (key, default, about) in coupons::KEYS {
            self.comment(about);
            self.key(key, default);
        }
    }

    fn channels(&mut self) {
        self.begin("channels.temu", CHANNELS);
        for (key, default, about) in channels::KEYS {
            self.comment(about);
            self.key(key, default);
        }
    }

    fn ledgers(&mut self) {
        let names: Vec<_> = ledger::REMOTE.iter().map(|ledger| ledger.word()).collect();
        self.text.push('\n');
        self.comment_with(LEDGERS, "{names}", &names.join(", "));
        self.line("[ledger.points]");
        for (key, about, example) in ledger::KEYS {
            self.comment(about);
            self.key(key, example);
        }
    }

    fn mirror(&mut self) {
        self.text.push('\n');
        for (about, lines) in MIRROR {
            self.comment(about);
            self.text.push_str(lines);
        }
    }
}
