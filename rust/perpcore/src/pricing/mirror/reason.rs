//! What a mirror is, and why.

use crate::num::text;
use std::fmt;

/// Whether a mirror may be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// There was no snapshot yet.
    Waiting,
    /// Every change since the snapshot came, and the book is not crossed.
    Good,
    /// Changes did not come one after the other.
    Gap,
    /// The best bid is at or above the best ask.
    Crossed,
}

impl State {
    /// Their names, in order.
    pub const NAMES: [&'static str; 4] = ["waiting", "good", "gap", "crossed"];

    /// Its name.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Why a mirror is in its state; [`fmt::Display`] says it in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No snapshot came yet.
    NoSnapshot,
    /// All that came since a snapshot was in order.
    InOrder {
        /// The update at which the snapshot was taken.
        snapshot: i64,
    },
    /// Updates did not come.
    Missing {
        /// The first of them.
        from: i64,
        /// The last of them.
        to: i64,
    },
    /// A change begins before the end of the one before it, so the two are not of one sequence.
    Overlap {
        /// The last update that had come.
        last: i64,
        /// Where the change begins.
        from: i64,
        /// Where it ends.
        to: i64,
    },
    /// The best bid, at or above the best ask; in g.
    Crossed {
        /// The best bid.
        bid: i64,
        /// The best ask.
        ask: i64,
    },
}

impl Reason {
    /// The state that it makes.
    pub const fn state(&self) -> State {
        match self {
            Reason::NoSnapshot => State::Waiting,
            Reason::InOrder { .. } => State::Good,
            Reason::Missing { .. } | Reason::Overlap { .. } => State::Gap,
            Reason::Crossed { .. } => State::Crossed,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NoSnapshot => write!(f, "there was no snapshot yet"),
            Reason::InOrder { snapshot } => write!(f, "in order since the snapshot at {snapshot}"),
            Reason::Missing { from, to } => write!(f, "updates {from} to {to} are missing"),
            Reason::Overlap { last, from, to } => {
                write!(f, "updates {from} to {to} do not follow {last}, they overlap what came before")
            }
            Reason::Crossed { bid, ask } => {
                let [bid, ask] = [bid, ask].map(|&price| text::plain(price.into()));
                write!(f, "the best bid {bid} is not below the best ask {ask}")
            }
        }
    }
}
