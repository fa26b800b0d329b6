//! Every table once: its columns, what they hold, what is required. Decoding, encoding, `pc.schema` and the generated
//! documentation read these declarations and nothing else.

use perpcore::num::bounds::Bound;

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
mod holdings;
mod mirror;
mod prices;
mod results;

pub use commands::COMMANDS;
pub use events::{
    COVERAGE, DEPTH, DRY_RUN, EVENT_STATES, EVENTS, L3, LEDGER, OPEN_ORDERS, RANK_LIGHTS, VENUE_POSITIONS, status_place,
};
pub use holdings::{ACCOUNTS, BALANCES, MARGIN_MODES, MODELS, MOVES, ORDERS, POSITIONS, PRICES, SCENARIOS};
pub use mirror::{DEPTH_UPDATES, MIRROR_DEPTH_OUT, MIRROR_STATES_OUT};
pub use prices::{
    FUNDING_FLOWS_OUT, FUNDING_INPUTS, FUNDING_OUT, FUNDING_POSITIONS, INDEX_OUT, INDEX_SOURCES_OUT, MARK_OUT, QUOTE,
    QUOTES, TOPS, WIDE_QUOTES,
};
pub use results::{
    ACCOUNTS_OUT, CHANGES_OUT, ISOLATED_OUT, LADDER_OUT, LARGEST_OUT, LINES_OUT, LIQUIDATION_PRICES_OUT, STRESS_OUT,
};

/// Every table.
pub static TABLES: [&Table; 36] = [
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
    &LEDGER,
    &VENUE_POSITIONS,
    &DRY_RUN,
    &RANK_LIGHTS,
    &COVERAGE,
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
