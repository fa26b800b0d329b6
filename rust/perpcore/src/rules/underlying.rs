//! `[underlying.X]`: how the price of what contracts and assets follow is formed.

use super::duration::{Duration, LONGEST};
use super::kind::{Count, Flag, Name, Number, Rate, word};
use super::node::Node;
use super::path::join;
use super::problems::Problems;
use super::section::{Maybe, listed, named, nested, section};
use crate::fault::Code;
use crate::num::bounds::{Bound, SHARE};
use crate::num::{E8, ONE};
use crate::word::words;
use std::collections::BTreeSet;

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
        "eligible" eligible: bool = Is(true), Flag, "Whether its instruments may be traded; where not, positions may only be reduced.";
        "index" index: Index = Empty, nested::<Index>(), "How the index is formed.";
        "sources" sources: Vec<IndexSource> = Is(vec![]), listed::<IndexSource>(), "Where its price comes from; without any the index stays frozen.";
        "rates" rates: Vec<ConversionRate> = Is(vec![]), listed::<ConversionRate>(), "What the currencies of its sources are worth in the settlement currency.";
    }
    derived {
        /// The name of the underlying.
        name: String;
    }
    check Underlying::check;
}

section! {
    /// How an index is formed. Times are in ns, shares in g.
    Index {
        "min_sources" min_sources: u32 = Is(3), Count(1, 1_000), "Live groups that a live index needs.";
        "stale_after" stale_after: i64 = Is(10_000_000_000), Duration(OLDEST), "A source that is older is out.";
        "max_ahead" max_ahead: i64 = Is(1_000_000_000), Duration(LONGEST), "A source that is stamped further ahead is out.";
        "unchanged_for" unchanged_for: Option<i64> = Is(None), Maybe(Duration(LONGEST)), "A source that repeats one price for longer is out; without it that is not watched.";
        "drop_beyond" drop_beyond: i64 = Is(10_000_000), Rate(SHARE), "A source further from the median of all is out.";
        "max_deviation" max_deviation: i64 = Is(3_000_000), Rate(SHARE), "A group counts at most so far from the median of the groups.";
        "max_group_weight" max_group_weight: i64 = Is(40_000_000), Rate(GROUP_WEIGHT), "The most of the weight that one group has, where there are enough groups.";
        "max_jump" max_jump: i64 = Is(10_000_000), Rate(SHARE), "A larger move within jump_window protects the price.";
        "jump_window" jump_window: i64 = Is(1_000_000_000), Duration(LONGEST), "The time within which two samples are compared.";
        "agree_samples" agree_samples: u32 = Is(5), Count(1, MOST_SAMPLES), "Samples that must agree before a protected or frozen price is used again.";
        "protected_for" protected_for: i64 = Is(60_000_000_000), Duration(LONGEST), "A price that is protected for so long is frozen.";
        "halt_after" halt_after: i64 = Is(180_000_000_000), Duration(LONGEST), "A price that is frozen for longer is halted.";
        "thin" thin: Thin = Is(Thin::Protect), word::<Thin>(), "What is allowed with fewer groups, at least two.";
    }
}

section! {
    /// One source of an index.
    IndexSource {
        "id" id: String = Required, Name, "Its name in the quotes.";
        "group" group: String = Required, Name, "Who is behind it: one group is one voice.";
        "weight" weight: i64 = Is(ONE), Number(WEIGHT, "weight"), "What it weighs beside others.";
        "rank" rank: u32 = Is(0), Count(0, MOST_RANKS), "0 counts first; a higher one only while those below it have fewer groups than min_sources.";
        "currency" currency: Option<String> = Is(None), Maybe(Name), "What it quotes in; without it the settlement currency.";
    }
}

section! {
    /// What a currency is worth in the settlement currency.
    ConversionRate {
        "currency" currency: String = Required, Name, "The currency of the sources it is for.";
        "source" source: String = Required, Name, "The source whose quotes are this rate.";
        "stale_after" stale_after: i64 = Is(60_000_000_000), Duration(LONGEST), "A rate that is older converts nothing.";
    }
}

named!(Underlying);

/// Older prices are never used.
const OLDEST: i64 = 180_000_000_000;
/// More samples to wait for would be no way out.
const MOST_SAMPLES: u32 = 1_000;
/// More ranks than sources would say nothing.
const MOST_RANKS: u32 = MOST_SOURCES as u32;
/// The most sources of an index.
pub const MOST_SOURCES: usize = 64;
/// Weights of more than that in units of what they have in common would say nothing.
const MOST_WEIGHT: i64 = 1_000_000;
const WEIGHT: Bound = Bound { name: "weight", min: 1, max: 1_000_000 * E8, accepted: "0 < weight ≤ 10⁶" };
/// With less, a cap would need more than twenty groups to be kept.
const GROUP_WEIGHT: Bound = Bound { min: E8 / 20, accepted: "5 % ≤ share ≤ 100 %", ..SHARE };

impl Underlying {
    /// What all weights are multiples of, in g; 0 without sources.
    pub fn weight_unit(&self) -> i64 {
        self.sources.iter().fold(0, |unit, source| common(unit, source.weight))
    }

    /// Names stand once, currencies have a rate, and weights are no finer than the index can be computed with.
    fn check(&self, node: &Node, path: &str, problems: &mut Problems) {
        let [sources, rates] = ["sources", "rates"].map(|key| join(path, key));
        if problems.any_at(&sources) || problems.any_at(&rates) {
            return;
        }
        let entry = |key: &str| node.get(key).and_then(Node::entry_place);
        let mut refuse = |key: &str, path: &str, row: usize, value: &str, accepted: &str| {
            problems.add(Code::Inconsistent, path, entry(key)).value(value).accepts(accepted).row(row);
        };
        let mut names = BTreeSet::new();
        for (row, source) in self.sources.iter().enumerate() {
            if !names.insert(&source.id) {
                refuse("sources", &sources, row, &source.id, "each source once");
            }
            let rated = |currency: &String| self.rates.iter().any(|rate| rate.currency == *currency);
            if let Some(currency) = source.currency.as_ref().filter(|currency| !rated(currency)) {
                refuse("sources", &sources, row, currency, "a currency that has an entry in rates");
            }
        }
        let mut currencies = BTreeSet::new();
        for (row, rate) in self.rates.iter().enumerate() {
            if !names.insert(&rate.source) || !currencies.insert(&rate.currency) {
                refuse("rates", &rates, row, &rate.source, "each currency once, and a source of its own");
            }
        }
        let total: i64 = self.sources.iter().map(|source| source.weight / self.weight_unit()).sum();
        if self.sources.len() > MOST_SOURCES || total > MOST_WEIGHT {
            let accepted = "at most 64 sources, whose weights together are at most 10⁶ times what they have in common";
            refuse("sources", &sources, 0, "", accepted);
        }
    }
}

/// The greatest common divisor.
fn common(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common(b, a % b) }
}
