//! Closed lists of words that answers have and requests may have, for the document.

use docket_app::{Role, Scope};
use docket_domain::ActorKind;
use docket_domain::channel::{RunMode, RunState as ShopRunState, Stream, WindowState};
use docket_domain::coupon::Class;
use docket_domain::ledger::{EffectKind, GiftStatus, Ledger, LedgerLocation, SlipStatus};
use docket_domain::watch::{AlertKind, Severity};
use docket_domain::words::TaskState;
use docket_wire::described;

/// The word of each of `values`.
fn words<T: Copy>(values: &[T], word: fn(T) -> &'static str) -> Vec<&'static str> {
    values.iter().copied().map(word).collect()
}

/// The kinds of actor that a caller may speak for: those that act by themselves are not of them.
fn claimed() -> Vec<&'static str> {
    let kinds =
        ActorKind::ALL.iter().filter(|kind| !matches!(kind, ActorKind::Timer | ActorKind::System));
    kinds.map(|kind| kind.word()).collect()
}

described! {
    /// What a key or user may do.
    ScopeWord {"type": "string", "enum": words(Scope::ALL, Scope::word)}
    /// `admin`: everything. `operator`: everything but `admin` and `privacy.read`. `viewer`: `orders.read`.
    RoleWord {"type": "string", "enum": words(&Role::ALL, Role::word)}
    /// A kind of actor that a caller may speak for.
    ClaimedActor {"type": "string", "enum": claimed()}
    /// Where a task stands.
    TaskStateWord {"type": "string", "enum": words(TaskState::ALL, TaskState::word)}
    /// What is read of a shop.
    StreamWord {"type": "string", "enum": words(Stream::ALL, Stream::word)}
    /// A marketplace that shops can be of.
    MarketplaceWord {"type": "string", "enum": docket_app::marketplaces()}
    /// A region of a marketplace; which it has is told where another is asked for.
    RegionWord {"type": "string", "enum": docket_app::marketplace_regions()}
    /// What a marketplace gave to let us in.
    Credential {"type": "string", "maxLength": 1024, "pattern": docket_wire::described::PLAIN}
    /// How much of a stream one run reads.
    RunModeWord {"type": "string", "enum": words(RunMode::ALL, RunMode::word)}
    /// How far a run of a shop is.
    ShopRunStateWord {"type": "string", "enum": words(ShopRunState::ALL, ShopRunState::word)}
    /// A day such as 2026-11-29.
    DayWord {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
    /// How far the search for the parcels of an order is.
    EnrichStatusWord {"type": "string", "enum": ["pending", "waiting", "completed", "none", "failed"]}
    /// Whether everything of a window of time is here.
    WindowStateWord {"type": "string", "enum": words(WindowState::ALL, WindowState::word)}
    /// What is wrong.
    AlertKindWord {"type": "string", "enum": words(AlertKind::ALL, AlertKind::word)}
    /// How bad it is: a notice is told once, a warning and what is critical again and again.
    SeverityWord {"type": "string", "enum": words(Severity::ALL, Severity::word)}
    /// Which alerts a list has.
    AlertStateWord {"type": "string", "enum": ["any", "open", "past"]}
    /// A ledger that has accounts of buyers.
    AccountLedger {"type": "string", "enum": ["coins", "points"]}
    /// What a line of an account's book did.
    AccountLineKind {"type": "string", "enum": ["set", "adjustment"]}
    /// What a line of the book of a SKU did.
    StockLineKind {"type": "string", "enum": ["count", "adjustment"]}
    /// A ledger beside orders.
    LedgerWord {"type": "string", "enum": words(Ledger::ALL, Ledger::word)}
    /// Who keeps a ledger.
    KeptWord {"type": "string", "enum": words(LedgerLocation::ALL, LedgerLocation::word)}
    /// What an effect does.
    EffectWord {"type": "string", "enum": words(EffectKind::ALL, EffectKind::word)}
    /// Where a weigh slip stands.
    SlipStatusWord {"type": "string", "enum": words(SlipStatus::ALL, SlipStatus::word)}
    /// Where a gift pack stands.
    GiftStatusWord {"type": "string", "enum": words(GiftStatus::ALL, GiftStatus::word)}
    /// How a coupon counts what it takes off.
    CouponKind {"type": "string", "enum": ["amount", "percent"]}
    /// The kind of a coupon that takes off an amount.
    AmountWord {"type": "string", "enum": ["amount"]}
    /// The kind of a coupon that takes off a part.
    PercentWord {"type": "string", "enum": ["percent"]}
    /// How often a coupon may be used.
    CouponLimit {"type": "integer", "format": "int64", "minimum": 0, "maximum": 1_000_000_000_000_i64}
    /// What was counted: at least 0 and below 10⁹, a decimal number with up to three places, as a text.
    QuantityCounted {"type": "string", "pattern": r"^[0-9]{1,15}(\.[0-9]{1,3})?$"}
    /// What is added, negative to take: not 0, below 10⁹, a decimal number with up to three places, as a text.
    QuantityAdded {"type": "string", "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,3})?$"}
    /// What a coupon is for.
    CouponClass {"type": "string", "enum": words(&Class::ALL, Class::word)}
    /// What an object of the archive has.
    SegmentKindWord {"type": "string", "enum": ["log", "snapshots", "orders"]}
    /// Where an object of the archive stands.
    SegmentStateWord {"type": "string", "enum": ["moving", "kept"]}
    /// What was seen of an object of the archive.
    Verdict {"type": "string", "enum": ["right", "damaged", "unreachable"]}
    /// Where a run of reconcile stands.
    RunState {"type": "string", "enum": ["never", "running", "done", "failed", "lost"]}
    /// What became of a difference.
    FindingStateWord {"type": "string", "enum": ["found", "queued", "repaired", "stays", "noted"]}
    /// How a row of a mirror differs.
    MirrorClass {
        "type": "string", "enum": ["mirror_missing", "mirror_status_missing", "mirror_differs"],
    }
    /// Whether too little or too much was paid.
    DifferenceKind {"type": "string", "enum": ["underpaid", "overpaid"]}
    /// How far a placement is.
    PlacementStatus {"type": "string", "enum": ["creating", "placed", "rejected"]}
    /// What a callback is about.
    CallbackAbout {"type": "string", "enum": ["payment", "refund", "nothing"]}
    /// What was made of a callback.
    CallbackVerdict {
        "type": "string",
        "enum": ["asked", "other_amount", "known", "repeated", "unknown", "untrusted", "garbage"],
    }
    /// A part of the center.
    PartWord {"type": "string", "enum": ["redis", "keys", "people", "database"]}
    /// A chain of tasks.
    ChainKey {"type": "string", "maxLength": 160, "pattern": docket_wire::described::PLAIN}
    /// The last four digits of a telephone number, of any script.
    LastDigits {"type": "string", "minLength": 4, "maxLength": 4}
    /// `true` or `false`.
    YesOrNo {"type": "boolean"}
    /// By when an order was placed, or by when it last changed.
    SortWord {"type": "string", "enum": ["created", "updated"]}
    /// How much of each order is shown.
    ExpandWord {"type": "string", "enum": ["tree"]}
    /// People's data in full.
    RevealWord {"type": "string", "enum": ["person"]}
    /// How many entries a page has.
    Limit {"type": "integer", "format": "int32", "minimum": 1, "maximum": 200, "default": 50}
    /// What the files of a database hold of what was removed.
    FilesWord {"type": "string", "enum": ["clean", "large", "server", "unknown"]}
    /// A field that only a person can judge.
    FreeField {"type": "string", "enum": ["extra", "source", "client_token", "seller_comment", "promotions", "tags", "attributes", "title", "image", "notes"]}
}
