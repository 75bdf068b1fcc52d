//! `docket product`: what SKUs cost.

use crate::center;
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
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
    /// What one costs, in minor units (cents)
    price: i64,
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
    let mut body = json!({"price": set.price, "currency": set.currency});
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
