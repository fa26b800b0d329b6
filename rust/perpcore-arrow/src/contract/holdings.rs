//! What is valued: what accounts hold, own, owe and want, and the prices and scenarios of a call.

use super::{Column, Kind, Need, Table};
use perpcore::message::PriceState;
use perpcore::num::bounds;

/// The margin modes; the first is the default.
pub const MARGIN_MODES: [&str; 2] = ["cross", "isolated"];
/// The margin models; the first is the default.
pub const MODELS: [&str; 2] = ["standard", "portfolio"];

table! {
    /// What accounts hold.
    POSITIONS "positions" input true {
        "account" Kind::Account, Required, "who holds it";
        "instrument" Kind::Instrument, Required, "what is held";
        "quantity" Kind::Number(&bounds::QUANTITY), Required, "contracts, signed; rows of one (account, instrument, margin_mode) add up";
        "entry_price" Kind::Number(&bounds::PRICE), OneOf, "price paid; the cost is then Q × entry_price, exactly";
        "cost" Kind::Number(&bounds::COST), OneOf, "signed money paid for it, unsettled realized results included";
        "margin_mode" Kind::Word(&MARGIN_MODES), Optional, "cross (default) or isolated";
        "isolated_margin" Kind::Number(&bounds::POSTED), Optional, "margin posted to an isolated position, in settlement currency";
        "leverage" Kind::Number(&bounds::LEVERAGE), Optional, "chosen leverage of the key; else that of accounts";
        "accrued_funding" Kind::Number(&bounds::MONEY), Optional, "funding not settled yet, owed by the account where > 0";
    }
}
table! {
    /// What accounts own and owe.
    BALANCES "balances" input true {
        "account" Kind::Account, Required, "whose";
        "asset" Kind::Asset, Required, "of what";
        "amount" Kind::Number(&bounds::MONEY), Required, "amount, negative where owed; rows of one (account, asset) add up";
        "held" Kind::Number(&bounds::POSTED), Optional, "part of it that may not be withdrawn; changes no figure of assess";
    }
}
table! {
    /// Prices of the call.
    PRICES "prices" input true {
        "symbol" Kind::Symbol, Required, "an instrument (its mark) or an asset (its index price in settlement currency); others are ignored";
        "price" Kind::Number(&bounds::PRICE), Required, "the price";
        "index" Kind::Number(&bounds::PRICE), Optional, "index price of an instrument; changes no figure of assess";
        "time" Kind::Time, Optional, "when it was made; changes no figure of assess";
        "state" Kind::Word(PriceState::NAMES), Optional, "live (default), thin, protected, frozen or halted";
    }
}
table! {
    /// Resting orders.
    ORDERS "orders" input true {
        "account" Kind::Account, Required, "whose";
        "instrument" Kind::Instrument, Required, "in what";
        "quantity" Kind::Number(&bounds::QUANTITY), Required, "remaining contracts, positive to buy; each row is an order of its own";
        "price" Kind::Number(&bounds::PRICE), Required, "limit price";
        "reduce_only" Kind::Bool, Optional, "reserves nothing where true";
        "margin_mode" Kind::Word(&MARGIN_MODES), Optional, "cross (default) or isolated";
    }
}
table! {
    /// Settings of accounts.
    ACCOUNTS "accounts" input true {
        "account" Kind::Account, Required, "who; one row an account";
        "model" Kind::Word(&MODELS), Optional, "standard (default) or portfolio, where the rulebook enables it";
        "leverage" Kind::Number(&bounds::LEVERAGE), Optional, "chosen leverage of positions that carry none";
        "class" Kind::Text, Optional, "client class; changes no figure";
        "client" Kind::Text, Optional, "the client behind the account; changes no figure";
        "group" Kind::Text, Optional, "the group behind the client; changes no figure";
        "fee_tier" Kind::FeeTier, Optional, "a tier of venue.fees; default standard";
        "investor_until" Kind::Time, Optional, "until when the investor class holds; changes no figure";
        "knowledge_until" Kind::Time, Optional, "until when the knowledge assessment holds; changes no figure";
        "flags" Kind::Text, Optional, "flags of the account; change no figure";
    }
}
table! {
    /// Joint moves of the underlyings, for the portfolio model and for stress.
    SCENARIOS "scenarios" input true {
        "scenario" Kind::Text, Required, "its name, as worst_scenario shows it";
        "weight" Kind::Number(&bounds::SHARE), Optional, "probability for expected shortfall, together 1; equal where not given";
    } others "<underlying>" Kind::Number(&bounds::MOVE), "a column an underlying of the rulebook: its relative move; in stress also an asset, which then moves by itself"
}
table! {
    /// One column of moves, by itself: what a column of another name of [`SCENARIOS`] is read as.
    MOVES "scenarios" input true {
        "move" Kind::Number(&bounds::MOVE), Required, "relative move";
    }
}
