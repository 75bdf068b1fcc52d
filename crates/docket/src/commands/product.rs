//! `docket product`: what SKUs cost.

use crate::center;
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::said::{Said, said};
use docket_domain::Currency;
use serde_json::json;

/// What `docket product` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Set what a SKU costs
    Set(Set),
}

/// Arguments of `docket product set`.
#[derive(Debug, clap::Args)]
pub struct Set {
    /// The SKU
    sku: String,
    /// What one costs, such as 60 or 59.90
    price: String,
    /// The currency
    #[arg(long, default_value = "CNY")]
    currency: String,
    /// What people call it
    #[arg(long)]
    title: Option<String>,
    /// The place where it costs that; without one, everywhere
    #[arg(long)]
    place: Option<String>,
}

/// Does what was asked.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let Command::Set(set) = command;
    let price = minor_units(&set.price, &set.currency)?;
    let mut body = json!({"price": price, "currency": set.currency});
    if let Some(title) = &set.title {
        body["title"] = json!(title);
    }
    if let Some(place) = &set.place {
        body["place"] = json!(place);
    }
    let path = format!("/api/products/{}", super::path_part(&set.sku)?);
    let stands = center::with(options, async |center| center.put(&path, &body).await).await?;
    options.output().show(&stands, |out| {
        out.note(&format!("{}: {} {}", set.sku, set.price, set.currency));
    });
    Ok(())
}

/// A price as people write it, in minor units of its currency: exact, never rounded.
fn minor_units(price: &str, currency: &str) -> Result<i64, Failure> {
    let currency = Currency::in_use(currency).map_err(|error| {
        Failure::usage(Said::as_told(error))
            .next(said!("Name it by its three letters, such as CNY.", "请用三个字母，例如 CNY。"))
    })?;
    let places = currency.places() as usize;
    let wrong = || {
        let wrong = said!("{price} is no price in {currency}", "{price} 不是 {currency} 的价格");
        Failure::usage(wrong).next(said!(
            "Write it as 60, with at most {places} decimal places.",
            "请写成 60 的形式，最多 {places} 位小数。"
        ))
    };
    let (whole, rest) = price.split_once('.').unwrap_or((price, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty()
        || !plain(whole)
        || !plain(rest)
        || rest.len() > places
        || price.ends_with('.')
    {
        return Err(wrong());
    }
    format!("{whole}{rest:0<places$}").parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::minor_units;

    #[test]
    fn a_price_is_read_as_people_write_it() {
        let read = |price: &str, currency: &str| minor_units(price, currency).ok();
        assert_eq!(read("60", "CNY"), Some(6000));
        assert_eq!(read("59.9", "CNY"), Some(5990));
        assert_eq!(read("60", "JPY"), Some(60));
        assert_eq!(read("1.234", "KWD"), Some(1234));
        for wrong in ["", "60.", "-1", "1.005", "1e3", "60 "] {
            assert_eq!(read(wrong, "CNY"), None, "{wrong}");
        }
    }
}
