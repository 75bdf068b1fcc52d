//! `docket stock`: what stands of a SKU, counts and adjustments.

use crate::center::{self, Center};
use crate::cli::Options;
use crate::failure::Failure;
use crate::log;
use crate::output::Output;
use serde_json::{Value, json};

/// What `docket stock` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show what stands of a SKU
    Get {
        /// The SKU
        sku: String,
    },
    /// Set what was counted; starts tracking the SKU
    Set {
        /// The SKU
        sku: String,
        /// What was counted, such as 50 or 1.250
        quantity: String,
        #[command(flatten)]
        why: Why,
    },
    /// Add to what is there, or with a minus take away
    Adjust {
        /// The SKU
        sku: String,
        /// What to add, such as 5 or -0.5
        #[arg(allow_negative_numbers = true)]
        delta: String,
        #[command(flatten)]
        why: Why,
    },
}

/// Where and why.
#[derive(Debug, clap::Args)]
pub struct Why {
    /// The place
    #[arg(long, default_value = "main")]
    place: String,
    /// Why, for the book
    #[arg(long, default_value = "by hand")]
    reason: String,
}

/// Does what was asked.
pub async fn run(command: Command, options: &Options) -> Result<(), Failure> {
    log::start_quiet();
    let stands = match &command {
        Command::Get { sku } => {
            center::with_one_that_is_there(options, async |center| center.get(&path(sku)?).await)
                .await
        }
        _ => center::with(options, async |center| write(&command, center).await).await,
    }?;
    options.output().show(&stands, |out| print(&stands, out));
    Ok(())
}

async fn write(command: &Command, center: &Center) -> Result<Value, Failure> {
    match command {
        Command::Get { sku } => center.get(&path(sku)?).await,
        Command::Set { sku, quantity, why } => {
            let body = json!({"place": why.place, "on_hand": quantity, "reason": why.reason});
            center.put(&path(sku)?, &body).await
        }
        Command::Adjust { sku, delta, why } => {
            let body = json!({"place": why.place, "delta": delta, "reason": why.reason});
            center.post(&format!("{}/adjustments", path(sku)?), &body).await
        }
    }
}

fn path(sku: &str) -> Result<String, Failure> {
    Ok(format!("/api/stock/{}", super::path_part(sku)?))
}

fn print(stands: &Value, out: &Output) {
    let head = [
        out.say("place", "地点"),
        out.say("on hand", "现有"),
        out.say("held", "占用"),
        out.say("available", "可售"),
    ];
    let row = |place: &Value| {
        ["place", "on_hand", "held", "available"]
            .map(|field| place[field].as_str().unwrap_or_default().to_owned())
            .to_vec()
    };
    out.table(&head, stands["places"].as_array().into_iter().flatten().map(row));
}
