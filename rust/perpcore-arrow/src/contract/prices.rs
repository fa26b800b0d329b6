//! What index, mark and funding are made from, and what they are.

use super::{Column, Kind, Need, Table};
use perpcore::message::PriceState;
use perpcore::num::bounds;
use perpcore::pricing::funding::{Invalid, Outcome};
use perpcore::pricing::index::Out;
use perpcore::pricing::mark::{Bounded, MarkRule};

table! {
    /// What the sources of an index quote, a row a quote.
    QUOTES "quotes" input true {
        "time" Kind::Time, Required, "when it came; rows that follow each other with one time are one update";
        "source" Kind::Text, Required, "who quotes; not in the wide form. A source that the rulebook does not name is counted and ignored";
        "price" Kind::Number(&bounds::QUOTE), Required, "what it quotes; not in the wide form. What is no price puts the source out";
        "sent" Kind::Time, Optional, "when the source stamped it; the time where not given. Not in the wide form";
    } others "<source>" Kind::Number(&bounds::QUOTE), "the wide form: beside time a column a source of the rulebook, null where it quotes nothing; every row is an update"
}
table! {
    /// The same in the wide form: the columns that the contract names.
    WIDE_QUOTES "quotes" input true {
        "time" Kind::Time, Required, "when the quotes of the row came";
    } others "<source>" Kind::Number(&bounds::QUOTE), "what a source of the rulebook quotes"
}
table! {
    /// One column of quotes, by itself: what a column of another name of [`WIDE_QUOTES`] is read as.
    QUOTE "quotes" input true {
        "price" Kind::Number(&bounds::QUOTE), Optional, "what the source quotes";
    }
}
table! {
    /// What an index was after each update.
    INDEX_OUT "index" input false {
        "time" Kind::Time, Given, "when";
        "value" Kind::Money, Nullable, "the last value that was accepted; null before the first";
        "state" Kind::Word(PriceState::NAMES), Given, "live, thin, protected, frozen or halted";
        "groups" Kind::Count, Given, "how many groups of sources count";
        "reason" Kind::Text, Nullable, "why, and which sources are out why, where the state or that is not what it was before";
    }
}
table! {
    /// The sources of an index as they are, those of conversion rates last.
    INDEX_SOURCES_OUT "index.sources" input false {
        "source" Kind::Text, Given, "its name";
        "group" Kind::Text, Nullable, "who is behind it; null for a rate";
        "rank" Kind::Count, Nullable, "its rank; null for a rate";
        "weight" Kind::Money, Nullable, "its weight; null for a rate";
        "price" Kind::Money, Nullable, "the last price that it quoted, as it was quoted";
        "sent" Kind::Time, Nullable, "when it stamped its latest quote";
        "arrived" Kind::Time, Nullable, "when that came";
        "out" Kind::Word(Out::NAMES), Nullable, "why it does not count, the first that applies; null where it does";
    }
}
table! {
    /// What a mark is told: a column that is there is named in every row, and null is that there is none.
    TOPS "tops" input true {
        "time" Kind::Time, Required, "when";
        "index" Kind::Number(&bounds::QUOTE), Optional, "the index";
        "state" Kind::Word(PriceState::NAMES), Optional, "its state; null is live";
        "bid" Kind::Number(&bounds::QUOTE), Optional, "the best bid";
        "ask" Kind::Number(&bounds::QUOTE), Optional, "the best ask";
        "impact_bid" Kind::Number(&bounds::QUOTE), Optional, "the price of the impact notional through the bids";
        "impact_ask" Kind::Number(&bounds::QUOTE), Optional, "the same through the asks";
        "last" Kind::Number(&bounds::QUOTE), Optional, "the price of a trade; null where there was none, the last one then stays";
        "funding_rate" Kind::Number(&bounds::QUOTE), Optional, "the funding rate that was settled last, within ±100 %; null where it is as before";
    }
}
table! {
    /// Marks with their lineage.
    MARK_OUT "mark" input false {
        "time" Kind::Time, Given, "when";
        "mark" Kind::Money, Nullable, "the mark; null without an index";
        "rule" Kind::Word(MarkRule::NAMES), Nullable, "how it was made";
        "bound" Kind::Word(Bounded::NAMES), Nullable, "what it is held at: the band around the index, or the speed";
        "state" Kind::Word(PriceState::NAMES), Given, "whether it may be used";
        "inputs" Kind::Count, Given, "how many inputs there were";
        "index" Kind::Money, Nullable, "the index";
        "index_age" Kind::Count, Nullable, "nanoseconds since it was told";
        "carried" Kind::Money, Nullable, "the index with what is left of the last funding rate";
        "basis" Kind::Money, Nullable, "the index with the mean basis of the last seconds";
        "samples" Kind::Count, Given, "one-second samples in that mean";
        "book" Kind::Money, Nullable, "the median of best bid, best ask and last trade";
        "average" Kind::Money, Nullable, "the average of the mid, where it stood in for an input";
    }
}
table! {
    /// What the funding is told: a column that is there is named in every row, and null is that there is none.
    FUNDING_INPUTS "funding_inputs" input true {
        "time" Kind::Time, Required, "when";
        "index" Kind::Number(&bounds::QUOTE), Optional, "the index";
        "state" Kind::Word(PriceState::NAMES), Optional, "its state; null is live";
        "impact_bid" Kind::Number(&bounds::QUOTE), Optional, "the price of the impact notional through the bids";
        "impact_ask" Kind::Number(&bounds::QUOTE), Optional, "the same through the asks";
        "mark" Kind::Number(&bounds::QUOTE), Optional, "the mark";
    }
}
table! {
    /// Samples of the premium, and at the end of each interval its funding rate.
    FUNDING_OUT "funding" input false {
        "time" Kind::Time, Given, "when the slot was";
        "slot" Kind::Count, Given, "its number in the interval, from 1: its weight";
        "premium" Kind::Money, Nullable, "the premium; null where the sample is not valid";
        "valid" Kind::Bool, Given, "whether the sample is valid";
        "reason" Kind::Word(Invalid::NAMES), Nullable, "why it is not";
        "samples" Kind::Count, Given, "valid samples of the interval so far";
        "predicted" Kind::Money, Given, "the rate of the interval if it ended now";
        "rate" Kind::Money, Nullable, "at the end of an interval its rate";
        "outcome" Kind::Word(Outcome::NAMES), Nullable, "and how it ended";
        "missed" Kind::Count, Given, "how many intervals ended without a valid sample";
        "index" Kind::Money, Nullable, "the index that the sample was made of";
        "state" Kind::Word(PriceState::NAMES), Given, "its state";
        "impact_bid" Kind::Money, Nullable, "the impact bid likewise";
        "impact_ask" Kind::Money, Nullable, "the impact ask likewise";
        "mark" Kind::Money, Nullable, "the mark, where one is known and not too old";
        "cumulative" Kind::Product, Nullable, "Σ mark · rate of the settlements so far; null before the first, and from one on whose mark was not known";
    }
}
table! {
    /// Who pays and receives a funding.
    FUNDING_POSITIONS "funding_positions" input true {
        "account" Kind::Account, Required, "who";
        "quantity" Kind::Number(&bounds::QUANTITY), Required, "base quantity, signed; rows of one account add up";
    }
}
table! {
    /// What each account pays or receives.
    FUNDING_FLOWS_OUT "funding.flows" input false {
        "account" Kind::Account, Given, "who, in order of first appearance";
        "quantity" Kind::Money, Given, "its base quantity";
        "cash" Kind::Money, Given, "−Q·M·F, rounded down: what it receives, or pays where < 0";
    }
}
