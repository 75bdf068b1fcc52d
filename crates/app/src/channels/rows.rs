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

/// As much of a note as is kept, in one line.
pub(super) fn cut(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(NOTE).map(plain).collect()
}

/// What is noted of an order: what was odd when it was told of, and what its last look came to. Each stays when the other
/// changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Notes {
    told: Option<String>,
    look: Option<String>,
}

impl Notes {
    /// Those of a row.
    pub fn of(row: &ChannelOrderRow) -> Self {
        let Some(note) = &row.note else { return Self::default() };
        let (told, look) = note.split_once('\n').unwrap_or((note, ""));
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self { told: some(told), look: some(look) }
    }

    /// The note of a row that was told of anew.
    pub fn after_told(self, told: Option<String>) -> Option<String> {
        Self { told, ..self }.note()
    }

    /// The note of a row after a look that came to this.
    pub fn after_look(self, look: Option<&str>) -> Option<String> {
        Self { look: look.map(cut), ..self }.note()
    }

    fn note(self) -> Option<String> {
        match (self.told, self.look) {
            (told, None) => told,
            (told, Some(look)) => Some(format!("{}\n{look}", told.unwrap_or_default())),
        }
    }
}
