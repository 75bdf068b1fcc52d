//! The row of an order beside its tree, as it is made of what a marketplace tells: its fingerprint, its payload without
//! blanks, and what was odd.

use super::exchange::Open;
use crate::lane::agreed::compressed;
use docket_connectors::channel::{ChannelOrder, Unreadable};
use docket_domain::channel::PackageState;
use docket_domain::{Id, Time};
use docket_store::ChannelOrderRow;
use sha2::{Digest, Sha256};

/// Letters of what was odd about an order that are kept.
const NOTE: usize = 500;

/// An order as its list tells of it.
pub(super) fn row_of(
    open: &Open,
    order: &ChannelOrder,
    fingerprint: i64,
    read_at: Time,
) -> ChannelOrderRow {
    let odd: Vec<_> = order.flags.iter().map(ToString::to_string).collect();
    ChannelOrderRow {
        number: order.number.clone(),
        status: order.status.clone(),
        created_at: order.created_at,
        updated_at: order.updated_at,
        note: (!odd.is_empty()).then(|| cut(&odd.join("; "))),
        payload: compressed(&order.payload),
        ..nothing(open.shop.id, fingerprint, read_at)
    }
}

/// A row that cannot be read, as it is kept; none where not even its number can be read.
pub(super) fn unreadable(open: &Open, row: &Unreadable, read_at: Time) -> Option<ChannelOrderRow> {
    Some(ChannelOrderRow {
        number: row.number.clone()?,
        note: Some(cut(&row.reason)),
        payload: compressed(&row.raw),
        ..nothing(open.shop.id, fingerprint_of(&row.raw), read_at)
    })
}

/// A row that tells nothing but when it was read.
fn nothing(shop: Id, fingerprint: i64, read_at: Time) -> ChannelOrderRow {
    ChannelOrderRow {
        shop,
        number: String::new(),
        tree: None,
        status: String::new(),
        created_at: None,
        updated_at: None,
        seen_at: read_at,
        read_at,
        listed: true,
        fingerprint,
        packages: PackageState::NotYet,
        looks: 0,
        tries: 0,
        wait_since: None,
        next_look_at: None,
        note: None,
        payload: Vec::new(),
    }
}

/// A fingerprint of what was told.
pub(super) fn fingerprint_of(payload: &str) -> i64 {
    fingerprint(&Sha256::digest(payload.as_bytes()).into())
}

/// A fingerprint that is the same in every release, for it is stored.
pub(super) fn fingerprint(hash: &[u8; 32]) -> i64 {
    let first = hash.first_chunk().expect("a hash has 32 bytes");
    i64::from_be_bytes(*first)
}

/// As much of a note as is kept.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(NOTE).collect()
}
