//! What the layers of the config do together.

use super::layers::{Form, Given, Layers};
use super::schema::Config;
use super::sections::SECTIONS;
use super::{Origin, channels, coupons, deadlines, environment, file, payments, template};
use crate::failure::Failure;
use docket_app::Connector;
use docket_domain::deadline::Policy;
use docket_domain::story::Language;
use std::path::{Path, PathBuf};

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, Failure> {
    let mut layers = Layers::default();
    layers.add(file::parse(Path::new("docket.toml"), text)?)?;
    let variables = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    layers.add(environment::of(variables))?;
    Config::read(layers, PathBuf::from("data"), None)
}

fn refusal(text: &str, variables: &[(&str, &str)]) -> String {
    let failure = read(text, variables).expect_err("cannot be used");
    let next = failure.next.as_ref().map_or("", |next| next.to(Language::En));
    format!("{} | {next}", failure.message.to(Language::En))
}

#[test]
fn the_environment_goes_over_the_file_and_the_file_over_the_default() {
    let text = "[server]\nlisten = \"127.0.0.1:1\"\n[log]\nlevel = \"warn\"\n";
    let config = read(text, &[("DOCKET_SERVER__LISTEN", "127.0.0.1:2")]).expect("a config");
    assert_eq!(config.server.listen.port(), 2);
    let origin = Origin::Environment("DOCKET_SERVER__LISTEN".to_owned());
    assert_eq!(config.server.listen.origin, origin);
    assert_eq!(config.log.level.origin, Origin::File(PathBuf::from("docket.toml"), 4));
    assert_eq!(config.log.format.origin, Origin::Default);
    let listed = config.list();
    let level = listed.iter().find(|listed| listed.key == "log.level").expect("listed");
    assert_eq!((&*level.value, &*level.origin), ("warn", "docket.toml:4"));
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    assert_eq!(
        refusal("[server]\nlisen = \"127.0.0.1:1\"\n", &[]),
        "there is no setting server.lisen (docket.toml:2) | Did you mean server.listen?"
    );
    assert_eq!(
        refusal("[databse]\nurl = \"sqlite:a\"\n", &[]),
        "there is no setting databse.url (docket.toml:2) | Did you mean database.url?"
    );
    assert_eq!(
        refusal("", &[("DOCKET_DATABASE__URL_FIEL", "x")]),
        "there is no setting database.url_fiel (environment DOCKET_DATABASE__URL_FIEL) | Did you mean database.url_file?"
    );
    assert_eq!(
        refusal("[deadlines.shop.11]\npayby = \"5m\"\n", &[]),
        "there is no setting deadlines.shop.11.payby (docket.toml:2) | Did you mean deadlines.shop.11.pay_by?"
    );
    assert_eq!(
        refusal("[deadlines.takaway]\npay_by = \"5m\"\n", &[]),
        "there is no setting deadlines.takaway.pay_by (docket.toml:2) | Did you mean [deadlines.takeaway]?"
    );
}

#[test]
fn a_section_of_a_later_release_is_not_taken_silently() {
    let said = refusal("[hub]\nurl = \"file:old\"\n", &[]);
    assert!(
        said.starts_with("hub.url (docket.toml:2): [hub] is not used in this release"),
        "{said}"
    );
    let said = refusal("[channels.temu]\nx = 1\n", &[]);
    assert!(said.contains("[channels] is not used in this release"), "{said}");
}

#[test]
fn a_value_of_the_wrong_shape_says_what_it_should_look_like() {
    assert_eq!(
        refusal("[deadlines]\npay_by = 30\n", &[]),
        "deadlines.pay_by = \"30\" (docket.toml:2) cannot be used | \
         It must be a length of time, more than nothing and at most ten years, such as 45s, 30m, 12h, 15d or 1h30m."
    );
    let said = refusal("[database]\nurl = \"mysql://a:secret@\"\n", &[]);
    assert!(!said.contains("secret"), "{said}");
    let said = refusal("[deadlines]\npay_by = \"0s\"\n", &[]);
    assert!(said.contains("a length of time, more than nothing"), "{said}");
    let failure = read("[deadlines]\npay_by = 30\n", &[]).expect_err("cannot be used");
    assert_eq!(
        failure.message.to(Language::Zh),
        "deadlines.pay_by = \"30\"（docket.toml:2）不可用"
    );
}

#[test]
fn deadlines_are_laid_over_by_type_channel_and_shop() {
    let text = "[deadlines]\npay_by = \"20m\"\n[deadlines.hotel]\npay_by = \"10m\"\n\
                [deadlines.shop.\"11\"]\nsettle_after = \"1d\"\n[deadlines.channel.temu]\npay_by = \"2h\"\n";
    let config = read(text, &[]).expect("a config");
    assert_eq!(config.deadlines.default.pay_by, 20 * 60_000);
    let laid = |overlay: &docket_app::Overlay| {
        let mut policy = config.deadlines.default;
        overlay.lay_over(&mut policy);
        policy
    };
    assert_eq!(
        laid(&config.deadlines.by_type[&docket_domain::words::OrderType::Hotel]).pay_by,
        600_000
    );
    let shop = laid(&config.deadlines.by_shop["11"]);
    assert_eq!((shop.pay_by, shop.settle_after), (1_200_000, 86_400_000));
    assert_eq!(laid(&config.deadlines.by_channel["temu"]).pay_by, 7_200_000);
}

#[test]
fn the_defaults_of_the_config_are_those_of_the_domain() {
    let config = read("", &[]).expect("a config");
    assert_eq!(config.deadlines.default, Policy::default());
    let takeaway = &config.deadlines.by_type[&docket_domain::words::OrderType::Takeaway];
    let mut policy = config.deadlines.default;
    takeaway.lay_over(&mut policy);
    assert_eq!(policy, Policy::takeaway());
}

#[test]
fn markets_of_ones_own_have_numbers_from_100() {
    let config = read("[orders.markets]\ngallery = 100\n", &[]).expect("a config");
    assert_eq!(config.markets.number("gallery"), Some(100));
    let said = refusal("[orders.markets]\ngallery = 7\n", &[]);
    assert!(said.contains("needs a number of 100 or more"), "{said}");
}

#[test]
fn a_list_is_written_as_toml_as_json_or_with_commas() {
    let networks = docket_app::Networks::of(["10.0.0.0/8", "2001:db8::1"]).expect("networks");
    let name = "DOCKET_SERVER__TRUSTED_PROXIES";
    for (text, variables) in [
        ("[server]\ntrusted_proxies = [\"10.0.0.0/8\", '2001:db8::1']\n", &[][..]),
        ("[server]\ntrusted_proxies = \"10.0.0.0/8,2001:db8::1\"\n", &[]),
        ("", &[(name, "10.0.0.0/8, 2001:db8::1")]),
        ("", &[(name, "[\"10.0.0.0/8\", \"2001:db8::1\"]")]),
    ] {
        let config = read(text, variables).expect("a config");
        assert_eq!(config.server.trusted_proxies.value, networks, "{text}{variables:?}");
    }
    let none = read("[server]\ntrusted_proxies = []\n", &[(name, "")]).expect("a config");
    assert!(none.server.trusted_proxies.is_empty());
    assert_eq!(
        refusal("", &[(name, "10.1.2.3/8")]),
        "server.trusted_proxies = \"10.1.2.3/8\" (environment DOCKET_SERVER__TRUSTED_PROXIES) cannot be used: \
         10.1.2.3/8 has bits behind its length; say 10.0.0.0/8 for the network, 10.1.2.3 for the one address | \
         It must be a list of networks and addresses, such as [\"10.0.0.0/8\", \"fd00::/8\", \"192.0.2.7\"]."
    );
    for (text, setting) in [
        ("[server]\nlisten = [\"127.0.0.1:1\"]\n", "server.listen"),
        ("[orders.markets]\nx = [100]\n", "orders.markets.x"),
        ("[database]\nurl_file = [\"a\"]\n", "database.url_file"),
    ] {
        let line = format!("{setting} (docket.toml:2) is a list | ");
        assert!(refusal(text, &[]).starts_with(&line), "{}", refusal(text, &[]));
    }
    for text in ["[server]\ntrusted_proxies = [[]]\n", "[server]\nlisten = 2026-01-31\n"] {
        assert!(refusal(text, &[]).contains("is a date, or a list of lists"), "{text}");
    }
}

#[test]
fn a_secret_can_stand_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("url"), "mysql://u:p@h/d\n").expect("written");
    let path = vec!["database".to_owned(), "url_file".to_owned()];
    let given = |text: &str| Given {
        path: path.clone(),
        text: text.to_owned(),
        form: Form::One,
        origin: Origin::Default,
    };
    let mut layers = Layers::default();
    layers.add(vec![given("url")]).expect("a layer");
    let config = Config::read(layers, folder.path().to_owned(), None).expect("a config");
    assert_eq!(config.database.url.0, "mysql://u:p@h/d");
    assert_eq!(config.database.url.text, "mysql://u:***@h/d");
    let both = "[database]\nurl = \"sqlite:a\"\nurl_file = \"url\"\n";
    assert!(refusal(both, &[]).contains("are both set"));
    // The later layer wins whichever of the two it uses.
    let config = read("[database]\nurl_file = \"none\"\n", &[("DOCKET_DATABASE__URL", "sqlite:b")]);
    assert_eq!(config.expect("a config").database.url.0, "sqlite:b");
}

/// The setting that a line of the commented file shows, without the mark that comments it out.
fn setting(line: &str) -> Option<&str> {
    let setting = line.strip_prefix("# ")?;
    setting.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')).then_some(setting)
}

#[test]
fn the_commented_file_sets_nothing_and_names_every_key() {
    let text = template(Language::En);
    let config = read(&text, &[]).expect("the commented file is a config");
    assert!(config.list().iter().all(|listed| listed.origin == "default"));
    // With the comments taken off its settings, it sets every key to its default.
    let settings: Vec<&str> = text.lines().map(|line| setting(line).unwrap_or(line)).collect();
    let whole = read(&settings.join("\n"), &[]).expect("every default is valid");
    let keys = SECTIONS.iter().flat_map(|section| {
        section.fields.iter().map(|field| format!("{}.{}", section.name, field.key))
    });
    let deadlines = deadlines::KEYS.iter().map(|(key, ..)| format!("deadlines.{key}"));
    let coupons = coupons::KEYS.iter().map(|(key, ..)| format!("ledger.coupons.{key}"));
    let payments = payments::KEYS.iter().map(|(key, ..)| format!("payments.sandbox.{key}"));
    let channels = channels::KEYS.iter().map(|(key, ..)| format!("channels.temu.{key}"));
    for key in keys.chain(deadlines).chain(coupons).chain(channels).chain(payments) {
        let listed = whole.list().into_iter().find(|listed| listed.key == key).expect("listed");
        assert!(listed.origin.starts_with("docket.toml:"), "{key} is not in the commented file");
    }
}

#[test]
fn the_commented_file_says_the_same_in_chinese_and_explains_every_key() {
    let (en, zh) = (template(Language::En), template(Language::Zh));
    let said = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with("# ") || setting(line).is_some());
        lines.map(str::to_owned).collect()
    };
    assert_eq!(said(&en), said(&zh));

    let is_chinese = |line: &str| line.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for (text, wanted) in [(en, false), (zh, true)] {
        // What explains one key or section stands in the lines right before it.
        let lines: Vec<&str> = text.lines().collect();
        let comments = lines.split(|line| !line.starts_with("# ") || setting(line).is_some());
        for comment in comments.filter(|comment| !comment.is_empty()) {
            assert_eq!(is_chinese(&comment.concat()), wanted, "{comment:?}");
        }
    }
}

const GATEWAY: &str = "[payments.wallet]\nconnector = \"sandbox\"\n";

#[test]
fn a_gateway_needs_a_name_and_has_defaults_for_a_local_sandbox() {
    let config =
        read(GATEWAY, &[("DOCKET_PAYMENTS__CARD__CONNECTOR", "external")]).expect("config");
    let names: Vec<&str> = config.gateways.iter().map(|gateway| &*gateway.name).collect();
    assert_eq!(names, ["card", "wallet"]);
    let Connector::Sandbox { url, merchant, secret } = &config.gateways[1].connector else {
        panic!("{:?} is spoken to", config.gateways[1]);
    };
    assert_eq!(url, "http://127.0.0.1:7310");
    assert_eq!(
        (&**merchant, &**secret),
        (docket_sandbox::pay::MERCHANT, docket_sandbox::pay::SECRET)
    );
    let listed = config.list();
    let shown = |key: &str| listed.iter().find(|listed| listed.key == key).map(|l| &*l.value);
    assert_eq!(shown("payments.wallet.url"), Some("http://127.0.0.1:7310"));
    assert_eq!(shown("payments.wallet.secret"), Some("***"));
    assert_eq!(shown("payments.card.connector"), Some("external"));
}

#[test]
fn what_nobody_can_repair_is_not_set_to_be_repaired_at_night() {
    let said = refusal("[tasks]\nnightly_repairs = \"status_stale,refund_stuck\"\n", &[]);
    assert!(said.contains("docket.toml:2") && said.contains("--repair"), "{said}");
}

#[test]
fn a_gateway_that_cannot_be_used_is_refused_with_what_to_change() {
    for (line, says) in [
        ("conector = \"sandbox\"", "Did you mean payments.wallet.connector?"),
        ("connector = \"paypal\"", "must be sandbox or external"),
        ("url = \"127.0.0.1:7310\"", "an address such as"),
        ("url = \"\"", "Give the base address"),
        ("secret = \"\"", "must be a text that is not empty"),
        ("merchant = \"a b\"", "1 to 64 plain signs"),
        ("callback_url = \"ftp://here\"", "an address such as"),
    ] {
        let said = refusal(&format!("[payments.wallet]\n{line}\n"), &[]);
        assert!(said.contains(says) && said.contains("docket.toml:2"), "{line}: {said}");
    }
    let said = refusal("[payments.\"My Wallet\"]\nconnector = \"sandbox\"\n", &[]);
    assert!(said.contains("lower case"), "{said}");
    let said = refusal("[payments]\nconnector = \"sandbox\"\n", &[]);
    assert!(said.contains("[payments.NAME]"), "{said}");
    let said = refusal("[paymets.wallet]\nconnector = \"sandbox\"\n", &[]);
    assert!(said.contains("[payments]"), "{said}");
}

#[test]
fn a_zone_that_is_not_what_it_seems_or_a_time_that_never_comes_is_refused_wherever_one_is_set() {
    for (text, place) in [
        ("[schedules]\nreconcile = \"0 2 * * * EST\"\n", "America/New_York"),
        ("[schedules]\narchive = \"0 2 * * * Etc/GMT+8\"\n", "Asia/Shanghai for 8 h ahead of UTC"),
        ("[schedules]\nreconcile = \"30 2 31 2 * UTC\"\n", "never comes"),
        ("[ledger.coupons]\nzone = \"CST\"\n", "Asia/Shanghai"),
        ("[mirror]\nurl = \"mysql://u@h/d\"\ntimes = \"UTC+8\"\n", "Asia/Shanghai"),
        ("[ledger.coupons]\nzone = \"Asia/Beijing\"\n", "did you mean `Asia/Shanghai`?"),
    ] {
        let refusal = refusal(text, &[]);
        assert!(refusal.contains(place), "{text}: {refusal}");
    }
}
