//! `[underlying.X]`: how the price of what contracts and assets follow is formed.

use super::kind::{Count, word};
use super::section::{named, nested, section};
use crate::word::words;

words! {
    /// What is allowed while an index has fewer live groups than `min_sources`, and at least two.
    Thin {
        /// As with a protected price: nothing irreversible happens on it.
        Protect "protect",
        /// Everything, with an alarm.
        Trade "trade",
    }
}

section! {
    /// One underlying.
    Underlying {
        "index" index: Index = Empty, nested::<Index>(), "How the index is formed.";
    }
    derived {
        /// The name of the underlying.
        name: String;
    }
}

section! {
    /// How an index is formed.
    Index {
        "min_sources" min_sources: u32 = Is(3), Count(1, 1_000), "Live groups that a live index needs.";
        "thin" thin: Thin = Is(Thin::Protect), word::<Thin>(), "What is allowed with fewer groups, at least two.";
    }
}

named!(Underlying);
