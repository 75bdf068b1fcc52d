//! The agreed tree: what both sides agreed to, kept once per terms version, compressed, with its SHA-256.

use docket_domain::{Id, ItemOrder, PaymentOrder, ShopOrder, Time, Tree, forget};
use docket_store::Snapshot;
use sha2::{Digest, Sha256};

/// A text as zstd, made for a row.
pub(crate) fn compressed(text: &str) -> Vec<u8> {
    thread_local! {
        // A fresh context each time costs twice what the compression does.
        static COMPRESSOR: std::cell::RefCell<zstd::bulk::Compressor<'static>> =
            std::cell::RefCell::new(zstd::bulk::Compressor::new(1).expect("zstd has a level 1"));
    }
    let body = COMPRESSOR.with_borrow_mut(|zstd| zstd.compress(text.as_bytes()));
    body.expect("zstd compresses any bytes that fit in memory")
}

/// An agreed tree, compressed.
#[derive(Debug, Clone)]
pub(crate) struct Agreed {
    pub json: String,
    pub sha256: [u8; 32],
    pub body: Vec<u8>,
}

impl Agreed {
    /// What was agreed in `tree`: its nodes as they are stored, without numbers and times.
    pub fn of(tree: &Tree) -> Self {
        #[derive(serde::Serialize)]
        struct Shop<'a> {
            #[serde(flatten)]
            shop: &'a ShopOrder,
            items: &'a [ItemOrder],
        }
        #[derive(serde::Serialize)]
        struct Whole<'a> {
            #[serde(flatten)]
            payment: &'a PaymentOrder,
            shops: Vec<Shop<'a>>,
        }
        let shops = tree.shops.iter().map(|shop| Shop { shop, items: &shop.items }).collect();
        let whole = Whole { payment: &tree.payment, shops };
        Self::of_json(serde_json::to_string(&whole).expect("a tree is plain JSON"))
    }

    /// The same of JSON that is one already.
    pub fn of_json(json: String) -> Self {
        let sha256 = Sha256::digest(json.as_bytes()).into();
        Self { sha256, body: compressed(&json), json }
    }

    pub fn snapshot(&self, tree: Id, terms_version: u32, at: Time) -> Snapshot {
        Snapshot {
            tree,
            terms_version,
            at,
            sha256: self.sha256,
            body: self.body.clone(),
            forgotten_at: None,
        }
    }

    /// An agreed tree without the words of the buyer, if it has some. What was agreed stays what it was, and its
    /// checksum is of what is left.
    pub fn without_words(snapshot: &Snapshot, now: Time) -> Option<Snapshot> {
        let json = zstd::decode_all(&snapshot.body[..]).ok()?;
        let left = Self::of_json(forget::agreed(std::str::from_utf8(&json).ok()?)?);
        let without = left.snapshot(snapshot.tree, snapshot.terms_version, snapshot.at);
        Some(Snapshot { forgotten_at: Some(now), ..without })
    }
}
