//! What an installation is, recorded in its database from birth: its number, its epoch, its seat among those that
//! hold the same orders, and the node numbers it may give ids with. Rows of `setting`.
//!
//! Two that believe to be the same would give the same numbers: whoever opens a database says what it takes it for
//! and is refused where that is not so. A SQLite file knows itself from a copy of it: a copy gives its numbers with
//! another node, one that was never used, and where there is no other it is not opened.

use crate::StoreError;
use crate::database::Connection;
use crate::database::beside::{Access, Beside, beside};
use crate::database::sqlite::sqlite_path;
use crate::error::NotThis;
use crate::node::Nodes;
use crate::sql::ask::{Ask, Query};
use crate::sql::value::{Kind, Value};
use crate::tables::settings::SETTING;
use docket_domain::Time;
use docket_domain::seat::Seat;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// The names of the settings.
pub(crate) const ID: &str = "installation.id";
const SEAT: &str = "installation.seat";
const NODES: &str = "installation.nodes";
const FILE: &str = "installation.file";
const NODE: &str = "installation.node";
pub(crate) const EPOCH: &str = "epoch";

/// What a database records of its installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// 128 random bits, as 32 hexadecimal digits.
    pub id: String,
    /// Raised whenever the database went back in time, by a restore: the moment of that in milliseconds, or of its
    /// birth.
    pub epoch: i64,
    /// Who it is among those that hold the same orders.
    pub seat: Seat,
    /// The node numbers of its ids.
    pub nodes: Nodes,
    /// The one of them that a SQLite file gives numbers with; the first where nothing is recorded.
    pub node: Option<u16>,
}

/// What whoever opens a database takes it for; what is recorded where it is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Birth {
    /// The number it gets if it has none: 128 random bits.
    pub id: u128,
    /// Its seat; whatever is recorded, where nothing is said, and a center at birth.
    pub seat: Option<Seat>,
    /// Its node numbers; those of its seat, where nothing is said.
    pub nodes: Option<Nodes>,
}

/// What tells a file from a copy of it: its number on its disk, and when it was made.
fn identity(path: &Path) -> Option<String> {
    let found = std::fs::metadata(path).ok()?;
    let made = found.created().ok().and_then(|made| made.duration_since(UNIX_EPOCH).ok());
    Some(format!("{}.{}", found.ino(), made.map_or(0, |made| made.as_nanos())))
}

/// The settings of an installation, as they stand.
fn settings(ask: &mut (impl Ask + ?Sized)) -> Result<BTreeMap<String, String>, StoreError> {
    let names = format!("'{EPOCH}', '{FILE}', '{ID}', '{NODE}', '{NODES}', '{SEAT}'");
    let asked = Query {
        table: "setting",
        sql: format!("SELECT name, value FROM setting WHERE name IN ({names})"),
        kinds: vec![Kind::Text; 2],
        values: Vec::new(),
    };
    ask.ask(asked)?.into_iter().map(|mut row| Ok((row.text()?, row.text()?))).collect()
}

fn corrupt(name: &str, value: &str) -> StoreError {
    StoreError::Corrupt { table: "setting", what: format!("{name} = {value}") }
}

/// What is recorded, where all of it is.
fn recorded(found: &BTreeMap<String, String>) -> Result<Option<Installation>, StoreError> {
    let (Some(id), Some(seat), Some(nodes)) = (found.get(ID), found.get(SEAT), found.get(NODES))
    else {
        return Ok(None);
    };
    let epoch = found.get(EPOCH).map_or("0", String::as_str);
    Ok(Some(Installation {
        id: id.clone(),
        epoch: epoch.parse().map_err(|_| corrupt(EPOCH, epoch))?,
        seat: Seat::from_word(seat).ok_or_else(|| corrupt(SEAT, seat))?,
        nodes: Nodes::from_word(nodes).ok_or_else(|| corrupt(NODES, nodes))?,
        node: found.get(NODE).and_then(|node| node.parse().ok()),
    }))
}

/// Looks what the database says of its installation; nothing, where it is older or not there.
pub(crate) fn read(ask: &mut (impl Ask + ?Sized)) -> Result<Option<Installation>, StoreError> {
    recorded(&settings(ask)?)
}

/// A node number of `range` that no process of this database has had, drawn by `lot`: copies of one file at one moment
/// draw each for itself. None where all are used.
fn unused(
    connection: &mut dyn Connection,
    range: Nodes,
    lot: u128,
) -> Result<Option<u16>, StoreError> {
    let asked = Query {
        table: "node",
        sql: "SELECT node FROM node".to_owned(),
        kinds: vec![Kind::Int],
        values: Vec::new(),
    };
    let used: Vec<i64> =
        connection.ask(asked)?.into_iter().map(|mut row| row.int()).collect::<Result<_, _>>()?;
    let free: Vec<u16> = range.all().filter(|node| !used.contains(&i64::from(*node))).collect();
    let drawn = lot.checked_rem(free.len() as u128).map(|at| free[at as usize]);
    Ok(drawn)
}

/// Records what is not recorded yet, and answers what is. Of two processes at one moment both get the same.
pub(crate) fn settle(
    connection: &mut dyn Connection,
    birth: &Birth,
    url: &str,
    now: Time,
) -> Result<Installation, StoreError> {
    let file = sqlite_path(url).and_then(|path| identity(&path).map(|file| (path, file)));
    let mut found = settings(connection)?;
    let complete = |found: &BTreeMap<String, String>| {
        let names = [EPOCH, ID, NODES, SEAT];
        names.iter().all(|name| found.contains_key(*name))
            && (file.is_none() || found.contains_key(FILE))
    };
    if !complete(&found) {
        // What was restored has all but its file.
        let seat = found.get(SEAT).and_then(|seat| Seat::from_word(seat));
        let seat = seat.or_else(|| birth.seat.clone()).unwrap_or_default();
        let nodes = found.get(NODES).and_then(|nodes| Nodes::from_word(nodes));
        let nodes = nodes.or(birth.nodes).or_else(|| Nodes::of(&seat));
        let nodes = nodes.ok_or_else(|| NotThis::NoNodes(seat.word()))?;
        let mut rows = vec![
            [EPOCH.to_owned(), now.0.to_string()],
            [ID.to_owned(), format!("{:032x}", birth.id)],
            [NODES.to_owned(), nodes.to_string()],
            [SEAT.to_owned(), seat.word()],
        ];
        rows.extend(file.iter().map(|(_, file)| [FILE.to_owned(), file.clone()]));
        let rows: Vec<_> = rows.into_iter().map(|row| row.map(Value::Text).to_vec()).collect();
        connection.begin()?;
        let written = connection.insert_missing(&SETTING, &rows);
        written.and_then(|()| connection.commit()).inspect_err(|_| connection.rollback())?;
        found = settings(connection)?;
    }
    let mut recorded = recorded(&found)?.ok_or_else(|| corrupt(ID, "nothing"))?;
    if let (Some((path, file)), Some(known)) = (file, found.get(FILE))
        && file != *known
    {
        let path = path.display().to_string();
        let Some(node) = unused(connection, recorded.nodes, birth.id)? else {
            return Err(NotThis::Copied { path, id: recorded.id }.into());
        };
        tracing::warn!(
            path,
            node,
            "this database file is a copy, or was moved; its numbers are given with another node"
        );
        recorded.node = Some(node);
        recorded.epoch = now.0.max(recorded.epoch.saturating_add(1));
        let rows = [(EPOCH, recorded.epoch.to_string()), (FILE, file), (NODE, node.to_string())];
        let rows = rows.map(|(name, value)| vec![Value::from(name), Value::Text(value)]);
        connection.begin()?;
        let written = connection.upsert(&SETTING, &rows);
        written.and_then(|()| connection.commit()).inspect_err(|_| connection.rollback())?;
    }
    if let Some(asked) = birth.seat.clone().filter(|asked| *asked != recorded.seat) {
        return Err(NotThis::Seat { recorded: recorded.seat, asked }.into());
    }
    if let Some(asked) = birth.nodes.filter(|asked| *asked != recorded.nodes) {
        return Err(NotThis::Nodes { recorded: recorded.nodes, asked }.into());
    }
    Ok(recorded)
}

/// What a person says of a file that is not the one that was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The other one is gone: this goes on as the same installation.
    Moved,
    /// The other one goes on: this is another installation, with this number.
    Another(u128),
}

/// What the database of `url` records of its installation; nothing where there is none, or it is older.
pub async fn installation(url: &str) -> Result<Option<Installation>, StoreError> {
    let found = beside(url, Access::Read, read).await?;
    Ok(found.flatten())
}

/// Records what a person says of a file, and that it may have gone back in time. Answers what is recorded
/// afterwards; nothing where there is none.
pub async fn take_file(
    url: &str,
    taken: Taken,
    now: Time,
) -> Result<Option<Installation>, StoreError> {
    let file = sqlite_path(url).and_then(|path| identity(&path));
    let write = move |database: &mut Beside| {
        database.at_one_moment(Access::Write, |database| {
            let Some(before) = read(database)? else { return Ok(None) };
            let mut put = |name: &str, value: &str| {
                database.execute("DELETE FROM setting WHERE name = ?", &[name.into()])?;
                let insert = "INSERT INTO setting (name, value) VALUES (?, ?)";
                database.execute(insert, &[name.into(), value.into()])
            };
            put(EPOCH, &now.0.max(before.epoch + 1).to_string())?;
            if let Taken::Another(id) = taken {
                put(ID, &format!("{id:032x}"))?;
            }
            if let Some(file) = &file {
                put(FILE, file)?;
            }
            read(database)
        })
    };
    Ok(beside(url, Access::Write, write).await?.flatten())
}
