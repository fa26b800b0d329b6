//! What a valuation gives: an assessment with its lines, liquidation prices and stress, and the changes of a monitor.

use super::{Column, Kind, MARGIN_MODES, Need, Table};
use perpcore::margin::line::Total;
use perpcore::margin::status::Status;
use perpcore::monitor::Cause;

table! {
    /// The cross bucket of every account, in order of first appearance.
    ACCOUNTS_OUT "assessment.accounts" input false {
        "account" Kind::Account, Given, "the id, of the first table's type";
        "equity" Kind::Money, Nullable, "collateral_value + unrealized_pnl − accrued_funding";
        "net_value" Kind::Money, Nullable, "value after closing all at the mark and converting all collateral";
        "collateral_value" Kind::Money, Nullable, "what the balances count, rounded down";
        "unrealized_pnl" Kind::Money, Nullable, "Σ Q·M − κ, rounded down";
        "accrued_funding" Kind::Money, Nullable, "funding owed";
        "opening_equity" Kind::Money, Nullable, "equity with the credited share of unsettled gain";
        "initial_margin" Kind::Money, Nullable, "requirement to open, orders included, rounded up";
        "order_margin" Kind::Money, Nullable, "what the orders add to it";
        "maintenance_margin" Kind::Money, Nullable, "requirement to keep, rounded up";
        "available" Kind::Money, Nullable, "what may be used to open";
        "withdrawable" Kind::Money, Nullable, "what may be withdrawn";
        "margin_ratio" Kind::Ratio, Nullable, "maintenance_margin ÷ equity, null where equity ≤ 0; for display";
        "status" Kind::Word(&Status::NAMES), Given, "the first that applies; unknown where a row was refused";
        "worst_scenario" Kind::Text, Nullable, "the portfolio model's worst scenario; null in the standard model";
        "isolated_status" Kind::Word(&Status::NAMES), Nullable, "the worst status among the isolated buckets";
        "problem" Kind::Text, Nullable, "the code of the first fault, with on_error=\"mark\"";
    }
}
table! {
    /// Every isolated position named in positions, in order of its first row there.
    ISOLATED_OUT "assessment.isolated" input false {
        "account" Kind::Account, Given, "the id";
        "instrument" Kind::Instrument, Given, "the instrument";
        "quantity" Kind::Money, Given, "base quantity Q";
        "isolated_margin" Kind::Money, Given, "margin posted to it";
        "equity" Kind::Money, Given, "isolated_margin + unrealized_pnl − accrued_funding";
        "net_value" Kind::Money, Given, "the same";
        "unrealized_pnl" Kind::Money, Given, "Q·M − κ, rounded down";
        "accrued_funding" Kind::Money, Given, "funding owed";
        "initial_margin" Kind::Money, Given, "requirement to open, rounded up";
        "maintenance_margin" Kind::Money, Given, "requirement to keep, rounded up";
        "margin_ratio" Kind::Ratio, Nullable, "maintenance_margin ÷ equity, null where equity ≤ 0; for display";
        "status" Kind::Word(&Status::NAMES), Given, "the first that applies; never restricted";
    }
}
table! {
    /// Every exact part of every total.
    LINES_OUT "assessment.lines" input false {
        "account" Kind::Account, Given, "the id";
        "bucket" Kind::Instrument, Nullable, "the instrument of an isolated bucket; null is cross";
        "total" Kind::Word(&Total::NAMES), Given, "the total it is part of";
        "rule" Kind::Text, Given, "the rule that made it";
        "subject" Kind::Symbol, Nullable, "the instrument or asset it is about";
        "quantity" Kind::Money, Nullable, "the quantity that entered";
        "price" Kind::Money, Nullable, "the price that entered";
        "rate" Kind::Money, Nullable, "the rate that entered, where it was a single one";
        "amount" Kind::Exact, Given, "the exact amount";
        "note" Kind::Text, Given, "the arithmetic in words";
    }
}
table! {
    /// The liquidation prices of every position that is not flat.
    LIQUIDATION_PRICES_OUT "assessment.liquidation_prices" input false {
        "account" Kind::Account, Given, "the id";
        "instrument" Kind::Instrument, Given, "the instrument whose mark moves, and with it all of its underlying";
        "margin_mode" Kind::Word(&MARGIN_MODES), Given, "the bucket that is liquidated: cross, or the isolated position";
        "mark" Kind::Money, Given, "the mark now";
        "below" Kind::Money, Nullable, "the lowest tick at which the bucket is not in liquidation; null where there is none";
        "above" Kind::Money, Nullable, "the highest one likewise";
    }
}
table! {
    /// What is liquidated of one instrument as its price moves, by ranges of the liquidation price.
    LADDER_OUT "assessment.ladder" input false {
        "instrument" Kind::Instrument, Given, "the instrument";
        "price_from" Kind::Money, Given, "where the range begins; below the mark it is not part of it";
        "price_to" Kind::Money, Given, "where it ends; above the mark it is not part of it";
        "long_notional" Kind::Money, Given, "Σ|Q|·M of the long positions whose bucket is liquidated there, at the mark now, rounded up";
        "short_notional" Kind::Money, Given, "the same of short positions";
        "buckets" Kind::Count, Given, "how many positions";
    }
}
table! {
    /// A book under joint moves: a row a scenario, over all its buckets, cross and isolated.
    STRESS_OUT "stress" input false {
        "scenario" Kind::Text, Given, "its name";
        "healthy" Kind::Count, Given, "how many buckets are healthy";
        "restricted" Kind::Count, Given, "how many are restricted";
        "margin_call" Kind::Count, Given, "how many are called for margin";
        "liquidation" Kind::Count, Given, "how many are in liquidation";
        "bankrupt" Kind::Count, Given, "how many are bankrupt";
        "undecided" Kind::Count, Given, "how many depend on a price that is not usable";
        "equity" Kind::Money, Given, "Σ equity";
        "initial_margin" Kind::Money, Given, "Σ initial margin";
        "maintenance_margin" Kind::Money, Given, "Σ maintenance margin";
        "deficit" Kind::Money, Given, "Σ −net_value of the bankrupt buckets";
        "fund_draw" Kind::Money, Given, "what of the deficit an insurance fund of the given size pays; all of it where no size was given";
    }
}
table! {
    /// The bankrupt buckets with the largest deficits of each scenario, the largest first.
    LARGEST_OUT "stress.largest" input false {
        "scenario" Kind::Text, Given, "its name";
        "account" Kind::Account, Given, "the id";
        "instrument" Kind::Instrument, Nullable, "the instrument of an isolated bucket; null is cross";
        "equity" Kind::Money, Given, "its equity";
        "maintenance_margin" Kind::Money, Given, "its maintenance margin";
        "deficit" Kind::Money, Given, "−net_value";
    }
}
table! {
    /// The buckets whose status an update of a monitor changed.
    CHANGES_OUT "monitor.changes" input false {
        "account" Kind::Account, Given, "the id";
        "instrument" Kind::Instrument, Nullable, "the instrument of an isolated bucket; null is cross";
        "before" Kind::Word(&Status::NAMES), Given, "the status before; what was not there was healthy";
        "after" Kind::Word(&Status::NAMES), Given, "the status now; what is no longer there is healthy";
        "equity" Kind::Money, Given, "its equity now";
        "maintenance_margin" Kind::Money, Given, "its maintenance margin now";
        "cause" Kind::Word(&Cause::NAMES), Given, "what made it change: the first table of the update that named the account, else prices";
    }
}
