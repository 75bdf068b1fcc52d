//! Why a database is not what whoever opens it took it for.

use crate::node::Nodes;
use docket_domain::seat::Seat;

/// Why a database is not what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotThis {
    /// It has another seat.
    #[error("this database is that of {recorded}, not of {asked}")]
    Seat {
        /// As it is recorded.
        recorded: Seat,
        /// As it was taken for.
        asked: Seat,
    },
    /// It has other node numbers.
    #[error("this database gives numbers with the nodes {recorded}, not {asked}")]
    Nodes {
        /// As they are recorded.
        recorded: Nodes,
        /// As they were said to be.
        asked: Nodes,
    },
    /// Nobody granted a branch a node number.
    #[error("{0} was granted no node number")]
    NoNodes(String),
    /// The file is not the one that was recorded: a copy, or moved to another disk; and there is no node number that
    /// only it could use.
    #[error(
        "{path} is a copy of the database of installation {id}, or was moved from another disk"
    )]
    Copied {
        /// The file.
        path: String,
        /// Whose database it is.
        id: String,
    },
    /// Every node number is held by another process.
    #[error("all node numbers of this installation ({0}) are held by other processes")]
    NodesTaken(Nodes),
}
