//! How a change of an order came to be at an installation.

/// How a change came to be here: what follows it depends on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// It was decided here.
    Decided,
    /// It happened elsewhere, and a source told of it: an import, a channel.
    Recorded,
    /// It was decided at the home of the order, and its row came after: a branch at its hub.
    Followed,
    /// It joins what two sites decided of one order.
    Merged,
}

impl Origin {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Decided, Self::Recorded, Self::Followed, Self::Merged];

    /// The word in tables and documents.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Recorded => "recorded",
            Self::Followed => "followed",
            Self::Merged => "merged",
        }
    }
}
