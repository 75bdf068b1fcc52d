//! Why a use case did not do what it was asked to. The outermost message is safe to show; the chain is for
//! the log. HTTP statuses are the business of `http`.

use docket_domain::{FieldError, Id, Refusal};
use docket_store::{Cause, NotDone, QueueFull, Refused, StoreError};

/// One enum for every use case.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The domain refuses.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// What was named does not exist, or the caller may not see it.
    #[error("there is no {what} {id}")]
    NotFound {
        /// `order`, `user`, `key`, …
        what: &'static str,
        /// As it was named.
        id: String,
    },
    /// No token, or one that is not valid.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The key or role lacks a scope.
    #[error("this needs the scope `{0}`")]
    Forbidden(crate::Scope),
    /// The key is limited to shops or places, and this is not of them alone.
    #[error("{0}")]
    NotAllowed(&'static str),
    /// The key may not speak for this actor.
    #[error("{0}")]
    ActorNotAllowed(String),
    /// The idempotency key was used with another body.
    #[error("this Idempotency-Key was used with another request")]
    IdempotencyKeyReused,
    /// The client token was used with another body.
    #[error("this client_token belongs to order {order}, which was placed with another body")]
    ClientTokenReused {
        /// The order that has it.
        order: Id,
    },
    /// The external id belongs to another order.
    #[error("this external_id belongs to order {order}")]
    ExternalIdTaken {
        /// The order that has it.
        order: Id,
    },
    /// A name is taken.
    #[error("the {what} {name} exists already")]
    Taken {
        /// `user`, `key`.
        what: &'static str,
        /// As it was asked for.
        name: String,
    },
    /// Too many failed tries to log in.
    #[error("too many failed tries; wait {seconds} s")]
    TooManyTries {
        /// Until when.
        seconds: u64,
    },
    /// What was asked does not fit the state of what it was asked of.
    #[error("{message}; {what} {id} is {state}")]
    WrongState {
        /// `task`.
        what: &'static str,
        /// As it was named.
        id: String,
        /// The state it is in.
        state: &'static str,
        /// What it would have to be.
        message: &'static str,
    },
    /// A use of a coupon that cannot be given back.
    #[error("{why}; coupon {code}, order {order}")]
    CouponNotGivenBack {
        /// The code of the coupon.
        code: String,
        /// The payment order's number.
        order: Id,
        /// The rule that keeps the use where it is.
        why: docket_domain::decide::NotGivenBack,
    },
    /// A callback of a gateway that is not taken.
    #[error("{1}")]
    Callback(crate::CallbackRefused, String),
    /// The order is in the archive, where it can be read and not changed.
    #[error(
        "order {order} is in the archive and cannot be changed; `docket archive restore {order}` brings it back"
    )]
    Archived {
        /// The payment order's number.
        order: Id,
    },
    /// What was asked for needs rows that are in the archive.
    #[error("{0}")]
    InArchive(String),
    /// No archive is configured, so nothing can go there.
    #[error("no archive is configured; set `url` in [archive]")]
    ArchiveOff,
    /// No mirror is configured.
    #[error("no mirror is configured; set `url` in [mirror]")]
    MirrorOff,
    /// A marketplace does not answer.
    #[error("{0}")]
    Marketplace(String),
    /// The archive does not answer.
    #[error("a part of this is in the archive; {0}")]
    ArchiveUnreachable(String),
    /// The archive lost an object, or has another one under its name.
    #[error("the archive is damaged: {0}")]
    ArchiveDamaged(String),
    /// The placement was accepted under this key before, and rejected: ask what became of it.
    #[error("this placement was accepted before and rejected")]
    RejectedLater,
    /// Too much work is waiting.
    #[error("too much work is waiting; try again in a moment")]
    Busy,
    /// A read took longer than it may.
    #[error(
        "this took longer than `read_deadline` in [database] allows, and was broken off; ask for less at once, or \
         try again when the center is less busy"
    )]
    TooSlow,
    /// The database is out of use.
    #[error("the database cannot be used now; try again in a moment")]
    Unavailable(String),
    /// The database file was moved, removed or replaced.
    #[error("{0}; nothing is written until it is back in its place")]
    Moved(String),
    /// What is stored is damaged: no waiting heals that.
    #[error("a part of the database is damaged; `docket check --deep` says which, and what to do")]
    Damaged(String),
    /// Customers' data is needed and cannot be opened here.
    #[error("{0}; bring the keys of this database back first")]
    Sealed(crate::vault::Closed),
    /// A fault of ours.
    #[error("something went wrong on our side")]
    Internal(String),
}

impl Error {
    /// There is no such order, or the caller may not see it: both sound the same.
    pub(crate) fn no_order(id: Id) -> Self {
        Self::NotFound { what: "order", id: id.to_string() }
    }

    /// Whether the same may well be done a little later, with nothing changed by anybody.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Busy)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Refusal::Invalid(vec![error]).into()
    }
}

impl From<NotDone> for Error {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::Full(QueueFull) => Self::Busy,
            NotDone::Refused(Refused { cause, message }) => match cause {
                Cause::Unavailable => Self::Unavailable(message),
                Cause::Contended => Self::Busy,
                Cause::Moved => Self::Moved(message),
                Cause::Damaged => Self::Damaged(message),
                Cause::Broken => Self::Internal(message),
            },
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(why) => Self::Unavailable(why.to_string()),
            StoreError::Conflict => Self::Busy,
            StoreError::TooSlow => Self::TooSlow,
            error @ StoreError::Moved(_) => Self::Moved(error.to_string()),
            error if error.is_damage() => Self::Damaged(error.to_string()),
            other => Self::Internal(other.to_string()),
        }
    }
}
