//! Looking at an object: whether it is there, whole, and has the rows of every tree that left for it.

use super::object::Object;
use super::object::Unread;
use crate::access::{Principal, Scope};
use crate::{App, Error};
use docket_domain::Id;
use std::collections::BTreeSet;

/// What was seen of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// It is as it was written.
    Right,
    /// It is missing or changed, and in what.
    Damaged(String),
    /// The archive did not answer.
    Unreachable(String),
}

impl App {
    /// Reads the object of a segment and compares.
    pub async fn verify_segment(&self, who: &Principal, id: Id) -> Result<Verified, Error> {
        who.needs_whole(Scope::Admin)?;
        let Some(segment) = self.store().segment(id).await? else {
            return Err(Error::NotFound { what: "segment", id: id.to_string() });
        };
        let object = match Object::read(&self.depot()?, &segment).await {
            Ok(object) => object,
            Err(Unread::Damaged(what)) => return Ok(Verified::Damaged(what)),
            Err(Unread::Away(why)) => return Ok(Verified::Unreachable(why)),
        };
        let trees = match object.trees() {
            Ok(trees) => trees,
            Err(error) => return Ok(Verified::Damaged(error.to_string())),
        };
        let there: BTreeSet<Id> = trees.into_iter().map(|(tree, _)| tree).collect();
        let away = self.store().trees_of_segment(id).await?;
        Ok(match away.into_iter().find(|tree| !there.contains(tree)) {
            Some(tree) => Verified::Damaged(format!("{}: it lacks order {tree}", segment.name)),
            None => Verified::Right,
        })
    }
}
