//! Runs: each reads a stream of one shop. One that has not ended is the only one of its shop and stream.

use crate::sql::ask::Query;
use crate::sql::dialect::{self, Lookup};
use crate::sql::statement::Statement;
use crate::sql::table::Table;
use crate::sql::value::Kind::{Int, Text};
use crate::sql::value::{Row, Value, json};
use crate::tables::lane::plan::{Beside, Rows, Written};
use crate::tables::lane::view::{Layer, Need, Seen, Source};
use crate::tables::lane::{Key, View, Writes};
use crate::{Store, StoreError};
use docket_domain::channel::{RunMode, RunState, Stream};
use docket_domain::{Id, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Runs.
pub static CHANNEL_RUN: Table = Table {
    name: "channel_run",
    columns: &[
        ("id", Int),
        ("shop", Int),
        ("stream", Int),
        ("mode", Int),
        ("state", Int),
        ("active", Text),
        ("fence", Int),
        ("created_at", Int),
        ("started_at", Int),
        ("ended_at", Int),
        ("body", Text),
    ],
    key: 1,
};

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// Its number.
    pub id: Id,
    /// Of which shop.
    pub shop: Id,
    /// What it reads.
    pub stream: Stream,
    /// How much of it.
    pub mode: RunMode,
    /// How far it is.
    pub state: RunState,
    /// How often it was taken up: whoever took it up before changes nothing.
    pub fence: u32,
    /// When it was asked for.
    pub created_at: Time,
    /// When a worker first took it up.
    pub started_at: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// What it has done so far.
    pub progress: Progress,
}

/// What a run has done so far.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// What it is at: a word.
    pub phase: String,
    /// Rows that were read and are here.
    pub done: u64,
    /// Rows that there are, as far as that is known.
    pub total: Option<u64>,
    /// New orders or products.
    pub new: u64,
    /// Those that changed.
    pub changed: u64,
    /// Rows that could not be taken, and are kept aside.
    pub refused: u64,
    /// Windows of which a part could not be read.
    pub gaps: u64,
    /// Requests to the marketplace.
    pub calls: u64,
    /// The greatest time between a change there and its first sight here, of those that were listed after everything of
    /// their time was here, in milliseconds.
    pub lateness: i64,
    /// When it read the last days again, by the marketplace's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reread_at: Option<Time>,
    /// Up to when cancels and refunds were read, by the marketplace's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aftersales_to: Option<Time>,
    /// Of products: up to when it knows what changed, by the marketplace's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_to: Option<Time>,
    /// Of products: those that no list has any more.
    #[serde(skip_serializing_if = "is_nought")]
    pub gone: u64,
    /// What is to be said beforehand, such as that it will take longer than its share of the night.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Of a full pass: orders that the marketplace listed, by the day they were created on (days since 1970 in UTC) and
    /// their own status.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub listed: BTreeMap<i64, BTreeMap<String, u64>>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Progress {
    /// What the next run of the same stream goes on from, whatever became of this one.
    #[must_use]
    pub fn carried(&self) -> Self {
        let Self { reread_at, aftersales_to, read_to, .. } = *self;
        Self { reread_at, aftersales_to, read_to, ..Self::default() }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
const fn is_nought(count: &u64) -> bool {
    *count == 0
}

/// The name that a run has while it has not ended.
pub fn active_name(shop: Id, stream: Stream) -> String {
    format!("{shop}:{stream}")
}

impl RunRecord {
    fn active(&self) -> Option<String> {
        (!self.state.has_ended()).then(|| active_name(self.shop, self.stream))
    }

    /// What it has done where it begins again from its beginning: what was said beforehand stays, and what it goes on from.
    pub fn started_anew(&self) -> Progress {
        Progress { note: self.progress.note.clone(), ..self.progress.carried() }
    }

    fn row(&self) -> Vec<Value> {
        vec![
            self.id.into(),
            self.shop.into(),
            Value::Int(self.stream.code()),
            Value::Int(self.mode.code()),
            Value::Int(self.state.code()),
            self.active().into(),
            self.fence.into(),
            self.created_at.into(),
            self.started_at.into(),
            self.ended_at.into(),
            json(&self.progress),
        ]
    }

    /// The newest runs of a shop and stream.
    pub(super) fn newest(shop: Id, stream: Stream, limit: usize) -> Query {
        let tail = format!("WHERE shop = ? AND stream = ? ORDER BY id DESC LIMIT {limit}");
        Query::of(&CHANNEL_RUN, &tail, vec![shop.into(), Value::Int(stream.code())])
    }

    pub(super) fn of(mut row: Row) -> Result<Self, StoreError> {
        let (id, shop) = (row.id()?, row.id()?);
        let stream = row.code(Stream::from_code)?;
        let mode = row.code(RunMode::from_code)?;
        let state = row.code(RunState::from_code)?;
        row.skip();
        Ok(Self {
            id,
            shop,
            stream,
            mode,
            state,
            fence: row.int()? as u32,
            created_at: row.time()?,
            started_at: row.time_or_null()?,
            ended_at: row.time_or_null()?,
            progress: row.json()?,
        })
    }
}

impl RunRecord {
    /// Forgets runs that ended before the moment of a number.
    pub fn forget(before: Id) -> Statement {
        let sql = "DELETE FROM channel_run WHERE id < ? AND ended_at IS NOT NULL";
        Statement::any(sql, vec![before.into()])
    }
}

/// How a run is written: over what it was, or the piece is decided again.
#[derive(Debug, Clone, PartialEq)]
pub struct RunWrite {
    /// As it stands from now on.
    pub run: RunRecord,
    /// The fence that the piece saw; none for a new run.
    pub over: Option<u32>,
}

impl RunWrite {
    fn statement(self) -> Statement {
        let Self { run, over } = self;
        let Some(over) = over else {
            return Statement::any(dialect::insert(&CHANNEL_RUN, 1), run.row());
        };
        let sql = "UPDATE channel_run SET state = ?, active = ?, fence = ?, started_at = ?, \
                   ended_at = ?, body = ? WHERE id = ? AND fence = ? AND ended_at IS NULL";
        let values = vec![
            Value::Int(run.state.code()),
            run.active().into(),
            run.fence.into(),
            run.started_at.into(),
            run.ended_at.into(),
            json(&run.progress),
            run.id.into(),
            over.into(),
        ];
        Statement { sql, values, must_match: Some(1) }
    }
}

static BY_ID: Lookup = Lookup { table: &CHANNEL_RUN, fixed: None, list: "id" };
static BY_NAME: Lookup = Lookup { table: &CHANNEL_RUN, fixed: None, list: "active" };

impl Seen for RunRecord {
    type Key = Id;
    type Found = Option<Arc<Self>>;

    fn load(ids: &BTreeSet<Id>, from: &mut Source<'_>) -> Result<Vec<(Id, Arc<Self>)>, StoreError> {
        let rows = from.rows_by(&BY_ID, ids)?.into_iter().map(Self::of);
        rows.map(|run| run.map(|run| (run.id, Arc::new(run)))).collect()
    }

    fn apply(runs: &mut Layer<Self>, writes: &Writes) {
        for RunWrite { run, .. } in &writes.channel_runs {
            runs.change(run.id, Some(Arc::new(run.clone())));
        }
    }
}

/// The run of a shop and stream that has not ended.
#[derive(Debug)]
pub struct ActiveRun;

impl Seen for ActiveRun {
    type Key = String;
    type Found = Option<Id>;

    fn load(
        names: &BTreeSet<String>,
        from: &mut Source<'_>,
    ) -> Result<Vec<(String, Id)>, StoreError> {
        let rows = from.rows_by(&BY_NAME, names)?.into_iter().map(RunRecord::of);
        rows.map(|run| run.map(|run| (active_name(run.shop, run.stream), run.id))).collect()
    }

    fn apply(active: &mut Layer<Self>, writes: &Writes) {
        for RunWrite { run, .. } in &writes.channel_runs {
            let name = active_name(run.shop, run.stream);
            active.change(name, (!run.state.has_ended()).then_some(run.id));
        }
    }
}

impl Written for RunRecord {
    const TABLE: &'static Table = &CHANNEL_RUN;

    fn add(writes: &mut Writes, _: &mut Rows, beside: &mut Beside) {
        beside.statements.extend(writes.channel_runs.drain(..).map(RunWrite::statement));
    }
}

impl View {
    /// A run.
    pub fn channel_run(&self, id: Id) -> Result<Option<&Arc<RunRecord>>, Need> {
        Need::unless(self.channel_runs.get(&id), || Key::ChannelRun(id)).map(Option::as_ref)
    }

    /// The run of a shop and stream that has not ended.
    pub fn active_run(&self, shop: Id, stream: Stream) -> Result<Option<Id>, Need> {
        let name = active_name(shop, stream);
        let found = self.active_runs.get(&name);
        Need::unless(found, || Key::ActiveRun(name.clone())).copied()
    }
}

impl Store {
    /// One run.
    pub async fn channel_run(&self, id: Id) -> Result<Option<RunRecord>, StoreError> {
        let sql = format!("SELECT {} FROM channel_run WHERE id = ?", CHANNEL_RUN.column_list());
        let rows = self.rows("channel_run", sql, &CHANNEL_RUN.kinds(), vec![id.into()]).await?;
        rows.into_iter().next().map(RunRecord::of).transpose()
    }

    /// The newest full pass of a shop and stream that came to its end.
    pub async fn last_full_pass(
        &self,
        shop: Id,
        stream: Stream,
    ) -> Result<Option<RunRecord>, StoreError> {
        let sql = format!(
            "SELECT {} FROM channel_run WHERE shop = ? AND stream = ? AND mode = ? AND state = ? \
             ORDER BY id DESC LIMIT 1",
            CHANNEL_RUN.column_list()
        );
        let codes = [stream.code(), RunMode::Full.code(), RunState::Done.code()];
        let values = [shop.into()].into_iter().chain(codes.map(Value::Int)).collect();
        let rows = self.rows("channel_run", sql, &CHANNEL_RUN.kinds(), values).await?;
        rows.into_iter().next().map(RunRecord::of).transpose()
    }

    /// The newest runs of a shop and stream.
    pub async fn channel_runs(
        &self,
        shop: Id,
        stream: Stream,
        limit: usize,
    ) -> Result<Vec<RunRecord>, StoreError> {
        let [rows] = self.rows_together([RunRecord::newest(shop, stream, limit)]).await?;
        rows.into_iter().map(RunRecord::of).collect()
    }
}
