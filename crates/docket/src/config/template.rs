//! The commented `docket.toml` that `docket init` writes: every key with what it is for and its default.

use super::sections::SECTIONS;
use super::section::{Secrecy, Section};
use super::{coupons, deadlines, ledger, payments};
use std::fmt::Write as _;

/// The text of a config file in which nothing is set yet.
pub fn template() -> String {
    let mut text = String::from(
        "# The config of Docket. What is commented out is the default.\n\
         # The environment goes over this file: DOCKET_SERVER__LISTEN=127.0.0.1:7300.\n\
         # `docket check` shows what is in force and where it came from.\n",
    );
    for section in SECTIONS {
        write_section(&mut text, section);
        if section.name == "orders" {
            text.push_str("\n[orders.markets]\n# gallery = 100\n");
            write_deadlines(&mut text);
            write_payments(&mut text);
            write_coupons(&mut text);
        }
        if section.name == "tasks" {
            write_ledgers(&mut text);
        }
    }
    text.push_str(MIRROR);
    text
}

/// What `[mirror]` looks like: address and columns are examples, the others are the defaults.
const MIRROR: &str = "
# An old table that is kept alive for as long as both must live: written after each change.
[mirror]
# The database of the table: `mysql://user:password@host:port/database` or `sqlite:PATH`.
# Or url_file = \"FILE\", to keep it out of this file.
# url = \"mysql://user@host/shop\"
# table = \"orders\"
# The column of its key, which holds the number of the order.
# key = \"order_id\"
# A row is a `payment` order or a `shop` order.
# level = \"payment\"
# Times are written as `seconds`, `millis`, or as texts in a time zone such as `Asia/Shanghai`.
# times = \"seconds\"
# Their columns and what they hold; one of them must hold `version` or `updated_at`.
[mirror.columns]
# state = \"store_status\"
# ver = \"version\"
# Their codes for words of ours, by column; `none` is what is nothing here.
[mirror.codes.state]
# unpaid = 0
# paid = 2
";
fn write_ledgers(text: &mut String) {
    let words: Vec<_> = ledger::REMOTE.iter().map(|ledger| ledger.word()).collect();
    let _ = writeln!(
        text,
        "\n# Ledgers beside orders: {}. Each has a section, [ledger.NAME].\n[ledger.points]",
        words.join(", ")
    );
    for (key, about) in ledger::KEYS {
        comment(text, about);
        let (quote, example) = match key {
            "per" => ("", "100"),
            "url" => ("\"", "https://ledgers.example.com/docket"),
            _ => ("\"", "at least sixteen bytes"),
        };
        let _ = writeln!(text, "# {key} = {quote}{example}{quote}");
    }
}

fn write_section(text: &mut String, section: &Section) {
    text.push('\n');
    comment(text, section.about);
    let _ = writeln!(text, "[{}]", section.name); // a String takes all that is written
    for field in section.fields {
        comment(text, field.about);
        if field.secrecy == Secrecy::Secret {
            let _ =
                writeln!(text, "# Or {}_file = \"FILE\", to keep it out of this file.", field.key);
        }
        let bare = matches!(field.default, "true" | "[]") || field.default.parse::<i64>().is_ok();
        let quote = if bare { "" } else { "\"" };
        let _ = writeln!(text, "# {} = {quote}{}{quote}", field.key, field.default);
    }
}

fn write_deadlines(text: &mut String) {
    text.push_str(
        "\n# How long each party has: 45s, 30m, 12h, 15d.\n\
         # [deadlines.TYPE] goes over it for one type of order, [deadlines.channel.NAME] over that for one\n\
         # channel, [deadlines.shop.ID] over all for one shop.\n[deadlines]\n",
    );
    for (key, default, about, _) in deadlines::KEYS {
        comment(text, about);
        let _ = writeln!(text, "# {key} = \"{default}\"");
    }
    text.push_str("\n[deadlines.takeaway]\n# pay_by = \"15m\"\n");
}

fn write_payments(text: &mut String) {
    text.push_str(
        "\n# Payment gateways: [payments.NAME] for each, and NAME is what orders call it. To try one, run\n\
         # `docket sandbox pay` in another terminal and take the mark off connector.\n\
         [payments.sandbox]\n",
    );
    for (key, default, about) in payments::KEYS {
        comment(text, about);
        let _ = writeln!(text, "# {key} = \"{default}\"");
    }
}

fn write_coupons(text: &mut String) {
    text.push_str("\n# Coupons.\n[ledger.coupons]\n");
    for (key, default, about) in coupons::KEYS {
        comment(text, about);
        let quote = if default.parse::<i64>().is_ok() { "" } else { "\"" };
        let _ = writeln!(text, "# {key} = {quote}{default}{quote}");
    }
}

fn comment(text: &mut String, about: &str) {
    for line in about.lines() {
        let _ = writeln!(text, "# {}", line.trim());
    }
}
