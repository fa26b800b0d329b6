//! The catalogue of error codes: number, name, exception class, text, what is accepted. One line a code.

/// Which Python exception a code becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `RulebookError`: a rulebook that does not stand.
    Rulebook,
    /// `SchemaError`: a table of another form than its schema.
    Schema,
    /// `InputError`: a value that is not accepted.
    Input,
    /// `StateError`: a call that does not fit the state of the object.
    State,
    /// Not raised: the answer to an order that is refused.
    Reject,
    /// `InternalError`: a fault of perpcore itself.
    Internal,
}

impl Class {
    /// The name of the Python exception.
    pub const fn exception(self) -> &'static str {
        match self {
            Class::Rulebook => "RulebookError",
            Class::Schema => "SchemaError",
            Class::Input => "InputError",
            Class::State => "StateError",
            Class::Reject => "PerpcoreError",
            Class::Internal => "InternalError",
        }
    }
}

/// One line of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Numbered by subsystem: 1xxx rulebook, 2xxx tables, 3xxx values, 4xxx accounts, 7xxx rejects, 8xxx state, 9xxx internal.
    pub number: u16,
    /// The snake_case name, stable for programs.
    pub name: &'static str,
    /// Which exception it becomes.
    pub class: Class,
    /// What is wrong, in words.
    pub text: &'static str,
    /// What would be accepted, in words.
    pub accepted: &'static str,
}

macro_rules! catalogue {
    ($($number:literal $class:ident $variant:ident $name:literal: $text:literal, $accepted:literal;)*) => {
        /// Every error code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $text] $variant,)*
        }

        impl Code {
            /// All codes, by number.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The catalogue's line of this code.
            pub const fn entry(self) -> &'static Entry {
                match self {
                    $(Code::$variant => &Entry { number: $number, name: $name, class: Class::$class, text: $text, accepted: $accepted },)*
                }
            }
        }
    };
}

catalogue! {
    1001 Rulebook RulebookSyntax "rulebook_syntax": "the text is not TOML", "TOML 1.0";
    1002 Rulebook UnknownKey "unknown_key": "the rulebook has no such key", "the keys of the section";
    1003 Rulebook MissingKey "missing_key": "a required key is missing", "a value for the key";
    1004 Rulebook InvalidValue "invalid_value": "the value is not one of this key's", "a value of the stated form within the stated range";
    1005 Rulebook Inconsistent "inconsistent": "two values of the rulebook contradict each other", "values that fit together";
    1006 Rulebook UnknownPreset "unknown_preset": "there is no such preset", "a preset's name, with or without its version";
    2001 Schema MissingColumn "missing_column": "a required column is missing", "a table with all required columns";
    2002 Schema UnknownColumn "unknown_column": "the table has no such column", "the columns of the schema, others with extra=\"ignore\"";
    2003 Schema WrongType "wrong_type": "the type, or a text, is not accepted here", "a type of the schema; text in a number column must be plain decimals, as -12.5";
    2004 Schema DuplicateColumn "duplicate_column": "a column is given twice", "each column once, in one form";
    3001 Input NullValue "null_value": "a value is required here", "a value in every row";
    3003 Input NotFinite "not_finite": "NaN and infinities are not accepted", "a finite number";
    3004 Input OffGrid "off_grid": "the number is not a multiple of 10⁻⁸", "at most eight decimals, also for quantity × contract_size";
    3005 Input OutOfRange "out_of_range": "the value is outside what is accepted here", "a value within the bounds, or a word of the list";
    3006 Input UnknownInstrument "unknown_instrument": "the rulebook has no such instrument", "an instrument of the rulebook";
    3007 Input UnknownAsset "unknown_asset": "the rulebook has no such asset", "an asset of the rulebook";
    3008 Input UnknownFeeTier "unknown_fee_tier": "the rulebook has no such fee tier", "a fee tier of venue.fees";
    3009 Input Weights "weights": "the weights of the scenarios do not add up to 1", "probabilities in every row, together 1, or no weights";
    3010 Input InvalidText "invalid_text": "the text is not valid UTF-8", "UTF-8";
    3011 Input ImplausibleTime "implausible_time": "the time is before the year 2000", "nanoseconds since 1970 in UTC; is the unit right?";
    3012 Input IdKindMismatch "id_kind_mismatch": "account ids of different kinds in one call", "text or integers, one kind in all tables";
    4001 Input DuplicateAccount "duplicate_account": "an account stands twice in accounts", "one row an account";
    4002 Input DuplicatePrice "duplicate_price": "a symbol has two prices", "one price a symbol";
    4003 Input MissingPrice "missing_price": "a price is needed and not given", "a row in prices for every instrument held or ordered and every asset counted";
    4004 Input SettlementPrice "settlement_price": "the settlement currency has another price than 1; or a last settlement one that its index does not give", "1, or no row; a price within the values in quorum of the last hour";
    4005 Input NegativeBalance "negative_balance": "the asset may not be owed", "a balance ≥ 0, or an asset with liability rates";
    4006 Input ConflictingValues "conflicting_values": "two values that must agree do not", "one value for one key";
    4007 Input AccountTooLarge "account_too_large": "the account is beyond what is computed exactly", "gross notional, Σ|cost|, orders, assets and funding ≤ 10¹² each, quantity per key ≤ 10⁹";
    4008 Input ModelNotEnabled "model_not_enabled": "the rulebook does not offer this margin model", "a model that the rulebook enables";
    4009 Input MissingScenario "missing_scenario": "no scenario moves what an account of the portfolio model has", "a scenario at least, and a column or [portfolio.underlying] for the underlying of everything held or ordered";
    4010 Input TimeOrder "time_order": "the time is before that of an earlier row or call", "times that do not fall";
    4011 Input Discontinuous "discontinuous": "the cumulative funding is further from what is known than the intervals since allow", "at most cap × mark for each interval since the last settlement";
    7001 Reject AccountBankrupt "account_bankrupt": "the account is bankrupt", "an account whose net value is not below 0";
    7002 Reject PriceUnusable "price_unusable": "a price that the answer depends on may not be used", "an order that reduces risk, or live prices";
    7003 Reject InsufficientMargin "insufficient_margin": "initial margin with the order is above opening equity", "an order that reduces risk, or a smaller one";
    7101 Reject PhaseRefused "phase_refused": "the phase of the instrument does not admit it", "orders in preopen, auction and open; in reduce_only those that only reduce; cancels until settled";
    7102 Reject OffTick "off_tick": "the price is not a multiple of the tick", "a multiple of the instrument's tick";
    7103 Reject OffLot "off_lot": "the quantity is not a multiple of the lot", "a multiple of the instrument's lot, not 0";
    7104 Reject BelowMinSize "below_min_size": "the quantity is below the smallest size", "at least min_size, or what closes the position";
    7105 Reject AboveMaxSize "above_max_size": "the quantity is above the largest size", "at most max_size, and all of a side together at most 9.2·10¹⁰";
    7106 Reject OutsideCollar "outside_collar": "the price is beyond the collar", "a price within the collar of the instrument";
    7107 Reject TooManyOrders "too_many_orders": "the account has as many orders as it may", "fewer open orders than limits.open_orders";
    7108 Reject PositionLimit "position_limit": "position and orders would pass the limit", "position, orders of that side and the order within limits.position";
    7109 Reject ClientIdReused "client_id_reused": "the client's order id was used for another order", "a new id, or the same order again";
    7110 Reject UnknownOrder "unknown_order": "there is no such order", "an order of the account that is not filled, canceled or expired";
    7111 Reject WouldTake "would_take": "a post-only order would trade", "a price that does not meet the other side, or slide";
    7112 Reject NotFillable "not_fillable": "the whole quantity cannot trade at once", "a quantity that is there within the limit";
    7113 Reject NothingToReduce "nothing_to_reduce": "there is no position that the order would reduce", "an order against the position";
    7114 Reject SelfTrade "self_trade": "an order of the same beneficial-owner group stands in the way", "orders of one group that do not meet";
    7115 Reject TimeRunsBack "time_runs_back": "the time is before that of an earlier command", "times that do not fall";
    7116 Reject BelowFilled "below_filled": "the new total is not above what is filled", "a total above the filled quantity";
    7117 Reject UnusedColumn "unused_column": "the kind of command does not use the column", "null in the columns that the kind does not use";
    7118 Reject Unmatched "unmatched": "nothing is left to trade within the limit", "a limit that reaches what rests opposite";
    7119 Reject FillRefused "fill_refused": "a side may not make the trade", "two sides that may make the trade";
    7120 Reject Requested "requested": "canceled by command", "what was asked for was done";
    7121 Reject BeyondPosition "beyond_position": "a reduce-only order is cut to the position", "reduce-only orders within the position";
    7122 Reject UntilReached "until_reached": "the order's time is over", "a time before until";
    7123 Reject TooOld "too_old": "the order is older than orders may become", "an order younger than venue.rates.max_age";
    7124 Reject AuctionExtended "auction_extended": "the auction's price is beyond the collar", "orders that cross within the collar";
    7201 Reject UnknownHolder "unknown_holder": "no such account is open", "an account that was opened and not closed";
    7202 Reject ReservedName "reserved_name": "the name is one of the ledger's own", "a name other than fund, fees, converter and rounding";
    7203 Reject ClassNotAdmitted "class_not_admitted": "the venue does not admit the class", "a class of client.classes";
    7204 Reject ApprovalMissing "approval_missing": "the command needs the reference of an approval", "a text in approval";
    7205 Reject AccountNotEmpty "account_not_empty": "the account holds something still", "an account without balances, positions, orders and withdrawals";
    7206 Reject AccountFrozen "account_frozen": "the account is frozen", "orders that reduce risk";
    7207 Reject AccountNoOpen "account_no_open": "the account may not open positions", "orders that reduce risk";
    7208 Reject InvestorStatus "investor_status": "the proof of a professional investor is missing or over", "a time before investor_until, or an order that reduces risk";
    7209 Reject KnowledgeStatus "knowledge_status": "the proof of knowledge is missing or over", "a time before knowledge_until, or an order that reduces risk";
    7210 Reject RateLimit "rate_limit": "the account sent too many orders within the second", "at most venue.rates.orders_per_second orders and amendments a second";
    7211 Reject GroupLimit "group_limit": "positions and orders of the group would pass the limit", "the group's positions and orders within limits.group_position";
    7212 Reject OpenInterest "open_interest": "the open interest would pass the limit", "an order that reduces risk, or a smaller one";
    7213 Reject AccountRestricted "account_restricted": "the account may only reduce", "orders that reduce risk";
    7214 Reject Disconnected "disconnected": "the account was disconnected", "orders after it is back";
    7215 Reject Deadman "deadman": "nobody said in time that the account is still there", "a new deadman command before the time is over";
    7216 Reject InsufficientBalance "insufficient_balance": "the account does not have so much free", "at most the balance less what is held";
    7217 Reject NotWithdrawable "not_withdrawable": "what would be left does not cover what the account needs", "at most what is withdrawable";
    7218 Reject WithdrawHeld "withdraw_held": "withdrawals of the account are held", "an account without no_withdraw and frozen";
    7219 Reject OutflowLimit "outflow_limit": "the venue's outflow of the hour would pass the limit", "withdrawals of an hour within venue.outflow_per_hour of client money";
    7220 Reject PlatformCap "platform_cap": "all clients together would hold more of the asset than the platform takes", "at most asset.platform_cap";
    7221 Reject UnknownWithdrawal "unknown_withdrawal": "there is no such withdrawal", "a withdrawal that was requested and neither confirmed nor released";
    7222 Reject OtherClient "other_client": "the accounts are of different clients", "two accounts of one client";
    7223 Reject PricedBySources "priced_by_sources": "the price is made from sources", "quotes of the sources in the rulebook";
    7224 Reject BelowMinEquity "below_min_equity": "the equity is below what the portfolio model needs", "at least portfolio.min_equity";
    7225 Reject FundShort "fund_short": "the fund could not pay all, and receivers were cut", "a fund that covers what payers cannot";
    7226 Reject AccountHalted "account_halted": "the account, its client or its class is halted", "cancels, and orders after resume";
    7227 Reject BreakerLoss "breaker_loss": "the account lost more within a minute than it may, and may only reduce", "orders that reduce risk, others after resume";
    7228 Reject BreakerTurnover "breaker_turnover": "the account traded more within a minute than it may, and may only reduce", "orders that reduce risk, others after resume";
    7229 Reject ClientLimit "client_limit": "positions and orders of the client would pass the limit", "the client's positions and orders within limits.client_position";
    7230 Reject ClientOrders "client_orders": "the client has as many orders as he may", "fewer open orders than limits.client_open_orders";
    7231 Reject GroupOrders "group_orders": "the group has as many orders as it may", "fewer open orders than limits.group_open_orders";
    7232 Reject ClientRate "client_rate": "the client sent too many orders within the second", "at most venue.rates.client_orders_per_second orders and amendments a second";
    7233 Reject GroupRate "group_rate": "the group sent too many orders within the second", "at most venue.rates.group_orders_per_second orders and amendments a second";
    7234 Reject OtherGroup "other_group": "the client is of another group", "the group of the client";
    7235 Reject UnderlyingIneligible "underlying_ineligible": "the underlying may not be traded any more", "reduce_only, or an underlying that is eligible";
    7236 Reject SecondApproval "second_approval": "the second approval refers to the same as the first", "the reference of another approval";
    7237 Reject RulebookInvalid "rulebook_invalid": "the text is no rulebook", "a whole rulebook in TOML, which may extend a preset";
    7238 Reject RulebookUnfit "rulebook_unfit": "the rulebook cannot follow the one in force", "all names of the one in force, its settlement currency, and contract sizes and lots that fit what is held";
    7239 Reject RulebookNotApproved "rulebook_not_approved": "the rulebook's digest was not approved", "approve_rulebook with its digest before";
    7240 Reject ActivationTooEarly "activation_too_early": "a rulebook that loosens is to hold too soon", "an effective time at least venue.changes.delay from now";
    7241 Reject RulebookForces "rulebook_forces": "the rulebook would force positions to be closed", "a change that forces none, or confirm";
    7242 Reject Replaced "replaced": "another rulebook came in its place", "one rulebook that waits";
    7243 Reject InLiquidation "in_liquidation": "the bucket is in liquidation", "orders after it is out of it";
    7244 Reject Deleveraged "deleveraged": "the position is deleveraged", "orders after it";
    7245 Reject CloseOut "close_out": "the bucket is closed at once", "equity of at least liquidation.close_out of the maintenance margin";
    7246 Reject BookExhausted "book_exhausted": "nothing is left to trade with within the bankruptcy price", "orders opposite within it";
    7247 Reject BackstopUnavailable "backstop_unavailable": "no backstop provider may take over, or nothing is left above bankruptcy", "providers with capacity and margin, and a net value above 0";
    7248 Reject BackstopExhausted "backstop_exhausted": "the backstop providers took over what they may", "providers with more capacity and margin";
    7249 Reject FundUnavailable "fund_unavailable": "the fund has nothing to pay, or nothing to trade with within max_slippage", "a budget, and orders opposite within it";
    7250 Reject FundExhausted "fund_exhausted": "the fund paid what it may", "a larger budget, or more orders opposite within max_slippage";
    7251 Reject AdlExhausted "adl_exhausted": "nobody is left who may be deleveraged", "gains on the opposite side";
    7252 Reject NotABackstop "not_a_backstop": "the account is not of the class that takes over", "an account of class backstop";
    8001 State InputsChanged "inputs_changed": "the memory behind an input was changed after the call", "inputs left as they were while the result is in use";
    8002 State UnknownAccount "unknown_account": "no such account in this result", "an account of the result";
    8003 State Reentrant "reentrant": "the object is asked by what its own call runs, as a signal handler", "a call after the first one has ended";
    8004 State Forked "forked": "another thread was in a call of the object when the process was forked", "an object made in this process, as from its snapshot()";
    8005 State Poisoned "poisoned": "an earlier call of the object failed inside perpcore", "a new object, as from its last snapshot()";
    8006 State UnknownReport "unknown_report": "there is no report of this number", "the number of an adl_report";
    9001 Internal Internal "internal": "perpcore failed; the call changed nothing", "please report it with the captured inputs";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_names_are_unique() {
        let entries: Vec<_> = Code::ALL.iter().map(|code| code.entry()).collect();
        assert!(entries.windows(2).all(|pair| pair[0].number < pair[1].number));
        let mut names: Vec<_> = entries.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
