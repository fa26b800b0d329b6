//! The words that stand in commands and events.

use crate::word::words;

words! {
    /// How long an order lives.
    Tif {
        /// Until canceled.
        Gtc "gtc",
        /// What does not trade at once is canceled.
        Ioc "ioc",
        /// All at once or nothing.
        Fok "fok",
        /// While time < `until`.
        Gtd "gtd",
    }
    /// What happens to an order that must not take.
    PostOnly {
        /// It is refused if it would trade.
        Reject "reject",
        /// It rests one tick from the best price opposite.
        Slide "slide",
    }
    /// Whose order goes where two of one beneficial-owner group meet.
    Stp {
        /// The incoming one.
        Taker "taker",
        /// The resting one.
        Maker "maker",
        /// Both.
        Both "both",
        /// Both by the smaller quantity.
        Decrement "decrement",
    }
    /// The price that a trigger watches.
    TriggerBy {
        /// The mark.
        Mark "mark",
        /// The index.
        Index "index",
        /// The last trade.
        Last "last",
    }
    /// From which side the watched price comes.
    TriggerWhen {
        /// It rises to the trigger.
        AtOrAbove "at_or_above",
        /// It falls to the trigger.
        AtOrBelow "at_or_below",
    }
    /// Where an instrument is in its life.
    Phase {
        /// Known, not yet traded.
        Listed "listed",
        /// Orders are collected.
        Preopen "preopen",
        /// Orders are collected for one price.
        Auction "auction",
        /// Traded continuously.
        Open "open",
        /// Traded by orders that only reduce.
        ReduceOnly "reduce_only",
        /// Cancels only.
        Halted "halted",
        /// Cancels only, before the last settlement.
        Settling "settling",
        /// Over.
        Settled "settled",
    }
    /// Whether a price may be used (`index.state`, docs/pricing.md).
    PriceState {
        /// Quorum, fresh, plausible.
        Live "live",
        /// Fewer groups of sources than required, at least two.
        Thin "thin",
        /// Held after a jump.
        Protected "protected",
        /// No quorum.
        Frozen "frozen",
        /// Stopped.
        Halted "halted",
    }
    /// A side of the book.
    Side {
        /// Buyers.
        Bid "bid",
        /// Sellers.
        Ask "ask",
    }
}

impl Side {
    /// The side of a signed quantity.
    #[inline(always)]
    pub fn of(quantity: i64) -> Side {
        if quantity > 0 { Side::Bid } else { Side::Ask }
    }

    /// The other one.
    #[inline(always)]
    pub fn opposite(self) -> Side {
        match self {
            Side::Bid => Side::Ask,
            Side::Ask => Side::Bid,
        }
    }

    /// +1 for buyers, −1 for sellers.
    #[inline(always)]
    pub fn sign(self) -> i64 {
        match self {
            Side::Bid => 1,
            Side::Ask => -1,
        }
    }
}

impl PriceState {
    /// Whether what depends on the price may be decided (`status`, docs/margin.md).
    #[inline(always)]
    pub fn usable(self, thin_trades: bool) -> bool {
        self == PriceState::Live || (self == PriceState::Thin && thin_trades)
    }
}
