//! The tables that the lane reads and writes by key, as data: from a [`Table`] every statement is made.

use crate::value::Kind::{self, Blob, Int, Text};

/// One table: its columns in the order rows carry them, the key first.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// As the schema calls it.
    pub name: &'static str,
    /// Columns with their kinds; the first `key` of them are the primary key.
    pub columns: &'static [(&'static str, Kind)],
    /// How many columns the key has.
    pub key: usize,
}

pub static PAYMENT_ORDER: Table = Table {
    name: "payment_order",
    columns: &[
        ("id", Int),
        ("version", Int),
        ("buyer_id", Text),
        ("type", Int),
        ("market", Int),
        ("status", Int),
        ("store_status", Int),
        ("visible", Int),
        ("cart", Int),
        ("created_at", Int),
        ("updated_at", Int),
        ("paid_at", Int),
        ("due_at", Int),
        ("parts", Int),
        ("copy", Int),
        ("body", Text),
    ],
    key: 1,
};
pub static SHOP_ORDER: Table = Table {
    name: "shop_order",
    columns: &[
        ("tree", Int),
        ("id", Int),
        ("position", Int),
        ("shop_id", Text),
        ("place", Text),
        ("status", Int),
        ("store_status", Int),
        ("delivery_status", Int),
        ("refund_status", Int),
        ("created_at", Int),
        ("body", Text),
    ],
    key: 2,
};
pub static ITEM_ORDER: Table = Table {
    name: "item_order",
    columns: &[
        ("tree", Int),
        ("id", Int),
        ("shop_order", Int),
        ("position", Int),
        ("sku_id", Text),
        ("created_at", Int),
        ("status", Int),
        ("body", Text),
    ],
    key: 2,
};
pub static ORDER_TERM: Table = Table {
    name: "order_term",
    columns: &[("term", Text), ("created_at", Int), ("tree", Int)],
    key: 3,
};
/// Orders that left whole, and by what they are still looked up.
pub static ARCHIVE_ORDER: Table = Table {
    name: "archive_order",
    columns: &[("tree", Int), ("segment", Int), ("buyer_id", Text), ("external_id", Text)],
    key: 1,
};
pub static ORDER_OPERATION: Table = Table {
    name: "order_operation",
    columns: &[
        ("tree", Int),
        ("site", Int),
        ("seq", Int),
        ("kind", Int),
        ("node", Int),
        ("actor_kind", Int),
        ("actor_id", Text),
        ("actor_name", Text),
        ("operator", Text),
        ("from_status", Int),
        ("to_status", Int),
        ("at", Int),
        ("happened_at", Int),
        ("parameters", Text),
        ("before_image", Text),
        ("after_image", Text),
        ("remark_en", Text),
        ("remark_cn", Text),
        ("version", Int),
        ("hlc", Int),
    ],
    key: 3,
};
pub static COPY_NOTE: Table = Table {
    name: "copy_note",
    columns: &[("tree", Int), ("kind", Text), ("subject", Text), ("detail", Text), ("at", Int)],
    key: 3,
};
/// What an installation is, and small values of it.
pub static SETTING: Table =
    Table { name: "setting", columns: &[("name", Text), ("value", Text)], key: 1 };
pub static ORDER_SNAPSHOT: Table = Table {
    name: "order_snapshot",
    columns: &[
        ("tree", Int),
        ("terms_version", Int),
        ("at", Int),
        ("sha256", Blob),
        ("body", Blob),
        ("forgotten_at", Int),
    ],
    key: 2,
};
pub static ORDER_PERSON: Table = Table {
    name: "order_person",
    columns: &[("tree", Int), ("key_id", Int), ("sealed", Blob)],
    key: 1,
};
pub static ORDER_PHONE: Table = Table {
    name: "order_phone",
    columns: &[("last4", Int), ("phone", Int), ("tree", Int), ("created_at", Int)],
    key: 3,
};
pub static UNIQUE_KEY: Table = Table {
    name: "unique_key",
    columns: &[("name", Text), ("tree", Int), ("fingerprint", Blob)],
    key: 1,
};
pub static IDEMPOTENCY: Table = Table {
    name: "idempotency",
    columns: &[("hash", Blob), ("fingerprint", Blob), ("status", Int), ("tree", Int), ("at", Int)],
    key: 1,
};
pub static STOCK: Table = Table {
    name: "stock",
    columns: &[("place", Text), ("sku_id", Text), ("on_hand", Int), ("held", Int)],
    key: 2,
};
pub static STOCK_ADJUSTMENT: Table = Table {
    name: "stock_adjustment",
    columns: &[
        ("id", Int),
        ("sku_id", Text),
        ("place", Text),
        ("kind", Int),
        ("quantity", Int),
        ("on_hand", Int),
        ("reason", Text),
        ("actor", Text),
        ("at", Int),
    ],
    key: 1,
};
pub static PRODUCT: Table = Table {
    name: "product",
    columns: &[
        ("sku_id", Text),
        ("place", Text),
        ("currency", Text),
        ("price", Int),
        ("title", Text),
        ("updated_at", Int),
    ],
    key: 2,
};
pub static SCHEDULE: Table =
    Table { name: "schedule", columns: &[("name", Text), ("slot", Int)], key: 1 };
/// A task with everything known of it; what is read, and what a new row has nothing in yet.
pub static TASK: Table = Table {
    name: "task",
    columns: &[
        ("id", Int),
        ("kind", Text),
        ("unique_key", Text),
        ("chain_key", Text),
        ("priority", Int),
        ("payload", Text),
        ("state", Int),
        ("claims", Int),
        ("attempts", Int),
        ("max_attempts", Int),
        ("due_at", Int),
        ("run_rank", Int),
        ("created_at", Int),
        ("claimed_by", Text),
        ("lease_until", Int),
        ("errors", Text),
        ("parked_by", Int),
        ("finished_at", Int),
    ],
    key: 1,
};
pub static WEBHOOK: Table = Table {
    name: "webhook",
    columns: &[
        ("id", Int),
        ("url", Text),
        ("events", Text),
        ("key_id", Int),
        ("secret", Blob),
        ("created_at", Int),
        ("disabled_at", Int),
        ("why", Text),
        ("old_key_id", Int),
        ("old_secret", Blob),
        ("old_until", Int),
    ],
    key: 1,
};
pub static ACCOUNT_USER: Table = Table {
    name: "account_user",
    columns: &[
        ("id", Int),
        ("name", Text),
        ("role", Text),
        ("password", Text),
        ("body", Text),
        ("created_at", Int),
        ("disabled_at", Int),
        ("last_login_at", Int),
    ],
    key: 1,
};
pub static ACCOUNT_SESSION: Table = Table {
    name: "account_session",
    columns: &[("hash", Blob), ("user_id", Int), ("expires_at", Int)],
    key: 1,
};
pub static ACCESS_KEY: Table = Table {
    name: "access_key",
    columns: &[
        ("id", Int),
        ("name", Text),
        ("hash", Blob),
        ("body", Text),
        ("created_at", Int),
        ("revoked_at", Int),
        ("expires_at", Int),
        ("last_used_at", Int),
    ],
    key: 1,
};
pub static NODE: Table = Table {
    name: "node",
    columns: &[("node", Int), ("holder", Text), ("held_until", Int), ("mark", Int)],
    key: 1,
};
pub static RECONCILE_RUN: Table = Table {
    name: "reconcile_run",
    columns: &[
        ("id", Int),
        ("asked", Text),
        ("started_at", Int),
        ("seen_at", Int),
        ("finished_at", Int),
        ("orders", Int),
        ("looked_at", Int),
        ("error", Text),
    ],
    key: 1,
};
pub static FINDING: Table = Table {
    name: "finding",
    columns: &[
        ("id", Int),
        ("run", Int),
        ("class", Text),
        ("tree", Int),
        ("subject", Text),
        ("detail", Text),
        ("state", Int),
        ("at", Int),
    ],
    key: 1,
};
pub static ACCOUNT: Table = Table {
    name: "account",
    columns: &[
        ("owner", Text),
        ("ledger", Int),
        ("currency", Text),
        ("balance", Int),
        ("held", Int),
        ("created_at", Int),
    ],
    key: 2,
};
pub static ACCOUNT_ADJUSTMENT: Table = Table {
    name: "account_adjustment",
    columns: &[
        ("id", Int),
        ("owner", Text),
        ("ledger", Int),
        ("kind", Int),
        ("amount", Int),
        ("balance", Int),
        ("reason", Text),
        ("actor", Text),
        ("at", Int),
    ],
    key: 1,
};
pub static EFFECT: Table = Table {
    name: "effect",
    columns: &[
        ("tree", Int),
        ("effect", Text),
        ("ledger", Int),
        ("kept", Int),
        ("kind", Int),
        ("owner", Text),
        ("amount", Int),
        ("detail", Text),
        ("seq", Int),
        ("at", Int),
    ],
    key: 2,
};
pub static GIFT_PACK: Table = Table {
    name: "gift_pack",
    columns: &[
        ("pack_id", Text),
        ("title", Text),
        ("shop_id", Text),
        ("min_price", Int),
        ("currency", Text),
        ("from_at", Int),
        ("until_at", Int),
        ("total", Int),
        ("active", Int),
        ("updated_at", Int),
    ],
    key: 1,
};
pub static GIFT: Table = Table {
    name: "gift",
    columns: &[
        ("tree", Int),
        ("pack_id", Text),
        ("owner", Text),
        ("title", Text),
        ("status", Int),
        ("issued_at", Int),
        ("ended_at", Int),
    ],
    key: 2,
};
pub static WEIGH_SLIP: Table = Table {
    name: "weigh_slip",
    columns: &[
        ("shop_order", Int),
        ("tree", Int),
        ("shop_id", Text),
        ("place", Text),
        ("status", Int),
        ("slip_lines", Text),
        ("created_at", Int),
        ("changed_at", Int),
    ],
    key: 1,
};
pub static MEMBER: Table = Table {
    name: "member",
    columns: &[("buyer_id", Text), ("level", Text), ("joined_at", Int), ("updated_at", Int)],
    key: 1,
};

pub static ARCHIVE_SEGMENT: Table = Table {
    name: "archive_segment",
    columns: &[
        ("id", Int),
        ("kind", Int),
        ("name", Text),
        ("from_at", Int),
        ("to_at", Int),
        ("trees", Int),
        ("entries", Int),
        ("bytes", Int),
        ("sha256", Blob),
        ("state", Int),
        ("away", Int),
        ("created_at", Int),
    ],
    key: 1,
};
pub static COUPON: Table = Table {
    name: "coupon",
    columns: &[("code", Text), ("version", Int), ("updated_at", Int), ("body", Text)],
    key: 1,
};
pub static COUPON_COUNT: Table = Table {
    name: "coupon_count",
    columns: &[("scope_key", Text), ("used", Int), ("redeemed", Int)],
    key: 1,
};
pub static COUPON_ADJUSTMENT: Table = Table {
    name: "coupon_adjustment",
    columns: &[
        ("id", Int),
        ("code", Text),
        ("delta", Int),
        ("active", Int),
        ("reason", Text),
        ("actor", Text),
        ("at", Int),
        ("tree", Int),
    ],
    key: 1,
};

impl Table {
    /// The names of all columns, separated by commas.
    pub fn column_list(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The names of the columns of the key, separated by commas.
    pub fn key_list(&self) -> String {
        let names: Vec<_> = self.key_columns().iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The kinds of all columns.
    pub fn kinds(&self) -> Vec<Kind> {
        self.columns.iter().map(|(_, kind)| *kind).collect()
    }

    /// The columns of the key.
    pub fn key_columns(&self) -> &'static [(&'static str, Kind)] {
        &self.columns[..self.key]
    }
}
