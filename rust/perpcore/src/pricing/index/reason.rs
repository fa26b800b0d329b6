//! Why an index is in its state.

use crate::num::text::plain;
use std::fmt;

/// Why an index is in its state, with the numbers; [`fmt::Display`] says it in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A market begins frozen.
    Start,
    /// It began anew.
    Restart,
    /// Enough groups.
    Quorum {
        /// Live groups.
        groups: u32,
    },
    /// Fewer groups than needed, at least two.
    Thin {
        /// Live groups.
        groups: u32,
        /// Groups that a live index needs.
        needed: u32,
    },
    /// Fewer than two groups, or most of them too far from the others.
    NoQuorum {
        /// Live groups.
        groups: u32,
    },
    /// A move that was too large for its time; in g.
    Jump {
        /// The value of before.
        from: i64,
        /// The sample that is held back.
        to: i64,
    },
    /// Samples in a row that agreed.
    Agreed {
        /// How many.
        samples: u32,
    },
    /// Protected for as long as may be, and the samples did not agree.
    NotAgreed,
    /// Frozen for longer than may be.
    FrozenTooLong,
    /// By command.
    Halt,
    /// By command, on a fresh quorum.
    Resume,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Start => write!(f, "a market begins frozen"),
            Reason::Restart => write!(f, "restarted"),
            Reason::Quorum { groups } => write!(f, "{groups} groups are live"),
            Reason::Thin { groups, needed } => write!(f, "{groups} groups are live, {needed} are needed"),
            Reason::NoQuorum { groups } => write!(f, "no quorum, live groups: {groups}"),
            Reason::Jump { from, to } => {
                write!(f, "a jump from {} to {}", plain(i128::from(*from)), plain(i128::from(*to)))
            }
            Reason::Agreed { samples } => write!(f, "{samples} samples in a row agreed"),
            Reason::NotAgreed => write!(f, "protected for too long"),
            Reason::FrozenTooLong => write!(f, "frozen for too long"),
            Reason::Halt => write!(f, "halted by command"),
            Reason::Resume => write!(f, "resumed by command on a fresh quorum"),
        }
    }
}
