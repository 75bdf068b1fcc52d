//! The tables that take part in the lane: one list.
//!
//! What a piece may ask for is a [`Key`], what it wants written stands in [`Writes`]. The list below says behind which key
//! a table is seen, which tables are counters, and in which order rows are written. Everything else about a table stands in
//! its own file in `tables`: its columns, how its rows are found, read and written, and what pieces ask of it.

pub mod counter;
pub mod plan;
pub mod view;

use crate::StoreError;
use crate::database::Connection;
use crate::sql::statement::Statement;
use crate::tables::accounts::{Account, AccountChange, AccountLine};
use crate::tables::audit::Audit;
use crate::tables::books::{Balance, BalanceKind};
use crate::tables::channels::orders::ChannelOrderRow;
use crate::tables::channels::products::{ChannelProductRow, ProductWrite};
use crate::tables::channels::pushes::PushRow;
use crate::tables::channels::runs::{ActiveRun, RunRecord, RunWrite};
use crate::tables::channels::shops::ChannelShop;
use crate::tables::channels::skus::{SkuMapping, SkuWrite, Unmapped, UnmappedWrite};
use crate::tables::channels::windows::{WindowRow, WindowWrite};
use crate::tables::copy_notes::CopyNote;
use crate::tables::coupons::{Counting, Used};
use crate::tables::customers::{Sealed, Telephone};
use crate::tables::effects::EffectRow;
use crate::tables::gifts::{GiftPack, GiftRow};
use crate::tables::idempotency::Idempotent;
use crate::tables::lane::counter::Moves;
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Seen, Source};
use crate::tables::members::Member;
use crate::tables::products::Price;
use crate::tables::schedules::{Raise, Slot};
use crate::tables::slips::SlipRow;
use crate::tables::snapshots::Snapshot;
use crate::tables::stock::{Adjustment, Held, Stock};
use crate::tables::tasks::NewTask;
use crate::tables::trees::{self, Numbered, TreeWrite};
use crate::tables::unique_keys::Unique;
use docket_domain::ledger::Ledger;
use docket_domain::{Coupon, Id, LogEntry, Seat, Time, Tree};
use std::collections::BTreeSet;
use std::mem::take;

/// Names one thing a piece may need to see. Unique keys are keys like any other: loaded and decided, not
/// met as errors.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A whole tree, by the number of its payment order.
    Tree(Id),
    /// The stock of a SKU at a place.
    Stock {
        /// The place that the stock stands at.
        place: String,
        /// The SKU.
        sku_id: String,
    },
    /// What a SKU costs, at every place.
    Product(String),
    /// Whose a unique key is.
    Unique(String),
    /// Which orders their sources gave a number, whoever told them, archived or not.
    Number(String),
    /// What was answered under an idempotency key (hash of credential and key).
    Idempotency([u8; 32]),
    /// The sealed person of a tree.
    Customer(Id),
    /// The slot that a schedule was last run for.
    Slot(String),
    /// Everything that is stored of an order, for those who check the books.
    Audit(Id),
    /// A number of a ledger beside what it should be, by the keys of the ledger.
    Balance(BalanceKind, Vec<String>),
    /// A coupon, by its code.
    Coupon(String),
    /// How often something of a coupon is used, by the key of the count.
    Used(String),
    /// An account of a buyer, or of a limited gift pack.
    Account {
        /// Of which ledger.
        ledger: Ledger,
        /// Whose.
        owner: String,
    },
    /// A shop of a marketplace.
    ChannelShop(Id),
    /// What a marketplace told of an order.
    ChannelOrder {
        /// Of which shop.
        shop: Id,
        /// Its number there.
        number: String,
    },
    /// What a code of a marketplace is, in the map of a shop.
    ChannelSku {
        /// Of which shop.
        shop: Id,
        /// The code.
        code: String,
    },
    /// A run that reads a stream of a shop.
    ChannelRun(Id),
    /// The run of a shop and stream that has not ended, by its name.
    ActiveRun(String),
}

/// What one piece wants written, all or nothing.
#[derive(Debug, Default)]
pub struct Writes {
    /// Trees, new or changed, each with its log row.
    pub trees: Vec<TreeWrite>,
    /// Moves in the stock ledger.
    pub stock: Vec<Held>,
    /// Unique keys that become a tree's, with the fingerprint of the request where it may come again.
    pub unique: Vec<(String, Id, Option<[u8; 32]>)>,
    /// What an idempotency key stands for from now on.
    pub idempotency: Option<([u8; 32], Idempotent)>,
    /// Agreed trees.
    pub snapshots: Vec<Snapshot>,
    /// Sealed people, each over the one before.
    pub customers: Vec<(Id, Sealed)>,
    /// Telephones to find trees by.
    pub phones: Vec<Telephone>,
    /// Telephones that trees are not found by any more.
    pub phones_gone: Vec<Telephone>,
    /// Tasks; of those with a unique key, the ones that are not there already.
    pub tasks: Vec<NewTask>,
    /// The slot of a schedule that this piece runs.
    pub slot: Option<Raise>,
    /// The book of counts and adjustments.
    pub adjustments: Vec<Adjustment>,
    /// Prices of products.
    pub products: Vec<Price>,
    /// Coupons, each over the version before it, with the time of the change.
    pub coupons: Vec<(Coupon, Time)>,
    /// Moves of the counts of coupons.
    pub counts: Vec<Counting>,
    /// Moves in accounts.
    pub accounts: Vec<AccountChange>,
    /// The book of accounts.
    pub account_lines: Vec<AccountLine>,
    /// What came about by orders; a second one under a key is a conflict.
    pub effects: Vec<EffectRow>,
    /// Gift packs that were issued or taken back.
    pub gifts: Vec<GiftRow>,
    /// Weigh slips, new or over those of their shop orders.
    pub slips: Vec<SlipRow>,
    /// Gift packs, new or over those of their ids.
    pub gift_packs: Vec<GiftPack>,
    /// Members, new or over those of their buyers.
    pub members: Vec<Member>,
    /// What is to be said of copies; what was said before stays.
    pub copy_notes: Vec<CopyNote>,
    /// Shops of marketplaces, new or over the version before.
    pub channel_shops: Vec<ChannelShop>,
    /// What marketplaces told of orders, new or over what they told before.
    pub channel_orders: Vec<ChannelOrderRow>,
    /// What becomes of windows of time.
    pub channel_windows: Vec<WindowWrite>,
    /// What marketplaces told by themselves; what was told before stays.
    pub channel_pushes: Vec<PushRow>,
    /// What becomes of the maps of shops.
    pub channel_skus: Vec<SkuWrite>,
    /// What becomes of sales that wait for a code to be mapped.
    pub channel_unmapped: Vec<UnmappedWrite>,
    /// What becomes of products of marketplaces.
    pub channel_products: Vec<ProductWrite>,
    /// Runs, new or over what they were.
    pub channel_runs: Vec<RunWrite>,
    /// Anything else of this crate's tables.
    pub statements: Vec<Statement>,
}

/// Makes of the list what a batch sees and what it writes.
macro_rules! lane {
    (
        seen { $($field:ident: $seen:ty, $pattern:pat => $key:expr;)* }
        counted { $($counter:ident: $counted:ty, $changes:ident;)* }
        written { $($rows:ident: $written:ty;)* }
    ) => {
        /// What a batch sees.
        #[derive(Debug, Default)]
        pub struct View {
            pub(crate) seat: Seat,
            $(pub(crate) $field: Layer<$seen>,)*
        }

        impl View {
            /// Nothing yet, as it is seen at `seat`.
            pub(crate) fn at(seat: &Seat) -> Self {
                Self { seat: seat.clone(), ..Self::default() }
            }

            /// Whether `key` has been loaded or made.
            pub fn knows(&self, key: &Key) -> bool {
                match key.clone() {
                    $($pattern => self.$field.get(&$key).is_some(),)*
                }
            }

            /// Loads what `keys` name and is not known yet; what is not there is then known to be absent.
            pub(crate) fn load(
                &mut self,
                keys: Vec<Key>,
                connection: &mut dyn Connection,
            ) -> Result<(), StoreError> {
                let mut wanted = Wanted::default();
                for key in keys {
                    match key {
                        $($pattern => self.$field.want($key, &mut wanted.$field),)*
                    }
                }
                let mut from = Source { connection, seat: &self.seat };
                $(self.$field.load(wanted.$field, &mut from)?;)*
                Ok(())
            }

            /// Lets the pieces that follow see what one piece writes.
            pub(crate) fn apply(&mut self, writes: &Writes) {
                $(<$seen as Seen>::apply(&mut self.$field, writes);)*
            }

            /// Forgets what the batch changed, to decide it again.
            pub(crate) fn begin_again(&mut self) {
                $(self.$field.begin_again();)*
            }
        }

        /// Keys to load, each once and in order.
        #[derive(Default)]
        struct Wanted {
            $($field: BTreeSet<<$seen as Seen>::Key>,)*
        }

        /// Everything a batch writes.
        #[derive(Debug, Default)]
        pub struct Plan {
            $($counter: Moves<$counted>,)*
            $($rows: Rows,)*
            /// What is no row.
            pub beside: Beside,
        }

        impl Plan {
            /// Adds what one piece decided.
            pub fn add(&mut self, mut writes: Writes) {
                $(self.$counter.add(take(&mut writes.$changes));)*
                $(<$written as Written>::add(&mut writes, &mut self.$rows, &mut self.beside);)*
                self.beside.statements.append(&mut writes.statements);
            }

            /// Writes it all through `connection`, inside its open transaction.
            pub fn write(
                &mut self,
                view: &View,
                connection: &mut dyn Connection,
            ) -> Result<(), StoreError> {
                $(self.$counter.write(&view.$counter, connection)?;)*
                trees::write(view, connection)?;
                $(self.$rows.write(<$written as Written>::TABLE, connection)?;)*
                self.beside.write(connection)
            }
        }
    };
}

lane! {
    // As the view calls it, what is seen, and the key that names it; loaded in this order.
    seen {
        trees: Tree, Key::Tree(id) => id;
        stock: Stock, Key::Stock { place, sku_id } => (place, sku_id);
        products: Price, Key::Product(sku_id) => sku_id;
        unique: Unique, Key::Unique(name) => name;
        idempotency: Idempotent, Key::Idempotency(hash) => hash;
        numbers: Numbered, Key::Number(number) => number;
        customers: Sealed, Key::Customer(tree) => tree;
        audits: Audit, Key::Audit(tree) => tree;
        balances: Balance, Key::Balance(kind, subject) => (kind, subject);
        accounts: Account, Key::Account { ledger, owner } => (ledger, owner);
        slots: Slot, Key::Slot(name) => name;
        coupons: Coupon, Key::Coupon(code) => code;
        used: Used, Key::Used(scope_key) => scope_key;
        channel_shops: ChannelShop, Key::ChannelShop(id) => id;
        channel_orders: ChannelOrderRow, Key::ChannelOrder { shop, number } => (shop, number);
        channel_skus: SkuMapping, Key::ChannelSku { shop, code } => (shop, code);
        channel_runs: RunRecord, Key::ChannelRun(id) => id;
        active_runs: ActiveRun, Key::ActiveRun(name) => name;
    }
    // As the view calls it, its rows, and the field of `Writes` that moves them; written in this order, before the trees.
    counted {
        stock: Stock, stock;
        used: Used, counts;
        accounts: Account, accounts;
    }
    // Written in this order, behind the trees.
    written {
        log: LogEntry;
        snapshots: Snapshot;
        unique: Unique;
        idempotency: Idempotent;
        tasks: NewTask;
        adjustments: Adjustment;
        phones: Telephone;
        account_lines: AccountLine;
        effects: EffectRow;
        slots: Raise;
        coupons: Coupon;
        gifts: GiftRow;
        copy_notes: CopyNote;
        customers: Sealed;
        products: Price;
        slips: SlipRow;
        gift_packs: GiftPack;
        members: Member;
        channel_shops: ChannelShop;
        channel_orders: ChannelOrderRow;
        channel_windows: WindowRow;
        channel_runs: RunRecord;
        channel_pushes: PushRow;
        channel_products: ChannelProductRow;
        channel_skus: SkuMapping;
        channel_unmapped: Unmapped;
    }
}
