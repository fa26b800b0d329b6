//! `[liquidation]`: how buckets below maintenance margin are closed (RULES §10, docs/liquidation.md).

use super::kind::{Amount, Count, Rate, word};
use super::section::{Maybe, nested, section};
use crate::num::E8;
use crate::num::bounds::{Bound, POSTED, SHARE};
use crate::word::words;

words! {
    /// What the fund does for a bucket that the book and the backstop cannot close.
    FundMode {
        /// It pays the distance between the fill and the bankruptcy price.
        Pay "pay",
        /// It takes the position at the bankruptcy price, and unwinds it.
        Take "take",
    }
    /// Who is deleveraged first.
    AdlPolicy {
        /// By return and leverage.
        Score "score",
        /// Everybody, by quantity.
        ProRata "pro_rata",
        /// The highest maintenance margin ÷ net value, until all are level.
        Minimax "minimax",
    }
}

section! {
    /// How buckets in liquidation are closed. Shares are in g, 10⁻⁸.
    Liquidation {
        "step" step: i64 = Is(20_000_000), Rate(PART), "The steps in which positions are closed, as a share of them.";
        "target" target: i64 = Is(90_000_000), Rate(PART), "The least share is closed that brings the maintenance margin below so much of what the equity is then.";
        "close_out" close_out: i64 = Is(66_666_667), Rate(SHARE), "With less equity than this share of the maintenance margin everything is closed at once.";
        "fee" fee: i64 = Is(250_000), Rate(FEE), "Fee of a fill in liquidation, to the fund, at most what is left above bankruptcy.";
        "depth_share" depth_share: i64 = Is(20_000_000), Rate(PART), "The most that liquidations take of a side of a book within a second, unless everything is closed at once.";
        "backstop_share" backstop_share: i64 = Is(60_000_000), Rate(SHARE), "How far from the mark to the bankruptcy price a backstop provider buys; the rest is the fund's.";
        "fund" fund: Fund = Empty, nested::<Fund>(), "What the fund does.";
        "adl" adl: AdlPolicy = Is(AdlPolicy::Score), word::<AdlPolicy>(), "Who is deleveraged first.";
        "per_command" per_command: u32 = Is(256), Count(1, MOST_ROUNDS), "The most rounds of buckets that one command does; the others go on with the next.";
    }
}

section! {
    /// What the fund does. Shares are in g.
    Fund {
        "mode" mode: FundMode = Is(FundMode::Pay), word::<FundMode>(), "Whether it pays what a fill lacks, or takes positions over.";
        "max_slippage" max_slippage: i64 = Is(3_000_000), Rate(SLIPPAGE), "How far from the mark it lets a bucket trade.";
        "event_budget" event_budget: i64 = Is(20_000_000), Rate(SHARE), "The most that it pays for one bucket, as a share of what it had when that fell into liquidation.";
        "interval_budget" interval_budget: i64 = Is(30_000_000), Rate(SHARE), "The most that it pays within an hour of the clock, as a share of what it had before.";
        "unwind_share" unwind_share: i64 = Is(10_000_000), Rate(PART), "The most of a side of a book that it takes each minute to unwind what it took over.";
        "low" low: Option<i128> = Is(None), Maybe(Amount(POSTED, "settlement currency")), "Below this it says so.";
    }
}

/// A share that is more than nothing.
const PART: Bound = Bound { name: "part", min: 1, max: E8, accepted: "0 < rate ≤ 1 (100 %)" };
const FEE: Bound = Bound { name: "liquidation fee", min: 0, max: E8 / 10, accepted: "0 ≤ fee ≤ 10 %" };
const SLIPPAGE: Bound = Bound { name: "slippage", min: 0, max: E8 - 1, accepted: "0 ≤ rate < 1 (100 %)" };
/// More rounds of one command would be no bound.
const MOST_ROUNDS: u32 = 1_000_000;
