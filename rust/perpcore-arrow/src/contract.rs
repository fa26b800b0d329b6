//! Every table once: its columns, what they hold, what is required. Decoding, encoding, `pc.schema` and the generated
//! documentation read these declarations and nothing else.

use perpcore::margin::line::Total;
use perpcore::margin::status::Status;
use perpcore::message::PriceState;
use perpcore::monitor::Cause;
use perpcore::num::bounds::{self, Bound};

/// What the cells of a column are.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// An account id: text, a dictionary of text, or a non-negative integer.
    Account,
    /// The id that a book gave an order: uint64.
    Order,
    /// What an account calls its order: text of at most 64 bytes, a dictionary of text, or a non-negative integer.
    ClientId,
    /// The name of an instrument of the rulebook.
    Instrument,
    /// The name of an asset of the rulebook.
    Asset,
    /// An instrument or an asset.
    Symbol,
    /// The name of a fee tier.
    FeeTier,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any text.
    Text,
    /// True or false.
    Bool,
    /// A time in UTC.
    Time,
    /// The number of an update of a feed.
    UpdateId,
    /// A number on the grid within a bound.
    Number(&'static Bound),
    /// Money out: `decimal128(28, 8)`.
    Money,
    /// An exact amount out: `decimal128(38, 24)`.
    Exact,
    /// An exact sum of products out: `decimal128(38, 16)`.
    Product,
    /// A ratio out: float64, for display.
    Ratio,
    /// A count out: int64.
    Count,
}

/// What a column of raw grid units, `<name>_e8`, is made of.
pub const RAW_TYPE: &str = "int64 in units of 10⁻⁸";

impl Kind {
    /// What an input column of this kind may be made of, in words.
    pub const fn types(&self) -> &'static str {
        match self {
            Kind::Account | Kind::ClientId => "text, a dictionary of text, or non-negative integers",
            Kind::Order => "non-negative integers",
            Kind::Bool => "booleans, or the words true and false",
            Kind::UpdateId => "non-negative integers",
            Kind::Time => "timestamp of any unit with zone UTC, or int64 nanoseconds",
            Kind::Number(_) | Kind::Money | Kind::Exact | Kind::Product | Kind::Ratio | Kind::Count => {
                "decimal32, decimal64 or decimal128, an integer, float64, or text in plain decimals; \
                 or <name>_e8 as int64"
            }
            _ => "text, or a dictionary of text",
        }
    }
}

/// Whether a column must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A value in every row.
    Required,
    /// In every row exactly one of the columns that share this need.
    OneOf,
    /// May be absent or null: not given.
    Optional,
    /// Written in every row.
    Given,
    /// Written where it applies, else null.
    Nullable,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name; a number may also come as `<name>_e8: int64` in units of 10⁻⁸.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be there.
    pub need: Need,
    /// What it means.
    pub doc: &'static str,
}

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Whether perpcore reads it (else it writes it).
    pub input: bool,
    /// Its columns in order.
    pub columns: &'static [Column],
    /// What columns of other names hold, where their names are those of a rulebook; none where there are no others.
    pub others: Option<Column>,
}

impl Table {
    /// The column of a name that the contract declares.
    pub fn column(&self, name: &str) -> Option<(usize, &'static Column)> {
        self.columns.iter().enumerate().find(|(_, column)| column.name == name)
    }

    /// Which column is meant by the name that one came with, and whether it came as raw grid units, `<name>_e8`.
    pub fn place(&self, name: &str) -> Option<(usize, bool)> {
        let raw = || {
            let (at, column) = self.column(name.strip_suffix("_e8")?)?;
            matches!(column.kind, Kind::Number(_)).then_some((at, true))
        };
        self.column(name).map(|(at, _)| (at, false)).or_else(raw)
    }

    /// The table of a name.
    pub fn named(name: &str) -> Option<&'static Table> {
        TABLES.into_iter().find(|table| table.name == name)
    }
}

/// The margin modes; the first is the default.
pub const MARGIN_MODES: [&str; 2] = ["cross", "isolated"];
/// The margin models; the first is the default.
pub const MODELS: [&str; 2] = ["standard", "portfolio"];
macro_rules! others {
    () => {
        None
    };
    ($name:literal $kind:expr, $text:literal) => {
        Some(Column { name: $name, kind: $kind, need: Need::Optional, doc: $text })
    };
}
macro_rules! table {
    ($(#[$doc:meta])* $table:ident $name:literal input $input:literal {
        $($column:literal $kind:expr, $need:ident, $text:literal;)*
    } $(others $others:literal $others_kind:expr, $others_text:literal)?) => {
        $(#[$doc])*
        pub static $table: Table = Table {
            name: $name,
            input: $input,
            columns: &[$(Column { name: $column, kind: $kind, need: Need::$need, doc: $text }),*],
            others: others!($($others $others_kind, $others_text)?),
        };
    };
}

pub mod commands;
mod events;
mod mirror;
mod prices;

pub use commands::COMMANDS;
pub use events::{DEPTH, EVENTS, L3, OPEN_ORDERS};
pub use mirror::{DEPTH_UPDATES, MIRROR_DEPTH_OUT, MIRROR_STATES_OUT};
pub use prices::{
    FUNDING_FLOWS_OUT, FUNDING_INPUTS, FUNDING_OUT, FUNDING_POSITIONS, INDEX_OUT, INDEX_SOURCES_OUT, MARK_OUT, QUOTE,
    QUOTES, TOPS, WIDE_QUOTES,
};

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

/// Every table.
pub static TABLES: [&Table; 31] = [
    &POSITIONS,
    &BALANCES,
    &PRICES,
    &ORDERS,
    &ACCOUNTS,
    &SCENARIOS,
    &ACCOUNTS_OUT,
    &ISOLATED_OUT,
    &LINES_OUT,
    &LIQUIDATION_PRICES_OUT,
    &LADDER_OUT,
    &STRESS_OUT,
    &LARGEST_OUT,
    &CHANGES_OUT,
    &COMMANDS,
    &EVENTS,
    &DEPTH,
    &L3,
    &OPEN_ORDERS,
    &DEPTH_UPDATES,
    &MIRROR_STATES_OUT,
    &MIRROR_DEPTH_OUT,
    &QUOTES,
    &INDEX_OUT,
    &INDEX_SOURCES_OUT,
    &TOPS,
    &MARK_OUT,
    &FUNDING_INPUTS,
    &FUNDING_OUT,
    &FUNDING_POSITIONS,
    &FUNDING_FLOWS_OUT,
];
