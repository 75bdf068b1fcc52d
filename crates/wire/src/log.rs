//! The log of an order as the API shows it, and the story people read.

use crate::described::OperationClass;
use crate::moment::Moment;
use crate::stored;
use crate::view::Number;
use crate::word::{ActorWord, OperationWord, Shown, StatusWord};
use docket_domain::change::Remark;
use docket_domain::operation::{Class, Parameters};
use docket_domain::story::{Language, sentence};
use docket_domain::{Actor, Json, LogEntry};
use serde::Serialize;
use utoipa::ToSchema;

/// One row of the log.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LogEntry)]
pub struct LogView<'a> {
    /// The tree.
    pub order_id: Number,
    /// Dense per tree and site, from 1.
    pub seq: u32,
    /// Whose hand wrote it: 0 a center or a branch, 1 the buyers' site, 2 the sellers', 3 a merge.
    pub site: u8,
    /// The version of the order that it led to here; null where another hand wrote it.
    pub version: Option<u32>,
    /// What happened.
    pub kind: OperationWord,
    /// `fact`, `right`, `terms`, `progress`, `timer`, `text` or `own`: what wins when two sites merge.
    #[schema(value_type = OperationClass)]
    pub class: &'static str,
    /// Who asked.
    pub actor: ActorView<'a>,
    /// The node it acts at.
    pub node: Number,
    /// Main status of the tree before; null at placement.
    pub from_status: Option<StatusWord>,
    /// Main status of the tree after.
    pub to_status: StatusWord,
    /// Every changed field as it was, by number of its node. Of a list of facts (`refunds`, `payments`, `tags`, …)
    /// the elements that changed, by their own number or their place: null where one was not there, else the fields
    /// that differ. In rows that were written by earlier releases, and where elements changed places, the list
    /// stands whole. Null at placement.
    #[schema(value_type = Option<Object>)]
    pub before: Json,
    /// The same as it is; empty at placement.
    #[schema(value_type = Object)]
    pub after: Json,
    /// Parameters of its sentence.
    #[schema(value_type = Object)]
    pub parameters: &'a Parameters,
    /// Words kept with it.
    pub remark: RemarkView<'a>,
    /// When, by our clock.
    pub at: Moment,
    /// When it happened at its source; null where that is the same.
    pub happened_at: Option<Moment>,
}

impl<'a> LogView<'a> {
    /// Renders one row.
    pub fn of(entry: &'a LogEntry) -> Self {
        Self {
            order_id: Number(entry.tree),
            seq: entry.seq,
            site: entry.site,
            version: entry.version,
            kind: Shown::word(entry.kind),
            class: class_word(entry.kind.definition().class),
            actor: ActorView::of(&entry.actor),
            node: Number(entry.node),
            from_status: entry.from_status.map(Shown::word),
            to_status: Shown::word(entry.to_status),
            before: stored::image(&entry.before),
            after: stored::image(&entry.after),
            parameters: &entry.parameters,
            remark: RemarkView::of(&entry.remark),
            at: entry.at.into(),
            happened_at: entry.happened_at.map(Moment),
        }
    }
}

/// The word of a class of operations.
pub const fn class_word(class: Class) -> &'static str {
    match class {
        Class::Fact => "fact",
        Class::Right => "right",
        Class::Terms => "terms",
        Class::Progress => "progress",
        Class::Timer => "timer",
        Class::Text => "text",
        Class::Own => "own",
    }
}

/// Who asked.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorView<'a> {
    /// What it is.
    pub kind: ActorWord,
    /// The actor's number with whoever runs the key, at most 64 bytes: logged, never compared.
    pub id: Option<&'a str>,
    /// What people call it.
    pub name: Option<&'a str>,
}

impl<'a> ActorView<'a> {
    /// Renders an actor.
    pub fn of(actor: &'a Actor) -> Self {
        Self { kind: Shown::word(actor.kind), id: actor.id.as_deref(), name: actor.name.as_deref() }
    }
}

/// Words in both languages; null where none were given.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Remark)]
pub struct RemarkView<'a> {
    /// In English.
    pub en: Option<&'a str>,
    /// In Chinese.
    pub cn: Option<&'a str>,
}

impl<'a> RemarkView<'a> {
    fn of(remark: &'a Remark) -> Self {
        Self { en: remark.en.as_deref(), cn: remark.cn.as_deref() }
    }
}

/// One sentence of the story of an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Activity<'a> {
    /// The row of the log it tells of.
    pub seq: u32,
    /// When it happened.
    pub at: Moment,
    /// Who asked.
    pub actor: ActorView<'a>,
    /// What happened, in the language asked for.
    pub text: String,
}

impl<'a> Activity<'a> {
    /// Tells `entry` in `language`.
    pub fn of(entry: &'a LogEntry, language: Language) -> Self {
        Self::telling(entry, sentence(entry, language))
    }

    /// Tells `entry` in words that were found for it already.
    pub fn telling(entry: &'a LogEntry, text: String) -> Self {
        let at = entry.happened_at.unwrap_or(entry.at);
        Self { seq: entry.seq, at: at.into(), actor: ActorView::of(&entry.actor), text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_domain::words::Status;
    use docket_domain::{ActorKind, Id, OperationKind, Time};
    use serde_json::json;

    #[test]
    fn a_row_shows_who_did_what_and_what_changed() {
        let entry = LogEntry {
            tree: Id(7),
            site: 0,
            seq: 2,
            version: Some(1),
            hlc: docket_domain::Hlc(0),
            node: Id(8),
            kind: OperationKind::AdjustPrice,
            actor: Actor { kind: ActorKind::Seller, id: Some("s".into()), name: None },
            from_status: Some(Status::Created),
            to_status: Status::Created,
            parameters: Parameters::new(),
            before: json!({"8": {"freight": 600}}),
            after: json!({"8": {"freight": 500}}),
            remark: Remark { en: Some("as promised".into()), cn: None },
            at: Time(1_795_168_800_000),
            happened_at: None,
        };
        let shown = serde_json::to_value(LogView::of(&entry)).expect("JSON");
        assert_eq!(
            shown,
            json!({
                "order_id": "7", "seq": 2, "site": 0, "version": 1, "kind": "adjust_price", "class": "terms",
                "actor": {"kind": "seller", "id": "s", "name": null}, "node": "8",
                "from_status": "created", "to_status": "created",
                "before": {"8": {"freight": 600}}, "after": {"8": {"freight": 500}},
                "parameters": {}, "remark": {"en": "as promised", "cn": null},
                "at": "2026-11-20T10:00:00.000Z", "happened_at": null
            })
        );
        let told = serde_json::to_value(Activity::telling(&entry, "t".into())).expect("JSON");
        assert_eq!(told["text"], "t");
        assert_eq!(told["at"], "2026-11-20T10:00:00.000Z");
    }
}
